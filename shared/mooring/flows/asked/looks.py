"""Asking for a look at a cluster, and waiting for it: `api` reaches none, so the function `look` answers (ADR 0112).

Here its answers are taken apart: an error that it met is raised again, as if it had been met here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mooring import errors
from mooring.errors import MooringError, PermanentError, TransientError, UnreachableError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.model.application import AppKey

__all__ = ["NoSuchObjectError", "UnknownOperationError", "ask_about_cluster", "ask_look"]


class NoSuchObjectError(PermanentError):
    """What somebody wants to see is not there, or is not this application's."""


class UnknownOperationError(PermanentError):
    """No operation of this application has this id."""


_NAMED: Final[Mapping[str, type[MooringError]]] = {
    each.__name__: each for each in (NoSuchObjectError, UnknownApplicationError, UnknownOperationError)
}


def ask_look(asker: Callable[[Mapping[str, Any]], Any], ask: str, app: AppKey, **more: Any) -> dict[str, Any]:
    """The answer to one question (`flows.looking.answering` lists them); blocks for up to 28 seconds.

    Raises what the look raised, `ThrottledError` where too many look at once, and `UnreachableError` where no answer
    came in time.
    """
    return _answer(asker({"ask": ask, "app": str(app), **more}))


def ask_about_cluster(asker: Callable[[Mapping[str, Any]], Any], name: str) -> dict[str, Any]:
    """How a registered cluster is now (`flows.looking.clusterhealth`). Raises as `ask_look` does."""
    return _answer(asker({"ask": "cluster", "cluster": name}))


def _answer(told: Any) -> dict[str, Any]:
    if isinstance(told, dict) and isinstance(told.get("answer"), dict):
        answer: dict[str, Any] = told["answer"]
        return answer
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        raise UnreachableError("the function look answered with nothing that is known; deploy all functions at once")
    raise _error(error)


def _error(told: Mapping[str, Any]) -> MooringError:
    message = str(told.get("message"))
    field, subject = str(told.get("field") or "") or None, str(told.get("subject") or "") or None
    kind = _NAMED.get(str(told.get("name"))) or getattr(errors, str(told.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, MooringError)):
        kind = PermanentError
    if issubclass(kind, TransientError):
        after = told.get("retryAfter")
        return kind(
            message, retry_after=after if isinstance(after, int | float) else None, field=field, subject=subject
        )
    return kind(message, field=field, subject=subject)
