"""What a look costs: `python -m bench.look [SIZE …]`, from the root of the checkout.

A real API server holds an application of so many objects: a tenth are ConfigMaps, the rest Deployments, ReplicaSets and
pods of 4 KB each. Its tree is asked for in a fresh process, cold and then warm, as the function `look` does it: the
time until the answer is JSON, the requests to the API server, the bytes, and the most memory of the process. The table
is no part of it, which is one read of the application.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.measured import note
from local.cluster import CONTROL_PLANE, Cluster
from local.tools import ensure

__all__ = ["main"]

SIZES = (500, 5_000)
_PODS = 43  # of each Deployment, beside it and its ReplicaSet
_APP = "shop"
_LABELS = {"mooring.dev/app": f"argocd.{_APP}"}
_TIMES = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.look", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="objects of the application")
    parser.add_argument("--in", dest="inside", nargs=2, metavar=("KUBECONFIG", "NAMESPACE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.inside:
        print(json.dumps(_look(*chosen.inside)))
        return 0
    figures: dict[str, Any] = {}
    print(f"{'objects':>8}{'cold':>9}{'warm':>9}{'requests':>10}{'JSON':>10}{'packed':>10}{'memory':>9}")
    with (
        tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory,
        Cluster.start(Path(directory), ensure(CONTROL_PLANE, print), workloads=False) as cluster,
    ):
        for size in chosen.sizes:
            namespace = f"shop-{size}"
            _fill(cluster, namespace, size)
            command = [sys.executable, "-m", "bench.look", "--in", str(cluster.kubeconfig), namespace]
            done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
            told = figures[str(size)] = json.loads(done.stdout)
            print(
                f"{told['nodes']:>8}{told['cold']:>8.2f}s{told['warm']:>8.2f}s{told['requests']:>10}"
                f"{told['bytes'] / 1e6:>7.2f} MB{told['packed'] / 1e3:>7.0f} KB{told['memory']:>6.0f} MB",
                flush=True,
            )
    note("look", figures)
    return 0


def _fill(cluster: Cluster, namespace: str, size: int) -> None:
    """Makes the objects as an application and its controllers would have."""
    _post(cluster, "/api/v1/namespaces", {"metadata": {"name": namespace}})
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
    settings = size // 10
    deployments = max(1, (size - settings) // (_PODS + 2))

    def setting(number: int) -> None:
        name = f"settings-{number}"
        metadata = {"name": name, "labels": _LABELS}
        _post(cluster, f"{core}/configmaps", {"metadata": metadata, "data": {"color": "blue"}})

    def deployment(number: int) -> None:
        metadata: dict[str, Any]
        labels = {"app": f"web-{number}"}
        pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": f"shop:{number}"}]}}
        spec = {"replicas": _PODS, "selector": {"matchLabels": labels}, "template": pod}
        metadata = {"name": f"web-{number}", "labels": _LABELS}
        made = _post(cluster, f"{apps}/deployments", {"metadata": metadata, "spec": spec})
        metadata = {"name": f"web-{number}-5d4f", "labels": labels, "ownerReferences": [_owner("Deployment", made)]}
        between = _post(cluster, f"{apps}/replicasets", {"metadata": metadata, "spec": spec})
        for each in range(_PODS):
            metadata = {"name": f"web-{number}-5d4f-{each}", "labels": labels}
            metadata |= {"annotations": {"filler": "x" * 3000}, "ownerReferences": [_owner("ReplicaSet", between)]}
            _post(cluster, f"{core}/pods", {"metadata": metadata, "spec": pod["spec"]})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(setting, range(settings)))
        list(pool.map(deployment, range(deployments)))


def _owner(kind: str, made: dict[str, Any]) -> dict[str, Any]:
    metadata = made["metadata"]
    return {"apiVersion": "apps/v1", "kind": kind, "name": metadata["name"], "uid": metadata["uid"], "controller": True}


def _post(cluster: Cluster, path: str, body: dict[str, Any]) -> dict[str, Any]:
    status, answer = cluster.client("POST", path, body)
    assert status == 201, answer
    made: dict[str, Any] = answer
    return made


def _look(kubeconfig: str, namespace: str) -> dict[str, Any]:
    """Asks for the tree a few times in this process, and says what that took."""
    import orjson

    from mooring.access.parsing import built_in
    from mooring.cluster.client import ApiServer
    from mooring.cluster.discovery import Discovery
    from mooring.cluster.kubeconfig import from_kubeconfig
    from mooring.flows.clusters.live import Target
    from mooring.flows.looking.ports import LookPorts
    from mooring.flows.looking.tree import show_tree
    from mooring.flows.rules.settings import NO_SETTINGS
    from mooring.health import STANDARD
    from mooring.model.application import parse_application
    from mooring.model.objects import ObjectKey
    from mooring.plan.inventory import Entry
    from mooring.state.clusters import Cluster as Registered
    from mooring.state.records import Record, Spec
    from mooring.state.statuses import Resource, Status

    server = ApiServer(from_kubeconfig(Path(kubeconfig)), pool_size=8)
    target = Target(Registered("in-cluster", server.server, True, "secret"), server, Discovery(server), STANDARD)
    application = parse_application(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": _APP},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.test/shop", "path": "."},
                "destination": {"name": "in-cluster", "namespace": namespace},
            },
        }
    ).application
    keys = [
        ObjectKey(group, kind, namespace, item["metadata"]["name"])
        for group, kind, path in (
            ("", "ConfigMap", f"/api/v1/namespaces/{namespace}/configmaps"),
            ("apps", "Deployment", f"/apis/apps/v1/namespaces/{namespace}/deployments"),
        )
        for item in server.request("GET", path).body["items"]
    ]
    inventory = {key: Entry(key, "v1") for key in keys}
    rows = tuple(Resource(key, "v1", 0, "Synced") for key in keys)
    record = Record(application.key, Spec(application, 1, ()), status=Status(resources=rows), inventory=inventory)
    targets = SimpleNamespace(
        cluster=lambda _: target.cluster, project=lambda _: built_in(), connect=lambda _: target,
        reach=lambda cluster: cluster, settings=NO_SETTINGS,
    )  # fmt: skip
    applications = SimpleNamespace(load=lambda *_, **__: {application.key: record})
    pool, nothing = ThreadPoolExecutor(8), SimpleNamespace()
    ports: Any = LookPorts(applications, nothing, targets, pool, nothing, time.time, time.time() + 100)  # type: ignore[arg-type]
    seconds, requests = [], 0
    for _ in range(_TIMES):
        before, begun = server.requests, time.perf_counter()
        tree = show_tree(ports, application.key)
        content = orjson.dumps(tree)
        seconds.append(time.perf_counter() - begun)
        requests = server.requests - before
    return {
        "nodes": tree["summary"]["nodes"],
        "cold": round(seconds[0], 3),
        "warm": round(min(seconds[1:]), 3),
        "requests": requests,
        "bytes": len(content),
        "packed": len(gzip.compress(content, 5)),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    sys.exit(main())
