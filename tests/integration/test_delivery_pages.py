"""What is listed of deliveries, through the handler of `api` that is deployed, over moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from mooring.events.messages import Cause
from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state import codec, operationcodec
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries, Told
from mooring.state.lists import application_pk
from mooring.state.operations import Operation
from mooring.state.wanted import Commit, Rendering, RenderFailure, WantedState
from mooring.state.registry import Registry
from mooring.state.table import Table, put
from tests.doubles.deployed import API_TOKEN as TOKEN
from tests.doubles.deployed import Handler, deployed_api

ROOT = Path(__file__).parents[2]
NOON = 1_790_000_000.0


@dataclass(frozen=True, slots=True)
class Api:
    """The handler, and what it reads."""

    handler: Handler
    table: Table
    asking: AskPorts

    def listed(self, query: str = "") -> tuple[int, Any]:
        path = "/api/v1/hooks/deliveries"
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        event |= {"rawPath": path, "rawQueryString": query, "body": None}
        event["queryStringParameters"] = dict(parse_qsl(query))
        event["requestContext"]["http"] |= {"method": "GET", "path": path}
        event["headers"]["authorization"] = f"Bearer {TOKEN}"
        answer = self.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def tell(self, number: int = 0, **given: Any) -> Told:
        """One delivery, a second after the one before."""
        repository = "github.com/acme/shop"
        told = Told(NOON + number, "github", "push", f"delivery-{number}", "queued", repository=repository)
        told = replace(told, **given)
        Deliveries(self.table).note(told, {})
        return told

    def declare(self, name: str) -> AppKey:
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name},
            "spec": {
                "source": {"repoURL": "https://github.com/acme/shop", "path": "."},
                "destination": {"name": "in-cluster", "namespace": name},
            },
        }
        return declare(self.asking, document, "ada").application.key

    def operate(self, key: AppKey, at: float, cause: str | Cause, **given: Any) -> Operation:
        """One finished sync of an application."""
        why = Cause("push", cause) if isinstance(cause, str) else cause
        operation = Operation(
            new_ulid(at), "sync", "Succeeded", "1 configured", at, at + 1, "a" * 40, "", 1, why,
            Commit("Ada", "ada@acme.test", "Change it", ""),
        )  # fmt: skip
        operation = replace(operation, **given)
        self.table.write(put(operationcodec.operation_item(application_pk(key), operation)[0]))
        return operation


@pytest.fixture
def api() -> Iterator[Api]:
    """A new installation, as the function `api` sees it."""
    with deployed_api() as found:
        registry = Registry(found.table, None, "mooring")  # type: ignore[arg-type]  # no credentials here
        queues = Queues(found.sqs, found.queues)
        yield Api(found.handler, found.table, AskPorts(Applications(found.table), queues, lambda: NOON, registry))


def test_a_pushed_image_names_the_deployments_of_its_tag(api: Api) -> None:
    """GIVEN a registry that told of two tags WHEN one of them was deployed THEN that operation is with the delivery."""
    shop = api.declare("shop")
    api.tell(
        provider="quay", applications=(str(shop),), concerned=1, repository="quay.io/shop/web",
        refs=("web:v1.3.0", "web:latest"),
    )  # fmt: skip
    caused = api.operate(shop, NOON + 1, Cause("image", "quay.io/shop/web:v1.3.0 and 2 more"))
    api.operate(shop, NOON + 2, Cause("image", "quay.io/shop/web:v1.4.0"))
    _, listed = api.listed()
    assert [caused.id] == [each["operation"] for each in listed["items"][0]["caused"]]


def test_a_delivery_names_what_it_caused(api: Api) -> None:
    """GIVEN operations before, after and because of a delivery WHEN it is listed THEN those it caused are with it."""
    shop, web = api.declare("shop"), api.declare("web")
    told = api.tell(applications=(str(shop), str(web)), concerned=2, touched=1, refs=("refs/heads/main",), by="ada")
    api.operate(shop, NOON - 60, "delivery-before")
    caused = api.operate(shop, NOON + 1, told.id, phase="Failed", message="web is degraded")
    api.operate(web, NOON + 2, "another")
    failure = RenderFailure("no such chart", False, "b" * 40, 1, NOON + 3)
    state = WantedState(
        "a" * 40, 1, NOON + 3, Cause("push", told.id), Commit("", "", "", ""), "", Rendering("", (), "", ""),
        failure=failure,
    )  # fmt: skip
    assert [] == Applications(api.table).want([(web, state)])
    status, answer = api.listed()
    (item,) = answer["items"]
    found = [(each["application"], each["kind"], each["phase"], each["message"]) for each in item["caused"]]
    assert (200, {}) == (status, answer["metadata"])
    assert [
        ("argocd/shop", "sync", "Failed", "web is degraded"),
        ("argocd/web", "render", "Failed", "no such chart"),
    ] == found
    assert (caused.id, 0, "2026-09-21T14:13:20Z") == (item["caused"][0]["operation"], item["leftOut"], item["at"])


def test_deliveries_are_filtered(api: Api) -> None:
    """GIVEN several WHEN repository (in another spelling, or a part), provider or outcome is asked THEN these come."""
    api.tell(1)
    api.tell(2, repository="gitlab.test/acme/web", provider="gitlab", outcome="ignored")
    Deliveries(api.table).refuse(Told(NOON + 3, "gogs", "", "", "refused", reason="no secret", source="192.0.2.1"))

    def found(query: str) -> list[str]:
        return [item["provider"] for item in api.listed(query)[1]["items"]]

    assert ["gogs", "gitlab", "github"] == found("")
    assert ["github"] == found("repository=git@github.com:Acme/shop.git")
    assert ["gitlab"] == found("repository=acme/web")
    assert ["gitlab"] == found("provider=GitLab")
    assert ["gogs"] == found("outcome=refused")


def test_pages_together_hold_everything_once(api: Api) -> None:
    """GIVEN more deliveries and refusals than fit WHEN page after page is read THEN each comes once, newest first."""
    for number in range(240):
        api.tell(number)
    for number in range(3):
        refusal = Told(NOON + number * 100 + 0.5, "gogs", "", "", "refused", reason=f"reason {number}")
        Deliveries(api.table).refuse(refusal)
    seen: list[str] = []
    query = "limit=70"
    while True:
        _, answer = api.listed(query)
        seen += [item["reason"] or item["id"] for item in answer["items"]]
        if not answer["metadata"]:
            break
        api.tell(1000 + len(seen))  # what comes meanwhile does not move the pages
        query = f"limit=70&continue={answer['metadata']['continue']}"
    expected = [f"delivery-{number}" for number in range(240)]
    for number in (2, 1, 0):
        expected.insert(number * 100 + 1, f"reason {number}")
    assert expected[::-1] == seen


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1000", "limit"), ("limit=²", "limit"), ("outcome=lost", "outcome"),
     ("continue=%7E", "continue"), ("continue=eA", "continue")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(api: Api, query: str, field: str) -> None:
    """GIVEN a parameter that can't be WHEN deliveries are listed THEN the answer names it."""
    status, answer = api.listed(query)
    assert (400, field) == (status, answer["field"])
