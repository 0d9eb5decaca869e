"""The dashboard's files: one page for every address of it, and what that page loads.

The build lies beside this module (`make dashboard`) and is packed already: what a browser gets is read from the disk
and handed on. Names of assets carry the hash of their content, so a browser asks for each of them once, ever; the page
that names them is asked for each time, and answered with 304 where nothing is new. The policy lets the page run what
comes from here and talk to here and to the places that `connects` names; nothing that stands in the page itself runs.

Rules: Amazon API Gateway Developer Guide, "Working with AWS Lambda proxy integrations for HTTP APIs" (base64 bodies);
W3C, "Content Security Policy Level 3"; RFC 9110, sections 8.8.3 and 12.5.3; RFC 8246 (`immutable`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mooring.invocation import problem

__all__ = ["ROUTES", "serve"]

ROUTES: Final = ("GET /", "HEAD /", "GET /{proxy+}", "HEAD /{proxy+}")
"""What API Gateway calls the requests that are answered here."""

_BUILD: Final = Path(__file__).parent / "web"
_ASSET: Final = re.compile(r"/(?:assets/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")  # one name, in one of two folders; never `..`
_NO_PAGE: Final = re.compile(r"/(?:api|v1|assets|\.[^/]*)(?:/|$)|/[^/]*\.[^/]*$")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}
_MISSING: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Mooring</title><h1>The dashboard is not built</h1>"
    "<p>This installation was deployed without it. Run <code>make dashboard</code>, then <code>sam build</code> and"
    " <code>sam deploy</code>. The API and the command line work without it."
)


def serve(event: Mapping[str, Any], connects: str = "") -> dict[str, Any]:
    """Answers one GET or HEAD (payload 2.0) that is not the API's; `connects` are origins that the page may talk to."""
    path: str = event["rawPath"]
    if _ASSET.fullmatch(path) and (_BUILD / path[1:]).suffix in _TYPES and (_BUILD / path[1:]).is_file():
        return _file(event, _BUILD / path[1:], immutable=path.startswith("/assets/"))
    if _NO_PAGE.match(path):
        return problem(404, f"there is nothing at {path}; the dashboard's pages begin at /applications", "path")
    page = _BUILD / "index.html"
    headers = {"content-security-policy": _policy(connects)}
    if not page.is_file():
        answer = {"content-type": _TYPES[".html"], "cache-control": "no-store"}
        return {"statusCode": 503, "headers": _HEADERS | headers | answer, "body": _MISSING}
    told = _file(event, page, immutable=False)
    told["headers"] |= headers
    return told


def _file(event: Mapping[str, Any], path: Path, *, immutable: bool) -> dict[str, Any]:
    sent: Mapping[str, str] = event.get("headers") or {}
    taken = {part.partition(";")[0].strip() for part in sent.get("accept-encoding", "").lower().split(",")}
    name, found = next(
        ((coding, packed) for coding, end in _PACKED if coding in taken and (packed := Path(f"{path}{end}")).is_file()),
        ("", path),
    )
    content = found.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = _HEADERS | {
        "content-type": _TYPES[path.suffix],
        "cache-control": "public, max-age=31536000, immutable" if immutable else "no-cache",
        "etag": tag,
        "vary": "accept-encoding",
    }
    if tag in re.findall(r'"[^"]*"', sent.get("if-none-match", "")):
        return {"statusCode": 304, "headers": headers}
    if name:
        headers["content-encoding"] = name
    body = base64.b64encode(content).decode()
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}


def _policy(connects: str) -> str:
    own = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; worker-src 'self'"
    places = f"'self' {connects}".strip()
    return f"{own}; connect-src {places}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
