"""The local gateway in front of a route with a JWT authorizer."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.runner.authorizers import JwtAuthorizer, read_authorizers
from local.runner.documents import TemplateError
from local.runner.functions import Route, read_function
from local.runner.gateway import Gateway
from tests.doubles.issuer import CLIENT, Issuer


@dataclass
class Function:
    """A function that answers with what it was told of the caller."""

    invoked: list[Any] = field(default_factory=list)
    function: Any = field(
        default_factory=lambda: SimpleNamespace(
            timeout=3.0, routes=(Route("POST", "/session", "SignIn"), Route("ANY", "/{proxy+}"))
        )
    )

    def invoke(self, event: bytes, wait: float) -> Any:
        told = json.loads(event)["requestContext"].get("authorizer")
        self.invoked.append(told)
        return SimpleNamespace(error=None, payload=json.dumps({"statusCode": 200, "body": json.dumps(told)}).encode())


@dataclass
class World:
    """An issuer, and a gateway that believes it."""

    url: str
    issuer: Issuer
    function: Function

    def ask(self, path: str, token: str = "") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, b"{}", headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


@pytest.fixture
def world() -> Iterator[World]:
    """A gateway on a free port."""
    function, gateway = Function(), Gateway(0)
    with Issuer() as issuer:
        gateway.serve({"api": function}, {"SignIn": JwtAuthorizer(issuer.url, (CLIENT,))})  # type: ignore[dict-item]
        yield World(gateway.url, issuer, function)
        gateway.close()


def test_a_token_that_holds_reaches_the_function_with_its_claims(world: World) -> None:
    """GIVEN a token of the issuer WHEN shown THEN the function has its claims, as text and as API Gateway gives them."""
    status, told = world.ask("/session", world.issuer.token(groups=["a", "b"], email_verified=True))
    assert 200 == status
    claims = told["jwt"]["claims"]
    assert ("alice", CLIENT, "[a b]", "true") == (
        claims["sub"],
        claims["aud"],
        claims["groups"],
        claims["email_verified"],
    )
    assert all(isinstance(value, str) for value in claims.values())


def test_no_other_request_reaches_it(world: World) -> None:
    """GIVEN no token, or another's WHEN shown THEN the answer is 401 and the function is not invoked."""
    for token in ("", "x", "a.b.c", world.issuer.token(aud="other"), world.issuer.token(exp=1)):
        assert (401, {"message": "Unauthorized"}) == world.ask("/session", token)
    assert [] == world.function.invoked


def test_other_routes_have_no_authorizer(world: World) -> None:
    """GIVEN a route without one WHEN asked THEN the function is told of nobody."""
    assert (200, None) == world.ask("/other", "x")


def test_an_issuer_that_nobody_can_meet_is_never_asked() -> None:
    """GIVEN an authorizer for nobody WHEN tokens are shown THEN they are refused without a request to anywhere."""
    with Issuer() as issuer:
        nobody = JwtAuthorizer("https://issuer.invalid", ("nobody",))
        assert nobody.claims(f"Bearer {issuer.token()}") is None
        assert nobody.claims(f"Bearer {issuer.token(iss='https://issuer.invalid')}") is None


def test_authorizers_are_read_from_the_template(tmp_path: Path) -> None:
    """GIVEN an API with authorizers WHEN read THEN each is there by its name; what can't be played is an error."""
    config = {"issuer": "https://i.test", "audience": ["a"]}
    found = read_authorizers({"Auth": {"Authorizers": {"SignIn": {"JwtConfiguration": config}}}})
    assert ("https://i.test", ("a",)) == (found["SignIn"].issuer, found["SignIn"].audience)
    assert {} == read_authorizers({})
    for wrong in ({"JwtConfiguration": {}}, {"JwtConfiguration": config, "IdentitySource": "$request.header.X"}):
        with pytest.raises(TemplateError, match="SignIn"):
            read_authorizers({"Auth": {"Authorizers": {"SignIn": wrong}}})
    event = {"Type": "HttpApi", "Properties": {"Method": "POST", "Path": "/s", "Auth": {"Authorizer": "SignIn"}}}
    properties = {"CodeUri": ".", "Handler": "app.handler", "Events": {"S": event}}
    assert (Route("POST", "/s", "SignIn"),) == read_function("F", "s", properties, tmp_path, None).routes
