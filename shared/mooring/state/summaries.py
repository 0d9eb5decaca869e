"""What a list says of each application, kept so that a list opens no status.

The status of a large application is tens of kilobytes; a page that lists two thousand would read all of them. So the
items `SPEC`, `WANTED` and `STATUS` carry the few facts that a list shows, each its own, and an index of the table holds
nothing but those (ADR 0114). They are written with the items, by whoever writes these: there is no second write that
could fail, and nothing to fall behind but the index itself, which DynamoDB brings up to date within a second or so
(Amazon DynamoDB, "Using Global Secondary Indexes in DynamoDB"). Who asks again sees it; a sync is never decided on it.

The index is spread over a few partitions by the application's name, because one takes 1,000 writes a second.

Parts are named tuples: a list makes thousands of them, and a frozen dataclass takes eight times as long to make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

import orjson

from mooring.state.table import Item, Table

if TYPE_CHECKING:
    from mooring.state.records import Spec
    from mooring.state.statuses import Status
    from mooring.state.wanted import WantedState

__all__ = [
    "INDEX",
    "NOTHING_FOUND",
    "SUMMARISED",
    "Declared",
    "Desired",
    "Found",
    "Parts",
    "Summaries",
    "declared_of",
    "desired_of",
    "found_of",
    "indexed",
]

INDEX: Final = "Summaries"
SUMMARISED: Final = "summarised"
"""What the list of all applications says of one whose items carry their facts (those of older versions don't)."""

_IN, _FACTS = "summary_in", "summary"
_SHARDS = 4
_WORDS = 200  # characters kept of a message
_IMAGES = 10


class Declared(NamedTuple):
    """Of `SPEC`: where the application comes from and goes to. `owner` is its ApplicationSet, `sources` how many there
    are (the first is named), `warnings` what was ignored in the document.
    """

    generation: int
    project: str
    server: str
    cluster: str
    namespace: str
    repo_url: str
    path: str
    chart: str
    target: str
    sources: int
    labels: dict[str, str]
    owner: str
    automated: bool
    deleting: bool
    warnings: int


class Desired(NamedTuple):
    """Of `WANTED`: what git wants. `failed` says that it does not render, `failure` why (the beginning)."""

    generation: int
    revision: str
    bundle: str
    failed: bool
    failed_revision: str
    failure: str
    conditions: int


class Found(NamedTuple):
    """Of `STATUS`: what was found and done. `nowhere` says that its destination can't be known; `changed_at` is since
    when sync, health and phase are what they are, `synced_at` when a sync last succeeded (seconds since the epoch).
    """

    generation: int
    bundle: str
    revision: str
    sync: str
    health: str
    phase: str
    cluster: str
    message: str
    images: Sequence[str]
    changed_at: float
    synced_at: float
    drift: int
    conditions: int
    nowhere: bool


class Parts(NamedTuple):
    """What the index holds of one application; each part may be of another moment."""

    key: str
    declared: Declared
    desired: Desired | None
    found: Found | None


NOTHING_FOUND: Final = Found(0, "", "", "Unknown", "Unknown", "", "", "", (), 0.0, 0.0, 0, 0, False)


def declared_of(spec: Spec) -> Declared:
    """What a list says of what is declared."""
    application = spec.application
    source, destination = application.sources[0], application.destination
    labels = application.declared["metadata"].get("labels") or {}
    return Declared(
        spec.generation,
        application.project,
        destination.server,
        destination.name,
        destination.namespace,
        source.repo_url,
        source.path,
        source.chart,
        source.target_revision,
        len(application.sources),
        {str(name): str(value) for name, value in labels.items()},
        spec.owner,
        application.automated is not None and spec.paused is None,
        spec.deleting is not None,
        len(spec.warnings) + (spec.paused is not None),
    )


def desired_of(wanted: WantedState) -> Desired:
    """What a list says of what git wants."""
    failure = wanted.failure
    return Desired(
        wanted.generation,
        wanted.revision,
        wanted.bundle,
        failure is not None,
        "" if failure is None else failure.revision,
        "" if failure is None else _short(failure.message),
        len(wanted.rendering.warnings) + (failure is not None),
    )


def found_of(status: Status) -> Found:
    """What a list says of what was found and done."""
    operation = status.operation
    failed = operation is not None and operation.phase in ("Failed", "Error")
    message = operation.message if operation is not None and operation.phase != "Succeeded" else status.health.message
    message = message or next((each.message for each in status.conditions), "")
    return Found(
        status.generation,
        status.bundle,
        status.revision,
        status.sync,
        status.health.status,
        "" if operation is None else operation.phase,
        status.cluster,
        _short(message),
        status.images[:_IMAGES],
        status.changed_at,
        status.synced_at,
        sum(1 for each in status.resources if each.drift),
        len(status.conditions) + failed,
        any(each.type in ("InvalidSpecError", "ClusterError") for each in status.conditions),
    )


def indexed(pk: str, part: Declared | Desired | Found) -> Item:
    """The attributes that put an application's item into the index."""
    name = pk.removeprefix("APP#")
    facts = orjson.dumps([name, type(part).__name__, *part]).decode()
    return {_IN: f"{_FACTS}#{crc32(name.encode()) % _SHARDS}", _FACTS: facts}


def _short(text: str) -> str:
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


class Summaries:
    """The index: read by whoever lists."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> Iterator[Parts]:
        """Every application that is declared, as the index has it: a request for each megabyte of each partition."""
        found: dict[str, dict[str, list[Any]]] = {"Declared": {}, "Desired": {}, "Found": {}}
        with ThreadPoolExecutor(_SHARDS) as pool:
            for rows in pool.map(self._shard, range(_SHARDS)):
                for row in rows:
                    found.setdefault(row[1], {})[row[0]] = row
        wanted, seen = found["Desired"], found["Found"]
        for name, declared in sorted(found["Declared"].items()):  # one that was just deleted has the others alone
            yield Parts(
                name,
                Declared(*declared[2:]),
                Desired(*wanted[name][2:]) if name in wanted else None,
                Found(*seen[name][2:]) if name in seen else None,
            )

    def _shard(self, number: int) -> list[list[Any]]:
        facts = self._table.of_index(INDEX, (_IN, f"{_FACTS}#{number}"), _FACTS)
        rows: list[list[Any]] = orjson.loads(f"[{','.join(facts)}]")
        return rows
