"""From an HTTP request to an HTTP API event, and from a function's answer to an HTTP response.

Payload format 2.0 only, which is what SAM's `HttpApi` events have. The path that a function sees is decoded, header
names are in small letters, and a body that isn't text comes as base64.

Rule: Amazon API Gateway Developer Guide, "Working with AWS Lambda proxy integrations for HTTP APIs" and "Working with
routes for HTTP APIs".
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from local.runner.documents import Json
from local.runner.functions import Route
from local.runner.resources import ACCOUNT

__all__ = ["Answer", "Match", "Request", "event_of", "find_route", "read_answer"]

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came in: `target` is path and query, header names are as the client wrote them."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    address: str


@dataclass(frozen=True, slots=True)
class Match:
    """A route that a request takes, the function behind it, and the values of its path parameters."""

    route: Route
    function: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def find_route(routes: Iterable[tuple[Route, str]], method: str, target: str) -> Match | None:
    """The most specific route of (route, function) pairs that a request takes: exact, `{name}`, `{name+}`,
    `$default`.
    """
    path = target.partition("?")[0]
    best: tuple[tuple[int, ...], Match] | None = None
    for route, function in routes:
        if route.method not in ("ANY", method) and route.path != "$default":
            continue
        fit = _fit(route.path, path)
        if fit is None:
            continue
        rank = (*fit[0], 0 if route.method == method else 1)
        if best is None or rank < best[0]:
            best = rank, Match(route, function, fit[1])
    return best[1] if best else None


def event_of(request: Request, match: Match, claims: Mapping[str, str] | None = None) -> dict[str, Json]:
    """The event of payload format 2.0; `claims` are those that an authorizer found in a token."""
    path, _, query = request.target.partition("?")
    path = unquote(path)
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        key = name.lower()
        if key == "cookie":
            cookies.extend(part.strip() for part in value.split(";"))
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    headers.setdefault("x-forwarded-for", request.address)
    headers.setdefault("x-forwarded-proto", "http")
    now = time.time()
    event: dict[str, Json] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get("host", ""),
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.address,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": match.route.key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if claims is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    if cookies:
        event["cookies"] = cookies
    if parameters := _query(query):
        event["queryStringParameters"] = parameters
    if match.parameters:
        event["pathParameters"] = dict(match.parameters)
    if request.body:
        event["isBase64Encoded"], event["body"] = _body(request.body, headers.get("content-type"))
    return event


def read_answer(payload: bytes) -> Answer:
    """What a function returned, as a response; raises `ValueError` for what API Gateway can't turn into one."""
    value = json.loads(payload)
    if not isinstance(value, dict) or "statusCode" not in value:
        return Answer(200, [("content-type", "application/json")], b"" if value is None else payload)
    body = value.get("body")
    if body is None:
        content = b""
    elif not isinstance(body, str):
        raise ValueError("body: must be text")
    elif value.get("isBase64Encoded"):
        content = base64.b64decode(body, validate=True)
    else:
        content = body.encode()
    headers = [(str(name).lower(), _header(entry)) for name, entry in (value.get("headers") or {}).items()]
    if content and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    headers += [("set-cookie", str(cookie)) for cookie in value.get("cookies") or []]
    return Answer(int(value["statusCode"]), headers, content)


def _fit(pattern: str, path: str) -> tuple[tuple[int, ...], dict[str, str]] | None:
    """How loosely a pattern fits a path (smaller is tighter, segment by segment), and its parameters."""
    if pattern == "$default":
        return (9,), {}
    parameters: dict[str, str] = {}
    rank: list[int] = []
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")
    for position, part in enumerate(wanted):
        if part.startswith("{") and part.endswith("+}"):
            rest = "/".join(given[position:])
            parameters[part[1:-2]] = unquote(rest)
            return ((*rank, 2), parameters) if rest else None
        if position >= len(given):
            return None
        if part.startswith("{") and part.endswith("}"):
            if not given[position]:
                return None
            parameters[part[1:-1]] = unquote(given[position])
            rank.append(1)
        elif part == unquote(given[position]):
            rank.append(0)
        else:
            return None
    return (tuple(rank), parameters) if len(wanted) == len(given) else None


def _query(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(body: bytes, kind: str | None) -> tuple[bool, str]:
    if kind is None or kind.lower().startswith(_TEXT):
        try:
            return False, body.decode()
        except UnicodeDecodeError:
            pass
    return True, base64.b64encode(body).decode()


def _header(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
