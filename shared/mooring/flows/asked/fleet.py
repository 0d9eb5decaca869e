"""The whole fleet in one answer: a row for each application, searched, filtered, sorted and counted.

All rows are read in any case (`summarising`), so everything else is done here, over values in memory, and a page costs
what the whole list costs. That is why a page may hold two thousand rows: with their names packed they are a tenth of
what a function may answer with, and the bound in bytes holds all the same (AWS Lambda, "Lambda quotas": 6 MB).

The token of a page holds what its last row was sorted by, and not how many went before: a list that changes meanwhile
is gone on with where it was left, and nothing that stayed as it is is shown twice or left out.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from mooring.errors import ConfigurationError
from mooring.flows.asked.summarising import Summary
from mooring.notify.selecting import parse_text_selector

__all__ = ["LARGEST_PAGE", "SORTS", "list_summaries"]

LARGEST_PAGE: Final = 2_000  # applications
_TIMES: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
_LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes; what is left of 6 MB is for an answer that is not packed
_WORST_FIRST: Final = ("Degraded", "Missing", "Unknown", "Progressing", "Suspended", "Healthy")
_OUT_FIRST: Final = ("OutOfSync", "Unknown", "Synced")
SORTS: Final[Mapping[str, Callable[[Summary], Any]]] = {
    "name": lambda row: row.name,
    "project": lambda row: row.project,
    "cluster": lambda row: row.cluster or row.server,
    "health": lambda row: _place(_WORST_FIRST, row.health),
    "sync": lambda row: _place(_OUT_FIRST, row.sync),
    "drift": lambda row: -row.drift,
    "changedAt": lambda row: -row.changed_at,
    "syncedAt": lambda row: -row.synced_at,
}
_EXACT: Final[Mapping[str, Callable[[Summary], tuple[str, ...]]]] = {
    "project": lambda row: (row.project,),
    "cluster": lambda row: (row.cluster, row.server),
    "sync": lambda row: (row.sync,),
    "health": lambda row: (row.health,),
    "namespace": lambda row: (row.namespace,),
    "set": lambda row: (row.set,),
}


def list_summaries(rows: Iterable[Summary], asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of the rows that `asked` (parameters, as they stand in the request) names.

    `project`, `cluster`, `sync`, `health`, `namespace` and `set` name one value or several with commas; `q` is looked
    for in names, addresses, images and labels, each of its words; `selector` is a label selector; `sort` one of
    `SORTS`, with `-` before it for the other way round. `metadata.totals` counts what was asked for,
    `metadata.fleet` all rows. Raises `ConfigurationError` naming the parameter.
    """
    everything = list(rows)
    found = list(filter(_wanted(asked), everything))
    sort = asked.get("sort") or "name"
    left = _after(_sorted(found, sort), asked.get("continue") or "", falling=sort.startswith("-"))
    most = _limit(asked.get("limit") or "")
    items: list[Any] = []
    size = 0
    for _, row in left[:most]:
        shown = orjson.dumps(_shown(row), option=_TIMES)
        size += len(shown) + 1
        if items and size > _LARGEST_ANSWER:
            break
        items.append(orjson.Fragment(shown))
    metadata: dict[str, Any] = {"totals": _totals(found), "fleet": {**_totals(everything), **_places(everything)}}
    if len(items) < len(left):
        metadata |= {"continue": _token(left[len(items) - 1][0]), "remainingItemCount": len(left) - len(items)}
    return {"metadata": metadata, "items": items}


def _wanted(asked: Mapping[str, str]) -> Callable[[Summary], bool]:
    exact = [(values, set(asked[name].split(","))) for name, values in _EXACT.items() if asked.get(name)]
    words = (asked.get("q") or "").lower().split()
    selector = parse_text_selector(asked.get("selector") or "", "selector")

    def wanted(row: Summary) -> bool:
        if not all(chosen.intersection(values(row)) for values, chosen in exact) or not selector.matches(row.labels):
            return False
        if not words:
            return True
        text = "\n".join(_said(row)).lower()
        return all(word in text for word in words)

    return wanted


def _said(row: Summary) -> Iterator[str]:
    yield from (f"{row.namespace}/{row.name}", row.project, row.cluster, row.server, row.destination_namespace)
    yield from (row.repo_url, row.path, row.chart, row.target_revision, row.revision, row.set)
    yield from row.images
    yield from (f"{name}={value}" for name, value in row.labels.items())


def _place(order: tuple[str, ...], value: str) -> int:
    return order.index(value) if value in order else len(order)


_At = tuple[Any, str]  # what a row is sorted by, then its key


def _sorted(rows: Iterable[Summary], sort: str) -> list[tuple[_At, Summary]]:
    value = SORTS.get(sort.removeprefix("-"))
    if value is None:
        raise ConfigurationError(f"must be one of {', '.join(SORTS)}, perhaps with - before it", field="sort")
    return sorted((((value(row), str(row.key)), row) for row in rows), key=lambda each: each[0], reverse=sort[0] == "-")


def _after(ordered: list[tuple[_At, Summary]], token: str, *, falling: bool) -> list[tuple[_At, Summary]]:
    if not token:
        return ordered
    last = _position(token)
    try:
        return [each for each in ordered if (each[0] < last if falling else each[0] > last)]
    except TypeError:  # the token of a list that was sorted by something else
        raise _no_token() from None


def _limit(text: str) -> int:
    if not text:
        return LARGEST_PAGE
    if not text.isascii() or not text.isdecimal():
        raise ConfigurationError("must be a whole number", field="limit")
    return min(int(text[:9]), LARGEST_PAGE) or LARGEST_PAGE


def _token(at: _At) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(at)).decode().rstrip("=")


def _position(token: str) -> _At:
    try:
        value, key = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise _no_token() from None
    return value, str(key)


def _no_token() -> ConfigurationError:
    return ConfigurationError(
        "is no token of this list; take metadata.continue of the page before, with the same sort, or begin without it",
        field="continue",
    )


def _totals(rows: Iterable[Summary]) -> dict[str, Any]:
    all_ = list(rows)
    return {
        "applications": len(all_),
        "health": Counter(row.health for row in all_),
        "sync": Counter(row.sync for row in all_),
        "drifted": sum(1 for row in all_ if row.drift),
        "running": sum(1 for row in all_ if row.phase == "Running"),
    }


def _places(rows: list[Summary]) -> dict[str, Any]:
    return {
        "projects": Counter(row.project for row in rows),
        "clusters": Counter(row.cluster or row.server for row in rows),
        "namespaces": Counter(row.namespace for row in rows),
    }


def _shown(row: Summary) -> dict[str, Any]:
    return {
        "name": row.name,
        "namespace": row.namespace,
        "project": row.project,
        "cluster": row.cluster,
        "server": row.server,
        "destinationNamespace": row.destination_namespace,
        "repoURL": row.repo_url,
        "path": row.path,
        "chart": row.chart,
        "targetRevision": row.target_revision,
        "sources": row.sources,
        "revision": row.revision,
        "sync": row.sync,
        "health": row.health,
        "phase": row.phase,
        "message": row.message,
        "labels": row.labels,
        "images": row.images,
        "set": row.set,
        "changedAt": _time(row.changed_at),
        "syncedAt": _time(row.synced_at),
        "drift": row.drift,
        "autoSync": row.auto_sync,
        "deleting": row.deleting,
        "conditions": row.conditions,
    }


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
