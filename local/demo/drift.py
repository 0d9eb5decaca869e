"""Steps 3 to 6: what happens to edits that were made by hand."""

from __future__ import annotations

import time
from typing import Any

from local.demo.world import Disappointment, World, until

__all__ = ["deletion_is_undone", "edit_is_reported", "edit_is_reverted", "scaling_is_reverted"]


def scaling_is_reverted(world: World) -> str:
    """`kubectl scale` under self-heal."""
    at = ("payment-production", "payment-service")
    before = _generation(world, *at)
    world.kubectl("scale", "deployment", at[1], "--namespace", at[0], "--replicas=1")
    begun = time.monotonic()
    until(
        lambda: (found := _spec(world, *at))["replicas"] == 4 and _generation(world, *at) >= before + 2 and found,
        timeout=30,
        otherwise=lambda: f"replicas: {_spec(world, *at)['replicas']}",
    )
    seen = time.monotonic() - begun
    world.synced(at[0])
    return f"replicas 1 → 4 again after {seen:.1f} s"


def edit_is_reverted(world: World) -> str:
    """`kubectl edit` of a memory limit under self-heal."""
    at = ("worker", "worker-service")
    _edit(world, *at, "512Mi", "1Gi")
    begun = time.monotonic()
    until(
        lambda: _limit(world, *at) == "512Mi",
        timeout=30,
        otherwise=lambda: f"memory limit: {_limit(world, *at)}",
    )
    seen = time.monotonic() - begun
    world.synced("worker-service")
    return f"memory limit 1Gi → 512Mi again after {seen:.1f} s"


def deletion_is_undone(world: World) -> str:
    """`kubectl delete` of a Deployment under self-heal."""
    at = ("scheduler", "scheduler-service")
    old = (world.workload(*at) or {})["metadata"]["uid"]
    world.kubectl("delete", "deployment", at[1], "--namespace", at[0], "--wait=false")
    begun = time.monotonic()
    until(
        lambda: (found := world.workload(*at)) and found["metadata"]["uid"] != old,
        timeout=30,
        otherwise=lambda: "no new Deployment",
    )
    seen = time.monotonic() - begun
    world.synced("scheduler-service")
    return f"a new Deployment after {seen:.1f} s, then Healthy"


def edit_is_reported(world: World) -> str:
    """The same edit where `selfHeal` is off: reported with its field, left alone, undone by a sync."""
    at = ("catalog-production", "catalog")
    _edit(world, *at, "512Mi", "1Gi")
    begun = time.monotonic()
    field = until(
        lambda: _drift(world.app("catalog-production"), "memory"),
        timeout=30,
        otherwise=lambda: (
            f"catalog-production is {world.app('catalog-production')['status']['sync']}, without the field"
        ),
    )
    seen = time.monotonic() - begun
    swept = world.sweeps()
    until(lambda: world.sweeps() >= swept + 3, timeout=30 + 5 * world.sweep, otherwise=lambda: "no more sweeps")
    status = world.app("catalog-production")["status"]["sync"]["status"]
    if _limit(world, *at) != "1Gi" or status != "OutOfSync":
        raise Disappointment(f"three sweeps later the limit is {_limit(world, *at)} and the application {status}")
    world.run_mooring("app", "sync", "catalog-production", "--timeout", "60")
    if _limit(world, *at) != "512Mi":
        raise Disappointment(f"after `mooring app sync` the limit is still {_limit(world, *at)}")
    world.synced("catalog-production")
    change = f"{field.get('path')} {field.get('desired')} → {field.get('live')} by {field.get('manager')}"
    return f"OutOfSync after {seen:.1f} s: {change}; still 1Gi three sweeps later; `mooring app sync` restored it"


def _edit(world: World, namespace: str, name: str, old: str, new: str) -> None:
    if _limit(world, namespace, name) != old:
        raise Disappointment(f"the memory limit is {_limit(world, namespace, name)} before the edit, not {old}")
    # Only the limit: the request may have the same number.
    editor = f"sed -i '/limits:/,/memory:/s/memory: {old}/memory: {new}/'"
    said = world.kubectl("edit", "deployment", name, "--namespace", namespace, editor=editor)
    if "edited" not in said:
        raise Disappointment(f"kubectl edit changed nothing: {said.strip()}")


def _drift(app: dict[str, Any], part: str) -> dict[str, Any] | None:
    if app["status"]["sync"]["status"] != "OutOfSync":
        return None
    fields = (field for resource in app["status"].get("resources", []) for field in resource.get("drift") or [])
    return next((field for field in fields if part in str(field.get("path"))), None)


def _spec(world: World, namespace: str, name: str) -> dict[str, Any]:
    found = world.workload(namespace, name)
    if not found:
        raise Disappointment(f"no Deployment {namespace}/{name}")
    spec: dict[str, Any] = found["spec"]
    return spec


def _limit(world: World, namespace: str, name: str) -> str:
    container = _spec(world, namespace, name)["template"]["spec"]["containers"][0]
    return str(container.get("resources", {}).get("limits", {}).get("memory"))


def _generation(world: World, namespace: str, name: str) -> int:
    found = world.workload(namespace, name)
    return int(found["metadata"]["generation"]) if found else 0
