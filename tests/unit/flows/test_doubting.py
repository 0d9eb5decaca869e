"""Events that differ: what waits, what is told, and how often."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mooring.cluster.discovery import Resource
from mooring.cluster.observe import Observed
from mooring.errors import UnreachableError
from mooring.flows.sweeps.doubting import Doubts
from mooring.flows.sweeps.remembering import Memory
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry

SHOP, OTHER = AppKey("argocd", "shop"), AppKey("argocd", "other")
A = ObjectKey("", "ConfigMap", "shop", "a")
MAPS = Resource("", "v1", "configmaps", "ConfigMap", True, ())


class Ground:
    """One application of one object, and a clock that tests move."""

    def __init__(self) -> None:
        self.now, self.token, self.busy = 0.0, 1, False
        self.entry = Entry(A, "v1", digest="d", uid="u", fingerprint="f", generation="1")
        self.memory = Memory()
        self.memory.learn(SHOP, self.token, {A: self.entry})
        self.doubts = Doubts(self.memory)
        self.told: list[ObjectKey] = []
        self.fails = False

    def event(self, fingerprint: str, generation: int = 1, *, key: ObjectKey = A, label: str = "argocd.shop") -> None:
        found = Observed(key, "u", generation, "7", fingerprint, label, "", ())
        self.doubts.seen(found, gone=not fingerprint)

    def settle(self, after: float = 0.0) -> bool:
        """One round of a watcher's; whether somebody unknown was seen."""
        self.now += after
        return self.doubts.settle(lambda: self.now, self.learn, lambda *_: [A], self.tell)

    def learn(self, apps: list[AppKey]) -> Mapping[AppKey, bool]:
        if self.memory.token(SHOP) != self.token:
            self.memory.learn(SHOP, self.token, {A: self.entry})
        return dict.fromkeys(apps, self.busy)

    def tell(self, differing: Mapping[AppKey, list[ObjectKey]]) -> None:
        if self.fails and differing:
            raise UnreachableError("SQS can't be reached")
        self.told += [key for keys in differing.values() for key in keys]


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_what_is_as_applied_is_no_doubt(ground: Ground) -> None:
    """GIVEN an event that is as the object was applied THEN nothing is told."""
    ground.event("f")
    ground.settle()
    assert ([], set()) == (ground.told, ground.doubts.kinds())


@pytest.mark.parametrize("fingerprint", ["g", ""])
def test_a_change_is_told_once(ground: Ground, fingerprint: str) -> None:
    """GIVEN a change, or a deletion, WHEN it is settled, and settled again, THEN it is told once."""
    ground.event(fingerprint)
    assert {("", "ConfigMap")} == ground.doubts.kinds()
    ground.settle()
    ground.settle(1)
    assert ([A], set()) == (ground.told, ground.doubts.kinds())


def test_doubts_wait_for_a_sync(ground: Ground) -> None:
    """GIVEN a sync at work WHEN an event differs THEN it waits; its facts, once they are there, explain it."""
    ground.busy = True
    ground.event("g", 2)
    ground.settle()
    ground.busy, ground.token = False, 2
    ground.entry = Entry(A, "v1", digest="d2", uid="u", fingerprint="g", generation="2")
    ground.settle(1)
    assert ([], set()) == (ground.told, ground.doubts.kinds())


def test_the_same_state_is_told_once_until_it_was_put_back(ground: Ground) -> None:
    """GIVEN a change that nobody puts back WHEN its status moves THEN nothing is told again; WHEN it was put back and
    made once more THEN it is.
    """
    for _ in range(4):
        ground.event("g")
        ground.settle(1)
    assert [A] == ground.told
    ground.event("f")
    ground.event("g")
    ground.settle(1)
    assert [A, A] == ground.told


def test_deletions_are_told_each_time(ground: Ground) -> None:
    """GIVEN an object that is deleted again and again THEN each time is told."""
    for _ in range(3):
        ground.event("")
        ground.settle(1)
        ground.event("f")
    assert 3 == len(ground.told)


def test_what_changes_all_the_time_is_told_less_often(ground: Ground) -> None:
    """GIVEN a change every tenth of a second for a minute THEN it is told of a few times, and the last one in the end."""
    for number in range(600):
        ground.event("g", number + 2)
        ground.settle(0.1)
    assert 5 < len(ground.told) < 12
    before = len(ground.told)
    ground.settle(60)
    assert (before + 1, set()) == (len(ground.told), ground.doubts.kinds())


def test_what_could_not_be_told_stays(ground: Ground) -> None:
    """GIVEN a queue that can't be reached WHEN it can again THEN what was in doubt is told."""
    ground.fails = True
    ground.event("g")
    with pytest.raises(UnreachableError):
        ground.settle()
    ground.fails = False
    ground.settle(1)
    assert [A] == ground.told


def test_strangers_are_looked_for_once(ground: Ground) -> None:
    """GIVEN an object of an application that nobody knows THEN it is looked for; a copy from elsewhere is forgotten."""
    copy = ObjectKey("", "ConfigMap", "shop", "copy")
    ground.event("x", key=copy, label="argocd.other")
    assert ground.settle()
    ground.doubts.meet([SHOP])
    assert not ground.settle(1)
    assert ([], set()) == (ground.told, ground.doubts.kinds())


def test_a_list_that_lacks_objects_is_settled(ground: Ground) -> None:
    """GIVEN a list without a remembered object WHEN a sync is at work THEN it waits, and is told afterwards."""
    ground.busy = True
    ground.doubts.listed(MAPS, set())
    ground.settle()
    assert [] == ground.told
    ground.busy = False
    ground.settle(1)
    assert ([A], set()) == (ground.told, ground.doubts.kinds())
