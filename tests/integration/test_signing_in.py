"""Signing in by OpenID Connect: the handler of `api` that is deployed, behind the local gateway's JWT authorizer, with an
issuer that has real keys and checks PKCE.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.runner.authorizers import JwtAuthorizer
from local.runner.functions import Route
from local.runner.routes import Match, Request, event_of
from tests.doubles.deployed import API_TOKEN, Handler, deployed
from tests.doubles.issuer import CLIENT, SECRET, Issuer

ORIGIN = "http://mooring.test"
CALLBACK = f"{ORIGIN}/auth/callback"
LOOPBACK = "http://localhost:8085/auth/callback"
POLICY = {
    "policy.csv": "g, platform, role:admin\np, readers, applications, get, */*, allow",
    "scopes": "[groups, email]",
}


@dataclass(slots=True)
class Api:
    """The API as a client meets it: cookies are kept as a browser keeps them."""

    handler: Handler
    authorizer: JwtAuthorizer
    issuer: Issuer
    cookies: dict[str, str]

    def ask(
        self, method: str, target: str, body: Any = None, bearer: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        sent = {"host": "mooring.test", **(headers or {})}
        if bearer:
            sent["authorization"] = f"Bearer {bearer}"
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(
            method, target, [*sent.items(), ("content-type", "application/json")], content, "198.51.100.7"
        )
        path = target.partition("?")[0]
        claims = None
        if (method, path) == ("POST", "/api/v1/session"):
            claims = self.authorizer.claims(sent.get("authorization", ""))
            if claims is None:
                return {"statusCode": 401, "body": '{"message":"Unauthorized"}', "gateway": True}
        answer = self.handler(event_of(request, Match(Route(method, path), "api", {}), claims), None)
        for cookie in answer.get("cookies") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies |= {name: value}
            if not value:
                del self.cookies[name]
        return answer

    def told(self, *asked: Any, **more: Any) -> Any:
        answer = self.ask(*asked, **more)
        assert 200 == answer["statusCode"], answer
        return json.loads(answer["body"])

    def come_back(self, address: str) -> dict[str, str]:
        """What the issuer sends back with, for whoever follows an address there."""

        class Still(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None:
                return None

        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(Still).open(address, timeout=5)
        place = caught.value.headers["location"]
        caught.value.close()
        return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}

    def sign_in(self, **claims: Any) -> dict[str, Any]:
        """A browser's whole way in; the answer that begins the session."""
        self.issuer.claims = {"sub": "alice"} | claims
        begun = self.ask("GET", "/api/v1/login")
        back = self.come_back(begun["headers"]["location"])
        token = self.told("POST", "/api/v1/login/exchange", back)["idToken"]
        return self.ask("POST", "/api/v1/session", {}, bearer=token, headers={"origin": ORIGIN})


@pytest.fixture
def api() -> Iterator[Api]:
    """An installation whose issuer is ours, with a policy."""
    with Issuer(CALLBACK, LOOPBACK) as issuer:
        settings = {
            "SECRET_PREFIX": "m", "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": "client",
        }  # fmt: skip
        with deployed("api", {"API_TOKEN": {"token": API_TOKEN}}, ("RENDERS", "SYNCS", "NOTES"), settings) as found:
            found.secrets.create_secret(Name="client", SecretString=SECRET)
            made = Api(found.handler, JwtAuthorizer(issuer.url, (CLIENT,)), issuer, {})
            made.told("PUT", "/api/v1/settings/access", POLICY, bearer=API_TOKEN)
            yield made


def test_a_browser_signs_in_and_out(api: Api) -> None:
    """GIVEN somebody whom the issuer knows WHEN they sign in THEN a cookie stands for them until they sign out."""
    assert {"oidc": {"issuer": api.issuer.url, "clientId": CLIENT}, "token": False} == api.told(
        "GET", "/api/v1/login/options"
    )
    begun = api.sign_in(email="alice@example.org", email_verified=True, groups=["platform", "others"])
    assert 200 == begun["statusCode"]
    session = next(each for each in begun["cookies"] if each.startswith("__Host-mooring="))
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=43200"} == set(session.split("; ")[1:])
    assert ["__Host-mooring"] == list(api.cookies)
    shown = api.told("GET", "/api/v1/session")
    assert ("alice", "alice@example.org", "session") == (shown["subject"], shown["name"], shown["means"])
    assert ["platform", "others", "alice@example.org"] == shown["groups"]
    assert "update" in shown["can"]["settings"]
    assert json.loads(begun["body"])["csrfToken"] == shown["csrfToken"]
    assert "token" not in json.loads(begun["body"])
    kept, proof = dict(api.cookies), {"x-mooring-csrf": shown["csrfToken"]}
    evil = {**proof, "origin": "https://evil.test"}
    for headers in ({}, {"x-mooring-csrf": "guess"}, evil, {**proof, "sec-fetch-site": "cross-site"}):
        assert 403 == api.ask("DELETE", "/api/v1/session", headers=headers)["statusCode"], headers
    assert 200 == api.ask("GET", "/api/v1/session")["statusCode"]
    api.told("DELETE", "/api/v1/session", headers=proof)
    assert {} == api.cookies
    assert 401 == api.ask("GET", "/api/v1/session")["statusCode"]
    api.cookies |= kept
    assert 401 == api.ask("GET", "/api/v1/session")["statusCode"]
    api.told("DELETE", "/api/v1/session")
    assert {} == api.cookies
    record = api.told("GET", "/api/v1/audit?kind=action", bearer=API_TOKEN)["items"]
    ended = [(each["actor"], each["action"]) for each in record if each["action"].endswith(" /api/v1/session")]
    assert [("alice@example.org", f"{verb} /api/v1/session") for verb in ("POST", "DELETE")] == ended


def test_a_sign_in_tells_tokens_of_groups(api: Api) -> None:
    """GIVEN a token of somebody in two groups WHEN they sign in with one of them, and then with more THEN the token has
    lost what they have lost, and has gained nothing; somebody else's has all.
    """

    def shown() -> list[list[str]]:
        listed = api.told("GET", "/api/v1/tokens", bearer=API_TOKEN)["items"]
        return [each["groups"] for each in listed]

    body = {"name": "nightly", "role": "role:readonly"}
    for who, groups in (("bob", ["platform"]), ("alice", ["platform", "readers"])):
        begun = api.sign_in(sub=who, groups=groups)
        proof = {"x-mooring-csrf": json.loads(begun["body"])["csrfToken"], "origin": ORIGIN}
        token = json.loads(api.ask("POST", "/api/v1/tokens", body, headers=proof)["body"])["token"]
    assert [["platform"], ["platform", "readers"]] == shown()
    assert 200 == api.ask("GET", "/api/v1/settings", bearer=token)["statusCode"]
    api.sign_in(groups=["readers", "new"])
    assert [["platform"], ["readers"]] == shown()
    assert 403 == api.ask("GET", "/api/v1/settings", bearer=token)["statusCode"]
    api.sign_in(groups=["platform", "readers"])
    assert [["platform"], ["readers"]] == shown()


def test_sessions_are_listed_with_where_they_began(api: Api) -> None:
    """GIVEN a sign-in WHEN its sessions are listed THEN each is there once, with its device, and the one that asks is
    marked; one whose time or epoch is over is not.
    """
    api.sign_in(groups=["readers"])
    api.cookies.clear()
    api.sign_in(groups=["readers"])
    first, second = api.told("GET", "/api/v1/sessions")["items"]
    assert ("alice", "198.51.100.7", "browser") == (second["subject"], second["source"], second["means"])
    assert [False, True] == [first["current"], second["current"]]
    api.told("DELETE", "/api/v1/sessions", bearer=API_TOKEN)
    assert [] == api.told("GET", "/api/v1/sessions", bearer=API_TOKEN)["items"]


def test_groups_decide_what_somebody_may(api: Api) -> None:
    """GIVEN somebody in a group that may read WHEN they ask for more THEN they are refused, by name."""
    api.sign_in(groups=["readers"])
    assert {"items": [], "metadata": {}} == api.told("GET", "/api/v1/applications")
    refused = api.ask("GET", "/api/v1/settings")
    assert 403 == refused["statusCode"]
    assert "alice may not get" in refused["body"]
    assert 403 == api.ask("GET", "/api/v1/audit")["statusCode"]


def test_the_command_signs_in_on_loopback(api: Api) -> None:
    """GIVEN a command that waits on a port WHEN it signs in THEN it gets a bearer token, and no cookie."""
    begun = api.told("GET", "/api/v1/login?port=8085")
    api.issuer.claims = {"sub": "alice", "groups": ["platform"]}
    back = api.come_back(begun["address"])
    token = api.told("POST", "/api/v1/login/exchange", back | {"login": begun["login"]})["idToken"]
    told = api.told("POST", "/api/v1/session", {"login": begun["login"]}, bearer=token)
    assert {} == api.cookies
    assert told["token"].startswith("mooring-session.")
    shown = api.told("GET", "/api/v1/session", bearer=told["token"])
    assert ("alice", None, True) == (shown["subject"], shown["csrfToken"], bool(shown["expiresAt"]))
    assert {"warnings": []} == api.told("PUT", "/api/v1/settings/access", POLICY, bearer=told["token"])
    record = api.told("GET", "/api/v1/audit", bearer=API_TOKEN)["items"]
    assert ["alice"] == [each["actor"] for each in record if each["action"] == "POST /api/v1/session"]
    assert begun["login"] not in json.dumps(record)
    assert token not in json.dumps(record)


def test_no_secret_is_in_an_address(api: Api) -> None:
    """GIVEN a sign-in WHEN a browser is sent away THEN the address holds a challenge and no verifier, and our secret
    goes to the token endpoint alone.
    """
    asked = parse_qs(urlsplit(api.ask("GET", "/api/v1/login")["headers"]["location"]).query)
    assert {"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "scope", "state"} == set(asked)  # fmt: skip
    assert ["S256"] == asked["code_challenge_method"]
    assert [CALLBACK] == asked["redirect_uri"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"azp": "another", "nonce": None}, "azp"),
        ({"aud": [CLIENT, "another"], "nonce": None}, "azp"),
        ({"sub": "admin", "nonce": None}, "subject"),
        ({"sub": "role:admin", "nonce": None}, "subject"),
        ({"sub": "proj:shop:x", "nonce": None}, "subject"),
    ],
)
def test_a_token_that_is_not_of_this_sign_in_begins_nothing(api: Api, claims: dict[str, Any], words: str) -> None:
    """GIVEN a token with a good signature WHEN it is of another sign-in, client or name THEN there is no session."""
    asked = parse_qs(urlsplit(api.ask("GET", "/api/v1/login")["headers"]["location"]).query)
    given = claims | ({"nonce": asked["nonce"][0]} if claims.get("nonce") is None else {})
    refused = api.ask("POST", "/api/v1/session", {}, bearer=api.issuer.token(**given))
    assert 403 == refused["statusCode"]
    assert words in refused["body"]
    assert "__Host-mooring" not in api.cookies


def test_the_authorizer_lets_no_other_token_through(api: Api) -> None:
    """GIVEN tokens of others, over, unsigned or signed with other keys WHEN shown THEN the gateway refuses them."""
    other = rsa.generate_private_key(65537, 2048)
    good = api.issuer.token()
    head, body, proof = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    flipped = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "root"}).encode()).rstrip(b"=").decode()
    for token in (
        "", "nonsense", API_TOKEN, f"{head}.{flipped}.{proof}", f"{head}.{body}.",
        jwt.encode(claims, other, "RS256", {"kid": "first"}), jwt.encode(claims, "x" * 32, "HS256", {"kid": "first"}),
        jwt.encode(claims, None, "none"), api.issuer.token(aud="another"), api.issuer.token(iss="https://other.example"),
        api.issuer.token(exp=int(time.time()) - 1), api.issuer.token(nbf=int(time.time()) + 600),
    ):  # fmt: skip
        assert api.authorizer.claims(f"Bearer {token}") is None, token
    assert {"alice"} == {(api.authorizer.claims(f"Bearer {api.issuer.token(groups=['a', 'b'])}") or {})["sub"]}
    assert "[a b]" == (api.authorizer.claims(f"Bearer {api.issuer.token(groups=['a', 'b'])}") or {})["groups"]


def test_a_function_without_its_authorizer_lets_nobody_in(api: Api) -> None:
    """GIVEN a request that no authorizer saw WHEN it reaches the function THEN its token counts for nothing."""
    api.ask("GET", "/api/v1/login")
    headers = [("host", "mooring.test"), ("authorization", f"Bearer {api.issuer.token()}")]
    headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in api.cookies.items())))
    request = Request("POST", "/api/v1/session", headers, b"{}", "198.51.100.7")
    answer = api.handler(event_of(request, Match(Route("POST", "/api/v1/session"), "api", {})), None)
    assert (403, True) == (answer["statusCode"], "not verified" in answer["body"])


@pytest.mark.parametrize("change", [{"state": "another"}, {"code": "another"}])
def test_an_answer_to_another_question_is_no_use(api: Api, change: dict[str, str]) -> None:
    """GIVEN what the issuer sent back WHEN its code or state is not ours THEN nothing is exchanged."""
    back = api.come_back(api.ask("GET", "/api/v1/login")["headers"]["location"])
    refused = api.ask("POST", "/api/v1/login/exchange", back | change)
    assert 403 == refused["statusCode"]
    assert "begin again" in refused["body"]
    assert "quotes what was sent" not in refused["body"]


def test_a_code_is_good_once_and_for_whoever_began(api: Api) -> None:
    """GIVEN a code WHEN it comes a second time, or without the cookie of who began THEN it is refused."""
    back = api.come_back(api.ask("GET", "/api/v1/login")["headers"]["location"])
    stolen = Api(api.handler, api.authorizer, api.issuer, {})
    stolen.ask("GET", "/api/v1/login")
    assert 403 == stolen.ask("POST", "/api/v1/login/exchange", back)["statusCode"]
    assert [] == api.issuer.refused
    api.told("POST", "/api/v1/login/exchange", back)
    assert 403 == api.ask("POST", "/api/v1/login/exchange", back)["statusCode"]
    assert ["invalid_grant"] == api.issuer.refused


def test_pages_of_other_sites_sign_nobody_in(api: Api) -> None:
    """GIVEN a page of another site WHEN it exchanges or begins THEN it is refused."""
    for path in ("/api/v1/login/exchange", "/api/v1/session"):
        refused = api.ask("POST", path, {}, bearer=api.issuer.token(), headers={"origin": "https://evil.example"})
        assert (403, True) == (refused["statusCode"], "another site" in refused["body"])


def test_unverified_addresses_are_nobodys_group(api: Api) -> None:
    """GIVEN an address that the issuer has not verified WHEN the policy knows it THEN it counts for nothing."""
    api.sign_in(email="boss@example.org", email_verified=False, groups=["readers"])
    assert ["readers"] == api.told("GET", "/api/v1/session")["groups"]


def test_of_many_groups_those_that_count_are_kept(api: Api) -> None:
    """GIVEN somebody in more groups than a cookie holds WHEN they sign in THEN those of the policy are in the session."""
    import random

    chance = random.Random(9)
    many = ["".join(chance.choices("abcdef0123456789", k=36)) for _ in range(300)]
    begun = api.sign_in(groups=[*many, "platform", *many[:5]])
    assert 200 == begun["statusCode"]
    assert all(len(cookie) < 4096 for cookie in begun["cookies"])
    assert ["platform"] == api.told("GET", "/api/v1/session")["groups"]


def test_an_administrator_ends_all_sessions(api: Api) -> None:
    """GIVEN sessions WHEN all are ended THEN none counts, and a new one does."""
    api.sign_in(groups=["platform"])
    api.told("GET", "/api/v1/session")
    api.told("DELETE", "/api/v1/sessions", bearer=API_TOKEN)
    assert 401 == api.ask("GET", "/api/v1/session")["statusCode"]
    api.sign_in(groups=["platform"])
    api.told("GET", "/api/v1/session")


def test_an_issuer_that_is_away_is_said_to_be(api: Api) -> None:
    """GIVEN an issuer that nobody answers for WHEN somebody signs in THEN it is said so, to try again."""
    from mooring.errors import UnreachableError
    from mooring.identity.issuer import Client
    from mooring.identity.issuer import Issuer as Theirs

    away = Theirs(Client("http://127.0.0.1:9", CLIENT, "openid", lambda: ""))
    with pytest.raises(UnreachableError, match="the issuer can't be reached"):
        away.authorization(redirect=CALLBACK, state="s", nonce="n", verifier="v")


def test_an_issuer_must_be_who_it_says(api: Api) -> None:
    """GIVEN an address whose configuration names another issuer WHEN somebody signs in THEN that is the error."""
    from mooring.errors import ConfigurationError
    from mooring.identity.issuer import Client
    from mooring.identity.issuer import Issuer as Theirs

    for address, words in ((api.issuer.url + "/", "names another issuer"), ("http://issuer.example", "https://")):
        other = Theirs(Client(address, CLIENT, "openid", lambda: ""))
        with pytest.raises(ConfigurationError, match=words):
            other.authorization(redirect=CALLBACK, state="s", nonce="n", verifier="v")
