"""API tokens, sessions and the policy, through the handler that is deployed, over moto's AWS."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.access.sessions import Session, derived_key, read_session, write_session
from mooring.state.apitokens import digest_of_token
from tests.doubles.askedapi import FAR, KEY, Api, session
from tests.doubles.deployed import API_TOKEN, deployed, deployed_api

POLICY = {
    "policy.csv": "\n".join(
        (
            "p, role:dev, applications, *, shop/*, allow",
            "p, role:reads, applications, get, */*, allow",
            "g, org:dev, role:dev",
            "g, org:admins, role:admin",
        )
    )
}
PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "shop"},
    "spec": {"roles": [{"name": "ci", "policies": ["p, proj:shop:ci, applications, get, shop/*, allow"]}]},
}


@pytest.fixture
def api() -> Iterator[Api]:
    """An installation with a policy."""
    with deployed_api() as found:
        made = Api(found)
        made.told("PUT", "/api/v1/settings/access", POLICY, bearer=API_TOKEN)
        yield made


def test_a_token_is_shown_once_and_kept_as_a_digest(api: Api) -> None:
    """GIVEN a new token WHEN the table and the API are looked through THEN it is nowhere."""
    token = api.token({"role": "role:reads"})
    assert token.startswith("mooring_")
    items = list(api.found.table.query("TOKENS"))
    assert [digest_of_token(token)] == [item["sk"] for item in items]
    assert token not in repr(items)
    (listed,) = api.told("GET", "/api/v1/tokens", bearer=API_TOKEN)["items"]
    assert ("ci", "admin", "role:reads", None) == (listed["name"], listed["madeBy"], listed["role"], listed["lastUsed"])
    assert token not in json.dumps(listed)
    audit = json.dumps(api.told("GET", "/api/v1/audit", bearer=API_TOKEN))
    assert token not in audit
    assert token[8:] not in audit


def test_a_token_lasts_ninety_days_and_a_year_at_most(api: Api) -> None:
    """GIVEN tokens WHEN made THEN each has an end, which nobody can put further than a year away."""
    usual = api.told("POST", "/api/v1/tokens", {"name": "a", "role": "role:reads"}, bearer=API_TOKEN)
    begun, ended = (time.strptime(usual[name], "%Y-%m-%dT%H:%M:%SZ") for name in ("issuedAt", "expiresAt"))
    assert 90 * 24 * 3600 == time.mktime(ended) - time.mktime(begun)
    for lasts in (31_536_001, 59, -1, True, "1h", 1.5):
        status, told = api.ask("POST", "/api/v1/tokens", {"name": "a", "role": "role:reads", "expiresIn": lasts}, bearer=API_TOKEN)  # fmt: skip
        assert (400, "expiresIn") == (status, told["field"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "role": "role:reads"}, "name"),
        ({"name": "x" * 65, "role": "role:reads"}, "name"),
        ({"name": "ci"}, "role"),
        ({"name": "ci", "role": "role:none"}, "role"),
        ({"name": "ci", "role": 1}, "role"),
        ({"name": "ci", "scope": []}, "scope"),
        ({"name": "ci", "scope": ["applications, get"]}, "scope[0] line 1"),
        ({"name": "ci", "scope": ["applikations, get, *"]}, "scope[0] line 1"),
        ({"name": "ci", "scopes": ["applications, get, *"]}, "scopes"),
        ([], "body"),
    ],
)
def test_a_token_must_say_what_it_is_for(api: Api, body: Any, field: str) -> None:
    """GIVEN a body that says less, or otherwise WHEN a token is asked for THEN the field is named."""
    status, told = api.ask("POST", "/api/v1/tokens", body, bearer=API_TOKEN)
    assert (400, field) == (status, told["field"])


def test_a_revoked_or_expired_token_lets_nobody_in(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a token WHEN it is revoked, or its time is over THEN it counts for nothing."""
    first, second = api.token({"role": "role:reads"}), api.token({"name": "b", "role": "role:reads", "expiresIn": 60})
    assert 200 == api.ask("GET", "/api/v1/applications", bearer=first)[0]
    listed = api.told("GET", "/api/v1/tokens", bearer=API_TOKEN)["items"]
    used = {each["name"]: each["lastUsed"] for each in listed}
    assert {"ci": time.strftime("%Y-%m-%d", time.gmtime()), "b": None} == used
    api.told("DELETE", f"/api/v1/tokens/{listed[0]['id']}", bearer=API_TOKEN)
    assert 401 == api.ask("GET", "/api/v1/applications", bearer=first)[0]
    assert 404 == api.ask("DELETE", f"/api/v1/tokens/{listed[0]['id']}", bearer=API_TOKEN)[0]
    assert 200 == api.ask("GET", "/api/v1/applications", bearer=second)[0]
    later = time.time() + 61
    monkeypatch.setattr("desk.time.time", lambda: later)
    assert 401 == api.ask("GET", "/api/v1/applications", bearer=second)[0]


def test_tokens_make_no_tokens(api: Api) -> None:
    """GIVEN a narrow token of the administrator's WHEN it asks for another THEN it is refused, and sees none."""
    token = api.token({"scope": ["accounts, *, *"]})
    assert 403 == api.ask("POST", "/api/v1/tokens", {"name": "b", "role": "role:admin"}, bearer=token)[0]
    narrow = api.token({"name": "n", "scope": ["applications, get, */*"]})
    assert [] == api.told("GET", "/api/v1/tokens", bearer=narrow)["items"]


def test_people_keep_their_own_tokens(api: Api) -> None:
    """GIVEN two people WHEN each looks after tokens THEN each has their own, and an administrator all."""
    alice, bob, boss = session("alice", "org:dev"), session("bob", "org:dev"), session("boss", "org:admins")
    api.token({"role": "role:reads"}, bearer=alice)
    (made,) = api.told("GET", "/api/v1/tokens", bearer=alice)["items"]
    assert [] == api.told("GET", "/api/v1/tokens", bearer=bob)["items"]
    assert 404 == api.ask("DELETE", f"/api/v1/tokens/{made['id']}", bearer=bob)[0]
    assert ["alice"] == [each["subject"] for each in api.told("GET", "/api/v1/tokens", bearer=boss)["items"]]
    api.told("DELETE", f"/api/v1/tokens/{made['id']}", bearer=boss)
    assert [] == api.told("GET", "/api/v1/tokens", bearer=alice)["items"]


def test_a_token_of_a_project_is_its_role(api: Api) -> None:
    """GIVEN a project's role WHEN a token is made of it THEN it is the role until it is revoked or the role is gone."""
    path = "/api/v1/projects/shop/roles/ci/token"
    assert 404 == api.ask("POST", path, {"name": "x"}, bearer=API_TOKEN)[0]
    api.told("POST", "/api/v1/projects", PROJECT, bearer=API_TOKEN)
    made = api.told("POST", path, {"id": "builds", "expiresIn": 3600}, bearer=API_TOKEN)
    shown = api.told("GET", "/api/v1/session", bearer=made["token"])
    assert ("proj:shop:ci", "proj:shop:ci (token builds)", "project-token") == (
        shown["subject"],
        shown["name"],
        shown["means"],
    )
    assert {"applications": ["get"], "projects": ["get"]} == shown["can"]
    assert [made["id"]] == [each["id"] for each in api.told("GET", path, bearer=API_TOKEN)["items"]]
    assert 403 == api.ask("POST", path, {"name": "more"}, bearer=made["token"])[0]
    without = copy.deepcopy(PROJECT)
    without["spec"]["roles"] = []
    api.told("POST", "/api/v1/projects", without, bearer=API_TOKEN)
    assert 401 == api.ask("GET", "/api/v1/session", bearer=made["token"])[0]
    api.told("POST", "/api/v1/projects", PROJECT, bearer=API_TOKEN)
    assert 200 == api.ask("GET", "/api/v1/session", bearer=made["token"])[0]
    api.told("DELETE", f"{path}/{made['id']}", bearer=API_TOKEN)
    assert 401 == api.ask("GET", "/api/v1/session", bearer=made["token"])[0]


def test_a_policy_counts_from_the_next_request(api: Api) -> None:
    """GIVEN somebody with a role WHEN the policy takes it away THEN the next request is refused."""
    alice = session("alice", "org:admins")
    assert 200 == api.ask("GET", "/api/v1/settings/access", bearer=alice)[0]
    told = api.told("PUT", "/api/v1/settings/access", {"policy.csv": "g, alice, role:nothing"}, bearer=alice)
    assert ["no line gives 'role:nothing' anything; write p, role:nothing, … or correct the name"] == told["warnings"]
    assert 403 == api.ask("GET", "/api/v1/settings/access", bearer=alice)[0]


def test_a_policy_that_can_not_be_read_changes_nothing(api: Api) -> None:
    """GIVEN a policy with a mistake WHEN declared THEN its line is named, and the policy before it stays."""
    status, told = api.ask("PUT", "/api/v1/settings/access", {"policy.csv": "g, a\n"}, bearer=API_TOKEN)
    assert (400, "data[policy.csv] line 1") == (status, told["field"])
    shown = api.told("GET", "/api/v1/settings/access", bearer=API_TOKEN)
    assert ("argocd-rbac-cm", POLICY) == (shown["metadata"]["name"], shown["data"])


def test_sessions_can_not_be_made_up(api: Api) -> None:
    """GIVEN sessions that are over, changed, of another key or epoch WHEN used THEN nobody is let in."""
    good = session("root", "org:admins")
    head, _, tail = good.rpartition(".")
    other = write_session(
        Session("S1", "root", "root", ("org:admins",), "session", FAR, ""), derived_key("other-secret", "sessions")
    )
    for text in (
        session("root", "org:admins", expires=int(time.time()) - 1), session("root", "org:admins", epoch="another"),
        other, f"{head}.{tail[:-2]}AA", f"{head[:-1]}.{tail}", f"{head}.", head, good + "=", "mooring-session.é.é", "",
    ):  # fmt: skip
        assert 401 == api.ask("GET", "/api/v1/session", bearer=text, source="192.0.2.1")[0], text
        assert 401 == api.ask("GET", "/api/v1/session", cookie=text, source="192.0.2.1")[0], text
    assert 200 == api.ask("GET", "/api/v1/session", bearer=good)[0]


def test_a_cookie_changes_nothing_without_its_csrf_token(api: Api) -> None:
    """GIVEN a browser's session WHEN something is to change THEN the header of a page of ours must be there."""
    cookie = session("boss", "org:admins")
    csrf = api.told("GET", "/api/v1/session", cookie=cookie)["csrfToken"]
    asked = ("PUT", "/api/v1/settings/access", POLICY)
    ours = "https://mooring.test"
    for headers in (
        {}, {"x_mooring_csrf": ""}, {"x_mooring_csrf": csrf[:-1]},
        {"x_mooring_csrf": csrf, "origin": "https://evil.test"}, {"x_mooring_csrf": csrf, "origin": "null"},
        {"x_mooring_csrf": csrf, "sec_fetch_site": "cross-site"}, {"x_mooring_csrf": csrf, "sec_fetch_site": "same-site"},
        {"x_mooring_csrf": csrf, "origin": "http://mooring.test"},
    ):  # fmt: skip
        assert 403 == api.ask(*asked, cookie=cookie, **headers)[0], headers
    assert 200 == api.ask(*asked, cookie=cookie, x_mooring_csrf=csrf)[0]
    assert 200 == api.ask(*asked, cookie=cookie, x_mooring_csrf=csrf, origin=ours, sec_fetch_site="same-origin")[0]
    another = write_session(Session("S2", "boss", "boss", ("org:admins",), "session", FAR, ""), KEY)
    assert 403 == api.ask(*asked, cookie=another, x_mooring_csrf=csrf)[0]


def test_refusals_are_slowed_down_by_source(api: Api) -> None:
    """GIVEN somebody who guesses tokens WHEN they have had their share THEN they wait, and whoever has one does not."""
    answers = {
        api.ask("GET", "/api/v1/session", bearer=f"guess{number}", source="203.0.113.9")[0] for number in range(31)
    }
    assert {401, 429} == answers
    assert 429 == api.ask("GET", "/api/v1/session", bearer="mooring_guess", source="203.0.113.9")[0]
    assert 200 == api.ask("GET", "/api/v1/session", bearer=API_TOKEN, source="203.0.113.9")[0]
    assert 401 == api.ask("GET", "/api/v1/session", bearer="guess", source="203.0.113.10")[0]


def test_typing_the_token_is_for_local_stacks(api: Api) -> None:
    """GIVEN an installation that is no local stack WHEN its token is typed in THEN that is no way in."""
    status, told = api.ask("POST", "/api/v1/login/token", {"token": API_TOKEN})
    assert (403, "token") == (status, told["field"])


def test_who_did_it_is_on_record(api: Api) -> None:
    """GIVEN somebody with a session and a token of theirs WHEN they act THEN the record names both."""
    boss = session("boss@example.org", "org:admins")
    token = api.token({"name": "nightly", "role": "role:admin"}, bearer=boss)
    api.told("PUT", "/api/v1/settings/access", POLICY, bearer=token)
    items = api.told("GET", "/api/v1/audit", bearer=API_TOKEN)["items"]
    assert {"boss@example.org", "boss@example.org (token nightly)"} <= {each.get("actor") for each in items}


def test_a_session_reads_back_what_was_written() -> None:
    """GIVEN a session WHEN written and read THEN it is the same, in a text of one spelling."""
    made = Session("S1", 'é\n"', "Ä", ("a", "b"), "session", FAR, "e")
    text = write_session(made, KEY)
    assert made == read_session(text, KEY, now=FAR - 1)
    assert read_session(text, KEY, now=FAR) is None
    assert read_session(text, derived_key(API_TOKEN, "other"), now=0) is None


def test_a_local_stack_takes_the_typed_token() -> None:
    """GIVEN a local stack WHEN its token is typed into a page THEN a session begins that may everything by its cookie."""
    secrets = {"API_TOKEN": {"token": API_TOKEN}}
    with deployed("api", secrets, ("RENDERS", "SYNCS", "NOTES"), {"LOCAL_LOGIN": "true"}) as found:
        api = Api(found)
        assert {"oidc": None, "token": True} == api.told("GET", "/api/v1/login/options")
        for _ in range(30):
            assert 403 == api.ask("POST", "/api/v1/login/token", {"token": "guess"}, source="203.0.113.9")[0]
        assert 429 == api.ask("POST", "/api/v1/login/token", {"token": "guess"}, source="203.0.113.9")[0]
        begun = api.told("POST", "/api/v1/login/token", {"token": f" {API_TOKEN} "}, source="203.0.113.9")
        assert ("admin", True) == (begun["subject"], bool(begun["csrfToken"]))
        cookie = write_session(Session("S1", "admin", "admin", (), "administrator", FAR, ""), KEY)
        shown = api.told("GET", "/api/v1/session", cookie=cookie)
        assert ("admin", "administrator") == (shown["subject"], shown["means"])
        csrf = {"x_mooring_csrf": shown["csrfToken"]}
        assert 200 == api.ask("PUT", "/api/v1/settings/access", POLICY, cookie=cookie, **csrf)[0]
        status, told = api.ask("GET", "/api/v1/login")
        assert (400, "OidcIssuer") == (status, told["field"])


def test_what_asking_who_may_costs(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a warm instance WHEN asked THEN a person costs one query, a token a read more, the administrator nothing."""
    from mooring.state.table import Table

    counted: list[str] = []
    for name in ("get", "query", "write", "get_many"):
        whole = getattr(Table, name)

        def counting(self: Table, *args: Any, name: str = name, whole: Any = whole, **more: Any) -> Any:
            counted.append(name)
            return whole(self, *args, **more)

        monkeypatch.setattr(Table, name, counting)

    def cost(bearer: str) -> list[str]:
        assert 200 == api.ask("GET", "/api/v1/gpgkeys", bearer=bearer)[0]
        counted.clear()
        assert 200 == api.ask("GET", "/api/v1/gpgkeys", bearer=bearer)[0]
        return list(counted)

    token = api.token({"role": "role:readonly"})
    bare = cost(API_TOKEN)
    assert ["query", *bare] == cost(session("boss", "org:admins"))
    assert ["get", "query", *bare] == cost(token)
