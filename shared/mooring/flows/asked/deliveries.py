"""What is asked about deliveries: which there were, what became of each, and the operations that it caused.

An operation names its cause, and so does what git wants; a delivery names the first fifty applications that it
concerned, those whose files it changed first. Joining the two takes a query for each application, so an answer looks at
a hundred of them at most and says of each delivery how many it left out. Nothing is written for this list: what it
shows is read from the records that there are anyway.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause
from mooring.flows.asked.ulid import first_ulid
from mooring.model.application import AppKey
from mooring.model.moments import told_if_ever
from mooring.source.urls import normalise
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries, Told
from mooring.state.operations import Operation
from mooring.state.wanted import WantedState

__all__ = ["OUTCOMES", "list_deliveries", "show_heard"]

OUTCOMES: Final = ("queued", "ignored", "pong", "refused")
_SHOWN: Final = 25
_MOST: Final = 100
_LOOKED_AT: Final = 2000  # deliveries that one request goes through for those that fit
_JOINED: Final = 100  # applications of which one request reads the operations
_OPERATIONS: Final = 50  # of one application in one request
_A_DAY: Final = 24 * 3600.0
_MARK: Final = re.compile(r"[0-9]{10}\.[0-9]{6}#[0-9a-f]{8}")


@dataclass(slots=True)
class _Joined:
    """What the applications of a page did since the oldest of its deliveries."""

    operations: dict[str, list[Operation]] = field(default_factory=dict)
    wanted: Mapping[AppKey, WantedState] = field(default_factory=dict)


def list_deliveries(deliveries: Deliveries, applications: Applications, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of deliveries, newest first, each with what it caused.

    `repository` (an address in any spelling, or a part of one), `provider`, `outcome` (one of `OUTCOMES`), `limit` (25,
    at most 100) and `continue` (`metadata.continue` of the page before). There may be fewer than `limit` in a page that
    is not the last. Raises `ConfigurationError` naming the parameter.
    """
    limit, after = _limit(asked.get("limit", "")), _position(asked.get("continue", ""))
    outcome, provider = asked.get("outcome", ""), asked.get("provider", "").lower()
    if outcome and outcome not in OUTCOMES:
        raise ConfigurationError(f"must be one of {', '.join(OUTCOMES)}", field="outcome")
    wanted = _repository(asked.get("repository", ""))
    page: list[Told] = []
    mark, metadata = "", {}
    for number, (each, told) in enumerate(deliveries.newest(after)):
        if len(page) == limit or number == _LOOKED_AT:
            metadata = {"continue": _token(mark)}
            break
        mark = each
        if outcome in ("", told.outcome) and provider in ("", told.provider) and wanted in told.repository:
            page.append(told)
    joined = _join(applications, page)
    return {"metadata": metadata, "items": [_shown(told, joined) for told in page]}


def _join(applications: Applications, page: Sequence[Told]) -> _Joined:
    since: dict[str, float] = {}
    for told in page:
        for name in told.applications:
            if name in since or len(since) < _JOINED:
                since[name] = min(since.get(name, told.at), told.at)
    found = {
        name: applications.operations_since(AppKey.parse(name), first_ulid(at), _OPERATIONS)
        for name, at in since.items()
    }
    return _Joined(found, applications.wanted(AppKey.parse(name) for name in since))


def show_heard(told: Told) -> dict[str, Any]:
    """What was delivered and what came of it, but for the applications."""
    return {
        "at": told_if_ever(told.at),
        "provider": told.provider,
        "event": told.event,
        "outcome": told.outcome,
        "reason": told.reason,
        "repository": told.repository,
        "refs": list(told.refs),
        "by": told.by,
    }


def _shown(told: Told, joined: _Joined) -> dict[str, Any]:
    looked = [name for name in told.applications if name in joined.operations]
    caused = [each for name in looked for each in _caused(name, told, joined)]
    return {
        "id": told.id,
        **show_heard(told),
        "source": told.source,
        "concerned": told.concerned,
        "touched": told.touched,
        "applications": list(told.applications),
        "sets": list(told.sets),
        "caused": caused,
        "leftOut": told.concerned - len(looked),
    }


def _caused(name: str, told: Told, joined: _Joined) -> Iterator[dict[str, str]]:
    for operation in joined.operations[name]:
        if _is_of(operation.cause, told) and operation.started_at < told.at + _A_DAY:
            yield {
                "application": name,
                "operation": operation.id,
                "kind": operation.kind,
                "phase": operation.phase,
                "message": operation.message,
                "revision": operation.revision,
                "startedAt": told_if_ever(operation.started_at),
                "finishedAt": told_if_ever(operation.finished_at),
            }
    wanted = joined.wanted.get(AppKey.parse(name))
    if wanted is not None and wanted.failure is not None and _is_of(wanted.cause, told):
        at = told_if_ever(wanted.failure.at)
        yield {
            "application": name,
            "operation": "",
            "kind": "render",
            "phase": "Failed",
            "message": wanted.failure.message,
            "revision": wanted.failure.revision,
            "startedAt": at,
            "finishedAt": at,
        }


def _is_of(cause: Cause, told: Told) -> bool:
    """Whether a delivery is behind a cause: by its id, or because it told of the tag that an image was brought to."""
    if cause.kind != "image":
        return cause.id == told.id
    return cause.id.partition(" ")[0].partition("@")[0].rpartition("/")[2] in told.refs


def _repository(text: str) -> str:
    try:
        return normalise(text) if text else ""
    except ConfigurationError:
        return text.strip().lower()  # a part of an address


def _limit(text: str) -> int:
    if not text:
        return _SHOWN
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 0 < int(text) <= _MOST):
        raise ConfigurationError(f"must be a number from 1 to {_MOST}", field="limit")
    return int(text)


def _token(mark: str) -> str:
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def _position(token: str) -> str:
    if not token:
        return ""
    try:
        mark = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        mark = ""
    if not _MARK.fullmatch(mark):
        raise ConfigurationError(
            "is no token of this list; take metadata.continue of the page before, or begin without it", field="continue"
        )
    return mark
