"""`mooring blame KIND/NAME [FIELD]`: who set each field of a live object, and when."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.drifts import person
from mooring_cli.names import DEFAULT_NAMESPACE, AppName
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import short, table
from mooring_cli.waiting import WaitError

__all__ = ["add_blame_command"]

_LONGEST_PAUSE = 2.0
_WIDE = 40  # characters of a value


def add_blame_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring blame`."""
    parser = commands.add_parser("blame", parents=[shared], help="who set the fields of a live object, and when")
    parser.add_argument("object", metavar="OBJECT", help="KIND/NAME, KIND.GROUP/NAME or KIND/NAMESPACE/NAME")
    parser.add_argument("field", metavar="FIELD", nargs="?", default="", help="as .spec.replicas; all that is below it")
    parser.add_argument("--app", required=True, metavar="NAME", help="the application that the object belongs to")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="how long to wait (default 60)")
    add_output_option(parser)
    parser.set_defaults(run=blame)


def blame(api: Api, args: argparse.Namespace) -> int:
    """Has `sync` read the object, and waits for what it finds."""
    app = AppName.parse(args.app, DEFAULT_NAMESPACE)
    asked = {"object": args.object}
    check = api.call("POST", "applications", app.name, "blame", query=app.query, body=asked)["check"]
    deadline, pause = time.monotonic() + args.timeout, 0.2
    while not (answer := api.call("GET", "clusters", check["cluster"], "check", check["id"])).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(f"the function sync has not answered within {args.timeout:g} s; look at its log")
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found = answer["found"]
    if "error" in found:
        raise ConfigurationError(found["error"], field=args.object)
    fields = [row for row in found["fields"] if _covers(args.field, row["path"])]
    if not fields:
        raise ConfigurationError("nobody has set such a field", field=args.field)
    emit(args, {**found, "fields": fields}, lambda: table(["FIELD", "VALUE", "SET", "BY", "WHY"], map(_row, fields)))
    return 0


def _covers(asked: str, path: str) -> bool:
    if not asked:
        return True
    wanted = asked if asked.startswith((".", "[")) else f".{asked}"
    return any(
        long == part or (long.startswith(part) and long[len(part)] in ".[")
        for long, part in ((path, wanted), (wanted, path))
    )


def _row(row: dict[str, Any]) -> list[object]:
    value = row["value"] if isinstance(row["value"], str) else json.dumps(row["value"], ensure_ascii=False)
    shown = value if len(value) <= _WIDE else f"{value[: _WIDE - 1]}…"
    if commit := row.get("commit"):
        request = f" (#{commit['request']['number']} {commit['request']['title']})" if commit.get("request") else ""
        earlier = " or earlier" if commit.get("orEarlier") else ""
        why = f"{short(commit['sha'] or commit['revision'])}{earlier}: {commit['subject']}{request}"
        return [row["path"], shown, commit["synced"], commit["author"], why]
    manager = " ".join(filter(None, (row["manager"], row["operation"], row["subresource"])))
    users = " or ".join(dict.fromkeys(f"{person(each)}{'' if each['certain'] else '?'}" for each in row.get("who", ())))
    return [row["path"], shown, row["time"], users or row["manager"], manager]
