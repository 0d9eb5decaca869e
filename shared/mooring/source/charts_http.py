"""HTTP to servers of charts: with an end to time, size and redirects, and credentials for nobody else.

What comes back was written by somebody else: a body is read in pieces, to a file or to memory, and no further than its
limit; a server that dribbles is left when its time is over. Redirects are followed by hand, because a credential
belongs to one host and port: it goes along only where the user said so (`passCredentials`), and never from https to
http. A redirect, or an address in an index, that leads into this machine or to its neighbours' metadata is refused.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import urllib3

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.source.charts_credentials import ANONYMOUS, ChartCredential
from mooring.source.urls import FIELD

__all__ = ["Answer", "Web", "check_elsewhere", "origin", "refusal"]

_REDIRECTS: Final = 5
_MOVED = (301, 302, 303, 307, 308)
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer. `body` is empty where it went to a file; `digest` is the SHA-256 of what was read, in hex."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    digest: str
    url: str


class Web:
    """Connections to servers of charts, so many to each host kept for reuse; `timeout` (seconds) covers one request
    with its body.
    """

    def __init__(self, *, timeout: float = 30.0, connections: int = 4) -> None:
        self._timeout = timeout
        self._connections = connections
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str, bool], urllib3.PoolManager] = {}

    def get(
        self,
        url: str,
        *,
        credential: ChartCredential = ANONYMOUS,
        authorization: str | None = None,
        home: str = "",
        pass_credentials: bool = False,
        headers: Mapping[str, str] | None = None,
        limit: int,
        into: Path | None = None,
        method: str = "GET",
        body: bytes | None = None,
        field: str = FIELD,
    ) -> Answer:
        """One answer, redirects followed; whatever its status.

        `home` is the origin that credentials belong to (else that of `url`), `limit` the most bytes of a body, `into`
        a file to write a good answer's body to, `authorization` a header in place of the credential's own.

        Raises `UnreachableError`, `ForbiddenError` (a certificate that isn't trusted) and `ConfigurationError` (too
        large, redirected to where we don't go).
        """
        home = home or origin(url)
        secret = credential.authorization if authorization is None else authorization
        deadline = time.monotonic() + self._timeout
        for _ in range(_REDIRECTS + 1):
            at_home = origin(url) == home
            if not at_home:
                check_elsewhere(url, home, field)
            known = credential if at_home or pass_credentials else ANONYMOUS
            sent = {"User-Agent": "mooring", **(headers or {})}
            if secret and known is credential:
                sent["Authorization"] = secret
            try:
                answer = self._once(method, url, sent, known, limit, into, deadline, field, body)
            except urllib3.exceptions.SSLError as error:
                raise ForbiddenError(
                    f"{_shown(url)} shows a certificate that is not trusted here, or asks for ours; register its "
                    "authority (caData), or a client certificate",
                    field=field,
                ) from error
            except urllib3.exceptions.LocationParseError as error:
                raise ConfigurationError(f"{_shown(url)} is no address", field=field) from error
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise UnreachableError(
                    f"{_shown(url)} does not answer ({_kind(error)}); it is tried again", field=field
                ) from error
            target = answer.headers.get("location")
            if answer.status not in _MOVED or not target:
                return answer
            url = urljoin(url, target)
        raise ConfigurationError(f"{_shown(url)} redirects more than {_REDIRECTS} times; correct it", field=field)

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        credential: ChartCredential,
        limit: int,
        into: Path | None,
        deadline: float,
        field: str,
        body: bytes | None,
    ) -> Answer:
        left = max(deadline - time.monotonic(), 0.01)
        response: urllib3.HTTPResponse = self._pool(credential).request(  # type: ignore[assignment]
            method,
            url,
            body=body,
            headers=dict(headers),
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(connect=min(5.0, left), read=min(15.0, left)),
        )
        hashed = hashlib.sha256()
        kept = bytearray()
        try:
            pieces = self._pieces(response, deadline, url, field)
            if into is not None and response.status == 200:
                with open(into, "wb") as file:
                    size = 0
                    for piece in pieces:
                        size += len(piece)
                        _check_size(size, limit, url, field)
                        hashed.update(piece)
                        file.write(piece)
            else:
                bound = limit if response.status == 200 else min(limit, _PIECE)
                for piece in pieces:
                    if response.status != 200 and len(kept) > bound:
                        break
                    kept += piece
                    if response.status == 200:
                        _check_size(len(kept), limit, url, field)
                hashed.update(kept)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, bytes(kept), hashed.hexdigest(), url)

    def _pieces(self, response: urllib3.HTTPResponse, deadline: float, url: str, field: str) -> Iterator[bytes]:
        # One read of the socket at a time: waiting for a whole piece would let a server dribble for hours.
        while piece := response.read1(_PIECE, decode_content=True):
            if time.monotonic() > deadline:
                raise UnreachableError(
                    f"{_shown(url)} did not finish its answer within {self._timeout:g} s; it is tried again",
                    field=field,
                )
            yield piece

    def _pool(self, credential: ChartCredential) -> urllib3.PoolManager:
        key = (credential.certificate + credential.key, credential.authority, credential.insecure)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = urllib3.PoolManager(
                    num_pools=8, maxsize=self._connections, block=False, ssl_context=_context(credential)
                )
            return pool


def _context(credential: ChartCredential) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=credential.authority or None)
        if credential.authority:
            context.load_default_certs()
        if credential.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if credential.certificate:
            # The ssl module reads keys from files only: this one exists for as long as that takes.
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # mode 0600
                file.write(credential.certificate + credential.key)
                file.flush()
                context.load_cert_chain(file.name)
    except (ssl.SSLError, ValueError):
        raise ConfigurationError(
            "holds a certificate or key that can't be read; store it in PEM, without a passphrase",
            field="tlsClientCertData",
            subject=credential.url,
        ) from None
    return context


def origin(url: str) -> str:
    """Scheme, host and port: what a credential is good for."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def check_elsewhere(url: str, home: str, field: str) -> None:
    """Raises `ConfigurationError` for an address that `home` sends us to and that may lead inwards."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and home.startswith("https:")):
        raise ConfigurationError(f"{_shown(home)} sends us to {parts.scheme}:, which is not followed", field=field)
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
        inward = address.is_loopback or address.is_link_local or address.is_unspecified
    except ValueError:
        inward = host == "localhost" or host.endswith(".localhost")
    if inward and host != urlsplit(home).hostname:
        raise ConfigurationError(f"{_shown(home)} sends us to {host}, which is not followed", field=field)


def _check_size(size: int, limit: int, url: str, field: str) -> None:
    if size > limit:
        raise ConfigurationError(f"{_shown(url)} is larger than {limit >> 20} MiB, which is too large", field=field)


def refusal(answer: Answer, what: str, *, known: bool, field: str = FIELD) -> MooringError:
    """The error for an answer that is not what was asked for; `what` names the thing (`the index of host/path`)."""
    match answer.status:
        case 401 | 403 if known:
            return ForbiddenError(f"{what}: the stored credential is refused; check its rights and expiry", field=field)
        case 401 | 403:
            return ForbiddenError(
                f"{what}: a credential is asked for and none is stored; add one (mooring repo add)", field=field
            )
        case 404 | 410:
            return ConfigurationError(f"{what}: does not exist, or is hidden from us; check the address", field=field)
        case 429:
            after = answer.headers.get("retry-after", "")
            seconds = float(after) if after.isdecimal() else None
            return ThrottledError(f"{what}: the server asks us to come back later", retry_after=seconds, field=field)
        case status if status >= 500:
            return UnreachableError(f"{what}: the server has trouble (HTTP {status}); it is tried again", field=field)
        case status:
            return ConfigurationError(f"{what}: the server refuses with HTTP {status}; check the address", field=field)


def _shown(url: str) -> str:
    """An address without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{host}:{parts.port}{parts.path}" if parts.port else f"{host}{parts.path}"


def _kind(error: BaseException) -> str:
    if isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError)):
        return "not in time"
    return type(error).__name__
