"""The route by which an installation is pointed at its root repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import Access
from objects import declared_root

from mooring.flows.asked.bootstrapping import declare_root

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_bootstrap_routes"]


def add_bootstrap_routes(desk: Desk) -> None:
    """Adds what `mooring bootstrap` asks for."""

    @desk.post(
        "/api/v1/bootstrap",
        does="Declares the root application, which brings everything else",
        access=Access("applications", "create", declared_root),
        tag="applications",
        body="Root",
        answers="DeclaredApplication",
    )
    def bootstrap() -> Any:
        parsed = declare_root(desk.composition.ask_ports(), desk.body(), desk.caller.name)
        return {"application": parsed.application.declared, "warnings": parsed.warnings}
