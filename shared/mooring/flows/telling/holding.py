"""Notes on their way: to the queue at once, or into a digest until the hours are no longer quiet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mooring.events.messages import Later, NoteMessage
from mooring.flows.telling.ports import NotifyPorts
from mooring.notify.message import Rendered, Summary, Tone
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


def tell_together(ports: NotifyPorts, message: NoteMessage) -> None:
    """Makes one note of all that wait in a digest, or waits on: a message can wait for fifteen minutes at most."""
    now = ports.clock()
    if now < message.due:
        ports.queues.send_later([(Later("notes", message), message.due - now)])
        return
    held = ports.notes.held(message.note)
    if not held:
        return
    first = held[0]
    body = first.body if len(held) == 1 else {"summary": _together(held).to_json(), "sections": {}}
    note = Note(DIGEST, message.note, "digest", first.service, first.recipient, message.due, body)
    send_or_hold(ports, [note])
    ports.notes.tell_together(held, now=now)


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
