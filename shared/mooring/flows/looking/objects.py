"""One object of an application: as it is, as git wants it, what an apply would change, and who set which field.

The difference is the one that a dry-run sync tells: the API server tries our manifest on the live object and changes
nothing. Where our login may only read, the manifest is laid over the live object instead, which says so (`dryRun`).
Values of Secrets are keyed digests in all of it. A Secret that stands in git sealed or as an ExternalSecret is not
opened for a page: what git has is shown as `source`, and no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from mooring.cluster.leaves import leaves
from mooring.cluster.observe import Observed
from mooring.differences.readable import diff, sides
from mooring.differences.redaction import redacted
from mooring.errors import ForbiddenError, MooringError, RejectedError, TransientError
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.clusters.quoting import told
from mooring.flows.looking.fitting import Room
from mooring.flows.looking.owned import find_owned
from mooring.flows.looking.ports import LookPorts, Place, place_of
from mooring.flows.syncs.preparing import prepare
from mooring.flows.syncs.writing import as_sent, try_write
from mooring.health import assess, can_assess
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.steps import Wanted
from mooring.secrets.digests import is_hidden

__all__ = ["differences_to", "prepared_objects", "show_difference", "show_managed", "show_object", "wanted_objects"]

_LONGEST: Final = 200_000  # characters of a difference as text
_WHOLE: Final = "(object)"  # the path of a change that brings or takes an object: its text has all of it
_MOST: Final = 100  # objects whose differences are shown at once
_OPENED: Final = frozenset({"SealedSecret", "ExternalSecret", "ClusterExternalSecret"})


def show_object(ports: LookPorts, app: AppKey, key: ObjectKey, version: str = "") -> dict[str, Any]:
    """Everything about one object of the application.

    Raises as `place_of`, and `NoSuchObjectError` for an object that is not the application's.
    """
    place = place_of(ports, app)
    try:
        wanted = wanted_objects(ports, place)
    except MooringError as error:  # the bundle is gone, say: what is live can be seen all the same
        wanted, trouble = {}, error.message
    else:
        trouble = ""
    item = wanted.get(key)
    found = None if item is not None and not _mine(place, key) else find_owned(place, key, version)
    source = None if item is not None else _source(wanted, key)
    live = None if found is None else found.live
    shown: dict[str, Any] = {
        **_named(key, item.version if item else version or (live or {}).get("apiVersion", "").rpartition("/")[2]),
        "managed": item is not None or key in place.record.inventory,
        "live": _masked(ports, live, item),
        "desired": _masked(ports, None if item is None else item.manifest, item),
        "fields": [] if live is None else _fields(live, item),
    }
    if live is not None and can_assess(key.group, key.kind, place.target.health):
        health = told(live, assess(live, place.target.health))
        shown["health"] = {"status": health.status, "message": health.message}
    if source is not None:
        shown["source"] = _masked(ports, source.manifest, source)
    if trouble:
        shown["trouble"] = trouble
    elif source is None and (item is not None or key in place.record.inventory):
        shown["diff"] = show_difference(ports, place, item, found)
    return shown


def show_managed(ports: LookPorts, app: AppKey) -> dict[str, Any]:
    """The differences of all objects of the application that differ, without both sides; raises as `place_of`."""
    place = place_of(ports, app)
    return differences_to(ports, place, wanted_objects(ports, place))


def differences_to(
    ports: LookPorts, place: Place, wanted: Mapping[ObjectKey, Wanted], *, tries: bool = True
) -> dict[str, Any]:
    """What a sync to these objects would change. Without `tries` the API server is not asked to try any of it."""
    inventory = place.record.inventory
    rows = {row.key: row for row in place.record.status.resources}
    doubtful = [
        key
        for key in dict.fromkeys([*wanted, *inventory])
        if key not in inventory
        or key not in wanted
        or inventory[key].digest != wanted[key].digest
        or key not in rows
        or rows[key].sync != "Synced"
    ]
    doubtful = [key for key in doubtful if key in wanted or _source(wanted, key) is None]

    def compare(key: ObjectKey) -> dict[str, Any]:
        ports.hurry()
        item = wanted.get(key)
        try:
            found = find_owned(place, key) if _mine(place, key) else None
        except NoSuchObjectError:
            found = None  # another application's by now, and not ours to show
        version = item.version if item is not None else inventory[key].version
        return {**_named(key, version), "diff": show_difference(ports, place, item, found, tries=tries)}

    room, items = Room(), []
    for each in ports.pool.map(compare, doubtful[:_MOST]):
        made = each["diff"]
        if made["kind"] != "unchanged":
            changes = [change for change in made["changes"] if change["path"] != _WHOLE]
            told_of = {"kind": made["kind"], "dryRun": made["dryRun"], **room.told(changes, made["text"])}
            items.append({**each, "diff": told_of})
    return {"items": items, "compared": min(len(doubtful), _MOST), "leftOut": max(0, len(doubtful) - _MOST)}


def wanted_objects(ports: LookPorts, place: Place) -> dict[ObjectKey, Wanted]:
    """What git wants of the application by now, as it would be applied; empty where nothing was rendered.

    Objects that stand for secrets are there as they are in git. Raises as reading the bundle does.
    """
    git = place.record.wanted
    if git is None or not git.bundle:
        return {}
    return prepared_objects(ports, place, ports.bundles.load(git.bundle))


def prepared_objects(ports: LookPorts, place: Place, bundle: Iterable[Manifest]) -> dict[ObjectKey, Wanted]:
    """Manifests as they would be applied for the application."""
    prepared = prepare(bundle, place.application, place.target, ports.bundles.digests.of)
    return {item.key: item for item in prepared.objects}


def show_difference(
    ports: LookPorts, place: Place, item: Wanted | None, found: Observed | None, *, tries: bool = True
) -> dict[str, Any]:
    """From live to what git wants: the fields, unified text, and both sides for whoever shows them side by side."""
    live = None if found is None else found.live
    outcome, dry_run = None, ""
    if not tries:
        dry_run = "not done, so what git no longer sets is missing here: that takes the right override"
    elif item is not None and live is not None:
        try:
            sent = as_sent(item, live, place.application, place.rules)
            tried, anew = try_write(place.target, item, sent, exists=True)
            outcome, dry_run = tried.live, "it would be deleted and made anew" if anew else "done"
        except (ForbiddenError, TransientError) as error:
            dry_run = f"not done, so what git no longer sets is missing here: {error.message}"
        except RejectedError as error:
            dry_run = f"refused: {error.message}"
    desired = None if item is None else item.manifest
    made = diff(desired, live, outcome, place.rules, ports.secret_key)
    before, after = sides(desired, live, outcome, place.rules, ports.secret_key)
    return {
        "kind": made.kind,
        "dryRun": dry_run,
        "changes": [asdict(each) for each in made.changes],
        "text": made.text[:_LONGEST],
        "normalizedLive": before,
        "predictedLive": after,
    }


def _mine(place: Place, key: ObjectKey) -> bool:
    return key in place.record.inventory


def _source(wanted: Mapping[ObjectKey, Wanted], key: ObjectKey) -> Wanted | None:
    """What stands in git for a Secret that is opened at a sync."""
    if (key.group, key.kind) != ("", "Secret"):
        return None
    name = key.name.rpartition("~")[2]
    same = (each for each in wanted.values() if each.key.kind in _OPENED and each.key.namespace == key.namespace)
    return next((each for each in same if name in (each.key.name, _target(each.manifest))), None)


def _target(manifest: Manifest) -> str:
    """The name of the Secret that an ExternalSecret or SealedSecret makes, where it says one."""
    spec = manifest.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    template = spec.get("template")
    named = [spec.get("target"), template.get("metadata") if isinstance(template, dict) else None]
    return next((str(each["name"]) for each in named if isinstance(each, dict) and each.get("name")), "")


def _masked(ports: LookPorts, manifest: Manifest | None, item: Wanted | None) -> Manifest | None:
    """As a page may have it: without managed fields, values of Secrets hashed."""
    if manifest is None:
        return None
    metadata = {name: below for name, below in manifest["metadata"].items() if name != "managedFields"}
    shown: Manifest = redacted({**manifest, "metadata": metadata}, ports.secret_key, hidden=_is_hidden(item))
    return shown


def _is_hidden(item: Wanted | None) -> bool:
    """Whether git says that the whole object is a secret; the copy in the cluster may have lost that word."""
    return item is not None and is_hidden(item.manifest)


def _fields(live: Manifest, item: Wanted | None) -> list[dict[str, str]]:
    """Who set which field, by the object's managed fields; no values, since these are in the manifest."""
    if _is_hidden(item) or is_hidden(live):
        return []  # the members of a set are named by their values
    return [
        {
            "path": path,
            "manager": entry.get("manager") or "",
            "operation": entry.get("operation") or "",
            "subresource": entry.get("subresource") or "",
            "time": entry.get("time") or "",
        }
        for entry in live["metadata"].get("managedFields") or ()
        for path, _ in leaves(entry.get("fieldsV1") or {}, live)
    ]


def _named(key: ObjectKey, version: str) -> dict[str, str]:
    return {"group": key.group, "version": version, "kind": key.kind, "namespace": key.namespace, "name": key.name}
