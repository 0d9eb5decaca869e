"""The routes of who may: the policy, tokens of accounts, tokens of projects' roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, Param

from mooring.access.rights import PER_PROJECT, check_right
from mooring.flows.asked.policies import declare_access, show_access
from mooring.flows.asked.tokens import (
    UnknownTokenError,
    list_tokens,
    make_project_token,
    make_token,
    project_tokens,
    remove_token,
)

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_access_routes"]

_ROLE = "/api/v1/projects/<name>/roles/<role>/token"


def add_access_routes(desk: Desk) -> None:
    """Adds what `mooring account`, `mooring project role` and `mooring access` ask for."""
    door = desk.composition.door
    desk.missing(UnknownTokenError)

    def document(desk: Desk, places: Arguments) -> Any:
        return show_access(door.policies)["data"]

    def named(desk: Desk, places: Arguments) -> str:
        """The project of the path."""
        return places["name"]

    def own(subject: str) -> bool:
        # A token is narrower than who made it, so it doesn't look after the others of its maker.
        return subject == desk.caller.subject and desk.caller.means != "token"

    def sees(subject: str) -> bool:
        return own(subject) or desk.may("accounts", "get", subject)

    def removes(subject: str) -> bool:
        return not subject.startswith("proj:") and (own(subject) or desk.may("accounts", "update", subject))

    @desk.get(
        "/api/v1/settings/access",
        does="Who may: the policy, as the ConfigMap argocd-rbac-cm that it is written as",
        access=Access("access", "get", "*"),
        tag="access",
        answers="ConfigMap",
        document=document,
    )
    def get_access() -> Any:
        return show_access(door.policies)

    @desk.put(
        "/api/v1/settings/access",
        does="Takes a whole new argocd-rbac-cm, or its data",
        access=Access("access", "update", "*"),
        tag="access",
        body="ConfigMap",
        answers="Warnings",
        document=document,
    )
    def put_access() -> Any:
        return {"warnings": declare_access(door.policies, desk.body())}

    @desk.get(
        "/api/v1/account/can-i",
        does="Whether the caller may do something to an object",
        access=Access("accounts", "get", EACH),
        tag="access",
        query=(
            Param("resource", "What it is, as policies call it: applications, clusters, …", required=True),
            Param("action", "What is done: get, sync, update, …", required=True),
            Param("object", "Which one, as policies name it (PROJECT/NAME of an application); all where none is given"),
        ),
        answers="Permission",
    )
    def get_permission() -> Any:
        resource, action = desk.query["resource"], desk.query["action"]
        check_right(resource, action)
        target = desk.query.get("object") or ("*/*" if resource in PER_PROJECT else "*")
        return {"value": "yes" if desk.may(resource, action, target) else "no"}

    @desk.get(
        "/api/v1/tokens",
        does="The caller's API tokens, and those of others that they may see",
        access=Access("accounts", "get", EACH),
        tag="access",
        query=PAGES,
        answers="Tokens",
    )
    def get_tokens() -> Any:
        return desk.page((each["id"], each) for each in list_tokens(door, sees=sees))

    @desk.post(
        "/api/v1/tokens",
        does="Makes an API token that has the caller's rights, narrowed; it is shown this once",
        access=Access("accounts", "get", EACH),
        tag="access",
        body="TokenWanted",
        answers="TokenMade",
    )
    def post_token() -> Any:
        return make_token(door, desk.caller, desk.body(), now=desk.now())

    @desk.delete(
        "/api/v1/tokens/<ident>",
        does="Revokes an API token",
        access=Access("accounts", "get", EACH),
        tag="access",
    )
    def delete_token(ident: str) -> Any:
        remove_token(door, ident, may=removes, now=desk.now())

    @desk.get(
        _ROLE,
        does="The tokens of a project's role",
        access=Access("projects", "get", named),
        tag="access",
        query=PAGES,
        answers="Tokens",
    )
    def get_project_tokens(name: str, role: str) -> Any:
        return desk.page((each["id"], each) for each in project_tokens(door, name, role))

    @desk.post(
        _ROLE,
        does="Makes a token of a project's role; it is shown this once",
        access=Access("projects", "update", named),
        tag="access",
        body="ProjectTokenWanted",
        answers="TokenMade",
    )
    def post_project_token(name: str, role: str) -> Any:
        return make_project_token(door, name, role, desk.caller, desk.body(), now=desk.now())

    @desk.delete(
        f"{_ROLE}/<ident>",
        does="Revokes a token of a project's role",
        access=Access("projects", "update", named),
        tag="access",
    )
    def delete_project_token(name: str, role: str, ident: str) -> Any:
        remove_token(door, ident, may=lambda subject: subject == f"proj:{name}:{role}", now=desk.now())
