"""Asking services over HTTPS: one request, no redirect, and an error that says whether to try again.

Addresses come from the settings, which only the administrator writes, so none is refused; what a template adds to one
is a path. Answers' bodies never reach an error, since they may quote a token; of an address only the host does, since
those of incoming webhooks are secrets as a whole.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mooring.errors import ConfigurationError, ForbiddenError, RejectedError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    import urllib3

__all__ = ["Poster", "Reply"]

_CONNECT, _READ = 3.0, 8.0  # seconds
_AT_ONCE = 10  # connections to one service
_MOST_WAIT = 3600.0  # seconds that a service may ask to be left alone


@dataclass(frozen=True, slots=True)
class Reply:
    """A service's answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def json(self) -> Any:
        """The decoded body, an empty object where it is no JSON."""
        try:
            return json.loads(self.data)
        except ValueError:
            return {}


class Poster:
    """Sends requests; used from several threads."""

    def __init__(self) -> None:
        self._pools: dict[bool, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        insecure: bool = False,
        accept: tuple[int, ...] = (),
    ) -> Reply:
        """The answer to one request; a `body` that is no text is sent as JSON. Statuses of `accept` are answers, too.

        Raises `ThrottledError`, `UnreachableError`, `ForbiddenError`, `RejectedError` or `ConfigurationError`.
        """
        import urllib3

        where = urlsplit(url).netloc.rpartition("@")[2] or "the service"
        if urlsplit(url).scheme not in ("https", "http"):
            raise ConfigurationError("must be an address with https", field="url")
        sent = dict(headers or {})
        data: bytes | None = None
        if isinstance(body, str):
            data = body.encode()
        elif body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            sent = {"Content-Type": "application/json; charset=utf-8", **sent}
        try:
            answer = self._pool(insecure).request(
                method, url, body=data, headers={"User-Agent": "mooring", **sent}, retries=False, redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT, read=_READ),
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{where} does not answer: {type(error).__name__}") from None
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)
        if reply.status < 300 or reply.status in accept:
            return reply
        raise _refused(reply, where)

    def _pool(self, insecure: bool) -> urllib3.PoolManager:
        import urllib3

        with self._lock:
            if insecure not in self._pools:
                self._pools[insecure] = urllib3.PoolManager(
                    maxsize=_AT_ONCE, cert_reqs="CERT_NONE" if insecure else "CERT_REQUIRED"
                )
            return self._pools[insecure]


def _refused(reply: Reply, where: str) -> Exception:
    wait = reply.headers.get("retry-after", "")
    if reply.status == 429 or (reply.status == 503 and wait):
        error = ThrottledError(f"{where} asks to be left alone for a while")
        try:
            error.retry_after = min(float(wait), _MOST_WAIT) if wait else None
        except ValueError:
            error.retry_after = None
        return error
    if reply.status in (401, 403):
        return ForbiddenError(f"{where} refuses us (status {reply.status}); check the token and what it may do")
    if reply.status >= 500 or reply.status == 408:
        return UnreachableError(f"{where} fails with status {reply.status}")
    if reply.status in (404, 410):
        return ConfigurationError(f"{where} knows no such address (status {reply.status}); was it removed?")
    return RejectedError(f"{where} does not take the message (status {reply.status})")
