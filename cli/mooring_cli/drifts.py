"""`mooring drift …`: what was changed beside git, by whom, and what it said before."""

from __future__ import annotations

import argparse
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_drift_commands", "moment", "person"]

_AGO = re.compile(r"([0-9]+)([smhdw])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WIDE = 60  # characters of a value in a list


def add_drift_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring drift list|show`."""
    drift = commands.add_parser("drift", help="changes that were made beside git").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = drift.add_parser("list", parents=[shared], help="what was changed, newest first")
    parser.add_argument("--app", metavar="NAME", help="of this application (NAME or NAMESPACE/NAME)")
    parser.add_argument("--cluster", metavar="NAME", help="in this cluster")
    parser.add_argument("--who", metavar="TEXT", help="by whom: part of a user's, role's or field manager's name")
    parser.add_argument("--since", metavar="TIME", help="noticed after 2026-03-01T02:00:00Z, or 30m, 12h, 7d ago")
    parser.add_argument("--limit", metavar="N", help="at most so many (100)")
    parser.add_argument("--all", action="store_true", help="fields, too, that others added beside ours")
    add_output_option(parser)
    parser.set_defaults(run=list_drifts)

    parser = drift.add_parser("show", parents=[shared], help="everything that is known of one change")
    parser.add_argument("id", metavar="ID")
    add_output_option(parser)
    parser.set_defaults(run=show_drift)


def list_drifts(api: Api, args: argparse.Namespace) -> int:
    """`mooring drift list`."""
    query = {name: value for name in ("app", "cluster", "who", "limit") if (value := getattr(args, name))}
    if args.since:
        query["since"] = moment(args.since)
    if args.all:
        query["all"] = "true"
    answer = api.call("GET", "drifts", query=query)
    emit(
        args,
        answer,
        lambda: table(["ID", "NOTICED", "APP", "OBJECT", "WHAT", "WHO", "DONE"], map(_row, answer["items"])),
    )
    return 0


def show_drift(api: Api, args: argparse.Namespace) -> int:
    """`mooring drift show`."""
    answer = api.call("GET", "drifts", args.id)
    emit(args, answer, lambda: _page(answer))
    return 0


def moment(text: str) -> str:
    """A time as the API takes it: `30m`, `12h`, `7d` are so long ago. Raises `ConfigurationError`."""
    ago = _AGO.match(text)
    if ago is None:
        return text
    try:
        moment = datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
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
