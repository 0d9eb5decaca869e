"""The routes of repositories' registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, Param
from objects import declared_repository, queried_repository

from mooring.errors import ConfigurationError
from mooring.flows.asked.registering import UnknownRepositoryError, register_repository, remove_repository

if TYPE_CHECKING:
    from desk import Desk

    from mooring.state.registry import Registration

__all__ = ["add_repository_routes"]


def add_repository_routes(desk: Desk) -> None:
    """Adds what `mooring repo` asks for."""
    registry = desk.composition.registry
    desk.missing(UnknownRepositoryError)

    @desk.get(
        "/api/v1/repositories",
        does="The registered repositories, without credentials",
        access=Access("repositories", "get", EACH),
        tag="repositories",
        query=PAGES,
        answers="Repositories",
    )
    def list_repositories() -> Any:
        found = registry.registrations()
        seen = (each for each in found if desk.may("repositories", "get", each.url))
        return desk.page((f"{each.url} {each.kind}", _shown(each)) for each in seen)

    @desk.put(
        "/api/v1/repositories",
        does="Registers a repository, or all whose address begins so; its credentials are kept and never told",
        access=Access("repositories", "create", declared_repository),
        tag="repositories",
        body="RepositoryForm",
        answers="RegisteredRepository",
    )
    def put_repository() -> Any:
        url, warnings = register_repository(registry, desk.body())
        return {"url": url, "warnings": warnings}

    @desk.delete(
        "/api/v1/repositories",
        does="Forgets what is registered for exactly this address",
        access=Access("repositories", "delete", queried_repository),
        tag="repositories",
        query=(Param("url", "The registered address", required=True),),
    )
    def delete_repository() -> None:
        url = desk.query.get("url")
        if not url:
            raise ConfigurationError("must be the registered address, as a query parameter", field="url")
        remove_repository(registry, url)


def _shown(registration: Registration) -> dict[str, str]:
    shown = {"url": registration.url, "type": registration.kind}
    return shown | ({"name": registration.name} if registration.name else {})
