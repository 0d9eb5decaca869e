"""The routes of repositories' registrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, Param
from objects import declared_repository, queried_repository, visible

from mooring.errors import ConfigurationError
from mooring.flows.asked.registering import (
    UnknownRepositoryError,
    register_repository,
    remove_repository,
    repository_document,
)
from mooring.flows.asked.repositoryfacts import repository_facts
from mooring.state.deliveries import Deliveries

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

    from mooring.state.registry import Registration

__all__ = ["add_repository_routes"]

_URL = Param("url", "The registered address", required=True)
_VIEW = Param("view", "`facts` adds to each what is known of it, which takes longer", choices=("facts",))


def add_repository_routes(desk: Desk) -> None:
    """Adds what `mooring repo` asks for."""
    registry = desk.composition.registry
    desk.missing(UnknownRepositoryError)

    def document(desk: Desk, places: Arguments) -> Any:
        url = desk.query.get("url") or declared_repository(desk, places)[0][1]
        return repository_document(registry, url) if url else None

    def facts(urls: Sequence[str]) -> dict[str, Any]:
        listed = desk.composition.applications.registered()
        if not desk.unlimited:
            names = visible(desk, (str(each.key) for each in listed))
            listed = [each for each in listed if str(each.key) in names]
        heard = desk.may("webhooks", "get", "*")
        told = Deliveries(desk.composition.table) if heard else None
        known = repository_facts(urls, desk.composition.applications, listed, told)
        return {url: each.shown(deliveries=heard) for url, each in known.items()}

    @desk.get(
        "/api/v1/repositories",
        does="The registered repositories, without credentials",
        access=Access("repositories", "get", EACH),
        tag="repositories",
        query=(_VIEW, *PAGES),
        answers="Repositories",
    )
    def list_repositories() -> Any:
        found = registry.registrations()
        seen = [each for each in found if desk.may("repositories", "get", each.url)]
        page = desk.page((f"{each.url} {each.kind}", _shown(each)) for each in seen)
        if desk.query.get("view"):
            known = facts([each["url"] for each in page["items"]])
            page["items"] = [{**each, **known[each["url"]]} for each in page["items"]]
        return page

    @desk.get(
        "/api/v1/repository",
        does="One registration, with what is known of the repositories that it is for",
        access=Access("repositories", "get", queried_repository),
        tag="repositories",
        query=(_URL,),
        answers="Repository",
        document=document,
    )
    def get_repository() -> Any:
        url = desk.query["url"]
        for each in registry.registrations():
            if each.url == url:
                return {**_shown(each), **facts([url])[url]}
        raise UnknownRepositoryError(
            "nothing is registered for this address; `mooring repo list` shows what is", field="url"
        )

    @desk.put(
        "/api/v1/repositories",
        does="Registers a repository, or all whose address begins so; its credentials are kept and never told",
        access=Access("repositories", "create", declared_repository),
        tag="repositories",
        body="RepositoryForm",
        answers="RegisteredRepository",
        document=document,
    )
    def put_repository() -> Any:
        url, warnings = register_repository(registry, desk.body())
        return {"url": url, "warnings": warnings}

    @desk.delete(
        "/api/v1/repositories",
        does="Forgets what is registered for exactly this address",
        access=Access("repositories", "delete", queried_repository),
        tag="repositories",
        query=(_URL,),
        document=document,
    )
    def delete_repository() -> None:
        url = desk.query.get("url")
        if not url:
            raise ConfigurationError("must be the registered address, as a query parameter", field="url")
        remove_repository(registry, url)


def _shown(registration: Registration) -> dict[str, str]:
    shown = {"url": registration.url, "type": registration.kind}
    return shown | ({"name": registration.name} if registration.name else {})
