"""Metadata-only watches: what becomes of our objects of one kind, as it happens, with nothing missed and little held.

A watch goes on from a resource version, so a connection that drops, a watch that the server ends and a successor in
another function all go on where the former one was. Bookmarks move that version along while nothing of ours changes. A
version that the server has forgotten (410 Gone) leads to one list and a watch from there; whoever is told of what was
listed finds out what went missing meanwhile. Events are read one by one and nothing of them is kept here.

Source: Kubernetes documentation, "API Concepts", sections Efficient detection of changes, Watch bookmarks and
Metadata-only fetches. One connection and one thread a kind: HTTP/1.1 carries one watch each.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from mooring.cluster.answers import error_for
from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Resource
from mooring.cluster.links import Link, open_link
from mooring.cluster.observe import APP_LABEL, METADATA_ONLY, PAGE, Observed, observed
from mooring.cluster.troubles import connection_error, tls_error
from mooring.errors import ForbiddenError, MooringError, RejectedError, UnreachableError

__all__ = ["KindWatch", "Sink"]

_ONE_OBJECT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_LASTS = (240, 300)  # seconds that a watch is asked for: less than what forgets idle connections (350 s on AWS)
_QUIET = 100.0  # seconds without a word, bookmarks come every minute, after which a connection counts as dead
_CONNECT = 5.0  # seconds
_LONGEST_PAUSE = 30.0  # seconds
_SHORT = 1.0  # seconds that a watch has to be open to count as one


class Sink(Protocol):
    """Who is told; called from the watches' threads."""

    def seen(self, found: Observed, *, gone: bool) -> None:
        """An object was listed, made or changed; or is gone, or lost our label."""

    def listed(self, resource: Resource, names: set[tuple[str, str]]) -> None:
        """Every object of a kind has been seen: these (namespace, name) are all there are."""


class _GoneError(Exception):
    """The version to go on from is forgotten."""


class KindWatch:
    """A watch of the labelled objects of one kind, over as many connections as it takes.

    `version` is where it stands, empty until the first list; `ready` is set while a watch is open. `trouble` is what
    keeps it from being open, in words.
    """

    def __init__(
        self,
        server: ApiServer,
        connection: Callable[[bool], Connection],
        resource: Resource,
        sink: Sink,
        version: str = "",
        *,
        quiet: float = _QUIET,
    ) -> None:
        self.resource = resource
        self.version = version
        self.ready = threading.Event()
        self.trouble = ""
        self._server = server
        self._connection = connection
        self._sink = sink
        self._quiet = quiet
        self._stopped = threading.Event()
        self._response: urllib3.BaseHTTPResponse | None = None
        self._link: Link | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {resource.plural}", daemon=True)

    def start(self) -> None:
        """Begins to watch, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch; nothing is told any more when this returns."""
        self._stopped.set()
        response = self._response
        if response is not None:
            with contextlib.suppress(Exception):  # it may end at this very moment
                response.shutdown()
        if self._thread.is_alive():
            self._thread.join(_CONNECT)

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                if not self.version:
                    self._list()
                opened = self._follow()
                if opened >= min(_SHORT, self._quiet):
                    failures = 0
                    continue
                self.trouble = "each watch is ended as soon as it is open" if failures else ""
            except _GoneError:
                self.version = ""
                self.trouble = "the server forgets each version as soon as it is listed" if failures else ""
            except MooringError as error:
                self.trouble = error.message
            finally:
                self.ready.clear()
            # What ends once is opened again at once; what ends again and again would keep us and the server busy.
            pause = min(_LONGEST_PAUSE, 2.0**failures) if failures or self.trouble else 0.0
            failures += 1
            self._stopped.wait(random.uniform(0.5, 1.0) * pause)  # noqa: S311 (jitter)

    def _list(self) -> None:
        query = {"limit": str(PAGE), "labelSelector": APP_LABEL}
        names: set[tuple[str, str]] = set()
        version = ""
        while not self._stopped.is_set():
            answer = self._server.request("GET", self.resource.path(""), query, headers={"Accept": METADATA_ONLY})
            if answer.status == 410:
                raise _GoneError
            if answer.body is None:
                raise UnreachableError(f"{self.resource.plural} are not served any more")
            metadata = answer.body.get("metadata") or {}
            version = version or str(metadata.get("resourceVersion") or "")
            for item in answer.body.get("items") or ():
                found = observed(item, self.resource, full=False)
                names.add((found.key.namespace, found.key.name))
                self._sink.seen(found, gone=False)
            if not metadata.get("continue"):
                self._sink.listed(self.resource, names)
                self.version = version
                return
            query["continue"] = metadata["continue"]

    def _follow(self) -> float:
        """Reads one watch to its end; how long it was open (seconds). Raises `_GoneError` and errors of `mooring`."""
        if self._stopped.is_set():
            return 0.0
        lasts = random.randint(*_LASTS)  # noqa: S311 (so that not all kinds begin anew at once)
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "labelSelector": APP_LABEL,
            "resourceVersion": self.version,
            "timeoutSeconds": str(lasts),
        }
        link = self._links()
        target = f"{urlsplit(link.connection.server).path.rstrip('/')}{self.resource.path('')}?{urlencode(query)}"
        pool = link.new_pool()
        opened_at = 0.0
        try:
            self._response = self._open(link, pool, target)
            opened_at = time.monotonic()
            self.ready.set()
            self.trouble = ""
            for line in _lines(self._response):
                if self._stopped.is_set():
                    break
                self._take(orjson.loads(line))
        except ReadTimeoutError:
            pass  # a connection that died without a word: the next one goes on from the same version
        except SSLError as error:
            raise tls_error(error, link.connection.server) from error
        except HTTPError as error:
            if not self.ready.is_set():
                raise connection_error(error, link.connection.server, None) from error
        except (LookupError, TypeError) as error:
            raise UnreachableError(f"{link.connection.server} sends events that are not understood") from error
        except orjson.JSONDecodeError:
            pass  # cut off in the middle of an event, which comes again
        finally:
            if self._response is not None:
                self._response.close()
            self._response = None
            pool.close()
        return time.monotonic() - opened_at if opened_at else 0.0

    def _open(self, link: Link, pool: urllib3.HTTPConnectionPool, target: str) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=_CONNECT, read=self._quiet)
        for fresh in (False, True):
            headers = {"Accept": _ONE_OBJECT}
            if login := link.login(fresh and link.mints):
                headers["Authorization"] = login
            response = pool.urlopen(
                "GET", target, headers=headers, retries=False, redirect=False, timeout=timeout, preload_content=False
            )
            if response.status == 200:
                return response
            if response.status == 401 and not fresh:
                response.release_conn()
                if not link.mints:
                    break
                continue
            break
        body = response.read()
        if response.status == 410:
            raise _GoneError
        if response.status == 401:
            self._link = None
        raise error_for(response.status, response.headers, body)

    def _links(self) -> Link:
        """Who we are there: kept, since logins are; asked anew where they were refused."""
        connection = self._connection(self._link is None and bool(self.trouble))
        if self._link is None or self._link.connection != connection:
            self._link = open_link(connection, 1)
        return self._link

    def _take(self, event: dict[str, Any]) -> None:
        item = event["object"]
        match event["type"]:
            case "BOOKMARK":
                self.version = item["metadata"]["resourceVersion"]
            case "ERROR":
                if item.get("code") == 410:
                    raise _GoneError
                code = int(item.get("code") or 500)
                told: MooringError = error_for(code, {}, orjson.dumps(item))
                raise UnreachableError(told.message) if isinstance(told, RejectedError | ForbiddenError) else told
            case kind:
                found = observed(item, self.resource, full=False)
                self._sink.seen(found, gone=kind == "DELETED")
                self.version = found.resource_version


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Whole lines of a body that comes bit by bit."""
    rest = b""
    for chunk in response.stream(1 << 16):
        *whole, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        yield from (line for line in whole if line)
    if rest:
        yield rest
