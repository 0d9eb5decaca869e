"""What people do with an application: rolling back, pausing, going on, syncing another revision, confirming."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.declaring import ask_sync, declare
from mooring.flows.asked.ending import ask_termination
from mooring.flows.asked.projects import declare_project
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.steering import ask_confirmation, ask_refresh, ask_rollback, pause, resume
from mooring.flows.rules.permitting import NotPermittedError
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.operations import Instead
from mooring.state.wanted import Commit, ReadSource
from tests.doubles.installation import Crash, World, config_map, deployment

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def _key(kind: str, name: str) -> ObjectKey:
    return ObjectKey("apps" if kind == "Deployment" else "", kind, "shop", name)


A = _key("ConfigMap", "a")


def _two_syncs(world: World, **policy: object) -> tuple[AppKey, str]:
    """An application that was synced to x=1 and then to x=2 and b; with the operation that brought the first."""
    key = world.declare(**policy)
    for objects in ([config_map("a", x="1")], [config_map("a", x="2"), config_map("b", x="2")]):
        world.push(key, *objects)
        if not policy:
            world.request(key)
        world.sync(key)
        world.now += 1
    first = world.applications.operations(key, 10)[-1]
    return key, first.id


def _value(world: World) -> str:
    return str(world.cluster.objects[A]["data"]["x"])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"sourceRepos": ["https://git.test/acme/*"]}, ""),
        ({"sourceRepos": ["git@git.test:acme/*"]}, ""),
        ({"sourceRepos": ["https://git.test/other/*"]}, "repository https://git.test/acme/old"),
        ({"sourceRepos": ["*", "!https://git.test/acme/old"]}, "denies it"),
        ({"sourceRepos": ["*"], "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}, "asks for signatures"),
    ],
)
def test_a_rollback_brings_nothing_that_the_project_forbids_by_now(world: World, spec: Any, words: str) -> None:
    """GIVEN a sync from another repository WHEN the project has changed THEN going back to it takes what renders take."""
    key = world.declare()
    for repository in ("git.test/acme/old", "git.test/acme/new"):
        world.push(key, config_map("a", x=repository))
        wanted = world.record(key).wanted
        assert wanted is not None
        from_there = replace(wanted.commit, repository=repository)
        assert not world.applications.want([(key, replace(wanted, commit=from_there))])
        world.request(key)
        world.sync(key)
        world.now += 1
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "default"},
        "spec": spec,
    }
    declare_project(world.registry.projects, document)
    with pytest.raises(NotPermittedError, match=words) if words else nullcontext():
        ask_rollback(world.asking, key, "ada", to=world.applications.operations(key, 10)[-1].id)


_TWO = (ReadSource("https://git.test/acme/app", "a1"), ReadSource("https://git.test/acme/values", "b1"))
_CHART = (ReadSource("https://charts.test/stable", "1.2.3", in_git=False),)


@pytest.mark.parametrize(
    ("sources", "spec", "words"),
    [
        (_TWO, {"sourceRepos": ["https://git.test/acme/*"]}, ""),
        (_TWO, {"sourceRepos": ["https://git.test/acme/app"]}, "repository https://git.test/acme/values"),
        (_TWO, {"sourceRepos": ["*", "!https://git.test/acme/values"]}, "denies it"),
        (_TWO, {"sourceRepos": ["*"], "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}, "asks for signatures"),
        (
            (replace(_TWO[0], verified=True), replace(_TWO[1], verified=True)),
            {"sourceRepos": ["*"], "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]},
            "",
        ),
        (_CHART, {"sourceRepos": ["https://charts.test/*"]}, ""),
        (_CHART, {"sourceRepos": ["https://git.test/*"]}, "repository https://charts.test/stable"),
        ((), {"sourceRepos": ["*"]}, ""),
        ((), {"sourceRepos": ["https://git.test/*"]}, "does not say which repositories"),
        ((), {"sourceRepos": ["*", "!https://git.test/other"]}, "does not say which repositories"),
    ],
)
def test_a_rollback_asks_about_every_repository_that_was_read(
    world: World, sources: tuple[ReadSource, ...], spec: Any, words: str
) -> None:
    """GIVEN a sync from several sources WHEN the project forbids one of them by now THEN nobody goes back to it; where
    nothing says which they were, only a project without rules lets it in.
    """
    key = world.declare()
    for value in "12":
        world.push(key, config_map("a", x=value))
        wanted = world.record(key).wanted
        assert wanted is not None
        assert not world.applications.want([(key, replace(wanted, commit=replace(wanted.commit, sources=sources)))])
        world.request(key)
        world.sync(key)
        world.now += 1
    past = world.applications.operations(key, 10)[-1]
    assert sources == past.commit.sources
    named = {"metadata": {"name": "default"}, "spec": spec}
    declare_project(world.registry.projects, {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", **named})
    with pytest.raises(NotPermittedError, match=words) if words else nullcontext():
        ask_rollback(world.asking, key, "ada", to=past.id)


def test_a_rollback_pauses_automated_sync_and_says_so(world: World) -> None:
    """GIVEN automated sync WHEN somebody rolls back THEN the old bundle is there, what came later is pruned, and it
    stays, because automated sync is paused, which the status says.
    """
    key, first = _two_syncs(world, **AUTO)
    asked = ask_rollback(world.asking, key, "ada", to=first)
    assert asked.paused is not None
    assert ("syncs", AppMessage(key, Cause("person", asked.id, "ada"))) == world.queues.sent[-1]
    for _ in range(2):
        world.sync(key, "person")
        world.sweep()
    assert ("1", {A}) == (_value(world), set(world.cluster.objects))
    record = world.record(key)
    assert record.request is None
    operation = world.applications.operations(key, 1)[0]
    assert ("sync", "Succeeded", first, "ada") == (
        operation.kind,
        operation.phase,
        operation.returned,
        operation.cause.by,
    )
    shown = show_application(record)["status"]
    assert ("OutOfSync", "ada") == (shown["sync"]["status"], shown["paused"]["by"])
    assert ["AutoSyncPaused"] == [each["type"] for each in shown["conditions"]]


def test_a_commit_while_paused_waits_until_somebody_resumes(world: World) -> None:
    """GIVEN a rolled back application WHEN git moves on THEN nothing happens until it is resumed, and then it does."""
    key, first = _two_syncs(world, **AUTO)
    ask_rollback(world.asking, key, "ada", to=first)
    world.sync(key, "person")
    world.push(key, config_map("a", x="3"))
    world.sync(key)
    world.sweep()
    assert "1" == _value(world)
    assert resume(world.asking, key, "ada")
    assert not resume(world.asking, key, "ada")
    world.sync(key, "person")
    assert ("3", "Synced") == (_value(world), world.record(key).status.sync)
    world.cluster.edit(A, lambda live: live["data"].update(x="hand"))
    world.sweep()
    assert "3" == _value(world)


def test_a_sync_by_hand_ends_the_pause(world: World) -> None:
    """GIVEN a pause WHEN somebody syncs all of what is wanted THEN it is over; a part or a dry run don't end it."""
    key, _ = _two_syncs(world, **AUTO)
    pause(world.asking, key, "ada", "incident 7")
    ask_sync(world.asking, key, "bob", prune=None, resources=(":ConfigMap:a",))
    ask_sync(world.asking, key, "bob", prune=None, dry_run=True)
    spec = world.record(key).spec
    assert spec is not None
    assert spec.paused is not None
    assert "incident 7" == spec.paused.why
    ask_sync(world.asking, key, "bob", prune=None)
    spec = world.record(key).spec
    assert spec is not None
    assert spec.paused is None


def test_a_pause_stops_self_heal_and_automated_sync(world: World) -> None:
    """GIVEN a pause WHEN objects are edited and git moves THEN both are shown and neither is acted upon."""
    key, _ = _two_syncs(world, **AUTO)
    pause(world.asking, key, "ada")
    world.cluster.edit(A, lambda live: live["data"].update(x="hand"))
    world.sweep()
    assert ("hand", "OutOfSync") == (_value(world), world.record(key).status.sync)
    world.push(key, config_map("a", x="3"))
    world.sync(key)
    world.sweep()
    assert "hand" == _value(world)
    before = world.table.get((f"APP#{key}", "LEASE"))
    world.sweep()
    assert before == world.table.get((f"APP#{key}", "LEASE")), "looking again writes nothing"


def test_a_pause_outlives_a_new_declaration(world: World) -> None:
    """GIVEN a pause WHEN the application is declared anew by somebody who knows nothing of it THEN it still holds."""
    key, _ = _two_syncs(world, **AUTO)
    stale = world.record(key).spec
    assert stale is not None
    pause(world.asking, key, "ada")
    with pytest.raises(ConflictError):
        world.applications.replace_spec(replace(stale, generation=9), stale)
    document = {**stale.application.declared, "spec": {**stale.application.declared["spec"], "revisionHistoryLimit": 3}}
    declare(world.asking, document, "parent")
    spec = world.record(key).spec
    assert spec is not None
    assert (True, stale.generation + 1) == (spec.paused is not None, spec.generation)


def test_a_rollback_without_automated_sync_pauses_nothing(world: World) -> None:
    """GIVEN syncs by hand WHEN somebody rolls back THEN nothing is paused, and what came later stays without `prune`."""
    key, first = _two_syncs(world)
    assert ask_rollback(world.asking, key, "ada", to=first).paused is None
    world.sync(key, "person")
    assert ("1", {A, _key("ConfigMap", "b")}) == (_value(world), set(world.cluster.objects))
    ask_rollback(world.asking, key, "ada", to=first, prune=True)
    world.sync(key, "person")
    assert {A} == set(world.cluster.objects)


def test_a_rollback_by_its_place_in_the_history(world: World) -> None:
    """GIVEN two syncs WHEN one is named by its place, or none is THEN it is that one, or the one before the last."""
    key, first = _two_syncs(world, **AUTO)
    assert first == ask_rollback(world.asking, key, "ada", to=1).operation.id
    assert first == ask_rollback(world.asking, key, "ada", to=None).operation.id
    for wrong in (3, "01JABC", 0):
        with pytest.raises(ConfigurationError):
            ask_rollback(world.asking, key, "ada", to=wrong)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_rollback_that_dies_comes_to_its_end(world: World, when: str, steps: int) -> None:
    """GIVEN a rollback WHEN its function dies around any write to the cluster, and git moves on, THEN the next function
    finishes the rollback and not the commit.
    """
    key, first = _two_syncs(world, **AUTO)
    ask_rollback(world.asking, key, "ada", to=first)
    left = [steps]

    def dies(what: str) -> None:
        if not left[0]:
            raise Crash
        left[0] -= 1

    setattr(world.cluster, when, dies)
    with suppress(Crash):
        world.sync(key, "person")
    setattr(world.cluster, when, lambda what: None)
    world.push(key, config_map("a", x="3"))
    world.now += 60
    world.sweep()
    world.sweep()
    assert ("1", {A}) == (_value(world), set(world.cluster.objects))
    done = world.record(key).status.operation
    assert done is not None
    assert (first, "Succeeded", None) == (done.returned, done.phase, world.record(key).request)


def _waiting(world: World) -> AppKey:
    """An application whose automated sync waits for its first wave to become healthy."""
    key = world.declare(**AUTO)
    late = config_map("late", x="1")
    late["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    world.push(key, deployment("web"), late)
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert "Running" == operation.phase
    return key


def test_what_waits_when_it_is_paused_comes_to_its_end(world: World) -> None:
    """GIVEN a sync that waits for health WHEN automated sync is paused THEN the sync is finished all the same."""
    key = _waiting(world)
    pause(world.asking, key, "ada")
    world.cluster.edit(_key("Deployment", "web"), _is_ready)
    world.now += 30
    world.sync(key, "retry")
    operation = world.record(key).status.operation
    assert operation is not None
    assert ("Succeeded", True) == (operation.phase, _key("ConfigMap", "late") in world.cluster.objects)


def test_what_waits_for_something_old_ends_when_it_is_paused(world: World) -> None:
    """GIVEN a sync that waits WHEN it is paused and git moves on THEN it ends as failed, and nothing takes over until it
    is resumed.
    """
    key = _waiting(world)
    pause(world.asking, key, "ada")
    world.push(key, config_map("a", x="3"))
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert ("Failed", True) == (operation.phase, "paused" in operation.message)
    world.sweep()
    assert A not in world.cluster.objects
    resume(world.asking, key, "ada")
    world.sync(key, "person")
    assert "3" == _value(world)


def _is_ready(live: dict[str, Any]) -> None:
    generation = live["metadata"].get("generation", 1)
    replicas = live["spec"]["replicas"]
    live["status"] = {
        "observedGeneration": generation,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "conditions": [{"type": "Available", "status": "True"}],
    }


def test_a_rollback_that_waits_is_terminated(world: World) -> None:
    """GIVEN a rollback that waits for health WHEN it is terminated THEN it ends, its request is answered, the pause stays."""
    key = _waiting(world)
    world.cluster.edit(_key("Deployment", "web"), _is_ready)
    world.now += 30
    world.sync(key, "retry")
    first = world.record(key).status.operation
    assert first is not None
    world.push(key, config_map("a", x="3"))
    world.sync(key)
    ask_rollback(world.asking, key, "ada", to=first.id)
    world.sync(key, "person")
    running = world.record(key).status.operation
    assert running is not None
    assert ("Running", first.id) == (running.phase, running.returned)
    ask_termination(world.asking, key, "bob")
    world.now += 30
    world.sync(key, "person")
    record = world.record(key)
    assert record.status.operation is not None
    assert record.spec is not None
    assert ("Failed", None, True) == (
        record.status.operation.phase,
        record.request,
        record.spec.paused is not None,
    )
    world.sweep()
    assert "Failed" == _phase(world, key)


def _phase(world: World, key: AppKey) -> str:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation.phase


def test_another_revision_waits_for_its_render(world: World) -> None:
    """GIVEN a request for another revision WHEN it is not rendered yet THEN nothing is done, and a tick asks again."""
    key, _ = _two_syncs(world)
    operation = ask_sync(world.asking, key, "ada", prune=None, revisions=("v1",))
    assert ("renders", AppMessage(key, Cause("person", operation, "ada"))) == world.queues.sent[-1]
    world.queues.sent.clear()
    world.sync(key)
    assert [] == world.queues.sent
    world.sweep()
    assert [("renders", AppMessage(key, Cause("person", operation, "ada")))] == world.queues.sent
    request = world.record(key).request
    assert request is not None
    assert (("v1",), None) == (request.revisions, request.instead)
    bundle = world.bundles.save([config_map("a", x="v1")])
    world.applications.fulfil(key, replace(request, instead=Instead("f" * 40, bundle, Commit("Ada"))))
    world.sync(key, "person")
    done = world.record(key).status.operation
    assert done is not None
    assert ("v1", operation, "f" * 40, "Succeeded") == (_value(world), done.id, done.revision, done.phase)
    world.sweep()
    assert "v1" == _value(world), "git is ahead, or behind, and nobody syncs by itself"


def test_a_revision_that_does_not_render_answers_the_request(world: World) -> None:
    """GIVEN a request for a revision that is none WHEN render says so THEN the operation ends with its words."""
    key, _ = _two_syncs(world)
    operation = ask_sync(world.asking, key, "ada", prune=None, revisions=("nowhere",))
    request = world.record(key).request
    assert request is not None
    world.applications.fulfil(key, replace(request, instead=Instead("", "", Commit(), "no such revision")))
    world.sync(key, "person")
    done = world.record(key).status.operation
    assert done is not None
    assert (operation, "Error", "no such revision") == (done.id, done.phase, done.message)
    assert ("2", None) == (_value(world), world.record(key).request)


def test_automated_sync_refuses_another_revision(world: World) -> None:
    """GIVEN automated sync WHEN another revision is asked for THEN it is refused in Argo CD's words, unless it is a dry
    run, the declared revision, or automated sync is paused.
    """
    key, _ = _two_syncs(world, **AUTO)
    with pytest.raises(ConflictError, match="Cannot sync to v1: auto-sync currently set to HEAD"):
        ask_sync(world.asking, key, "ada", prune=None, revisions=("v1",))
    ask_sync(world.asking, key, "ada", prune=None, revisions=("HEAD",))
    ask_sync(world.asking, key, "ada", prune=None, revisions=("v1",), dry_run=True)
    pause(world.asking, key, "ada")
    ask_sync(world.asking, key, "ada", prune=None, revisions=("v1",))
    spec = world.record(key).spec
    assert spec is not None
    assert spec.paused is not None


def test_a_hard_refresh_forgets_what_was_rendered(world: World) -> None:
    """GIVEN a rendered application WHEN it is refreshed hard THEN its rendering stands for nothing any more."""
    key, _ = _two_syncs(world)
    world.queues.sent.clear()
    ask_refresh(world.asking, key, "ada", hard=True)
    cause = Cause("person", by="ada")
    assert [("renders", AppMessage(key, cause)), ("syncs", ClusterMessage("in-cluster", cause, (key,)))] == (
        world.queues.sent
    )
    wanted = world.record(key).wanted
    assert wanted is not None
    assert ("", "", ()) == (wanted.renderer, wanted.rendering.identity, wanted.earlier)


@pytest.mark.parametrize("policy", [AUTO, {}])
def test_a_confirmation_prunes_what_waits_and_nothing_else(world: World, policy: dict[str, object]) -> None:
    """GIVEN an object with Prune=confirm that git no longer has WHEN somebody confirms THEN it goes, and only it."""
    key = world.declare(**policy)
    guarded = config_map("b", x="1")
    guarded["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=confirm"}
    for objects in ([config_map("a", x="1"), guarded, deployment("web")], [config_map("a", x="2"), deployment("web")]):
        world.push(key, *objects)
        if not policy:
            world.request(key, prune=True)
        world.sync(key)
        world.now += 1
    assert _key("ConfigMap", "b") in world.cluster.objects
    if not policy:
        world.push(key, config_map("a", x="3"), deployment("web"))
    ask_confirmation(world.asking, key, "ada")
    world.sync(key, "person")
    assert _key("ConfigMap", "b") not in world.cluster.objects
    assert "2" == _value(world)
    with pytest.raises(ConfigurationError, match="nothing waits"):
        ask_confirmation(world.asking, key, "ada")
