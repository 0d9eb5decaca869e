"""What the list of applications takes where a page wants rows (`view=summary`), and what operations have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from declared import EACH, PAGES, Access, Param

from mooring.access.rbac import named
from mooring.errors import ConfigurationError
from mooring.flows.asked.costs import GROUPS, list_costs
from mooring.flows.asked.fleet import SORTS, list_summaries
from mooring.flows.asked.summarising import summaries
from mooring.model.application import AppKey

if TYPE_CHECKING:
    from desk import Desk

    from mooring.state.spending import Spent

__all__ = ["SUMMARIES", "add_cost_routes", "list_rows", "refuse_filters"]

SUMMARIES: Final = (
    Param("view", "`summary` for flat rows without statuses, up to 2,000 a page", choices=("summary",)),
    Param("q", "Words that a row has somewhere: name, address, image, label; of summaries"),
    Param("project", "Of these projects (with commas); of summaries, as all that follow"),
    Param("cluster", "Of these clusters, by name or address"),
    Param("sync", "Synced, OutOfSync, Unknown"),
    Param("health", "Healthy, Progressing, Degraded, Suspended, Missing, Unknown"),
    Param("namespace", "Declared in these namespaces"),
    Param("set", "Of these ApplicationSets (NAMESPACE/NAME)"),
    Param("selector", "A label selector: `tier=web,team in (shop, pay),!legacy`"),
    Param("sort", f"One of {', '.join(SORTS)}; with - before it the other way round"),
)


def refuse_filters(desk: Desk) -> None:
    """Raises `ConfigurationError` where a parameter of summaries is given for whole applications."""
    for each in SUMMARIES:
        if desk.query.get(each.name):
            raise ConfigurationError("is a parameter of rows; give view=summary with it", field=each.name)


def list_rows(desk: Desk) -> dict[str, Any]:
    """A page of summaries that the caller may see."""
    rows = summaries(desk.composition.applications)
    if desk.unlimited:
        return list_summaries(rows, desk.query)
    seen = (row for row in rows if desk.may("applications", "get", named(row.project, row.key)))
    return list_summaries(seen, desk.query)


def add_cost_routes(desk: Desk) -> None:
    """Adds what tells costs."""

    @desk.get(
        "/api/v1/costs",
        does="What operations and the renders behind them have cost, by application, project, cluster or day",
        access=Access("applications", "get", EACH),
        tag="costs",
        query=(
            Param("since", "The first day, as 2026-11-01; 30 days back where none is given, 92 days at most"),
            Param("until", "The last day; today where none is given"),
            Param("group", "What is summed up", choices=GROUPS),
            *PAGES,
        ),
        answers="Costs",
    )
    def list_all_costs() -> Any:
        def sees(spent: Spent) -> bool:
            return desk.unlimited or desk.may("applications", "get", named(spent.project, AppKey.parse(spent.app)))

        spending = desk.composition.applications.spending
        return list_costs(spending, desk.query, sees, now=desk.now(), region=desk.composition.region())
