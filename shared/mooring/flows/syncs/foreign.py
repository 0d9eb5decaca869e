"""What others added to an object of ours, by its managed fields: none of it is drift, all of it is told.

Only what was written after our own last write counts: what is older was there when we came. What Kubernetes' own
controllers write (the revision of a rollout, the replicas of an autoscaler) is their work and nobody's deed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mooring.cluster.fingerprint import OURS
from mooring.cluster.leaves import leaves
from mooring.model.objects import Manifest
from mooring.plan.driftrecords import ChangedField
from mooring.secrets.digests import is_secret

__all__ = ["foreign_fields", "hidden"]

_MACHINERY: Final = frozenset({"kube-controller-manager", "kube-scheduler", "kubelet", "cloud-controller-manager"})
_MOST: Final = 100  # fields of one object
_HIDDEN: Final = "(secret)"


def hidden(value: object) -> str:
    """What is shown of a secret value where there is no key for its digest."""
    return _HIDDEN


def foreign_fields(live: Manifest, hide: Callable[[object], str], *, secret: bool) -> tuple[ChangedField, ...]:
    """The fields that others have written since we last wrote, hidden if it is asked or the object has secrets."""
    entries = (live.get("metadata") or {}).get("managedFields") or ()
    ours = max((entry.get("time") or "" for entry in entries if entry.get("manager") == OURS), default="")
    secret = secret or is_secret(live)
    found: list[ChangedField] = []
    for entry in entries:
        manager, time, subresource = (entry.get(name) or "" for name in ("manager", "time", "subresource"))
        if manager == OURS or manager in _MACHINERY or subresource == "status" or time < ours:
            continue
        for path, value in leaves(entry.get("fieldsV1") or {}, live):
            shown = hide(value) if secret else value
            found.append(ChangedField(path, None, shown, manager, entry.get("operation") or "", subresource, time))
    return tuple(found[:_MOST])
