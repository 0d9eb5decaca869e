"""`mooring project role …` and the verbs that change one list of a project, with Argo CD's names for them.

A project that is declared in git goes back to what git says; these are for projects that are declared by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import project_names
from mooring_cli.durations import seconds_of
from mooring_cli.frame import Group, prints, verb
from mooring_cli.output import Output, warn
from mooring_cli.tables import table

__all__ = ["add_destination", "add_source", "remove_destination", "remove_source", "role"]

role = Group("role", "the roles of a project, and their tokens")
_project = click.argument("project", shell_complete=project_names)


@role.verb("list", "the roles of a project")
@_project
@prints(watch=True)
def list_roles(api: Api, out: Output, project: str) -> int:
    """As the project declares them."""
    roles = _read(api, project).get("spec", {}).get("roles") or []
    rows = [(each["name"], each.get("description"), ", ".join(each.get("groups") or ())) for each in roles]
    out.emit(roles, lambda: table(["NAME", "DESCRIPTION", "GROUPS"], rows))
    return 0


@role.verb("list-tokens", "the tokens of a role")
@_project
@click.argument("role")
@prints(watch=True)
def list_tokens(api: Api, out: Output, project: str, role: str) -> int:
    """Without the tokens themselves."""
    answer = api.whole("projects", project, "roles", role, "token")
    rows = [(each["id"], each["name"], each["expiresAt"], each.get("lastUsed")) for each in answer["items"]]
    out.emit(answer, lambda: table(["ID", "NAME", "EXPIRES", "LAST USED"], rows))
    return 0


@role.verb("create-token", "make a token of a role; it is printed this once")
@_project
@click.argument("role")
@click.option("--name", "--token-id", "name", metavar="NAME", help="what it is for (default: the role's name)")
@click.option("--expires-in", "-e", metavar="TIME", default="90d", help="how long it holds, as 12h or 30d (90d)")
@prints()
def create_token(api: Api, out: Output, project: str, role: str, name: str | None, expires_in: str) -> int:
    """It may what the role may."""
    body = {"expiresIn": seconds_of(expires_in, "--expires-in")} | ({"name": name} if name else {})
    answer = api.call("POST", "projects", project, "roles", role, "token", body=body)
    out.emit(answer, lambda: str(answer["token"]))
    return 0


@role.verb("delete-token", "revoke a token of a role")
@_project
@click.argument("role")
@click.argument("id", help="as `list-tokens` shows it")
def delete_token(api: Api, project: str, role: str, id: str) -> int:
    """From now on nobody gets in with it."""
    api.call("DELETE", "projects", project, "roles", role, "token", id)
    print(f"token {id} revoked")
    return 0


@verb("add-source", "let a project's applications come from a repository")
@_project
@click.argument("url")
def add_source(api: Api, project: str, url: str) -> int:
    """The address may have globs in it."""
    return _change(api, project, "sourceRepos", lambda kept: [*kept, url] if url not in kept else kept)


@verb("remove-source", "let a project's applications come from a repository no more")
@_project
@click.argument("url")
def remove_source(api: Api, project: str, url: str) -> int:
    """As it is written in the project."""
    return _change(api, project, "sourceRepos", lambda kept: [each for each in kept if each != url])


_by_name = click.option("--name", is_flag=True, help="the cluster is given by its name, not by its address")


@verb("add-destination", "let a project's applications go to a namespace of a cluster")
@_project
@click.argument("cluster", metavar="SERVER")
@click.argument("namespace")
@_by_name
def add_destination(api: Api, project: str, cluster: str, namespace: str, name: bool) -> int:
    """Both may have globs in them."""
    place = {"name" if name else "server": cluster, "namespace": namespace}
    return _change(api, project, "destinations", lambda kept: [*kept, place] if place not in kept else kept)


@verb("remove-destination", "let a project's applications go to a namespace of a cluster no more")
@_project
@click.argument("cluster", metavar="SERVER")
@click.argument("namespace")
@_by_name
def remove_destination(api: Api, project: str, cluster: str, namespace: str, name: bool) -> int:
    """As it is written in the project."""
    place = {"name" if name else "server": cluster, "namespace": namespace}
    return _change(api, project, "destinations", lambda kept: [each for each in kept if each != place])


def _change(api: Api, project: str, field: str, change: Callable[[list[Any]], list[Any]]) -> int:
    """Declares the project anew, unless somebody else has in the meantime."""
    found = _read(api, project)
    spec = found.setdefault("spec", {})
    kept = list(spec.get(field) or [])
    made = change(kept)
    if made == kept:
        raise ConfigurationError("is so already; nothing was changed", field=f"spec.{field}")
    document = {part: found[part] for part in ("apiVersion", "kind", "metadata") if part in found}
    answer = api.call("POST", "projects", body=document | {"spec": spec | {field: made}}, match=api.tag)
    warn(answer.get("warnings") or [])
    print(f"project {project} changed")
    return 0


def _read(api: Api, project: str) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "projects", project)
    return found
