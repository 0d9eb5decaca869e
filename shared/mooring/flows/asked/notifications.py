"""What people ask about notifications: the settings, what was told to whom, and another try for what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import NoteMessage
from mooring.flows.asked.paging import Page
from mooring.flows.rules.configmaps import configmap_data
from mooring.model.moments import told_time
from mooring.notify.config import NAME, read_config
from mooring.queues import Queues
from mooring.state.notes import Note, Notes

__all__ = ["list_notes", "retry_note", "show_notification_settings", "store_notification_settings"]

_MOST: Final = 200  # in a page


def store_notification_settings(notes: Notes, document: object) -> None:
    """Takes a whole ConfigMap `argocd-notifications-cm`, or its data. Raises `ConfigurationError` naming the key."""
    data = configmap_data(document, NAME)
    read_config(data)
    notes.put_settings(data)


def show_notification_settings(notes: Notes) -> dict[str, Any]:
    """The settings as the ConfigMap that they are written as; secrets are in it by name only."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": notes.settings()}


def list_notes(notes: Notes, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the notes about an application (`app`, `namespace/name`), or of those that were given up (`failed`),
    newest first; `limit` (200 at most) and `continue` as everywhere. Raises `ConfigurationError`.
    """
    app, failed = asked.get("app", ""), asked.get("failed", "") == "true"
    if not app and not failed:
        raise ConfigurationError("must name an application, or ask for failed ones", field="app")
    page = Page(asked, most=_MOST)
    if app:
        told = ((f"{note.at:021.6f} {note.id}", note) for note in notes.of(app) if not failed or note.state == "failed")
        found = iter(sorted((each for each in told if page.is_ahead(each[0], falling=True)), reverse=True, key=_name))
    else:
        found = notes.failed(before=page.after)
    for name, note in found:
        if not page.takes(name, _shown(note)):
            return {"metadata": {"continue": page.token}, "items": page.items}
    return {"metadata": {}, "items": page.items}


def _name(named: tuple[str, Note]) -> str:
    return named[0]


def _shown(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "of": note.of,
        "at": told_time(note.at),
        "trigger": note.trigger,
        "service": note.service,
        "recipient": note.recipient,
        "state": note.state,
        "attempts": note.attempts,
        "error": note.error,
        "title": note.body["summary"]["title"],
    }


def retry_note(notes: Notes, queues: Queues, of: str, id_: str) -> None:
    """Has a note that was given up tried again. Raises `ConfigurationError` where there is none."""
    note = notes.read(of, id_)
    if note is None or note.state != "failed":
        raise ConfigurationError(
            "names no notification that was given up; see `mooring notifications list`", field="id"
        )
    try:
        notes.retry(note)
    except ConflictError:
        return  # somebody else asked at the same moment
    queues.send("notes", [NoteMessage(note.id, note.of, note.lane)])
