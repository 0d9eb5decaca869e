"""Who is let in, and who isn't: what is ours but no session, an installation without a secret, two tokens in one."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.access.policycsv import read_scope
from mooring.access.sessions import PREFIX, derived_key, read_session, signed
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.asked.acting import action_of
from mooring.flows.asked.admitting import Arrival, Door
from mooring.flows.asked.signingin import Entrance, finish
from mooring.identity.issuer import Client, Issuer

SECRET = "a-long-secret"  # noqa: S105 (of these tests)
TICKET: list[object] = ["sign-in", "state", "nonce", "verifier", "http://localhost:1/auth/callback", 600]


def _door(secret: str = SECRET) -> Door:
    nothing: Any = None  # nothing is read before somebody is known
    return Door(nothing, nothing, nothing, lambda: secret)


def test_a_ticket_of_a_sign_in_is_no_session() -> None:
    """GIVEN a ticket, which anybody gets, WHEN it is sent as a session THEN nobody is known by it."""
    key = derived_key(SECRET, "sessions")
    assert read_session(PREFIX + signed(TICKET, key), key, now=0.0) is None


def test_an_empty_secret_lets_nobody_in() -> None:
    """GIVEN a secret without a token in it WHEN an empty token is sent THEN it is not the administrator's."""
    arrival = Arrival("GET", {"authorization": "Bearer "}, (), "192.0.2.1", ("https://mooring.test",))
    assert _door("").admit(arrival, 0.0) is None


@pytest.mark.parametrize("token", ["e30.e30.e30 e30.e30.e30", "e30.e30.e30,e30.e30.e30", "e30.e30", ""])
def test_a_header_holds_one_token(token: str) -> None:
    """GIVEN more or less than one token WHEN a session is to begin THEN none is read: another may have been verified."""
    issuer = Issuer(Client("https://issuer.test", "mooring", "openid", lambda: ""))
    entrance = Entrance(_door(), lambda: SECRET, issuer, "groups", False)
    ticket = signed(TICKET, entrance.door.key)
    with pytest.raises(ForbiddenError, match="is no id_token"):
        finish(entrance, ticket, token, {"sub": "eve", "iss": "https://issuer.test"}, now=0.0)


def test_nothing_of_a_password_is_on_record() -> None:
    """GIVEN an address whose password has an @ in it WHEN it goes on record THEN nothing before its host does."""
    body = b'{"url": "https://bot:half@rest@git.test/acme"}'
    told = action_of("PUT", "/api/v1/repositories", {}, body, actor="ada", now=0.0, source="", agent="")["told"]
    assert "https://git.test/acme" == told["url"]


def test_a_scope_is_matched_in_bounded_time() -> None:
    """GIVEN alternatives beside many stars WHEN a token is narrowed to them THEN that is refused: they could take for ever."""
    assert 1 == len(read_scope(['applications, get, "{shop,pay}/*"'], "scope"))
    with pytest.raises(ConfigurationError, match="a line for each"):
        read_scope(["applications, get, *{a}*{a}*{a}*b"], "scope")
