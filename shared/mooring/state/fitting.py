"""What is left out of a status that would not fit an item of the table.

An item holds 400 KB (Amazon DynamoDB, "Service, account, and table quotas"). The status of five thousand objects takes
about 40 KB; but when thousands of them fail or drift at once, each in its own words, the words may not fit. Then the
first of each sort keep them and the others keep what counts: which object, what became of it, in sync or not, healthy
or not. A sync must never come to an end because there is too much to say about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from mooring.health import Health
from mooring.model.objects import canonical_json
from mooring.state.operations import Operation, ResourceResult
from mooring.state.statuses import Resource, Status

__all__ = ["MAX_BODY", "drift_digest", "shortened_operation", "shortened_status"]

MAX_BODY: Final = 360 * 1024
"""Compressed bytes of an item's body; what is left of 400 KB is for its other attributes."""

_IN_WORDS = 200  # objects that keep their words
_IN_FULL = 20  # objects that keep their diff
_WITH_DIGESTS = 2_000  # objects that keep the digests of what they were and became
_DRIFTED: Final = {"path": "(object)", "desired": "as applied", "live": "changed", "manager": "", "time": ""}


def shortened_status(status: Status) -> Status:
    """The status with the words of only the first objects that have some."""
    resources: list[Resource] = []
    told = 0
    for resource in status.resources:
        health, drift = resource.health, resource.drift
        if drift or (health is not None and health.message):
            told += 1
            if told > _IN_WORDS:
                health = None if health is None else Health(health.status)
                drift = _summary(drift) if drift else ()
        resources.append(replace(resource, health=health, drift=drift))
    operation = None if status.operation is None else shortened_operation(status.operation)
    return replace(status, resources=tuple(resources), operation=operation)


def drift_digest(drift: Iterable[Mapping[str, Any]]) -> str:
    """Which fields of an object say something else, and what, in eight digits; of shortened drift as it was before."""
    rows = list(drift)
    if len(rows) == 1 and "digest" in rows[0]:
        return str(rows[0]["digest"])
    said = [(row.get("path"), row.get("live")) for row in rows]
    return sha256(canonical_json(said)).hexdigest()[:8]


def _summary(drift: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    return ({**_DRIFTED, "digest": drift_digest(drift)},)


def shortened_operation(operation: Operation) -> Operation:
    """The operation with the messages of only the first failures, and the first of the others."""
    results, earlier = (tuple(_shortened(each)) for each in (operation.results, operation.earlier))
    return replace(operation, results=results, earlier=earlier)


def _shortened(results: Iterable[ResourceResult]) -> list[ResourceResult]:
    left = {True: _IN_WORDS, False: _IN_WORDS}
    diffs, digests = _IN_FULL, _WITH_DIGESTS
    shortened = []
    for result in results:
        failed = result.status == "failed"
        left[failed] -= bool(result.message)
        diffs -= bool(result.diff)
        digests -= bool(result.before or result.after)
        message = result.message if left[failed] >= 0 else ""
        before, after = (result.before, result.after) if digests >= 0 else ("", "")
        diff = result.diff if diffs >= 0 else ""
        shortened.append(replace(result, message=message, diff=diff, before=before, after=after))
    return shortened
