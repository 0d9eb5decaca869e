"""Sign-ins with tokens as each documented identity provider shapes them; who signs them is our own issuer on loopback.

Shapes are those of the providers' pages: Amazon Cognito "Understanding the identity (ID) token", Okta "Customize tokens
returned from Okta with a Groups claim", Microsoft identity platform "ID token claims reference" (Groups overage claim),
Google "OpenID Connect" (An ID token's payload), Keycloak "Server Administration Guide" (Group Membership mapper, with
its option Full group path). `iss` and `aud` are ours: what they look like there stands in docs/access.md.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.runner.authorizers import JwtAuthorizer
from tests.doubles.deployed import API_TOKEN, deployed
from tests.doubles.issuer import CLIENT, SECRET, Issuer
from tests.integration.test_signing_in import CALLBACK, Api

DOCS = (Path(__file__).parents[2] / "docs" / "access.md").read_text("utf-8")
ONCALL, OTHERS = "0760b6cf-170e-4a14-91b3-4b78e0739963", "3b2b0c93-acd8-4208-8eba-7a48db1cd4c0"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's token beside `iss`, `aud` and times, what is set for it here, and what comes of it."""

    name: str  # as the table in docs/access.md has it
    claims: dict[str, Any]
    groups: list[str]
    called: str  # who stands on record
    set: dict[str, str] = field(default_factory=dict)
    scopes: str = "[groups]"


PROVIDERS = {
    "cognito": Provider(
        "Amazon Cognito",
        {
            "sub": "a4c8d4f8-1081-70ff-1f2d-0c1d2e3f4a5b", "cognito:groups": ["oncall", "eu-central-1_AbCdEf_Corporate"],
            "cognito:username": "alice", "email": "alice@example.com", "email_verified": True, "token_use": "id",
            "origin_jti": "aaaaaaaa-bbbb", "event_id": "cccccccc-dddd", "auth_time": 1676312777,
        },
        ["oncall", "eu-central-1_AbCdEf_Corporate"],
        "alice@example.com",
        {"OIDC_GROUPS_CLAIM": "cognito:groups"},
    ),
    "okta": Provider(
        "Okta",
        {
            "sub": "00uixa271s6x7qt8I0h7", "ver": 1, "amr": ["pwd"], "idp": "00oixa26ycdNcX0VT0h7", "name": "Alice",
            "preferred_username": "alice@example.com", "email": "alice@example.com", "email_verified": True,
            "groups": ["Everyone", "oncall"],
        },
        ["Everyone", "oncall"],
        "alice@example.com",
        {"OIDC_SCOPES": "openid profile email groups"},
    ),
    "entra": Provider(
        "Microsoft Entra ID",
        {
            "sub": "3OBtLXUC2ZrN_ADLNjW9X4o0lcd61py7lgHw3Skh77s", "oid": "cb7eda1b-d09a-40ae-b8bb-37836ebc6abd",
            "tid": "833ced3d-cb2e-41de-92f1-29e2af035ddc", "ver": "2.0", "uti": "3OBtLXUC2ZrN", "rh": "0.AX0",
            "name": "Alice", "preferred_username": "alice@example.com", "groups": [ONCALL, OTHERS],
        },
        [ONCALL, OTHERS],
        "alice@example.com",
    ),
    "google": Provider(
        "Google",
        {
            "sub": "10769150350006150715113082367", "azp": CLIENT, "hd": "example.com", "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "email": "alice@example.com", "email_verified": True, "name": "Alice", "locale": "en",
        },
        ["alice@example.com"],
        "alice@example.com",
        scopes="[email]",
    ),
    "keycloak": Provider(
        "Keycloak",
        {
            "sub": "f7a9f2a3-5a3c-4d9b-9f7b-0a1b2c3d4e5f", "typ": "ID", "azp": CLIENT, "acr": "1", "sid": "1fa48bf2",
            "preferred_username": "alice", "email": "alice@example.com", "email_verified": False,
            "groups": ["oncall", "shop"],
        },
        ["oncall", "shop"],
        "alice",
    ),
    "keycloak, full path": Provider(
        "Keycloak",
        {"sub": "f7a9f2a3", "azp": CLIENT, "preferred_username": "alice", "groups": ["/platform/oncall", "/shop"]},
        ["/platform/oncall", "/shop"],
        "alice",
    ),
}  # fmt: skip


@pytest.fixture
def installed() -> Iterator[Callable[..., Api]]:
    """An installation that is set as a provider's row says, with a policy that reads these scopes."""
    with ExitStack() as stack:

        def install(settings: dict[str, str], policy: dict[str, str]) -> Api:
            issuer = stack.enter_context(Issuer(CALLBACK))
            told = {"SECRET_PREFIX": "m", "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT}
            told |= {"OIDC_CLIENT_SECRET": "client", **settings}
            queues = ("RENDERS", "SYNCS", "NOTES")
            found = stack.enter_context(deployed("api", {"API_TOKEN": {"token": API_TOKEN}}, queues, told))
            found.secrets.create_secret(Name="client", SecretString=SECRET)
            made = Api(found.handler, JwtAuthorizer(issuer.url, (CLIENT,)), issuer, {})
            made.told("PUT", "/api/v1/settings/access", policy, bearer=API_TOKEN)
            return made

        yield install


def test_the_documented_providers_are_those_of_this_test() -> None:
    """GIVEN the table of issuers WHEN read THEN each has its shape above, and says what is set for it here."""
    rows = dict(re.findall(r"^\| ([^|]+?) \| (`https://.*) \|$", DOCS, re.MULTILINE))
    assert {each.name for each in PROVIDERS.values()} == set(rows)
    assert "OidcGroupsClaim=cognito:groups" in rows["Amazon Cognito"]
    assert 'OidcScopes="openid profile email groups"' in rows["Okta"]


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=list(PROVIDERS))
def test_a_token_of_each_provider_brings_its_groups(installed: Callable[..., Api], provider: Provider) -> None:
    """GIVEN a token as the provider shapes it WHEN somebody signs in THEN they are in its groups, which the policy finds
    by name, and are called what the provider has verified.
    """
    first = provider.groups[0]
    policy = {"policy.csv": f"g, {first}, role:readonly", "scopes": provider.scopes}
    api = installed(provider.set, policy)
    begun = api.sign_in(**provider.claims)
    assert 200 == begun["statusCode"], begun
    shown = api.told("GET", "/api/v1/session")
    assert (provider.claims["sub"], provider.called, provider.groups) == (
        shown["subject"],
        shown["name"],
        shown["groups"],
    )
    assert 200 == api.ask("GET", "/api/v1/settings")["statusCode"]


@pytest.mark.parametrize(
    "overage",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example/members"}}},
        {"hasgroups": True},
    ],
)
def test_groups_that_were_left_out_are_not_taken_for_none(
    installed: Callable[..., Api], overage: dict[str, Any]
) -> None:
    """GIVEN somebody in more groups than Entra puts into a token WHEN they sign in THEN they are refused in words that
    say what to do: what one of their groups is denied must not be theirs for it.
    """
    policy = {"policy.csv": f"p, {ONCALL}, settings, get, *, deny", "policy.default": "role:readonly"}
    api = installed({}, policy | {"scopes": "[groups]"})
    claims = {name: value for name, value in PROVIDERS["entra"].claims.items() if name != "groups"}
    refused = api.sign_in(**claims, **overage)
    told = json.loads(refused["body"])
    assert (403, "groups") == (refused["statusCode"], told["field"])
    assert "assigned to this client" in told["detail"]
    assert "__Host-mooring" not in api.cookies
    api.told("PUT", "/api/v1/settings/access", {"scopes": "[email]"}, bearer=API_TOKEN)
    assert 200 == api.sign_in(**claims, **overage)["statusCode"]


def test_as_many_groups_as_entra_sends_fit_a_session(installed: Callable[..., Api]) -> None:
    """GIVEN 200 groups, which no cookie can hold, WHEN somebody signs in THEN those that the policy names are theirs."""
    api = installed({}, {"policy.csv": f"g, {ONCALL}, role:readonly", "scopes": "[groups]"})
    many = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"group-{number}.example")) for number in range(199)]
    assert 200 == api.sign_in(**PROVIDERS["entra"].claims | {"groups": [*many, ONCALL]})["statusCode"]
    assert [ONCALL] == api.told("GET", "/api/v1/session")["groups"]
    assert 200 == api.ask("GET", "/api/v1/settings")["statusCode"]
