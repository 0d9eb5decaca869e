"""Summaries of applications and costs of operations through the handler that is deployed, over moto's AWS."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from mooring.events.messages import Cause
from mooring.model.application import AppKey, parse_application
from mooring.state.applications import Applications
from mooring.state.operations import Operation
from mooring.state.records import Spec
from mooring.state.statuses import Status
from mooring.state.wanted import Commit
from mooring.state.spending import Cost
from tests.doubles.deployed import API_TOKEN, Handler, deployed_api

ROOT = Path(__file__).parents[2]
OPERATION = Operation(
    "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sync", "Succeeded", "done", 1_000_000.0, 1_000_001.0, "a" * 40, "b" * 64, 1,
    Cause("tick"), Commit(), requests=7, cost=Cost(0.5, 6, 10.0, 14.0),
)  # fmt: skip


class Api:
    """The handler, and the applications that it lists."""

    def __init__(self, handler: Handler, applications: Applications) -> None:
        self.handler = handler
        self.applications = applications

    def answer(self, path: str, token: str = API_TOKEN, method: str = "GET", body: Any = None, **headers: str) -> Any:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path, _, query = path.partition("?")
        event["queryStringParameters"] = dict(parse_qsl(query))
        event |= {"rawPath": f"/api/v1/{path}", "body": None if body is None else json.dumps(body)}
        event["requestContext"]["http"] |= {"method": method, "path": f"/api/v1/{path}"}
        event["headers"] = {"authorization": f"Bearer {token}", **headers}
        return self.handler(event, None)

    def ask(self, path: str, **given: Any) -> Any:
        answer = self.answer(path, **given)
        assert answer["statusCode"] in (200, 201), answer
        return json.loads(answer["body"])

    def declare(self, name: str, project: str = "default") -> AppKey:
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "labels": {"team": name}},
            "spec": {
                "project": project,
                "source": {"repoURL": "https://git.test/acme/shop", "path": name},
                "destination": {"name": "in-cluster", "namespace": "shop"},
            },
        }
        application = parse_application(document).application
        self.applications.declare(Spec(application, 1, ()), previous=None, follows={})
        return application.key

    def sync(self, key: AppKey) -> None:
        record = self.applications.load([key])[key]
        status = Status(sync="Synced", cluster="in-cluster", operation=OPERATION)
        held = self.applications.begin(
            record, owner="one", now=1_000_000.0, ttl=30.0, inventory={}, status=replace(status, operation=None)
        )
        self.applications.finish(held, inventory={}, status=status, operation=OPERATION, retry=None)


@pytest.fixture
def api() -> Iterator[Api]:
    with deployed_api() as found:
        yield Api(found.handler, Applications(found.table))


@pytest.fixture
def limited(api: Api) -> Callable[[str], str]:
    """Makes a token that may see the applications of one project."""

    def make(project: str) -> str:
        wanted = {"name": "ci", "scope": [f"applications, get, {project}/*"]}
        return str(api.ask("tokens", method="POST", body=wanted)["token"])

    return make


def test_summaries_say_what_callers_may_see(api: Api, limited: Callable[[str], str]) -> None:
    """GIVEN applications of two projects WHEN listed with a token of one THEN rows and totals are of that one alone."""
    api.declare("shop")
    api.sync(api.declare("ledger", "money"))
    assert ["ledger", "shop"] == [each["name"] for each in api.ask("applications?view=summary")["items"]]
    answer = api.ask("applications?view=summary", token=limited("money"))
    (row,) = answer["items"]
    assert ("ledger", "in-cluster", "Succeeded") == (row["name"], row["cluster"], row["phase"])
    assert ({"money": 1}, 1) == (answer["metadata"]["fleet"]["projects"], answer["metadata"]["totals"]["applications"])


def test_an_unchanged_fleet_is_not_sent_again(api: Api) -> None:
    """GIVEN a list that a page has WHEN it asks again with the ETag THEN 304, until something changes."""
    keys = [api.declare(f"app-{number}") for number in range(20)]
    first = api.answer("applications?view=summary", **{"accept-encoding": "gzip"})
    assert 20 == len(json.loads(gzip.decompress(b64decode(first["body"])))["items"])
    tag = first["headers"]["etag"]
    assert 304 == api.answer("applications?view=summary", **{"if-none-match": tag})["statusCode"]
    api.sync(keys[0])
    assert 200 == api.answer("applications?view=summary", **{"if-none-match": tag})["statusCode"]


def test_filters_are_for_rows(api: Api) -> None:
    """GIVEN a filter without `view=summary` WHEN asked THEN it is refused rather than ignored, and the field is named."""
    answer = api.answer("applications?health=Degraded")
    assert (400, "health") == (answer["statusCode"], json.loads(answer["body"])["field"])
    answer = api.answer("applications?view=summary&sort=age")
    assert (400, "sort") == (answer["statusCode"], json.loads(answer["body"])["field"])


def test_costs_are_of_what_callers_may_see(api: Api, limited: Callable[[str], str]) -> None:
    """GIVEN operations of two projects WHEN asked for costs with a token of one THEN only that one's are told."""
    api.sync(api.declare("shop"))
    api.sync(api.declare("ledger", "money"))
    days = "since=1970-01-01&until=1970-01-31"
    assert 2 == api.ask(f"costs?{days}")["metadata"]["total"]["operations"]
    answer = api.ask(f"costs?{days}&group=project", token=limited("money"))
    (item,) = answer["items"]
    assert ("money", 1, 7, 0.5, 14.0) == (
        item["name"], item["operations"], item["requests"], item["gbSeconds"], item["writeUnits"],
    )  # fmt: skip
    assert pytest.approx(0.5 * 0.0000133334 + 10 * 0.1525e-6 + 14 * 0.7625e-6, rel=0.01) == item["usd"]  # Frankfurt


def test_prometheus_reads_the_fleet(api: Api, limited: Callable[[str], str]) -> None:
    """GIVEN applications WHEN scraped with a token for metrics alone THEN the answer is OpenMetrics of all of them."""
    api.sync(api.declare("shop"))
    api.declare("ledger", "money")

    def scraped(path: str = "metrics", **given: Any) -> list[str]:
        answer = api.answer(path, **given)
        assert 200 == answer["statusCode"], answer
        assert "application/openmetrics-text; version=1.0.0; charset=utf-8" == answer["headers"]["Content-Type"]
        families = {each.name: each.samples for each in text_string_to_metric_families(answer["body"])}
        return [each.labels["name"] for each in families["mooring_app"]]

    assert ["ledger", "shop"] == scraped()
    assert ["shop"] == scraped("metrics?project=default")
    wanted = {"name": "prometheus", "scope": ["metrics, get, *"]}
    token = str(api.ask("tokens", method="POST", body=wanted)["token"])
    assert ["ledger", "shop"] == scraped(token=token)
    # THEN that token is for nothing else, and others are not for metrics
    assert [] == api.ask("applications", token=token)["items"]
    assert 403 == api.answer("metrics", token=limited("money"))["statusCode"]
    assert 401 == api.answer("metrics", token="nobody's")["statusCode"]
