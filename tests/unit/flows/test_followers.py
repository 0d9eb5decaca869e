"""Which applications a push concerns: remembered in few requests, found in one look, however many files it lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.flows.arrivals.pushes import _touched, _with_folders
from mooring.model.application import AppKey, parse_application
from mooring.state.applications import Applications
from mooring.state.lists import Follows
from mooring.state.records import Spec
from mooring.state.table import Table
from tests.doubles.installation import REPOSITORY, World, installation


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


class CountingTable(Table):
    """Remembers how many operations each write had."""

    def __init__(self, table: Table) -> None:
        super().__init__(table._client, table.name)
        self.writes: list[int] = []

    def write(self, *operations: Any) -> None:
        self.writes.append(len(operations))
        super().write(*operations)


def declare(world: World, name: str) -> AppKey:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {"source": {"repoURL": f"https://{REPOSITORY}", "path": name}, "destination": {"name": "in-cluster"}},
    }
    application = parse_application(document).application
    world.applications.declare(Spec(application, 1, ()), previous=None, follows={REPOSITORY: ["HEAD"]})
    return application.key


def test_many_follow_in_few_requests(make_world: Callable[[], World]) -> None:
    """GIVEN 120 renders WHEN their paths are remembered THEN a transaction takes fifty; each push finds each of them."""
    world = make_world()
    keys = [declare(world, f"app-{n:03}") for n in range(120)]
    table = CountingTable(world.table)
    applications = Applications(table)
    applications.follow(Follows(key, {REPOSITORY: (["HEAD"], [key.name, "base"])}, frozenset()) for key in keys)
    assert [100, 100, 40] == table.writes
    apps, _ = applications.followers(REPOSITORY)
    assert {key: (key.name, "base") for key in keys} == {app.key: app.depends for app in apps}


def test_a_deleted_application_keeps_nobody_from_following(make_world: Callable[[], World]) -> None:
    """GIVEN one of several is gone WHEN their paths are remembered THEN the others' are, and it doesn't come back."""
    world = make_world()
    keys = [declare(world, name) for name in ("one", "two")]
    gone = AppKey("argocd", "gone")
    changes = [Follows(key, {REPOSITORY: (["main"], ["base"])}, frozenset()) for key in (keys[0], gone, keys[1])]
    world.applications.follow(changes)
    world.applications.follow([])
    apps, _ = world.applications.followers(REPOSITORY)
    assert {key: ("main",) for key in keys} == {app.key: app.targets for app in apps}


PARTS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(PARTS | st.just("."), max_size=3).map(tuple), st.frozensets(PARTS, max_size=4))
def test_a_path_is_touched_by_itself_and_by_what_is_below(depends: tuple[str, ...], files: frozenset[str]) -> None:
    """What one look finds is what comparing every path with every file would find."""
    below = any(path in (".", file) or file.startswith(f"{path}/") for path in depends for file in files)
    assert (not depends or below) == _touched(depends, _with_folders(files))
