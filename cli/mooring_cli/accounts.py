"""`mooring account …`: who you are to a Mooring, what you may there, your sessions and the tokens that you made."""

from __future__ import annotations

import sys
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.durations import seconds_of
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output
from mooring_cli.tables import Page, table

__all__ = ["account"]

NO = 1

account = Group("account", "who you are here, what you may, your sessions and tokens")


@account.verb("whoami", "who you are here, and what you may", alias="get-user-info")
@prints()
def whoami(api: Api, out: Output) -> int:
    """As the API knows you."""
    found = api.call("GET", "session")
    out.emit(found, lambda: _page(found))
    return 0


def _page(found: dict[str, Any]) -> Page:
    rows = {
        "Name": found["name"],
        "Subject": found["subject"],
        "Groups": ", ".join(found["groups"]),
        "Signed in by": found["means"],
        "Until": found.get("expiresAt"),
    }
    facts = "\n".join(f"{name + ':':<14}{value}" for name, value in rows.items() if value)
    return [facts, table(["RESOURCE", "ACTIONS"], [(name, ", ".join(may)) for name, may in found["can"].items()])]


@account.verb("can-i", "whether you may do something: yes (exits with 0) or no (1)")
@click.argument("action", help="as sync, get or update")
@click.argument("resource", help="as applications or clusters")
@click.argument("object", required=False, default="", help="as PROJECT/NAME of an application; all where none is given")
@prints()
def can_i(api: Api, out: Output, action: str, resource: str, object: str) -> int:
    """As the API decides it."""
    query = {"resource": resource, "action": action} | ({"object": object} if object else {})
    answer = api.call("GET", "account", "can-i", query=query)
    out.emit(answer, lambda: str(answer["value"]))
    return 0 if answer["value"] == "yes" else NO


@account.verb("tokens", "the API tokens that you may see", alias="list-tokens")
@prints(watch=True)
def list_tokens(api: Api, out: Output) -> int:
    """Without the tokens themselves."""
    answer = api.whole("tokens")
    heads = ["ID", "NAME", "SUBJECT", "ROLE", "EXPIRES", "LAST USED", "GROUPS UNTIL"]
    out.emit(answer, lambda: table(heads, map(_row, answer["items"])))
    return 0


def _row(token: dict[str, Any]) -> list[object]:
    limits = token.get("role") or "; ".join(token.get("scope") or ())
    shown = [token["id"], token["name"], token["subject"], limits, token["expiresAt"], token.get("lastUsed")]
    return [*shown, token.get("groupsUntil")]


@account.verb("create-token", "make an API token for automation; it is printed this once", alias="generate-token")
@click.argument("name", help="what it is for")
@click.option("--role", metavar="ROLE", help="what it may: this role of the policy, such as role:readonly")
@click.option("--scope", multiple=True, metavar="RESOURCE, ACTION, OBJECT", help="what it may; may be repeated")
@click.option(
    "--expires-in", metavar="TIME", default="90d", help="how long it holds, as 12h or 30d (90d; at most 365d)"
)
@prints()
def create_token(api: Api, out: Output, name: str, role: str | None, scope: tuple[str, ...], expires_in: str) -> int:
    """It never may more than you; `-o json` prints all that is known of it."""
    if not role and not scope:
        raise ConfigurationError(
            "give --role or --scope: a token may what they allow, and no more than you", field="role"
        )
    body: dict[str, Any] = {"name": name, "expiresIn": seconds_of(expires_in, "--expires-in")}
    body |= {"role": role} if role else {}
    body |= {"scope": list(scope)} if scope else {}
    answer = api.call("POST", "tokens", body=body)
    out.emit(answer, lambda: str(answer["token"]))
    return 0


@account.verb("delete-token", "revoke an API token")
@click.argument("id", help="as `account tokens` shows it")
def delete_token(api: Api, id: str) -> int:
    """From now on nobody gets in with it."""
    api.call("DELETE", "tokens", id)
    print(f"token {id} revoked")
    return 0


@account.verb("sessions", "the sessions that you may see: yours, or those of others too", alias="list-sessions")
@prints(watch=True)
def list_sessions(api: Api, out: Output) -> int:
    """From where they began and with what; when somebody was here last is not kept."""
    answer = api.whole("sessions")
    heads = ["ID", "NAME", "SUBJECT", "BEGUN", "EXPIRES", "FROM", "WITH", ""]
    out.emit(answer, lambda: table(heads, map(_session, answer["items"])))
    return 0


def _session(session: dict[str, Any]) -> list[object]:
    shown = [session[name] for name in ("id", "name", "subject", "begunAt", "expiresAt", "source")]
    return [*shown, f"{session['means']}: {session['agent'][:60]}", "this one" if session["current"] else ""]


@account.verb("end-session", "end one session, yours or with the right somebody's", alias="delete-session")
@click.argument("id", help="as `account sessions` shows it")
def end_session(api: Api, id: str) -> int:
    """From the next request on it lets nobody in."""
    api.call("DELETE", "sessions", id)
    print(f"session {id} ended")
    return 0


@account.verb("end", "end all sessions of somebody and revoke all their tokens, as when they leave")
@click.argument("subject", help="as `account sessions` and `account tokens` show it")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def end(api: Api, subject: str, yes: bool) -> int:
    """It keeps nobody from signing in anew: that is the issuer's to refuse, so do it there first."""
    if not yes and sys.stdin.isatty() and not click.confirm(f"End all that {subject} has here?", err=True):
        print("nothing ended", file=sys.stderr)
        return 1
    ended = api.call("DELETE", "account", query={"subject": subject})
    print(f"{ended['sessions']} sessions ended, {ended['tokens']} tokens revoked")
    for token in ended["knows"]:
        _, project, role = token["subject"].split(":")
        print(
            f"they made token {token['name']!r} of role {role} and may know it: "
            f"mooring project role delete-token {project} {role} {token['id']}"
        )
    return 0


@account.verb("end-sessions", "end the sessions of everybody who signed in")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def end_sessions(api: Api, yes: bool) -> int:
    """Yours too, and those of browsers; API tokens stay. It takes the right to change who may what."""
    if not yes and sys.stdin.isatty() and not click.confirm("Sign everybody out?", err=True):
        print("nobody signed out", file=sys.stderr)
        return 1
    api.call("DELETE", "sessions")
    print("all sessions ended")
    return 0
