"""Whether an object is an application's to be shown: its own, or owned by one of its own.

Whoever may see an application may not see everything in its cluster. Its own objects are those that it remembers and
that say so themselves, hooks by their tracking; of others the chain of owners is followed upwards by uid, a few steps.
What leads to no object of the application is refused as if it were not there.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mooring.cluster.observe import Observed
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.looking.ports import Place
from mooring.model.merges import merge_of
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import is_tracked

__all__ = ["find_owned"]

_STEPS: Final = 6


def find_owned(place: Place, key: ObjectKey, version: str = "") -> Observed | None:
    """The live object, where it is the application's or belongs to one of its objects.

    None for an object of its own that is not there. Raises `NoSuchObjectError` for everything else.
    """
    mine = key in place.record.inventory or any(row.key == key for row in place.record.status.resources)
    version = version or (place.record.inventory[key].version if key in place.record.inventory else "")
    found = place.target.get(key, version) if mine or merge_of(key) is None else None
    if found is None:
        if mine:
            return None
        raise _unknown(place, key)
    if _is_own(place, found) or _leads_home(place, found):
        return found
    raise _unknown(place, key)


def _is_own(place: Place, found: Observed) -> bool:
    """Whether the application remembers it, and it is not somebody else's by now; or it says that it is a hook."""
    entry = place.record.inventory.get(found.key)
    if is_tracked(place.record.key, found.key, found.app_label, found.tracking_id):
        return entry is not None or bool(found.tracking_id)
    return entry is not None and not found.app_label and entry.uid == found.uid


def _leads_home(place: Place, found: Observed) -> bool:
    waiting, seen = [found], {found.uid}
    for _ in range(_STEPS):
        above = []
        for each in waiting:
            for key, version, uid in _owners(each):
                if uid in seen:
                    continue
                seen.add(uid)
                owner = place.target.get(key, version)
                if owner is None or owner.uid != uid:
                    continue
                if _is_own(place, owner):
                    return True
                above.append(owner)
            if each.key.kind == "PersistentVolumeClaim" and _claimed(place, each.key):
                return True
        waiting = above
    return False


def _owners(found: Observed) -> list[tuple[ObjectKey, str, str]]:
    references = (found.live or {}).get("metadata", {}).get("ownerReferences") or ()
    owners = []
    for each in references:
        group, _, version = str(each.get("apiVersion", "")).rpartition("/")
        key = ObjectKey(group, str(each.get("kind")), found.key.namespace, str(each.get("name")))
        owners.append((key, version, str(each.get("uid"))))
    return owners


def _claimed(place: Place, claim: ObjectKey) -> bool:
    """Whether a claim is named as one of a StatefulSet's (Kubernetes documentation, "StatefulSets", Stable Storage)."""
    for key, entry in place.record.inventory.items():
        if key.kind != "StatefulSet" or key.namespace != claim.namespace:
            continue
        if not re.fullmatch(f".+-{re.escape(key.name)}-[0-9]+", claim.name):
            continue
        found = place.target.get(key, entry.version)
        template = claim.name.rpartition(f"-{key.name}-")[0]
        if found is not None and _is_own(place, found) and template in _claims(found.live):
            return True
    return False


def _claims(live: Manifest | None) -> list[Any]:
    templates = ((live or {}).get("spec") or {}).get("volumeClaimTemplates") or ()
    return [(each.get("metadata") or {}).get("name") for each in templates]


def _unknown(place: Place, key: ObjectKey) -> NoSuchObjectError:
    told = f"{key.kind} {'/'.join(filter(None, (key.namespace, key.name)))}"
    return NoSuchObjectError(f"has no {told}; its resource tree lists what it has", subject=str(place.record.key))
