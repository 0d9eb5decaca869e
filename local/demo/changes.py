"""Steps 2, 7, 8 and 9: what a commit does, a good one, a deleting one, a bad one, a reverting one."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

from local.demo.audit import Request
from local.demo.world import Disappointment, World, until

__all__ = ["deleted_files", "image_goes_live", "refused_manifest", "revert"]

_BEFORE, _AFTER = "1.4.2", "1.5.0"
_BAD_PORT = 91020


def image_goes_live(world: World) -> str:
    """A push of a new image tag, until the rollout is complete."""
    repository = world.repositories["api-service"]
    repository.replace("k8s/kustomization.yaml", f"newTag: {_BEFORE}", f"newTag: {_AFTER}")
    begun = time.monotonic()
    revision = repository.push(f"Release api-service {_AFTER}")
    _image_is(world, "api", "api-service", _AFTER)
    seen = time.monotonic() - begun
    world.synced("api-service", revision=revision)
    return f"api-service:{_AFTER} is live {seen:.1f} s after the push, then Synced and Healthy at {revision[:7]}"


def revert(world: World) -> str:
    """`git revert` of that release."""
    repository = world.repositories["api-service"]
    begun = time.monotonic()
    revision = repository.revert(repository.head())
    _image_is(world, "api", "api-service", _BEFORE)
    seen = time.monotonic() - begun
    world.synced("api-service", revision=revision)
    return f"api-service:{_BEFORE} is live again {seen:.1f} s after the push, Synced and Healthy at {revision[:7]}"


def deleted_files(world: World) -> str:
    """One commit deletes a file of an application that prunes and a file of one that doesn't."""
    kept = "/api/v1/namespaces/platform/configmaps/maintenance-window"
    sandbox = ("payment-staging", "sandbox")
    if not world.get(kept) or not world.workload(*sandbox):
        raise Disappointment("the objects to prune are not in the cluster")
    repository = world.repositories["k8s-manifests"]
    repository.remove("apps/payment-service/staging/sandbox.yaml")
    repository.replace("apps/payment-service/staging/kustomization.yaml", "  - sandbox.yaml\n", "")
    repository.remove("platform/maintenance.yaml")
    revision = repository.push("Retire the sandbox and the maintenance window")
    gone = f"/api/v1/namespaces/{sandbox[0]}/services/{sandbox[1]}"
    until(
        lambda: world.workload(*sandbox) is None and world.get(gone) is None,
        timeout=30,
        otherwise=lambda: "the sandbox is still in the cluster",
    )
    world.synced("payment-staging", revision=revision)
    reported = until(
        lambda: [r["name"] for r in world.app("platform")["status"].get("resources", []) if r.get("requiresPruning")],
        timeout=30,
        otherwise=lambda: "platform reports nothing to prune",
    )
    status = world.app("platform")["status"]["sync"]["status"]
    if reported != ["maintenance-window"] or status != "OutOfSync" or not world.get(kept):
        raise Disappointment(f"platform is {status}, to prune: {reported}, still there: {world.get(kept) is not None}")
    world.run_mooring("app", "sync", "platform", "--prune", "--timeout", "60")
    if world.get(kept):
        raise Disappointment("maintenance-window is still there after `mooring app sync platform --prune`")
    world.synced("platform", revision=revision)
    return (
        "sandbox Deployment and Service gone; maintenance-window kept, platform OutOfSync with requiresPruning, "
        "pruned by `mooring app sync platform --prune`"
    )


def refused_manifest(world: World) -> str:
    """A port that doesn't exist: three tries with the backoff between them, then a good commit."""
    repository, mark = world.repositories["worker-service"], world.audit.mark()
    repository.replace("k8s/service.yaml", "port: 9102", f"port: {_BAD_PORT}")
    repository.push("Move the metrics port")
    refused = until(
        lambda: _message(world.app("worker-service"), str(_BAD_PORT)),
        timeout=30,
        otherwise=lambda: f"operation says {world.app('worker-service')['status'].get('operationState')}",
    )
    tries = until(
        lambda: found if len(found := _refusals(world, mark)) >= 3 else None,
        timeout=40,
        otherwise=lambda: f"{len(_refusals(world, mark))} tries",
    )
    gaps = [later.at - earlier.at for earlier, later in pairwise(tries)]
    if not 4.5 <= gaps[0] <= 9 or not 9.5 <= gaps[1] <= 14:
        raise Disappointment(f"tries came {gaps[0]:.1f} and {gaps[1]:.1f} s after one another, not 5 and 10")
    port = (world.get("/api/v1/namespaces/worker/services/worker-service") or {})["spec"]["ports"][0]["port"]
    if port != 9102:
        raise Disappointment(f"the Service has port {port}: the last good state was lost")
    repository.replace("k8s/service.yaml", f"port: {_BAD_PORT}", "port: 9102")
    repository.replace("k8s/deployment.yaml", "worker-service:0.19.3", "worker-service:0.20.0")
    begun = time.monotonic()
    revision = repository.push("Leave the metrics port where it is; release worker-service 0.20.0")
    _image_is(world, "worker", "worker-service", "0.20.0")
    seen, waited = time.monotonic() - begun, time.time() - tries[-1].at
    if waited >= 20:
        raise Disappointment(f"the good commit was live {waited:.0f} s after the last try: it waited for the next")
    world.synced("worker-service", revision=revision)
    return (
        f"Failed: “{refused}”; tried again after {gaps[0]:.0f} and {gaps[1]:.0f} s with the old Service untouched; "
        f"the good commit was live in {seen:.1f} s, {20 - waited:.0f} s before the next try was due"
    )


def _refusals(world: World, mark: int) -> list[Request]:
    """The tries that the API server refused, one for each sync: what follows within a second is of the same."""
    tries: list[Request] = []
    for request in world.audit.since(mark):
        refused = (request.resource, request.name, request.code) == ("services", "worker-service", 422)
        if refused and (not tries or request.at - tries[-1].at > 1):
            tries.append(request)
    return tries


def _message(app: dict[str, Any], part: str) -> str | None:
    """The API server's words about the refused object, wherever the operation shows them."""
    operation = app["status"].get("operationState") or {}
    results = (operation.get("syncResult") or {}).get("resources") or []
    for message in [operation.get("message"), *(result.get("message") for result in results)]:
        if message and part in message and "Invalid value" in message:
            return " ".join(message.split())
    return None


def _image_is(world: World, namespace: str, name: str, tag: str) -> None:
    def image() -> str:
        found = world.workload(namespace, name)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found else "no Deployment"

    until(
        lambda: image().endswith(f":{tag}"),
        timeout=30,
        otherwise=lambda: f"the Deployment has {image()}",
        pause=0.02,
    )
