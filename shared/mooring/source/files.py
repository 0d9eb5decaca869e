"""Single files at an address, which anybody who can push may name: fetched with an end to time, size and reach.

A host is resolved first, an address that leads into this machine is refused (see `source.inward`), and the connection
goes to the very address that was looked at (a second answer of the name server has no say). Redirects are followed by
the same rules, and never from https to http. No credential is ever sent.
"""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.source.charts_http import Answer, refusal
from mooring.source.inward import outward_address

__all__ = ["Files"]

_REDIRECTS: Final = 5
_MOVED: Final = (301, 302, 303, 307, 308)
_PIECE: Final = 1 << 16


class Files:
    """Fetches files; `timeout` (seconds) covers one with its redirects, `limit` is in bytes.

    `loopback` admits this machine's own addresses (tests).
    """

    __slots__ = ("_limit", "_loopback", "_timeout")

    def __init__(self, *, timeout: float = 15.0, limit: int = 4 << 20, loopback: bool = False) -> None:
        self._timeout = timeout
        self._limit = limit
        self._loopback = loopback

    def fetched(self, url: str) -> bytes:
        """The content of a file at an `https` or `http` address.

        Raises `ConfigurationError` (not an address, not there, too large, or leads where we don't go),
        `ForbiddenError` (asks for a credential, or its certificate isn't trusted), `ThrottledError` and
        `UnreachableError`.
        """
        deadline = time.monotonic() + self._timeout
        for _ in range(_REDIRECTS + 1):
            parts = urlsplit(url)
            status, headers, body = self._once(parts, deadline)
            target = headers.get("location", "")
            if status in _MOVED and target:
                onward = urljoin(url, target)
                if parts.scheme == "https" and urlsplit(onward).scheme != "https":
                    raise ConfigurationError(f"{parts.hostname} sends us on without https, which is not followed")
                url = onward
            elif status == 200:
                return body
            else:
                raise refusal(Answer(status, headers, b"", "", url), f"{parts.hostname}{parts.path}", known=False)
        raise ConfigurationError(f"redirects more than {_REDIRECTS} times; name the last address")

    def _once(self, parts: SplitResult, deadline: float) -> tuple[int, dict[str, str], bytes]:
        address, port = self._address(parts)
        host = parts.hostname or ""
        left = max(deadline - time.monotonic(), 0.01)
        timeout = urllib3.Timeout(connect=min(5.0, left), read=left)
        pool: urllib3.HTTPConnectionPool
        if parts.scheme == "https":
            pool = urllib3.HTTPSConnectionPool(
                address, port, timeout=timeout, retries=False, server_hostname=host, assert_hostname=host
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=False)
        sent = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "mooring", "Accept-Encoding": "identity"}
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            with pool:
                response = pool.urlopen("GET", target, headers=sent, redirect=False, preload_content=False)
                headers = {name.lower(): value for name, value in response.headers.items()}
                body = self._read(response, host, deadline) if response.status == 200 else b""
                response.close()
                return response.status, headers, body
        except urllib3.exceptions.SSLError as error:
            raise ForbiddenError(
                f"{host} shows a certificate that is not trusted here; name another address"
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{host} does not answer ({type(error).__name__}); it is tried again") from error

    def _read(self, response: urllib3.BaseHTTPResponse, host: str, deadline: float) -> bytes:
        body = bytearray()
        while piece := response.read1(_PIECE):
            body += piece
            if len(body) > self._limit:
                raise ConfigurationError(f"is larger than {self._limit >> 20} MiB; copy what is needed of it in")
            if time.monotonic() > deadline:
                raise UnreachableError(f"{host} did not finish within {self._timeout:g} s; it is tried again")
        return bytes(body)

    def _address(self, parts: SplitResult) -> tuple[str, int]:
        """An address of the host that may be asked, and its port."""
        host = parts.hostname or ""
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            port = 0
        if parts.scheme not in ("https", "http") or not host or not port:
            raise ConfigurationError("is no https address of a file")
        if parts.username or parts.password:
            raise ConfigurationError("must not hold a user or password; put the file into a repository")
        return outward_address(host, port, loopback=self._loopback), port
