"""What syncs tell of themselves: each operation once when it begins and once when it ends, and nothing of idle looks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from mooring import invocation
from mooring.errors import UnreachableError
from mooring.events.bodies import parse_sync, to_body
from mooring.events.messages import AppMessage, Cause
from mooring.invocation import take_messages
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from tests.doubles.installation import World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WEB = ObjectKey("apps", "Deployment", "shop", "web")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was told since it was asked last."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    return read


def _shop(world: World) -> AppKey:
    key = world.declare(**AUTO)
    world.push(key, deployment("web"), config_map("a", x="1"))
    world.sync(key)
    return key


def test_an_operation_is_told_when_it_begins_and_ends(world: World, told: Callable[[], list[dict[str, Any]]]) -> None:
    """GIVEN two objects in git WHEN they are synced THEN two lines name the operation, and the second what it did."""
    key = _shop(world)
    begun, ended = told()
    operation = world.record(key).status.operation
    assert operation is not None
    assert (["sync begun", "sync ended"], {operation.id}) == (
        [begun["message"], ended["message"]], {begun["operation"], ended["operation"]},
    )  # fmt: skip
    assert (1, 2, "succeeded", str(key)) == tuple(
        ended[each] for each in ("SyncsSucceeded", "ObjectsApplied", "outcome", "application")
    )
    assert not {"ObjectsFailed", "SyncsFailed", "DriftReverted"} & ended.keys()


def test_idle_looks_tell_nothing(world: World, told: Callable[[], list[dict[str, Any]]]) -> None:
    """GIVEN a cluster as git wants it WHEN it is looked at again and again THEN not one line is written."""
    _shop(world)
    told()
    for _ in range(3):
        world.now += 180
        world.sweep()
    assert [] == told()


def test_drift_is_told_when_it_is_found_and_put_back(world: World, told: Callable[[], list[dict[str, Any]]]) -> None:
    """GIVEN an edit by hand WHEN a sweep finds it THEN it is told once that it was found, and once that it is undone."""
    _shop(world)
    told()
    world.cluster.edit(WEB, lambda live: live["spec"].update(replicas=9), manager="kubectl-edit")
    world.now += 60
    world.sweep()
    found, begun, ended = told()
    assert ("drift found", 1, {"changed": 1}) == (found["message"], found["DriftFound"], found["what"])
    assert ("heal", "heal", 1) == (begun["kind"], ended["kind"], ended["DriftReverted"])
    # THEN putting back says nothing of how long commits take
    assert "CommitToSyncedSeconds" not in ended


def test_what_comes_again_is_told_with_its_chain(
    told: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a batch whose work fails WHEN taken THEN each message's line has the id of what began its chain."""
    here = Logger(service="told", stream=sys.stdout)  # a process has one, with the output of whichever test was first
    monkeypatch.setattr(invocation, "logger", lambda: here)
    messages = [AppMessage(AppKey("argocd", name), Cause("push", f"delivery-{name}")) for name in ("a", "b")]
    records = [{"messageId": each.app.name, "body": to_body(each)} for each in messages]

    def work(_: Any) -> None:
        raise UnreachableError("the table can't be reached")

    failed = take_messages({"Records": records}, parse_sync, work)
    assert ["a", "b"] == [each["itemIdentifier"] for each in failed["batchItemFailures"]]
    assert ["delivery-a", "delivery-b"] == [each["correlation_id"] for each in told()]
