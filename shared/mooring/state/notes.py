"""Notes: what somebody is to be told, from the moment that it is known until it was delivered or given up.

    NOTES#<of>        STATE                  what of an application's triggers was true last, and up to which record
    NOTES#<of>        NOTE#<id>              one message to one recipient, and what became of it
    NOTES#<of>        GROUP#<hash>           the receipt of the last message of a group to a recipient
    DIGEST#<id>       NOTE#<id>, HEAD        what waits to be told together
    FAILEDNOTES       <time>#<of>#<id>       the notes that were given up

`of` is an application (`namespace/name`), `cluster:<name>` or `digest`. A note's id follows from what happened, so that
seeing it again finds the note that is there. Only `notify` writes here, but for `retry` of the API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Literal

from mooring.errors import ConfigurationError, ConflictError
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Key, Table, put, update

__all__ = ["SETTINGS", "Note", "NoteState", "Notes", "notes_pk", "settings_from"]

NoteState = Literal["pending", "sending", "sent", "held", "told together", "skipped", "failed"]
SETTINGS: Final[Key] = ("SETTINGS", "argocd-notifications-cm")
_LARGEST_SETTINGS: Final = 300 * 1024
_KEPT: Final = 30 * 24 * 3600
_STATE: Final = "STATE"
_FAILED: Final = "FAILEDNOTES"
_FIRST: Final = "0"  # before every time
_AT_ONCE: Final = 100  # keys of a request (AWS, BatchGetItem)


@dataclass(frozen=True, slots=True)
class Note:
    """One message to one recipient. `lane` names those that are delivered in order; times are in epoch seconds.

    `group` is that of the message (empty for none); `until` is when a delivery that is under way counts as dead.
    `body` holds summary and sections (`notify.message.Rendered`); `cause` is the id of what began what is told.
    """

    of: str
    id: str
    trigger: str
    service: str
    recipient: str
    at: float
    body: Mapping[str, Any]
    group: str = ""
    state: NoteState = "pending"
    attempts: int = 0
    error: str = ""
    until: float = 0.0
    ended: float = 0.0
    cause: str = ""

    @property
    def lane(self) -> str:
        """What is delivered in order: one recipient's messages about one application."""
        return f"{self.of}|{self.service}|{self.recipient}"


def notes_pk(of: str) -> str:
    """The partition of an application's (or a cluster's) notes."""
    return f"NOTES#{of}"


class Notes:
    """The notes of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    # -- what of triggers was true ---------------------------------------------------------------------------------

    def around(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Any items that decide whether somebody is told, and the settings of notifications, a hundred a request."""
        return self._table.get_many((SETTINGS, *keys))

    def put_settings(self, data: Mapping[str, str]) -> None:
        """Replaces the settings. Raises `ConfigurationError` where they are too large to be kept."""
        body = pack(dict(data))
        if len(body) > _LARGEST_SETTINGS:
            raise ConfigurationError(f"takes more than {_LARGEST_SETTINGS} bytes when compressed", field="data")
        self._table.write(put({"pk": SETTINGS[0], "sk": SETTINGS[1], "body": body}))

    def settings(self) -> dict[str, str]:
        """The settings as they were written; empty where there are none."""
        return settings_from(self._table.get(SETTINGS))

    def state_key(self, of: str) -> Key:
        """Where `state_from` is, for whoever reads it together with more."""
        return notes_pk(of), _STATE

    def state_from(self, item: Item | None) -> dict[str, Any]:
        """What is remembered: `fired` by condition, `sequence` of the last record, `born`; empty for nothing.

        Of an application that is `gone` only the last record is remembered, so that nobody hears of its end twice.
        """
        found: dict[str, Any] = {} if item is None else unpack(item["body"])
        return found

    def remember(self, of: str, state: Mapping[str, Any], *, known: Item | None, until: float | None = None) -> None:
        """Writes the state, to be kept for good or `until` a time. Raises `ConflictError` where another function did
        since `known` was read.
        """
        item: Item = {"pk": notes_pk(of), "sk": _STATE, "body": pack(dict(state))}
        if until is not None:
            item["ttl"] = int(until)
        item["fence"] = 1 if known is None else known["fence"] + 1
        seen = "attribute_not_exists(pk)" if known is None else "fence = :seen"
        self._table.write(put(item, seen) if known is None else put(item, seen, seen=known["fence"]))

    # -- notes -----------------------------------------------------------------------------------------------------

    def write(self, note: Note) -> Note:
        """Puts a note on record, and returns it: the one that is there where its id is known."""
        item = {"pk": notes_pk(note.of), "sk": f"NOTE#{note.id}", **_attributes(note), "ttl": int(note.at) + _KEPT}
        try:
            self._table.write(put(item, "attribute_not_exists(pk)"))
        except ConflictError:
            return self.read(note.of, note.id) or note
        return note

    def read(self, of: str, id_: str) -> Note | None:
        """A note, or None."""
        item = self._table.get((notes_pk(of), f"NOTE#{id_}"))
        return None if item is None else _from_item(item)

    def of(self, of: str) -> list[Note]:
        """The notes about an application that are kept (30 days), newest first."""
        found = [_from_item(item) for item in self._table.query(notes_pk(of), "NOTE#")]
        return sorted(found, key=lambda note: note.at, reverse=True)

    def failed(self, *, before: str = "") -> Iterator[tuple[str, Note]]:
        """The notes that were given up, last given up first, each with its place; those behind the place `before`.

        Read as far as they are taken. A note that was tried again in vain stands where it was given up last.
        """
        between = (_FIRST, before) if before else None
        listed = self._table.query(_FAILED, between=between, newest_first=True, fields=("sk", "of", "note"))
        while batch := [item for item in islice(listed, _AT_ONCE) if item["sk"] != before]:
            keys = [(notes_pk(item["of"]), f"NOTE#{item['note']}") for item in batch]
            found = self._table.get_many(dict.fromkeys(keys))
            for item, key in zip(batch, keys, strict=True):
                note = _from_item(found[key]) if key in found else None
                if note is not None and note.state == "failed" and _failed_sk(note, note.ended) == item["sk"]:
                    yield item["sk"], note

    def begin(self, note: Note, *, until: float) -> Note:
        """Marks that a delivery is under way. Raises `ConflictError` where somebody else is at it, or was."""
        begun = replace(note, state="sending", attempts=note.attempts + 1, until=until)
        self._change(begun, "#s1 = :seen", seen=note.attempts)
        return begun

    def end(self, note: Note, state: NoteState, *, now: float, error: str = "", receipt: Any = None) -> Note:
        """Writes what became of a delivery that `begin` marked, and the receipt for the next one of its group."""
        ended = replace(note, state=state, error=error, until=0.0, ended=now)
        writes = [self._changed(ended, "#s1 = :seen", seen=note.attempts)]
        if receipt is not None and note.group:
            item = {"pk": notes_pk(note.of), "sk": _group_sk(note), "receipt": pack(receipt), "ttl": int(now) + _KEPT}
            writes.append(put(item))
        if state == "failed":
            listed = {"of": note.of, "note": note.id, "ttl": int(now) + _KEPT}
            writes.append(put({"pk": _FAILED, "sk": _failed_sk(note, now), **listed}))
        self._table.write(*writes)
        return ended

    def retry(self, note: Note) -> Note:
        """A note that was given up is to be tried again. Raises `ConflictError` where it is no longer given up."""
        again = replace(note, state="pending", attempts=0, error="", ended=0.0)
        self._change(again, "#s0 = :seen", seen="failed")
        return again

    def receipt(self, note: Note) -> dict[str, str] | None:
        """The receipt of the message before this one in its group, None where there is none."""
        item = self._table.get((notes_pk(note.of), _group_sk(note))) if note.group else None
        found: dict[str, str] | None = None if item is None else unpack(item["receipt"])
        return found

    def _change(self, note: Note, condition: str, **values: object) -> None:
        self._table.write(self._changed(note, condition, **values))

    def _changed(self, note: Note, condition: str, **values: object) -> dict[str, Any]:
        told: Item = {
            "state": note.state,
            "attempts": note.attempts,
            "error": note.error,
            "until": float(note.until),
            "ended": float(note.ended),
        }
        return update((notes_pk(note.of), f"NOTE#{note.id}"), told, condition, **values)

    # -- what is told together -------------------------------------------------------------------------------------

    def hold(self, digest: str, note: Note) -> bool:
        """Adds a note to a digest. Returns whether somebody has said already that the digest is to come back."""
        key = f"DIGEST#{digest}"
        kept = {"of": note.of, "note": note.id, "ttl": int(note.at) + _KEPT}
        self._table.write(put({"pk": key, "sk": f"NOTE#{note.id}", **kept}))
        return self._table.get((key, "HEAD")) is not None

    def expect(self, digest: str, *, now: float) -> None:
        """Remembers that a message will bring the digest back."""
        self._table.write(put({"pk": f"DIGEST#{digest}", "sk": "HEAD", "ttl": int(now) + _KEPT}))

    def held(self, digest: str) -> list[Note]:
        """The notes of a digest that still wait, in order of time."""
        keys = [(notes_pk(i["of"]), f"NOTE#{i['note']}") for i in self._table.query(f"DIGEST#{digest}", "NOTE#")]
        found = [_from_item(item) for item in self._table.get_many(keys).values()] if keys else []
        return sorted((note for note in found if note.state == "held"), key=lambda note: (note.at, note.id))

    def tell_together(self, notes: Iterable[Note], *, now: float) -> None:
        """Marks notes as told by a digest."""
        for note in notes:
            self._change(replace(note, state="told together", ended=now), "attribute_exists(pk)")


def settings_from(item: Item | None) -> dict[str, str]:
    """The settings that an item holds."""
    found: dict[str, str] = {} if item is None else unpack(item["body"])
    return found


def _group_sk(note: Note) -> str:
    return f"GROUP#{hashlib.sha256(f'{note.service}|{note.recipient}|{note.group}'.encode()).hexdigest()[:32]}"


def _failed_sk(note: Note, now: float) -> str:
    return f"{int(now):012}#{note.of}#{note.id}"


def _attributes(note: Note) -> Item:
    return {
        "state": note.state,
        "attempts": note.attempts,
        "error": note.error,
        "until": float(note.until),
        "ended": float(note.ended),
        "trigger": note.trigger,
        "service": note.service,
        "recipient": note.recipient,
        "at": float(note.at),
        "note_group": note.group,
        "body": pack(dict(note.body)),
    } | ({"cause": note.cause} if note.cause else {})


def _from_item(item: Item) -> Note:
    return Note(
        item["pk"].removeprefix("NOTES#"),
        item["sk"].removeprefix("NOTE#"),
        item["trigger"],
        item["service"],
        item["recipient"],
        float(item["at"]),
        unpack(item["body"]),
        item["note_group"],
        item["state"],
        item["attempts"],
        item["error"],
        float(item["until"]),
        float(item["ended"]),
        item.get("cause", ""),
    )
