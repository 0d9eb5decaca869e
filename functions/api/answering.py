"""How an answer leaves: as JSON, tagged, packed where it is large, or not at all where the client has it.

A tag has two parts: `"DOCUMENT.BODY"`. The first is of what somebody declared and stays while nobody declares it anew;
the second is of the whole answer. If-None-Match looks at both, so a page learns of every change; If-Match looks at the
first alone, so a status that moved on refuses nobody's change. A packed answer's tag ends in `-gzip`, for strong tags
differ where bytes differ. Rules: RFC 9110, sections 8.8.3 and 13.1.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aws_lambda_powertools.event_handler import Response

__all__ = ["bodiless", "digest_of", "document_tags", "json_answer", "problem_answer", "sent"]

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_LARGE: Final = 2048  # bytes from which packing is worth its time
_PACKED: Final = "-gzip"
_UNKEPT: Final = {"cache-control": "no-store"}
_UNGUESSED: Final = {"x-content-type-options": "nosniff"}  # names in an answer are what others chose
_VARIES: Final = "authorization, cookie, accept-encoding"


def json_answer(status: int, value: Any) -> Response[Any]:
    """A value as an answer."""
    return Response(status, "application/json", orjson.dumps(value).decode(), _UNKEPT | _UNGUESSED)


def problem_answer(told: dict[str, Any]) -> Response[Any]:
    """What `mooring.invocation` made of an error, as the resolver wants it."""
    headers = _UNGUESSED | {name: value for name, value in told["headers"].items() if name != "content-type"}
    return Response(told["statusCode"], told["headers"]["content-type"], told["body"], headers)


def digest_of(value: Any) -> str:
    """A short digest of a value of JSON; the same for the same members in another order."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def document_tags(header: str) -> set[str]:
    """The first parts of the tags in If-Match; `*` stays as it is."""
    if header.strip() == "*":
        return {"*"}
    return {each.partition(".")[0] for each in _tags(header) if "." in each}


def _tags(header: str) -> set[str]:
    return {each.removesuffix(_PACKED) for each in _TAG.findall(header)}


def sent(
    answer: Response[Any], headers: dict[str, str], *, document: Any = None, tagged: bool, secret: bool = False
) -> Response[Any]:
    """The answer as it goes to a client that sent these headers; `tagged` where it may be kept and asked for again,
    `secret` where it is kept in memory alone.
    """
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    if not isinstance(body, bytes):
        return answer
    if tagged:
        tag = f"{'' if document is None else digest_of(document)}.{hashlib.sha256(body).hexdigest()[:16]}"
        kept = _UNKEPT if secret else {"cache-control": "private, no-cache"}
        answer.headers |= {"etag": f'"{tag}"', "vary": _VARIES} | kept
        known = headers.get("if-none-match", "")
        if known.strip() == "*" or tag in _tags(known):
            return Response(304, None, None, {name: answer.headers[name] for name in ("etag", "cache-control", "vary")})
    if len(body) > _LARGE and "gzip" in headers.get("accept-encoding", ""):
        packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        answer.body = base64.b64encode(packer.compress(body) + packer.flush()).decode()
        answer.base64_encoded = True  # done here, since the resolver would print bytes that are called JSON
        answer.headers |= {"content-encoding": "gzip", "vary": _VARIES}
        if tagged:
            answer.headers["etag"] = f'"{tag}{_PACKED}"'
    return answer


def bodiless(event: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as API Gateway gets it; to HEAD it is that to GET without its body (RFC 9110, section 9.3.2)."""
    if event["requestContext"]["http"]["method"] != "HEAD":
        return answer
    return answer | {"body": "", "isBase64Encoded": False}
