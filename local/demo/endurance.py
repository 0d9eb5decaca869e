"""Steps 10 and 11: a function that dies in the middle of its work, and a system that has nothing to do."""

from __future__ import annotations

import os
import signal
import time

from local.demo.arrival import APPLICATIONS
from local.demo.audit import Request
from local.demo.instances import working_instances
from local.demo.world import Disappointment, World, until

__all__ = ["killed_function", "nothing_to_do"]

_NAMESPACE = "bulk"
_NAMES = [f"setting-{number:03}" for number in range(200)]
_SWEEPS = 30


def killed_function(world: World) -> str:
    """SIGKILL to the sync function when some 80 of 200 ConfigMaps exist; then the books must balance."""
    repository = world.add_repository("bulk")
    for start in range(0, len(_NAMES), 20):
        repository.write(f"manifests/{start:03}.yaml", "---\n".join(map(_config_map, _NAMES[start : start + 20])))
    revision = repository.push("Add two hundred settings")
    declared = repository.work / "application.yaml"
    declared.write_text(_APPLICATION.format(url=repository.url), encoding="utf-8")
    mark = world.audit.mark()
    world.run_mooring("apply", "-f", str(declared))
    until(lambda: _count(world) >= 80, timeout=60, otherwise=lambda: f"{_count(world)} ConfigMaps", pause=0.005)
    victims = working_instances(world.runner, "sync")
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    begun = time.monotonic()
    left = _count(world)
    if not victims or left >= len(_NAMES):
        raise Disappointment(f"{len(victims)} functions were killed, when {left} ConfigMaps existed: too late")
    world.synced(_NAMESPACE, timeout=150, revision=revision)
    recovered = time.monotonic() - begun
    sent = [request for request in world.audit.since(mark) if _is_apply(request)]
    applied, unanswered = {r.name for r in sent if r.code < 300}, {r.name for r in sent if r.code >= 500}
    # No setting ever changes, so an apply that found its object there (200, not 201) was one too many.
    twice = sorted({request.name for request in sent if request.code == 200})
    missing = sorted(set(_NAMES) - set(_existing(world)))
    listed = [resource["name"] for resource in world.app(_NAMESPACE)["status"]["resources"]]
    if missing or twice or sorted(listed) != _NAMES or applied | unanswered != set(_NAMES):
        raise Disappointment(
            f"missing: {missing[:5]}, applied twice: {twice[:5]}, listed: {len(listed)}, "
            f"never applied: {sorted(set(_NAMES) - applied - unanswered)[:5]}"
        )
    return (
        f"killed with {left} of 200 in the cluster, {len(unanswered - applied)} requests on their way; complete "
        f"{recovered:.1f} s later; by the audit log none was applied twice; `app get` lists {len(listed)}"
    )


def nothing_to_do(world: World) -> str:
    """Thirty sweeps over a system where nothing changes."""
    names = (*APPLICATIONS, _NAMESPACE)
    world.synced(*names)
    _let_sweeps_pass(world, 2)
    mark, before, first = world.audit.mark(), world.remembered(), world.sweeps()
    _let_sweeps_pass(world, _SWEEPS)
    requests, after = world.audit.since(mark), world.remembered()
    writes = [request for request in requests if request.is_write]
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    # A system that has stopped looking writes nothing either.
    looks = [request for request in requests if request.verb == "list"]
    if writes or changed or not before or len(looks) < _SWEEPS:
        raise Disappointment(
            f"{len(writes)} writes ({', '.join(map(str, writes[:3]))}), {len(before)} items of inventory, "
            f"changed: {changed[:3]}; {len(looks)} lists of the cluster in {world.sweeps() - first} sweeps"
        )
    return (
        f"{world.sweeps() - first} sweeps: 0 writes and {len(requests)} reads of the cluster by Mooring; "
        f"{len(before)} items of inventory for {len(names)} applications, none written"
    )


def _let_sweeps_pass(world: World, count: int) -> None:
    # Counted and timed: messages that come back from the queue of what waits start the same function.
    first, end = world.sweeps(), time.monotonic() + count * world.sweep
    until(
        lambda: world.sweeps() >= first + count and time.monotonic() >= end,
        timeout=30 + 3 * count * world.sweep,
        otherwise=lambda: f"{world.sweeps() - first} of {count} sweeps",
        pause=0.2,
    )


def _is_apply(request: Request) -> bool:
    return (request.resource, request.namespace) == ("configmaps", _NAMESPACE) and request.is_write


def _count(world: World) -> int:
    """How many of the ConfigMaps exist, for the price of one: the API server says how many it left out."""
    page = world.get(f"/api/v1/namespaces/{_NAMESPACE}/configmaps?limit=1") or {}
    items = len(page.get("items", [])) + int(page.get("metadata", {}).get("remainingItemCount") or 0)
    return max(items - 1, 0)  # one is the cluster's own, with the authority's certificate


def _existing(world: World) -> list[str]:
    page = world.get(f"/api/v1/namespaces/{_NAMESPACE}/configmaps") or {}
    return [item["metadata"]["name"] for item in page.get("items", [])]


def _config_map(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: {name[-3:]!r}\n"


_APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: bulk
  namespace: argocd
  finalizers: [resources-finalizer.argocd.argoproj.io]
spec:
  project: default
  source:
    repoURL: {url}
    targetRevision: main
    path: manifests
  destination:
    server: https://kubernetes.default.svc
    namespace: bulk
  syncPolicy:
    automated: {{prune: true, selfHeal: true}}
    syncOptions: [CreateNamespace=true]
"""
