"""What a service says when it does not take a message, in its own words and without what only it and we may know.

Some services name the field that is wrong in their answer, which is worth more than a status. Only the fields that a
service's documentation names are looked at, and every setting that was filled in is taken out of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mooring.errors import RejectedError
from mooring.notify.message import shortened
from mooring.notify.posting import Reply

__all__ = ["refusal", "without"]

_LONGEST = 300


def refusal(service: str, reply: Reply, fields: Iterable[str], secrets: Iterable[str]) -> RejectedError:
    """The error for an answer that refuses: the texts that these top-level `fields` of its JSON hold."""
    answer = reply.json()
    found = [text for name in fields for text in _texts(answer.get(name))] if isinstance(answer, dict) else []
    said = without("; ".join(dict.fromkeys(found)), secrets)
    return RejectedError(f"{service} does not take the message (status {reply.status}){f': {said}' if said else ''}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from (f"{name}: {text}" for text in _texts(each))


def without(text: str, secrets: Iterable[str]) -> str:
    """Text of one short line, with every secret replaced."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return shortened(" ".join(text.split()), _LONGEST)
