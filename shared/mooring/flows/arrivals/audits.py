"""The function `audit`: what API servers say was done becomes deeds, and where a cluster wants that, a heal at once.

Events come two ways: an API server posts them itself (`--audit-webhook-config-file`), or CloudWatch Logs delivers the
audit log of an EKS cluster. Either way a batch is done when its deeds are kept, its messages are sent, and drift that
was seen before it knows its authors. Whatever fails before that lets the sender try again (an API server does so
whatever the answer says, CloudWatch Logs after an error), and doing it twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.audit import Own, Reading, is_machinery, parse_events, read_events
from mooring.events.deeds import Deed
from mooring.events.logs import parse_log_event, unzip
from mooring.events.messages import AppMessage, Cause, ObjectMessage
from mooring.flows.arrivals.inuse import InUse, Objects
from mooring.flows.syncs.accusing import attribute_late
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.queues import Queues
from mooring.state.auditsources import AuditSources
from mooring.state.deeds import Deeds
from mooring.state.drifts import Drifts
from mooring.state.registry import Registry

__all__ = ["LARGEST_BODY", "AuditPorts", "Taken", "handle_audit_webhook", "handle_log_batch"]

LARGEST_BODY = 5 * 1024 * 1024  # bytes; Lambda takes 6 MB. The API server's batches are 400 events, well below
_LONGEST_NAME = 500  # characters of a cluster's name; the table's keys are limited
_AT_ONCE = 20  # objects that one message names; where more were changed, the whole application is looked at
_CHANGES_OF_OTHERS = frozenset({"create", "update", "patch"})


@dataclass(frozen=True, slots=True)
class AuditPorts:
    """What `audit` works with. `log_groups` maps log groups of CloudWatch to the clusters whose they are."""

    registry: Registry
    sources: AuditSources
    deeds: Deeds
    drifts: Drifts
    in_use: InUse
    queues: Queues
    clock: Callable[[], float]
    log_groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: how many events came, how many deeds were kept, how many looks were asked for.

    `broken` counts what could not be read.
    """

    cluster: str
    events: int = 0
    kept: int = 0
    looks: int = 0
    broken: int = 0


def handle_audit_webhook(ports: AuditPorts, name: str, headers: Mapping[str, str], body: bytes) -> Taken:
    """Takes what the API server of the cluster `name` posts; header names are lower-case.

    Raises `ForbiddenError` for a token that isn't the cluster's (in the same words for a cluster that nobody knows),
    `ConfigurationError` for what is no batch of events.
    """
    if len(body) > LARGEST_BODY:
        raise ConfigurationError(
            f"is larger than {LARGEST_BODY} bytes; lower --audit-webhook-batch-max-size", field="body"
        )
    scheme, _, token = headers.get("authorization", "").partition(" ")
    claims = bool(token) and scheme.lower() == "bearer" and len(name) <= _LONGEST_NAME
    source = ports.sources.find(name) if claims else None
    if source is None or not source.accepts(token.strip(), ports.clock()):
        raise ForbiddenError(
            "is not the one of this cluster; `mooring cluster audit-webhook` makes a new file for the API server",
            field="Authorization",
        )
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise ConfigurationError("must be gzip or identity", field="Content-Encoding")
    events = parse_events(unzip(body, "body") if encoding == "gzip" else body)
    return _take(ports, name, read_events(events, Own(source.user)), len(events))


def handle_log_batch(ports: AuditPorts, event: Mapping[str, Any]) -> Taken:
    """Takes a batch of CloudWatch Logs. Raises `ConfigurationError` for a log group that is no cluster's."""
    batch = parse_log_event(event)
    if not batch.is_audit:
        return Taken("")
    name = ports.log_groups.get(batch.group)
    if name is None:
        raise ConfigurationError(
            f"{batch.group} belongs to no cluster; add it to the template's parameter", field="AuditLogGroups"
        )
    source = ports.sources.find(name)
    reading = read_events(batch.lines, Own(source.user if source else ""))
    return _take(ports, name, reading, len(batch.lines))


def _take(ports: AuditPorts, name: str, reading: Reading, events: int) -> Taken:
    clusters = ports.registry.clusters()
    cluster = next((each for each in clusters if each.name == name), None)
    if cluster is None:
        raise ForbiddenError(f"{name} is not registered; `mooring cluster list` shows the clusters", field="cluster")
    in_use = ports.in_use.of(cluster, clusters, reading.own, reading.deeds)
    kept = [deed for deed in reading.deeds if in_use.concerns(deed)]
    if not kept:
        return Taken(name, events, broken=reading.broken)
    ports.deeds.keep(name, kept, now=ports.clock())
    attribute_late(ports.drifts, ports.deeds.find, name, kept)
    looks = _looks(name, kept, in_use) if cluster.drift == "audit" else []
    if looks:
        ports.queues.send("syncs", looks)
    return Taken(name, events, len(kept), len(looks), reading.broken)


def _looks(cluster: str, deeds: Iterable[Deed], in_use: Objects) -> list[AppMessage | ObjectMessage]:
    """The objects that may not be as they were applied, by application; each once, however often it was changed."""
    changed: dict[AppKey, dict[ObjectKey, Deed]] = {}
    for deed in deeds:
        if _may_be_drift(deed):
            for key, app in in_use.owned(deed.object):
                changed.setdefault(app, {})[key] = deed
    looks: list[AppMessage | ObjectMessage] = []
    for app, objects in changed.items():
        last = max(objects.values(), key=lambda deed: deed.at)
        cause = Cause("audit", last.id, last.person, last.at)
        many = len(objects) > _AT_ONCE
        looks.append(AppMessage(app, cause) if many else ObjectMessage(cluster, tuple(sorted(objects)), cause, app))
    return looks


def _may_be_drift(deed: Deed) -> bool:
    """Whether a deed can have changed what was applied: no status does, no controller's bookkeeping, but scaling."""
    if deed.subresource == "status":
        return False
    return deed.subresource == "scale" or deed.verb not in _CHANGES_OF_OTHERS or not is_machinery(deed.who.user)
