"""A pull (merge) request that brought a commit: who proposed it, who looked at it, who let it in.

Asked of the code host once for each commit, and kept beside the operations that brought the commit to clusters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["MergedRequest", "Review", "Verdict"]

Verdict = Literal["approved", "changes requested", "commented", "none"]


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's last word on a request; `none` is one who was asked and said nothing."""

    reviewer: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class MergedRequest:
    """A merged request. Times are as the host writes them in RFC 3339; what a host does not tell is empty."""

    number: int
    title: str
    url: str
    author: str
    merged_by: str = ""
    created_at: str = ""
    merged_at: str = ""
    labels: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As users and the table have it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> MergedRequest:
        """The inverse of `to_json`."""
        reviews = tuple(Review(**each) for each in value["reviews"])
        return cls(**{**value, "labels": tuple(value["labels"]), "reviews": reviews})
