"""Health of real workloads, from the first moment to the last."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.cluster import Cluster
from mooring.cluster.apply import apply, delete, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.health import Status, assess
from mooring.model.objects import ObjectKey

DEADLINE_SECONDS = 60


def test_a_deployment_becomes_healthy_and_goes(
    workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN a new Deployment THEN it is progressing, then healthy, and missing once it was deleted."""
    server = ApiServer(from_kubeconfig(workload_cluster.kubeconfig))
    discovery = Discovery(server)
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": make_namespace(workload_cluster)},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }
    key = ObjectKey.of(manifest)

    def wait_for(status: Status) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (health := assess(get(server, discovery, key))).status != status:
            assert time.monotonic() < deadline, health
            time.sleep(0.1)

    live = apply(server, discovery, manifest).live
    assert "Progressing" == assess(live).status
    wait_for("Healthy")
    assert delete(server, discovery, key, uid=live["metadata"]["uid"])
    wait_for("Missing")
    server.close()
