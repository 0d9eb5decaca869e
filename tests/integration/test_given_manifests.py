"""What a sync to manifests would change that nobody has pushed, in a real cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.differences.expressions import Expressions
from mooring.errors import ConfigurationError
from mooring.flows.asked.looks import ask_look
from mooring.flows.clusters.live import Target
from mooring.flows.looking.answering import answer_look
from mooring.flows.looking.ports import LookPorts
from mooring.model.application import AppKey, parse_application
from mooring.model.objects import Manifest
from tests.doubles.canaries import spellings
from tests.doubles.installation import World
from tests.doubles.realcluster import settle, use

CANARY = "a-guess-of-the-password"
Compare = Callable[..., dict[str, Any]]


def config_map(name: str = "settings", **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(value: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"password": value}}


@pytest.fixture
def compare(make_world: Callable[[], World], target: Target, namespace: str) -> Iterator[Compare]:
    """An application with a setting, another one and a Secret; asks what a sync to others would change."""
    world = make_world()
    use(world, target)
    key = world.declare("shop", namespace=namespace, automated={"prune": True})
    world.push(key, config_map(a="1", b="2"), config_map("old"), secret("a-former-value"))
    assert "Succeeded" == settle(world, key).phase
    pool, expressions = ThreadPoolExecutor(2), Expressions()

    def ask(manifests: object, *, tries: bool = True) -> dict[str, Any]:
        ports: Any = LookPorts(
            world.applications, world.bundles, world.targets, pool,  # type: ignore[arg-type]
            expressions, time.time, time.time() + 20,
        )  # fmt: skip
        return ask_look(lambda question: answer_look(ports, question), "against", key, manifests=manifests, tries=tries)

    yield ask
    pool.shutdown()
    expressions.__exit__(None, None, None)


def told(answer: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["diff"]["kind"] for each in answer["items"]}


def test_manifests_are_compared_as_a_sync_would(compare: Compare) -> None:
    """GIVEN manifests that nobody pushed WHEN compared THEN a change, a new object and a pruned one are told."""
    new = {"apiVersion": "v1", "kind": "List", "items": [config_map("new", c="3")]}
    answer = compare([config_map(a="9"), new, secret("a-former-value")])
    assert {"settings": "changed", "new": "added", "old": "removed"} == told(answer)
    (changed,) = [each["diff"] for each in answer["items"] if each["name"] == "settings"]
    assert ("done", [(".data.a", "1", "9"), (".data.b", "2", None)]) == (
        changed["dryRun"], sorted((c["path"], c["before"], c["after"]) for c in changed["changes"])
    )  # fmt: skip
    assert [] == answer["withheld"]
    # THEN what is the same makes no difference
    assert {} == told(compare([config_map(a="1", b="2"), config_map("old"), secret("a-former-value")]))


def test_a_secret_differs_without_its_value(compare: Compare) -> None:
    """GIVEN another value of a Secret WHEN compared THEN that it differs is told, and neither value."""
    answer = compare([config_map(a="1", b="2"), config_map("old"), secret(CANARY)])
    assert {"token": "changed"} == told(answer)
    for value in (CANARY, "a-former-value"):
        assert [] == [name for name, form in spellings(value).items() if form in repr(answer).encode()]


def test_who_may_only_read_tries_nothing_and_guesses_nothing(compare: Compare) -> None:
    """GIVEN a caller without `override` WHEN compared THEN nothing is tried, and no Secret is compared at all."""
    for guess in ("a-former-value", CANARY):
        answer = compare([config_map(a="9"), config_map("old"), secret(guess)], tries=False)
        assert ({"settings": "changed"}, 1) == (told(answer), len(answer["withheld"]))
        assert "takes the right override" in answer["items"][0]["diff"]["dryRun"]


@pytest.mark.parametrize(
    ("manifests", "words"),
    [
        ("all", "must be a list"),
        ([3], r"manifests\[0\]"),
        ([{"kind": "ConfigMap"}], r"manifests\[0\]"),
        ([config_map(), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}], r"manifests\[1\]"),
    ],
)
def test_what_is_no_manifest_is_refused(compare: Compare, manifests: object, words: str) -> None:
    """GIVEN something else WHEN compared THEN the words name which."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        compare(manifests)
    assert "manifests" == refused.value.field


def test_sources_that_nobody_rendered_stay_as_git_has_them(
    make_world: Callable[[], World], target: Target, namespace: str
) -> None:
    """GIVEN two sources, one with a Secret WHEN the other's manifests are compared THEN the difference is of these alone,
    a pruned object among them; WHEN what git has by source isn't known THEN the error says what to do.
    """
    world = make_world()
    use(world, target)
    key = world.declare("shop", namespace=namespace, automated={"prune": True})
    world.push(key, config_map("one", a="1"), config_map("old"), secret("a-former-value"), config_map("two", b="2"))
    assert "Succeeded" == settle(world, key).phase
    _in_two(world, key, parts=(2, 2))
    ask = _asking(world, key)
    given = [config_map("one", a="9")]
    answer = ask(given, sources=[{"position": 1, "count": 1}])
    assert {"one": "changed", "old": "removed"} == told(answer)
    assert {"one": "changed", "old": "removed"} == told(ask(given, sources=[{"position": 1, "count": 1}], tries=False))
    # THEN without saying so, the other source's objects would go
    assert {"one", "old", "token", "two"} == told(ask(given)).keys()
    both = [config_map("two", b="3"), *given]
    by_each = [{"position": 2, "count": 1}, {"position": 1, "count": 1}]
    gone = {"old": "removed", "token": "removed"}
    assert {"one": "changed", "two": "changed"} | gone == told(ask(both, sources=by_each))
    for wrong in ([], "1", [{"position": 1, "count": 2}], [{"position": 0, "count": 1}], [{"position": 3, "count": 1}]):
        with pytest.raises(ConfigurationError) as raised:
            ask(given, sources=wrong)
        assert "sources" == raised.value.field
    _in_two(world, key, parts=())
    with pytest.raises(ConfigurationError, match="refresh --hard"):
        ask(given, sources=[{"position": 1, "count": 1}])


def _in_two(world: World, key: AppKey, parts: tuple[int, ...]) -> None:
    """The application as if it had two sources, which gave so many objects each; none where that was never counted."""
    record = world.record(key)
    assert record.spec is not None
    assert record.wanted is not None
    declared = record.spec.application.declared
    spec = {name: value for name, value in declared["spec"].items() if name != "source"}
    source = {"repoURL": "https://git.test/acme/shop"}
    spec["sources"] = [{**source, "path": "one"}, {**source, "path": "two"}]
    application = parse_application({**declared, "spec": spec}).application
    generation = record.spec.generation + 1
    changed = replace(record.spec, application=application, generation=generation)
    world.applications.declare(changed, previous=record.spec, follows={})
    world.now += 1
    rendering = replace(record.wanted.rendering, parts=parts)
    again = replace(record.wanted, generation=generation, rendering=rendering, resolved_at=world.now)
    assert [] == world.applications.want([(key, again)])


def _asking(world: World, key: AppKey) -> Compare:
    def ask(manifests: object, **more: Any) -> dict[str, Any]:
        more = {"tries": True} | more
        with ThreadPoolExecutor(2) as pool, Expressions() as expressions:
            ports: Any = LookPorts(
                world.applications, world.bundles, world.targets, pool,  # type: ignore[arg-type]
                expressions, time.time, time.time() + 20,
            )  # fmt: skip
            return ask_look(lambda asked: answer_look(ports, asked), "against", key, manifests=manifests, **more)

    return ask
