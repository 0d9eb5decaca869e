"""What moves, told from records alone: charts, several sources, and what can't be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from mooring.access.promotion import parse_promotion
from mooring.events.messages import Cause
from mooring.flows.promotions.carrying import Carried, carry
from mooring.flows.promotions.ports import BlockedError
from mooring.model.application import parse_application
from mooring.state.records import Record, Spec
from mooring.state.statuses import Status
from mooring.state.wanted import Commit, Rendering, WantedState
from mooring.writeback.edits import Edit, SetField

CHART = {"repoURL": "https://charts.test/stable", "chart": "web", "targetRevision": "1.*"}
VALUES = {"repoURL": "https://git.test/acme/values", "path": "prod", "targetRevision": "main"}
PLACE = {"repoURL": "https://git.test/acme/apps", "branch": "main", "path": "{application}.yaml"}


def record(name: str, *sources: dict[str, Any], revision: str = "") -> Record:
    """An application that runs this revision."""
    one = len(sources) == 1
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {
            "destination": {"name": "in-cluster", "namespace": "shop"},
            **({"source": sources[0]} if one else {"sources": list(sources)}),
        },
    }
    parsed = parse_application(document).application
    wanted = WantedState(revision, 1, 0.0, Cause("push"), Commit(), "", Rendering("b", (), "", "Helm"))
    return Record(parsed.key, Spec(parsed, 1, ()), wanted, Status("Synced", "b", revision, 1))


def carried(source: Record, *targets: Record, **moves: Any) -> Carried:
    document = {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop"},
        "spec": {
            "from": {"application": source.key.name},
            "to": {"applications": [each.key.name for each in targets], "manifest": PLACE},
            "moves": moves,
        },
    }
    records = {each.key: each for each in (source, *targets)}
    return carry(cast("Any", None), parse_promotion(document).promotion, records)


def field(name: str, path: str, value: str) -> Edit:
    return Edit(f"{name}.yaml", SetField("Application", name, path, value))


def test_the_version_of_a_chart_that_runs_is_written() -> None:
    """GIVEN a range of versions, the target gets the version that the source runs, in each target's own manifest."""
    staging = record("staging", CHART, revision="1.4.0")
    pinned = {**CHART, "targetRevision": "1.3.0"}
    found = carried(staging, record("eu", pinned), record("us", pinned), chartVersion=True)
    where = "spec.source.targetRevision"
    assert (field("eu", where, "1.4.0"), field("us", where, "1.4.0")) == found.edits
    assert ("https://git.test/acme/apps", "main") == (found.url, found.branch)
    assert "chart version of eu: 1.3.0 → 1.4.0" == found.words[0]
    assert (("argocd/eu", 0, "1.4.0"), ("argocd/us", 0, "1.4.0")) == found.expected


def test_of_several_sources_the_one_in_common_is_meant() -> None:
    """GIVEN a chart and a repository of values, each moves where it stands in the target's list."""
    staging = record("staging", CHART, VALUES, revision=f"1.4.0,{'a' * 40}")
    prod = record("prod", VALUES, CHART)
    chart = field("prod", "spec.sources[1].targetRevision", "1.4.0")
    assert (chart,) == carried(staging, prod, chartVersion=True).edits
    both = carried(staging, prod, chartVersion=True, targetRevision="commit").edits
    assert (chart, field("prod", "spec.sources[0].targetRevision", "a" * 40)) == both
    assert (field("prod", "spec.sources[0].targetRevision", "main"),) == carried(
        staging, prod, targetRevision="declared"
    ).edits


def test_the_same_edits_have_the_same_identity() -> None:
    """GIVEN two looks at the same, nothing is new; another value, or another branch, is."""
    staging = record("staging", CHART, revision="1.4.0")
    first = carried(staging, record("prod", CHART), chartVersion=True)
    assert first.identity == carried(staging, record("prod", CHART), chartVersion=True).identity
    newer = replace(staging, status=replace(staging.status, revision="1.5.0"))
    assert first.identity != carried(newer, record("prod", CHART), chartVersion=True).identity
    assert first.identity != replace(first, branch="other").identity


@pytest.mark.parametrize(
    ("target", "moves", "told"),
    [
        ([VALUES], {"chartVersion": True}, "no source in common"),
        ([CHART], {"targetRevision": "commit"}, "no source in common"),
        ([CHART], {"images": ["*"]}, "no source in git"),
        ([VALUES], {"images": ["*"]}, "images move in kustomizations only"),
        ([VALUES], {"targetRevision": "commit", "images": ["*"]}, "images move in kustomizations only"),
    ],
)
def test_what_can_not_move_is_an_error(target: list[dict[str, Any]], moves: dict[str, Any], told: str) -> None:
    """GIVEN applications that have not in common what is to move, the error says what is missing."""
    staging = record("staging", CHART, VALUES, revision=f"1.4.0,{'a' * 40}")
    with pytest.raises(BlockedError, match=told):
        carried(
            record("staging", CHART, revision="1.4.0") if target == [CHART] else staging,
            record("prod", *target),
            **moves,
        )


def test_sources_that_could_both_be_meant_are_refused() -> None:
    """GIVEN a source that has the chart twice, it can't be told which version is to move."""
    staging = record("staging", CHART, {**CHART, "targetRevision": "2.*"}, revision="1.4.0,2.0.0")
    with pytest.raises(BlockedError, match="several sources that could be meant"):
        carried(staging, record("prod", CHART), chartVersion=True)
