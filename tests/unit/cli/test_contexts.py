"""Contexts and signing in: what is kept where, and which Mooring is meant."""

from __future__ import annotations

import io
import socket
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mooring_cli import sso
from mooring_cli.contexts import Context, Contexts, contexts_file, read_contexts, write_contexts
from tests.unit.cli.fake_api import TOKEN, FakeApi, Outcome

Mooring = Callable[..., Outcome]

SESSION = {
    "subject": "ada", "name": "Ada", "groups": ["ops"], "means": "session", "expiresAt": None, "csrfToken": None,
    "can": {"applications": ["get", "sync"]},
}  # fmt: skip


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, mooring: Mooring, tmp_path: Path) -> dict[str, str]:
    """A user who has signed in to nothing, with no address in the environment."""
    monkeypatch.delenv("MOORING_URL")
    monkeypatch.delenv("MOORING_TOKEN")
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    monkeypatch.setenv("XDG_CONFIG_HOME", environment["XDG_CONFIG_HOME"])
    return environment


def test_a_token_is_tried_and_kept_for_its_owner(
    api: FakeApi, mooring: Mooring, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a token on standard input WHEN it is taken THEN it lies in one file of mode 0600, and commands use it."""
    typed(monkeypatch, f"{TOKEN}\n")
    api.on("GET /api/v1/session", SESSION)
    api.on("GET /api/v1/projects", {"items": []})
    done = mooring("login", api.url, "--name", "staging")
    assert (0, True) == (done.code, done.out.startswith(f"signed in to {api.url} as Ada; context staging is in"))
    file = contexts_file(alone)
    assert 0o600 == file.stat().st_mode & 0o777
    assert Contexts("staging", {"staging": Context(api.url, TOKEN)}) == read_contexts(alone)
    assert TOKEN not in done.out + done.err + mooring("context", "list", "-o", "json").out
    assert 0 == mooring("project", "list").code


def test_a_wrong_token_is_not_kept(
    api: FakeApi, mooring: Mooring, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a token that the API does not take WHEN signing in THEN nothing is kept."""
    typed(monkeypatch, "wrong\n")
    assert (1, "error: unknown token\n") == ((done := mooring("login", api.url)).code, done.err)
    assert not contexts_file(alone).exists()
    typed(monkeypatch, "\n")
    assert "error: token: is empty" in mooring("login", api.url).err


def test_one_of_several_is_meant(api: FakeApi, mooring: Mooring, alone: dict[str, str]) -> None:
    """GIVEN two contexts WHEN one is used, named or deleted THEN commands go where that says."""
    write_contexts(alone, Contexts("far", {"far": Context("http://127.0.0.1:1", "t"), "near": Context(api.url, TOKEN)}))
    api.on("GET /api/v1/projects", {"items": []})
    assert "no answer from http://127.0.0.1:1" in mooring("project", "list").err
    assert 0 == mooring("project", "list", "--context", "near").code
    assert 0 == mooring("--context", "near", "project", "list").code
    assert "no context 'else'; known are far, near" in mooring("project", "list", "--context", "else").err
    assert "near is the current context\n" == mooring("context", "use", "near").out
    assert 0 == mooring("project", "list").code
    listed = mooring("context", "list").out.splitlines()[1:]
    assert {("*", "near"), ("far", "http://127.0.0.1:1")} == {tuple(line.split()[:2]) for line in listed}
    assert ["far", "near"] == sorted(mooring("context", "list", "-o", "name").out.split())
    assert "token of near forgotten\n" == mooring("logout").out
    assert {"far"} == set(read_contexts(alone).contexts)
    assert "context far deleted\n" == mooring("context", "rm", "far").out
    assert "run `mooring login URL`" in mooring("project", "list").err


def test_signing_out_ends_the_session(api: FakeApi, mooring: Mooring, alone: dict[str, str]) -> None:
    """GIVEN somebody who signed in WHEN they sign out THEN the API ends their session, and where it can't be asked the
    token is forgotten all the same and the rest is said.
    """
    near = Context(api.url, "mooring-session.x.y", "2026-11-22T00:00:00Z")
    write_contexts(alone, Contexts("near", {"near": near, "far": replace(near, url="http://127.0.0.1:1")}))
    api.on("DELETE /api/v1/session", {})
    assert "token of near forgotten\n" == mooring("logout").out
    assert ("DELETE", "/api/v1/session") == (api.calls[-1].method, api.calls[-1].target)
    gone = mooring("logout", "far")
    assert (0, "token of far forgotten\n") == (gone.code, gone.out)
    assert "it ends at 2026-11-22T00:00:00Z" in gone.err
    assert {} == read_contexts(alone).contexts


def test_the_environment_is_stronger(
    api: FakeApi, mooring: Mooring, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a current context WHEN MOORING_URL is set THEN that is meant, with its own token."""
    write_contexts(alone, Contexts("far", {"far": Context("http://127.0.0.1:1", "t")}))
    monkeypatch.setenv("MOORING_URL", api.url)
    api.on("GET /api/v1/projects", {"items": []})
    assert 1 == mooring("project", "list").code
    monkeypatch.setenv("MOORING_TOKEN", TOKEN)
    assert 0 == mooring("project", "list").code


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [('{"contexts": {}}', 0o644, "chmod 600"), ("not json", 0o600, "can't be read (JSONDecodeError)")],
)
def test_a_file_that_others_read_or_that_is_none_is_refused(
    mooring: Mooring, alone: dict[str, str], text: str, mode: int, words: str
) -> None:
    """GIVEN a file with tokens that others may read, or one that is broken WHEN it is needed THEN the error says so."""
    file = contexts_file(alone)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(mode)
    assert words in mooring("context", "list").err


def test_a_browser_signs_in(
    api: FakeApi, mooring: Mooring, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an installation with an issuer WHEN somebody signs in there THEN the session is kept, the code is not."""

    answered: list[int] = []
    waiting: list[threading.Thread] = []

    def browser(address: str) -> bool:
        assert "https://id.test/authorize" == address
        port = api.calls[-1].target.rpartition("=")[2]

        def come_back() -> None:
            for path in ("/favicon.ico", "/auth/callback?code=c0de&state=st"):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                        answered.append(answer.status)
                except urllib.error.HTTPError as error:
                    with error:
                        answered.append(error.code)

        waiting.append(threading.Thread(target=come_back))
        waiting[0].start()
        return True

    monkeypatch.setattr(sso.webbrowser, "open", browser)
    api.on("GET /api/v1/login/options", {"oidc": {"issuer": "https://id.test", "clientId": "m"}, "token": False})
    api.on("GET /api/v1/login?port=PORT", {"address": "https://id.test/authorize", "login": "ticket"})
    api.on("POST /api/v1/login/exchange", {"idToken": TOKEN})
    api.on(
        "POST /api/v1/session", {"token": TOKEN, "name": "Ada", "subject": "ada", "expiresAt": "2026-03-01T02:00:00Z"}
    )
    api.on("GET /api/v1/session", SESSION)
    done = mooring("login", api.url, "--sso", "--sso-port", "0")
    waiting[0].join()
    assert (0, True) == (done.code, "as Ada until 2026-03-01T02:00:00Z" in done.out), done.err
    bodies = {call.target: call.body for call in api.calls if call.body}
    assert {
        "/api/v1/login/exchange": {"login": "ticket", "code": "c0de", "state": "st"},
        "/api/v1/session": {"login": "ticket"},
    } == bodies
    assert "c0de" not in contexts_file(alone).read_text()
    assert [404, 200] == answered


def test_an_installation_without_an_issuer_says_so(api: FakeApi, mooring: Mooring, alone: dict[str, str]) -> None:
    """GIVEN no issuer WHEN somebody wants to sign in through it THEN the error says what to do instead."""
    api.on("GET /api/v1/login/options", {"oidc": None, "token": True})
    done = mooring("login", api.url, "--sso", "--sso-port", "0")
    assert (1, True) == (done.code, "sign in with a token" in done.err)


def test_a_port_that_is_taken_is_said_to_be(api: FakeApi, mooring: Mooring, alone: dict[str, str]) -> None:
    """GIVEN a port that something listens on WHEN somebody signs in on it THEN the error names it and what to do."""
    api.on("GET /api/v1/login/options", {"oidc": {"issuer": "https://id.test", "clientId": "m"}, "token": False})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = mooring("login", api.url, "--sso", "--sso-port", port)
    assert (1, True) == (done.code, f"listens on port {port}" in done.err)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What is on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_sessions_and_leaving(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN sessions WHEN listed, one ended, and somebody ended whole THEN it is asked so, and what they may still know
    is said with the command that revokes it.
    """
    times = {"begunAt": "2026-11-21T10:00:00Z", "expiresAt": "2026-11-21T22:00:00Z"}
    row = {"id": "01S", "subject": "auth0|ann", "name": "ann@example.org", "source": "192.0.2.7", "agent": "Firefox"}
    api.on("GET /api/v1/sessions", {"items": [row | times | {"means": "browser", "current": True}], "metadata": {}})
    shown = mooring("account", "sessions").out.splitlines()[1]
    assert all(word in shown for word in ("01S", "auth0|ann", "192.0.2.7", "browser: Firefox", "this one"))
    api.on("DELETE /api/v1/sessions/01S", {})
    assert "session 01S ended\n" == mooring("account", "end-session", "01S").out
    known = {"id": "01T", "name": "builds", "subject": "proj:shop:ci"}
    api.on("DELETE /api/v1/account?subject=auth0%7Cann", {"sessions": 2, "tokens": 1, "knows": [known]})
    told = mooring("account", "end", "auth0|ann", "--yes").out.splitlines()
    assert "2 sessions ended, 1 tokens revoked" == told[0]
    assert told[1].endswith("mooring project role delete-token shop ci 01T")


def test_who_you_are_and_your_tokens(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN somebody who is known WHEN asked who and what they may THEN it is told; a new token is printed alone."""
    api.on("GET /api/v1/session", SESSION)
    page = mooring("account", "whoami").out
    assert ["applications", "get,", "sync"] in [line.split() for line in page.splitlines()]
    api.on("POST /api/v1/tokens", {"token": "mooring_x", "id": "01"})
    made = mooring("account", "create-token", "ci", "--role", "role:readonly", "--expires-in", "30d")
    assert "mooring_x\n" == made.out
    assert {"name": "ci", "role": "role:readonly", "expiresIn": 30 * 86_400} == api.calls[-1].body
    assert {"token": "mooring_x", "id": "01"} == json.loads(
        mooring("account", "generate-token", "ci", "--scope", "applications, get, */*", "-o", "json").out
    )
    assert "give --role or --scope" in mooring("account", "create-token", "ci").err
    assert (
        "must be a length of time" in mooring("account", "create-token", "ci", "--role", "r", "--expires-in", "x").err
    )
