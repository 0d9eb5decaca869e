"""The drift mode `watch`: `python -m bench watch [--objects N] [--edits N]`, from the root of the checkout.

On the local stack, without sweeps: the resident memory of the function `watch` with a handful of objects and with all
of them, and the time from an edit until the API server shows that it was put back. Edits are a second apart, so that
each is put back by a heal of its own, as people make them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3

from bench.processes import resident_megabytes
from local.demo.instances import working_instances
from local.demo.stage import Stage, open_stage
from local.demo.world import World, until
from local.repositories import commit, create
from local.stack import Options

__all__ = ["main"]

_APPLICATIONS = 20
_PATIENCE = 1800.0
_SETTLED = 15.0  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.watch", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--edits", type=int, default=30)
    chosen = parser.parse_args(arguments)
    parameters = {"WatchConcurrency": "2"}
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory:
        options = Options(directory=Path(directory), sweep=36_000, parameters=parameters)
        with open_stage(options, _say) as stage:
            _measure(stage, chosen.objects, chosen.edits)
    return 0


def _measure(stage: Stage, objects: int, edits: int) -> None:
    world = stage.world
    repository = create(world.git_root, "bench.git")
    each = max(1, objects // _APPLICATIONS)
    files = {f"few/map-{n}.yaml": _map(f"few-{n}") for n in range(max(edits, 10))}
    for app in range(_APPLICATIONS):
        texts = "---\n".join(_map(f"map-{n}") for n in range(each))
        files[f"many-{app}/maps.yaml"] = texts
    commit(repository, files, "Start")
    _declare(world, "few")
    (cluster,) = json.loads(world.run_mooring("cluster", "list", "-o", "json"))["items"]
    world.run_mooring("cluster", "set", cluster["name"], "--drift", "watch")
    _start(stage, cluster["name"])
    time.sleep(_SETTLED)
    print(f"| {max(edits, 10)} objects watched | {_resident(world):.0f} MB |", flush=True)
    _edits(world, edits, "with few objects")
    for app in range(_APPLICATIONS):
        _declare(world, f"many-{app}")
    time.sleep(2 * 60 + _SETTLED)
    print(f"| {each * _APPLICATIONS} objects more | {_resident(world):.0f} MB |", flush=True)
    _edits(world, edits, "with all objects")


def _declare(world: World, name: str) -> None:
    status, _ = world.cluster("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201
    spec: dict[str, Any] = {
        "project": "default",
        "source": {"repoURL": f"{world.git_url}/bench.git", "path": name, "targetRevision": "main"},
        "destination": {"name": "in-cluster", "namespace": name},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    path = world.work / f"{name}.json"
    path.write_text(json.dumps(kind | {"metadata": {"name": name, "namespace": "argocd"}, "spec": spec}))
    world.run_mooring("apply", "-f", str(path))
    world.synced(name, timeout=240)


def _start(stage: Stage, cluster: str) -> None:
    """What the first sweep does."""
    (ready,) = stage.stack.directory.rglob("runner.json")
    url = json.loads(ready.read_text())["lambda"] + "/2015-03-31/functions/mooring-watch/invocations"
    body = json.dumps({"watch": cluster}).encode()
    answer = urllib3.request("POST", url, body=body, headers={"X-Amz-Invocation-Type": "Event"}, retries=False)
    assert answer.status == 202


def _edits(world: World, edits: int, what: str) -> None:
    seconds = []
    for number in range(edits):
        path = f"/api/v1/namespaces/few/configmaps/few-{number}"
        before = (world.get(path) or {})["metadata"]["resourceVersion"]
        begun = time.monotonic()
        world.cluster("PATCH", path, {"data": {"color": "red"}}, content_type="application/merge-patch+json")

        def reverted(path: str = path, before: str = before) -> bool:
            found = world.get(path) or {}
            return found["data"]["color"] == "blue" and found["metadata"]["resourceVersion"] != before

        until(reverted, timeout=_PATIENCE, otherwise=lambda at=path: f"{at} was not put back", pause=0.005)
        seconds.append(time.monotonic() - begun)
        time.sleep(1)
    median, worst = statistics.median(seconds), max(seconds)
    print(f"| edit to revert, {what}, {edits} edits | p50 {median:.2f} s, worst {worst:.2f} s |", flush=True)


def _resident(world: World) -> float:
    return max(resident_megabytes([pid]) for pid in working_instances(world.runner, "watch"))


def _map(name: str) -> str:
    return (
        json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"color": "blue"}})
        + "\n"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
