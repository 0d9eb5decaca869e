"""Servers that refuse, redirect, hang, vanish or lie: an error that helps, in time, without a secret."""

from __future__ import annotations

import base64
import http.server
import socket
import stat
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.githttp import basic
from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.source import Credential, Repositories, Resolution, select
from mooring.source.credentials import BasicCredential, SSHCredential, TokenCredential
from mooring.source.process import Git, Outcome

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served
    from tests.conftest import Watcher

CANARY = "c4nary-s3cret"


class Stored:
    """A store of some credentials."""

    def __init__(self, *credentials: Credential) -> None:
        self.credentials = credentials

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select(self.credentials, url)


def everything_told(error: BaseException) -> str:
    """The traceback with its causes and contexts, and every attribute on the way: what any log could show."""
    texts = traceback.format_exception(error)
    cause: BaseException | None = error
    while cause is not None:
        texts += [repr(cause), str(vars(cause)), str(cause.args)]
        cause = cause.__cause__ or cause.__context__
    return "".join(texts)


@pytest.fixture
def guarded(git_server: Served) -> str:
    """A repository that asks for a user and a password."""
    url = git_server.create("private.git", {"a": "1"})
    git_server.server.guarded["private.git"] = basic("me", CANARY)
    return url


@pytest.mark.parametrize(
    ("credential", "header"),
    [
        (BasicCredential("", "me", CANARY), basic("me", CANARY)),
        (TokenCredential("", CANARY), basic("x-access-token", CANARY)),
    ],
)
def test_credentials_open_a_repository_and_leave_no_trace(
    credential: BasicCredential | TokenCredential,
    header: str,
    git_server: Served,
    guarded: str,
    tmp_path: Path,
    git_behind: Callable[[Watcher], Git],
) -> None:
    """GIVEN a private repository WHEN it is read THEN the secret is in git's environment alone: no argument, no file."""
    git_server.server.guarded["private.git"] = header
    seen: list[str] = []

    def watched(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        seen.extend(arguments)
        return None

    object.__setattr__(credential, "url", git_server.server.url)
    repositories = Repositories(tmp_path / "repos", Stored(credential), git=git_behind(watched))
    answer = repositories.latest(guarded, ["main"])["main"]
    assert isinstance(answer, Resolution)
    assert answer == repositories.resolve(guarded, ["main"])["main"]
    assert "1" == (repositories.checkout(guarded, answer.sha) / "a").read_text()
    secrets = [CANARY, header.removeprefix("Basic ")]
    assert not [word for word in seen if any(secret in word for secret in secrets)]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path


@pytest.mark.parametrize("stored", [(), (BasicCredential("", "me", f"not-{CANARY}"),)])
def test_missing_and_wrong_credentials_are_told_apart(
    stored: tuple[BasicCredential, ...], git_server: Served, guarded: str, tmp_path: Path
) -> None:
    """GIVEN a private repository WHEN we have no or a wrong credential THEN the error says which, at once."""
    for credential in stored:
        object.__setattr__(credential, "url", git_server.server.url)
    repositories = Repositories(tmp_path / "repos", Stored(*stored))
    for use in (repositories.resolve, repositories.latest):
        with pytest.raises(ForbiddenError) as caught:
            use(guarded, ["main"])
        assert "spec.source.repoURL" == caught.value.field
        assert ("refuses the stored credential" if stored else "none is stored") in caught.value.message
        assert CANARY not in everything_told(caught.value)


def test_a_rotated_credential_is_used_at_once(git_server: Served, guarded: str, tmp_path: Path) -> None:
    """GIVEN a warm copy WHEN the password changes in the store and on the server THEN the next fetch uses the new one."""
    store = Stored(BasicCredential(git_server.server.url, "me", CANARY))
    repositories = Repositories(tmp_path / "repos", store)
    repositories.latest(guarded, ["main"])
    git_server.server.guarded["private.git"] = basic("me", "rotated")
    with pytest.raises(ForbiddenError):
        repositories.latest(guarded, ["main"])
    store.credentials = (BasicCredential(git_server.server.url, "me", "rotated"),)
    assert isinstance(repositories.latest(guarded, ["main"])["main"], Resolution)


class Kept(Stored):
    """A store that answers from memory until it is asked what is stored now."""

    def __init__(self, kept: Credential | None, *stored: Credential) -> None:
        super().__init__(*stored)
        self.kept = kept
        self.asked = 0

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        self.asked += fresh
        return super().find(url) if fresh else self.kept


@pytest.mark.parametrize("password", [None, "old"])
def test_a_credential_that_was_just_stored_is_used_at_once(
    password: str | None, git_server: Served, guarded: str, tmp_path: Path
) -> None:
    """GIVEN no or an old credential in memory WHEN the server refuses it THEN the one that is stored now is tried."""
    kept = None if password is None else BasicCredential(git_server.server.url, "me", password)
    store = Kept(kept, BasicCredential(git_server.server.url, "me", CANARY))
    repositories = Repositories(tmp_path / "repos", store)
    assert isinstance(repositories.resolve(guarded, ["main"])["main"], Resolution)
    assert 1 == store.asked


def test_a_refused_credential_that_is_still_stored_is_tried_once(
    git_server: Served, guarded: str, tmp_path: Path
) -> None:
    """GIVEN the same wrong credential in memory and in the store THEN the server is not asked with it again."""
    wrong = BasicCredential(git_server.server.url, "me", "wrong")
    with pytest.raises(ForbiddenError):
        Repositories(tmp_path / "repos", Kept(wrong, wrong)).resolve(guarded, ["main"])
    requests = git_server.server.counts()["GET /private.git/info/refs"]
    with pytest.raises(ForbiddenError):
        Repositories(tmp_path / "others", Stored(wrong)).resolve(guarded, ["main"])
    assert 2 * requests == git_server.server.counts()["GET /private.git/info/refs"]


def test_what_is_no_repository_says_so(git_server: Served, tmp_path: Path) -> None:
    """GIVEN an address where nothing is WHEN it is read THEN the error names the address."""
    repositories = Repositories(tmp_path / "repos", Stored())
    for use in (repositories.resolve, repositories.latest):
        with pytest.raises(ConfigurationError, match=r"nothing is no repository"):
            use(git_server.url("nothing.git"), ["main"])


def test_a_repository_that_vanishes_keeps_what_was_read(git_server: Served, tmp_path: Path) -> None:
    """GIVEN a checkout WHEN the server loses the repository THEN its files are still read."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    repositories = Repositories(tmp_path / "repos", Stored())
    repositories.checkout(url, sha)
    (git_server.server.root / "shop.git").rename(git_server.server.root / "gone.git")
    with pytest.raises(MooringError):
        repositories.latest(url, ["main"])
    assert "1" == (repositories.checkout(url, sha) / "a").read_text()


@contextmanager
def serving(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A web server that answers every GET in its own way; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 502, 503])
def test_no_server_can_make_us_repeat_a_secret(status: int, tmp_path: Path) -> None:
    """GIVEN a server that echoes our header WHEN it fails in any way THEN no part of the error shows the secret."""
    encoded = base64.b64encode(f"me:{CANARY}".encode()).decode()
    sent: list[str | None] = []

    def echo(request: http.server.BaseHTTPRequestHandler) -> None:
        sent.append(request.headers["Authorization"])
        body = f"fatal: {CANARY}\nYou sent {request.headers['Authorization']}, {CANARY}\n".encode()
        request.send_response(status, f"{CANARY} {encoded}")
        request.send_header("Content-Type", "text/plain")
        request.send_header("WWW-Authenticate", f'Basic realm="{CANARY}"')
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with serving(echo) as url:
        repositories = Repositories(tmp_path / "repos", Stored(BasicCredential(url, "me", CANARY)))
        for use in (repositories.resolve, repositories.latest):
            with pytest.raises(MooringError) as caught:
                use(f"{url}/acme/shop", ["main"])
            told = everything_told(caught.value)
            assert CANARY not in told
            assert encoded not in told
    assert f"Basic {encoded}" in sent


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ForbiddenError),
        (403, ForbiddenError),
        (404, ConfigurationError),
        (429, ThrottledError),
        (500, UnreachableError),
        (503, UnreachableError),
    ],
)
def test_each_status_has_its_error(status: int, error: type[MooringError], tmp_path: Path) -> None:
    """Permanent where somebody has to act, transient where time may help."""
    with serving(lambda request: request.send_error(status)) as url:
        repositories = Repositories(tmp_path / "repos", Stored())
        for use in (repositories.resolve, repositories.latest):
            with pytest.raises(error):
                use(f"{url}/acme/shop", ["main"])


def test_redirects_do_not_carry_a_credential_away(git_server: Served, tmp_path: Path) -> None:
    """GIVEN a server that redirects elsewhere WHEN we have a credential for it THEN nobody else is shown it."""
    git_server.create("shop.git", {"a": "1"})
    shown: list[str | None] = []

    def redirect(request: http.server.BaseHTTPRequestHandler) -> None:
        shown.append(request.path)
        request.send_response(302)
        request.send_header("Location", git_server.server.url + request.path)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with serving(redirect) as url:
        repositories = Repositories(tmp_path / "repos", Stored(TokenCredential(url, CANARY)))
        with pytest.raises(ConfigurationError, match="redirects elsewhere"):
            repositories.resolve(f"{url}/shop.git", ["main"])
        assert not git_server.server.counts()
        anonymous = Repositories(tmp_path / "more", Stored())
        assert isinstance(anonymous.resolve(f"{url}/shop.git", ["main"])["main"], Resolution)


def test_a_server_that_insists_on_its_ending_is_followed(git_server: Served, tmp_path: Path) -> None:
    """GIVEN a forge that redirects x to x.git, as GitLab does, WHEN x is declared THEN it is read, with the credential."""
    git_server.create("shop.git", {"a": "1"})
    header = basic("x-access-token", CANARY)
    git_server.server.guarded["shop.git"] = header
    asked: list[str] = []
    allows = git_server.server.allows

    def count(path: str, authorization: str | None) -> bool:
        asked.append(path)
        return allows(path, authorization)

    git_server.server.allows = count  # type: ignore[method-assign]
    original = http.server.BaseHTTPRequestHandler.parse_request

    def redirecting(request: http.server.BaseHTTPRequestHandler) -> bool:
        if not original(request):
            return False
        if request.path.startswith("/shop/"):
            request.send_response(301)
            request.send_header("Location", git_server.server.url + request.path.replace("/shop/", "/shop.git/"))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return False
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.server.BaseHTTPRequestHandler, "parse_request", redirecting)
        repositories = Repositories(tmp_path / "repos", Stored(TokenCredential(git_server.server.url, CANARY)))
        url = f"{git_server.server.url}/shop"
        assert isinstance(repositories.latest(url, ["main"])["main"], Resolution)
        assert isinstance(repositories.resolve(url, ["main"])["main"], Resolution)
    assert {"/shop.git/info/refs", "/shop.git/git-upload-pack"} == set(asked)


@pytest.mark.parametrize("method", ["resolve", "latest"])
def test_a_server_that_never_answers_is_left_in_time(method: str, tmp_path: Path) -> None:
    """GIVEN a socket that accepts and is silent WHEN it is asked THEN the limit holds and no process stays behind."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/acme/shop"
        repositories = Repositories(tmp_path / "repos", Stored(), timeout=0.5)
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match=r"within 0\.5 s"):
            getattr(repositories, method)(url, ["main"])
        assert time.monotonic() - begun < 10  # not a measurement: without a limit it would be for ever
        assert [] == [words for words in _processes() if url in words]


def test_after_a_timeout_the_copy_is_used_again(git_server: Served, tmp_path: Path) -> None:
    """GIVEN a fetch that was killed WHEN the server is back THEN the same object goes on."""
    url = git_server.create("shop.git")
    repositories = Repositories(tmp_path / "repos", Stored(), timeout=20)
    git_server.commit("shop.git", {"a": "1"})
    assert isinstance(repositories.latest(url, ["main"])["main"], Resolution)
    allows = git_server.server.allows
    released = threading.Event()

    def stall(path: str, authorization: str | None) -> bool:
        released.wait(20)
        return True

    git_server.server.allows = stall  # type: ignore[method-assign]
    impatient = Repositories(tmp_path / "repos", Stored(), timeout=0.3)
    sha = git_server.commit("shop.git", {"a": "2"})
    with pytest.raises(UnreachableError):
        impatient.latest(url, ["main"])
    released.set()
    git_server.server.allows = allows  # type: ignore[method-assign]
    assert sha == getattr(repositories.latest(url, ["main"])["main"], "sha", None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/acme/shop", "http://nowhere.invalid/acme/shop", "https://127.0.0.1:9/acme/shop.git"]
)
def test_a_server_that_is_not_there_is_unreachable(url: str, tmp_path: Path) -> None:
    """Nobody listens, or the name means nothing: perhaps later."""
    with pytest.raises(UnreachableError):
        Repositories(tmp_path / "repos", Stored()).latest(url, ["main"])


@pytest.mark.parametrize(
    "url", ["ext::sh -c true", "file:///etc", "/etc", "--upload-pack=x", "https://u:p@h.invalid/x"]
)
def test_dangerous_addresses_reach_no_process(url: str, tmp_path: Path) -> None:
    """GIVEN an address that git would obey WHEN anything is asked of it THEN it is refused before git is run."""

    def refuse(*arguments: object, **settings: object) -> Outcome:
        raise AssertionError(arguments)

    repositories = Repositories(tmp_path / "repos", Stored(), git=refuse)
    for use in (repositories.resolve, repositories.latest):
        with pytest.raises(ConfigurationError) as caught:
            use(url, ["main"])
        assert "spec.source.repoURL" == caught.value.field


SSH_STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "{log}"
while [ "$1" != -i ]; do shift; done
cp "$2" "{log}.key"; stat -c %a "$2" >> "{log}"
for last; do :; done
exec sh -c "$last"
"""


def test_ssh_gets_its_key_from_a_private_file(
    git_server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a stand-in for ssh that runs git here WHEN a repository is read over ssh THEN the key was there, and is gone."""
    git_server.create("shop.git", {"a": "1"})
    programs, log = tmp_path / "bin", tmp_path / "ssh.log"
    programs.mkdir()
    (programs / "ssh").write_text(SSH_STAND_IN.format(log=log))
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    key = f"-----BEGIN KEY-----\n{CANARY}\n-----END KEY-----\n"
    store = Stored(SSHCredential("git@forge.example", key, "forge.example ssh-ed25519 AAAA"))
    store.credentials = (SSHCredential("ssh://git@forge.example", key, "forge.example ssh-ed25519 AAAA"),)
    repositories = Repositories(tmp_path / "repos", store)
    url = f"ssh://git@forge.example{git_server.server.root}/shop.git"
    answer = repositories.latest(url, ["main"])["main"]
    assert isinstance(answer, Resolution)
    words = log.read_text().split("\n")
    assert "StrictHostKeyChecking=yes" in words
    assert "git@forge.example" in words
    assert "600" in words
    assert key == Path(f"{log}.key").read_text()
    left = [path for path in (tmp_path / "repos").rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert [] == left
    assert 0o700 == stat.S_IMODE((tmp_path / "repos").stat().st_mode)


@pytest.mark.parametrize(
    ("script", "error", "reason"),
    [
        ('echo "git@x: Permission denied (publickey)." >&2; exit 255', ForbiddenError, "refuses the stored credential"),
        ('echo "Host key verification failed." >&2; exit 255', ForbiddenError, "known_hosts"),
        ('echo "ERROR: Repository not found." >&2; exit 1', ConfigurationError, "no repository"),
        (
            'echo "ssh: connect to host x port 22: Connection refused" >&2; exit 255',
            UnreachableError,
            "does not answer",
        ),
        ("sleep 30", UnreachableError, "within"),
    ],
)
def test_ssh_failures_have_their_errors(
    script: str, error: type[MooringError], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN what ssh says when it fails WHEN a repository is read THEN the error is of the right kind."""
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    key = SSHCredential("ssh://forge.example", f"-----BEGIN KEY-----\n{CANARY}\n", "x")
    repositories = Repositories(tmp_path / "repos", Stored(key), timeout=1)
    with pytest.raises(error, match=reason) as caught:
        repositories.latest("git@forge.example:acme/shop.git", ["main"])
    assert CANARY not in everything_told(caught.value)


def test_ssh_without_a_key_is_told_without_a_connection(tmp_path: Path) -> None:
    """No process is needed to know."""
    with pytest.raises(ForbiddenError, match="no SSH key"):
        Repositories(tmp_path / "repos", Stored()).resolve("git@forge.example:acme/shop.git", ["main"])


def test_without_git_the_error_says_what_to_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a function without the tools layer WHEN a repository is read THEN the reader knows what is missing."""
    Repositories(tmp_path / "repos", Stored()).resolve("https://forge.invalid/x", ["a" * 40])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="layer"):
        Repositories(tmp_path / "repos", Stored()).resolve("https://forge.invalid/x", ["main"])


def _processes() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found
