"""What generated applications change among those that exist."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.doubles.generatorworld import World, declared

from mooring.appsets.generating import Generated, generate
from mooring.appsets.planning import plan, waits
from mooring.model.applicationset import ApplicationSet
from mooring.model.objects import Manifest

ELEMENTS = {"list": {"elements": [{"name": name} for name in ("a", "b", "c", "d")]}}


def generated(found: ApplicationSet, *names: str) -> tuple[Generated, ...]:
    """Those of its applications."""
    return tuple(each for each in generate(found, World().ports()) if each.name in names)


def existing(found: ApplicationSet, *names: str) -> dict[str, Manifest]:
    """Its applications as they were generated once, free to be changed."""
    return {each.name: copy.deepcopy(dict(each.document)) for each in generated(found, *names)}


def test_planning_what_is_there_plans_nothing() -> None:
    """GIVEN applications as generated WHEN planned THEN all are unchanged, and status counts for nothing."""
    found = declared(ELEMENTS)
    owned = existing(found, "a", "b", "c", "d")
    owned["a"] |= {"status": {"health": "Degraded"}}
    owned["a"]["metadata"]["uid"] = "1"
    made = plan(found, generated(found, "a", "b", "c", "d"), owned, {})
    assert made.empty
    assert ("a", "b", "c", "d") == made.unchanged


def test_applications_are_created_changed_and_deleted() -> None:
    """The policy `sync` does all three."""
    found = declared(ELEMENTS)
    owned = existing(found, "b", "c", "d")
    owned["b"]["spec"]["source"]["path"] = "old"
    made = plan(found, generated(found, "a", "b", "d"), owned, {})
    assert ["a"] == [each.name for each in made.create]
    assert [("b", "old", "web")] == [
        (each.name, each.before["spec"]["source"]["path"], each.after["spec"]["source"]["path"]) for each in made.update
    ]
    assert (("c",), ("d",), ()) == (made.delete, made.unchanged, made.held)


@pytest.mark.parametrize(
    ("policy", "updated", "outdated", "deleted", "kept"),
    [
        ("create-only", (), ("b",), (), ("c",)),
        ("create-update", ("b",), (), (), ("c",)),
        ("create-delete", (), ("b",), ("c",), ()),
        ("sync", ("b",), (), ("c",), ()),
    ],
)
def test_policies_hold_back_what_they_name(
    policy: str, updated: tuple[str, ...], outdated: tuple[str, ...], deleted: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """And the dry run still says what they hold back."""
    found = declared(ELEMENTS, syncPolicy={"applicationsSync": policy})
    owned = existing(found, "b", "c", "d")
    owned["b"]["spec"]["project"] = "old"
    made = plan(found, generated(found, "a", "b", "d"), owned, {})
    assert ["a"] == [each.name for each in made.create]
    assert updated == tuple(each.name for each in made.update)
    assert (outdated, deleted, kept) == (made.outdated, made.delete, made.kept)


def test_preserved_fields_stay_as_they_are() -> None:
    """GIVEN labels and annotations that somebody else set WHEN planned THEN the preserved ones count for nothing."""
    found = declared(ELEMENTS, preservedFields={"annotations": ["mine"], "labels": ["team"]})
    owned = existing(found, "a")
    owned["a"]["metadata"] |= {
        "annotations": {"mine": "x", "argocd.argoproj.io/refresh": "hard"},
        "labels": {"team": "x"},
        "finalizers": [*owned["a"]["metadata"]["finalizers"], "post-delete-finalizer.argocd.argoproj.io/cleanup"],
    }
    assert ("a",) == plan(found, generated(found, "a"), owned, {}).unchanged
    owned["a"]["metadata"]["labels"]["other"] = "y"
    after = plan(found, generated(found, "a"), owned, {}).update[0].after
    assert {"team": "x"} == after["metadata"]["labels"]
    assert {"mine": "x", "argocd.argoproj.io/refresh": "hard"} == after["metadata"]["annotations"]


@pytest.mark.parametrize(
    "rule",
    [
        {"jsonPointers": ["/spec/source/targetRevision", "/spec/syncPolicy"]},
        {"jqPathExpressions": [".spec.source.targetRevision", ".spec.syncPolicy"], "name": "a"},
    ],
)
def test_ignored_fields_are_whoever_elses(rule: dict[str, Any]) -> None:
    """GIVEN ignored fields that differ WHEN another one does, too THEN the update leaves them as they are."""
    found = declared(ELEMENTS, ignoreApplicationDifferences=[rule])
    owned = existing(found, "a")
    owned["a"]["spec"]["source"]["targetRevision"] = "hotfix"
    owned["a"]["spec"]["syncPolicy"] = {"automated": {}}
    assert ("a",) == plan(found, generated(found, "a"), owned, {}).unchanged
    owned["a"]["spec"]["source"]["path"] = "old"
    after = plan(found, generated(found, "a"), owned, {}).update[0].after
    assert {**owned["a"]["spec"]["source"], "path": "web"} == after["spec"]["source"]
    assert {"automated": {}} == after["spec"]["syncPolicy"]


def test_a_rule_for_one_application_is_for_no_other() -> None:
    """Names are exact."""
    found = declared(ELEMENTS, ignoreApplicationDifferences=[{"name": "b", "jsonPointers": ["/spec/project"]}])
    owned = existing(found, "a", "b")
    for document in owned.values():
        document["spec"]["project"] = "old"
    assert ["a"] == [each.name for each in plan(found, generated(found, "a", "b"), owned, {}).update]


def test_what_belongs_to_somebody_else_is_left_alone() -> None:
    """GIVEN an application of the same name that was made by hand WHEN planned THEN it is a conflict."""
    found = declared(ELEMENTS)
    made = plan(found, generated(found, "a"), {}, {"a": "nobody"})
    assert made.empty
    assert [("a", "nobody")] == [(each.name, each.owner) for each in made.conflicts]


def test_a_large_removal_waits_for_its_own_confirmation() -> None:
    """GIVEN all to be removed WHEN planned THEN it waits; the token of another removal does not help."""
    found = declared(ELEMENTS)
    owned = existing(found, "a", "b", "c", "d")
    held = plan(found, (), owned, {})
    assert (("a", "b", "c", "d"), ()) == (held.held, held.delete)
    fewer = plan(found, generated(found, "a"), owned, {})
    assert ("b", "c", "d") == fewer.held
    assert () == plan(found, (), owned, {}, confirmed=fewer.token).delete
    assert ("a", "b", "c", "d") == plan(found, (), owned, {}, confirmed=held.token).delete


@pytest.mark.parametrize(
    ("existing_count", "removed", "share", "expected"),
    [
        (0, 0, None, False),
        (1, 1, None, True),
        (3, 2, None, False),
        (3, 3, None, True),
        (4, 2, None, False),
        (4, 3, None, True),
        (10, 5, None, False),
        (10, 6, None, True),
        (10, 2, 0.1, True),
        (10, 1, 0.1, False),
        (10, 10, 1.0, False),
        (10, 1, 0.0, True),
        (10, 0, 0.0, False),
    ],
)
def test_shares(existing_count: int, removed: int, share: float | None, *, expected: bool) -> None:
    """All, or more than half of at least four; or more than what was set."""
    assert expected == waits(existing_count, removed, share)
