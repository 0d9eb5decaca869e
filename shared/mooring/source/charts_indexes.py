"""Indexes of classic chart repositories, asked for again only when they have changed.

An index lies in the function's temporary folder beside the validators that its server gave (`ETag`, `Last-Modified`),
and what we need of it for each chart that is used stays in memory. Within a few seconds, one look at a repository is
enough for all its charts; after that it is one conditional request, which costs next to nothing where nothing has
changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

from mooring.source.charts_credentials import ANONYMOUS, ChartCredentials
from mooring.source.charts_http import Answer, Web, refusal
from mooring.source.charts_index import Entry, read_entries
from mooring.source.charts_places import Place

__all__ = ["Indexes"]

_MAX_INDEX: Final = 128 << 20
"""Bytes of one index; the largest public ones have about 30 MB."""
_MAX_KEPT: Final = 192 << 20
_MAX_CHARTS: Final = 512
_VALID: Final = 15.0


class _Index:
    """One repository's index."""

    __slots__ = ("charts", "file", "lock", "looked_at", "validators")

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.looked_at = float("-inf")
        self.validators: dict[str, str] | None = None
        self.charts: dict[str, list[Entry] | None] = {}


class Indexes:
    """The indexes of all repositories, below `root`."""

    def __init__(
        self, root: Path, web: Web, credentials: ChartCredentials, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = root
        self._web = web
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Index] = {}

    def entries(self, place: Place, chart: str, *, again: bool = False) -> list[Entry] | None:
        """The versions of a chart, None where the repository has no such chart; `again` looks now in any case.

        Raises `UnreachableError`, `ThrottledError`, `ForbiddenError` and `ConfigurationError`.
        """
        with self._lock:
            index = self._known.get(place.text)
            if index is None:
                name = hashlib.sha256(place.text.encode()).hexdigest()[:32]
                index = self._known[place.text] = _Index(self._root / f"{name}.yaml")
        with index.lock:
            if again or self._clock() - index.looked_at > _VALID or not index.file.is_file():
                self._look(index, place)
            if chart not in index.charts:
                if len(index.charts) >= _MAX_CHARTS:
                    index.charts.clear()
                index.charts[chart] = read_entries(index.file, chart, where=place.shown)
            return index.charts[chart]

    def _look(self, index: _Index, place: Place) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        notes = index.file.with_suffix(".json")
        if index.validators is None:
            index.validators = _read(notes)
        validators = index.validators if index.file.is_file() else {}
        fresh = index.file.with_suffix(f".{threading.get_ident()}.new")
        try:
            answer = self._ask(place, validators, fresh)
            if answer.status == 200:
                # In this order: content with validators that aren't its own would be taken for unchanged for ever.
                notes.unlink(missing_ok=True)
                fresh.replace(index.file)
                index.charts.clear()
                index.validators = {
                    name: answer.headers[header]
                    for name, header in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
                    if header in answer.headers
                }
                notes.write_bytes(orjson.dumps(index.validators))
                self._make_room(index.file)
        finally:
            fresh.unlink(missing_ok=True)
        index.looked_at = self._clock()

    def _ask(self, place: Place, validators: dict[str, str], into: Path) -> Answer:
        tried = None
        for fresh in (False, True):
            credential = self._credentials.find(place.text, fresh=fresh) or ANONYMOUS
            if credential == tried:
                break
            tried = credential
            answer = self._web.get(
                f"{place.text}/index.yaml", credential=credential, headers=validators, limit=_MAX_INDEX, into=into
            )
            if answer.status in (200, 304):
                return answer
            if answer.status not in (401, 403):
                break
        raise refusal(answer, f"the index of {place.shown}", known=bool(credential.authorization))

    def _make_room(self, kept: Path) -> None:
        files = sorted(self._root.glob("*.yaml"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            if total <= _MAX_KEPT:
                return
            if file != kept:
                total -= file.stat().st_size
                with contextlib.suppress(OSError):
                    file.with_suffix(".json").unlink(missing_ok=True)
                    file.unlink()


def _read(notes: Path) -> dict[str, str]:
    try:
        found = orjson.loads(notes.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
