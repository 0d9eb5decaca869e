"""Rules as tables: most kinds tell how they are by a condition or a phase, and differ only in the words.

A table is read from top to bottom and its first line that fits counts, whatever the order of the conditions in the
object. What was written before the latest change of the spec doesn't count (`observedGeneration`, of the status or of
a single condition; Kubernetes API conventions, "Typical status properties").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.health.reading import entries, number, section, text
from mooring.health.status import Health, Rule, Status
from mooring.model.objects import Manifest

__all__ = ["UNSEEN", "When", "by_conditions", "by_phase", "current_conditions", "first_line", "ready", "unseen"]

UNSEEN = "Its controller has not seen the latest change yet"


@dataclass(frozen=True, slots=True)
class When:
    """One line: a condition of this type and status, and of one of these reasons where any are given, means `health`.

    `words` stand where the condition has no message.
    """

    type: str
    status: str
    health: Status
    reasons: tuple[str, ...] = ()
    words: str = ""


def by_conditions(*lines: When, waiting: str, paused: tuple[str, ...] = ()) -> Rule:
    """A rule from a table; where no line fits the object is progressing, and `waiting` says what is waited for.

    `paused` is the path of a field that, when true, suspends the object (`("spec", "suspend")`).
    """

    def rule(live: Manifest) -> Health:
        if paused and _flag(live, paused):
            return Health("Suspended", f"{text(live, 'kind')} is suspended")
        if unseen(live):
            return Health("Progressing", UNSEEN)
        return first_line(lines, current_conditions(live)) or Health("Progressing", waiting)

    return rule


def ready(waiting: str, *, failing: Status = "Degraded", paused: tuple[str, ...] = ()) -> Rule:
    """The commonest table: the condition `Ready`."""
    return by_conditions(
        When("Ready", "True", "Healthy"), When("Ready", "False", failing), waiting=waiting, paused=paused
    )


def by_phase(
    phases: Mapping[str, Status],
    *,
    waiting: str,
    phase: tuple[str, ...] = ("status", "phase"),
    message: tuple[str, ...] = ("status", "message"),
) -> Rule:
    """A rule from phases; none yet is progressing, and so is one that the table doesn't know. Paths of both fields."""

    def rule(live: Manifest) -> Health:
        now = text(section(live, *phase[:-1]), phase[-1])
        words = text(section(live, *message[:-1]), message[-1])
        if not now:
            return Health("Progressing", words or waiting)
        return Health(phases.get(now, "Progressing"), words or f"{text(live, 'kind')} is {now}")

    return rule


def first_line(lines: tuple[When, ...], conditions: list[dict[str, Any]]) -> Health | None:
    """What the first line that fits says; its words are the condition's message, or its reason."""
    for line in lines:
        for condition in conditions:
            if condition.get("type") != line.type or condition.get("status") != line.status:
                continue
            if line.reasons and condition.get("reason") not in line.reasons:
                continue
            return Health(line.health, text(condition, "message") or line.words or text(condition, "reason"))
    return None


def current_conditions(live: Manifest) -> list[dict[str, Any]]:
    """The conditions of the status that were not written before the latest change."""
    generation = number(section(live, "metadata"), "generation")
    found = entries(section(live, "status"), "conditions")
    return [entry for entry in found if number(entry, "observedGeneration", generation) >= generation]


def unseen(live: Manifest) -> bool:
    """Whether the status says that it was written before the latest change; false where it doesn't say."""
    status = section(live, "status")
    if status.get("observedGeneration") in {None, ""}:
        return False
    return number(status, "observedGeneration") < number(section(live, "metadata"), "generation")


def _flag(live: Manifest, path: tuple[str, ...]) -> bool:
    return section(live, *path[:-1]).get(path[-1]) is True
