"""`mooring blame KIND/NAME [FIELD]`: who set each field of a live object, and when."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import app_names
from mooring_cli.drifts import person
from mooring_cli.frame import SECONDS, prints, verb
from mooring_cli.lateness import WaitError
from mooring_cli.names import DEFAULT_NAMESPACE, AppName
from mooring_cli.output import Output
from mooring_cli.pages import short
from mooring_cli.tables import table

__all__ = ["blame"]

_LONGEST_PAUSE = 2.0
_WIDE = 40  # characters of a value


@verb("blame", "who set the fields of a live object, and when")
@click.argument("object", help="KIND/NAME, KIND.GROUP/NAME or KIND/NAMESPACE/NAME")
@click.argument("field", required=False, default="", help="as .spec.replicas; all that is below it")
@click.option(
    "--app", required=True, metavar="NAME", shell_complete=app_names, help="the application that the object belongs to"
)
@click.option("--timeout", type=SECONDS, default=60.0, metavar="SECONDS", help="how long to wait (default 60)")
@prints()
def blame(api: Api, out: Output, object: str, field: str, app: str, timeout: float) -> int:
    """Has `sync` read the object, and waits for what it finds."""
    named = AppName.parse(app, DEFAULT_NAMESPACE)
    asked = {"object": object}
    check = str(api.call("POST", "applications", named.name, "blame", query=named.query, body=asked)["check"]["id"])
    deadline, pause = time.monotonic() + timeout, 0.2
    while not (answer := api.call("GET", "applications", named.name, "checks", check, query=named.query)).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(f"the function sync has not answered within {timeout:g} s; look at its log")
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found = answer["found"]
    if "error" in found:
        raise ConfigurationError(found["error"], field=object)
    fields = [row for row in found["fields"] if _covers(field, row["path"])]
    if not fields:
        raise ConfigurationError("nobody has set such a field", field=field)
    out.emit({**found, "fields": fields}, lambda: table(["FIELD", "VALUE", "SET", "BY", "WHY"], map(_row, fields)))
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
