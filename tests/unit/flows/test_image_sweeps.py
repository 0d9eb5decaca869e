"""What a sweep does for images: nothing where nobody has any kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mooring.events.messages import Cause, ImagesMessage, Later
from mooring.flows.images.updaters import declare_updater
from mooring.flows.sweeps.sweeping import SweepPorts, forward, sweep
from mooring.model.imageannotations import IMAGE_LIST
from tests.doubles.installation import World, installation

LOOK = ("images", ImagesMessage(Cause("tick")))


class NoRepositories:
    def resolve(self, url: str, revisions: Any) -> dict[str, str]:
        return dict.fromkeys(revisions, "a" * 40)


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


def swept(world: World) -> list[Any]:
    """What a sweep sends to `images`."""
    world.queues.sent.clear()
    with ThreadPoolExecutor(1) as pool:
        ports = SweepPorts(
            world.applications, world.registry, NoRepositories(), None, world.queues, pool,  # type: ignore[arg-type]
        )  # fmt: skip
        sweep(ports)
    return [each for each in world.queues.sent if each[0] == "images"]


def test_images_are_looked_at_where_somebody_wants_it(worlds: Callable[[], World]) -> None:
    """GIVEN no application that names images, a sweep asks for no look at any; with one, for one look."""
    world = worlds()
    world.declare("plain")
    assert [] == swept(world)
    world.declare("shop", annotations={IMAGE_LIST: "app=ghcr.io/shop/web:1.x"})
    assert [LOOK] == swept(world)


def test_a_resource_is_reason_enough(worlds: Callable[[], World]) -> None:
    """GIVEN an ImageUpdater and no annotation, a sweep asks for a look."""
    world = worlds()
    world.declare("plain")
    refs = [{"namePattern": "*", "images": [{"alias": "app", "imageName": "web:1.x"}]}]
    document = {
        "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
        "kind": "ImageUpdater",
        "metadata": {"name": "all", "namespace": "argocd"},
        "spec": {"applicationRefs": refs},
    }
    declare_updater(world.asking, document, "ada")
    assert [LOOK] == swept(world)


def test_what_waited_comes_back(worlds: Callable[[], World]) -> None:
    """GIVEN a look that was to come later, the sweep sends it to its queue."""
    world = worlds()
    message = ImagesMessage(Cause("retry"), repository="github.com/acme/shop")
    ports = SweepPorts(world.applications, world.registry, None, None, world.queues, None)  # type: ignore[arg-type]
    forward(ports, [Later("images", message)])
    assert [("images", message)] == [each for each in world.queues.sent if each[0] == "images"]
