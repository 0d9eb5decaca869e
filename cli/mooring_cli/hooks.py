"""`mooring webhook …`: has a repository's host tell Mooring of pushes and pull requests.

The access token goes through Mooring's API to the host once; nobody keeps it. It comes from a file (or `-`, standard
input), never from an argument.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from mooring_cli.client import Api
from mooring_cli.deliveries import list_deliveries
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output, warn
from mooring_cli.secrets import read_secret
from mooring_cli.tables import table

__all__ = ["hooks"]

hooks = Group("webhook", "the webhooks of repositories")

_OPTIONS = (
    click.option("--repo", required=True, metavar="URL", help="the repository's address"),
    click.option(
        "--token-file",
        required=True,
        metavar="FILE",
        help="an access token of the host that may change the repository's hooks (- for standard input); used once",
    ),
    click.option(
        "--provider",
        type=click.Choice(["github", "gitlab", "gitea", "forgejo"]),
        help="where the address doesn't say it",
    ),
    click.option("--address", metavar="URL", help="where the events go (default: this API's /api/webhook)"),
)


def _of_a_repository(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@hooks.verb("install", "have a repository send its events here; run it twice, and there is still one hook")
@_of_a_repository
@prints()
def install(api: Api, out: Output, repo: str, token_file: str, provider: str | None, address: str | None) -> int:
    """Creates or updates the hook."""
    answer = api.call("POST", "hooks", body=_body(api, repo, token_file, provider, address))
    warn(answer.get("warnings") or [])
    hook = answer.get("hook") or {}
    out.emit(answer, lambda: f"hook {hook.get('id')} of {answer.get('repository')} {answer.get('done')}: "
         f"{', '.join(hook.get('events') or [])} go to {hook.get('url')}")  # fmt: skip
    return 0


@hooks.verb("list", "the webhooks of a repository, and which of them are ours")
@_of_a_repository
@prints()
def list_hooks(api: Api, out: Output, repo: str, token_file: str, provider: str | None, address: str | None) -> int:
    """Shows the hooks."""
    answer = api.call("POST", "hooks", "list", body=_body(api, repo, token_file, provider, address))
    rows = [
        (each.get("id"), each.get("url"), ", ".join(each.get("events") or []),
         "yes" if each.get("active") else "no", "yes" if each.get("ours") else "no")
        for each in answer.get("items") or []
    ]  # fmt: skip
    out.emit(answer, lambda: table(["ID", "URL", "EVENTS", "ACTIVE", "OURS"], rows))
    return 0


def _body(api: Api, repo: str, token_file: str, provider: str | None, given: str | None) -> dict[str, str]:
    address = given or f"{api.endpoint.url.rstrip('/')}/api/webhook"
    body = {"repository": repo, "token": read_secret(token_file), "url": address}
    return body | ({"provider": provider} if provider else {})


hooks.add_command(list_deliveries)
