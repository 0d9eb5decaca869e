"""A local cluster does what a cluster does, and leaves nothing behind."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cluster import CONTROL_PLANE, WORKLOADS, Access, AccessError, Client, Cluster
from local.cluster.access import read_kubeconfig, write_kubeconfig
from local.processes import StartError, wait_until
from local.tools import ensure

POD = {"containers": [{"name": "main", "image": "example.com/app:1"}]}


def template(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "web"}}, "spec": spec}


def create(cluster: Cluster, path: str, name: str, **fields: Any) -> str:
    """Create an object; the path to read it at."""
    status, answer = cluster.client("POST", path, {"metadata": {"name": name}, **fields})
    assert 201 == status, answer
    return f"{path}/{name}"


def wait_for(cluster: Cluster, path: str, true: Callable[[dict[str, Any]], bool]) -> None:
    wait_until(lambda: true(cluster.client("GET", path)[1].get("status", {})), path, timeout=30)


def test_the_version_is_what_was_linked_in(cluster: Cluster) -> None:
    """Charts that look at the version of Kubernetes see the real one."""
    # GIVEN WHEN
    status, version = cluster.client("GET", "/version")
    # THEN
    assert (200, "1", "36") == (status, version["major"], version["minor"])


def test_objects_stay_without_controllers(cluster: Cluster, namespace: str) -> None:
    """The small cluster stores a Deployment and does nothing with it; pods can be created all the same."""
    # GIVEN
    apps, core = (
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        f"/api/v1/namespaces/{namespace}/pods",
    )
    selector = {"matchLabels": {"app": "web"}}
    # WHEN
    path = create(cluster, apps, "web", spec={"selector": selector, "template": template(POD)})
    create(cluster, core, "single", spec=POD)
    # THEN
    assert {} == cluster.client("GET", path)[1]["status"]
    assert {"etcd", "kube-apiserver"} == set(cluster.pids)


def test_requests_can_be_counted_by_who_made_them(cluster: Cluster, namespace: str) -> None:
    """Every request is one line of JSON in the audit log by the time it is answered, with its user and agent."""
    # GIVEN
    assert cluster.audit_log is not None
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    # WHEN
    create(cluster, path, "settings", data={"colour": "green"})
    cluster.client("GET", f"{path}/settings")
    # THEN
    events = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    ours = [event for event in events if event["requestURI"].startswith(path)]
    assert [("create", 201), ("get", 200)] == [(event["verb"], event["responseStatus"]["code"]) for event in ours]
    assert {("mooring-admin", "mooring-local")} == {(event["user"]["username"], event["userAgent"]) for event in ours}
    assert not any("requestObject" in event for event in ours)


def test_nobody_gets_in_without_the_token(cluster: Cluster) -> None:
    """A wrong token is refused, and so is whoever doesn't trust the authority of this cluster."""
    # GIVEN
    stranger = Client(Access(cluster.server, cluster.ca_data, "wrong"))
    # WHEN THEN
    assert 401 == stranger("GET", "/api/v1/namespaces")[0]
    stranger.close()


def test_a_kubeconfig_describes_the_same_cluster(cluster: Cluster) -> None:
    """A cluster that is there already is used through its kubeconfig, and survives being let go."""
    # GIVEN
    with Cluster.from_kubeconfig(cluster.kubeconfig) as same:
        # WHEN THEN
        assert (cluster.server, cluster.token, cluster.ca_data) == (
            same.server,
            same.token,
            same.ca_data,
        )
        assert 200 == same.client("GET", "/readyz")[0]
        assert ({}, None) == (same.pids, same.audit_log)
    assert 200 == cluster.client("GET", "/readyz")[0]


def test_a_client_certificate_is_enough(cluster: Cluster, tmp_path: Path) -> None:
    """With a kubeconfig that has certificates only, requests work and a token can be had."""
    # GIVEN
    assert cluster.ca_file is not None
    certificate, key = (cluster.ca_file.with_name(name).read_text() for name in ("admin.crt", "admin.key"))
    pair = Access(cluster.server, cluster.ca_data, client_certificate=certificate, client_key=key)
    with Cluster.from_kubeconfig(write_kubeconfig(tmp_path / "kubeconfig", pair)) as same:
        assert None is same.token
        # WHEN asked for twice, as by two starts of a stack
        same.bearer()
        token = same.bearer()
    # THEN
    holder = Client(Access(cluster.server, cluster.ca_data, token))
    assert 200 == holder("GET", "/api/v1/namespaces/kube-system/secrets")[0]
    holder.close()


def test_a_folder_can_be_used_again(tmp_path: Path, control_plane_tools: dict[str, Path]) -> None:
    """A second cluster in the same folder starts empty."""
    # GIVEN
    with Cluster.start(tmp_path, control_plane_tools, workloads=False) as first:
        create(first, "/api/v1/namespaces", "old")
    # WHEN
    with Cluster.start(tmp_path, control_plane_tools, workloads=False) as second:
        # THEN
        assert 404 == second.client("GET", "/api/v1/namespaces/old")[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current-context": None}, "current-context: must name a context"),
        ({"current-context": "other"}, "contexts: has no entry 'other'"),
        (
            {"users": [{"name": "local", "user": {"exec": {"command": "aws"}}}]},
            "users.user: must hold a token",
        ),
        (
            {"clusters": [{"name": "local", "cluster": {"server": "http://x"}}]},
            "must be an https address",
        ),
        (
            {"clusters": [{"name": "local", "cluster": {"server": "https://x"}}]},
            "certificate-authority-data: must be",
        ),
        (
            {"users": [{"name": "local", "user": {"tokenFile": "gone"}}]},
            "tokenFile: gone can't be read: No such file",
        ),
        (
            {"users": [{"name": "local", "user": {"client-key-data": "?"}}]},
            "client-key-data: is not base64",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_alone_says_why(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """What would need a person or a program is refused with the field's name."""
    # GIVEN
    path = write_kubeconfig(tmp_path / "kubeconfig", Access("https://127.0.0.1:1", "authority", "token"))
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change))
    # WHEN THEN
    with pytest.raises(AccessError, match=said):
        Cluster.from_kubeconfig(path)


def test_a_kubeconfig_may_name_files(tmp_path: Path) -> None:
    """Certificates and tokens beside a kubeconfig are read relative to it."""
    # GIVEN
    for name in ("ca", "crt", "key", "token"):
        (tmp_path / name).write_text(f"the {name}\n")
    user = {"client-certificate": "crt", "client-key": "key", "tokenFile": "token"}
    config = {
        "clusters": [
            {
                "name": "c",
                "cluster": {"server": "https://x/", "certificate-authority": "ca"},
            }
        ],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    # WHEN
    access = read_kubeconfig(tmp_path / "kubeconfig")
    # THEN
    assert Access("https://x", "the ca\n", "the token", "the crt\n", "the key\n") == access


def test_a_deployment_becomes_ready(workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]) -> None:
    """A Deployment rolls out, with init containers and readiness gates, and again when its image changes."""
    # GIVEN
    namespace = make_namespace(workload_cluster)
    sidecar = {
        "name": "sidecar",
        "image": "example.com/proxy:1",
        "restartPolicy": "Always",
    }
    spec = POD | {
        "initContainers": [{"name": "first", "image": "example.com/init:1"}, sidecar],
        "readinessGates": [{"conditionType": "example.com/warm"}],
    }
    # WHEN
    path = create(
        workload_cluster,
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        "web",
        spec={
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(spec),
        },
    )
    # THEN
    wait_for(workload_cluster, path, lambda status: status.get("availableReplicas") == 3)
    # WHEN
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/app:2"}]}}}}
    kind = "application/strategic-merge-patch+json"
    assert 200 == workload_cluster.client("PATCH", path, patch, content_type=kind)[0]
    # THEN
    wait_for(
        workload_cluster,
        path,
        lambda status: (
            (2, 3, 3, 3)
            == tuple(
                status.get(key)
                for key in (
                    "observedGeneration",
                    "updatedReplicas",
                    "availableReplicas",
                    "replicas",
                )
            )
        ),
    )


def test_the_other_workloads_become_ready(workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]) -> None:
    """Jobs complete, sets of every kind are ready, claims are bound, and what needs an address gets one."""
    # GIVEN
    namespace = make_namespace(workload_cluster)
    core, apps = (
        f"/api/v1/namespaces/{namespace}",
        f"/apis/apps/v1/namespaces/{namespace}",
    )
    selector = {"matchLabels": {"app": "web"}}
    storage = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    claims = [{"metadata": {"name": "data"}, "spec": storage}]
    ports = [{"port": 80}]
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    # WHEN
    service = create(
        workload_cluster,
        f"{core}/services",
        "web",
        spec={"type": "LoadBalancer", "ports": ports},
    )
    ingress = create(
        workload_cluster,
        f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
        "web",
        spec={"defaultBackend": backend},
    )
    job = create(
        workload_cluster,
        f"/apis/batch/v1/namespaces/{namespace}/jobs",
        "once",
        spec={"completions": 2, "template": {"spec": POD | {"restartPolicy": "Never"}}},
    )
    daemons = create(
        workload_cluster,
        f"{apps}/daemonsets",
        "each",
        spec={"selector": selector, "template": template(POD)},
    )
    stateful = create(
        workload_cluster,
        f"{apps}/statefulsets",
        "db",
        spec={
            "replicas": 2,
            "serviceName": "web",
            "selector": selector,
            "template": template(POD),
            "volumeClaimTemplates": claims,
        },
    )
    # THEN
    wait_for(
        workload_cluster,
        job,
        lambda status: status.get("succeeded") == 2 and "completionTime" in status,
    )
    wait_for(workload_cluster, daemons, lambda status: status.get("numberReady") == 2)
    wait_for(workload_cluster, stateful, lambda status: status.get("readyReplicas") == 2)
    wait_for(
        workload_cluster,
        service,
        lambda status: bool(status.get("loadBalancer", {}).get("ingress")),
    )
    wait_for(
        workload_cluster,
        ingress,
        lambda status: bool(status.get("loadBalancer", {}).get("ingress")),
    )
    bound = workload_cluster.client("GET", f"{core}/persistentvolumeclaims/data-db-1")[1]["status"]
    assert "Bound" == bound["phase"]


def test_deleting_cascades(workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]) -> None:
    """A deleted Deployment takes its pods along, and an empty namespace goes away."""
    # GIVEN
    namespace = make_namespace(workload_cluster)
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(POD),
    }
    path = create(
        workload_cluster,
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        "web",
        spec=spec,
    )
    wait_for(workload_cluster, path, lambda status: status.get("readyReplicas") == 2)
    # WHEN
    workload_cluster.client("DELETE", path)
    # THEN
    pods = f"/api/v1/namespaces/{namespace}/pods"
    wait_until(
        lambda: not workload_cluster.client("GET", pods)[1]["items"],
        "the pods' end",
        timeout=30,
    )
    # WHEN
    workload_cluster.client("DELETE", f"/api/v1/namespaces/{namespace}")
    # THEN
    wait_until(
        lambda: 404 == workload_cluster.client("GET", f"/api/v1/namespaces/{namespace}")[0],
        "its end",
        timeout=30,
    )


def test_stopping_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    """After the end of a cluster its processes are gone and its ports are free."""
    # GIVEN
    cluster = Cluster.start(tmp_path, ensure((*CONTROL_PLANE, *WORKLOADS), print), admin_token="chosen")
    pids = dict(cluster.pids)
    ports = [port for pid in pids.values() for port in listening(pid)]
    assert "chosen" == cluster.token
    assert {*CONTROL_PLANE, *WORKLOADS} == set(pids)
    # THEN only etcd (two) and the API server listen
    assert 3 == len(ports)
    # WHEN
    cluster.stop()
    cluster.stop()
    # THEN
    assert [] == [name for name, pid in pids.items() if Path(f"/proc/{pid}").exists()]
    for port in ports:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))


def test_a_part_that_fails_takes_the_rest_along(tmp_path: Path, control_plane_tools: dict[str, Path]) -> None:
    """A cluster that can't start says which part failed, and leaves nothing running."""
    # GIVEN an API server that gives up
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it does not work >&2\nexit 1\n")
    broken.chmod(0o755)
    # WHEN
    with pytest.raises(StartError, match=r"kube-apiserver ended with 1; its log .*\nit does not work"):
        Cluster.start(
            tmp_path / "c",
            control_plane_tools | {"kube-apiserver": broken},
            workloads=False,
        )
    # THEN
    assert [] == [link for link in Path("/proc").glob("[0-9]*/cwd") if at(link) == tmp_path / "c"]


def at(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:
        return None


def listening(pid: int) -> list[int]:
    """The ports that a process listens on."""
    sockets = {str(at(link)) for link in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [int(line[1].split(":")[1], 16) for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
