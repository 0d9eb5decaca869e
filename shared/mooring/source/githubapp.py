"""Installation tokens of GitHub Apps: a signed claim is exchanged for a token that is good for an hour.

The claim is a JWT signed with the app's key (RS256). Tokens are kept in memory until five minutes before they expire,
so a warm function asks GitHub about once an hour. Neither the key, the claim nor the token reaches a message: of a
refusal only the HTTP status is told.

Rules: GitHub's documentation, "Generating a JSON Web Token for a GitHub App" (at most ten minutes, `iat` a minute back
against clock drift) and "Create an installation access token for an app".
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from mooring.errors import ConfigurationError, ForbiddenError, ThrottledError, UnreachableError
from mooring.source.credentials import GitHubAppCredential

if TYPE_CHECKING:
    import urllib3

__all__ = ["InstallationTokens"]

_MARGIN = 300.0
_TIMEOUT = 10.0
_HEADER = b'{"alg":"RS256","typ":"JWT"}'


class InstallationTokens:
    """Hands out installation tokens, from memory where one is still good. Safe to share between threads."""

    def __init__(self, http: urllib3.PoolManager | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[GitHubAppCredential, tuple[str, float]] = {}

    def token(self, credential: GitHubAppCredential) -> str:
        """A token with at least five minutes left.

        Raises `ForbiddenError` where GitHub refuses the app, `UnreachableError` where it doesn't answer in 10 s,
        `ThrottledError` where it asks for patience, `ConfigurationError` for a key that is none.
        """
        with self._lock:
            known = self._known.get(credential)
            if known and known[1] - _MARGIN > self._clock():
                return known[0]
            token, expires = self._exchange(credential)
            self._known[credential] = (token, expires)
            return token

    def _exchange(self, credential: GitHubAppCredential) -> tuple[str, float]:
        import urllib3

        if self._http is None:
            self._http = urllib3.PoolManager()
        where = f"{credential.api}/app/installations/{credential.installation_id}/access_tokens"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {_claim(credential, self._clock())}",
            "User-Agent": "mooring",
        }
        try:
            answer = self._http.request("POST", where, headers=headers, timeout=_TIMEOUT, retries=False, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{credential.api} does not answer: {type(error).__name__}") from None
        if answer.status != 201:
            raise _refused(credential, answer.status, answer.headers.get("Retry-After"))
        try:
            body = json.loads(answer.data)
            return str(body["token"]), datetime.fromisoformat(body["expires_at"]).timestamp()
        except (ValueError, KeyError, TypeError):
            raise UnreachableError(f"{credential.api} answered something that is no token") from None


def _refused(credential: GitHubAppCredential, status: int, retry_after: str | None) -> Exception:
    app = f"GitHub App {credential.app_id}, installation {credential.installation_id}"
    if status == 429 or retry_after is not None:
        seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
        return ThrottledError(f"{credential.api} asks {app} to come back later", retry_after=seconds)
    if status >= 500:
        return UnreachableError(f"{credential.api} fails with status {status}")
    return ForbiddenError(f"{credential.api} refuses {app} (status {status}); check its ids, key and installation")


def _claim(credential: GitHubAppCredential, now: float) -> str:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = serialization.load_pem_private_key(credential.private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigurationError("must be an RSA private key in PEM without a password", field="githubAppPrivateKey")
    claims = {"iat": int(now) - 60, "exp": int(now) + 540, "iss": str(credential.app_id)}
    signed = f"{_base64url(_HEADER)}.{_base64url(json.dumps(claims).encode())}"
    return f"{signed}.{_base64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
