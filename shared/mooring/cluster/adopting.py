"""Taking over an object that kubectl, Helm or Argo CD applied, together with the fields that they own.

A forced apply makes us an owner of what we send, and leaves the old manager its entry: a field that git then drops
stays in the cluster for ever, because somebody who is gone still owns it. So the old manager's entries become ours
first (Kubernetes enhancement proposal 555, "Migration from client-side apply"; client-go does it in `csaupgrade`). Our
next apply then removes what git does not have, as the old manager would have pruned it, its bookkeeping
(`kubectl.kubernetes.io/last-applied-configuration`) included. Only metadata is written, so nothing restarts.

What we replaced as a whole ourselves stands in an entry of ours for an update, which an apply would leave alone in the
same way: it becomes that of an apply, too, as soon as the object is applied again.

Entries for a subresource, and those of anybody else (controllers, autoscalers, people who edit), are left alone.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.cluster.apply import FIELD_MANAGER
from mooring.cluster.discovery import Discovery
from mooring.cluster.impersonating import Requests
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["adopt", "migrated"]

_OLD_MANAGERS: Final = frozenset(
    {
        "kubectl-client-side-apply", "kubectl-create", "kubectl-replace", "kubectl", "kubectl-last-applied",
        "helm",
        "argocd-controller", "argocd-application-controller",
    }
)  # fmt: skip
_CLIENT_SIDE: Final = frozenset({"kubectl-client-side-apply", "kubectl-last-applied"})


def migrated(metadata: dict[str, Any], *, client_side: bool = True) -> list[dict[str, Any]] | None:
    """`managedFields` with the old managers' entries made ours; None where there is none.

    Without `client_side` the entries of kubectl's client-side apply stay as they are.
    """
    entries: list[dict[str, Any]] = metadata.get("managedFields") or []
    managers = _OLD_MANAGERS if client_side else _OLD_MANAGERS - _CLIENT_SIDE
    old = [
        entry
        for entry in entries
        if (entry.get("manager") in managers or _is_replaced(entry)) and not entry.get("subresource")
    ]
    if not old:
        return None
    known = [entry for entry in entries if _is_ours(entry)]
    fields: dict[str, Any] = {}
    for entry in (*known, *old):
        fields = _union(fields, entry.get("fieldsV1") or {})
    newest = known[0] if known else max(old, key=lambda entry: str(entry.get("time") or ""))
    ours = newest | {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields}
    return [ours, *(entry for entry in entries if entry not in old and entry not in known)]


def adopt(server: Requests, discovery: Discovery, live: Manifest, *, client_side: bool = True) -> bool:
    """Makes the old managers' fields of a live object ours, if it has any; false where it has none.

    `client_side` as in `migrated`. Raises `ConflictError` where the object has changed since it was read, and as
    `ApiServer.request` does.
    """
    entries = migrated(live["metadata"], client_side=client_side)
    if entries is None:
        return False
    key = ObjectKey.of(live)
    resource = discovery.resource(key.group, key.kind, live["apiVersion"].rpartition("/")[2])
    change = [
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]
    server.request(
        "PATCH",
        resource.path(key.namespace, key.name),
        {"fieldManager": FIELD_MANAGER},
        change,
        {"Content-Type": "application/json-patch+json"},
        subject=str(key),
    )
    return True


def _is_ours(entry: dict[str, Any]) -> bool:
    ours = (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Apply")
    return ours and not entry.get("subresource")


def _is_replaced(entry: dict[str, Any]) -> bool:
    return (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Update")


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both sets of fields. A leaf stands for its place, which has a `.` of its own once there is something below."""
    if not one or not other:
        return one or other
    return one | {name: _joined(one[name], below) if name in one else below for name, below in other.items()}


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined = _union(one, other)
    return joined if bool(one) == bool(other) else {".": {}} | joined
