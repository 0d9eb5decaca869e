"""What is asked about the record: who did what, when and why, as rows for people and as links for whoever checks.

There is one chain for the operations of each application, one for the drift that was seen in it, and one for what
people did through the API. An answer goes through them one after the other, each in order of time, or the newest first;
`continue` says where it stopped, so a page is never large and nothing is left out or told twice. Applications that were
deleted are among them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson

from mooring.errors import ConfigurationError
from mooring.flows.asked.costs import told_cost
from mooring.flows.asked.looks import UnknownOperationError
from mooring.flows.asked.requested import told_once
from mooring.flows.asked.ulid import first_ulid
from mooring.model.application import AppKey
from mooring.model.chain import Chained, Head
from mooring.model.mergedrequest import MergedRequest
from mooring.model.moments import told_if_ever
from mooring.plan.driftrecords import DriftRecord
from mooring.state.actions import ACTIONS_CHAIN, Actions
from mooring.state.applications import Applications
from mooring.state.operations import Operation, ResourceResult
from mooring.state.wanted import Commit

__all__ = ["RecordPorts", "list_chains", "list_operations", "list_records", "show_operation"]

_MOST: Final = 200
_ENOUGH: Final = 2 * 1024 * 1024  # bytes of bodies after which a page is full: Lambda answers with 6 MB at most
_AT_ONCE: Final = 50  # chains that one request looks into
_END: Final = "~"  # sorts behind every id
_DRIFT: Final = " drift"
_TOLD: Final = {"time", "action", "outcome"}  # of an action, at least
_Row = dict[str, Any]
_Requests = Mapping[tuple[str, str], MergedRequest | None]
_UNREADABLE: Final[_Row] = {
    "time": "", "endedAt": "", "action": "unreadable", "outcome": "", "actor": "", "trigger": "", "cause": "",
    "revision": "", "bundle": "", "formerBundle": "", "prune": False, "chosen": [], "commit": None,
    "mergedRequest": None, "objects": [], "message": "it is not as it was written; `mooring audit verify` tells more",
}  # fmt: skip
_Found = tuple[str, Chained, Operation | DriftRecord | None]


@dataclass(frozen=True, slots=True)
class RecordPorts:
    """Where the record is read from, and the region whose prices operations are told with; empty for none."""

    applications: Applications
    actions: Actions
    region: str = ""


def list_chains(ports: RecordPorts, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Where chains end, by name, also of those without a record: all, or those of `app`, or the one named `chain`."""
    names = _chains(ports, asked)
    apps = {name: AppKey.parse(name.removesuffix(_DRIFT)) for name in names if name != ACTIONS_CHAIN}
    operations = ports.applications.ends(app for name, app in apps.items() if not name.endswith(_DRIFT))
    drifts = ports.applications.drifts.ends(app for name, app in apps.items() if name.endswith(_DRIFT))
    heads = {str(app): head for app, head in operations.items()}
    heads |= {f"{app}{_DRIFT}": head for app, head in drifts.items()}
    if ACTIONS_CHAIN in names:
        heads[ACTIONS_CHAIN] = ports.actions.head()
    found = {name: heads.get(name, Head()) for name in names}
    return [{"chain": name, "seq": head.seq, "hash": head.hash} for name, head in found.items()]


def list_records(ports: RecordPorts, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of the record, chain by chain, each in order of time.

    `app` (its chains only), `chain` (this one only), `kind` (`operation`, `drift` or `action`), `since` and `until`
    (RFC 3339; an operation counts when it was begun), `order` (`newest`: of each chain the newest first), `limit` (200
    at most) and `continue` (`metadata.continue` of the page before, asked for in the same order).

    There may be fewer than `limit` in a page that is not the last. Raises `ConfigurationError`.
    """
    low, high = _bounds(asked)
    newest = _newest_first(asked)
    limit, (first, after) = _limit(asked.get("limit", "")), _position(asked.get("continue", ""))
    names = [name for name in _chains(ports, asked) if name >= first]
    page: list[_Found] = []
    size = 0
    for name in names[:_AT_ONCE]:
        span = _beyond(low, high, after, newest) if name == first and after else (low, high)
        for found in _read(ports, name, span, limit + 2 - len(page), newest):
            if name == first and found[0] == after:
                continue
            if len(page) == limit or size > _ENOUGH:
                return _page(ports, page, page[-1][1].chain, page[-1][0])
            page.append(found)
            size += len(orjson.dumps(found[1].body))
    if len(names) > _AT_ONCE:
        return _page(ports, page, names[_AT_ONCE], "")
    return _page(ports, page)


def list_operations(ports: RecordPorts, key: AppKey, asked: Mapping[str, str]) -> dict[str, Any]:
    """The newest operations of an application of whatever kind, newest first: `limit` (50, at most 200), and `continue`
    (`metadata.continue` of the page before).
    """
    limit, (_, before) = _limit(asked.get("limit", "50")), _position(asked.get("continue", ""))
    newest: list[_Found] = []
    size = 0
    for found in ports.applications.newest_links(key, limit + 1, before):
        if len(newest) == limit or size > _ENOUGH:
            return _page(ports, newest, str(key), newest[-1][0])
        newest.append(found)
        size += len(orjson.dumps(found[1].body))
    return _page(ports, newest)


def show_operation(ports: RecordPorts, key: AppKey, id_: str) -> dict[str, Any]:
    """The last record of one operation. Raises `UnknownOperationError`."""
    found = [("", link, each) for _, link, each in ports.applications.links(key, id_, f"{id_}~") if link.id == id_]
    if not found:
        raise UnknownOperationError(f"no operation has the id {id_}; `mooring app history --all` lists them")
    row: dict[str, Any] = _page(ports, [*found[-1:]])["items"][0]
    return row


def _chains(ports: RecordPorts, asked: Mapping[str, str]) -> list[str]:
    kind, app, chain = (asked.get(name, "") for name in ("kind", "app", "chain"))
    if kind and kind not in ("operation", "drift", "action"):
        raise ConfigurationError("must be operation, drift or action", field="kind")
    if chain:
        return [chain if chain == ACTIONS_CHAIN else str(AppKey.parse(chain.removesuffix(_DRIFT))) + _suffix(chain)]
    apps = [AppKey.parse(app)] if app else ports.applications.on_record()
    names = [ACTIONS_CHAIN] if kind in ("", "action") and not app else []
    names += [str(each) for each in apps if kind in ("", "operation")]
    return sorted([*names, *(f"{each}{_DRIFT}" for each in apps if kind in ("", "drift"))])


def _suffix(chain: str) -> str:
    return _DRIFT if chain.endswith(_DRIFT) else ""


def _newest_first(asked: Mapping[str, str]) -> bool:
    order = asked.get("order", "")
    if order not in ("", "oldest", "newest"):
        raise ConfigurationError("must be oldest or newest", field="order")
    return order == "newest"


def _beyond(low: str, high: str, after: str, newest: bool) -> tuple[str, str]:
    """What is left of a span behind `after`, which itself may still be in it."""
    return (low, min(high, after)) if newest else (max(low, after), high)


def _read(ports: RecordPorts, name: str, span: tuple[str, str], limit: int, newest: bool) -> Iterator[_Found]:
    low, high = span
    if name == ACTIONS_CHAIN:
        actions = ports.actions.between(low or "0", high, limit, newest_first=newest)
        return ((place, link, None) for place, link in actions)
    app = AppKey.parse(name.removesuffix(_DRIFT))
    if name.endswith(_DRIFT):
        return islice(ports.applications.drifts.links(app, low, high, limit, newest_first=newest), limit)
    return islice(ports.applications.links(app, low, high, limit, newest_first=newest), limit)


def _page(ports: RecordPorts, page: list[_Found], chain: str = "", after: str = "") -> dict[str, Any]:
    commits = [(each.commit.repository, each.commit.sha) for _, _, each in page if isinstance(each, Operation)]
    requests = ports.applications.merged_requests.known(name for name in commits if all(name))
    metadata = {"continue": _token(chain, after)} if chain else {}
    return {"metadata": metadata, "items": [_row(link, told, requests, ports.region) for _, link, told in page]}


def _row(link: Chained, told: Operation | DriftRecord | None, requests: _Requests, region: str) -> _Row:
    match told:
        case None if link.kind == "action" and isinstance(link.body, dict) and _TOLD <= link.body.keys():
            row = {"id": link.id, **link.body}
        case None:
            row = _UNREADABLE | {"id": link.id, "application": link.chain.removesuffix(_DRIFT)}
        case DriftRecord():
            row = _drift(told)
        case Operation():
            row = {"application": link.chain, **_operation(told, requests, region)}
    return {"kind": link.kind, **row, "record": asdict(link)}


def _operation(operation: Operation, requests: _Requests, region: str) -> _Row:
    commit = operation.commit
    request = requests.get((commit.repository, commit.sha))
    return {
        "id": operation.id,
        "time": told_if_ever(operation.started_at),
        "endedAt": told_if_ever(operation.finished_at),
        "action": operation.kind,
        "outcome": operation.phase,
        "message": operation.message,
        "trigger": operation.cause.kind,
        "actor": operation.cause.by,
        "cause": operation.cause.id,
        "revision": operation.revision,
        "bundle": operation.bundle,
        "formerBundle": operation.former,
        "prune": operation.prune,
        "chosen": list(operation.chosen),
        "commit": None if commit == Commit() else asdict(commit),
        "mergedRequest": None if request is None else request.to_json(),
        "objects": [_object(result) for result in operation.results],
        "requests": operation.requests,
        "cost": told_cost(operation.cost, region),
        "returnedTo": operation.returned,
        **told_once(operation.once),
    }


def _object(result: ResourceResult) -> _Row:
    return {
        **asdict(result.key),
        "result": result.status,
        "message": result.message,
        "hook": result.phase,
        "before": result.before,
        "after": result.after,
    }


def _drift(drift: DriftRecord) -> _Row:
    users = [each.person for each in drift.suspects] or [each.manager for each in drift.fields]
    return {
        "id": drift.id,
        "time": told_if_ever(drift.noticed_at),
        "endedAt": told_if_ever(drift.ended_at),
        "application": drift.app,
        "cluster": drift.cluster,
        "action": drift.what,
        "outcome": drift.done,
        "actor": ", ".join(dict.fromkeys(filter(None, users))),
        "trigger": drift.seen_by,
        "operation": drift.operation,
        "objects": [asdict(drift.key) | {"fields": [asdict(each) for each in drift.fields]}],
    }


def _bounds(asked: Mapping[str, str]) -> tuple[str, str]:
    low, high = _bound(asked, "since", ""), _bound(asked, "until", _END)
    if low > high:
        raise ConfigurationError("must not be later than `until`", field="since")
    return low, high


def _bound(asked: Mapping[str, str], name: str, default: str) -> str:
    text = asked.get(name, "")
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
        return first_ulid(max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError) as error:
        raise ConfigurationError("must be a time as 2026-03-01T02:00:00Z", field=name) from error


def _limit(text: str) -> int:
    if text and (not text.isdigit() or not 0 < int(text) <= _MOST):
        raise ConfigurationError(f"must be a number from 1 to {_MOST}", field="limit")
    return int(text or _MOST)


def _token(chain: str, after: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([chain, after])).decode()


def _position(token: str) -> tuple[str, str]:
    if not token:
        return "", ""
    try:
        chain, after = orjson.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ConfigurationError("must be metadata.continue of the page before", field="continue") from error
    if not isinstance(chain, str) or not isinstance(after, str):
        raise ConfigurationError("must be metadata.continue of the page before", field="continue")
    return chain, after
