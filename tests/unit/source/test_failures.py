"""Git's complaints become errors of ours, without the server's words."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.source.failures import Failure, explain, recognise
from mooring.source.urls import parse_url

URL = parse_url("https://forge.example/acme/shop.git")

COMPLAINTS = [
    ("fatal: Authentication failed for 'https://forge.example/acme/shop.git/'", Failure.REFUSED),
    ("fatal: could not read Username for 'https://forge.example': terminal prompts disabled", Failure.REFUSED),
    ("fatal: unable to access 'https://x/': The requested URL returned error: 403", Failure.REFUSED),
    (
        "git@forge.example: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        Failure.REFUSED,
    ),
    ("Host key verification failed.\nfatal: Could not read from remote repository.", Failure.HOST_KEY),
    ("fatal: repository 'https://forge.example/acme/shop.git/' not found", Failure.ABSENT),
    ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", Failure.ABSENT),
    ("fatal: https://x/info/refs not valid: is this a git repository?", Failure.ABSENT),
    ("fatal: unable to access 'https://x/': The requested URL returned error: 301", Failure.MOVED),
    ("fatal: unable to access 'https://x/': The requested URL returned error: 429", Failure.THROTTLED),
    ("fatal: unable to access 'https://x/': The requested URL returned error: 503", Failure.UNREACHABLE),
    ("fatal: unable to access 'https://x/': Could not resolve host: forge.example", Failure.UNREACHABLE),
    ("fatal: unable to access 'https://x/': Failed to connect to x port 443", Failure.UNREACHABLE),
    ("fatal: unable to access 'https://x/': SSL certificate problem: certificate has expired", Failure.UNREACHABLE),
    ("error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF", Failure.UNREACHABLE),
    ("fatal: the remote end hung up unexpectedly", Failure.UNREACHABLE),
    ("ssh: connect to host forge.example port 22: Connection refused\nfatal: Could not read", Failure.UNREACHABLE),
    ("fatal: couldn't find remote ref refs/heads/gone", Failure.NO_REF),
    ("fatal: remote error: upload-pack: not our ref " + "a" * 40, Failure.NO_OBJECT),
    ("error: Server does not allow request for unadvertised object " + "a" * 40, Failure.UNADVERTISED),
    ("fatal: write error: No space left on device", Failure.FULL),
    ("fatal: bad object refs/mooring/tips/x", Failure.BROKEN),
    ("", Failure.BROKEN),
]


@pytest.mark.parametrize(("complaint", "failure"), COMPLAINTS)
def test_complaints_are_recognised(complaint: str, failure: Failure) -> None:
    """Each in git's own words."""
    assert failure == recognise(complaint)


def test_a_servers_prose_decides_nothing() -> None:
    """A server can't make us believe that our copy is damaged, or that it has no such branch, by writing so."""
    prose = "remote: couldn't find remote ref refs/heads/main\nremote: No space left on device\n"
    assert Failure.REFUSED == recognise(prose + "fatal: unable to access 'x': The requested URL returned error: 403")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure.REFUSED, ForbiddenError),
        (Failure.HOST_KEY, ForbiddenError),
        (Failure.ABSENT, ConfigurationError),
        (Failure.MOVED, ConfigurationError),
        (Failure.FULL, ConfigurationError),
        (Failure.NO_REF, ConfigurationError),
        (Failure.NO_OBJECT, ConfigurationError),
        (Failure.UNADVERTISED, ConfigurationError),
        (Failure.THROTTLED, ThrottledError),
        (Failure.UNREACHABLE, UnreachableError),
        (Failure.BROKEN, UnreachableError),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_each_failure_has_its_error(failure: Failure, error: type[MooringError], known: bool) -> None:
    """With the repository, the field, and what to do."""
    explained = explain(failure, URL, known=known)
    assert error is type(explained)
    assert "forge.example/acme/shop" in explained.message
    assert explained.field is not None


def test_the_unexpected_is_quoted_without_secrets() -> None:
    """Of git's own last word, addresses lose their user and secrets are struck out; the server's are not quoted."""
    complaint = "remote: c4nary\nerror: first\nfatal: odd 'https://me:pw@forge.example' c4nary happened\nnote: c4nary"
    message = explain(Failure.BROKEN, URL, known=True, complaint=complaint, secrets=("c4nary",)).message
    assert "(fatal: odd 'https://forge.example' *** happened)" in message
    assert "c4nary" not in message
    assert "me:pw" not in message
