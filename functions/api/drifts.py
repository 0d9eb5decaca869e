"""The routes of changes that were made beside git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, Param, flag
from objects import drift, visible

from mooring.flows.asked.drifts import UnknownDriftError, list_drifts, show_drift

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_drift_routes"]


def add_drift_routes(desk: Desk) -> None:
    """Adds what `mooring drift` asks for."""
    applications = desk.composition.applications
    desk.missing(UnknownDriftError)

    @desk.get(
        "/api/v1/drifts",
        does="The newest changes beside git, newest first",
        access=Access("applications", "get", EACH),
        tag="drift",
        query=(
            Param("app", "Of this application, NAMESPACE/NAME"),
            Param("cluster", "In this cluster"),
            Param("who", "A part of the name of a user or a field manager"),
            Param("since", "The first moment, as 2026-03-01T02:00:00Z"),
            flag("all", "Whether fields that others added beside ours are among them"),
            *PAGES,
        ),
        answers="Drifts",
    )
    def list_drift() -> Any:
        return list_drifts(applications, desk.query, lambda names: visible(desk, names))

    @desk.get(
        "/api/v1/drifts/<name>",
        does="One change beside git, and everything that is known of it",
        access=Access("applications", "get", drift),
        tag="drift",
        answers="Drift",
    )
    def get_drift(name: str) -> Any:
        return show_drift(applications, name)
