"""Reading the sync windows of a project, so that nothing about them can be wrong when they are asked.

Argo CD's rules of a valid window (`ValidateProject`): a schedule, a duration and a zone that can be read, something
that the window is about, and no two windows of the same kind, schedule and duration.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mooring.access.cron import parse_schedule
from mooring.access.globs import check_glob
from mooring.access.project import SyncWindow
from mooring.model.duration import parse_duration
from mooring.model.fields import Fields

__all__ = ["parse_windows"]


def parse_windows(spec: Fields) -> tuple[SyncWindow, ...]:
    """`spec.syncWindows` of a project. Raises `ConfigurationError` naming the field of the window that is wrong."""
    found: list[SyncWindow] = []
    for index, fields in enumerate(spec.mappings("syncWindows")):
        window = _window(fields)
        if any((w.kind, w.cron, w.lasting) == (window.kind, window.cron, window.lasting) for w in found):
            raise spec.error(
                f"syncWindows[{index}]",
                "has the kind, schedule and duration of an earlier one; make one window of both",
            )
        found.append(window)
    return tuple(found)


def _window(fields: Fields) -> SyncWindow:
    kind = _window_kind(fields)
    cron, lasting = fields.required_text("schedule"), fields.required_text("duration")
    try:
        schedule = parse_schedule(cron)
    except ValueError as error:
        raise fields.error("schedule", str(error)) from error
    try:
        seconds = 0.0 if lasting.isdigit() else parse_duration(lasting)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 366 * 86400:
        raise fields.error("duration", f"{lasting!r} is not a duration like 30m, 1h or 36h, of at most a year")
    zone = fields.text("timeZone") or "UTC"
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise fields.error(
            "timeZone", f"{zone!r} is not in the time zone database; write Europe/Berlin, say"
        ) from error
    selectors = {name: fields.texts(name) for name in ("applications", "namespaces", "clusters")}
    for name, patterns in selectors.items():
        for index, pattern in enumerate(patterns):
            if wrong := check_glob(pattern):
                raise fields.error(f"{name}[{index}]", f"{wrong}: {pattern!r}")
    if not any(selectors.values()):
        raise fields.error("applications", "must not be empty, unless namespaces or clusters are given")
    window = SyncWindow(
        kind=kind,
        cron=cron,
        schedule=schedule,
        duration=timedelta(seconds=seconds),
        lasting=lasting,
        manual_sync=fields.boolean("manualSync", False),
        sync_overrun=fields.boolean("syncOverrun", False),
        time_zone=zone,
        and_operator=fields.boolean("andOperator", False),
        description=fields.text("description"),
        **selectors,
    )
    fields.close()
    return window


def _window_kind(fields: Fields) -> Literal["allow", "deny"]:
    match fields.required_text("kind"):
        case "allow":
            return "allow"
        case "deny":
            return "deny"
        case other:
            raise fields.error("kind", f"must be allow or deny, not {other!r}")
