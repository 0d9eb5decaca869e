"""Which methods an address takes: HEAD wherever GET is, OPTIONS everywhere, and 405 for the rest; by the declared routes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.deployed import API_TOKEN, Handler, deployed_api

ROOT = Path(__file__).parents[2]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Api:
    """The handler, and what is declared on its desk."""

    handler: Handler
    endpoints: list[Any]

    def ask(self, method: str, path: str, *, known: bool = True, **headers: str) -> dict[str, Any]:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        event |= {"rawPath": path, "body": None, "queryStringParameters": {}}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
        if known:
            event["headers"]["authorization"] = f"Bearer {API_TOKEN}"
        return self.handler(event, None)

    def paths(self) -> dict[str, set[str]]:
        """What each declared address takes, with all patterns that it fits."""
        patterns = [(re.sub(r"<\w+>", "[^/]+", each.path), each.method) for each in self.endpoints]
        addresses = {re.sub(r"<\w+>", "x", each.path) for each in self.endpoints}
        return {path: {method for fits, method in patterns if re.fullmatch(fits, path)} for path in addresses}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with deployed_api() as found:
        from app import desk  # type: ignore[import-not-found]

        yield Api(found.handler, list(desk().endpoints))


def test_head_is_answered_wherever_get_is(api: Api) -> None:
    """GIVEN every address that is read WHEN asked by HEAD THEN status and headers are those of GET, without a body."""
    read = [path for path, methods in api.paths().items() if "GET" in methods and not path.startswith("/api/v1/login")]
    assert 50 < len(read)
    for path in read:
        shown, head = api.ask("GET", path), api.ask("HEAD", path)
        assert (shown["statusCode"], shown["headers"], "") == (head["statusCode"], head["headers"], head["body"]), path


def test_head_asks_for_what_is_new_and_for_a_token(api: Api) -> None:
    """GIVEN a tag, or no token WHEN asked by HEAD THEN it is 304, or 401, as for GET."""
    tag = api.ask("HEAD", "/api/v1/clusters")["headers"]["etag"]
    assert 304 == api.ask("HEAD", "/api/v1/clusters", if_none_match=tag)["statusCode"]
    assert (401, "") == (
        (unknown := api.ask("HEAD", "/api/v1/clusters", known=False))["statusCode"],
        unknown["body"],
    )
    packed = api.ask("HEAD", "/api/v1/openapi.json", accept_encoding="gzip")
    assert ("gzip", "", False) == (packed["headers"]["content-encoding"], packed["body"], packed["isBase64Encoded"])


def test_every_address_says_what_it_takes(api: Api) -> None:
    """GIVEN every address WHEN asked by OPTIONS, or by what it does not take THEN Allow names what it takes, and
    nothing is asked of whoever does.
    """
    for path, methods in api.paths().items():
        allowed = ", ".join(sorted({*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
        told = api.ask("OPTIONS", path, known=False)
        assert (204, allowed) == (told["statusCode"], told["headers"]["allow"]), path
        for method in set(METHODS) - set(allowed.split(", ")):
            refused = api.ask(method, path)
            assert (405, allowed) == (refused["statusCode"], refused["headers"]["allow"]), (method, path)


def test_an_address_of_nothing_takes_nothing(api: Api) -> None:
    """GIVEN no such address WHEN asked by any method THEN it is 404; so is a name that can't be one."""
    assert {404} == {api.ask(method, "/api/v1/nothing")["statusCode"] for method in METHODS}
    odd = "/api/v1/applications/^\u2028"
    assert {404} == {api.ask(method, odd)["statusCode"] for method in ("GET", "HEAD", "DELETE")}


def test_every_address_refuses_what_it_does_not_know(api: Api) -> None:
    """GIVEN every route WHEN a query parameter is sent that it has not THEN 400 names it, before anything is done."""
    for each in api.endpoints:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path = re.sub(r"<\w+>", "x", each.path)
        event |= {"rawPath": path, "body": "{}", "queryStringParameters": {"nonsense": "1"}}
        event["requestContext"]["http"] |= {"method": each.method, "path": path}
        event["headers"] = {"authorization": f"Bearer {API_TOKEN}"}
        answer = api.handler(event, None)
        assert (400, "nonsense") == (answer["statusCode"], json.loads(answer["body"])["field"]), (each.method, path)
