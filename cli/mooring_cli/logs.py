"""`mooring app logs`: what an application's pods have written, and with `-f` what they write from now on.

The API gives a range at a time and a cursor to go on from (docs/look.md), so nothing is held open and each line comes
once. Several workloads are asked one after the other; what came in one round is put in order of time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from mooring.errors import ConfigurationError, ThrottledError, TransientError
from mooring_cli.client import Api
from mooring_cli.durations import seconds_of
from mooring_cli.frame import prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.objectnames import found_object, named, object_options
from mooring_cli.output import Output, warn
from mooring_cli.tables import visible

__all__ = ["show_logs"]

_PAUSE: Final = 1.0  # seconds between two questions where there is nothing more for now
_LONGEST_PAUSE: Final = 10.0
_MOST: Final = 20  # workloads that are read side by side


@dataclass(slots=True)
class _Reader:
    """One pod or workload, and where its reader stands."""

    path: tuple[str, ...]
    query: dict[str, str]
    cursor: str = ""
    told: set[str] = field(default_factory=set)

    def read(self, api: Api) -> dict[str, Any]:
        """What came since the last time."""
        position = {"cursor": self.cursor} if self.cursor else {}
        answer: dict[str, Any] = api.call("GET", *self.path, query=self.query | position)
        self.cursor = answer["cursor"]
        for stream in answer["streams"]:
            if message := stream.get("message"):
                self._warn(f"{stream['pod']} {stream['container']}: {message}")
        if answer.get("podsLeftOut"):
            self._warn(f"{answer['podsLeftOut']} older pods are left out")
        return answer

    def _warn(self, message: str) -> None:
        if message not in self.told:
            self.told.add(message)
            warn([message])


@verb("logs", "what an Application's pods have written")
@one_app
@object_options(name="--name")
@click.option("-c", "--container", metavar="NAME", help="A container's name, or * for all (its pod's default one).")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option("-p", "--previous", is_flag=True, help="Of the container before its last restart.")
@click.option("--since", metavar="LENGTH", help="Lines of the last 30s, 10m, 2h …")
@click.option("--since-time", metavar="TIME", help="Lines from a time on, as 2026-03-01T02:00:00Z.")
@click.option("--tail", "--tail-lines", "tail", type=click.IntRange(1), help="At most so many last lines (200).")
@click.option("--filter", metavar="TEXT", help="Only lines with this text.")
@click.option("--timestamps", is_flag=True, help="The time of each line before it.")
@prints("table", "json")
def show_logs(
    api: Api, out: Output, app: AppName, container: str | None, follow: bool, previous: bool, since: str | None,
    since_time: str | None, tail: int | None, filter: str | None, timestamps: bool, **which: Any,
) -> int:  # fmt: skip
    """Of the pod or workload that is named, or of all workloads; JSON is an object for each line."""
    if since and since_time:
        raise ConfigurationError("can't be given together with --since", field="--since-time")
    if follow and previous:
        raise ConfigurationError("has ended, so there is nothing to follow", field="--previous")
    given = {
        "container": container,
        "previous": "true" if previous else None,
        "sinceSeconds": str(seconds_of(since, "--since")) if since else None,
        "sinceTime": since_time,
        "tailLines": str(tail) if tail else None,
        "filter": filter,
    }
    lines = {name: value for name, value in given.items() if value}
    readers = _readers(api, app, which, lines)
    single = len(readers) == 1 and "pods" in readers[0].path and container != "*"

    def show(line: Mapping[str, Any]) -> None:
        if out.form == "json":
            print(json.dumps(line, ensure_ascii=False))
            return
        origin = "" if single else f"[{line['pod']} {line['container']}] "
        print(f"{line['at'] + ' ' if timestamps else ''}{origin}{visible(line['text'])}")

    pause = _PAUSE
    while True:
        more, found = False, []
        for reader in readers:
            try:
                answer = reader.read(api)
            except TransientError as error:
                if not follow:
                    raise
                warn([error])
                later = error.retry_after if isinstance(error, ThrottledError) else None
                pause = min(_LONGEST_PAUSE, later or pause * 2)
                continue
            pause, more = _PAUSE, more or bool(answer["more"])
            found += answer["lines"]
        for line in sorted(found, key=lambda each: str(each["at"])):
            show(line)
        sys.stdout.flush()
        if more:
            continue
        if not follow:
            return 0
        time.sleep(pause)


def _readers(api: Api, app: AppName, which: Mapping[str, Any], lines: dict[str, str]) -> list[_Reader]:
    asked = named(**which)
    if asked.kind or asked.name:
        return [_reader(app, found_object(api, app, named(**{**which, "kind": which["kind"] or "Pod"})), lines)]
    tree = api.call("GET", "applications", app.name, "resource-tree", query=app.query)
    found = [_reader(app, each, lines) for each in _workloads(tree["nodes"])]
    if not found:
        raise ConfigurationError(f"application {app} has no pods")
    if len(found) > _MOST:
        raise ConfigurationError(
            f"has {len(found)} workloads; name one of them by --kind and --name", field=f"application {app}"
        )
    return found


def _reader(app: AppName, place: Mapping[str, str], lines: dict[str, str]) -> _Reader:
    before = ("applications", app.name)
    if place["kind"].lower() == "pod":
        query = app.query | {"resourceNamespace": place["resourceNamespace"]} | lines
        return _Reader((*before, "pods", place["resourceName"], "logs"), query)
    return _Reader((*before, "logs"), app.query | dict(place) | lines)


def _workloads(nodes: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The application's own objects that have pods below them."""
    by_uid = {node["uid"]: node for node in nodes if node["uid"]}
    found: dict[str, dict[str, str]] = {}
    for pod in (node for node in nodes if node["kind"] == "Pod" and not node["group"]):
        node: Mapping[str, Any] = pod
        while not node.get("managed"):
            owner = next((by_uid[ref["uid"]] for ref in node.get("parentRefs") or () if ref["uid"] in by_uid), None)
            if owner is None:
                break
            node = owner
        found[node["uid"]] = {
            "group": node["group"],
            "kind": node["kind"],
            "resourceNamespace": node["namespace"],
            "resourceName": node["name"],
        }
    return list(found.values())
