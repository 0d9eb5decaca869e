"""Routes about notifications: settings, what was told, another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import PAGES, Access, Param, flag

from mooring.flows.asked.notifications import (
    list_notes,
    retry_note,
    show_notification_settings,
    store_notification_settings,
)

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_notification_routes"]


def add_notification_routes(desk: Desk) -> None:
    """Adds what `mooring notifications` asks for."""
    composition = desk.composition

    def document(desk: Desk, places: Arguments) -> Any:
        return show_notification_settings(composition.notes)["data"]

    @desk.get(
        "/api/v1/notifications/settings",
        does="The settings of notifications; secrets are in them by name only",
        access=Access("notifications", "get", "*"),
        tag="notifications",
        answers="ConfigMap",
        document=document,
    )
    def get_notification_settings() -> Any:
        return show_notification_settings(composition.notes)

    @desk.put(
        "/api/v1/notifications/settings",
        does="Takes new settings of notifications",
        access=Access("notifications", "update", "*"),
        tag="notifications",
        body="ConfigMap",
        document=document,
    )
    def put_notification_settings() -> None:
        store_notification_settings(composition.notes, desk.body())

    @desk.get(
        "/api/v1/notifications",
        does="What was told about an application, or what was given up, newest first",
        access=Access("notifications", "get", "*"),
        tag="notifications",
        query=(
            Param("app", "About this application, NAMESPACE/NAME"),
            flag("failed", "Only what was given up"),
            *PAGES,
        ),
        answers="Notifications",
    )
    def list_notifications() -> Any:
        return list_notes(composition.notes, desk.query)

    @desk.post(
        "/api/v1/notifications/retry",
        does="Has a notification that was given up tried again",
        access=Access("notifications", "update", "*"),
        tag="notifications",
        body="RetriedNotification",
    )
    def retry_notification() -> None:
        asked = desk.body()
        given = asked if isinstance(asked, dict) else {}
        retry_note(composition.notes, composition.queues, str(given.get("of", "")), str(given.get("id", "")))
