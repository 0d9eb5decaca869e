"""Notes on their way: to the queue at once, or into a digest until the hours are no longer quiet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mooring.events.messages import Later, NoteMessage
from mooring.flows.telling.ports import NotifyPorts
from mooring.notify.config import Config
from mooring.notify.message import Rendered, Summary, Tone
from mooring.notify.services import ALARMS
from mooring.state.notes import Note

__all__ = ["DIGEST", "rendered_of", "send_or_hold", "tell_together"]

DIGEST = "digest"
_MOST_LINES = 40
_LATE, _GRACE = 15.0, 30.0  # seconds after a digest is due: what is noticed then is told alone; it is made


def send_or_hold(ports: NotifyPorts, notes: Sequence[Note]) -> None:
    """Puts notes on record and sees to it that each is delivered once; doing it again does no harm."""
    due: list[NoteMessage] = []
    for each in notes:
        late = each.state == "held" and each.until + _LATE <= ports.clock()  # its digest is made already
        note = replace(each, state="pending", until=0.0) if late else each
        written = ports.notes.write(note)
        if written.state in ("pending", "sending"):
            due.append(NoteMessage(written.id, written.of, written.lane))
        elif written.state == "held":
            _hold(ports, note, written.until or note.until)
    ports.queues.send("notes", due)


def _hold(ports: NotifyPorts, note: Note, until: float) -> None:
    """All notes to a recipient that are due at the same time are told together."""
    digest = hashlib.sha256(f"{note.service}|{note.recipient}|{until:.0f}".encode()).hexdigest()[:32]
    if not ports.notes.hold(digest, note):
        message = NoteMessage(digest, DIGEST, f"{DIGEST}|{note.service}|{note.recipient}", until + _GRACE)
        ports.queues.send_later([(Later("notes", message), message.due - ports.clock())])
        ports.notes.expect(digest, now=ports.clock())


def tell_together(ports: NotifyPorts, config: Config, message: NoteMessage) -> None:
    """Makes one note of all that wait in a digest, or waits on: a message can wait for fifteen minutes at most.

    What has to be opened or closed by then goes alone (`_to_settle`), under an id that follows from its own.
    """
    now = ports.clock()
    if now < message.due:
        ports.queues.send_later([(Later("notes", message), message.due - now)])
        return
    held = ports.notes.held(message.note)
    if not held:
        return
    declared = config.services.get(held[0].service)
    alone = _to_settle(held) if declared is not None and declared.type in ALARMS else []
    rest = [note for note in held if note not in alone]
    if rest:
        first = rest[0]
        body = first.body if len(rest) == 1 else {"summary": _together(rest).to_json(), "sections": {}}
        send_or_hold(ports, [Note(DIGEST, message.note, "digest", first.service, first.recipient, message.due, body)])
    send_or_hold(ports, [replace(note, id=f"{note.id}-due", state="pending", until=0.0) for note in alone])
    ports.notes.tell_together(held, now=now)


def _to_settle(held: Sequence[Note]) -> list[Note]:
    """Of each alarm the last note, where it leaves it open, or ends one that was open before; what came and went
    meanwhile is a line of the digest.
    """
    stories: dict[str, list[tuple[Note, Summary]]] = {}
    for note in held:
        summary = rendered_of(note).summary
        if summary.alarm:
            stories.setdefault(summary.alarm, []).append((note, summary))
    return [story[-1][0] for story in stories.values() if not story[-1][1].over or story[0][1].over]


def _together(notes: Sequence[Note]) -> Summary:
    told = [rendered_of(note) for note in notes]
    lines = [
        f"• {datetime.fromtimestamp(note.at, UTC):%H:%M} {each.summary.title if not each.sections else each.message}"
        for note, each in zip(notes, told, strict=True)
        if not each.summary.only_update
    ]
    more = len(lines) - _MOST_LINES
    shown = [*lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    tone: Tone = "bad" if any(each.summary.tone == "bad" for each in told) else "info"
    return Summary(f"{len(lines)} things happened", "\n".join(shown), tone, trigger="digest")


def rendered_of(note: Note) -> Rendered:
    """The message of a note."""
    return Rendered(Summary.from_json(note.body["summary"]), note.body["sections"])
