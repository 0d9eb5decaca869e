"""`mooring login`, `logout` and `context …`: which Moorings you have signed in to, and which one is meant.

A token is typed where nobody sees it, or read from standard input; it may also be given as `--token`, which other
processes of the machine can read. It is tried before it is kept.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import click

from mooring.errors import ConfigurationError, MooringError
from mooring_cli.contexts import Context, Contexts, contexts_file, read_contexts, write_contexts
from mooring_cli.endpoint import checked
from mooring_cli.frame import Group, Session, verb
from mooring_cli.output import FORMATS, Output
from mooring_cli.tables import table

__all__ = ["context", "login", "logout"]

SESSION = "mooring-session."  # what the token of somebody who signed in begins with

context = Group("context", "the Moorings that you signed in to")


def _known_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in read_contexts(os.environ).contexts if name.startswith(incomplete)]


@verb("login", "sign in to a Mooring, and keep that as a context", offline=True)
@click.argument("address", metavar="URL", help="The address of its API.")
@click.option("--name", metavar="NAME", help="What to call it (default: its host).")
@click.option("--sso", is_flag=True, help="Through the installation's issuer, in a browser.")
@click.option(
    "--sso-port",
    type=click.IntRange(0, 65535),
    default=8085,
    metavar="PORT",
    help="With --sso: the port that the issuer sends the browser back to (8085); 0 for any free one.",
)
@click.option("--no-browser", is_flag=True, help="With --sso: print the address, and open nothing.")
@click.pass_obj
def login(session: Session, address: str, name: str | None, sso: bool, sso_port: int, no_browser: bool) -> int:
    """Keeps address and token once the API has taken them, and makes them the current context."""
    found = checked(address, "", "URL")
    if sso:
        from mooring_cli.sso import sign_in

        begun = sign_in(session.reach(found), browser=not no_browser, port=sso_port)
        made = Context(found.url, str(begun["token"]), str(begun.get("expiresAt") or ""))
    else:
        made = Context(found.url, session.token or _typed())
        if not made.token:
            raise ConfigurationError("is empty: type it, or give it on standard input", field="token")
    who = session.reach(replace(found, token=made.token)).call("GET", "session")
    name = name or urlsplit(found.url).netloc
    kept = read_contexts(os.environ)
    write_contexts(os.environ, Contexts(name, kept.contexts | {name: made}))
    until = f" until {made.expires}" if made.expires else ""
    print(f"signed in to {found.url} as {who['name']}{until}; context {name} is in {contexts_file(os.environ)}")
    return 0


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(click.prompt("Token", hide_input=True, err=True)).strip()


@verb("logout", "sign out: forget the token of a context, and end its session", offline=True)
@click.argument("name", required=False, shell_complete=_known_names)
@click.pass_obj
def logout(session: Session, name: str | None) -> int:
    """Of the current context, where none is named. A session is ended with it; an API token stays valid until it
    expires or is revoked.
    """
    kept = read_contexts(os.environ)
    name = name or session.context or kept.current
    found = _find(kept, name)
    if found.token.startswith(SESSION):
        try:
            session.reach(checked(found.url, found.token, "URL")).call("DELETE", "session")
        except (MooringError, OSError) as error:
            print(f"the session could not be ended ({error}); it ends at {found.expires}", file=sys.stderr)
    _forget(kept, name)
    print(f"token of {name} forgotten")
    return 0


@context.verb("list", "a line for each; the current one has a star", offline=True)
@click.option("-o", "--output", type=click.Choice(FORMATS), default="table", help="How to print it (table).")
def list_contexts(output: str) -> int:
    """Without tokens."""
    kept = read_contexts(os.environ)
    items = [
        {"name": name, "url": each.url, "current": name == kept.current, "expires": each.expires or None}
        for name, each in kept.contexts.items()
    ]
    rows = [("*" if each["current"] else " ", each["name"], each["url"], each["expires"]) for each in items]
    Output(output).emit({"items": items}, lambda: table(["CURRENT", "NAME", "URL", "EXPIRES"], rows))
    return 0


@context.verb("use", "make one the current context", offline=True)
@click.argument("name", shell_complete=_known_names)
def use(name: str) -> int:
    """From now on it is meant where nothing else says which."""
    kept = read_contexts(os.environ)
    _find(kept, name)
    write_contexts(os.environ, replace(kept, current=name))
    print(f"{name} is the current context")
    return 0


@context.verb("delete", "forget a context and its token", offline=True)
@click.argument("name", shell_complete=_known_names)
def delete(name: str) -> int:
    """What was signed in to stays as it is."""
    kept = read_contexts(os.environ)
    _forget(kept, name)
    print(f"context {name} deleted")
    return 0


def _find(kept: Contexts, name: str) -> Context:
    if name not in kept.contexts:
        known = ", ".join(kept.contexts) or "none"
        raise ConfigurationError(f"no context {name!r}; known are {known}", field="NAME")
    return kept.contexts[name]


def _forget(kept: Contexts, name: str) -> None:
    _find(kept, name)
    left = {each: one for each, one in kept.contexts.items() if each != name}
    write_contexts(os.environ, Contexts("" if kept.current == name else kept.current, left))
