"""Triggers that are there without being declared: Argo CD's own by their names and meanings, and ours. Pure.

`event` is what has happened where something happened, as opposed to what is (`app`): its `kind` is empty while a state
is judged. A condition that looks at it is judged once for each happening and never again (`flows.telling.firing`).
A user's trigger of the same name takes the place of one of these. Of those that fire at the same moment, the first one
here is told first. Source: Argo CD, "Triggers and Templates Catalog".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CATALOG", "Condition"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a trigger: an expression, which templates it sends, and what it is told once for."""

    when: str
    send: tuple[str, ...]
    once_per: str = ""

    @property
    def of_event(self) -> bool:
        """Whether it is about a happening, not about a state."""
        return "event." in self.when

    @property
    def alarms(self) -> bool:
        """Whether it says that something is wrong for as long as it holds; a user's own does unless it sends ours of
        what goes well.
        """
        return not self.of_event and _CALM.isdisjoint(self.send)


def _event(kind: str, more: str = "") -> tuple[Condition, ...]:
    return (Condition(f"event.kind == '{kind}'{more}", (kind,), "event.id"),)


_CALM: Final = frozenset({"app-deployed", "app-health-restored", "app-sync-running", "app-sync-succeeded"})
_OPERATION = "app.status.operationState"
CATALOG: Final[Mapping[str, tuple[Condition, ...]]] = MappingProxyType(
    {
        "on-created": _event("app-created"),
        "on-deleted": _event("app-deleted"),
        "on-sync-running": (
            Condition(
                f"{_OPERATION} != nil and {_OPERATION}.phase == 'Running'", ("app-sync-running",), f"{_OPERATION}.id"
            ),
        ),
        "on-sync-failed": (
            Condition(
                f"{_OPERATION} != nil and {_OPERATION}.phase in ['Error', 'Failed']", ("app-sync-failed",),
                f"{_OPERATION}.id",
            ),
        ),
        "on-sync-succeeded": (
            Condition(
                f"{_OPERATION} != nil and {_OPERATION}.phase == 'Succeeded'", ("app-sync-succeeded",),
                f"{_OPERATION}.id",
            ),
        ),
        "on-deployed": (
            Condition(
                f"{_OPERATION} != nil and {_OPERATION}.phase == 'Succeeded' and {_OPERATION}.kind == 'sync'"
                " and app.status.sync.status == 'Synced' and app.status.health.status == 'Healthy'",
                ("app-deployed",),
                f"{_OPERATION}?.syncResult?.revision ?? string({_OPERATION}?.syncResult?.revisions)",
            ),
        ),
        "on-health-degraded": (Condition("app.status.health.status == 'Degraded'", ("app-health-degraded",)),),
        "on-sync-status-unknown": (Condition("app.status.sync.status == 'Unknown'", ("app-sync-status-unknown",)),),
        "on-health-restored": (
            Condition(
                f"{_OPERATION} != nil and {_OPERATION}.kind == 'heal' and {_OPERATION}.phase == 'Succeeded'"
                " and app.status.health.status == 'Healthy'",
                ("app-health-restored",),
                f"{_OPERATION}.id",
            ),
        ),
        "on-drift-found": (
            *_event("drift-found", " and event.drift.what not in ['orphan', 'orphan gone', 'foreign']"),
            Condition("event.kind == 'drift-accused' and event.drift.what not in ['orphan', 'orphan gone', 'foreign']",
                      ("drift-accused",), "event.id"),
        ),
        "on-drift-reverted": _event("drift-reverted"),
        "on-fight": (
            Condition("any(app.status.conditions ?? [], {#.type == 'FightDetected'})", ("fight",)),
        ),
        "on-secret-error": (
            Condition("any(app.status.conditions ?? [], {#.type == 'SecretError'})", ("secret-error",)),
        ),
        "on-image-updated": _event("image-updated"),
        "on-promotion-opened": _event("promotion-opened"),
        "on-cluster-unreachable": _event("cluster-unreachable"),
        "on-cluster-back": _event("cluster-back"),
    }
)  # fmt: skip
