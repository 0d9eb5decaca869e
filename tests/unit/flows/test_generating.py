"""ApplicationSets in the table: what is declared, changed, deleted, and what holds that back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.declaring import declare, delete
from mooring.flows.setasking import confirm_removal, delete_set
from mooring.model.application import AppKey
from tests.doubles.installation import Crash, World, installation
from tests.doubles.setworld import KEY, Sets


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def sets(worlds: Callable[[], World]) -> Sets:
    return Sets(worlds())


def test_applications_come_change_and_go_with_their_parameters(sets: Sets) -> None:
    """GIVEN a set WHEN its generator says something else THEN its applications follow, and only those that differ."""
    sets.declare("a", "b", "c")
    assert ["shop-a", "shop-b", "shop-c"] == sets.names
    assert {"argocd/shops"} == {each.owner for each in sets.applications.values()}
    assert "True" == sets.condition("ResourcesUpToDate")["status"]
    sent = [message.app.name for to, message in sets.world.queues.sent if isinstance(message, AppMessage)]
    assert ["shop-a", "shop-b", "shop-c"] == sent
    sets.give("a", "b/test", "d")
    sets.look()
    assert ["shop-a", "shop-b", "shop-d"] == sets.names
    assert ["shop-c"] == sets.going
    assert {"shop-a": 1, "shop-b": 2, "shop-c": 2, "shop-d": 1} == {
        name: each.generation for name, each in sets.applications.items()
    }
