"""One call of Mooring's API: JSON in, JSON out, and errors in the words of `mooring.errors`.

Standard library only, so that the command starts at once. It follows no redirect (a redirect would carry the token to
another host) and shows a body only when it is the API's own error document.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mooring.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    MooringError,
    PermanentError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from mooring_cli.endpoint import Endpoint

__all__ = ["Api", "NotFoundError"]

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
BODY_LIMIT = 64 * 1024 * 1024


class NotFoundError(PermanentError):
    """What was asked for does not exist."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


class Api:
    """The HTTP API of one Mooring. `timeout` is in seconds, for each call."""

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        handlers: list[urllib.request.BaseHandler] = [_Stay()]
        if urlsplit(endpoint.url).hostname in LOOPBACK:
            # A proxy for the internet can't reach this machine.
            handlers.append(urllib.request.ProxyHandler({}))
        self.tag = ""  # of the last answer: what it is asked for, or changed, again with
        self._known: dict[str, tuple[str, Any]] | None = None
        self._opener = urllib.request.build_opener(*handlers)

    def remember(self) -> None:
        """From now on what was answered is asked for with its ETag, and taken from here where it has not changed."""
        self._known = {}

    def call(
        self, method: str, *path: str, query: dict[str, str] | None = None, body: object = None, match: str = ""
    ) -> Any:
        """The decoded answer of `method` on `/api/v1/<path…>`; each part of the path is quoted.

        With `match` (an ETag) nothing is changed where somebody else has changed it since (RFC 9110, If-Match).

        Raises `UnreachableError`, `ThrottledError`, `ForbiddenError`, `NotFoundError`, `ConflictError` or
        `ConfigurationError` (the API's own words and field).
        """
        address = "/".join([self.endpoint.url, "api", "v1", *(quote(part, safe="") for part in path)])
        if query:
            address += "?" + urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "User-Agent": "mooring-cli"}
        if self.endpoint.token:
            headers["Authorization"] = f"Bearer {self.endpoint.token}"
        if data is not None:
            headers["Content-Type"] = "application/json"
        if match:
            headers["If-Match"] = match
        request = urllib.request.Request(address, data=data, headers=headers, method=method)
        known = self._known.get(address) if self._known is not None and method == "GET" else None
        if known:
            request.add_header("If-None-Match", known[0])
        return self._answer(request, known)

    def items(self, *path: str, query: dict[str, str] | None = None, most: int | None = None) -> list[Any]:
        """What is in a list, `most` things or all, page by page as `metadata.continue` says. Raises as `call` does."""
        found: list[Any] = self.whole(*path, query=query, most=most)["items"]
        return found

    def whole(self, *path: str, query: dict[str, str] | None = None, most: int | None = None) -> dict[str, Any]:
        """A list with all that stands beside its items, as if it had been answered as one page; else as `items`."""
        answer: dict[str, Any] = self.call("GET", *path, query=query)
        found = list(answer.get("items") or [])
        page = answer
        while (following := (page.get("metadata") or {}).get("continue")) and (most is None or len(found) < most):
            page = self.call("GET", *path, query=(query or {}) | {"continue": following})
            found += page.get("items") or []
        metadata = {name: value for name, value in (answer.get("metadata") or {}).items() if name != "continue"}
        return answer | {"items": found[:most]} | ({"metadata": metadata} if "metadata" in answer else {})

    def _answer(self, request: urllib.request.Request, known: tuple[str, Any] | None) -> Any:
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                text, self.tag = response.read(BODY_LIMIT), response.headers.get("ETag") or ""
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 304 and known:
                    return known[1]
                raise _as_error(error.code, error.headers.get("Retry-After"), error.read(BODY_LIMIT)) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise UnreachableError(
                f"no answer from {self.endpoint.url} ({reason}; found through {self.endpoint.origin}): "
                "start a local stack with `make up`, or check MOORING_URL"
            ) from error
        try:
            answer = json.loads(text) if text else {}
        except ValueError as error:
            raise PermanentError(
                f"{self.endpoint.url} did not answer with JSON: is it the address of Mooring's API?"
            ) from error
        if self._known is not None and self.tag and request.get_method() == "GET":
            self._known[request.full_url] = (self.tag, answer)
        return answer


def _as_error(status: int, retry_after: str | None, body: bytes) -> MooringError:
    message, field = _words(body)
    if status == 401:
        return ForbiddenError(
            message or "the API does not accept the token: check MOORING_TOKEN, or `mooring login` again", field=field
        )
    if status == 403:
        return ForbiddenError(message or "the API does not allow this", field=field)
    if status == 404:
        return NotFoundError(message or "not found", field=field)
    if status == 412:
        return ConflictError(message or "somebody else has changed this in the meantime: look, then try again")
    if status == 409:
        return ConflictError(message or "somebody else changed this at the same time: try again", field=field)
    if status == 429:
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
        return ThrottledError(message or "the API asks to come back later", retry_after=seconds)
    if status >= 500:
        return TransientError(message or f"the API answered {status}: try again, then look at its log", field=field)
    return ConfigurationError(message or f"the API answered {status}", field=field)


def _words(body: bytes) -> tuple[str, str | None]:
    """Detail and field of a problem document (RFC 9457); nothing for another body (API Gateway's, a proxy's page)."""
    try:
        error = json.loads(body)
        detail, field = error.get("detail"), error.get("field")
    except (ValueError, AttributeError):
        return "", None
    return str(detail or ""), str(field) if field else None
