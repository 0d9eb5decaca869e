"""What people choose for one sync: some of the objects, a dry run, its end; and what keeps a sync from beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.asking import is_chosen, read_selectors
from mooring.flows.asked.declaring import AskPorts, ask_sync
from mooring.flows.asked.ending import ask_termination
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.operations import Operation
from tests.doubles.installation import World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WEB = ObjectKey("apps", "Deployment", "shop", "web")
A, B = (ObjectKey("", "ConfigMap", "shop", name) for name in ("a", "b"))


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def _operation(world: World, key: AppKey) -> Operation:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation


def _hook(name: str) -> Manifest:
    job = config_map(name)
    return {
        **job,
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "annotations": {"argocd.argoproj.io/hook": "PreSync"}},
    }


@pytest.mark.parametrize(
    ("expected", "selectors"),
    [
        (True, ()),
        (True, ("apps:Deployment:web",)),
        (True, ("apps:Deployment:shop/web",)),
        (False, ("apps:Deployment:other/web",)),
        (False, (":Deployment:web",)),
        (True, ("*:*:w*",)),
        (False, ("!apps:Deployment:web",)),
        (True, ("!:ConfigMap:*",)),
        (False, ("apps:*:*", "!*:*:web")),
    ],
)
def test_selectors(expected: bool, selectors: tuple[str, ...]) -> None:
    """Selectors fit as those of Argo CD's command do: globs, namespaces, exclusions."""
    assert expected == is_chosen(WEB, read_selectors(selectors))


@pytest.mark.parametrize("text", ["web", "apps:web", "apps::web", "apps:Deployment:", "apps:Deployment:/web"])
def test_bad_selectors(text: str) -> None:
    """What is no selector is refused with its text."""
    with pytest.raises(ConfigurationError, match="resources: must be GROUP:KIND:NAME") as refused:
        read_selectors([text])
    assert repr(text) in str(refused.value)


def test_a_partial_sync_touches_only_what_was_chosen(world: World) -> None:
    """GIVEN two changed objects and hooks WHEN one is chosen THEN it alone is applied and no hook runs."""
    key = world.declare()
    world.push(key, config_map("a", x="1"), config_map("b", x="1"))
    world.request(key)
    world.sync(key)
    world.cluster.applies.clear()
    world.push(key, config_map("a", x="2"), config_map("b", x="2"), _hook("before"))
    world.request(key, resources=[":ConfigMap:a"])
    world.sync(key)
    assert [A] == world.cluster.applies
    status = world.record(key).status
    assert {A: "Synced", B: "OutOfSync"} == {each.key: each.sync for each in status.resources}
    assert ("partial", "Succeeded", "OutOfSync") == (
        _operation(world, key).kind,
        _operation(world, key).phase,
        status.sync,
    )
    assert world.record(key).request is None


def test_a_partial_sync_prunes_only_what_was_chosen(world: World) -> None:
    """GIVEN two objects that left git WHEN one is chosen with prune THEN the other stays and is shown."""
    key = world.declare()
    world.push(key, config_map("a"), config_map("b"), deployment("web"))
    world.request(key)
    world.sync(key)
    world.push(key, deployment("web"))
    world.request(key, True, resources=[":ConfigMap:a"])
    world.sync(key)
    assert {B, WEB} == set(world.cluster.objects) == set(world.record(key).inventory)
    assert [B] == [each.key for each in world.record(key).status.resources if each.requires_pruning]


def test_an_automated_application_syncs_the_rest_by_itself(world: World) -> None:
    """GIVEN an automated application WHEN a part of a commit was synced by hand THEN the next look syncs the rest."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"), config_map("b", x="1"))
    world.request(key, resources=[":ConfigMap:a"])
    world.sync(key)
    assert [A] == list(world.cluster.objects)
    world.sweep()
    world.sync(key)
    assert {A, B} == set(world.cluster.objects)
    assert ("sync", "Succeeded") == (_operation(world, key).kind, _operation(world, key).phase)


def test_a_partial_sync_that_fails_is_not_retried(world: World) -> None:
    """GIVEN an object that is refused WHEN it is synced alone THEN nothing is retried on its account."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"), config_map("b", x="1"))
    world.cluster.refused[A] = "no"
    world.request(key, resources=[":ConfigMap:a"])
    world.sync(key)
    assert ("Failed", None, []) == (_operation(world, key).phase, world.record(key).retry, world.queues.waiting)


def test_a_choice_that_fits_nothing_is_told(world: World) -> None:
    """GIVEN a choice that no object fits WHEN it is synced THEN the operation ends with these words."""
    key = world.declare()
    world.push(key, config_map("a", x="1"))
    world.request(key, resources=["apps:Deployment:nope"])
    world.sync(key)
    operation = _operation(world, key)
    assert ("Error", "resources: the application has no object that apps:Deployment:nope fits") == (
        operation.phase,
        operation.message,
    )
    assert {} == world.cluster.objects


def test_a_partial_sync_waits_for_no_other_object(world: World) -> None:
    """GIVEN an unhealthy object in an earlier wave WHEN one of a later wave is chosen THEN it is applied at once."""
    key = world.declare()
    later = config_map("a", x="1")
    later["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "5"}
    world.push(key, deployment("web"), later)
    world.request(key, resources=[":ConfigMap:a"])
    world.sync(key)
    assert ([A], "Succeeded") == (world.cluster.applies, _operation(world, key).phase)


def test_a_dry_run_changes_nothing_and_tells_all(world: World) -> None:
    """GIVEN an object to create, one to change and one to prune WHEN a dry run is asked for THEN it says just that."""
    key = world.declare()
    world.push(key, config_map("a", x="1"), config_map("b", x="1"))
    world.request(key)
    world.sync(key)
    before, inventory = dict(world.cluster.objects), world.record(key).inventory
    world.cluster.applies.clear()
    world.push(key, config_map("a", x="2"), deployment("web"), _hook("before"))
    world.request(key, True, dry_run=True)
    world.sync(key)
    operation = _operation(world, key)
    assert ("dry run", "Succeeded") == (operation.kind, operation.phase)
    assert {
        A: "would be configured",
        B: "would be pruned",
        WEB: "would be created",
        ObjectKey("batch", "Job", "shop", "before"): "would run",
    } == {each.key: each.message for each in operation.results}
    assert (before, inventory, []) == (world.cluster.objects, world.record(key).inventory, world.cluster.applies)
    assert world.record(key).request is None


def test_a_dry_run_knows_what_may_not_be_pruned(world: World) -> None:
    """GIVEN an object that left git and says Prune=false WHEN a dry run is asked for THEN it would be kept, and why."""
    key = world.declare()
    guarded = config_map("a", x="1")
    guarded["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=false"}
    world.push(key, guarded, deployment("web"))
    world.request(key)
    world.sync(key)
    world.push(key, deployment("web"))
    world.request(key, True, dry_run=True)
    world.sync(key)
    assert "dry run: 1 would be kept" == _operation(world, key).message
    assert "Prune=false" in _operation(world, key).results[0].message


def test_a_dry_run_fails_in_the_servers_words(world: World) -> None:
    """GIVEN an object that the server refuses WHEN a dry run is asked for THEN it fails with what the server says."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"))
    world.cluster.refused[A] = "quota exceeded"
    world.request(key, dry_run=True)
    world.sync(key)
    operation = _operation(world, key)
    assert ("Failed", "dry run: one or more objects would fail, reason: ConfigMap a: quota exceeded") == (
        operation.phase,
        operation.message,
    )
    assert ({}, None) == (world.record(key).inventory, world.record(key).retry)


def test_what_the_sync_would_make_first_is_not_missed(world: World) -> None:
    """GIVEN a new namespace with an object in it WHEN the server can't try the object THEN that is no failure."""
    key = world.declare()
    inside = config_map("a", x="1")
    inside["metadata"]["namespace"] = "new"
    world.push(key, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}, inside)
    world.cluster.refused[replace(A, namespace="new")] = 'namespaces "new" not found'
    world.request(key, dry_run=True)
    world.sync(key)
    assert "dry run: 2 would be created" == _operation(world, key).message


def _hook_sync(world: World, hook: Manifest) -> AppKey:
    """An application whose hook has run and stays."""
    key = world.declare()
    world.push(key, hook, config_map("a", x="1"))
    world.request(key)
    world.sync(key)
    job = ObjectKey("batch", "Job", "shop", "before")
    world.cluster.objects[job]["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    world.sync(key)
    assert "Succeeded" == _operation(world, key).phase
    world.cluster.frozen.add(job)
    return key


def _dry(world: World, key: AppKey) -> dict[str, tuple[str, str]]:
    world.cluster.applies.clear()
    before = dict(world.cluster.objects)
    world.request(key, dry_run=True)
    world.sync(key)
    assert (before, [], []) == (world.cluster.objects, world.cluster.applies, world.cluster.made_room)
    return {each.key.name: (each.phase, each.message) for each in _operation(world, key).results}


def test_a_dry_run_tries_hooks(world: World) -> None:
    """GIVEN a hook that the server refuses WHEN a dry run is asked for THEN it fails with what the server says."""
    key = world.declare()
    world.cluster.refused[ObjectKey("batch", "Job", "shop", "before")] = "image is not signed"
    world.push(key, _hook("before"), config_map("a", x="1"))
    assert ("PreSync", "image is not signed") == _dry(world, key)["before"]
    assert "Failed" == _operation(world, key).phase


def test_a_dry_run_tries_a_hook_whose_name_is_taken(world: World) -> None:
    """GIVEN a hook of an earlier sync, which goes first, WHEN a dry run is asked for THEN it is tried under another name."""
    key = _hook_sync(world, _hook("before"))
    changed = _hook("before")
    changed["data"] = {"x": "another"}
    world.push(key, changed, config_map("a", x="1"))
    tried = (
        "would run; the one of an earlier sync is there: it would be deleted first, so it was tried under another name"
    )
    assert ("PreSync", tried) == _dry(world, key)["before"]
    world.cluster.refused[ObjectKey("batch", "Job", "shop", "before-dry-run")] = "quota exceeded"
    assert ("PreSync", "quota exceeded") == _dry(world, key)["before"]


def test_a_dry_run_tries_hooks_with_generated_names_and_those_of_a_failure(world: World) -> None:
    """GIVEN a hook with generateName and one of SyncFail WHEN a dry run is asked for THEN both are tried and told."""
    key = world.declare()
    generated, trouble = _hook("x"), _hook("trouble")
    generated["metadata"] = {"generateName": "migrate-", "annotations": generated["metadata"]["annotations"]}
    trouble["metadata"]["annotations"] = {"argocd.argoproj.io/hook": "SyncFail"}
    revision = world.push(key, generated, trouble, config_map("a", x="1"))
    results = _dry(world, key)
    assert ("SyncFail", "would run if the sync failed") == results.pop("trouble")
    (name,) = results.keys() - {"a"}
    assert name.startswith(f"migrate-{revision[:7]}-presync-")
    assert ("PreSync", "would run") == results[name]


@pytest.mark.parametrize(
    ("options", "phase", "expected"),
    [
        ("", "Failed", "field is immutable; a field that can't be changed in place was changed"),
        ("Replace=true", "Failed", "field is immutable; a field that can't be changed in place was changed"),
        (
            "Force=true",
            "Succeeded",
            "would be made anew; it would be deleted first, so it was tried under another name",
        ),
        ("Replace=true,Force=true", "Succeeded", "would be made anew; it would be deleted first"),
    ],
)
def test_a_dry_run_of_immutable_fields(world: World, options: str, phase: str, expected: str) -> None:
    """GIVEN a change of an immutable field WHEN a dry run is asked for THEN it says what the object's options bring about."""
    key = world.declare()
    first, second = config_map("a", x="1"), config_map("a", x="2")
    for each in (first, second):
        each["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": options}
    world.push(key, first)
    world.request(key)
    world.sync(key)
    world.cluster.frozen.add(A)
    world.push(key, second)
    assert expected in _dry(world, key)["a"][1]
    assert phase == _operation(world, key).phase


def test_a_dry_run_replaces_where_a_sync_would(world: World) -> None:
    """GIVEN what somebody else set WHEN a dry run of Replace=true is asked for THEN its diff takes that away."""
    key = world.declare()
    first, second = config_map("a", x="1"), config_map("a", x="2")
    for each in (first, second):
        each["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Replace=true"}
    world.push(key, first)
    world.request(key)
    world.sync(key)
    world.cluster.edit(A, lambda live: live["data"].update(theirs="y"))
    world.push(key, second)
    assert "would be configured" == _dry(world, key)["a"][1]
    assert "-  theirs: y" in _operation(world, key).results[0].diff


def _ask(world: World) -> AskPorts:
    return AskPorts(world.applications, world.queues, lambda: world.now, world.registry)  # type: ignore[arg-type]


def _waiting_operation(world: World) -> AppKey:
    key = world.declare(**AUTO)
    world.push(key, _hook("before"), config_map("a", x="1"))
    world.sync(key)
    assert "Running" == _operation(world, key).phase
    return key


def test_a_waiting_operation_is_terminated(world: World) -> None:
    """GIVEN an operation that waits for a hook WHEN it is terminated THEN it fails, its hook goes, nothing retries."""
    key = _waiting_operation(world)
    ask_termination(_ask(world), key, "ada")
    assert "Terminating" == _operation(world, key).phase
    assert ("syncs", key) == (world.queues.sent[-1][0], world.queues.sent[-1][1].app)
    world.sync(key, "person")
    operation = _operation(world, key)
    assert ("Failed", {}) == (operation.phase, world.cluster.objects)
    assert operation.message.startswith("terminated by ada; a new commit or a sync by hand goes on")
    world.sweep()
    world.sync(key)
    assert (operation.id, {}) == (_operation(world, key).id, world.cluster.objects)
    world.request(key)
    world.sync(key)
    assert operation.id != _operation(world, key).id


def test_a_running_operation_stops_at_its_next_write(world: World) -> None:
    """GIVEN a function in the middle of a sync WHEN it is terminated THEN it writes nothing more and comes to an end."""
    key = world.declare(**AUTO)
    first = config_map("a", x="1")
    first["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "-1"}
    world.push(key, first, config_map("b", x="1"))

    def terminate(what: str) -> None:
        world.cluster.after = lambda what: None
        ask_termination(_ask(world), key, "ada")

    world.cluster.after = terminate
    world.sync(key)
    assert ([A], "Terminating") == (world.cluster.applies, _operation(world, key).phase)
    world.sync(key)
    assert "Terminating" == _operation(world, key).phase, "whoever held the lease gets time to notice"
    world.now += 10
    world.sync(key)
    assert ("Failed", [A]) == (_operation(world, key).phase, world.cluster.applies)
    world.request(key)
    world.sync(key)
    assert ({A, B}, "Succeeded") == (set(world.cluster.objects), _operation(world, key).phase)


def test_there_must_be_something_to_terminate(world: World) -> None:
    """GIVEN no operation WHEN somebody terminates it THEN that is told."""
    key = world.declare(**AUTO)
    with pytest.raises(ConfigurationError, match="no operation is in progress"):
        ask_termination(_ask(world), key, "ada")


def test_less_than_a_sync_does_not_replace_a_sync(world: World) -> None:
    """GIVEN an operation that waits WHEN a dry run or a part is asked for THEN the API refuses, and a race is harmless."""
    key = _waiting_operation(world)
    running = _operation(world, key).id
    with pytest.raises(ConflictError, match="another operation is in progress"):
        ask_sync(_ask(world), key, "ada", prune=None, dry_run=True)
    world.request(key, dry_run=True)
    world.sync(key)
    assert (running, "Running") == (_operation(world, key).id, _operation(world, key).phase)
    assert world.record(key).request is not None
