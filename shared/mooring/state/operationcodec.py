"""Operations and commits as they are kept, and back.

An operation stands inside `STATUS` while it is the last one, and in an item of its own once it has ended, as a link of
its application's chain. What is read here was written here, so it is trusted.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mooring.events.messages import Cause
from mooring.model.chain import Chained, Head
from mooring.model.objects import ObjectKey
from mooring.model.once import Once
from mooring.state.chaining import chained_from, chained_item
from mooring.state.fitting import MAX_BODY, shortened_operation
from mooring.state.operations import HookRun, Operation, ResourceResult
from mooring.state.packing import pack, unpack
from mooring.state.spending import Cost
from mooring.state.table import Item
from mooring.state.wanted import Commit, ReadSource

__all__ = [
    "commit_from",
    "commit_row",
    "operation_body",
    "operation_from",
    "operation_item",
    "operation_link",
    "operation_of",
]

_NO_HEAD = Head()


def commit_row(commit: Commit) -> dict[str, Any]:
    """A commit as members of JSON."""
    row = asdict(commit)
    return row if commit.sources else {name: value for name, value in row.items() if name != "sources"}


def commit_from(row: dict[str, Any]) -> Commit:
    """The inverse of `commit_row`."""
    return Commit(**row | {"sources": tuple(ReadSource(**each) for each in row.get("sources", ()))})


def operation_item(pk: str, operation: Operation, head: Head = _NO_HEAD) -> tuple[Item, Head]:
    """The item `OP#<id>#<place in the chain>`, and where the chain ends with it.

    No two records have one place, so none is ever written over, also where an operation was begun anew under the id of
    the request that it answers. Messages that would not fit an item are left out (see `state.fitting`).
    """
    body = pack(operation_body(operation))
    if len(body) > MAX_BODY:
        body = pack(operation_body(shortened_operation(operation)))
    key, chain = (pk, f"OP#{operation.id}#{head.seq + 1:06}"), pk.removeprefix("APP#")
    return chained_item(key, head, chain=chain, kind="operation", id_=operation.id, body=body)


def operation_link(item: Item) -> Chained:
    """An operation's item as a record of its application's chain."""
    id_ = item["sk"].removeprefix("OP#").partition("#")[0]
    return chained_from(item, item["pk"].removeprefix("APP#"), id_, kind="operation")


def operation_from(item: Item) -> Operation:
    """The inverse of `operation_item`."""
    return operation_of(unpack(item["body"]))


def operation_body(operation: Operation) -> dict[str, Any]:
    """An operation as members of JSON."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "phase": operation.phase,
        "message": operation.message,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
        "revision": operation.revision,
        "bundle": operation.bundle,
        "generation": operation.generation,
        "cause": operation.cause.to_json(),
        "commit": commit_row(operation.commit),
        "results": [_result_row(each) for each in operation.results],
        "hooks": [[str(h.key), h.version, h.phase, h.state, h.message] for h in operation.hooks],
        "failing": operation.failing,
        "prune": operation.prune,
        "retries": operation.retries,
        "requests": operation.requests,
        **({"former": operation.former} if operation.former else {}),
        **({"chosen": operation.chosen} if operation.chosen else {}),
        **({"returned": operation.returned} if operation.returned else {}),
        **({"once": operation.once.to_json()} if operation.once != Once() else {}),
        **({"tries": operation.tries} if operation.tries else {}),
        **({"again_at": operation.again_at} if operation.again_at else {}),
        **({"earlier": [_result_row(each) for each in operation.earlier]} if operation.earlier else {}),
        **({"cost": operation.cost} if operation.cost != Cost() else {}),
    }


def operation_of(body: dict[str, Any]) -> Operation:
    """The inverse of `operation_body`."""
    results, earlier = (tuple(_result_from(row) for row in body.get(name, ())) for name in ("results", "earlier"))
    hooks = tuple(HookRun(ObjectKey.parse(key), *rest) for key, *rest in body["hooks"])
    cause, commit = Cause.from_json(body["cause"]), commit_from(body["commit"])
    read = {"cause": cause, "commit": commit, "results": results, "earlier": earlier, "hooks": hooks}
    read |= {"chosen": tuple(body.get("chosen", ())), "once": Once.from_json(body.get("once", {}))}
    return Operation(**body | read | {"cost": Cost(**body.get("cost", {}))})


def _result_row(result: ResourceResult) -> list[str]:
    return [str(result.key), result.version, result.status, result.message, result.phase, *_told_changes(result)]


def _result_from(row: list[str]) -> ResourceResult:
    key, *rest = row
    return ResourceResult(ObjectKey.parse(key), *rest)


def _told_changes(result: ResourceResult) -> list[str]:
    if result.before or result.after:
        return [result.diff, result.before, result.after]
    return [result.diff] if result.diff else []
