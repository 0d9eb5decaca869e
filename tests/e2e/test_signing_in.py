"""Signing in through the whole stack: the template's authorizer at the local gateway, an issuer, the command."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from local.stack import Options, Stack
from mooring.errors import ForbiddenError
from mooring_cli import sso
from mooring_cli.client import Api
from mooring_cli.endpoint import checked
from tests.doubles.issuer import CLIENT, Issuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """One that knows our client, and wants no secret of it."""
    with Issuer() as made:
        made.secret = ""
        yield made


@pytest.fixture(scope="module")
def stack(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose people sign in there; no cluster has to do anything."""
    parameters = {"OidcIssuer": issuer.url, "OidcClientId": CLIENT}
    directory = tmp_path_factory.mktemp("signing-in")
    with Stack.start(Options(directory=directory, workloads=False, parameters=parameters), print) as started:
        yield started


def test_a_command_signs_in_and_may_what_its_group_may(
    stack: Stack, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN somebody in a group of the policy WHEN they sign in by the command THEN the API knows them, and decides."""
    admin = Api(checked(stack.mooring.url, stack.mooring.secret, "test"))
    policy = {"policy.csv": "p, readers, applications, get, */*, allow"}
    assert {"warnings": []} == admin.call("PUT", "settings", "access", body=policy)
    issuer.claims = {"sub": "00u1", "email": "alice@example.org", "email_verified": True, "groups": ["readers"]}
    followed: list[Thread] = []

    def browser(address: str) -> bool:
        issuer.redirects = tuple(parse_qs(urlsplit(address).query)["redirect_uri"])

        def follow() -> None:
            with urllib.request.urlopen(address, timeout=10) as page:
                page.read()

        followed.append(Thread(target=follow))
        followed[0].start()
        return True

    monkeypatch.setattr(sso.webbrowser, "open", browser)
    begun = sso.sign_in(Api(checked(stack.mooring.url, "", "test")), browser=True, port=0)
    followed[0].join()
    mine = Api(checked(stack.mooring.url, begun["token"], "test"))
    shown = mine.call("GET", "session")
    assert ("00u1", "alice@example.org", ["readers"]) == (shown["subject"], shown["name"], shown["groups"])
    assert {"applications": ["get"]} == shown["can"]
    assert [] == mine.call("GET", "applications")["items"]
    with pytest.raises(ForbiddenError, match="alice@example.org"):
        mine.call("PUT", "settings", "access", body=policy)


def test_no_secret_is_in_the_stacks_logs(stack: Stack) -> None:
    """GIVEN sign-ins and refusals WHEN everything that the stack wrote is read THEN no token is in it."""
    api = Api(checked(stack.mooring.url, "", "test"))
    begun = api.call("POST", "login", "token", body={"token": stack.mooring.secret})
    guessed = "mooring_a-token-that-nobody-made"
    with pytest.raises(ForbiddenError):
        Api(checked(stack.mooring.url, guessed, "test")).call("GET", "session")
    written = "".join(
        path.read_text(errors="replace") for path in Path(stack.directory).rglob("*.log") if path.is_file()
    )
    assert "session" in written
    for secret in (stack.mooring.secret, guessed, begun["csrfToken"], "mooring-session."):
        assert secret not in written
