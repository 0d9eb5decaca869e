"""Expressions and templates of a whole batch, asked for at once; one that nobody can answer keeps no other from it.

Settings may hold an expression or a template that takes all memory or time there is, perhaps for one application only.
gokit answers all or nothing then, and the stream would tell the batch again until it forgets it. So the batch is halved
until the culprits are alone. Whether it is them or gokit is settled by a question that it can answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from mooring.errors import MooringError

__all__ = ["Ask", "ask_apart"]

Ask = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
_EASY: Final[dict[str, Any]] = {
    "verb": "notify",
    "vars": {},
    "commits": {},
    "now": "2026-01-01T00:00:00Z",
    "when": ["true"],
}


def ask_apart(ask: Ask, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """An answer for each question, `{"error": …}` where it alone has none. Raises `MooringError` where none has any."""
    try:
        return ask(questions)
    except MooringError as error:
        if len(questions) > 1:
            half = len(questions) // 2
            return ask_apart(ask, questions[:half]) + ask_apart(ask, questions[half:])
        ask([_EASY])
        return [{"error": error.message}]
