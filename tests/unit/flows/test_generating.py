"""ApplicationSets in the table: what is declared, changed, deleted, and what holds that back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import declare, delete
from mooring.flows.sets.enacting import delete_members
from mooring.flows.sets.setasking import confirm_removal, delete_set
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


def test_nothing_new_writes_only_the_lease(sets: Sets) -> None:
    """GIVEN a set whose generators say what they said WHEN it is evaluated again THEN nothing is declared or sent."""
    sets.declare("a", "b")
    sets.world.queues.sent.clear()
    before, shown = sets.applications, sets.shown()
    sets.look()
    assert (before, shown, []) == (sets.applications, sets.shown(), sets.world.queues.sent)


def test_a_generator_that_fails_changes_and_deletes_nothing(sets: Sets) -> None:
    """GIVEN a failing generator WHEN evaluated THEN applications stay, and a condition names it until it is well."""
    sets.declare("a", "b")
    before = sets.applications
    sets.service.fails = True
    sets.look()
    assert before == sets.applications
    error = sets.condition("ErrorOccurred")
    assert "True" == error["status"]
    assert "the plugin does not answer" in error["message"]
    assert "False" == sets.condition("ResourcesUpToDate")["status"]
    sets.service.fails = False
    sets.look()
    assert "False" == sets.condition("ErrorOccurred")["status"]
    assert before == sets.applications


def test_a_large_removal_waits_for_just_that_confirmation(sets: Sets) -> None:
    """GIVEN most applications vanish WHEN evaluated THEN none goes until somebody repeats the token of that removal."""
    sets.declare("a", "b", "c", "d", "e")
    sets.give("a", "b")
    sets.look()
    assert [] == sets.going
    held = sets.shown()["status"]["heldRemoval"]
    assert ["shop-c", "shop-d", "shop-e"] == held["applications"]
    assert f"mooring appset confirm shops {held['token']}" in sets.condition("ResourcesUpToDate")["message"]
    with pytest.raises(ConfigurationError, match="token"):
        confirm_removal(sets.world.asking, KEY, "another", "ada")
    assert ("shop-c", "shop-d", "shop-e") == confirm_removal(sets.world.asking, KEY, held["token"], "ada")
    sets.give("a")
    sets.look()
    assert [] == sets.going  # what would go is more than what was confirmed
    confirm_removal(sets.world.asking, KEY, sets.shown()["status"]["heldRemoval"]["token"], "ada")
    sets.look()
    assert ["shop-b", "shop-c", "shop-d", "shop-e"] == sets.going
    assert "True" == sets.condition("ResourcesUpToDate")["status"]


def test_the_last_application_waits_too(sets: Sets) -> None:
    """GIVEN a generator that answers nothing WHEN evaluated THEN all applications wait for a confirmation."""
    sets.declare("a")
    sets.give()
    sets.look()
    assert (["shop-a"], []) == (sets.names, sets.going)


def test_what_belongs_to_somebody_else_is_left_alone(sets: Sets) -> None:
    """GIVEN an application of a generated name WHEN evaluated THEN it stays as it is, and the set says whose it is."""
    document = sets.document()["spec"]["template"]["spec"] | {"source": {"repoURL": "https://git.test/x", "path": "p"}}
    application = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop-a"}}
    declare(sets.world.asking, {**application, "spec": {**document, "destination": {"name": "in-cluster"}}}, "bob")
    sets.declare("a", "b")
    assert "bob" == sets.applications["shop-a"].by
    assert "shop-a exists already and belongs to bob" in sets.condition("ErrorOccurred")["message"]
    assert ["shop-a", "shop-b"] == sets.names


def test_an_application_that_is_not_permitted_holds_up_no_other(sets: Sets) -> None:
    """GIVEN a project that is not there WHEN evaluated THEN its applications are refused, the others are declared."""
    template: dict[str, Any] = sets.document()["spec"]["template"]
    template["spec"]["project"] = "{{stage}}"
    sets.declare("a/default", "b/nowhere", template=template)
    assert ["shop-a"] == sets.names
    assert "shop-b" in sets.condition("ErrorOccurred")["message"]
    assert "nowhere" in sets.condition("ErrorOccurred")["message"]


@pytest.mark.parametrize(
    ("policy", "generations", "going"),
    [
        ("create-only", {"shop-a": 1, "shop-b": 1, "shop-c": 1}, []),
        ("create-update", {"shop-a": 2, "shop-b": 1, "shop-c": 1}, []),
        ("create-delete", {"shop-a": 1, "shop-b": 2, "shop-c": 1}, ["shop-b"]),
    ],
)
def test_policies_hold_changes_back(sets: Sets, policy: str, generations: dict[str, int], going: list[str]) -> None:
    """GIVEN a policy WHEN one changes, one vanishes and one is new THEN only what it names happens."""
    sets.declare("a", "b", syncPolicy={"applicationsSync": policy})
    sets.give("a/test", "c")
    sets.look()
    assert generations == {name: each.generation for name, each in sets.applications.items()}
    assert going == sets.going


def test_resources_are_preserved_on_deletion(sets: Sets) -> None:
    """GIVEN preserveResourcesOnDeletion WHEN an application goes THEN without its objects; else with them."""
    sets.declare("a", "b", "c", syncPolicy={"preserveResourcesOnDeletion": True})
    assert {()} == {each.application.finalizers for each in sets.applications.values()}
    sets.give("a", "b")
    sets.look()
    deleting = sets.applications["shop-c"].deleting
    assert deleting is not None
    assert not deleting.cascade


def test_edits_are_put_back_and_ignored_ones_kept(sets: Sets) -> None:
    """GIVEN edits by hand WHEN evaluated THEN they are put back, but for what the set is told to ignore."""
    sets.declare("a", ignoreApplicationDifferences=[{"jsonPointers": ["/spec/source/targetRevision"]}])
    for revision, namespace in (("v2", "a"), ("v2", "elsewhere")):
        document = sets.applications["shop-a"].application.declared
        source = {**document["spec"]["source"], "targetRevision": revision}
        destination = {**document["spec"]["destination"], "namespace": namespace}
        edited = {**document, "spec": {**document["spec"], "source": source, "destination": destination}}
        declare(sets.world.asking, edited, "bob")
        assert "argocd/shops" == sets.applications["shop-a"].owner
        sets.look()
        found = sets.applications["shop-a"].application
        assert ("v2", "a") == (found.source.target_revision, found.destination.namespace)


def test_an_application_that_somebody_deletes_comes_back(sets: Sets) -> None:
    """GIVEN a generated application WHEN a person deletes it THEN it is declared anew once it is gone."""
    sets.declare("a", "b")
    delete(sets.world.asking, AppKey("argocd", "shop-a"), "bob", cascade=False)
    sets.look()
    assert ["shop-a"] == sets.going
    sets.forget("shop-a")
    sets.look()
    assert ["shop-a", "shop-b"] == sets.names


def test_deleting_a_set_takes_its_applications_along(sets: Sets) -> None:
    """GIVEN a set WHEN it is deleted THEN its applications go first, then everything that is known of it."""
    sets.declare("a", "b")
    delete_set(sets.world.asking, KEY, "ada", cascade=True)
    sets.look()
    assert ["shop-a", "shop-b"] == sets.going
    sets.forget("shop-a", "shop-b")
    sets.look()
    assert [] == sets.world.registry.sets.listed()
    assert sets.world.registry.sets.load([KEY])[KEY].spec is None


def test_applications_can_outlive_their_set_and_be_taken_back(sets: Sets) -> None:
    """GIVEN a set that is deleted without its applications WHEN it is declared anew THEN it takes up only those that
    it generates."""
    sets.declare("a", "b")
    delete_set(sets.world.asking, KEY, "ada", cascade=False)
    sets.look()
    sets.look()
    assert [] == sets.world.registry.sets.listed()
    assert [("shop-a", ""), ("shop-b", "")] == [(name, each.owner) for name, each in sets.applications.items()]
    sets.declare("a")
    assert ["argocd/shops", ""] == [each.owner for each in sets.applications.values()]
    assert [] == sets.going


def test_two_evaluations_do_not_undo_each_other(sets: Sets) -> None:
    """GIVEN an evaluation that saw less WHEN a newer one has begun since THEN the older one writes nothing."""
    sets.declare("a", "b", "c")
    ports = sets.ports("old")
    record = sets.world.registry.sets.load([KEY])[KEY]
    stale = sets.world.registry.sets.begin(record, owner="old", now=sets.world.now, ttl=1)
    sets.world.now += 2
    sets.give("a", "b", "c", "d")
    sets.look(owner="new")
    before = sets.applications
    with pytest.raises(ConflictError):
        delete_members(ports, stale, ["shop-d"], before, sets.world.now, keep=False)
    assert before == sets.applications


def test_a_busy_set_comes_back_later(sets: Sets) -> None:
    """GIVEN an evaluation at work WHEN somebody asks THEN the message comes back, and a tick does not."""
    sets.declare("a")
    record = sets.world.registry.sets.load([KEY])[KEY]
    sets.world.registry.sets.begin(record, owner="other", now=sets.world.now, ttl=100)
    sets.world.queues.waiting.clear()
    sets.look("tick")
    assert [] == sets.world.queues.waiting
    sets.look("person")
    assert ["argocd/shops"] == [later.message.set for later, _ in sets.world.queues.waiting]  # type: ignore[union-attr]


def test_a_crash_among_hundreds_ends_the_same(sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN 150 new applications and 30 that go WHEN the function dies at any of its writes THEN the next one gets
    to the same end."""
    names = [f"n{number:03}" for number in range(180)]
    sets.declare(*names[:60])
    sets.give(*names[30:])
    table, write = sets.world.table, sets.world.table.write
    left, died = 0, 0

    def dying(*operations: Any) -> None:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        write(*operations)

    monkeypatch.setattr(table, "write", dying)
    for allowed in range(40):
        left = allowed
        sets.world.now += 1000  # the lease of the dead one runs out
        try:
            sets.look()
        except Crash:
            died += 1
            continue
        break
    assert died > 3
    left = 1000
    sets.look()
    assert [f"shop-{name}" for name in names[30:]] == sets.names
    assert [f"shop-{name}" for name in names[:30]] == sets.going
    assert {1} == {each.generation for name, each in sets.applications.items() if each.deleting is None}
    assert "True" == sets.condition("ResourcesUpToDate")["status"]


def test_messages_follow_what_was_written(sets: Sets) -> None:
    """A render for each application that is new, and a sync for each that is to go."""
    sets.declare("a", "b", "c")
    sets.world.queues.sent.clear()
    sets.give("a", "b", "d")
    sets.look()
    by = "applicationset argocd/shops"
    assert [
        ("renders", AppMessage(AppKey("argocd", "shop-d"), Cause("spec", by=by))),
        ("syncs", AppMessage(AppKey("argocd", "shop-c"), Cause("person", by=by))),
    ] == sets.world.queues.sent
