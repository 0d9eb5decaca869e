"""Lists that end in the middle, and selectors."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Resource
from mooring.cluster.observe import app_selector, list_objects
from mooring.errors import UnreachableError

MAPS = Resource("", "v1", "configmaps", "ConfigMap", True, ())
EXPIRED = {"kind": "Status", "reason": "Expired", "message": "The provided continue parameter is too old", "code": 410}


def page(*names: str, onwards: str = "") -> dict[str, Any]:
    return {"metadata": {"continue": onwards}, "items": [{"metadata": {"name": name}} for name in names]}


def listed(script: Any) -> list[str]:
    return [found.key.name for found in list_objects(ApiServer(Connection(script.url)), MAPS)]


def tokens(script: Any) -> list[str]:
    return [parse_qs(urlsplit(target).query).get("continue", [""])[0] for _, target, _, _ in script.seen]


def test_an_expired_list_goes_on_where_it_was(script: Any) -> None:
    """GIVEN a snapshot that expires between two pages WHEN the server offers a way on THEN nothing comes twice."""
    script.answer(page("a", onwards="one"))
    script.answer({**EXPIRED, "metadata": {"continue": "two"}}, 410)
    script.answer(page("b"))
    assert ["a", "b"] == listed(script)
    assert ["", "one", "two"] == tokens(script)


def test_an_expired_list_without_a_way_on_begins_again(script: Any) -> None:
    """Else the list is read from the start, and what came before comes again."""
    script.answer(page("a", onwards="one"))
    script.answer(EXPIRED, 410)
    script.answer(page("a", "b"))
    assert ["a", "a", "b"] == listed(script)


def test_a_list_that_always_expires_ends(script: Any) -> None:
    """It is not begun anew for ever."""
    for _ in range(10):
        script.answer(EXPIRED, 410)
    with pytest.raises(UnreachableError, match="configmaps expires"):
        listed(script)


def test_a_kind_that_is_not_served_has_no_objects(script: Any) -> None:
    """A CRD that was removed meanwhile is no error."""
    script.answer({"kind": "Status", "message": "not found"}, 404)
    assert [] == listed(script)


def test_selectors() -> None:
    """One, several and all applications, in the syntax of label selectors."""
    assert ("mooring.dev/app", "mooring.dev/app=x") == (app_selector(), app_selector(["x"]))
    assert "mooring.dev/app in (x,y)" == app_selector(["y", "x"])
