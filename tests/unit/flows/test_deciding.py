"""Decisions of objects in a cluster, as evaluations and sweeps meet them; reading them is tried on a real cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from mooring.events.messages import ApplicationSetMessage, Cause, ClusterMessage
from mooring.flows.sets.previewing import handle_sets_and_previews
from mooring.flows.sets.setasking import ask_preview, read_preview
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.flows.syncs.sync import handle_syncs
from mooring.state.clusters import Cluster
from mooring.state.decisions import MOST_BYTES, Answer, Asked, Decided
from tests.doubles.installation import World, installation
from tests.doubles.setworld import KEY, Sets

GENERATOR = {"clusterDecisionResource": {"configMapRef": "pond", "labelSelector": {"matchLabels": {"tier": "gold"}}}}
ASKED = Asked("pond", "", "tier in (gold)")


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def sets(worlds: Callable[[], World]) -> Sets:
    """A set in an installation whose default cluster decides between `eu` and `us`."""
    made = Sets(worlds())
    for name in ("eu", "us"):
        made.world.registry.change_cluster(Cluster(name, f"https://{name}.test", False, name))
    made.world.registry.change_cluster(Cluster("main", "https://main.test", True, "main"))
    return made


def decide(sets: Sets, *names: str, cluster: str = "main") -> None:
    """What `sync` would leave behind."""
    found = tuple({"clusterName": name, "stage": "prod"} for name in names)
    sets.world.registry.decisions.keep(KEY, Decided(cluster, {ASKED: Answer("clusterName", found)}))


def wanted(sets: Sets) -> list[ClusterMessage]:
    sent = [message for to, message in sets.world.queues.sent if isinstance(message, ClusterMessage) and message.sets]
    sets.world.queues.sent.clear()
    return sent


def test_what_was_read_from_another_cluster_is_read_anew(sets: Sets) -> None:
    """GIVEN decisions of a cluster WHEN another one becomes the default THEN nothing changes until that was read."""
    sets.declare(generators=[GENERATOR])
    assert [ClusterMessage("main", Cause("spec"), sets=(str(KEY),))] == wanted(sets)
    decide(sets, "eu", "us")
    sets.look()
    assert (["shop-eu", "shop-us"], []) == (sets.names, wanted(sets))
    sets.world.registry.change_cluster(Cluster("eu", "https://eu.test", True, "eu"))
    sets.look()
    assert [ClusterMessage("eu", Cause("tick"), sets=(str(KEY),))] == wanted(sets)
    assert "True" == sets.condition("ResourcesUpToDate")["status"]
    decide(sets, "us", cluster="eu")
    sets.look()
    assert (["shop-us"], ["shop-eu"]) == (sets.names, sets.going)


def test_without_a_default_cluster_nobody_decides(sets: Sets) -> None:
    """GIVEN no default cluster WHEN a set asks for decisions THEN that is its error, and nobody is asked."""
    sets.world.registry.change_cluster(Cluster("main", "https://main.test", False, "main"))
    sets.declare(generators=[GENERATOR])
    assert "no default cluster is registered" in sets.condition("ErrorOccurred")["message"]
    assert [] == wanted(sets)


def test_a_sweep_asks_only_for_sets_that_want_decisions(sets: Sets) -> None:
    """GIVEN a set of parameters, then one of decisions WHEN swept THEN the cluster is asked for the second alone."""

    def swept() -> list[ClusterMessage]:
        sets.world.queues.sent.clear()
        with ThreadPoolExecutor(1) as pool:
            ports = SweepPorts(
                sets.world.applications, sets.world.registry, cast("Any", None), cast("Any", None),
                cast("Any", sets.world.queues), pool, lambda: sets.world.now,
            )  # fmt: skip
            sweep(ports)
        return wanted(sets)

    sets.declare()
    assert [] == swept()
    sets.declare(generators=[GENERATOR])
    assert [ClusterMessage("main", Cause("tick"), sets=(str(KEY),))] == swept()
    assert "conditions" in sets.shown()["status"]


def test_what_can_not_be_read_or_kept_is_told(sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a place without objects, then too many decisions WHEN read THEN the set says so and goes on as it was."""
    sets.world.registry.change_cluster(Cluster("in-cluster", "https://main.test", True, "main"))
    sets.declare(generators=[GENERATOR])
    decide(sets, "eu", cluster="in-cluster")
    sets.look()
    wanted(sets)
    message = ClusterMessage("in-cluster", Cause("tick"), sets=(str(KEY), "argocd/unknown"))
    assert [] == handle_syncs(sets.world.ports(), [message])
    assert [("renders", ApplicationSetMessage(str(KEY), Cause("tick")))] == sets.world.queues.sent
    sets.look()
    assert "has no objects that could decide" in sets.condition("ErrorOccurred")["message"]
    monkeypatch.setattr("mooring.flows.syncs.consulting.MOST_BYTES", 10)
    handle_syncs(sets.world.ports(), [message])
    sets.look()
    assert "larger than" in sets.condition("ErrorOccurred")["message"]
    assert (["shop-eu"], []) == (sets.names, sets.going)
    assert MOST_BYTES < 400 * 1024


def test_a_preview_says_what_has_not_been_read(sets: Sets) -> None:
    """GIVEN a set that is not declared WHEN previewed THEN it says that decisions are read when it is."""

    def preview() -> Any:
        ident = ask_preview(sets.world.asking, sets.document(generators=[GENERATOR]), "ada")
        message = ApplicationSetMessage(str(KEY), Cause("person"), preview=ident)
        handle_sets_and_previews(sets.ports(), [message])
        return read_preview(sets.world.asking, ident)

    assert "pond (tier in (gold)) have not been read from the cluster main yet" in preview()["error"]
    sets.declare(generators=[GENERATOR])
    decide(sets, "eu")
    assert ["shop-eu"] == [each["name"] for each in preview()["added"]]
