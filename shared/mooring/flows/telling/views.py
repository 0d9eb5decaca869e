"""An application as it was at one moment, made of the items that the stream tells one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mooring.flows.asked.showing import show_application
from mooring.model.application import AppKey
from mooring.state import codec
from mooring.state.records import Record
from mooring.state.statuses import Status
from mooring.state.table import Item

__all__ = ["PARTS", "View", "view_of"]

PARTS: Final = ("SPEC", "WANTED", "STATUS")
"""The items that an application is shown from."""


@dataclass(frozen=True, slots=True)
class View:
    """One application at one moment: the record, and what Argo CD's API would show of it."""

    record: Record
    app: Mapping[str, Any]


def view_of(key: AppKey, parts: Mapping[str, Item | None], *, brief: bool) -> View | None:
    """The application that these items make, None without a spec; `brief` leaves its objects out."""
    spec, wanted, status = (parts.get(name) for name in PARTS)
    if spec is None:
        return None
    record = Record(
        key,
        spec=codec.spec_from(spec),
        wanted=None if wanted is None else codec.wanted_from(wanted),
        status=Status() if status is None else codec.status_from(status),
    )
    app = show_application(record, brief=brief)
    shown = app["status"]
    if shown["sync"]["status"] == "Unknown" and _uncompared(record):
        shown["sync"] = {**shown["sync"], "status": ""}
    operation = shown.get("operationState") or {}
    # Argo CD's catalog compares it with the end of the operation: health is judged when an operation ends, or later.
    judged = operation.get("finishedAt") or operation.get("startedAt")
    if judged:
        shown["health"] = {**shown["health"], "lastTransitionTime": judged}
    return View(record, app)


def _uncompared(record: Record) -> bool:
    """Whether nobody has compared it with git yet, since it was declared or changed.

    Argo CD's API shows no sync status then, or the one from before: `Unknown` says that something is in the way, and
    people are woken by it.
    """
    spec, wanted, status = record.spec, record.wanted, record.status
    assert spec is not None
    if any(each.type in ("InvalidSpecError", "ClusterError") for each in status.conditions):
        return False
    if wanted is None:
        return True
    if wanted.failure is not None:
        return False
    return wanted.generation != spec.generation or (status.health.status == "Unknown" and not status.health.message)
