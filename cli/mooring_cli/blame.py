"""`mooring app blame NAME KIND/NAME [FIELD]`: who set each field of a live object, and when."""

from __future__ import annotations

import json
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.drifts import person
from mooring_cli.frame import prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.output import Output
from mooring_cli.pages import short
from mooring_cli.tables import table

__all__ = ["blame_object"]

_WIDE = 40  # characters of a value


@verb("blame", "who set the fields of a live object, and when")
@one_app
@click.argument("object", help="KIND/NAME, KIND.GROUP/NAME or KIND/NAMESPACE/NAME")
@click.argument("field", required=False, default="", help="as .spec.replicas; all that is below it")
@prints()
def blame_object(api: Api, out: Output, app: AppName, object: str, field: str) -> int:
    """Commits and their authors for what git says, people for the rest."""
    found = api.call("GET", "applications", app.name, "blame", query=app.query | _place(object))
    fields = [row for row in found["fields"] if _covers(field, row["path"])]
    if not fields:
        raise ConfigurationError("nobody has set such a field", field=field)
    out.emit({**found, "fields": fields}, lambda: table(["FIELD", "VALUE", "SET", "BY", "WHY"], map(_row, fields)))
    return 0


def _place(named: str) -> dict[str, str]:
    """The query parameters that name the object; the API finds what was left out."""
    kind, *namespace, name = named.split("/") if "/" in named else ("", "")
    if not kind or not name or len(namespace) > 1:
        raise ConfigurationError("must be KIND/NAME or KIND/NAMESPACE/NAME", field="OBJECT")
    kind, dot, group = kind.partition(".")
    place = namespace[0] if namespace else "*"
    return {"group": group if dot else "*", "kind": kind, "resourceNamespace": place, "resourceName": name}


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
