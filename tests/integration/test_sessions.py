"""Sessions and accounts that are ended before their time, through the handler that is deployed, over moto's AWS."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.access.sessions import LASTS, Session, read_session, write_session
from mooring.flows.asked.admitting import GROUPS_LAST
from mooring.state.apitokens import ApiTokens
from mooring.state.endings import Ended, Endings
from mooring.state.signins import SignIn, SignIns
from mooring.state.table import Table, put
from tests.doubles.askedapi import KEY, Api
from tests.doubles.deployed import API_TOKEN, deployed_api

POLICY = {"policy.csv": "g, org:admins, role:admin\np, alice, applications, get, own/*, allow\n"}
PROJECT: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "shop"},
    "spec": {"roles": [{"name": "ci", "policies": ["p, proj:shop:ci, applications, get, shop/*, allow"]}]},
}
ROLE = "/api/v1/projects/shop/roles/ci/token"


@pytest.fixture
def api() -> Iterator[Api]:
    """An installation with a policy."""
    with deployed_api() as found:
        made = Api(found)
        made.told("PUT", "/api/v1/settings/access", POLICY, bearer=API_TOKEN)
        yield made


def signed_in(api: Api, ident: str, subject: str, *groups: str, at: float = 0.0) -> str:
    """The session of somebody who signed in (now, where no time is given)."""
    began = int(at or time.time())
    session = Session(ident, subject, f"{subject}@example.org", groups, "session", began + LASTS, "")
    SignIns(api.found.table).note(
        SignIn(ident, subject, session.name, began, session.expires, "", "192.0.2.7", "Firefox", command=False)
    )
    return write_session(session, KEY)


def listed(api: Api, bearer: str) -> list[str]:
    return [each["id"] for each in api.told("GET", "/api/v1/sessions", bearer=bearer)["items"]]


def status(api: Api, bearer: str, path: str = "/api/v1/session") -> int:
    return api.ask("GET", path, bearer=bearer)[0]


def test_people_see_and_end_their_own_sessions(api: Api) -> None:
    """GIVEN people with sessions WHEN listed and ended THEN each has their own, an administrator all, and what is ended
    counts for nothing from the next request on, while the others do.
    """
    phone, desk, bob = (signed_in(api, *who) for who in (("S1", "alice"), ("S2", "alice"), ("S3", "bob")))
    boss = signed_in(api, "S4", "boss", "org:admins")
    assert (["S1", "S2"], ["S3"], ["S1", "S2", "S3", "S4"]) == (listed(api, phone), listed(api, bob), listed(api, boss))
    assert 404 == api.ask("DELETE", "/api/v1/sessions/S1", bearer=bob)[0]
    assert 404 == api.ask("DELETE", "/api/v1/sessions/S9", bearer=boss)[0]
    api.told("DELETE", "/api/v1/sessions/S1", bearer=desk)
    assert [401, 200, 200] == [status(api, each) for each in (phone, desk, bob)]
    api.told("DELETE", "/api/v1/sessions/S3", bearer=boss)
    assert [401, 200, 401] == [status(api, each) for each in (phone, desk, bob)]
    assert ["S2", "S4"] == listed(api, API_TOKEN)
    assert 404 == api.ask("DELETE", "/api/v1/sessions/S3", bearer=boss)[0]


def test_a_token_looks_after_no_sessions(api: Api) -> None:
    """GIVEN a token of somebody's WHEN it asks for sessions THEN it sees none, ends none, and its maker not either."""
    alice = signed_in(api, "S1", "alice")
    token = api.token({"scope": ["accounts, *, *", "applications, get, */*"]}, bearer=alice)
    assert [] == listed(api, token)
    assert 404 == api.ask("DELETE", "/api/v1/sessions/S1", bearer=token)[0]
    assert 403 == api.ask("DELETE", "/api/v1/account", bearer=token, query={"subject": "alice"})[0]
    assert 200 == status(api, alice)


def test_whoever_leaves_has_nothing_left(api: Api) -> None:
    """GIVEN somebody with sessions, tokens and a token of a project's role WHEN an administrator ends them THEN none of
    theirs counts, others' do, what they may know is told, a second time does no harm, and they can sign in anew.
    """
    api.told("POST", "/api/v1/projects", PROJECT, bearer=API_TOKEN)
    boss, bob = signed_in(api, "S1", "boss", "org:admins"), signed_in(api, "S2", "bob")
    alice = signed_in(api, "S3", "alice", "org:admins")
    unlisted = write_session(Session("S9", "alice", "alice", (), "session", int(time.time()) + LASTS, ""), KEY)
    own, robots = api.token({"role": "role:admin"}, bearer=alice), api.token({"role": "role:admin"}, bearer=bob)
    known = api.told("POST", ROLE, {"name": "builds"}, bearer=alice)
    assert 403 == api.ask("DELETE", "/api/v1/account", bearer=bob, query={"subject": "alice"})[0]
    assert (400, "subject") == _field(api.ask("DELETE", "/api/v1/account", bearer=boss))
    ended = api.told("DELETE", "/api/v1/account", bearer=boss, query={"subject": "alice"})
    told = {"id": known["id"], "name": "builds", "subject": "proj:shop:ci"}
    assert {"sessions": 1, "tokens": 1, "knows": [told]} == ended
    assert [401, 401, 401] == [status(api, each) for each in (alice, unlisted, own)]
    assert [200, 200, 200, 200] == [status(api, each) for each in (boss, bob, robots, known["token"])]
    again = api.told("DELETE", "/api/v1/account", bearer=boss, query={"subject": "alice"})
    assert {"sessions": 0, "tokens": 0, "knows": [told]} == again
    assert 200 == status(api, signed_in(api, "S4", "alice", at=time.time() + 2))
    asked = [each for each in api.told("GET", "/api/v1/audit", bearer=boss)["items"] if "/account" in each["action"]]
    assert {"alice"} == {each["told"]["subject"] for each in asked if each["told"]}


def test_people_end_all_that_they_have(api: Api) -> None:
    """GIVEN somebody who lost a device WHEN they end their own account THEN it takes no right, and all of theirs goes."""
    alice, phone = signed_in(api, "S1", "alice"), signed_in(api, "S2", "alice")
    token = api.token({"scope": ["applications, get, */*"]}, bearer=alice)
    ended = api.told("DELETE", "/api/v1/account", bearer=alice, query={"subject": "alice"})
    assert (2, 1) == (ended["sessions"], ended["tokens"])
    assert [401, 401, 401] == [status(api, each) for each in (alice, phone, token)]


def test_no_token_is_made_while_somebody_is_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a request for a token that was let in WHEN its maker is ended before it is written THEN there is none."""
    alice = signed_in(api, "S1", "alice")
    whole = ApiTokens.add

    def late(self: ApiTokens, *given: Any) -> None:
        monkeypatch.setattr(ApiTokens, "add", whole)
        api_elsewhere = Endings(api.found.table)
        api_elsewhere.end_subject("alice", time.time())
        whole(self, *given)

    monkeypatch.setattr(ApiTokens, "add", late)
    refused, _ = api.ask("POST", "/api/v1/tokens", {"name": "x", "scope": ["logs, get, */*"]}, bearer=alice)
    assert 409 == refused
    assert [] == list(api.found.table.query("TOKENS"))


def test_a_token_without_word_of_its_maker_loses_their_groups(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a token by somebody's group and a line for themselves WHEN they have not signed in for a month THEN what
    the group gave is gone and the rest stays; a sign-in with the group in time would have kept it.
    """
    alice, bob = signed_in(api, "S1", "alice", "org:admins"), signed_in(api, "S2", "bob", "org:admins")
    idle, kept = (api.token({"role": "role:admin", "expiresIn": 365 * 86400}, bearer=each) for each in (alice, bob))
    forever = api.token({"role": "role:admin", "expiresIn": 365 * 86400})
    every = (idle, kept, forever)
    assert [200, 200, 200] == [status(api, each, "/api/v1/settings") for each in every]
    until = api.told("GET", "/api/v1/tokens", bearer=API_TOKEN)["items"][0]["groupsUntil"]
    assert until == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_began(alice) + GROUPS_LAST))
    later = time.time() + GROUPS_LAST + 1
    ApiTokens(api.found.table).regroup("bob", ["org:admins"], later - 60)
    monkeypatch.setattr("desk.time.time", lambda: later)
    assert [403, 200, 200] == [status(api, each, "/api/v1/settings") for each in every]
    assert 200 == status(api, idle)
    can = api.told("GET", "/api/v1/session", bearer=idle)["can"]
    assert {"applications": ["get"]} == can


def test_tokens_of_a_project_do_not_outlive_it(api: Api) -> None:
    """GIVEN a token of a project's role WHEN the project is removed and declared again THEN it lets nobody in, and is on
    no list; also one that was left behind, as by a removal that broke off. A project that changes keeps its tokens.
    """
    api.told("POST", "/api/v1/projects", PROJECT, bearer=API_TOKEN)
    first = api.told("POST", ROLE, {"name": "builds"}, bearer=API_TOKEN)["token"]
    changed = copy.deepcopy(PROJECT)
    changed["spec"]["description"] = "other words"
    api.told("POST", "/api/v1/projects", changed, bearer=API_TOKEN)
    assert 200 == status(api, first)
    (left,) = api.found.table.query("TOKENS")
    api.told("DELETE", "/api/v1/projects/shop", bearer=API_TOKEN)
    assert [] == list(api.found.table.query("TOKENS"))
    api.told("POST", "/api/v1/projects", PROJECT, bearer=API_TOKEN)
    assert 401 == status(api, first)
    api.found.table.write(put(left))
    assert 401 == status(api, first)
    assert [] == api.told("GET", ROLE, bearer=API_TOKEN)["items"]
    second = api.told("POST", ROLE, {"name": "builds"}, bearer=API_TOKEN)["token"]
    assert [401, 200] == [status(api, each) for each in (first, second)]


def test_what_was_ended_is_read_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN sessions that were ended WHEN others ask THEN an instance reads that once for each ending, and no more."""
    alice, bob = signed_in(api, "S1", "alice"), signed_in(api, "S2", "bob")
    counted: list[str] = []
    whole = Table.query

    def counting(self: Table, pk: str, *given: Any, **more: Any) -> Any:
        counted.append(pk)
        return whole(self, pk, *given, **more)

    monkeypatch.setattr(Table, "query", counting)
    asked = []
    for ended in (None, "S1", None):
        if ended:
            Endings(api.found.table).end(ended, int(time.time()) + LASTS)
        counted.clear()
        assert 200 == status(api, bob)
        asked.append(list(counted))
    assert [["CLUSTERS"], ["CLUSTERS", "ENDED"], ["CLUSTERS"]] == asked
    assert 401 == status(api, alice)


def test_what_proves_a_page_is_written_to_no_disk(api: Api) -> None:
    """GIVEN answers with a CSRF token, with addresses of people, with a token, or a refusal WHEN they come THEN none may
    be stored, and no browser guesses what they are.
    """
    cookie = signed_in(api, "S1", "alice")
    for asked in (
        {"method": "GET", "path": "/api/v1/session", "cookie": cookie},
        {"method": "GET", "path": "/api/v1/sessions", "cookie": cookie},
        {
            "method": "POST",
            "path": "/api/v1/tokens",
            "body": {"name": "x", "scope": ["logs, get, */*"]},
            "bearer": cookie,
        },
        {"method": "GET", "path": "/api/v1/settings", "cookie": cookie},
    ):
        headers = api.headers(**asked)
        assert ("no-store", "nosniff") == (headers["cache-control"], headers["x-content-type-options"]), asked
    assert "private, no-cache" == api.headers("GET", "/api/v1/projects", bearer=API_TOKEN)["cache-control"]


def test_endings_that_are_over_are_not_read(api: Api) -> None:
    """GIVEN endings WHEN their sessions would be over by themselves THEN they are passed over, and people's are not."""
    endings = Endings(api.found.table)
    endings.end("OLD", 1_000)
    endings.end("NEW", 3_000)
    endings.end_subject("ann", 500.7)
    known = endings.known("v", 2_000.0)
    assert Ended(frozenset({"NEW"}), {"ann": 500}) == known
    assert [True, False] == [known.covers("", "ann", began) for began in (500, 501)]
    assert Ended() == Endings(api.found.table).known("", 2_000.0)


def _field(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["field"]


def _began(text: str) -> int:
    session = read_session(text, KEY, now=0)
    assert session is not None
    return session.began
