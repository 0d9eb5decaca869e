"""What the stream or the queue tells a second time, at the worst moment, is still told to people once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mooring.flows.telling.noticing import notice
from mooring.state.records import Deleting
from mooring.state.table import delete
from tests.doubles.installation import Crash, World, config_map, installation
from tests.doubles.listeners import listeners
from tests.doubles.tellingworld import Telling, subscribed, synced


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        yield Telling(make_world(), heard, str(tools["gokit"]))


def test_a_deletion_that_is_told_again_after_it_was_done_with_is_told_once(telling: Telling) -> None:
    """GIVEN a batch with an application's end, wholly noticed WHEN the stream tells it again, because another function's
    write came between THEN nobody hears of it twice; and an application of the same name is a new one.
    """
    key = synced(telling, "on-created", "on-deployed", "on-deleted")
    telling.tell()
    spec = telling.world.record(key).spec
    assert spec is not None
    again = replace(spec, deleting=Deleting(True, "ada", telling.world.now), generation=9)
    telling.world.applications.replace_spec(again, spec)
    telling.world.table.write(delete(("APP#argocd/shop", "SPEC")))
    changes = telling.changes()
    notice(telling.ports, changes)
    telling.deliver()
    said = telling.heard.said()
    assert 1 == said.count("argocd/shop is being deleted")
    for _ in range(2):
        notice(telling.ports, changes)
        for change in changes:
            notice(telling.ports, [change])
        telling.deliver()
    assert said == telling.heard.said()
    telling.world.declare(annotations=subscribed("on-created"))
    assert 2 == telling.tell().count("argocd/shop was created")


def test_a_note_that_was_written_is_sent_though_the_world_has_moved_on(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a function that dies between a note and its message WHEN meanwhile the application is another THEN the note
    still goes out.
    """
    world = telling.world
    key = synced(telling, "on-sync-succeeded", "on-created")
    changes = telling.changes()

    def dying(*arguments: Any, **named: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(telling.queue, "send", dying)
        with pytest.raises(Crash):
            notice(telling.ports, changes)
    world.now += 60
    world.push(key, config_map("settings", level="warn"))
    world.declare(annotations=subscribed("on-deployed"))
    notice(telling.ports, changes)
    telling.deliver()
    assert {"argocd/shop was created", "argocd/shop was synced"} == set(telling.heard.said())
    assert {"sent"} == {note.state for note in telling.told.of(str(key))}
