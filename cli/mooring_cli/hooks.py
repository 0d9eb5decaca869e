"""`mooring webhook …`: has a repository's host tell Mooring of pushes and pull requests.

The access token goes through Mooring's API to the host once; nobody keeps it. It comes from a file (or `-`, standard
input), never from an argument.
"""

from __future__ import annotations

import argparse
from typing import Any

from mooring_cli.client import Api
from mooring_cli.deliveries import add_delivery_command
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table
from mooring_cli.secrets import read_secret

__all__ = ["add_hook_commands"]


def add_hook_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring webhook install|list|deliveries`."""
    hooks = commands.add_parser("webhook", help="the webhooks of repositories").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = hooks.add_parser("install", parents=[shared], help="have a repository send its events here; run it twice, "
                              "and there is still one hook")  # fmt: skip
    _add_options(parser)
    parser.set_defaults(run=install)
    parser = hooks.add_parser("list", parents=[shared], help="the webhooks of a repository, and which of them are ours")
    _add_options(parser)
    parser.set_defaults(run=list_hooks)
    add_delivery_command(hooks, shared)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", required=True, metavar="URL", help="the repository's address")
    parser.add_argument("--token-file", required=True, metavar="FILE", help="an access token of the host that may "
                        "change the repository's hooks (- for standard input); used once")  # fmt: skip
    parser.add_argument(
        "--provider", choices=("github", "gitlab", "gitea", "forgejo"), help="where the address doesn't say it"
    )
    parser.add_argument("--address", metavar="URL", help="where the events go (default: this API's /api/webhook)")
    add_output_option(parser)


def install(api: Api, args: argparse.Namespace) -> int:
    """Creates or updates the hook."""
    answer = api.call("POST", "hooks", body=_body(api, args))
    warn(answer.get("warnings") or [])
    hook = answer.get("hook") or {}
    emit(args, answer, lambda: f"hook {hook.get('id')} of {answer.get('repository')} {answer.get('done')}: "
         f"{', '.join(hook.get('events') or [])} go to {hook.get('url')}")  # fmt: skip
    return 0


def list_hooks(api: Api, args: argparse.Namespace) -> int:
    """Shows the hooks."""
    answer = api.call("POST", "hooks", "list", body=_body(api, args))
    rows = [
        (each.get("id"), each.get("url"), ", ".join(each.get("events") or []),
         "yes" if each.get("active") else "no", "yes" if each.get("ours") else "no")
        for each in answer.get("items") or []
    ]  # fmt: skip
    emit(args, answer, lambda: table(["ID", "URL", "EVENTS", "ACTIVE", "OURS"], rows))
    return 0


def _body(api: Api, args: argparse.Namespace) -> dict[str, str]:
    address = args.address or f"{api.endpoint.url.rstrip('/')}/api/webhook"
    body = {"repository": args.repo, "token": read_secret(args.token_file), "url": address}
    return body | ({"provider": args.provider} if args.provider else {})
