"""What every provider of secrets answers, and the words in which it fails.

A provider is asked for many secrets at once and answers for each: its value, or why there is none. That a secret is
not there is an answer of its own (`AbsentError`), since a target's deletionPolicy may allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mooring.errors import ConfigurationError, MooringError
from mooring.model.externalsecret import Find

__all__ = ["AbsentError", "Answer", "Ask", "Provider", "Value"]


class AbsentError(ConfigurationError):
    """The provider has no such secret."""


@dataclass(frozen=True, slots=True, order=True)
class Ask:
    """One secret in a provider's own words; `metadata` asks for its tags in place of its value."""

    key: str
    version: str = ""
    metadata: bool = False


class Value:
    """A value and the version that it is; shows neither in a repr."""

    __slots__ = ("data", "version")

    def __init__(self, data: bytes, version: str) -> None:
        self.data = data
        self.version = version

    def __repr__(self) -> str:
        return "Value(…)"


Answer = Value | MooringError


class Provider(Protocol):
    """One store as it is reached."""

    @property
    def calls(self) -> int:
        """How many requests were made of it."""

    def fetch(self, asks: Iterable[Ask]) -> Mapping[Ask, Answer]:
        """A value for each, or why there is none; raises nothing of `mooring.errors`."""

    def names(self, find: Find) -> list[str]:
        """The keys below the find's path that have its tags; its regular expression is not looked at here.

        Raises `MooringError`.
        """
