"""Every operation says in its record who and what was behind it, and what each object was before and after."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from mooring.flows.asked.declaring import ask_sync, delete
from mooring.flows.asked.looks import UnknownOperationError
from mooring.model.application import AppKey
from mooring.model.chain import find_faults
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.operations import DIGITS, Operation
from tests.doubles.installation import World, config_map, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
CHANGES = ObjectKey("", "ConfigMap", "shop", "changes")


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as make:
        yield make()


def newest(world: World, key: AppKey) -> Operation:
    """The operation on record last; the chain up to it is whole."""
    found = list(world.applications.links(key, "", "~"))
    assert [] == find_faults(str(key), (link for _, link, _ in found), world.applications.ends([key])[key])
    return max(found, key=lambda each: each[1].seq)[2]


def synced(world: World) -> tuple[AppKey, str, str]:
    """An application after its second sync, and the bundles before and after that."""
    key = world.declare(**AUTO)
    world.push(key, config_map("stays", x="1"), config_map("changes", x="1"), config_map("goes", x="1"))
    world.sync(key)
    first = world.record(key).status.bundle
    world.now += 60
    world.push(key, config_map("stays", x="1"), config_map("changes", x="2"), config_map("new", x="1"))
    world.sync(key)
    return key, first, world.record(key).status.bundle


def test_a_sync_tells_what_each_object_was_and_became(world: World) -> None:
    """GIVEN a commit that adds, changes and removes WHEN synced THEN bundles and digests before and after are told."""
    key, first, second = synced(world)
    operation = newest(world, key)
    assert ("sync", first, second) == (operation.kind, operation.former, operation.bundle)
    told = {result.key.name: (result.status, bool(result.before), bool(result.after)) for result in operation.results}
    assert {
        "changes": ("configured", True, True),
        "new": ("created", False, True),
        "goes": ("pruned", True, False),
    } == told
    changed = next(result for result in operation.results if result.key == CHANGES)
    assert world.record(key).inventory[CHANGES].digest[:DIGITS] == changed.after != changed.before


def test_the_fields_that_a_sync_changed_can_be_asked_for(world: World) -> None:
    """GIVEN an operation on record WHEN asked what it changed THEN each field comes with both values, a Secret's hashed."""
    key = world.declare(**AUTO)
    world.push(key, config_map("changes", x="1"), config_map("goes", x="1"), secret("hunter1"))
    world.sync(key)
    world.push(key, config_map("changes", x="2"), config_map("new", x="1"), secret("hunter2"))
    world.sync(key)
    sent = list(world.queues.sent)
    found = world.look(key, "changes", operation=newest(world, key).id)
    assert ([], 0) == (world.queues.sent[len(sent) :], found["leftOut"])
    told = {each["object"].rpartition("/")[2]: each["fields"] for each in found["objects"]}
    assert [{"path": ".data.x", "before": "1", "after": "2"}] == told["changes"]
    assert [("(object)", True, False)] == [(f["path"], f["before"] is None, f["after"] is None) for f in told["new"]]
    assert [("(object)", False, True)] == [(f["path"], f["before"] is None, f["after"] is None) for f in told["goes"]]
    (hidden,) = told["token"]
    assert hidden["before"].startswith("(hmac:") and hidden["before"] != hidden["after"]
    # THEN its digests are those of the same operation's manifests
    manifests = world.look(key, "manifests", at=newest(world, key).id)["manifests"]
    assert [hidden["after"]] == [each["data"]["password"] for each in manifests if each["kind"] == "Secret"]
    with pytest.raises(UnknownOperationError):
        world.look(key, "changes", operation="01NOPE")


def test_what_does_not_fit_is_said(world: World) -> None:
    """GIVEN fields beyond what one answer takes WHEN asked for THEN the object is named, and its fields are cut."""
    key = world.declare(**AUTO)
    world.push(key, config_map("changes", x="1"), *(config_map(f"large-{number}", x="x") for number in range(2)))
    world.sync(key)
    large = [config_map(f"large-{number}", x="y" * 2_000_000) for number in range(2)]
    world.push(key, config_map("changes", x="2"), *large)
    world.sync(key)
    found = world.look(key, "changes", operation=newest(world, key).id)
    told = {each["object"].rpartition("/")[2]: (len(each["fields"]), each.get("cut")) for each in found["objects"]}
    assert {"changes": (1, None), "large-0": (1, None), "large-1": (0, True)} == told


def secret(value: str) -> Manifest:
    """A Secret with one key."""
    data = {"password": base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token", "namespace": "shop"}, "data": data}


def test_a_heal_changes_nothing_of_what_git_wants(world: World) -> None:
    """GIVEN an edit WHEN it is undone THEN the record is a heal by a tick, of which the digests are the same."""
    key, first, second = synced(world)
    world.now += 60
    world.cluster.edit(CHANGES, lambda live: live["data"].update(x="9"))
    world.sweep()
    operation = newest(world, key)
    assert ("heal", "tick", first, second) == (
        operation.kind, operation.cause.kind, operation.former, operation.bundle
    )  # fmt: skip
    (result,) = operation.results
    assert ("configured", result.before) == (result.status, result.after)


@pytest.mark.parametrize(
    ("given", "kind", "chosen"),
    [
        ({"resources": (":ConfigMap:changes",)}, "partial", (":ConfigMap:changes",)),
        ({"dry_run": True}, "dry run", ()),
        ({}, "sync", ()),
    ],
)
def test_a_person_is_on_record_with_what_they_chose(
    world: World, given: dict[str, object], kind: str, chosen: tuple[str, ...]
) -> None:
    """GIVEN a person who asks for less than a sync, or for one THEN the record names them, the request and the choice."""
    key, _, _ = synced(world)
    world.now += 60
    request = ask_sync(world.asking, key, "ada", prune=None, **given)  # type: ignore[arg-type]
    world.sync(key, "person")
    operation = newest(world, key)
    assert (kind, "person", "ada", request, chosen) == (
        operation.kind, operation.cause.kind, operation.cause.by, operation.id, operation.chosen
    )  # fmt: skip


@pytest.mark.parametrize("cascade", [True, False])
def test_a_deletion_is_the_last_record(world: World, cascade: bool) -> None:
    """GIVEN somebody who deletes an application WHEN it is gone THEN its records are there, and the last says by whom."""
    key, _, _ = synced(world)
    world.now += 60
    delete(world.asking, key, "ada", cascade=cascade)
    world.sync(key, "person")
    assert world.record(key).spec is None
    operation = newest(world, key)
    assert ("delete", "Succeeded", "ada") == (operation.kind, operation.phase, operation.cause.by)
    pruned = {result.key.name for result in operation.results if result.status == "pruned" and result.before}
    assert ({"stays", "changes", "new"} if cascade else set()) == pruned
    assert [key] == world.applications.on_record()
    assert [] == world.applications.operations(key, 10)


def test_an_operation_begun_anew_under_its_id_hides_none(world: World) -> None:
    """GIVEN a sync that somebody asked for and that waits WHEN a commit takes over THEN both are on record."""
    key = world.declare(**AUTO)
    world.push(key, config_map("web"))
    world.sync(key)
    world.now += 60
    request = ask_sync(world.asking, key, "ada", prune=None)
    record = world.record(key)
    status = record.status
    assert status.operation is not None
    waiting = Operation(
        request, "sync", "Running", "waiting", world.now, 0.0, "old", "old", 1, status.operation.cause,
        status.operation.commit,
    )  # fmt: skip
    held = world.applications.begin(
        world.applications.load([key], inventory=True)[key], owner="t", now=world.now, ttl=0, inventory=record.inventory,
        status=status,
    )  # fmt: skip
    world.applications.finish(
        held, inventory=record.inventory, status=type(status)(operation=waiting), operation=waiting, retry=None
    )
    world.now += 60
    world.push(key, config_map("web", x="2"))
    world.sync(key)
    told = [(each.id, each.phase) for _, _, each in world.applications.links(key, request, "~")]
    assert [(request, "Failed"), (request, "Succeeded")] == told
    newest(world, key)
