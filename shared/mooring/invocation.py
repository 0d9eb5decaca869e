"""What handlers have in common: taking Lambda's events apart, putting its answers together, and logging.

Events are read as AWS documents them ("Using Lambda with Amazon SQS", "Working with AWS Lambda proxy integrations for
HTTP APIs", payload format 2.0).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache, wraps
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import orjson

from mooring.errors import ConfigurationError, ConflictError, ForbiddenError, MooringError, TransientError

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["CrashError", "answer", "error_answer", "logger", "problem", "read_body", "take_messages", "wordless"]

_Message = TypeVar("_Message")
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class CrashError(Exception):
    """Something that nobody expected, by its type and place."""


def wordless(handler: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """For handlers that hold secrets: what crashes them is raised as `CrashError`, with its trace, without its words.

    The runtime writes the words of an exception into the log, the answer and the trace segment, and those of libraries
    quote what they were given (`int("…")`). Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
    """

    @wraps(handler)
    def guarded(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        try:
            return handler(*arguments, **named)
        except MooringError:
            raise  # of our own words, which hold none
        except Exception as error:  # noqa: BLE001 - raised again, in words of ours
            kind = type(error)
            words = f"{kind.__module__}.{kind.__qualname__}; its words are left out, since they may quote a secret"
            raise CrashError(words).with_traceback(error.__traceback__) from None

    return guarded


@cache
def logger() -> Logger:
    """The function's logger: JSON lines, with the service's name from its environment."""
    from aws_lambda_powertools import Logger

    return Logger()


def read_body(event: Mapping[str, Any]) -> bytes:
    """The body of an HTTP request as it was sent."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def answer(status: int, body: Any) -> dict[str, Any]:
    """An HTTP answer with a JSON body."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": orjson.dumps(body).decode()}


def problem(status: int, detail: str, field: str | None = None) -> dict[str, Any]:
    """An HTTP answer that says what is wrong (RFC 9457); `field` is the parameter, header or field of the body."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": orjson.dumps({**told, "field": field}).decode()}


def error_answer(error: MooringError, *, unsigned: int = 403) -> dict[str, Any]:
    """An error as an HTTP answer; `unsigned` is the status for what is not allowed."""
    if isinstance(error, ForbiddenError):
        status = unsigned
    elif isinstance(error, ConflictError):
        status = 409
    elif isinstance(error, ConfigurationError):
        status = 400
    else:
        status = 503 if isinstance(error, TransientError) else 500
    message = f"{error.subject}: {error.message}" if error.subject else error.message
    told = problem(status, message, error.field)
    if isinstance(error, TransientError) and error.retry_after is not None:
        told["headers"]["retry-after"] = str(ceil(error.retry_after))
    return told


def take_messages(
    event: Mapping[str, Any], parse: Callable[[str], _Message], work: Callable[[list[_Message]], None]
) -> dict[str, Any]:
    """Does the work of a batch of SQS messages and reports those that should come again.

    A message that can't be read comes again until it is a dead letter, where an alarm shows it. When the work itself
    fails all its messages come again, which does no harm, since they say only what needs a look.
    """
    failed: list[str] = []
    taken: list[tuple[str, _Message]] = []
    for record in event["Records"]:
        try:
            taken.append((record["messageId"], parse(record["body"])))
        except MooringError as error:
            logger().error("a message can't be read", extra={"message_id": record["messageId"], "error": str(error)})
            failed.append(record["messageId"])
    try:
        if taken:
            work([message for _, message in taken])
    except MooringError as error:
        for message_id, message in taken:
            cause = getattr(message, "cause", None)  # what began its chain, under the name that facts have for it
            extra = {"message_id": message_id, "correlation_id": cause.id if cause else "", "error": str(error)}
            logger().warning("a message comes again", extra=extra)
        failed += [message_id for message_id, _ in taken]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
