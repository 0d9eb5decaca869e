"""The circuit breaker that functions share: who may ask an unreachable cluster, and who learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from mooring.flows.clusters.reaching import Breaker, OutageError
from mooring.state.clusters import Cluster, Outage
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.installation import World, installation

REASON = "https://south.test can't be reached (no connection)"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as make:
        yield make()


class Shore:
    """A registered cluster that answers or not, and functions that ask for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        secrets = SecretStore(boto3.client("secretsmanager", region_name="eu-central-1"))
        self.registry = Registry(world.table, secrets, "mooring")
        self.registry.register_cluster("south", "https://south.test", default=False, config={})
        self.reason = REASON
        self.probes = 0

    def function(self) -> Breaker:
        """Another function's breaker."""

        def probe(cluster: Cluster) -> str:
            self.probes += 1
            return self.reason

        return Breaker(self.registry, probe, lambda: self.world.now)

    @property
    def cluster(self) -> Cluster:
        return self.registry.clusters()[0]


@pytest.fixture
def shore(world: World) -> Shore:
    return Shore(world)


def test_a_doubt_that_proves_true_opens_it_for_everybody(shore: Shore) -> None:
    """GIVEN a cluster that answers nobody THEN since when and why are written, and others don't ask it."""
    first = shore.function()
    first.doubt(shore.cluster)
    assert Outage(shore.world.now, REASON, shore.world.now + 60) == shore.cluster.outage
    assert ["south"] == first.news()
    shore.world.now += 59
    with pytest.raises(OutageError, match=r"since 1970-01-12T13:46:40Z: https://south.test can't be reached"):
        shore.function().let_through(shore.cluster, probing=False)
    assert 1 == shore.probes


def test_a_doubt_that_proves_wrong_is_forgotten(shore: Shore) -> None:
    """GIVEN a request that stayed without an answer WHEN the cluster answers the probe THEN nothing is written."""
    shore.reason = ""
    breaker = shore.function()
    assert shore.cluster == breaker.doubt(shore.cluster)
    assert (None, []) == (shore.cluster.outage, breaker.news())


def test_one_message_a_minute_probes(shore: Shore) -> None:
    """GIVEN an open breaker WHEN several functions meet it a minute later THEN one of them probes, and the others end."""
    shore.function().doubt(shore.cluster)
    shore.world.now += 60
    seen = shore.cluster
    for _ in range(3):
        with pytest.raises(OutageError):
            shore.function().let_through(seen, probing=False)
    assert 2 == shore.probes


def test_a_sweep_probes_and_writes_nothing(shore: Shore) -> None:
    """GIVEN an outage that goes on WHEN sweeps look THEN they probe each time, and what is written stays as it is."""
    shore.function().doubt(shore.cluster)
    before = shore.cluster
    for _ in range(3):
        with pytest.raises(OutageError):
            shore.function().let_through(shore.cluster, probing=True)
    assert (before, 4) == (shore.cluster, shore.probes)


def test_another_reason_is_written_down(shore: Shore) -> None:
    """GIVEN an outage WHEN it goes on for another reason THEN that one is told, since the same time."""
    shore.function().doubt(shore.cluster)
    began = shore.world.now
    shore.world.now += 180
    shore.reason = "south.test has a name that does not resolve"
    with pytest.raises(OutageError, match="does not resolve"):
        shore.function().let_through(shore.cluster, probing=True)
    assert shore.cluster.outage is not None
    assert (began, shore.reason) == (shore.cluster.outage.since, shore.cluster.outage.reason)


def test_a_probe_that_is_answered_closes_it(shore: Shore) -> None:
    """GIVEN an outage WHEN a probe is answered THEN everybody may ask again, and it is news once."""
    shore.function().doubt(shore.cluster)
    seen, shore.reason = shore.cluster, ""
    one, other = shore.function(), shore.function()
    assert one.let_through(seen, probing=True).outage is None
    assert other.let_through(seen, probing=True).outage is None
    assert shore.cluster.outage is None
    assert [["south"], []] == [one.news(), other.news()]


def test_functions_that_find_out_together_write_once(shore: Shore) -> None:
    """GIVEN two functions that meet a dead cluster at once THEN the outage has one beginning and is news once."""
    seen = shore.cluster
    one, other = shore.function(), shore.function()
    one.doubt(seen)
    shore.world.now += 5
    assert other.doubt(seen).outage is not None
    assert shore.cluster.outage is not None
    assert (shore.world.now - 5, [["south"], []]) == (shore.cluster.outage.since, [one.news(), other.news()])


def test_a_new_registration_begins_anew(shore: Shore) -> None:
    """GIVEN an outage WHEN the cluster is registered again THEN it is asked at once."""
    shore.function().doubt(shore.cluster)
    shore.registry.register_cluster("south", "https://south2.test", default=False, config={})
    assert shore.cluster.outage is None
    cluster: Any = shore.function().let_through(shore.cluster, probing=False)
    assert "https://south2.test" == cluster.server
