"""`mooring drift …`: what was changed beside git, by whom, and what it said before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import app_names, cluster_names
from mooring_cli.durations import seconds_in
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output
from mooring_cli.tables import table

__all__ = ["drifts", "moment", "person"]

drifts = Group("drift", "changes that were made beside git")

_WIDE = 60  # characters of a value in a list


@drifts.verb("list", "what was changed, newest first")
@click.option("--app", metavar="NAME", shell_complete=app_names, help="of this application (NAME or NAMESPACE/NAME)")
@click.option("--cluster", metavar="NAME", shell_complete=cluster_names, help="in this cluster")
@click.option("--who", metavar="TEXT", help="by whom: part of a user's, role's or field manager's name")
@click.option("--since", metavar="TIME", help="noticed after 2026-03-01T02:00:00Z, or 30m, 12h, 7d ago")
@click.option("--limit", metavar="N", help="at most so many (100)")
@click.option("--all", is_flag=True, help="fields, too, that others added beside ours")
@prints(watch=True)
def list_drifts(
    api: Api,
    out: Output,
    app: str | None,
    cluster: str | None,
    who: str | None,
    since: str | None,
    limit: str | None,
    all: bool,
) -> int:
    """`mooring drift list`."""
    given = {"app": app, "cluster": cluster, "who": who, "limit": limit}
    query = {name: value for name, value in given.items() if value}
    if since:
        query["since"] = moment(since)
    if all:
        query["all"] = "true"
    answer = api.whole("drifts", query=query, most=int(limit) if limit and limit.isdecimal() else 100)
    out.emit(
        answer,
        lambda: table(["ID", "NOTICED", "APP", "OBJECT", "WHAT", "WHO", "DONE"], map(_row, answer["items"])),
    )
    return 0


@drifts.verb("show", "everything that is known of one change")
@click.argument("id")
@prints(watch=True)
def show_drift(api: Api, out: Output, id: str) -> int:
    """`mooring drift show`."""
    answer = api.call("GET", "drifts", id)
    out.emit(answer, lambda: _page(answer))
    return 0


def moment(text: str) -> str:
    """A time as the API takes it: `30m`, `12h`, `7d` are so long ago. Raises `ConfigurationError`."""
    ago = seconds_in(text)
    if ago is None:
        return text
    try:
        moment = datetime.now(UTC) - timedelta(seconds=ago)
    except OverflowError as error:
        raise ConfigurationError("is longer ago than anything", field="--since") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(drift: dict[str, Any]) -> list[object]:
    paths = [str(each["path"]) for each in drift["fields"]]
    what = drift["what"] if paths[:1] == ["(object)"] else f"{drift['what']}: {paths[0] if paths else ''}"
    more = f" (+{len(paths) - 1})" if len(paths) > 1 else ""
    return [
        drift["id"],
        drift["noticedAt"],
        drift["application"],
        _name(drift),
        what[:_WIDE] + more,
        _who(drift),
        drift["done"],
    ]


def _name(drift: dict[str, Any]) -> str:
    return f"{drift['object']['kind']}/{drift['object']['name']}"


def _who(drift: dict[str, Any]) -> str:
    users = list(dict.fromkeys(map(person, drift["who"])))
    if users:
        sure = any(each["certain"] for each in drift["who"] if person(each) == users[0])
        return (users[0] if sure else f"{users[0]}?") + (f" (+{len(users) - 1})" if len(users) > 1 else "")
    managers = list(dict.fromkeys(each["manager"] for each in drift["fields"] if each["manager"]))
    return f"({', '.join(managers)})" if managers else ""


def person(who: dict[str, Any]) -> str:
    """Somebody as lists name them: the user that logged in, and as whom it acted."""
    acted = who.get("impersonated")
    return f"{who['user']} as {acted}" if acted else str(who["user"])


def _page(drift: dict[str, Any]) -> str:
    key = drift["object"]
    kind = f"{key['kind']}.{key['group']}" if key["group"] else key["kind"]
    ended = f" at {drift['endedAt']}" if drift["endedAt"] else ""
    operation = f" by operation {drift['operation']}" if drift["operation"] else ""
    lines = [
        f"Id:           {drift['id']}",
        f"Application:  {drift['application']}",
        f"Object:       {kind} {key['namespace']}/{key['name']} in {drift['cluster']}",
        f"What:         {drift['what']}",
        f"Noticed:      {drift['noticedAt']} ({drift['seenBy']})",
        f"Done:         {drift['done']}{ended}{operation}",
    ]
    for each in drift["fields"]:
        via = " ".join(filter(None, (each["operation"], each["subresource"])))
        by = f"  ({each['manager']}, {via}, {each['time']})" if each["manager"] else ""
        lines += ["", f"{each['path']}{by}", f"  - {_value(each['before'])}", f"  + {_value(each['after'])}"]
    for each in drift["who"]:
        sure = "certainly" if each["certain"] else "likely"
        lines += ["", f"{sure} {person(each)}: {each['verb']} at {each['at']}"]
        rest = {name: value for name, value in each.items() if name not in ("user", "certain", "verb", "at")}
        rest["fields"] = ", ".join(each["fields"])
        lines += [f"  {name + ':':<14}{value}" for name, value in rest.items() if value]
    return "\n".join(lines)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
