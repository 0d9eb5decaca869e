"""Installation tokens: claims that GitHub accepts, kept while they are good, refusals that tell no secret."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.source.credentials import GitHubAppCredential
from mooring.source.githubapp import InstallationTokens

NOW = 1_800_000_000.0
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


@dataclass
class Forge:
    """GitHub's API as far as tokens go, with the answer to give next."""

    url: str = ""
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def credential(self) -> GitHubAppCredential:
        return GitHubAppCredential("https://forge.example", 7, 8, pem(KEY), self.url)


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub on loopback."""
    state = Forge()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authorization = self.headers["Authorization"]
            state.asked.append((self.path, authorization))
            expires = datetime.fromtimestamp(NOW + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            good = json.dumps({"token": f"t{len(state.asked)}", "expires_at": expires}).encode()
            body = good if state.body is None else state.body.replace(b"@", authorization.encode())
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()


def test_the_claim_is_signed_by_the_app(forge: Forge) -> None:
    """GIVEN an app's key WHEN a token is needed THEN GitHub gets a claim of ten minutes at most that the key signed."""
    assert "t1" == InstallationTokens(clock=lambda: NOW).token(forge.credential())
    path, authorization = forge.asked[0]
    assert "/app/installations/8/access_tokens" == path
    signed, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
    KEY.public_key().verify(_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    header, claims = (json.loads(_decode(part)) for part in signed.split("."))
    assert {"alg": "RS256", "typ": "JWT"} == header
    assert {"iat": int(NOW) - 60, "exp": int(NOW) + 540, "iss": "7"} == claims


def test_a_token_is_kept_until_five_minutes_before_its_end(forge: Forge) -> None:
    """Warm functions ask about once an hour."""
    now = NOW
    tokens = InstallationTokens(clock=lambda: now)
    credential = forge.credential()
    answers = [tokens.token(credential)]
    now = NOW + 3600 - 301
    answers.append(tokens.token(credential))
    now = NOW + 3600 - 299
    answers.append(tokens.token(credential))
    assert ["t1", "t1", "t2"] == answers


def test_installations_do_not_share_tokens(forge: Forge) -> None:
    """Another installation of the same app gets a token of its own."""
    tokens = InstallationTokens(clock=lambda: NOW)
    assert "t1" == tokens.token(forge.credential())
    assert "t2" == tokens.token(replace(forge.credential(), installation_id=9))


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (401, {}, b"you sent @", ForbiddenError),
        (404, {}, b"you sent @", ForbiddenError),
        (302, {"Location": "http://127.0.0.1:9/"}, b"you sent @", ForbiddenError),
        (403, {"Retry-After": "17"}, b"you sent @", ThrottledError),
        (429, {}, b"you sent @", ThrottledError),
        (503, {}, b"you sent @", UnreachableError),
        (201, {}, b"you sent @", UnreachableError),
        (201, {}, b"{}", UnreachableError),
        (201, {}, b'{"token": "t", "expires_at": "@"}', UnreachableError),
        (201, {}, b"[]", UnreachableError),
    ],
)
def test_refusals_are_told_without_their_words(
    forge: Forge, status: int, headers: dict[str, str], body: bytes, error: type[MooringError]
) -> None:
    """GIVEN a server that repeats what it was sent WHEN it refuses THEN the error has none of it."""
    forge.status, forge.headers, forge.body = status, headers, body
    with pytest.raises(error) as caught:
        InstallationTokens(clock=lambda: NOW).token(forge.credential())
    told = "".join(traceback.format_exception(caught.value))
    sent = forge.asked[0][1].removeprefix("Bearer ")
    assert sent not in told
    assert "BEGIN PRIVATE KEY" not in told


def test_patience_is_passed_on(forge: Forge) -> None:
    """The seconds that GitHub names are those that we wait."""
    forge.status, forge.headers = 429, {"Retry-After": "17"}
    with pytest.raises(ThrottledError) as caught:
        InstallationTokens(clock=lambda: NOW).token(forge.credential())
    assert 17.0 == caught.value.retry_after


def test_a_server_that_is_not_there_is_unreachable() -> None:
    """Nobody listens on the port: a transient error."""
    credential = GitHubAppCredential("https://forge.example", 7, 8, pem(KEY), "http://127.0.0.1:9")
    with pytest.raises(UnreachableError):
        InstallationTokens(clock=lambda: NOW).token(credential)


@pytest.mark.parametrize(
    "key", ["-----BEGIN X-----\nnonsense\n-----END X-----", pem(ec.generate_private_key(ec.SECP256R1()))]
)
def test_a_key_that_is_no_rsa_key_is_a_configuration_error(key: str) -> None:
    """GitHub Apps sign with RSA; nothing is sent."""
    credential = GitHubAppCredential("https://forge.example", 7, 8, key, "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError) as caught:
        InstallationTokens(clock=lambda: NOW).token(credential)
    assert "githubAppPrivateKey" == caught.value.field


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
