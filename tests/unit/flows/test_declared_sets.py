"""App of apps with ApplicationSets: they stand in a bundle, and waves wait for what they generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.events.messages import ApplicationSetMessage, AppMessage, Cause
from mooring.flows.setasking import declare_set
from mooring.flows.showing import show_application
from mooring.flows.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.installation import World, config_map, installation
from tests.doubles.setworld import KEY, Sets

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
OBJECT = ObjectKey("argoproj.io", "ApplicationSet", "argocd", "shops")


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def sets(worlds: Callable[[], World]) -> Sets:
    return Sets(worlds())


def in_bundle(sets: Sets, **spec: Any) -> Manifest:
    document = sets.document(**spec)
    return {**document, "metadata": {**document["metadata"], "namespace": "argocd"}}


def health(sets: Sets, root: AppKey) -> str:
    status: str = show_application(sets.world.record(root))["status"]["health"]["status"]
    return status


def go_on(sets: Sets, root: AppKey) -> None:
    sets.world.now += 60
    handle_syncs(sets.world.ports(), [AppMessage(root, Cause("tick"))])


def test_a_wave_waits_until_applications_are_generated(sets: Sets) -> None:
    """GIVEN a set in a bundle before a later wave WHEN synced THEN that wave comes when its applications are there."""
    later = config_map("later")
    later["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    root = sets.world.declare("root", **AUTO)
    sets.world.push(root, in_bundle(sets), later)
    sets.give("a", "b")
    sets.world.sync(root)
    assert ("renders", ApplicationSetMessage(str(KEY), Cause("spec", by="application argocd/root"))) in (
        sets.world.queues.sent
    )
    assert [] == [key for key in sets.world.cluster.objects if key.name == "later"]
    sets.look("spec")
    assert ["root", "shop-a", "shop-b"] == sets.names
    go_on(sets, root)
    assert ["later"] == [key.name for key in sets.world.cluster.objects if key.name == "later"]
    assert "Healthy" == health(sets, root)
    sets.service.fails = True
    sets.look()
    sets.world.sweep()
    assert "Degraded" == health(sets, root)


def test_a_set_that_git_no_longer_has_goes_with_its_applications(sets: Sets) -> None:
    """GIVEN a declared set WHEN its manifest leaves git THEN it is pruned, and its applications with it."""
    root = sets.world.declare("root", **AUTO)
    sets.world.push(root, in_bundle(sets), config_map("stays"))
    sets.give("a")
    sets.world.sync(root)
    sets.look("spec")
    go_on(sets, root)
    sets.world.push(root, config_map("stays"))
    sets.world.sync(root)
    sets.look("person")
    assert ["shop-a"] == sets.going
    sets.forget("shop-a")
    sets.look()
    assert [] == sets.world.registry.sets.listed()
    go_on(sets, root)
    assert {"stays"} == {key.name for key in sets.world.record(root).inventory}


def test_edits_of_a_declared_set_are_drift(sets: Sets) -> None:
    """GIVEN a declared set WHEN somebody declares it differently THEN the next look puts back what git says."""
    root = sets.world.declare("root", **AUTO)
    sets.world.push(root, in_bundle(sets))
    sets.give("a")
    sets.world.sync(root)
    sets.look("spec")
    go_on(sets, root)
    record = sets.world.registry.sets.load([KEY])[KEY]
    assert record.spec is not None
    declared = record.spec.application_set.declared
    edited = {**declared, "spec": {**declared["spec"], "syncPolicy": {"applicationsSync": "create-only"}}}
    declare_set(sets.world.asking, edited, "bob")
    sets.world.sweep()
    record = sets.world.registry.sets.load([KEY])[KEY]
    assert record.spec is not None
    assert "sync" == record.spec.application_set.policy
    assert [OBJECT] == [key for key in sets.world.record(root).inventory if key.kind == "ApplicationSet"]
