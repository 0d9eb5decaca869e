"""What clusters have decided for ApplicationSets, as it was read last: one item beside the set.

Generators are evaluated where no cluster may be asked. So whoever looks at clusters leaves here what the objects said
that a set names, or why they could not be read; it is written when it has changed, and goes with the set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mooring.model.setkey import SetKey
from mooring.state.packing import pack, unpack
from mooring.state.table import Table, check, put

__all__ = ["MOST_BYTES", "Answer", "Asked", "Decided", "Decisions"]

MOST_BYTES = 300 * 1024
"""Compressed bytes of all decisions of a set; an item of the table holds 400 KB."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """Which objects decide: their ConfigMap, and a name or a label selector as the Kubernetes API takes it."""

    config_map: str
    name: str
    selector: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The key that holds a cluster's name, and the decisions; or why there are none (`error`)."""

    key: str = ""
    decisions: tuple[Mapping[str, Any], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """All answers for one set, and the cluster that gave them."""

    cluster: str
    answers: Mapping[Asked, Answer]

    @property
    def digest(self) -> str:
        """Differs where anything does."""
        return hashlib.sha256(orjson.dumps(_body(self), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def size(self) -> int:
        """Bytes that it takes in the table."""
        return len(pack(_body(self)))


class Decisions:
    """The decisions of one installation's sets."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, key: SetKey) -> Decided:
        """What was read last; without a cluster where nothing was."""
        item = self._table.get((_pk(key), "DECISIONS"))
        if item is None:
            return Decided("", {})
        body = unpack(item["body"])
        return Decided(
            body["cluster"],
            {Asked(*asked): Answer(name, tuple(found), error) for asked, name, found, error in body["answers"]},
        )

    def keep(self, key: SetKey, decided: Decided) -> None:
        """Writes what was read. Raises `ConflictError` where the set is gone."""
        self._table.write(
            check((_pk(key), "SPEC"), "attribute_exists(pk)"),
            put({"pk": _pk(key), "sk": "DECISIONS", "body": pack(_body(decided))}),
        )


def _pk(key: SetKey) -> str:
    return f"APPSET#{key}"


def _rows(answers: Iterable[tuple[Asked, Answer]]) -> list[Any]:
    return [
        [[asked.config_map, asked.name, asked.selector], each.key, list(each.decisions), each.error]
        for asked, each in sorted(answers, key=lambda pair: pair[0])
    ]


def _body(decided: Decided) -> dict[str, Any]:
    return {"cluster": decided.cluster, "answers": _rows(decided.answers.items())}
