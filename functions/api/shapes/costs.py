"""What operations have cost."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Page


class OperationCost(TypedDict):
    """What an operation took of functions (gigabyte-seconds) and of the table; its last write is left out."""

    gbSeconds: float
    tableRequests: int
    readUnits: float
    writeUnits: float
    usd: NotRequired[float]


class CostSum(OperationCost):
    """Operations, requests of API servers, and what all took together; `renders` is the part that renders took."""

    operations: int
    requests: int
    renders: OperationCost


class CostItem(CostSum):
    """The sum of one application, project, cluster or day."""

    name: str


class PricesUsed(TypedDict):
    """Whose prices they are: the installation's region, or us-east-1 where that is not in the list."""

    region: str
    asOf: str
    currency: Literal["USD"]


class CostsAsked(Page):
    """Which days, and what they come to, all pages together."""

    since: str
    until: str
    group: Literal["application", "project", "cluster", "day"]
    prices: PricesUsed
    total: CostSum


class Costs(TypedDict):
    """Costs of operations with the renders behind them, the dearest first."""

    metadata: CostsAsked
    items: list[CostItem]
