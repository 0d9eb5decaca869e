"""The routes of what holds for the whole installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import Access

from mooring.flows.rules.settings import show_settings, store_settings

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_setting_routes"]


def add_setting_routes(desk: Desk) -> None:
    """Adds what `mooring settings` asks for."""
    registry = desk.composition.registry

    def document(desk: Desk, places: Arguments) -> Any:
        return show_settings(registry)["data"]

    @desk.get(
        "/api/v1/settings",
        does="The settings, as the ConfigMap argocd-cm that they are written as",
        access=Access("settings", "get", "*"),
        tag="settings",
        answers="ConfigMap",
        document=document,
    )
    def get_settings() -> Any:
        return show_settings(registry)

    @desk.put(
        "/api/v1/settings",
        does="Takes a whole new argocd-cm, or its data",
        access=Access("settings", "update", "*"),
        tag="settings",
        body="ConfigMap",
        answers="Warnings",
        document=document,
    )
    def put_settings() -> Any:
        return {"warnings": store_settings(registry, desk.body()).warnings}
