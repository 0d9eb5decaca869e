"""The route that Prometheus scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from declared import EACH, Access, Param

from mooring import __version__
from mooring.access.rbac import named
from mooring.flows.asked.exposing import CONTENT_TYPE, expose
from mooring.flows.asked.summarising import summaries

if TYPE_CHECKING:
    from desk import Desk

    from mooring.state.clusters import Cluster

__all__ = ["add_metric_routes"]


def add_metric_routes(desk: Desk) -> None:
    """Adds what docs/metrics.md has Prometheus ask."""

    @desk.get(
        "/api/v1/metrics",
        does="Applications and clusters as metrics, for Prometheus",
        access=Access("applications", "get", EACH),
        tag="system",
        query=(Param("project", "Of these projects only (with commas), to scrape a large installation in parts"),),
        answers="str",
        content="application/openmetrics-text",
    )
    def get_metrics() -> Any:
        projects = {each for each in (desk.query.get("project") or "").split(",") if each}
        rows = (
            row
            for row in summaries(desk.composition.applications)
            if (not projects or row.project in projects)
            and (desk.unlimited or desk.may("applications", "get", named(row.project, row.key)))
        )
        clusters = [each for each in desk.composition.registry.clusters() if _sees(each)]
        return Response(200, CONTENT_TYPE, expose(rows, clusters, __version__))

    def _sees(cluster: Cluster) -> bool:
        address = cluster.server or cluster.name
        return desk.unlimited or desk.may(
            "clusters", "get", f"{cluster.project}/{address}" if cluster.project else address
        )
