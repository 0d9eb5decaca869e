"""A generated fleet is the same each time, and Mooring reads it as its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from bench.fleets import fleet, populate
from mooring.flows.asked.fleet import list_summaries
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.summarising import summaries
from tests.doubles.installation import World, installation

NOW = 1_700_000_000.0


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


def test_a_seed_gives_one_fleet() -> None:
    """GIVEN a seed WHEN a fleet is made twice THEN it is the same; with another seed it is another."""
    assert list(fleet(20, now=NOW)) == list(fleet(20, now=NOW))
    assert list(islice(fleet(2_000, now=NOW), 20)) == list(fleet(20, now=NOW))
    assert list(fleet(20, now=NOW, seed=2)) != list(fleet(20, now=NOW))


def test_it_has_what_fleets_have() -> None:
    """GIVEN 500 applications WHEN looked at THEN there are several projects, clusters and healths, drift and failures."""
    members = list(fleet(500, now=NOW))
    assert {"Healthy", "Progressing", "Degraded", "Suspended", "Missing"} == {m.status.health.status for m in members}
    assert 5 < len({member.status.cluster for member in members})
    assert 5 < len({member.spec.application.project for member in members})
    assert any(resource.drift for member in members for resource in member.status.resources)
    assert any(member.wanted.failure for member in members)
    assert 500 == len({member.key for member in members})


def test_what_is_written_reads_as_written(make_world: Callable[[], World]) -> None:
    """GIVEN a fleet in a table WHEN listed in both ways THEN the rows are those of the whole applications."""
    world = make_world()
    keys = populate(world.table, 60, now=NOW)
    rows = {each.key: each for each in summaries(world.applications)}
    assert sorted(keys) == sorted(rows)
    for key, record in world.applications.load(keys).items():
        shown = show_application(record)["status"]
        assert (shown["sync"]["status"], shown["health"]["status"]) == (rows[key].sync, rows[key].health)
    assert 60 == list_summaries(rows.values(), {})["metadata"]["totals"]["applications"]
    history = world.applications.operations(keys[0], 10)
    assert sorted((each.started_at for each in history), reverse=True) == [each.started_at for each in history]
