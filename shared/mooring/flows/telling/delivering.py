"""The second half of telling people: notes become messages, each lane in its order and no lane behind another.

A *lane* is one recipient's messages about one application: a group of the FIFO queue, so that no two functions are at
it at once. A delivery is marked before it begins and written down when it has ended; what lies between is the one
window in which a crash can make a message come twice (ADR 0101). A service that fails has its message come back after
a while, with those of its lane behind it; others pass. After the last try a note is given up: it is listed, and lies
where an alarm shows it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed, wait
from dataclasses import dataclass
from typing import Final

from mooring.errors import ConfigurationError, ConflictError, MooringError, TransientError
from mooring.events.messages import NoteMessage
from mooring.flows.telling.holding import DIGEST, rendered_of, tell_together
from mooring.flows.telling.ports import NotifyPorts
from mooring.metrics import tell
from mooring.metrics.names import NOTE
from mooring.notify.config import Config
from mooring.notify.filling import fill
from mooring.notify.message import BrokenTemplateError, Rendered, Sending
from mooring.notify.services import service_of
from mooring.state.notes import SETTINGS, Note, NoteState

__all__ = ["Received", "deliver"]

_TRIES: Final = 10
_FIRST, _LONGEST = 10.0, 1800.0  # seconds between tries: 10, 20, 40 … half an hour
_LASTS: Final = 60.0  # seconds after which a delivery that was begun counts as dead
_PATIENCE: Final = 1.0  # seconds that lanes wait for the slowest of their batch before they are let go
_UNREADABLE: Final = 300.0  # seconds until settings are looked at again that can't be read


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the queue, and what the queue calls it: `id` in the answer, `handle` to hide it."""

    id: str
    handle: str
    message: NoteMessage


class _LaterError(Exception):
    """The message is to come back after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def deliver(ports: NotifyPorts, pool: Executor, received: Sequence[Received]) -> list[str]:
    """Delivers what a batch of messages names; returns the ids of those that come again, hidden until they are due."""
    lanes: dict[str, list[Received]] = {}
    for each in received:
        lanes.setdefault(each.message.lane, []).append(each)
    try:
        config = ports.configs.of(ports.notes.around(()).get(SETTINGS))
    except ConfigurationError as error:
        ports.say(f"the settings of notifications can't be read: {error}")
        return _come_back(ports, received, _UNREADABLE)
    work = {pool.submit(_lane, ports, config, lane): lane for lane in lanes.values()}
    _, slow = wait(work, timeout=_PATIENCE)
    if slow:
        _let_go(ports, work)
    return [id_ for each in work for id_ in each.result()]


def _let_go(ports: NotifyPorts, work: Mapping[Future[list[str]], Sequence[Received]]) -> None:
    """Deletes what was delivered, ahead of what a slow service keeps: what follows in these lanes waits for that."""
    for each in as_completed(work):
        if each.exception() is None and not each.result() and not all(other.done() for other in work):
            for one in work[each]:
                try:
                    ports.queues.remove("notes", one.handle)
                except MooringError as error:
                    ports.say(str(error))  # Lambda deletes it in the end


def _come_back(ports: NotifyPorts, left: Sequence[Received], seconds: float) -> list[str]:
    for one in left:
        try:
            ports.queues.hide("notes", one.handle, seconds)
        except MooringError as error:
            ports.say(str(error))  # it comes back by itself, only later
    return [one.id for one in left]


def _lane(ports: NotifyPorts, config: Config, lane: Sequence[Received]) -> list[str]:
    """One lane after the other: what comes after a message that fails waits with it."""
    for index, each in enumerate(lane):
        try:
            _one(ports, config, each.message)
        except _LaterError as later:
            seconds = later.seconds
        except TransientError as error:
            ports.say(f"{each.message.of}: a note comes again: {error}")
            seconds = _FIRST
        else:
            continue
        return _come_back(ports, lane[index:], seconds)
    return []


def _one(ports: NotifyPorts, config: Config, message: NoteMessage) -> None:
    if message.of == DIGEST and message.due:
        tell_together(ports, config, message)
        return
    note, now = ports.notes.read(message.of, message.note), ports.clock()
    if note is None or note.state not in ("pending", "sending"):
        return
    if note.state == "sending" and now < note.until and not _may_repeat(config, note):
        raise _LaterError(note.until - now)
    if wait := ports.breaker.left_alone(note.service, now):
        raise _LaterError(wait + random.uniform(0, 5))  # noqa: S311 (jitter, not a secret)
    try:
        begun = ports.notes.begin(note, until=now + _LASTS)
    except ConflictError:
        raise _LaterError(_FIRST) from None
    try:
        state, receipt = _send(ports, config, begun)
    except TransientError as error:
        ports.breaker.note(note.service, ports.clock(), good=False)
        _failed(ports, begun, message, error)
    except MooringError as error:
        _give_up(ports, begun, message, str(error))
    except Exception as error:  # noqa: BLE001 - one message that we can't shape must not hold up its batch
        _give_up(ports, begun, message, f"a fault of ours ({type(error).__name__})")
    else:
        ports.breaker.note(note.service, ports.clock(), good=True)
        ports.notes.end(begun, state, now=ports.clock(), receipt=receipt)
        _tell(begun, state, seconds=ports.clock() - now)


def _tell(note: Note, outcome: str, *, seconds: float = 0.0, error: str = "") -> None:
    values = {"Notes": 1.0} | ({"NoteSeconds": seconds} if outcome == "sent" else {})
    tell(
        NOTE, values, cause=note.cause, seconds=seconds, outcome=outcome, of=note.of, note=note.id,
        trigger=note.trigger, to=note.service, error=error,
    )  # fmt: skip


def _send(ports: NotifyPorts, config: Config, note: Note) -> tuple[NoteState, Mapping[str, str] | None]:
    declared = config.services.get(note.service)
    if declared is None:
        raise ConfigurationError(f"no service {note.service!r} is declared", field=f"service.{note.service}")
    service, rendered, previous = service_of(declared.type), rendered_of(note), ports.notes.receipt(note)
    if rendered.summary.only_update and (previous is None or not service.updates):
        return "skipped", None
    settings = fill(declared.settings, ports.secret)
    sending = Sending(note.service, note.recipient, note.id, note.at, ports.poster, ports.forge, ports.aws)
    try:
        return "sent", service.deliver(settings, rendered, previous, sending)
    except BrokenTemplateError as error:  # a condition's message with a quote in it is enough
        ports.say(f"{note.of}: the template of {note.trigger} is no message: {error}; our own words are sent")
        return "sent", service.deliver(settings, Rendered(rendered.summary), previous, sending)


def _may_repeat(config: Config, note: Note) -> bool:
    """Whether telling it again does no harm, so that nobody has to wait for a function that may be dead."""
    declared = config.services.get(note.service)
    return declared is not None and service_of(declared.type).idempotent


def _failed(ports: NotifyPorts, note: Note, message: NoteMessage, error: TransientError) -> None:
    if note.attempts >= _TRIES:
        _give_up(ports, note, message, str(error))
        return
    ports.notes.end(note, "pending", now=0.0, error=str(error))
    _tell(note, "retried", error=str(error))
    usual = min(_LONGEST, _FIRST * 2 ** (note.attempts - 1))
    raise _LaterError(error.retry_after or usual * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, not a secret)


def _give_up(ports: NotifyPorts, note: Note, message: NoteMessage, why: str) -> None:
    """First to where an alarm shows it: a crash then shows it twice, and never not at all."""
    ports.say(f"{note.of}: {note.trigger} can't be told to {note.service} {note.recipient}: {why}")
    ports.queues.give_up(message)
    ports.notes.end(note, "failed", now=ports.clock(), error=why)
    _tell(note, "given up", error=why)
