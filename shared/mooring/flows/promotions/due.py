"""When a promotion is due: its applications compared with what the last look saw, and the clock.

A sweep reads, and writes nothing: where all is as it was, no message is sent. Only installations that have promotions
read anything for it beside what a sweep reads anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import orjson

from mooring.state.applications import Applications
from mooring.state.listedpromotions import ListedPromotion
from mooring.state.records import Record

__all__ = ["due_promotions", "situation"]


def due_promotions(applications: Applications, listed: Sequence[ListedPromotion], now: float) -> list[ListedPromotion]:
    """The promotions for which anything is different from when they were looked at last."""
    records = applications.load(app for each in listed for app in each.apps)
    return [
        each
        for each in listed
        if (each.due and now >= each.due) or each.seen != situation(records[app] for app in each.apps)
    ]


def situation(records: Iterable[Record]) -> str:
    """A digest of what an evaluation sees of applications; a sweep compares it, and asks nobody else."""
    rows = []
    for each in records:
        status, wanted, operation = each.status, each.wanted, each.status.operation
        rows.append(
            [
                str(each.key), status.sync, status.health.status, status.bundle, status.generation, status.revision,
                None if operation is None else [operation.id, operation.phase],
                None if wanted is None else [wanted.revision, wanted.bundle, wanted.failure is not None],
                None if each.spec is None else each.spec.generation,
            ]
        )  # fmt: skip
    return hashlib.sha256(orjson.dumps(sorted(rows, key=lambda row: str(row[0])))).hexdigest()[:16]
