"""The words for health, and which of two is worse.

The order is Argo CD's (documentation, "Resource Health"; gitops-engine, `healthOrder`): an application is as well as
the worst of its objects, and an object whose health can't be told is worse than one that is known to be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from mooring.model.objects import Manifest

__all__ = ["Health", "Rule", "Status", "worst"]

Status: TypeAlias = Literal["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"]
FROM_BEST_TO_WORST: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Health:
    """How an object is, and why, in words for people; `message` may be empty."""

    status: Status
    message: str = ""


Rule: TypeAlias = Callable[[Manifest], Health]
"""Judges one live object of the kind that it was written for; may raise what reading a malformed object raises."""


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several; `Healthy` where there are none."""
    return max(statuses, key=FROM_BEST_TO_WORST.index, default="Healthy")
