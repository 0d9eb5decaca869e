"""When a sync status is unknown: where something is in the way, and not where nobody has looked yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.state.wanted import RenderFailure
from tests.doubles.installation import World, installation
from tests.doubles.listeners import listeners
from tests.doubles.tellingworld import Telling, subscribed, synced

TRIGGER = "on-sync-status-unknown"


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        yield Telling(make_world(), heard, str(tools["gokit"]))


def test_what_nobody_has_compared_yet_is_no_trouble(telling: Telling) -> None:
    """GIVEN somebody who wants to know of unknown sync statuses WHEN an application is new, is deployed, and is changed
    THEN nobody is told; WHEN it can't be rendered any more THEN that is told once.
    """
    world = telling.world
    key = synced(telling, TRIGGER)
    assert [] == telling.tell()
    world.declare(annotations=subscribed(TRIGGER), ignore=[{"kind": "Secret", "jsonPointers": ["/data"]}])
    world.sync(key)
    assert [] == telling.tell()
    wanted = world.record(key).wanted
    assert wanted is not None
    failure = RenderFailure("no such chart", False, "", wanted.generation, world.now)
    world.applications.want([(key, replace(wanted, failure=failure))])
    assert ["Sync status of argocd/shop is Unknown"] == telling.tell()
