"""What every function sees of a promotion, apart from what it is: few installations have one, fewer functions care."""

from __future__ import annotations

from typing import NamedTuple

from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey
from mooring.state.table import Item

__all__ = ["PROMOTION_ENTRY", "ListedPromotion", "listed_from"]

PROMOTION_ENTRY = "#promotion#"  # beside the clusters, whose names can't hold a #


class ListedPromotion(NamedTuple):
    """As every function sees it: the applications (the source first), when another look is due (0: not by the clock),
    and a digest of what the last evaluation saw.
    """

    key: PromotionKey
    apps: tuple[AppKey, ...]
    due: float = 0.0
    seen: str = ""
    label: str = ""


def listed_from(item: Item) -> ListedPromotion:
    """A promotion's entry beside the clusters."""
    return ListedPromotion(
        PromotionKey.parse(item["sk"].removeprefix(PROMOTION_ENTRY)),
        tuple(AppKey.parse(each) for each in item["apps"].splitlines()),
        float(item.get("due", 0.0)),
        item.get("seen", ""),
        item.get("label", ""),
    )
