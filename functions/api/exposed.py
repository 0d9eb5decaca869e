"""The route that Prometheus scrapes.

Who may scrape sees the whole installation, so that a token with this right alone (`metrics, get, *`) is enough, and a
scrape decides nothing for each application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from declared import Access, Param

from mooring import __version__
from mooring.flows.asked.exposing import CONTENT_TYPE, expose
from mooring.flows.asked.summarising import summaries

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_metric_routes"]


def add_metric_routes(desk: Desk) -> None:
    """Adds what docs/metrics.md has Prometheus ask."""

    @desk.get(
        "/api/v1/metrics",
        does="Applications and clusters as metrics, for Prometheus",
        access=Access("metrics", "get", "*"),
        tag="system",
        query=(Param("project", "Of these projects only (with commas), to scrape a large installation in parts"),),
        answers="str",
        content="application/openmetrics-text",
    )
    def get_metrics() -> Any:
        projects = {each for each in (desk.query.get("project") or "").split(",") if each}
        rows = summaries(desk.composition.applications)
        wanted = (row for row in rows if not projects or row.project in projects)
        return Response(200, CONTENT_TYPE, expose(wanted, desk.composition.registry.clusters(), __version__))
