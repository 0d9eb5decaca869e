"""Triggers and templates as gokit judges them: Argo CD's own catalog, and whatever is no expression."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.notify.catalog import CATALOG
from mooring.source.gokit import GoKit

APP: dict[str, Any] = {
    "metadata": {"name": "shop"},
    "spec": {"source": {"repoURL": "https://github.com/acme/shop.git"}},
    "status": {
        "sync": {"status": "Synced", "revision": "abc"},
        "health": {"status": "Healthy", "lastTransitionTime": "2026-11-21T12:00:01Z"},
        "conditions": [{"type": "SecretError", "message": "no such key"}],
        "operationState": {
            "phase": "Succeeded", "kind": "sync", "id": "01", "finishedAt": "2026-11-21T12:00:00Z",
            "syncResult": {"revision": "abc"},
        },
    },
}  # fmt: skip


def judged(gokit: GoKit, when: list[str], app: dict[str, Any], **event: Any) -> list[Any]:
    asked = {"app": app, "event": {"kind": "", "id": "", **event}, "context": {}}
    (answer,) = gokit.ask([{"verb": "notify", "vars": asked, "now": "2026-11-21T12:05:00Z", "when": when}])
    return [each["error"] if each.get("error") else each["value"] for each in answer["when"]]


def test_the_catalog_holds_where_it_should(gokit: GoKit) -> None:
    """GIVEN an application that was deployed well WHEN every trigger is judged THEN just these fire."""
    names = [(name, each) for name, conditions in CATALOG.items() for each in conditions]
    truths = judged(gokit, [each.when for _, each in names], APP)
    assert {True, False} == set(truths)
    fired = [name for (name, _), truth in zip(names, truths, strict=True) if truth]
    assert ["on-sync-succeeded", "on-deployed", "on-secret-error"] == fired
    once = judged(gokit, [each.once_per for _, each in names if each.once_per and not each.of_event], APP)
    assert {"abc", "01"} == set(once)


def test_the_catalog_stands_an_application_that_was_never_synced(gokit: GoKit) -> None:
    """Nothing is an error where there is no operation yet."""
    new = {"metadata": {"name": "new"}, "status": {"sync": {"status": "Unknown"}, "health": {"status": "Unknown"}}}
    names = [(name, each) for name, conditions in CATALOG.items() for each in conditions]
    truths = judged(gokit, [each.when for _, each in names], new)
    assert ["on-sync-status-unknown"] == [name for (name, _), truth in zip(names, truths, strict=True) if truth]
    assert {True, False} == set(truths)


def test_happenings_are_told_apart(gokit: GoKit) -> None:
    """An edit of ours to be, or an orphan, which is not told by itself."""
    whens = [each.when for each in CATALOG["on-drift-found"]]
    assert [True, False] == judged(gokit, whens, APP, kind="drift-found", drift={"what": "deleted"})
    assert [False, True] == judged(gokit, whens, APP, kind="drift-accused", drift={"what": "changed"})
    assert [False, False] == judged(gokit, whens, APP, kind="drift-found", drift={"what": "orphan"})


@pytest.mark.parametrize("broken", ["app.(", "nothing()", "app.status.none.deeper", "time.Parse('soon')"])
def test_a_broken_expression_spoils_no_other(gokit: GoKit, broken: str) -> None:
    """Its error takes the place of its value."""
    first, second = judged(gokit, [broken, "app.metadata.name == 'shop'"], APP)
    assert isinstance(first, str)
    assert second is True
