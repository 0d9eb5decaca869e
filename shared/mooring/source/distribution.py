"""How an OCI registry is asked, whatever lies in it: requests with the login that it wants, and lists in pages.

Charts and images share this (OCI, "Distribution Specification"). A registry that has asked for a login once is given
one at once for its other repositories. A credential that is refused is read anew, in case it has been replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import urljoin

import orjson

from mooring.errors import ConfigurationError
from mooring.source.charts_credentials import ANONYMOUS, ChartCredential, ChartCredentials
from mooring.source.charts_http import Answer, Web, origin, refusal
from mooring.source.charts_places import Place
from mooring.source.oci_auth import EcrPasswords, Tokens
from mooring.source.urls import FIELD

__all__ = ["Distribution", "Pacing", "read_object"]

_PAGE: Final = 1000
_MOST_TAGS: Final = 100_000
_LIST_LIMIT: Final = 32 << 20  # Google's registry tells of every manifest with its tags


class Pacing(Protocol):
    """Knows how hard registries may be pressed."""

    def admit(self, place: Place, *, reads: bool) -> None:
        """Called before each request: waits, or raises `ThrottledError`; `reads` says that a manifest is read."""
        ...

    def heard(self, place: Place, answer: Answer) -> None:
        """Called with each answer."""
        ...


class Distribution:
    """Registries and who we are to them. `field` is what users call the place where they named a repository."""

    def __init__(
        self,
        web: Web,
        credentials: ChartCredentials,
        *,
        ecr: EcrPasswords | None = None,
        field: str = FIELD,
        pacing: Pacing | None = None,
    ) -> None:
        self._web = web
        self._credentials = credentials
        self._tokens = Tokens(web)
        self._ecr = ecr
        self._field = field
        self._pacing = pacing

    def tags(self, place: Place, what: str, *, given: ChartCredential | None = None) -> list[str]:
        """All tags of a repository, as the registry has them in its order. Raises as `get` does."""
        found: list[str] = []
        path = f"tags/list?n={_PAGE}"
        while path:
            answer = self.get(place, path, what, limit=_LIST_LIMIT, given=given)
            names = read_object(answer, place, self._field).get("tags") or []
            if not isinstance(names, list) or len(found) > _MOST_TAGS:
                raise ConfigurationError(f"{place.shown} has no usable list of tags", field=self._field)
            found += [name for name in names if isinstance(name, str)]
            path = _next(answer, place, self._field) if names else ""
        return found

    def get(
        self,
        place: Place,
        path: str,
        what: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int,
        into: Path | None = None,
        method: Literal["GET", "HEAD"] = "GET",
        given: ChartCredential | None = None,
    ) -> Answer:
        """One good answer about a repository; `given` is a credential in place of those that are registered.

        `path` is relative to the repository, or the address of a further page. Raises `ForbiddenError`,
        `ConfigurationError`, `ThrottledError` and `UnreachableError`.
        """
        tried: ChartCredential | None = None
        for fresh in (False, True):
            credential = given or self._credential(place, fresh=fresh)
            if credential == tried:
                break
            tried = credential
            url = path if "://" in path else f"{_scheme(credential)}://{place.host}/v2/{place.path}/{path}"
            header = "" if fresh else self._tokens.header(place, credential)
            for _ in range(2):
                if self._pacing is not None:
                    self._pacing.admit(place, reads=method == "GET" and path.startswith("manifests/"))
                answer = self._web.get(
                    url,
                    credential=credential,
                    authorization=header,
                    headers=headers,
                    limit=limit,
                    into=into,
                    method=method,
                    field=self._field,
                )
                if self._pacing is not None:
                    self._pacing.heard(place, answer)
                if answer.status != 401 or origin(answer.url) != origin(url):
                    break
                header = self._tokens.ask(place, credential, answer)
                if not header:
                    break
            if answer.status == 200:
                return answer
            if answer.status not in (401, 403):
                break
        raise refusal(answer, what, known=bool(credential.authorization), field=self._field)

    def _credential(self, place: Place, *, fresh: bool) -> ChartCredential:
        credential = self._credentials.find(f"oci://{place.text}", fresh=fresh) or ANONYMOUS
        if credential.authorization or self._ecr is None:
            return credential
        return self._ecr.credential(place, credential)


def _scheme(credential: ChartCredential) -> str:
    return "http" if credential.plain else "https"


def read_object(answer: Answer, place: Place, field: str = FIELD) -> dict[str, Any]:
    """The JSON object in an answer. Raises `ConfigurationError` where there is none."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise ConfigurationError(f"{place.host} does not answer as a registry does; check the address", field=field)
    return body


def _next(answer: Answer, place: Place, field: str) -> str:
    """The address of the next page, which has to be on the same server; empty at the end."""
    match = re.search(r'<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
    if match is None:
        return ""
    url: str = urljoin(answer.url, match[1])
    if origin(url) != origin(answer.url) or url == answer.url:
        raise ConfigurationError(f"{place.host} continues its list of tags elsewhere; that isn't followed", field=field)
    return url
