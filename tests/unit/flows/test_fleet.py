"""A list of summaries is searched, filtered, sorted and paged without losing or repeating a row."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from mooring.errors import ConfigurationError
from mooring.flows.asked.fleet import list_summaries
from mooring.flows.asked.summarising import Summary

ROW = Summary(
    name="shop", namespace="argocd", project="default", cluster="in-cluster", server="", destination_namespace="shop",
    repo_url="https://git.test/acme/shop", path="deploy", chart="", target_revision="HEAD", sources=1, revision="a" * 40,
    sync="Synced", health="Healthy", phase="Succeeded", message="", labels={"team": "shop"}, images=["shop/web:1"],
    set="", changed_at=100.0, synced_at=100.0, drift=0, auto_sync=True, deleting=False, conditions=0,
)  # fmt: skip
FLEET = [
    ROW._replace(name="cart", project="sales", labels={"team": "cart", "tier": "web"}, changed_at=300.0),
    ROW._replace(name="checkout", health="Degraded", sync="OutOfSync", drift=2, changed_at=400.0),
    ROW._replace(name="ledger", cluster="prod-eu", project="money", health="Progressing", changed_at=0.0),
    ROW._replace(name="search", namespace="team-b", images=["registry.test/solr:9.1"], labels={}),
    ROW._replace(name="shop"),
]


def listed(**asked: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(list_summaries(FLEET, asked)))
    return found


def names(**asked: str) -> list[str]:
    return [item["name"] for item in listed(**asked)["items"]]


def test_a_row_has_everything_that_a_list_shows() -> None:
    """GIVEN a fleet WHEN listed THEN a row has its source, place, state, labels, images and times."""
    shown = listed()["items"][1]
    assert {
        "name": "checkout", "namespace": "argocd", "project": "default", "cluster": "in-cluster", "server": "",
        "destinationNamespace": "shop", "repoURL": "https://git.test/acme/shop", "path": "deploy", "chart": "",
        "targetRevision": "HEAD", "sources": 1, "revision": "a" * 40, "sync": "OutOfSync", "health": "Degraded",
        "phase": "Succeeded", "message": "", "labels": {"team": "shop"}, "images": ["shop/web:1"], "set": "",
        "changedAt": "1970-01-01T00:06:40Z", "syncedAt": "1970-01-01T00:01:40Z", "drift": 2, "autoSync": True,
        "deleting": False, "conditions": 0,
    } == shown  # fmt: skip
    assert listed()["items"][2]["changedAt"] is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"project": "sales,money"}, ["cart", "ledger"]),
        ({"cluster": "prod-eu"}, ["ledger"]),
        ({"health": "Degraded,Progressing"}, ["checkout", "ledger"]),
        ({"sync": "OutOfSync"}, ["checkout"]),
        ({"namespace": "team-b"}, ["search"]),
        ({"selector": "team=shop,!tier"}, ["checkout", "ledger", "shop"]),
        ({"selector": "team in (cart, books)"}, ["cart"]),
        ({"q": "SOLR team-b"}, ["search"]),
        ({"q": "tier=web"}, ["cart"]),
        ({"q": "nothing"}, []),
        ({"sort": "health"}, ["checkout", "ledger", "cart", "shop", "search"]),
        ({"sort": "changedAt"}, ["checkout", "cart", "shop", "search", "ledger"]),
        ({"sort": "-name"}, ["shop", "search", "ledger", "checkout", "cart"]),
    ],
)
def test_rows_are_found_and_sorted(asked: dict[str, str], expected: list[str]) -> None:
    """GIVEN a fleet WHEN asked for some of it in some order THEN these rows come, in this order."""
    assert expected == names(**asked)


@pytest.mark.parametrize("sort", ["name", "-name", "health", "-health", "changedAt", "-changedAt", "project"])
def test_pages_follow_one_another_in_any_order(sort: str) -> None:
    """GIVEN pages of two WHEN each is asked for with the token before THEN they are the whole list, once."""
    found: list[str] = []
    asked = {"limit": "2", "sort": sort}
    while True:
        page = listed(**asked)
        found += [item["name"] for item in page["items"]]
        if "continue" not in page["metadata"]:
            break
        assert len(FLEET) - len(found) == page["metadata"]["remainingItemCount"]
        asked["continue"] = page["metadata"]["continue"]
    assert names(sort=sort) == found


def test_totals_count_what_was_asked_for_and_all() -> None:
    """GIVEN a filter WHEN listed THEN its totals and those of the whole fleet stand beside each other."""
    told = listed(project="sales")["metadata"]
    assert {"applications": 1, "health": {"Healthy": 1}, "sync": {"Synced": 1}, "drifted": 0, "running": 0} == told[
        "totals"
    ]
    assert (5, {"Healthy": 3, "Degraded": 1, "Progressing": 1}) == (
        told["fleet"]["applications"],
        told["fleet"]["health"],
    )
    assert {"in-cluster": 4, "prod-eu": 1} == told["fleet"]["clusters"]


def test_a_page_is_bounded_in_bytes() -> None:
    """GIVEN rows of 40 KB WHEN 400 are listed THEN each answer fits a function's 6 MB, and all come."""
    rows = [ROW._replace(name=f"app-{n:03}", labels={"a": "é" * 20_000}) for n in range(400)]
    found, token = [], ""
    while True:
        answer = orjson.dumps(list_summaries(rows, {"continue": token})).decode()
        assert 6_000_000 > len(json.dumps({"statusCode": 200, "body": answer}, ensure_ascii=False).encode())
        page = orjson.loads(answer)
        found += [item["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert [row.name for row in rows] == found


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"sort": "age"}, "sort"),
        ({"limit": "-1"}, "limit"),
        ({"continue": "%%%"}, "continue"),
        ({"continue": "WzEsICJhIl0", "sort": "name"}, "continue"),
        ({"continue": "W10"}, "continue"),
        ({"selector": "a b"}, "selector"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, str], field: str) -> None:
    """GIVEN a parameter that means nothing WHEN listed THEN the error names it."""
    with pytest.raises(ConfigurationError) as caught:
        list_summaries(FLEET, asked)
    assert field == caught.value.field
