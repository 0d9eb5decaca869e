"""`mooring audit`: the record of who did what, when and why; and whether anybody has changed it.

`mooring audit` prints records as they come, page by page, so any number of them may be exported. `mooring audit verify`
reads the chains and works out every hash on this machine: it has to believe neither the table nor the API. Cells of CSV
that a spreadsheet would take for a formula get an apostrophe in front (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import app_names
from mooring_cli.drifts import moment
from mooring_cli.frame import Group, Session, prints
from mooring_cli.output import Output
from mooring_cli.pages import short, told_once
from mooring_cli.tables import Page, Table, table

if TYPE_CHECKING:
    from mooring.model.chain import Chained, Fault

__all__ = ["operation_page", "operations_table", "records"]

FAILED = 1
_ROUNDS: Final = 5  # times that a chain is read which grows meanwhile
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS: Final = (
    "time", "endedAt", "kind", "application", "action", "outcome", "actor", "trigger", "cause", "revision", "author",
    "authorEmail", "committer", "committerEmail", "signer", "verified", "repository", "sha", "subject",
    "mergedRequest", "mergedBy", "reviews", "objects", "message", "source", "agent", "id", "chain", "seq", "hash",
)  # fmt: skip


@click.option("--since", metavar="TIME", help="from 2026-03-01T02:00:00Z on, or 30m, 12h, 7d ago")
@click.option("--until", metavar="TIME", help="before this time")
@click.option("--app", metavar="NAME", shell_complete=app_names, help="of this application (NAME or NAMESPACE/NAME)")
@click.option("--kind", type=click.Choice(["operation", "drift", "action"]), help="only these records")
@click.option("--format", type=click.Choice(["table", "json", "csv"]), default="table", help="json: one line a record")
@click.pass_context
def export(
    ctx: click.Context, since: str | None, until: str | None, app: str | None, kind: str | None, format: str
) -> int:
    """`mooring audit`; not asked for where a subcommand follows."""
    if ctx.invoked_subcommand:
        return 0
    api = ctx.ensure_object(Session).api()
    given = {"app": app, "kind": kind, "since": since and moment(since), "until": until and moment(until)}
    query = {name: value for name, value in given.items() if value}
    found = _records(api, query)
    if format == "json":
        for each in found:
            print(json.dumps(each, ensure_ascii=False))
    elif format == "csv":
        print(_line(_COLUMNS), end="")
        for each in found:
            print(_line([_cell(each, name) for name in _COLUMNS]), end="")
    else:
        print(table(["TIME", "KIND", "APP", "ACTION", "OUTCOME", "ACTOR", "TRIGGER", "COMMIT"], map(_row, found)))
    return 0


records = Group(
    "audit",
    "who did what, when and why; and is that so",
    callback=export,
    params=list(reversed(getattr(export, "__click_params__", []))),
    invoke_without_command=True,
)


def operations_table(items: list[dict[str, Any]]) -> Table:
    """The operations of one application, newest first."""
    headers = [
        "ID",
        "TIME",
        "ACTION",
        "OUTCOME",
        "TRIGGER",
        "BY",
        "REVISION",
        "AUTHOR",
        "SIGNER",
        "MERGED BY",
        "CHANGED",
    ]
    return table(headers, map(_operation_row, items))


def operation_page(each: dict[str, Any]) -> Page:
    """One operation: who and what was behind it, and what it did to each object."""
    commit, request = each["commit"] or {}, each["mergedRequest"] or {}
    reviews = ", ".join(f"{one['reviewer']} ({one['verdict']})" for one in request.get("reviews", ()))
    rows = {
        "Id": each["id"],
        "Operation": f"{each['action']} of {each['application']}, {each['outcome']}",
        "Message": each["message"],
        "Time": f"{each['time']} to {each['endedAt']}",
        "Trigger": " ".join(filter(None, (each["trigger"], each["cause"]))),
        "By": each["actor"],
        "Revision": each["revision"],
        "Bundle": f"{each['bundle']} (before: {each['formerBundle'] or 'none'})",
        "Author": _person(commit, "author", "email"),
        "Committer": _person(commit, "committer", "committer_email"),
        "Signer": commit.get("signer", ""),
        "Commit": commit.get("subject", ""),
        "Merged": f"{request['url']} by {request['merged_by']}; {reviews}" if request else "",
        "Chosen": ", ".join(each["chosen"]),
        "This once": told_once(each),
        "Hash": f"{each['record']['hash']} (record {each['record']['seq']} of {each['record']['chain']})",
    }
    lines = [f"{name + ':':<12}{value}" for name, value in rows.items() if value]
    objects = [(_told(one), one["before"], one["after"], one["message"]) for one in each["objects"]]
    return ["\n".join(lines), table(["OBJECT", "BEFORE", "AFTER", "MESSAGE"], objects)]


def _person(commit: dict[str, Any], name: str, address: str) -> str:
    return f"{commit[name]} <{commit[address]}>" if commit.get(name) else ""


@records.verb("verify", "find gaps, edits and records that somebody put there")
@click.option("--app", metavar="NAME", shell_complete=app_names, help="only the chains of this application")
@click.option(
    "--anchors", metavar="FILE", help="compare with the ends that FILE has from earlier, then add those of now"
)
@prints()
def verify_chains(api: Api, out: Output, app: str | None, anchors: str | None) -> int:
    """`mooring audit verify`: 0 where every chain is whole, 1 where one is not."""
    known = _read_anchors(anchors) if anchors else {}
    heads = _heads(api, app)
    mine = {chain for chain in known if not app or chain.removesuffix(" drift") == _full(app)}
    faults, checked = [], []
    for chain in sorted({*heads, *mine}):
        found, head = _verify(api, chain, known.get(chain, {}))
        faults += [{"chain": each.chain, "seq": each.seq, "message": each.message} for each in found]
        checked.append({"chain": chain, "seq": head["seq"], "hash": head["hash"]})
    if anchors and not faults:
        _add_anchors(anchors, known, checked)
    out.emit({"faults": faults, "chains": checked}, lambda: _verdict(faults, checked))
    return FAILED if faults else 0


def _verify(api: Api, chain: str, anchors: dict[int, str]) -> tuple[list[Fault], dict[str, Any]]:
    from mooring.model.chain import Head, find_faults

    found: list[Fault] = []
    head: dict[str, Any] = {"seq": 0, "hash": ""}
    for _ in range(_ROUNDS):
        before = _head(api, chain)
        links = (_link(each["record"]) for each in _records(api, {"chain": chain}))
        found = find_faults(chain, links, Head(before["seq"], before["hash"]), anchors)
        head = _head(api, chain)
        if not found or head == before:
            break  # what looks wrong while a chain grows is looked at again
    return found, head


def _link(record: dict[str, Any]) -> Chained:
    from mooring.model.chain import Chained

    return Chained(**record)


def _records(api: Api, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    position: dict[str, str] = {}
    while True:
        answer = api.call("GET", "audit", query=query | position)
        yield from answer["items"]
        if "continue" not in answer["metadata"]:
            return
        position = {"continue": answer["metadata"]["continue"]}


def _heads(api: Api, app: str | None) -> dict[str, dict[str, Any]]:
    query = {"app": _full(app)} if app else {}
    return {each["chain"]: each for each in api.items("audit", "chains", query=query)}


def _head(api: Api, chain: str) -> dict[str, Any]:
    found = api.items("audit", "chains", query={"chain": chain})
    head: dict[str, Any] = found[0] if found else {"chain": chain, "seq": 0, "hash": ""}
    return head


def _full(app: str) -> str:
    return app if "/" in app else f"argocd/{app}"


def _read_anchors(file: str) -> dict[str, dict[int, str]]:
    """Hashes by chain and place; lines that hold none (a log's own) are passed over."""
    anchors: dict[str, dict[int, str]] = {}
    path = Path(file)
    if not path.exists():
        return anchors
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            chain, seq, hashed = str(found["chain"]), int(found["seq"]), str(found["hash"])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"line {number} is no anchor: chain, seq and hash as JSON", field=file) from error
        if anchors.setdefault(chain, {}).setdefault(seq, hashed) != hashed:
            raise ConfigurationError(f"line {number} says otherwise than an earlier one of {chain}", field=file)
    return anchors


def _add_anchors(file: str, known: dict[str, dict[int, str]], heads: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    news = [head for head in heads if head["seq"] and head["seq"] not in known.get(head["chain"], {})]
    with Path(file).open("a", encoding="utf-8") as opened:
        opened.writelines(json.dumps({"time": now, **head}, ensure_ascii=False) + "\n" for head in news)


def _verdict(faults: list[dict[str, Any]], checked: list[dict[str, Any]]) -> str:
    records = sum(each["seq"] for each in checked)
    if not faults:
        return f"{len(checked)} chains with {records} records are whole"
    lines = [f"{each['chain']}: record {each['seq']}: {each['message']}" for each in faults]
    return "\n".join([*lines, "", f"{len(faults)} faults in {len({each['chain'] for each in faults})} chains"])


def _row(each: dict[str, Any]) -> list[object]:
    commit = each.get("commit") or {}
    return [
        each["time"],
        each["kind"],
        each.get("application", ""),
        each["action"],
        each["outcome"],
        each.get("actor", ""),
        each.get("trigger", ""),
        f"{short(commit['sha'])} {commit['author']}" if commit.get("sha") else "",
    ]


def _operation_row(each: dict[str, Any]) -> list[object]:
    commit, request = each["commit"] or {}, each["mergedRequest"] or {}
    changed = [one for one in each["objects"] if one["before"] != one["after"]]
    return [
        each["id"],
        each["time"],
        each["action"],
        each["outcome"],
        each["trigger"],
        each["actor"],
        short(each["revision"]),
        commit.get("author", ""),
        commit.get("signer", ""),
        request.get("merged_by", ""),
        ", ".join(f"{one['kind']}/{one['name']}" for one in changed[:3]) + (" …" if len(changed) > 3 else ""),
    ]


def _cell(each: dict[str, Any], name: str) -> str:
    commit, request, record = each.get("commit") or {}, each.get("mergedRequest") or {}, each["record"]
    match name:
        case "author" | "committer" | "signer" | "verified" | "repository" | "sha" | "subject":
            value = commit.get(name, "")
        case "authorEmail":
            value = commit.get("email", "")
        case "committerEmail":
            value = commit.get("committer_email", "")
        case "mergedRequest":
            value = request.get("url", "")
        case "mergedBy":
            value = request.get("merged_by", "")
        case "reviews":
            value = "; ".join(f"{one['reviewer']} ({one['verdict']})" for one in request.get("reviews", ()))
        case "objects":
            value = "; ".join(map(_told, each.get("objects", ())))
        case "message":
            value = each.get("message") or (json.dumps(each["told"]) if each.get("told") else "")
        case "chain" | "seq" | "hash":
            value = record[name]
        case _:
            value = each.get(name, "")
    return "" if value is None else str(value)


def _told(one: dict[str, Any]) -> str:
    name = f"{one['kind']}/{one['namespace']}/{one['name']}" if one["namespace"] else f"{one['kind']}/{one['name']}"
    if "fields" in one:
        return f"{name}: {', '.join(str(field['path']) for field in one['fields'])}"
    return f"{name} {one['result']}"


def _line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return buffer.getvalue()
