"""Changes that a person asks for beside a sync: a few fields of an object, a new object, an object less.

They are written by a field manager of their own. What git says of these fields is thereby taken from Mooring's entry,
so that it is found as any other change beside git, and what git does not say stays as it is (Kubernetes enhancement
proposal 555). A patch names the version of the object that it was made from, because it replaces lists as a whole.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.cluster.apply import Propagation, get
from mooring.cluster.discovery import Discovery
from mooring.cluster.impersonating import Requests
from mooring.errors import ConflictError, RejectedError
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["MANAGER", "create", "merge", "remove"]

MANAGER: Final = "mooring-action"
_MERGE: Final = "application/merge-patch+json"


def merge(
    server: Requests, discovery: Discovery, live: Manifest, patch: dict[str, Any], *, status: bool = False
) -> Manifest | None:
    """Merges a patch into the object as it was read, or into its status; None where that is no resource of its own, or
    the object is gone.

    Raises `ConflictError` where the object has changed since, and as `ApiServer.request` does.
    """
    key = ObjectKey.of(live)
    resource = discovery.resource(key.group, key.kind, live["apiVersion"].rpartition("/")[2])
    path = resource.path(key.namespace, key.name) + ("/status" if status else "")
    metadata = {**(patch.get("metadata") or {}), "resourceVersion": live["metadata"]["resourceVersion"]}
    body = {**patch, "metadata": metadata}
    try:
        answer = server.request(
            "PATCH", path, {"fieldManager": MANAGER}, body, {"Content-Type": _MERGE}, subject=str(key)
        )
    except RejectedError as error:
        if error.code == 404:
            return None
        raise
    now: Manifest = answer.body
    return now


def create(server: Requests, discovery: Discovery, manifest: Manifest) -> bool:
    """Makes a new object; False where one of its name is there. Raises as `ApiServer.request` does."""
    key = ObjectKey.of(manifest)
    resource = discovery.resource(key.group, key.kind, manifest["apiVersion"].rpartition("/")[2])
    path = resource.path(key.namespace if resource.namespaced else "")
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
    try:
        server.request("POST", path, query, manifest, subject=str(key))
    except ConflictError:
        if get(server, discovery, key) is None:
            raise
        return False
    return True


def remove(server: Requests, discovery: Discovery, live: Manifest, *, propagation: Propagation, at_once: bool) -> bool:
    """Deletes the object that was read, and no other of its name; False where it was gone.

    `at_once` gives its pods no time to end (a grace period of 0). Raises as `ApiServer.request` does.
    """
    key, uid = ObjectKey.of(live), live["metadata"]["uid"]
    resource = discovery.resource(key.group, key.kind, live["apiVersion"].rpartition("/")[2])
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    options |= {"preconditions": {"uid": uid}} | ({"gracePeriodSeconds": 0} if at_once else {})
    answer = server.request("DELETE", resource.path(key.namespace, key.name), body=options, subject=str(key))
    return answer.status != 404
