"""Logs of a pod, or of all pods of a workload merged by time, a range at a time.

Nothing is followed: a function does not wait. The first answer has the last lines; its cursor says where the reader
stands (`logcursor`), and asking with it brings what came since, without loss or repetition as far as the node still
has it (a node forgets a container's log when it is rotated away). `more` says that there is more to be fetched at once.

A container that has no log to give (it waits for its image, its pod is gone) is told beside the others and fails none
of them. What is in a log is what the program wrote: RBAC's resource `logs` decides who may read that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from mooring.cluster.observe import list_items
from mooring.errors import ConfigurationError, MooringError, TransientError
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.looking.logcursor import Line, Stand, lines_of, not_told, read_cursor, stand_after, write_cursor
from mooring.flows.looking.owned import find_owned
from mooring.flows.looking.ports import LookPorts, Place, place_of
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["LogQuery", "show_logs"]

_MOST_PODS: Final = 20
_TAIL: Final = 200
_MOST_LINES: Final = 10_000
_BYTES: Final = 2 * 1024 * 1024  # of all containers together; Lambda answers with 6 MB at most
_LEAST_BYTES: Final = 64 * 1024
_LARGEST_STEP: Final = 8 * 1024 * 1024  # of one container, where one second of it holds more than its share
_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
_POD_OWNERS: Final = (("apps", "ReplicaSet"), ("batch", "Job"))


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What of the logs is wanted. `container` is a name, empty for the pod's default one, or `*` for all.

    `since` is seconds before now or a time (RFC 3339), `tail` a number of lines for each container; both count for
    containers of which the cursor says nothing. `holding` is text that lines must have.
    """

    container: str = ""
    previous: bool = False
    since_seconds: int = 0
    since_time: str = ""
    tail: int = _TAIL
    limit_bytes: int = _BYTES
    holding: str = ""
    cursor: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.tail <= _MOST_LINES:
            raise ConfigurationError(f"must be from 0 to {_MOST_LINES}", field="tailLines")
        if not 0 < self.limit_bytes <= _BYTES:
            raise ConfigurationError(f"must be from 1 to {_BYTES}", field="limitBytes")
        if self.since_seconds < 0:
            raise ConfigurationError("must not be negative", field="sinceSeconds")
        if self.since_seconds and self.since_time:
            raise ConfigurationError("can't be given together with sinceSeconds", field="sinceTime")


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of one container."""

    pod: str
    container: str
    lines: list[Line]
    stand: Stand | None
    more: bool = False
    trouble: str = ""

    @property
    def name(self) -> str:
        return f"{self.pod}/{self.container}"


def show_logs(ports: LookPorts, app: AppKey, key: ObjectKey, query: LogQuery) -> dict[str, Any]:
    """Lines of the pod, or of the pods of the workload, that `key` names, in order of time.

    Raises as `place_of`, `ConfigurationError` naming the field, and `NoSuchObjectError` for what is not the
    application's.
    """
    stands = read_cursor(query.cursor)
    place = place_of(ports, app)
    found = find_owned(place, key)
    if found is None or found.live is None:
        raise NoSuchObjectError(f"{key.kind} {key.name} is not in the cluster", subject=str(app))
    pods = [found.live] if key.kind == "Pod" else _pods_of(ports, place, found.live)
    chosen = [(pod, name) for pod in pods[:_MOST_PODS] for name in _containers(pod, query.container)]
    if key.kind == "Pod" and not chosen:
        named = ", ".join(_all_containers(found.live))
        raise ConfigurationError(f"is no container of the pod; it has {named}", field="container")
    lines_each = max(_TAIL, _MOST_LINES // max(1, len(chosen)))
    share = max(_LEAST_BYTES, query.limit_bytes // max(1, len(chosen)))
    share = min(share, query.limit_bytes)

    def read(asked: tuple[Manifest, str]) -> _Read:
        pod, container = asked
        ports.hurry()
        metadata = pod["metadata"]
        stand = stands.get(f"{metadata['name']}/{container}")
        try:
            return _read(place, metadata["namespace"], metadata["name"], container, query, stand, share, lines_each)
        except TransientError:
            raise
        except MooringError as error:
            return _Read(metadata["name"], container, [], stand, trouble=error.message.strip())

    reads = list(ports.pool.map(read, chosen))
    told = sorted(
        (line.at, each.pod, each.container, index, line.text)
        for each in reads
        for index, line in enumerate(each.lines)
        if query.holding in line.text
    )
    return {
        "lines": [{"at": at, "pod": pod, "container": name, "text": text} for at, pod, name, _, text in told],
        "cursor": write_cursor({each.name: each.stand for each in reads if each.stand is not None}),
        "more": any(each.more for each in reads),
        "streams": [
            {"pod": each.pod, "container": each.container, **({"message": each.trouble} if each.trouble else {})}
            for each in reads
        ],
        "podsLeftOut": max(0, len(pods) - _MOST_PODS),
    }


def _read(
    place: Place,
    namespace: str,
    pod: str,
    container: str,
    query: LogQuery,
    stand: Stand | None,
    share: int,
    most: int,
) -> _Read:
    asked = {"container": container, "timestamps": "true"}
    if query.previous:
        asked["previous"] = "true"
    if stand is not None:
        asked["sinceTime"] = stand.since
    else:
        asked["tailLines"] = str(query.tail)
        if query.since_time:
            asked["sinceTime"] = query.since_time
        elif query.since_seconds:
            asked["sinceSeconds"] = str(query.since_seconds)
    path = f"{place.discovery.resource('', 'Pod', 'v1').path(namespace, pod)}/log"
    limit = share
    while True:
        text = place.server.text(path, {**asked, "limitBytes": str(limit)}, subject=f"Pod {namespace}/{pod}")
        if text is None:
            return _Read(pod, container, [], stand, trouble="the pod is gone")
        cut = len(text.encode()) >= limit
        lines = not_told(lines_of(text, whole=not cut), stand)
        if lines or not cut or limit >= _LARGEST_STEP:
            cut = (cut and bool(lines)) or len(lines) > most
            return _Read(pod, container, lines[:most], stand_after(lines[:most], stand), more=cut)
        limit *= 4  # one second of it, or one line, is longer than its share


def _pods_of(ports: LookPorts, place: Place, workload: Manifest) -> list[Manifest]:
    """The pods that a workload owns, itself or through ReplicaSets and Jobs; newest first."""
    namespace, uid = workload["metadata"].get("namespace") or "", workload["metadata"]["uid"]
    owners, waiting = {uid}, True
    if not namespace:
        return []
    between: list[Manifest] = []
    for group, kind in _POD_OWNERS:
        resource = place.discovery.find(group, kind)
        if resource is not None:
            ports.hurry()
            between += list_items(place.server, resource, namespace=namespace)
    while waiting:
        grown = {each["metadata"]["uid"] for each in between if _owned_by(each, owners)} - owners
        owners |= grown
        waiting = bool(grown)
    resource = place.discovery.resource("", "Pod", "v1")
    listed = list_items(place.server, resource, selector=_selector(workload), namespace=namespace, full=True)
    pods = [each for each in listed if _owned_by(each, owners)]
    return sorted(pods, key=lambda each: str(each["metadata"].get("creationTimestamp")), reverse=True)


def _owned_by(item: Manifest, owners: Iterable[str]) -> bool:
    return any(each.get("uid") in owners for each in item["metadata"].get("ownerReferences") or ())


def _selector(workload: Manifest) -> str:
    """A selector that spares pods of others; empty where the workload's own is none of plain labels."""
    selector = (workload.get("spec") or {}).get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, dict) else None
    return ",".join(f"{name}={value}" for name, value in sorted((labels or {}).items()))


def _containers(pod: Manifest, wanted: str) -> list[str]:
    every = _all_containers(pod)
    if wanted == "*":
        return every
    if wanted:
        return [wanted] if wanted in every else []
    named = (pod["metadata"].get("annotations") or {}).get(_DEFAULT_CONTAINER)
    first = ((pod.get("spec") or {}).get("containers") or [{}])[0].get("name")
    return [named] if named in every else [first] if first else []


def _all_containers(pod: Manifest) -> list[str]:
    spec = pod.get("spec") or {}
    groups = ("initContainers", "containers", "ephemeralContainers")
    return [each["name"] for group in groups for each in spec.get(group) or () if each.get("name")]
