"""The API behind CloudFront, which people reach by a name that the request itself does not tell (`PublicUrl`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from local.runner.authorizers import JwtAuthorizer
from tests.doubles.deployed import API_TOKEN, deployed
from tests.doubles.issuer import CLIENT, SECRET, Issuer
from tests.integration.test_signing_in import POLICY, Api

PUBLIC = "https://mooring.example.com"
CALLBACK = f"{PUBLIC}/auth/callback"


@pytest.fixture
def api() -> Iterator[Api]:
    """An installation whose requests come with the host of API Gateway, as CloudFront sends them."""
    with Issuer(CALLBACK) as issuer:
        settings = {
            "SECRET_PREFIX": "m", "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": "client",
            "PUBLIC_URL": PUBLIC,
        }  # fmt: skip
        with deployed("api", {"API_TOKEN": {"token": API_TOKEN}}, ("RENDERS", "SYNCS", "NOTES"), settings) as found:
            found.secrets.create_secret(Name="client", SecretString=SECRET)
            made = Api(found.handler, JwtAuthorizer(issuer.url, (CLIENT,)), issuer, {})
            made.told("PUT", "/api/v1/settings/access", POLICY, bearer=API_TOKEN)
            yield made


def sign_in(api: Api, origin: str) -> int:
    """A browser's way in from this origin; the status that begins the session, or does not."""
    api.issuer.claims = {"sub": "alice", "groups": ["platform"]}
    begun = api.ask("GET", "/api/v1/login")
    asked = parse_qs(urlsplit(begun["headers"]["location"]).query)
    assert [CALLBACK] == asked["redirect_uri"]
    back = api.come_back(begun["headers"]["location"])
    answer = api.ask("POST", "/api/v1/login/exchange", back, headers={"origin": origin})
    if 200 != answer["statusCode"]:
        return int(answer["statusCode"])
    token = json.loads(answer["body"])["idToken"]
    return int(api.ask("POST", "/api/v1/session", {}, bearer=token, headers={"origin": origin})["statusCode"])


def test_people_sign_in_at_the_name_that_they_see(api: Api) -> None:
    """GIVEN `PublicUrl` WHEN somebody signs in there THEN the issuer sends back there, and the cookie is that host's alone."""
    assert 200 == sign_in(api, PUBLIC)
    assert {"__Host-mooring"} == set(api.cookies)


def test_another_page_begins_no_session(api: Api) -> None:
    """GIVEN `PublicUrl` WHEN a page of another origin asks THEN it gets nothing, also with the same host below it."""
    assert 403 == sign_in(api, "https://mooring.example.com.evil.test")


def test_changes_come_from_the_name_that_people_see(api: Api) -> None:
    """GIVEN a session WHEN something is changed THEN that takes the CSRF token, and this origin or no other."""
    assert 200 == sign_in(api, PUBLIC)
    csrf = {"x-mooring-csrf": api.told("GET", "/api/v1/session")["csrfToken"]}

    def change(**headers: str) -> int:
        return int(api.ask("PUT", "/api/v1/settings/access", POLICY, headers=headers)["statusCode"])

    assert 200 == change(origin=PUBLIC, **csrf)
    assert 403 == change(origin=PUBLIC)
    assert 403 == change(origin="https://evil.test", **csrf)
