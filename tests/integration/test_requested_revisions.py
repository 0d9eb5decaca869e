"""A sync to another revision than the declared one: rendered for that request alone, over a real git server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import AskPorts, ask_sync
from mooring.flows.asked.projects import declare_project
from mooring.flows.asked.steering import ask_refresh
from mooring.flows.renders.rendering import handle_renders
from mooring.model.application import AppKey
from mooring.state.operations import Request
from tests.doubles.installation import World, installation
from tests.integration.test_rendering import Ground, config

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def ground(worlds: Callable[[], World], git_server: Served, tmp_path: Path, tools: dict[str, Path]) -> Ground:
    return Ground(worlds(), git_server, tmp_path, tools)


def _ask(ground: Ground, key: AppKey, *revisions: str, **chosen: Any) -> str:
    """Asks for a sync and lets `render` take its message; returns the operation."""
    world = ground.world
    ports: Any = AskPorts(world.applications, world.queues, lambda: world.now, world.registry)
    operation = ask_sync(ports, key, "ada", prune=None, revisions=revisions, **chosen)
    handle_renders(ground.ports(), [AppMessage(key, Cause("person", operation, "ada"))])
    return operation


def _request(ground: Ground, key: AppKey) -> Request:
    request = ground.world.record(key).request
    assert request is not None
    return request


@pytest.mark.parametrize("named", ["first", "feature", "sha", "short"])
def test_a_tag_a_branch_or_a_commit_is_rendered_for_one_request(ground: Ground, named: str) -> None:
    """GIVEN an application at main WHEN another revision is asked for by any name THEN its bundle is the request's, and
    what git wants stays.
    """
    old = ground.git.commit("shop.git", {"app/a.yaml": config("a", x="old")})
    ground.git.tag("shop.git", "first")
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="new")})
    feature = ground.git.commit("shop.git", {"app/a.yaml": config("a", x="feature")}, branch="feature")
    key = ground.declare(source=ground.source("app", targetRevision="main"))
    ground.render(key)
    before = ground.wanted(key)
    operation = _ask(ground, key, {"sha": old, "short": old[:10]}.get(named, named))
    request = _request(ground, key)
    assert request.instead is not None
    assert (operation, feature if named == "feature" else old) == (request.id, request.instead.revision)
    (found,) = ground.world.bundles.load(request.instead.bundle)
    assert {"x": "feature" if named == "feature" else "old"} == found["data"]
    assert (before, {"a": {"x": "new"}}) == (ground.wanted(key), ground.objects(key))
    assert ("syncs", AppMessage(key, Cause("person", operation, "ada"))) == ground.world.queues.sent[-1]
    assert [] == ground.stale(), "nobody follows what was asked for once"


def test_one_of_several_sources_is_moved(ground: Ground) -> None:
    """GIVEN two sources WHEN another revision of the second is asked for THEN the first stays at its own."""
    old = ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1"), "b/b.yaml": config("b", x="1")})
    new = ground.git.commit("shop.git", {"a/a.yaml": config("a", x="2"), "b/b.yaml": config("b", x="2")})
    key = ground.declare(sources=[ground.source("a"), ground.source("b")])
    ground.render(key)
    _ask(ground, key, "", old)
    brings = _request(ground, key).instead
    assert brings is not None
    assert f"{new},{old}" == brings.revision
    found = {each["metadata"]["name"]: each["data"]["x"] for each in ground.world.bundles.load(brings.bundle)}
    assert {"a": "2", "b": "1"} == found


@pytest.mark.parametrize(("revision", "told"), [("nowhere", "nowhere"), ("broken", "a.yaml")])
def test_a_revision_that_can_not_be_had_answers_the_request(ground: Ground, revision: str, told: str) -> None:
    """GIVEN a revision that is not there, or does not render, WHEN it is asked for THEN the request says why, and what
    git wants is as before.
    """
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="1")})
    ground.git.commit("shop.git", {"app/a.yaml": "a: [\n"}, branch="broken")
    key = ground.declare(source=ground.source("app"))
    ground.render(key)
    before = ground.wanted(key)
    _ask(ground, key, revision)
    brings = _request(ground, key).instead
    assert brings is not None
    assert ("", True) == (brings.bundle, told in brings.failure)
    assert before == ground.wanted(key)


def test_signatures_are_asked_for_there_too(ground: Ground) -> None:
    """GIVEN a project that asks for signatures WHEN a revision without one is asked for THEN the request is refused."""
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "team"}}
    declare_project(ground.registry.projects, {**document, "spec": spec})
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="1")})
    ground.git.tag("shop.git", "first")
    key = ground.declare(source=ground.source("app"), project="team")
    ground.render(key)
    signed = {**spec, "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}
    declare_project(ground.registry.projects, {**document, "spec": signed})
    _ask(ground, key, "first")
    brings = _request(ground, key).instead
    assert brings is not None
    assert "is not signed" in brings.failure


def test_a_newer_request_is_not_answered_by_an_older_render(ground: Ground) -> None:
    """GIVEN two requests after each other WHEN the first one's render ends late THEN it does not answer the second."""
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="1")})
    ground.git.tag("shop.git", "first")
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="2")})
    ground.git.tag("shop.git", "last")
    key = ground.declare(source=ground.source("app"))
    ground.render(key)
    real, applications = ground.world.bundles.save, ground.world.applications

    def overtaken(*arguments: Any, **named: Any) -> Any:
        applications.request(key, Request("second", "bob", ground.world.now, revisions=("last",)))
        return real(*arguments, **named)

    ground.world.bundles.save = overtaken  # type: ignore[method-assign]
    _ask(ground, key, "first")
    ground.world.bundles.save = real  # type: ignore[method-assign]
    assert ("second", None) == (_request(ground, key).id, _request(ground, key).instead)


def test_a_hard_refresh_renders_anew(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a rendered application WHEN it is refreshed THEN nothing is rendered; WHEN hard THEN it is, to the same."""
    from mooring.flows.renders import building

    seen: list[str] = []
    real = building.render

    def count(source: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(source.path)
        return real(source, *arguments, **options)

    monkeypatch.setattr(building, "render", count)
    ground.git.commit("shop.git", {"app/a.yaml": config("a", x="1")})
    key = ground.declare(source=ground.source("app"))
    ground.render(key)
    bundle = ground.wanted(key).bundle
    world = ground.world
    ports: Any = AskPorts(world.applications, world.queues, lambda: world.now, world.registry)
    for hard, rendered in ((False, 1), (True, 2)):
        ask_refresh(ports, key, "ada", hard=hard)
        ground.render(key, kind="person")
        assert (rendered, bundle) == (len(seen), ground.wanted(key).bundle)
