"""The function `api` as a WSGI application: requests become events as the local runner makes them, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from local.runner.functions import Route
from local.runner.routes import Match, Request, event_of, read_answer
from tests.doubles.deployed import Handler

__all__ = ["as_wsgi"]


def as_wsgi(handler: Handler) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """An application that has its requests answered by a handler behind API Gateway."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        target = "?".join(filter(None, (environ["REQUEST_URI"], environ["QUERY_STRING"])))
        # Packed answers would have to be unpacked here; that they are packed is tested elsewhere.
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower(), value)
            for name, value in environ.items()
            if (name.startswith("HTTP_") or name == "CONTENT_TYPE") and name != "HTTP_ACCEPT_ENCODING"
        ]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = Request(environ["REQUEST_METHOD"], target, headers, body, "203.0.113.9")
        match = Match(Route("ANY", "/api/v1/{proxy+}"), "api", {"proxy": target})
        answer = read_answer(json.dumps(handler(event_of(request, match), None)).encode())
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers))
        return [answer.body]

    return application
