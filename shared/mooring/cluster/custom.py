"""Objects of a custom kind that a cluster keeps for us: all of them in full, and their finalizers taken off."""

from __future__ import annotations

from collections.abc import Collection

from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.observe import list_objects
from mooring.model.objects import Manifest

__all__ = ["every", "release"]

_MERGE = "application/merge-patch+json"


def every(server: ApiServer, discovery: Discovery, group: str, kind: str) -> list[Manifest] | None:
    """Every object of a kind, or None where the cluster doesn't serve it. Raises as `ApiServer.request` does."""
    resource = discovery.find(group, kind)
    if resource is None:
        return None
    listed = list_objects(server, resource, selector="", full=True)
    return [each.live for each in listed if each.live is not None]


def release(server: ApiServer, discovery: Discovery, live: Manifest, finalizers: Collection[str]) -> None:
    """Takes these finalizers off an object as it was read. Raises `ConflictError` where it has changed since."""
    metadata = live["metadata"]
    left = [each for each in metadata.get("finalizers") or () if each not in finalizers]
    group, _, version = live["apiVersion"].rpartition("/")
    resource = discovery.resource(group, live["kind"], version)
    patch = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": left}}
    path = resource.path(metadata.get("namespace") or "", metadata["name"])
    server.request("PATCH", path, body=patch, headers={"Content-Type": _MERGE})
