"""What a page says: first its ticket and what it wants to be told of, then other topics, or that it is still there.

    {"ticket": T, "topics": ["applications"]}   → {"listening": ["applications"], "seconds": 7200}
    {"topics": ["application:argocd/shop"]}     → {"listening": …, "seconds": …}
    {"ping": 7}                                 → {"pong": 7}

Whoever says anything else is told what was wrong, and whoever has no ticket is sent away with the first thing that they
say, a ping as well: they can't hold a connection open, nor have this function run more than once for it. Until a ticket
was taken nothing of a connection is kept, so a stranger's costs what API Gateway takes for it, and one read.
"""

from __future__ import annotations

from typing import Any

import orjson

from mooring.errors import ConfigurationError, ForbiddenError, PermanentError
from mooring.flows.telling.newness import read_topics
from mooring.flows.telling.pushing import LivePorts

__all__ = ["hear", "leave"]

_LONGEST = 32 * 1024
_LONGEST_TICKET = 200


def hear(ports: LivePorts, connection: str, text: str) -> None:
    """Answers one message of a page. Raises `TransientError`, after which the page tries again."""
    try:
        answer = _answer(ports, connection, text)
    except PermanentError as error:
        answer = {"error": {"message": error.message, "field": error.field}}
        ports.line.post(connection, orjson.dumps(answer))
        if isinstance(error, ForbiddenError):
            ports.line.end(connection)
        return
    if not ports.line.post(connection, orjson.dumps(answer)):
        ports.connections.forget(connection)


def leave(ports: LivePorts, connection: str) -> None:
    """Forgets a connection that is over."""
    ports.connections.forget(connection)


def _answer(ports: LivePorts, connection: str, text: str) -> dict[str, Any]:
    said = _read(text)
    now = ports.clock()
    if "ping" in said:
        ports.connections.check(connection, now)
        return {"pong": said["ping"]}
    if "ticket" not in said:
        listening = ports.connections.retopic(connection, read_topics(said.get("topics")))
    elif not isinstance(said["ticket"], str) or not 0 < len(said["ticket"]) <= _LONGEST_TICKET:
        raise ForbiddenError("must be what POST /api/v1/stream gave", field="ticket")
    else:
        listening = ports.connections.join(connection, said["ticket"], read_topics(said.get("topics")), now)
    return {"listening": list(listening.topics), "seconds": int(listening.until - now)}


def _read(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST:
        raise ConfigurationError(f"must be {_LONGEST} characters at most", field="message")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError("is not JSON", field="message") from error
    if not isinstance(said, dict):
        raise ConfigurationError("must be an object", field="message")
    if unknown := sorted(set(said) - {"ticket", "topics", "ping"}):
        raise ConfigurationError("is not known; send ticket and topics, or ping", field=unknown[0])
    return said
