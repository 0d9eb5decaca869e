"""Promotions as people declare them: through the API's flows, and in a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.bodies import parse_render, parse_sync, to_body
from mooring.events.messages import Cause, PromotionMessage
from mooring.flows.asked.projects import declare_project
from mooring.flows.promotions.asking import (
    UnknownPromotionError,
    declare_promotion,
    delete_promotion,
    get_promotion,
    list_promotions,
    promotion_conditions,
    run_promotion,
    suspend_promotion,
)
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.promotionkey import PromotionKey
from tests.doubles.installation import World, config_map, installation

KEY = PromotionKey("argocd", "shop")
AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def document(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "from": {"application": "staging"},
            "to": {"application": "prod"},
            "moves": {"images": ["*"]},
            **spec,
        },
    }


def test_a_promotion_is_declared_changed_and_deleted(world: World) -> None:
    """GIVEN a promotion WHEN it is declared THEN it is looked at, listed and shown; a change counts its generation."""
    declare_promotion(world.asking, document(), "ada")
    assert [("renders", PromotionMessage("argocd/shop", Cause("spec", by="ada")))] == world.queues.sent
    (listed,) = list_promotions(world.asking)
    assert ("Waiting", 1) == (listed["status"]["phase"], listed["metadata"]["generation"])
    declare_promotion(world.asking, document(), "ada")
    assert 1 == get_promotion(world.asking, KEY)["metadata"]["generation"]
    suspend_promotion(world.asking, KEY, "ada", suspend=True)
    shown = get_promotion(world.asking, KEY)
    assert (2, True) == (shown["metadata"]["generation"], shown["spec"]["suspend"])
    world.queues.sent.clear()
    run_promotion(world.asking, KEY, "bert")
    assert [("renders", PromotionMessage("argocd/shop", Cause("person", by="bert")))] == world.queues.sent
    delete_promotion(world.asking, KEY)
    assert [] == list_promotions(world.asking)
    with pytest.raises(UnknownPromotionError):
        get_promotion(world.asking, KEY)


def test_only_its_target_tells_of_a_promotion(world: World) -> None:
    """GIVEN a promotion WHEN applications are shown THEN the target has a condition, and the source has none."""
    declare_promotion(world.asking, document(), "ada")
    (condition,) = promotion_conditions(world.asking, AppKey("argocd", "prod"))
    assert ("Promotion", "argocd/shop: not looked at yet") == (condition["type"], condition["message"])
    assert [] == promotion_conditions(world.asking, AppKey("argocd", "staging"))


def test_a_project_bounds_what_is_declared(world: World) -> None:
    """GIVEN a project WHEN a promotion writes to a repository that it does not permit THEN it is refused."""
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team"},
        "spec": {"sourceRepos": ["https://git.test/team/*"]},
    }
    declare_project(world.registry.projects, project)
    place = {"repoURL": "https://git.test/other/apps", "path": "prod.yaml"}
    with pytest.raises(ForbiddenError, match="git.test/other/apps"):
        declare_promotion(world.asking, document(project="team", to={"application": "prod", "manifest": place}), "ada")
    with pytest.raises(ConfigurationError, match="no project 'nobody'"):
        declare_promotion(world.asking, document(project="nobody"), "ada")


def test_a_bundle_declares_promotions_and_prunes_them(world: World) -> None:
    """GIVEN a promotion in a bundle WHEN its application is synced THEN it is in the registry and not in the cluster,
    an edit by hand is put back, and it goes when git has it no longer.
    """
    root = world.declare("root", namespace="argocd", **AUTO)
    world.push(root, config_map("a"), document())
    world.sync(root)
    status = world.record(root).status
    assert ("Synced", "Healthy") == (status.sync, status.health.status)
    key = ObjectKey("mooring.dev", "Promotion", "argocd", "shop")
    assert (True, False) == (key in world.record(root).inventory, key in world.cluster.objects)
    assert "staging" == get_promotion(world.asking, KEY)["spec"]["from"]["application"]
    declare_promotion(world.asking, document(suspend=True), "mallory")
    world.now += 600
    world.sweep()
    assert "suspend" not in get_promotion(world.asking, KEY)["spec"]
    world.push(root, config_map("a"))
    world.sync(root)
    assert [] == list_promotions(world.asking)


def test_a_message_is_read_as_it_was_sent() -> None:
    """GIVEN a message about a promotion, `render` reads it as it was, and `sync` refuses it."""
    message = PromotionMessage("argocd/shop", Cause("render"))
    assert message == parse_render(to_body(message))
    with pytest.raises(ConfigurationError):
        parse_sync(to_body(message))
