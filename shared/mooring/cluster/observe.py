"""See what lives in a cluster, cheaply: one list for each kind, whole cluster, ours by label.

A list of metadata alone holds all that drift detection needs (labels, generation, managed fields) and none of the
specs (Kubernetes documentation, "API Concepts", section Metadata-only fetches). Kinds whose health is judged are
listed in full. Pages stream: one page of at most 500 objects is held at a time.

Reads are consistent (no `resourceVersion` is named): a list from a cache that lags behind an apply of a moment ago
would look like drift, and be "reverted". From Kubernetes 1.31 on the API server answers consistent lists from its
watch cache all the same (Kubernetes enhancement proposal 2340), so this costs etcd nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Resource
from mooring.cluster.fingerprint import ManagerEntry, manager_entries, own_fingerprint
from mooring.errors import UnreachableError
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import APP_LABEL, TRACKING_ANNOTATION

__all__ = ["APP_LABEL", "Observed", "app_selector", "list_items", "list_objects", "observed"]

METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
PAGE = 500
_SERVICE_ACCOUNT = "kubernetes.io/service-account.name"  # whose token a Secret holds
# How often a list is begun anew because its snapshot was compacted away under us.
RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Observed:
    """One live object. `generation` is 0 for kinds without one; `live` is there after a full list.
    `owned` says that it goes with another object.

    `fingerprint` is that of Mooring's own entry, `None` where there is none.
    """

    key: ObjectKey
    uid: str
    generation: int
    resource_version: str
    fingerprint: str | None
    app_label: str
    deletion_timestamp: str
    managers: tuple[ManagerEntry, ...]
    live: Manifest | None = None
    tracking_id: str = ""
    owned: bool = False


def app_selector(values: Iterable[str] = ()) -> str:
    """A label selector for objects of these applications (values of the label), or of any where none is named."""
    named = sorted(values)
    if not named:
        return APP_LABEL
    return f"{APP_LABEL}={named[0]}" if len(named) == 1 else f"{APP_LABEL} in ({','.join(named)})"


def list_objects(
    server: ApiServer,
    resource: Resource,
    *,
    selector: str = APP_LABEL,
    namespace: str = "",
    full: bool = False,
    page_size: int = PAGE,
) -> Iterator[Observed]:
    """Every object of a kind that the selector matches, as observed. Pages, and raises, as `list_items` does."""
    items = list_items(server, resource, selector=selector, namespace=namespace, full=full, page_size=page_size)
    return (observed(item, resource, full=full) for item in items)


def list_items(
    server: ApiServer,
    resource: Resource,
    *,
    selector: str = "",
    fields: str = "",
    namespace: str = "",
    full: bool = False,
    page_size: int = PAGE,
) -> Iterator[dict[str, Any]]:
    """Every object of a kind that the selectors match, page by page, in all namespaces unless one is named.

    A kind that is no longer served yields nothing. Where a snapshot expires between two pages the list goes on from
    there with the newest state; if the server can't, it begins again, and objects come twice: the later one counts.
    Raises as `ApiServer.request` does.
    """
    query = {"limit": str(page_size)}
    if selector:
        query["labelSelector"] = selector
    if fields:
        query["fieldSelector"] = fields
    headers = None if full else {"Accept": METADATA_ONLY}
    restarts = 0
    while True:
        answer = server.request("GET", resource.path(namespace), query, headers=headers)
        body = answer.body
        if answer.status == 410:
            restarts += 1
            if restarts > RESTARTS:
                raise UnreachableError(f"the list of {resource.plural} expires faster than it can be read")
            query.pop("continue", None)
            if onwards := (body.get("metadata") or {}).get("continue"):
                query["continue"] = onwards
            continue
        if body is None:
            return
        following = (body.get("metadata") or {}).get("continue")
        items = body.get("items") or []
        del body
        items.reverse()
        while items:
            # Popped, so that an object's memory is free as soon as its reader lets go of it.
            yield items.pop()
        if not following:
            return
        query["continue"] = following


def observed(item: dict[str, Any], resource: Resource, *, full: bool) -> Observed:
    """One item of a list, or one object, as observed."""
    metadata = item["metadata"]
    annotations = metadata.get("annotations") or {}
    if full:
        # Items of a list don't say what they are.
        item["apiVersion"], item["kind"] = resource.api_version, resource.kind
    return Observed(
        ObjectKey(resource.group, resource.kind, metadata.get("namespace") or "", metadata["name"]),
        metadata.get("uid") or "",
        metadata.get("generation") or 0,
        metadata.get("resourceVersion") or "",
        own_fingerprint(metadata),
        (metadata.get("labels") or {}).get(APP_LABEL) or "",
        metadata.get("deletionTimestamp") or "",
        manager_entries(metadata),
        item if full else None,
        annotations.get(TRACKING_ANNOTATION) or "",
        bool(metadata.get("ownerReferences")) or _SERVICE_ACCOUNT in annotations,
    )
