"""Asking the REST APIs of code hosts: JSON over HTTPS, every page, or an error.

A list that misses a page would look like applications that are gone, so whatever is not a whole answer raises. Nothing
of an answer's body reaches an error, since it may quote the token that was sent; redirects are not followed, since they
would carry it elsewhere.
"""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.source.inward import refuse_inward

if TYPE_CHECKING:
    import urllib3

__all__ = ["Answer", "Rest", "segment"]

_TIMEOUT = 15.0  # seconds without a byte
_MOST_PAGES = 500
_MOST_BYTES = 32 << 20
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
_SERVER_FAILS = 500

_E = TypeVar("_E", bound=MooringError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded body and its headers (names in lower case)."""

    body: Any
    headers: Mapping[str, str]

    def next_link(self) -> str | None:
        """The address of the next page in a `Link` header (RFC 8288), None on the last page."""
        found = _NEXT.search(self.headers.get("link", ""))
        return found[1] if found else None


def segment(text: str) -> str:
    """Text as one segment of a path, slashes and all."""
    return quote(text, safe="")


class Rest:
    """The API below `base`. `where` is the field of the generator that errors name, `guard` refuses addresses."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        *,
        where: str,
        insecure: bool = False,
        guard: Callable[[str], None] = refuse_inward,
    ) -> None:
        self.base = base.rstrip("/")
        self._guard = guard
        self._headers = {"Accept": "application/json", "User-Agent": "mooring", **headers}
        self._where = where
        self._insecure = insecure
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None

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
        import urllib3

        if self._pool is None:
            try:
                self._guard(self.base)
            except MooringError as error:
                raise self._error(type(error), error.message) from None
            self._pool = urllib3.PoolManager(cert_reqs="CERT_NONE" if self._insecure else "CERT_REQUIRED")
        try:
            answer = self._request(self._pool, url)
        except urllib3.exceptions.HTTPError as error:
            raise self._error(UnreachableError, f"does not answer: {type(error).__name__}") from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._refused(answer.status, headers)
        if len(answer.data) > _MOST_BYTES:
            raise self._error(ConfigurationError, "answers more than fits; narrow the generator")
        try:
            return Answer(json.loads(answer.data), headers)
        except ValueError:
            raise self._error(ConfigurationError, "answers no JSON; correct the api address") from None

    def _request(self, pool: urllib3.PoolManager, url: str) -> urllib3.BaseHTTPResponse:
        import urllib3

        def send() -> urllib3.BaseHTTPResponse:
            return pool.request("GET", url, headers=self._headers, timeout=_TIMEOUT, retries=False, redirect=False)

        if not self._insecure:
            return send()
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)  # the user asked for it
            return send()

    def _refused(self, status: int, headers: Mapping[str, str]) -> MooringError:
        wait = headers.get("retry-after", "")
        if status == 429 or (status == 403 and (wait or headers.get("x-ratelimit-remaining") == "0")):
            error = self._error(ThrottledError, "asks to be left alone for a while")
            error.retry_after = float(wait) if wait.isdecimal() else None
            return error
        if status in {203, 302, 401, 403}:  # Azure DevOps answers 203 or a redirect to its sign-in page
            return self._error(ForbiddenError, f"refuses the token (status {status}); check it and its scopes")
        if status >= _SERVER_FAILS:
            return self._error(UnreachableError, f"fails with status {status}")
        return self._error(ConfigurationError, f"answers with status {status}; check the generator's names and api")

    def _error(self, kind: type[_E], message: str) -> _E:
        return kind(f"{urlsplit(self.base).netloc} {message}", field=self._where)
