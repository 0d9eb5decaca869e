"""What an API server's audit log tells, reduced to deeds: requests that changed something, and who made them.

Events are `audit.k8s.io/v1`, one by one or as an `EventList` (Kubernetes documentation, "Auditing", and "kube-apiserver
Audit Configuration (v1)"). What Mooring needs is read strictly; what it doesn't know is passed over, so that a newer
API server is no trouble. One event that can't be read costs that event and nothing else.

Refused at the door, because they outnumber deeds by far: requests that only read or failed, dry runs, stages other
than ResponseComplete, and the noise of a living cluster (leases, events, endpoints, statuses that nodes and controllers
write, requests that only ask something). Mooring's own requests are set aside: they are in its history already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from mooring.errors import ConfigurationError
from mooring.events.deeds import Deed, Iam, Identity, ObjectName
from mooring.events.logs import Line

__all__ = ["Own", "Reading", "is_machinery", "parse_events", "read_events"]

OUR_AGENT = "mooring/"
_API = "audit.k8s.io/"
_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
# Streams, and questions that are asked by creating something: no object is changed.
_NO_DEEDS = frozenset({"attach", "binding", "exec", "log", "portforward", "proxy", "token"})
_ASKING = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
_NOISE = frozenset(
    {
        ("coordination.k8s.io", "leases"),
        ("", "events"),
        ("events.k8s.io", "events"),
        ("", "endpoints"),
        ("discovery.k8s.io", "endpointslices"),
        ("metrics.k8s.io", "pods"),
        ("metrics.k8s.io", "nodes"),
    }
)
_NODES_OWN = frozenset({("", "nodes"), ("", "pods")})
_ACCOUNT = "system:serviceaccount:"
_MACHINERY = ("system:kube-", "system:node:", "system:serviceaccount:kube-system:", "system:apiserver", "eks:")
# EKS writes what it knows of a caller without a prefix, and the principal with this one, too; under others anybody who
# maps the claims of another identity provider can say anything.
_AUTHENTICATOR = "sigs.k8s.io/aws-iam-authenticator/"
_LONGEST = 256  # characters of what a stranger wrote
_MOST = 50  # groups, addresses or fields
_BODIES = (',"requestObject":', ',"responseObject":')


@dataclass(frozen=True, slots=True)
class Own:
    """How Mooring's own requests are known: by their user agent, and by the user where that was registered."""

    user: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What some events came to.

    `own` are objects that Mooring wrote; `skipped` counts events that are no deeds, `broken` what is no event.
    """

    deeds: tuple[Deed, ...] = ()
    own: tuple[ObjectName, ...] = ()
    skipped: int = 0
    broken: int = 0


def parse_events(body: bytes) -> list[Any]:
    """The events of a webhook's body: an `EventList`, or a single `Event`; each is checked when it is read.

    Raises `ConfigurationError` naming the field that is wrong.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(
            "is not JSON; this address is for --audit-webhook-config-file", field="body"
        ) from error
    if not isinstance(value, dict):
        raise ConfigurationError("must be an EventList of audit.k8s.io/v1", field="body")
    version = value.get("apiVersion")
    if version != f"{_API}v1":
        raise ConfigurationError(
            f"must be {_API}v1, not {str(version)[:60]!r}; start the API server with --audit-webhook-version={_API}v1",
            field="apiVersion",
        )
    if value.get("kind") == "Event":
        return [value]
    items = value.get("items")
    if value.get("kind") != "EventList" or not isinstance(items, list):
        raise ConfigurationError("must be an EventList with items, or an Event", field="kind")
    return items


def read_events(events: Iterable[Any], own: Own) -> Reading:
    """The deeds among events, in their order. An event may come as a mapping, or as a line of a log."""
    deeds: list[Deed] = []
    ours: list[ObjectName] = []
    skipped = broken = 0
    for each in events:
        event = _loaded(each) if isinstance(each, Line) else each
        if not isinstance(event, Mapping):
            broken += 1
            continue
        try:
            deed = _deed(event)
        except ConfigurationError:
            broken += 1
            continue
        if deed is None:
            skipped += 1
        elif not deed.agent.startswith(OUR_AGENT):
            deeds.append(deed)
        elif own.user in ("", deed.who.user):
            ours.append(deed.object)
        else:
            deeds.append(_claiming(deed))
    return Reading(tuple(deeds), tuple(ours), skipped, broken)


def is_machinery(user: str) -> bool:
    """Whether a user is a part of the control plane or a node, which nobody would ask what it meant."""
    return user.startswith(_MACHINERY)


def _claiming(deed: Deed) -> Deed:
    return Deed.from_json(deed.to_json() | {"claimsMooring": True})


def _loaded(line: Line) -> Any:
    """The event of a log's line, None where it holds none.

    A line that was cut off is read up to the bodies of request and answer: they come last but for the times, and take
    up the room. Its time is then the log's.
    """
    try:
        return orjson.loads(line.text)
    except orjson.JSONDecodeError:
        cut = min((at for at in map(line.text.find, _BODIES) if at > 0), default=0)
    try:
        return orjson.loads(line.text[:cut] + "}") | {"stageTimestamp": line.at}
    except orjson.JSONDecodeError:
        return None


def _deed(event: Mapping[str, Any]) -> Deed | None:
    """The deed of an event, None where it is none. Raises `ConfigurationError` for what can't be an event."""
    if event.get("stage") != "ResponseComplete":
        return None
    verb, reference = event.get("verb"), event.get("objectRef")
    if verb not in _VERBS or not isinstance(reference, Mapping):
        return None
    group, resource = _text(reference, "apiGroup"), _text(reference, "resource")
    subresource = _text(reference, "subresource")
    if (group, resource) in _NOISE or group in _ASKING or subresource in _NO_DEEDS:
        return None
    code = _mapping(event, "responseStatus").get("code", 0)
    if not isinstance(code, int) or not 200 <= code < 300:
        return None
    query = parse_qs(urlsplit(_text(event, "requestURI", _LONGEST * 8)).query)
    answer = _mapping(_mapping(event, "responseObject"), "metadata")
    if "dryRun" in query or _dry(event.get("requestObject")):
        return None
    who = _identity(event, "user")
    if subresource == "status" and (is_machinery(who.user) or who.user.startswith(_ACCOUNT)):
        return None  # a controller says how things are; nobody applies a status
    if (group, resource) in _NODES_OWN and who.user.startswith("system:node:"):
        return None
    name = _text(reference, "name") or (_text(answer, "name") if verb == "create" else "")
    if not name and verb != "deletecollection":
        return None
    key = ObjectName(group, resource, _text(reference, "namespace"), name)
    return Deed(
        _required(event, "auditID"),
        _time(event),
        verb,
        key,
        who,
        subresource,
        _identity(event, "impersonatedUser") if isinstance(event.get("impersonatedUser"), Mapping) else None,
        _text(event, "userAgent"),
        _texts(event.get("sourceIPs")),
        code,
        _first(query, "fieldManager"),
        " ".join(each for each in (_first(query, "labelSelector"), _first(query, "fieldSelector")) if each),
        _text(answer, "resourceVersion") or _text(reference, "resourceVersion"),
        _text(answer, "uid") or _text(reference, "uid"),
        () if (group, resource) == ("", "secrets") else _named_fields(event.get("requestObject"), verb),
    )


def _time(event: Mapping[str, Any]) -> str:
    """When the request was done, in UTC to the microsecond."""
    for name in ("stageTimestamp", "requestReceivedTimestamp"):
        text = event.get(name)
        if not isinstance(text, str):
            continue
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise ConfigurationError("must be a time of RFC 3339", field=name) from error
        if at.tzinfo is None:
            raise ConfigurationError("must have a time zone", field=name)
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    raise ConfigurationError("is missing", field="stageTimestamp")


def _identity(event: Mapping[str, Any], field: str) -> Identity:
    user = _mapping(event, field)
    extra = _mapping(user, "extra")

    def said(name: str) -> str:
        values = _texts(extra.get(name)) or _texts(extra.get(_AUTHENTICATOR + name))
        return values[0] if values else ""

    names = ("arn", "canonicalArn", "sessionName", "accessKeyId", "principalId")
    return Identity(_required(user, "username"), _texts(user.get("groups")), Iam(*map(said, names)))


def _named_fields(body: Any, verb: str) -> tuple[str, ...]:
    """The paths that a patch names, where the policy's level brought it: of a JSON patch, or the leaves of a merge."""
    if verb != "patch":
        return ()
    if isinstance(body, list):
        paths = [each["path"] for each in body if isinstance(each, Mapping) and isinstance(each.get("path"), str)]
        return tuple(path[:_LONGEST] for path in paths[:_MOST])
    found: list[str] = []
    if isinstance(body, Mapping):
        _leaves(body, "", found)
    return tuple(found)


def _leaves(value: Mapping[str, Any], path: str, found: list[str]) -> None:
    for name, each in value.items():
        if len(found) >= _MOST or name in ("apiVersion", "kind"):
            continue
        here = f"{path}/{name}"
        if isinstance(each, Mapping) and each and here.count("/") < 12:
            _leaves(each, here, found)
        else:
            found.append(here[:_LONGEST])


def _dry(body: Any) -> bool:
    """Whether the options of a deletion, which stand in its body, make it a dry run."""
    return isinstance(body, Mapping) and body.get("kind") == "DeleteOptions" and bool(body.get("dryRun"))


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Any], name: str, longest: int = _LONGEST) -> str:
    found = value.get(name)
    return found[:longest] if isinstance(found, str) else ""


def _required(value: Mapping[str, Any], name: str) -> str:
    found = _text(value, name)
    if not found:
        raise ConfigurationError("must be a text", field=name)
    return found


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else []
    return tuple(each[:_LONGEST] for each in values[:_MOST] if isinstance(each, str))


def _first(query: Mapping[str, list[str]], name: str) -> str:
    return query[name][0][:_LONGEST] if query.get(name) else ""
