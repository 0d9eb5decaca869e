"""What a cluster tells by itself: events of Kubernetes, and what containers have written."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from shapes.trees import ObjectName


class EventAbout(ObjectName):
    """The object that an event is about."""

    uid: str
    fieldPath: NotRequired[str]


class Event(TypedDict):
    """An event of Kubernetes."""

    type: str
    reason: str
    message: str
    count: int
    first: str
    last: str
    source: str
    object: EventAbout


class Events(TypedDict):
    """Events, newest first."""

    items: list[Event]
    leftOut: int


class LogLine(TypedDict):
    """One line; `at` has nine digits of a second."""

    at: str
    pod: str
    container: str
    text: str


class LogStream(TypedDict):
    """A container that was read; `message` says why it has nothing to give."""

    pod: str
    container: str
    message: NotRequired[str]


class Logs(TypedDict):
    """Lines in order of time. Ask again with `cursor` for what came since, at once where there is `more`."""

    lines: list[LogLine]
    cursor: str
    more: bool
    streams: list[LogStream]
    podsLeftOut: int
