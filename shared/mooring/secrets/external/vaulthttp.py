"""HTTP to one Vault server: bounded waits, polite repetitions, and errors that quote nothing of an answer.

Reads are sent again after no answer, after 412 (a standby that is behind), 429 and 5xx, with jitter or after the time
that `Retry-After` names; a login only where Vault has not looked at it. A server that did not answer at all is not
asked again in this invocation. Redirects are never followed: they would take a token elsewhere. Source: Vault, "HTTP
API", "HTTP Status codes".
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from threading import Lock
from urllib.parse import quote, urlencode

import orjson
import urllib3

from mooring.errors import (
    ConfigurationError,
    ForbiddenError,
    MooringError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from mooring.model.externalvault import VaultAccess
from mooring.secrets.external.provider import AbsentError

__all__ = ["AT_ONCE", "VaultServer", "api_path"]

AT_ONCE = 4  # requests to one server

_TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)
_TRIES = 4
_FIRST, _LONGEST = 0.25, 2.0  # seconds; a server that asks for more is told of as busy
_AGAIN = {412, 429, 500, 502, 503, 504}
_NOT_LOOKED_AT = {429, 503}  # a login may count how often it is used


class VaultServer:
    """One server. `calls` counts requests; thread-safe."""

    def __init__(self, access: VaultAccess, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._sleep = sleep
        self._lock = Lock()
        self._down: MooringError | None = None
        self._pool: urllib3.PoolManager | None = None
        self.calls = 0

    def get(self, path: str, token: str, what: str, hint: str, query: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer. `path` is that of `api_path`; `what` and `hint` are the words of errors.

        Raises `MooringError`.
        """
        headers = {"X-Vault-Token": token}
        if self._access.namespace:
            headers["X-Vault-Namespace"] = self._access.namespace
        if self._access.forward:
            headers["X-Vault-Inconsistent"] = "forward-active-node"
        return self._request("GET", path, headers, what, hint, query=query)

    def login(self, mount: str, body: Mapping[str, str], hint: str, *, user: str = "") -> str:
        """The token that an auth method gives, where it wants to one of its users. Raises `MooringError`."""
        headers = {"X-Vault-Namespace": self._access.login_namespace} if self._access.login_namespace else {}
        path = f"{api_path('auth', mount.strip('/'))}/login" + (api_path(user).removeprefix("/v1") if user else "")
        answer = self._request("POST", path, headers, f"a login at auth/{mount}", hint, body=orjson.dumps(body))
        try:
            token = orjson.loads(answer)["auth"]["client_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token:
            raise UnreachableError(f"{self._access.server} answers a login at auth/{mount} with no token")
        return token

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        what: str,
        hint: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        every = {"X-Vault-Request": "true", "User-Agent": "mooring", **headers}
        again = _AGAIN if method == "GET" else _NOT_LOOKED_AT
        url = f"{self._access.server}{path}" + (f"?{urlencode(query)}" if query else "")
        for attempt in range(1, _TRIES + 1):
            if self._down is not None:
                raise self._down
            try:
                with self._lock:
                    self.calls += 1
                    pool = self._pool = self._pool or self._open()
                answer = pool.urlopen(
                    method, url, body=body, headers=every, timeout=_TIMEOUT, retries=False, redirect=False
                )
            except (urllib3.exceptions.HTTPError, OSError) as error:
                if attempt < _TRIES and _unsent_or_read(method, error):
                    self._sleep(_pause(attempt))
                    continue
                self._down = _unanswered(self._access.server, error)
                raise self._down from None
            if answer.status < 300:
                return answer.data
            wait = _seconds(answer.headers.get("Retry-After"))
            if attempt == _TRIES or answer.status not in again or (wait or 0.0) > _LONGEST:
                raise _refused(self._access.server, answer.status, what, hint, wait, login=method == "POST")
            self._sleep(max(wait or 0.0, _pause(attempt)))
        raise AssertionError("the last try raises or returns")

    def _open(self) -> urllib3.PoolManager:
        authority = self._access.ca or None
        return urllib3.PoolManager(1, maxsize=AT_ONCE, cert_reqs="CERT_REQUIRED", ca_cert_data=authority)


def api_path(*parts: str) -> str:
    """Parts below `/v1`, each of which may have slashes. Raises `ConfigurationError` for one that leads elsewhere."""
    segments = [segment for part in parts for segment in part.split("/")]
    if any(segment in ("", ".", "..") for segment in segments):
        raise ConfigurationError(f"{'/'.join(parts)!r} is no path in Vault: '', '.' and '..' are none", field="key")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def _pause(attempt: int) -> float:
    jitter = random.uniform(0.5, 1.0)  # noqa: S311 - guards nothing
    return jitter * min(_LONGEST, _FIRST * 2.0 ** (attempt - 1))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def _unsent_or_read(method: str, error: Exception) -> bool:
    if isinstance(error, urllib3.exceptions.SSLError | urllib3.exceptions.LocationValueError):
        return False
    return method == "GET" or isinstance(error, urllib3.exceptions.NewConnectionError)


def _unanswered(server: str, error: Exception) -> MooringError:
    if isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError):
        return ConfigurationError(
            f"{server} shows a certificate that is not trusted; put its authority into caBundle",
            field="spec.provider.vault.caBundle",
        )
    return UnreachableError(
        f"{server} does not answer ({type(error).__name__}); if sync is in a VPC, it needs a way there"
    )


def _refused(server: str, status: int, what: str, hint: str, wait: float | None, *, login: bool) -> MooringError:
    """The error that a status stands for; bodies are never quoted."""
    if status == 404:
        return AbsentError(f"{what} is not there; check its name, the engine's path and version, and the namespace")
    if status in (401, 403) or (login and status == 400):  # AppRole and AWS say 400 to whom they don't let in
        return ForbiddenError(f"Vault refuses {what} ({status}); {hint}")
    if status == 429:
        return ThrottledError(f"Vault asks for patience while {what} is read; it is tried again", retry_after=wait)
    if status >= 500 or status in (412, 472, 473):
        state = "it is sealed or starting" if status == 503 else f"status {status}"
        return UnreachableError(f"{server} can't give {what} now ({state}); it is tried again")
    if 300 <= status < 400:
        return ConfigurationError(
            f"redirects to another address ({status}); name the one that answers", field="spec.provider.vault.server"
        )
    return PermanentError(f"Vault refuses {what} ({status}); check the paths of the engine and of the login")
