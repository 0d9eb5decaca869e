"""Charts that a chart depends on: nobody reads by others' credentials what the own project does not permit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from mooring.access.parsing import parse_project
from mooring.flows.renders.elsewhere import PermittedCharts
from mooring.flows.rules.permitting import NotPermittedError, permit_source
from mooring.model.application import parse_application
from mooring.source.charts import Version
from mooring.source.oci_auth import is_amazons

PRIVATE, OPEN = "https://charts.test/private", "https://charts.test/open"


class _Charts:
    """Charts of which some are fetched with a credential."""

    def has_credential(self, url: str) -> bool:
        return url.startswith(PRIVATE)

    def resolve(self, url: str, chart: str, revisions: Iterable[str]) -> dict[str, Version]:
        return {each: Version("1.0.0", "") for each in revisions}

    def fetched(self, url: str, chart: str, version: str, *, pass_credentials: bool = False) -> Path:
        return Path("/charts", chart, version)

    def named(self, name: str) -> str | None:
        return PRIVATE


def _permitted(*repositories: str) -> PermittedCharts:
    project = parse_project({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team"},
        "spec": {"sourceRepos": list(repositories)},
    }).project  # fmt: skip
    application = parse_application({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop"},
        "spec": {
            "project": "team",
            "source": {"repoURL": "https://git.test/shop", "path": "."},
            "destination": {"name": "in-cluster", "namespace": "shop"},
        },
    }).application  # fmt: skip
    return PermittedCharts(_Charts(), partial(permit_source, project, application))  # type: ignore[arg-type]


def test_charts_behind_a_credential_need_permission() -> None:
    """GIVEN a project without the repository WHEN a dependency is looked up or fetched there THEN the rule is named."""
    charts = _permitted("https://git.test/*")
    for ask in (
        lambda: charts.resolve(PRIVATE, "web", ["*"]),
        lambda: charts.fetched(PRIVATE, "web", "1.0.0"),
        lambda: charts.fetched(charts.named("private") or "", "web", "1.0.0"),
    ):
        with pytest.raises(NotPermittedError, match=r"does not permit the repository https://charts.test/private"):
            ask()


def test_open_and_permitted_charts_are_fetched() -> None:
    """GIVEN charts that need no credential, and permitted ones WHEN fetched THEN they are there, as in Argo CD."""
    assert Path("/charts/web/1.0.0") == _permitted("https://git.test/*").fetched(OPEN, "web", "1.0.0")
    assert Path("/charts/web/1.0.0") == _permitted(PRIVATE).fetched(PRIVATE, "web", "1.0.0")


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        (True, "oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/charts/web"),
        (True, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/charts"),
        (False, "oci://registry.test/123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        (False, "https://charts.test"),
    ],
)
def test_amazons_registries_are_known(expected: bool, url: str) -> None:
    """GIVEN an address WHEN asked whether the function's own role reads it THEN only Amazon's registries are so."""
    assert expected == is_amazons(url)
