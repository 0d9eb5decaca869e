"""What a person wants done with one live object: an action on it, or its deletion.

Only `sync` reaches a cluster, so what is wanted waits under an id (`flows.asked.handling`), and what came of it is kept
there for whoever asked. A message that comes twice finds the answer and does nothing; one whose function died does it
again, which for the built-in actions is the same as doing it once: times and names follow from what was asked.

Only objects of the application are touched, and what these own. They are written as whom the application's syncs are
written, and by a field manager of their own; whatever git says otherwise is told, for it will be put back or stay a
difference. Source: Argo CD, "Resource Actions", and `server/application/application.go` (`RunResourceAction`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from mooring.actions.merging import merge_patch, split
from mooring.actions.offers import Asked, Impact
from mooring.actions.running import impacts_of
from mooring.cluster.fingerprint import OURS
from mooring.cluster.impersonating import ActingAs, Requests
from mooring.cluster.leaves import leaves
from mooring.cluster.touching import MANAGER, create, merge, remove
from mooring.errors import ConfigurationError, ConflictError, MooringError, PermanentError
from mooring.events.deeds import Deed, Identity, ObjectName
from mooring.events.messages import AppMessage, Cause, ClusterMessage, Later, ObjectMessage
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.clusters.live import Live, Target
from mooring.flows.rules.permitting import acting_for, permit_application, permit_objects
from mooring.flows.rules.selfhealing import heals
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.application import is_registered
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.model.tracking import is_tracked
from mooring.state.operations import Request
from mooring.state.records import Record
from mooring.state.registry import Cluster

__all__ = ["act"]

_TRIES: Final = 4  # where the object changes between reading and writing
_OWNERS: Final = 8  # steps from an object to one of the application
_REMADE: Final = 2.0  # seconds until what was deleted is made again
_TOLD: Final = 10  # fields that a warning names


def act(ports: SyncPorts, message: ObjectMessage) -> None:
    """Does what is wanted under the message's id, once, and keeps what came of it. Raises as the table does."""
    (key,), app = message.objects, message.app
    assert app is not None
    try:
        cluster = ports.targets.named(message.cluster)
    except PermanentError:
        return  # the cluster was removed since the message was sent
    wanted = ports.targets.asked_check(cluster, message.act)
    if wanted is None:
        return
    try:
        record = ports.applications.load([app], inventory=True)[app]
        found = _done(ports, record, cluster, key, wanted, message)
    except MooringError as error:
        found = {"error": error.message}
    finally:
        ports.targets.settle()
    ports.targets.note_check(cluster, message.act, {"application": str(app), **found})
    if "error" not in found:
        ports.queues.send("syncs", [ClusterMessage(cluster.name, message.cause, (app,))], alone=True)


def _done(
    ports: SyncPorts, record: Record, cluster: Cluster, key: ObjectKey, wanted: dict[str, Any], message: ObjectMessage
) -> dict[str, Any]:
    spec = record.spec
    if spec is None or record.status.cluster != cluster.name:
        raise ConfigurationError("the application is not in this cluster any more", subject=str(record.key))
    project = ports.targets.project(spec.application.project)
    permit_application(project, spec.application, cluster)
    acting = acting_for(project, spec.application, cluster) if ports.targets.settings.impersonation else ""
    place = ports.targets.connect(ports.targets.reach(cluster))
    for attempt in range(_TRIES):
        found = _read(place, record, key)
        permit_objects(project, spec.application, cluster, [key if found is None else found[1]])
        if found is None and key in record.inventory and wanted.get("action") == "retry":
            return _told(key, _ask_again(ports, record, key, message))  # a function died after it had deleted it
        if found is None:
            raise ConfigurationError("the object is not in the cluster", field="resource", subject=str(key))
        live = found[0]
        try:
            if wanted["do"] == "delete":
                return _delete(ports, record, place.acting_as(acting), live, wanted, acting, message)
            asked = Asked(wanted["action"], message.act, wanted["at"], wanted.get("parameters") or {})
            impacts = impacts_of(live, asked, ports.targets.settings.actions)
            made = [ObjectKey.of(each.resource) for each in impacts if each.verb == "create"]
            permit_objects(project, spec.application, cluster, made)
            target = ports.targets.opened(cluster)
            hands = ActingAs(target.server, acting) if acting else target.server
            return _carried_out(ports, record, target, hands, live, impacts, message)
        except ConflictError as error:
            if attempt + 1 == _TRIES or error.message.startswith("the action"):
                raise
    raise AssertionError("unreachable")


def _read(place: Live, record: Record, key: ObjectKey) -> tuple[Manifest, ObjectKey] | None:
    """The live object, if it is one of the application's or is owned by one, and which one of the application's that
    is: by this one a project permits it, since projects speak of what stands in git. Raises `ConfigurationError`.
    """
    entry = record.inventory.get(key)
    seen = place.get(key, entry.version if entry is not None else "")
    if seen is None or seen.live is None:
        if key not in record.inventory:
            raise _foreign(record, key)  # in the words for what others have: names are not to be found out by asking
        return None
    at, steps = seen, 0
    while True:
        entry = record.inventory.get(at.key)
        ours = is_tracked(record.key, at.key, at.app_label, at.tracking_id)
        if (ours and (entry is not None or at.tracking_id)) or (entry and not at.app_label and entry.uid == at.uid):
            return seen.live, at.key
        steps += 1
        owner = next((each for each in _owners(at.live or {}, at.key.namespace)), None)
        found = None if owner is None or steps > _OWNERS else place.get(owner[0])
        if owner is None or found is None or found.uid != owner[1]:
            raise _foreign(record, key)
        at = found


def _foreign(record: Record, key: ObjectKey) -> ConfigurationError:
    told = f"is no object of {record.key.name}, and none of its objects owns it"
    return ConfigurationError(told, field="resource", subject=str(key))


def _owners(live: Manifest, namespace: str) -> Iterator[tuple[ObjectKey, str]]:
    """Who owns an object, its controller first."""
    references = live.get("metadata", {}).get("ownerReferences") or ()
    for each in sorted(references, key=lambda each: not each.get("controller")):
        group = str(each.get("apiVersion", "")).rpartition("/")[0]
        yield (
            ObjectKey(group, str(each.get("kind", "")), namespace, str(each.get("name", ""))),
            str(each.get("uid", "")),
        )


def _carried_out(
    ports: SyncPorts, record: Record, target: Target, hands: Requests, live: Manifest, impacts: list[Impact],
    message: ObjectMessage,
) -> dict[str, Any]:  # fmt: skip
    done: list[dict[str, str]] = []
    warnings: list[str] = []
    for impact in impacts:
        key = ObjectKey.of(impact.resource)
        if impact.verb == "create":
            word = "created" if create(hands, target.discovery, impact.resource) else "is there already"
        elif impact.verb == "remake":
            word = _remake(ports, record, target, hands, live, message)
        else:
            word, warning = _patched(ports, record, target, hands, live, impact.resource, message)
            warnings += [warning] if warning else []
        done.append({"object": str(key), "result": word})
    return {"object": str(ObjectKey.of(live)), "done": done, "warnings": warnings}


def _patched(
    ports: SyncPorts, record: Record, target: Target, hands: Requests, live: Manifest, after: Manifest,
    message: ObjectMessage,
) -> tuple[str, str]:  # fmt: skip
    """What became of the object, and what git will make of that."""
    rest, status = split(merge_patch(live, after))
    now: Manifest | None = live
    if status:
        now = merge(hands, target.discovery, live, status, status=True)
        if now is None:  # of this kind the status is a field as any other
            now, rest = live, {**rest, **status}
    if rest and now is not None:
        now = merge(hands, target.discovery, now, rest)
    if now is None:
        raise ConfigurationError("the object is not in the cluster any more", subject=str(ObjectKey.of(live)))
    if now is live:
        return "nothing to change", ""
    _remember(ports, target, live, "patch", message)
    lost = sorted(_ours(live) - _ours(now))
    if not lost:
        return "changed", ""
    more = f" and {len(lost) - _TOLD} more" if len(lost) > _TOLD else ""
    return "changed", f"git says otherwise of {', '.join(lost[:_TOLD])}{more}: {_outlook(ports, record)}"


def _remember(ports: SyncPorts, target: Target, live: Manifest, verb: str, message: ObjectMessage) -> None:
    """Keeps who had it done where the changes of people are kept, so that drift is told as theirs and not as ours."""
    key, now = ObjectKey.of(live), ports.clock()
    plural = target.discovery.resource(key.group, key.kind, live["apiVersion"].rpartition("/")[2]).plural
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    name = ObjectName(key.group, plural, key.namespace, key.name)
    deed = Deed(message.act, at, verb, name, Identity(message.cause.by), agent="mooring", manager=MANAGER)
    ports.applications.deeds.keep(target.cluster.name, [deed], now=now)


def _ours(live: Manifest) -> set[str]:
    """The fields that git has set."""
    entries = live["metadata"].get("managedFields") or ()
    ours = (each for each in entries if each.get("manager") == OURS and not each.get("subresource"))
    return {path for each in ours for path, _ in leaves(each.get("fieldsV1") or {}, live)}


def _outlook(ports: SyncPorts, record: Record) -> str:
    spec = record.spec
    assert spec is not None
    if spec.paused is None and heals(spec.application, ports.targets.project(spec.application.project)):
        return "self-heal puts that back at once; pause automated sync first, or change it in git"
    return "the application is out of sync until git says so too, or it is synced"


def _delete(
    ports: SyncPorts, record: Record, place: Live, live: Manifest, wanted: dict[str, Any], acting: str,
    message: ObjectMessage,
) -> dict[str, Any]:  # fmt: skip
    key = ObjectKey.of(live)
    at_once = bool(wanted.get("force")) and not wanted.get("orphan")
    propagation: Propagation = "Orphan" if wanted.get("orphan") else "Background" if at_once else "Foreground"
    if is_registered(key.group, key.kind):
        gone = place.delete(key, live["metadata"]["uid"], propagation)
    else:
        target = ports.targets.opened(place.cluster)
        hands = ActingAs(target.server, acting) if acting else target.server
        gone = remove(hands, target.discovery, live, propagation=propagation, at_once=at_once)
        _remember(ports, target, live, "delete", message)
    warnings = [f"git has it: {_again(ports, record)}"] if key in record.inventory else []
    word = "deleted" if gone else "was gone already"
    return _told(key, word, *warnings)


def _again(ports: SyncPorts, record: Record) -> str:
    told = _outlook(ports, record)
    return "self-heal makes it again" if told.startswith("self-heal") else "the next sync makes it again"


def _remake(
    ports: SyncPorts, record: Record, target: Target, hands: Requests, live: Manifest, message: ObjectMessage
) -> str:
    """Deletes an object of the application, and asks for a sync of it alone: it is made again as git wants it."""
    key = ObjectKey.of(live)
    if key not in record.inventory:
        raise ConfigurationError("only what the application has in git can be made again; sync the application")
    if record.request is not None:
        raise ConfigurationError("another sync was asked for; try again when that is done", subject=str(record.key))
    remove(hands, target.discovery, live, propagation="Background", at_once=False)
    _remember(ports, target, live, "delete", message)
    return _ask_again(ports, record, key, message)


def _ask_again(ports: SyncPorts, record: Record, key: ObjectKey, message: ObjectMessage) -> str:
    now, by = ports.clock(), message.cause.by
    name = f"{key.namespace}/{key.name}" if key.namespace else key.name
    request = Request(new_ulid(now), by, now, resources=(f"{key.group}:{key.kind}:{name}",))
    ports.applications.request(record.key, request)
    again = AppMessage(record.key, Cause("person", request.id, by))
    ports.queues.send_later([(Later("syncs", again), _REMADE)])
    return f"deleted, and made again by operation {request.id}"


def _told(key: ObjectKey, word: str, *warnings: str) -> dict[str, Any]:
    return {"object": str(key), "done": [{"object": str(key), "result": word}], "warnings": list(warnings)}
