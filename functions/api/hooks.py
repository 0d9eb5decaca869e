"""The routes that install webhooks where repositories are hosted, and of what they delivered.

Those that install take the host's access token in their body, so they are POST: an address would be written to logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import PAGES, Access, Param

from mooring.flows.asked.deliveries import OUTCOMES, list_deliveries
from mooring.state.deliveries import Deliveries

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_hook_routes"]

_DELIVERIES = (
    Param("repository", "Of this repository: its address in any spelling, or a part of one"),
    Param("provider", "From this kind of code host"),
    Param("outcome", "With this outcome", choices=OUTCOMES),
    *PAGES,
)


def add_hook_routes(desk: Desk) -> None:
    """Adds what `mooring webhook install`, `list` and `deliveries` ask for."""
    composition = desk.composition

    @desk.post(
        "/api/v1/hooks",
        does="Installs a webhook where a repository is hosted",
        access=Access("webhooks", "create", "*"),
        tag="webhooks",
        body="HookForm",
        answers="InstalledHook",
    )
    def install_webhook() -> Any:
        from mooring.flows.asked.hooks import install_hook  # with the clients of code hosts

        return install_hook(composition.hook_ports(), desk.body())

    @desk.post(
        "/api/v1/hooks/list",
        does="The webhooks of a repository where it is hosted",
        access=Access("webhooks", "get", "*"),
        tag="webhooks",
        body="HookForm",
        answers="Hooks",
    )
    def list_webhooks() -> Any:
        from mooring.flows.asked.hooks import list_hooks

        return list_hooks(composition.hook_ports(), desk.body())

    @desk.get(
        "/api/v1/hooks/deliveries",
        does="What webhooks delivered, newest first, each with what it caused",
        access=Access("webhooks", "get", "*"),
        tag="webhooks",
        query=_DELIVERIES,
        answers="Deliveries",
    )
    def list_webhook_deliveries() -> Any:
        return list_deliveries(Deliveries(composition.table), composition.applications, desk.query)
