"""Who watches a cluster, what a watcher knows by heart, and who starts one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mooring.errors import ConfigurationError, PermanentError, UnreachableError
from mooring.flows.sweeps.attending import attend
from mooring.flows.sweeps.remembering import GONE, Memory, mark_of
from mooring.model.application import AppKey
from mooring.model.clusterforms import read_cluster_form
from mooring.model.merges import merge_key
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry
from mooring.starting import WatchStarter
from mooring.state.clusters import Cluster
from mooring.state.watchers import Watchers
from tests.doubles.installation import World, config_map, installation

SHOP = AppKey("argocd", "shop")
A, B = ObjectKey("", "ConfigMap", "shop", "a"), ObjectKey("", "ConfigMap", "shop", "b")
WATCHED = Cluster("one", "https://one.test", False, "secret", annotations={"mooring.dev/drift": "watch"})
SWEPT = Cluster("two", "https://two.test", False, "secret")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with installation() as make:
        yield make()


@pytest.fixture
def watchers(world: World, request: pytest.FixtureRequest) -> Watchers:
    return Watchers(world.table)


def test_a_successor_takes_over(watchers: Watchers) -> None:
    """GIVEN one who watches WHEN another comes and its watches are open THEN it leads, and the former finds out."""
    first = watchers.enter("over", "first", now=0, ttl=60)
    assert first is not None and ("first", "") == (first.holder, first.heir)
    second = watchers.enter("over", "second", now=10, ttl=60)
    assert second is not None and ("first", "second") == (second.holder, second.heir)
    assert watchers.enter("over", "third", now=10, ttl=60) is None
    waiting = watchers.stay("over", "second", now=11, ttl=60)
    assert waiting is not None and "first" == waiting.holder
    leading = watchers.stay("over", "second", now=12, ttl=60, leads=True)
    assert leading is not None and ("second", "") == (leading.holder, leading.heir)
    assert watchers.stay("over", "first", now=13, ttl=60) is None
    watchers.leave("over", "first")
    assert watchers.seat("over").is_watched(13)


def test_the_silent_are_replaced(watchers: Watchers) -> None:
    """GIVEN one who died WHEN its time is over THEN the next one leads at once, and an heir who died keeps nobody out."""
    watchers.enter("silent", "first", now=0, ttl=60)
    watchers.enter("silent", "heir", now=0, ttl=60)
    assert not watchers.seat("silent").is_watched(61)
    second = watchers.enter("silent", "second", now=61, ttl=60)
    assert second is not None and "second" == second.holder
    third = watchers.enter("silent", "third", now=62, ttl=60)
    assert third is not None and "third" == third.heir
    assert watchers.stay("silent", "first", now=63, ttl=60) is None


def test_whoever_leaves_makes_room(watchers: Watchers) -> None:
    """GIVEN one who watches and an heir WHEN the first leaves THEN the heir leads; WHEN both have THEN nobody does."""
    watchers.enter("leave", "first", now=0, ttl=60)
    watchers.enter("leave", "heir", now=0, ttl=60)
    watchers.leave("leave", "first")
    assert "heir" == watchers.seat("leave").holder
    watchers.leave("leave", "heir")
    assert not watchers.seat("leave").is_watched(0)


def test_of_two_at_once_one_reads_again(watchers: Watchers, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN somebody who takes the place between our read and our write THEN we become the heir."""
    seat, raced = watchers.seat, []

    def read(cluster: str) -> Any:
        found = seat(cluster)
        if not raced:
            raced.append(True)
            Watchers(watchers._table).enter(cluster, "other", now=0, ttl=60)
        return found

    monkeypatch.setattr(watchers, "seat", read)
    taken = watchers.enter("race", "mine", now=0, ttl=60)
    assert taken is not None and ("other", "mine") == (taken.holder, taken.heir)


def _entry(key: ObjectKey, **more: str) -> Entry:
    return Entry(key, "v1", digest="d", uid="u", fingerprint="f", generation="1", **more)  # type: ignore[arg-type]


def test_what_is_known_by_heart(world: World) -> None:
    """GIVEN an object as it was applied THEN its mark is known; another mark, or none, differs; an unsure one says
    nothing, and what nobody remembers is nobody's.
    """
    key = world.declare(automated={"prune": True, "selfHeal": True})
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    memory = Memory()
    part = merge_key("shop", "theirs", "ours")  # of a Secret that is somebody else's: the sweep looks at those
    memory.learn(SHOP, 3, {**world.record(key).inventory, B: _entry(B, intent="new"), part: _entry(part)})
    found = world.cluster.get(A)
    assert found is not None
    assert memory.is_as_applied(SHOP, A, mark_of(found))
    assert memory.differs(SHOP, A, GONE)
    assert not memory.differs(SHOP, B, GONE) and not memory.is_as_applied(SHOP, B, GONE)
    stranger = ObjectKey("", "ConfigMap", "shop", "z")
    assert ([], [SHOP], 3) == (memory.owners(stranger), memory.owners(B), memory.token(SHOP))
    assert not memory.differs(SHOP, stranger, GONE)
    assert (SHOP, None) == (memory.labelled("argocd.shop"), memory.labelled("argocd.other"))
    assert {("", "ConfigMap"): "v1"} == memory.kinds
    assert [SHOP] == list(memory.missing("", "ConfigMap", {("shop", "a")}))
    assert [] == list(memory.missing("", "ConfigMap", {("shop", "a"), ("shop", "b")}))
    memory.forget_all_but([])
    assert ([], -1) == (memory.apps, memory.token(SHOP))


def test_ten_thousand_objects_are_small() -> None:
    """GIVEN ten thousand objects WHEN they are remembered THEN that is a few megabytes."""
    import tracemalloc

    keys = (ObjectKey("", "ConfigMap", "shop", f"map-{n}") for n in range(10_000))
    inventory = {key: _entry(key) for key in keys}
    memory = Memory()
    tracemalloc.start()
    memory.learn(SHOP, 1, inventory)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4_000_000


class Starts:
    def __init__(self) -> None:
        self.started: list[str] = []

    def __call__(self, cluster: str, versions: Mapping[str, str]) -> None:
        self.started.append(cluster)


def test_a_sweep_starts_what_is_missing(watchers: Watchers) -> None:
    """GIVEN clusters in several modes THEN one that is to be watched, is used and has no watcher gets one."""
    starts = Starts()
    assert [] == attend(watchers, starts, [WATCHED, SWEPT], ["one", "two"], 0)
    watchers.enter("one", "watcher", now=0, ttl=60)
    assert [] == attend(watchers, starts, [WATCHED, SWEPT], ["one", "two"], 10)
    assert [] == attend(watchers, starts, [WATCHED, SWEPT], ["two"], 100)
    assert ["one"] == starts.started
    assert [] == attend(watchers, starts, [WATCHED, SWEPT], ["one"], 100)
    assert ["one", "one"] == starts.started


def test_without_a_function_the_sweep_says_so(watchers: Watchers) -> None:
    """GIVEN a cluster that is to be watched and no function for it THEN the error says what to deploy."""
    (trouble,) = attend(None, None, [WATCHED, SWEPT], ["one", "two"], 0)
    assert "WatchConcurrency=2" in str(trouble)


class Refusing:
    def __init__(self, code: str) -> None:
        self.code = code

    def invoke(self, **asked: Any) -> Any:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "Invoke")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ResourceNotFoundException", PermanentError), ("TooManyRequestsException", UnreachableError)],
)
def test_lambda_may_refuse(code: str, kind: type[Exception]) -> None:
    """GIVEN a function that is not there, or no room for another, THEN the error tells which and names the cluster."""
    with pytest.raises(kind, match="one"):
        WatchStarter(lambda: Refusing(code), "mooring-watch")("one", {})


@pytest.mark.parametrize("mode", ["", "guess", "Watch"])
def test_modes_are_checked(mode: str) -> None:
    """GIVEN a mode that there is not WHEN a cluster is to have it THEN the error names the annotation."""
    with pytest.raises(ConfigurationError, match=r"annotations.mooring.dev/drift: must be one of sweep, watch, audit"):
        read_cluster_form("one", {"annotations": {"mooring.dev/drift": mode}}, [], whole=False)


def test_the_mode_is_an_annotation() -> None:
    """GIVEN registrations with and without a mode THEN the sweep is the default."""
    assert ("watch", "sweep") == (WATCHED.drift, SWEPT.drift)
