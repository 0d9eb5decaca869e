"""The routes of ApplicationSets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, NAMESPACE, PAGES, Access, flag
from objects import declared_set, set_, template_project

from mooring.access.rbac import named
from mooring.errors import ConfigurationError
from mooring.flows.sets.setasking import (
    UnknownSetError,
    ask_preview,
    confirm_removal,
    declare_set,
    delete_set,
    get_set,
    list_sets,
    read_preview,
    refresh_set,
)
from mooring.model.application import AppKey
from mooring.model.setkey import SetKey

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_set_routes"]


def add_set_routes(desk: Desk) -> None:
    """Adds what `mooring appset` asks for."""
    composition = desk.composition
    desk.missing(UnknownSetError)

    def key(name: str) -> SetKey:
        return SetKey.parse(desk.qualified(name))

    def document(desk: Desk, places: Arguments) -> Any:
        own = key(places["name"]) if "name" in places else SetKey.parse(desk.declared_name())
        spec = composition.registry.sets.load([own])[own].spec
        return None if spec is None else spec.application_set.declared

    @desk.get(
        "/api/v1/applicationsets",
        does="The ApplicationSets by name, with their status",
        access=Access("applicationsets", "get", EACH),
        tag="applicationsets",
        query=PAGES,
        answers="ApplicationSets",
    )
    def list_application_sets() -> Any:
        found = list_sets(composition.ask_ports())
        return desk.page((_key(each), each) for each in found if desk.may("applicationsets", "get", _object(each)))

    @desk.post(
        "/api/v1/applicationsets",
        does="Declares an ApplicationSet",
        access=Access("applicationsets", "create", declared_set),
        tag="applicationsets",
        body="ApplicationSet",
        answers="DeclaredApplicationSet",
        document=document,
    )
    def post_application_set() -> Any:
        parsed = declare_set(composition.ask_ports(), desk.body(), desk.caller.name)
        return {"applicationSet": parsed.application_set.declared, "warnings": parsed.warnings}

    @desk.post(
        "/api/v1/applicationsets/preview",
        does="Has it worked out what an ApplicationSet would change if it were declared like this",
        access=Access("applicationsets", "create", declared_set),
        tag="applicationsets",
        body="ApplicationSet",
        status=202,
        answers="AskedPreview",
    )
    def preview_application_set() -> Any:
        return {"preview": {"id": ask_preview(composition.ask_ports(), desk.body(), desk.caller.name)}}

    @desk.get(
        "/api/v1/applicationsets/preview/<ident>",
        does="What an ApplicationSet would change, once it is known; kept for an hour, for whoever has its id",
        access=Access("applicationsets", "get", EACH),
        tag="applicationsets",
        answers="SetPreview",
    )
    def get_application_set_preview(ident: str) -> Any:
        found = read_preview(composition.ask_ports(), ident)
        return {"done": found is not None, "preview": found}

    @desk.get(
        "/api/v1/applicationsets/<name>",
        does="One ApplicationSet, with the states of its applications",
        access=Access("applicationsets", "get", set_),
        tag="applicationsets",
        query=(NAMESPACE,),
        answers="ShownApplicationSet",
        document=document,
    )
    def get_application_set(name: str) -> Any:
        return get_set(composition.ask_ports(), key(name))

    @desk.delete(
        "/api/v1/applicationsets/<name>",
        does="Deletes an ApplicationSet, and its applications with it",
        access=Access("applicationsets", "delete", set_),
        tag="applicationsets",
        query=(NAMESPACE, flag("cascade", "false leaves its applications to themselves")),
        status=202,
        document=document,
    )
    def delete_application_set(name: str) -> None:
        delete_set(composition.ask_ports(), key(name), desk.caller.name, cascade=desk.flag("cascade") is not False)

    @desk.post(
        "/api/v1/applicationsets/<name>/refresh",
        does="Has its generators asked now",
        access=Access("applicationsets", "get", set_),
        tag="applicationsets",
        query=(NAMESPACE,),
        status=202,
    )
    def refresh_application_set(name: str) -> None:
        refresh_set(composition.ask_ports(), key(name), desk.caller.name)

    @desk.post(
        "/api/v1/applicationsets/<name>/confirm",
        does="Lets a removal of applications happen that waits to be confirmed",
        access=Access("applicationsets", "delete", set_),
        tag="applicationsets",
        query=(NAMESPACE,),
        body="Confirmation",
        status=202,
        answers="ConfirmedRemoval",
    )
    def confirm_application_set(name: str) -> Any:
        asked = desk.body()
        token = asked.get("token") if isinstance(asked, dict) else None
        if not isinstance(token, str) or not token:
            raise ConfigurationError("must be the token of the removal that waits", field="token")
        return {"removed": confirm_removal(composition.ask_ports(), key(name), token, desk.caller.name)}


def _key(shown: dict[str, Any]) -> str:
    return f"{shown['metadata']['namespace']}/{shown['metadata']['name']}"


def _object(shown: dict[str, Any]) -> str:
    metadata = shown["metadata"]
    return named(template_project(shown), AppKey(metadata["namespace"], metadata["name"]))
