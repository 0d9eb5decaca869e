"""Step 1: a company's applications arrive on an empty cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.demo.world import Disappointment, World

__all__ = ["APPLICATIONS", "everything_arrives"]

_EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
_SERVICES = ("api-service", "scheduler-service", "worker-service")
_NAMESPACES = {
    "api", "scheduler", "worker", "payment-staging", "payment-production", "catalog-staging", "catalog-production",
    "platform",
}  # fmt: skip

APPLICATIONS = tuple(sorted(path.stem for path in (_EXAMPLES / "infrastructure" / "applications").glob("*.yaml")))
"""The names of the example applications, which are the names of their files."""


def everything_arrives(world: World) -> str:
    """Creates the repositories, applies the Applications, and counts what is ready in the cluster."""
    for name in _SERVICES:
        world.add_repository(name, _EXAMPLES / "services" / name)
    for name in ("k8s-manifests", "infrastructure"):
        world.add_repository(name, _EXAMPLES / name)
    world.run_mooring("apply", "-f", str(world.repositories["infrastructure"].work / "applications"))
    world.synced(*APPLICATIONS, timeout=150)
    ready = {
        "Deployments": _ready(world, "deployments", "replicas", "readyReplicas"),
        "StatefulSets": _ready(world, "statefulsets", "replicas", "readyReplicas"),
        "DaemonSets": _ready(world, "daemonsets", None, "numberReady"),
    }
    words = ", ".join(f"{count} {kind}" for kind, count in ready.items())
    return f"{len(APPLICATIONS)} applications Synced and Healthy; {words} with every replica ready"


def _ready(world: World, kind: str, wanted: str | None, ready: str) -> int:
    """How many workloads of a kind there are; all of them must be ready, and there must be one."""
    found = world.get(f"/apis/apps/v1/{kind}") or {}
    items: list[dict[str, Any]] = [i for i in found.get("items", []) if i["metadata"]["namespace"] in _NAMESPACES]
    for item in items:
        status = item.get("status", {})
        goal = item["spec"].get(wanted, 1) if wanted else status.get("desiredNumberScheduled", 0)
        if status.get(ready, 0) != goal:
            metadata = item["metadata"]
            raise Disappointment(f"{kind} {metadata['namespace']}/{metadata['name']}: {status.get(ready, 0)} of {goal}")
    if not items:
        raise Disappointment(f"no {kind} in the cluster")
    return len(items)
