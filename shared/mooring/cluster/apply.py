"""Change objects: apply, read one, delete.

A change is a server-side apply (Kubernetes enhancement proposal 555), forced, as the field manager `mooring`: git
is the wanted state, so a field that git sets is ours whoever set it last. Applying the same object twice changes
nothing, so a request that may or may not have arrived can be sent again. Replacing an object as a whole, which some ask
for, is in `cluster.replacing`.

Manifests are checked by the API server alone, strictly (`fieldValidation=Strict`), which is what Argo CD asks for
unless `Validate=false`; its own words reach the user. Then undeclared fields, which server-side apply refuses whatever
is asked for, are left out with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mooring.cluster.client import Answer
from mooring.cluster.discovery import Discovery, Resource
from mooring.cluster.duplicates import settle_duplicates
from mooring.cluster.impersonating import Requests
from mooring.cluster.undeclared import drop_undeclared
from mooring.errors import ConflictError, RejectedError
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["FIELD_MANAGER", "Applied", "Propagation", "apply", "delete", "get", "patch", "written_path"]

FIELD_MANAGER = "mooring"
Propagation: TypeAlias = Literal["Foreground", "Background", "Orphan"]


@dataclass(frozen=True, slots=True)
class Applied:
    """An object as the API server holds it after an apply, and what there is to say about it.

    `created` is true where it did not exist. `warnings` are the API server's (a deprecated version) and ours (a
    duplicate that was settled).
    """

    live: Manifest
    created: bool
    warnings: tuple[str, ...]


def apply(
    server: Requests,
    discovery: Discovery,
    manifest: Manifest,
    *,
    dry_run: bool = False,
    force: bool = True,
    validate: bool = True,
    field_manager: str = FIELD_MANAGER,
    patience: float = 0.0,
) -> Applied:
    """Server-side apply one manifest; `dry_run` computes the outcome on the server and keeps nothing.

    A namespaced manifest must name its namespace. `patience` (seconds) waits for a kind whose CRD was just applied.
    Where a list that has keys holds one key twice, and the API server would have taken it from a client-side apply, the
    last one wins with a warning. Raises `RejectedError` in the API server's own words, and as `ApiServer.request` does.
    """
    key = ObjectKey.of(manifest)
    version = manifest["apiVersion"].rpartition("/")[2]
    resource = discovery.resource(key.group, key.kind, version, patience=patience)
    query = {"fieldManager": field_manager, "force": "true" if force else "false"}
    query["fieldValidation"] = "Strict" if validate else "Ignore"
    if dry_run:
        query["dryRun"] = "All"
    path = written_path(resource, key)
    settled: tuple[str, ...] = ()
    while True:
        try:
            answer = _patch(server, path, query, manifest, key, "application/apply-patch+yaml")
            return Applied(answer.body, answer.status == 201, settled + answer.warnings)
        except RejectedError as error:
            # Each round takes an entry out of the manifest, so the rounds end.
            manifest, warnings = settle_duplicates(manifest, error.message)
            if not warnings and not validate:
                manifest, warnings = drop_undeclared(manifest, error.message)
            if not warnings:
                raise
            settled += warnings


def written_path(resource: Resource, key: ObjectKey, *, whole: bool = True) -> str:
    """The path at which an object is written (the collection's, without `whole`).

    Raises `RejectedError` where a key with a namespace means something of the whole cluster: what was permitted in a
    namespace must not be made outside of it.
    """
    if key.namespace and not resource.namespaced:
        told = (
            f"{key.kind} turned out to be cluster-scoped, and was taken for an object of the namespace {key.namespace}"
        )
        raise RejectedError(
            f"{told} (its CustomResourceDefinition is new, or says otherwise); sync again", subject=str(key)
        )
    return resource.path(key.namespace, key.name if whole else "")


def patch(server: Requests, discovery: Discovery, key: ObjectKey, change: dict[str, Any], *, uid: str) -> Manifest:
    """Merge `change` (RFC 7386) into the object with this uid, for what apply can't say, like dropping a finalizer.

    Raises `ConflictError` where the name now belongs to another object, and as `ApiServer.request` does.
    """
    resource = discovery.resource(key.group, key.kind)
    body = change | {"metadata": {**change.get("metadata", {}), "uid": uid}}
    query = {"fieldManager": FIELD_MANAGER}
    path = resource.path(key.namespace, key.name)
    try:
        live: Manifest = _patch(server, path, query, body, key, "application/merge-patch+json").body
    except RejectedError as error:
        # A patch has no preconditions; another uid is refused as a change of the uid.
        if "metadata.uid" in error.message:
            raise ConflictError("now belongs to another object", subject=str(key)) from error
        raise
    return live


def get(server: Requests, discovery: Discovery, key: ObjectKey, version: str = "") -> Manifest | None:
    """One object, in `version` or the version the cluster prefers; `None` where it, or its kind, does not exist."""
    resource = discovery.find(key.group, key.kind, version)
    if resource is None:
        return None
    live: Manifest | None = server.request("GET", resource.path(key.namespace, key.name), subject=str(key)).body
    return live


def delete(
    server: Requests,
    discovery: Discovery,
    key: ObjectKey,
    *,
    uid: str,
    propagation: Propagation = "Foreground",
) -> bool:
    """Delete the object with this uid; false where it was gone already.

    An object is gone for good only when its finalizers are: look again. Propagation defaults to Argo CD's, foreground
    (Kubernetes documentation, "Garbage Collection"). Raises `ConflictError` where the name now belongs to another
    object, and as `ApiServer.request` does.
    """
    resource = discovery.find(key.group, key.kind)
    if resource is None:
        return False
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    options["preconditions"] = {"uid": uid}
    answer = server.request("DELETE", resource.path(key.namespace, key.name), body=options, subject=str(key))
    return answer.status != 404


def _patch(
    server: Requests, path: str, query: dict[str, str], body: Manifest, key: ObjectKey, content_type: str
) -> Answer:
    return server.request("PATCH", path, query, body, {"Content-Type": content_type}, subject=str(key))
