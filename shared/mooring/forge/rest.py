"""Asking the REST APIs of code hosts: JSON over HTTPS, every page, or an error.

A list that misses a page would look like applications that are gone, so whatever is not a whole answer raises. Nothing
of an answer's body reaches an error, since it may quote the token that was sent; redirects are not followed, since they
would carry it elsewhere.

A host that asks for patience (429, or a 403 or 503 with `Retry-After`: RFC 9110) is asked again as long as the caller's
patience lasts; after that the caller is told when to come back. Only questions are asked again when there was no
answer: whatever changes something may have been done.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from mooring.errors import (
    ConfigurationError,
    ForbiddenError,
    MooringError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from mooring.source.inward import refuse_inward

if TYPE_CHECKING:
    import urllib3

__all__ = ["Answer", "Rest", "segment", "understood"]

_TIMEOUT = 15.0  # seconds without a byte
_MOST_PAGES = 500
_MOST_BYTES = 32 << 20
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
_SERVER_FAILS = 500
_PAUSE = 1.0  # seconds before a question without an answer is asked again
_PATIENT = frozenset({403, 429, 503})
_REJECTED = frozenset({400, 409, 422})

_E = TypeVar("_E", bound=MooringError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded body, its headers (names in lower case), and the address that was asked."""

    body: Any
    headers: Mapping[str, str]
    url: str = ""

    def at_page(self, number: int) -> str:
        """The same address at another `page`."""
        parts = urlsplit(self.url)
        query = {**dict(parse_qsl(parts.query)), "page": str(number)}
        return parts._replace(query=urlencode(query)).geturl()

    def next_link(self) -> str | None:
        """The address of the next page in a `Link` header (RFC 8288), None on the last page."""
        found = _NEXT.search(self.headers.get("link", ""))
        return found[1] if found else None


def segment(text: str) -> str:
    """Text as one segment of a path, slashes and all."""
    return quote(text, safe="")


@contextmanager
def understood(kind: str, where: str) -> Iterator[None]:
    """What an answer lacks is an error: an API that is not the one it should be must not look like an empty list.

    Raises `ConfigurationError` for an answer that is not what this kind of host answers.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ConfigurationError(
            f"the host's answer is not what {kind} answers ({type(error).__name__}); correct the api address",
            field=where,
        ) from None


class Rest:
    """The API below `base`. `where` is the field that errors name, `guard` refuses addresses.

    `timeout` is in seconds without a byte; `patience` are the seconds that may be spent on waiting for a host that asks
    for it.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        *,
        where: str,
        insecure: bool = False,
        guard: Callable[[str], None] = refuse_inward,
        timeout: float = _TIMEOUT,
        patience: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = base.rstrip("/")
        self._timeout = timeout
        self._patience = patience
        self._sleep = sleep
        self._guard = guard
        self._headers = {"Accept": "application/json", "User-Agent": "mooring", **headers}
        self._where = where
        self._insecure = insecure
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None

    def beside(self, base: str) -> Rest:
        """Another API of the same host, asked in the same way."""
        other = copy.copy(self)
        other.base = f"{'://'.join(urlsplit(self.base)[:2])}{urlsplit(base).path}".rstrip("/")
        return other

    def get(self, path: str, /, **query: str | int | None) -> Answer | None:
        """What is at a path, None where the host says that there is nothing (404).

        Raises `ForbiddenError`, `ThrottledError`, `UnreachableError`, or `ConfigurationError` for any other answer.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._get(f"{self.base}{path}{'?' + urlencode(given) if given else ''}")

    def required(self, path: str, what: str, /, **query: str | int | None) -> Answer:
        """As `get`; raises `ConfigurationError` where there is nothing."""
        answer = self.get(path, **query)
        if answer is None:
            raise self.missing(what)
        return answer

    def missing(self, what: str) -> ConfigurationError:
        """The error for something that the host doesn't know, or doesn't show."""
        return self._error(ConfigurationError, f"has no {what}, or may not show it with this token; check both")

    def pages(self, first: Answer | None, following: Callable[[Answer], str | None]) -> Iterator[Answer]:
        """A first page and all after it; `following` says the address of the next one."""
        answer, count = first, 0
        while answer is not None:
            yield answer
            address = following(answer)
            if address is None:
                return
            count += 1
            if count >= _MOST_PAGES:
                raise self._error(ConfigurationError, f"lists more than {_MOST_PAGES} pages; narrow the generator")
            if urlsplit(address)[:2] != urlsplit(self.base)[:2]:
                raise self._error(ConfigurationError, "names a next page on another host; correct the api address")
            answer = self._get(address)
        if count:
            raise self._error(UnreachableError, "lost a page of its list while it was read")

    def _get(self, url: str) -> Answer | None:
        answer = self._answered("GET", url, None)
        if answer.status == 404:
            return None
        return self._decoded(answer, url)

    def send(self, method: str, path: str, body: Mapping[str, Any], /, **query: str | int) -> Answer:
        """Has something made or changed; an empty answer is None.

        Raises as `get`; `RejectedError` where the host does not take what was sent (400, 409, 422), and
        `ConfigurationError` for what is not there.
        """
        url = f"{self.base}{path}{'?' + urlencode(query) if query else ''}"
        answer = self._answered(method, url, json.dumps(body).encode())
        if answer.status == 404:
            raise self.missing("such thing")
        if answer.status in _REJECTED:
            raise self._error(RejectedError, f"does not take it (status {answer.status})")
        return self._decoded(answer, url)

    def _decoded(self, answer: urllib3.BaseHTTPResponse, url: str) -> Answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status not in (200, 201, 204):
            raise self._refused(answer.status, headers)
        if len(answer.data) > _MOST_BYTES:
            raise self._error(ConfigurationError, "answers more than fits; narrow the generator")
        if answer.status == 204:
            return Answer(None, headers, url)
        try:
            return Answer(json.loads(answer.data), headers, url)
        except ValueError:
            raise self._error(ConfigurationError, "answers no JSON; correct the api address") from None

    def _answered(self, method: str, url: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        """The host's last word, after what patience allows."""
        import urllib3

        if self._pool is None:
            try:
                self._guard(self.base)
            except MooringError as error:
                raise self._error(type(error), error.message) from None
            self._pool = urllib3.PoolManager(cert_reqs="CERT_NONE" if self._insecure else "CERT_REQUIRED")
        left = self._patience
        while True:
            try:
                answer = self._request(self._pool, method, url, body)
            except urllib3.exceptions.HTTPError as error:
                if method == "GET" and left >= _PAUSE:
                    left = self._wait(_PAUSE, left)
                    continue
                raise self._error(UnreachableError, f"does not answer: {type(error).__name__}") from None
            wait = answer.headers.get("retry-after", "")
            if answer.status not in _PATIENT or not wait.isdecimal() or int(wait) > left:
                return answer
            left = self._wait(max(float(wait), _PAUSE), left)

    def _wait(self, seconds: float, left: float) -> float:
        self._sleep(seconds)
        return left - seconds

    def _request(
        self, pool: urllib3.PoolManager, method: str, url: str, body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}

        def send() -> urllib3.BaseHTTPResponse:
            return pool.request(
                method, url, body=body, headers=headers, timeout=self._timeout, retries=False, redirect=False
            )

        if not self._insecure:
            return send()
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)  # the user asked for it
            return send()

    def _refused(self, status: int, headers: Mapping[str, str]) -> MooringError:
        wait = headers.get("retry-after", "")
        if status == 429 or (status == 403 and (wait or headers.get("x-ratelimit-remaining") == "0")):
            error = self._error(ThrottledError, "asks to be left alone for a while")
            error.retry_after = float(wait) if wait.isdecimal() else _until(headers.get("x-ratelimit-reset", ""))
            return error
        if status == 202:  # Bitbucket Cloud, while it looks for the answer
            return self._error(ThrottledError, "is still looking; ask again later")
        if status in {203, 302, 401, 403}:  # Azure DevOps answers 203 or a redirect to its sign-in page
            return self._error(ForbiddenError, f"refuses the token (status {status}); check it and its scopes")
        if status >= _SERVER_FAILS:
            return self._error(UnreachableError, f"fails with status {status}")
        return self._error(ConfigurationError, f"answers with status {status}; check names and api address")

    def _error(self, kind: type[_E], message: str) -> _E:
        return kind(f"{urlsplit(self.base).netloc} {message}", field=self._where)


def _until(reset: str) -> float | None:
    """The seconds to a moment (since the epoch) at which GitHub's and GitLab's limits begin anew."""
    return max(0.0, int(reset) - time.time()) if reset.isdecimal() else None
