"""Lists of applications come in pages that a function can answer with, and nothing is lost between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause
from mooring.flows.asked.listing import list_applications
from mooring.model.application import parse_application
from mooring.model.objects import ObjectKey
from mooring.state.operations import Operation, ResourceResult
from mooring.state.records import Spec
from mooring.state.statuses import Resource, Status
from mooring.state.wanted import Commit
from tests.doubles.installation import REPOSITORY, World, installation

LIMIT = 5 * 1000 * 1000  # bytes; AWS Lambda, "Lambda quotas": 6 MB for an answer


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def pages(world: World, **asked: str) -> list[dict[str, Any]]:
    """All pages, each asked for with the token of the one before."""
    found = [list_applications(world.applications, None, **asked)]
    while token := found[-1]["metadata"].get("continue"):
        found.append(list_applications(world.applications, None, **{**asked, "after": token}))
    return found


def test_thousands_of_applications_worth_of_data_fit_answers(world: World) -> None:
    """GIVEN 24,000 objects and 12 MB of declared values WHEN listed THEN each answer is below 5 MB, none is missing."""
    values = 'a: "é"\n' * 6_000
    keys = [ObjectKey("apps", "Deployment", "shop", f"web-{n}") for n in range(200)]
    operation = Operation(
        "1", "sync", "Succeeded", "done", 1.0, 2.0, "a" * 40, "b" * 64, 1, Cause("tick"), Commit(),
        results=tuple(ResourceResult(key, "v1", "configured", "") for key in keys),
    )  # fmt: skip
    status = Status(
        sync="Synced", resources=tuple(Resource(key, "v1", 0, "Synced") for key in keys), operation=operation
    )
    names = [f"app-{n:03}" for n in range(120)]
    for name in names:
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name},
            "spec": {
                "source": {"repoURL": f"https://{REPOSITORY}", "path": ".", "helm": {"values": values}},
                "destination": {"name": "in-cluster"},
            },
        }
        record = world.record(world.declare(name))
        assert record.spec is not None
        world.applications.replace_spec(Spec(parse_application(document).application, 2, ()), record.spec)
        world.applications.observe(record, now=1.0, inventory={}, status=status)
    found = pages(world)
    assert 2 < len(found)
    assert names == [item["metadata"]["name"] for page in found for item in page["items"]]
    for page in found:
        assert LIMIT > len(json.dumps({"statusCode": 200, "body": json.dumps(page, separators=(",", ":"))}))
    shown = found[0]["items"][0]["status"]
    assert {"status": "Synced", "revision": ""} | {"status": "Unknown"} == shown["sync"]
    assert "resources" not in shown
    assert {"revision": "a" * 40} == shown["operationState"]["syncResult"]


def test_pages_follow_one_another(world: World) -> None:
    """GIVEN five applications WHEN asked for two at a time THEN three pages hold them in order, and count what is left."""
    for name in ("e", "a", "d", "b", "c"):
        world.declare(name)
    found = pages(world, limit="2")
    assert [["a", "b"], ["c", "d"], ["e"]] == [[i["metadata"]["name"] for i in page["items"]] for page in found]
    assert [3, 1, None] == [page["metadata"].get("remainingItemCount") for page in found]
    assert {"metadata": {}, "items": found[0]["items"] + found[1]["items"] + found[2]["items"]} == list_applications(
        world.applications, None
    )


def test_what_is_declared_meanwhile_is_listed(world: World) -> None:
    """GIVEN a page WHEN an application is declared that belongs behind it THEN the next page has it."""
    for name in ("a", "c"):
        world.declare(name)
    first = list_applications(world.applications, None, limit="1")
    world.declare("b")
    second = list_applications(world.applications, None, limit="9", after=first["metadata"]["continue"])
    assert ["b", "c"] == [item["metadata"]["name"] for item in second["items"]]


def test_nothing_is_an_empty_list(world: World) -> None:
    """GIVEN no applications WHEN listed THEN there is one empty page."""
    assert {"metadata": {}, "items": []} == list_applications(world.applications, None)


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("limit", {"limit": "-1"}),
        ("limit", {"limit": "two"}),
        ("continue", {"after": "%"}),
        ("continue", {"after": "_w"}),
    ],
)
def test_bad_parameters_are_named(world: World, field: str, asked: dict[str, str]) -> None:
    """GIVEN a limit or a token that is none WHEN listed THEN the error names the parameter."""
    with pytest.raises(ConfigurationError) as caught:
        list_applications(world.applications, None, **asked)
    assert field == caught.value.field
