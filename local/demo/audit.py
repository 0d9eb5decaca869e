"""What the API server itself says was asked of it, and by whom: its audit log.

This is the one witness that Mooring can't influence. Only finished requests count (stage ResponseComplete); a dry run
is a question, not a write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

__all__ = ["AuditLog", "Request"]

_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
MOORING = "mooring/"


@dataclass(frozen=True, slots=True)
class Request:
    """One finished request. `at` is in seconds since the epoch; `name` may be empty (a create, a list)."""

    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    user_agent: str
    dry_run: bool
    at: float

    @property
    def is_write(self) -> bool:
        """Whether it could have changed the cluster."""
        return self.verb in _WRITES and not self.dry_run

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.namespace}/{self.name} ({self.code})"


class AuditLog:
    """The audit log of one API server: a file that grows by one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mark(self) -> int:
        """The present end of the log, to read on from later."""
        return self._path.stat().st_size if self._path.exists() else 0

    def since(self, mark: int, user_agent: str = MOORING) -> list[Request]:
        """The requests of clients whose user agent starts like this, finished after the mark was taken."""
        return [request for request in self._read(mark) if request.user_agent.startswith(user_agent)]

    def _read(self, mark: int) -> Iterator[Request]:
        with self._path.open("rb") as file:
            file.seek(mark)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written
                event = json.loads(line)
                if event.get("stage") == "ResponseComplete":
                    yield _request(event)


def _request(event: dict[str, object]) -> Request:
    target = _mapping(event.get("objectRef"))
    query = parse_qs(urlsplit(str(event.get("requestURI", ""))).query)
    code = _mapping(event.get("responseStatus")).get("code")
    return Request(
        verb=str(event.get("verb", "")),
        resource=str(target.get("resource", "")),
        namespace=str(target.get("namespace", "")),
        name=str(target.get("name", "")),
        code=code if isinstance(code, int) else 0,
        user_agent=str(event.get("userAgent", "")),
        dry_run="dryRun" in query,
        at=datetime.fromisoformat(str(event["requestReceivedTimestamp"])).timestamp(),
    )


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
