"""What a route says of itself: who may, what can be asked, what comes in and what goes out.

A route without `Access` can't be written, so nothing is open by oversight. Shapes are given by their names: the
TypedDicts in `shapes/` are read when the OpenAPI document is made, and cost the function nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["EACH", "NAMESPACE", "PAGES", "PUBLIC", "Access", "Arguments", "Endpoint", "Param", "flag"]

Arguments = Mapping[str, str]
"""What stands in the places of a path."""

Finds = Callable[["Desk", Arguments], "str | Sequence[tuple[str, str]]"]
"""The object that a request is about, or every (action, object) that it takes."""

EACH: Final = "each"
"""The object of lists: whoever is known may ask, and sees what `desk.may` lets them see."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller must be allowed: `action` on the object of `resource` that the request is about.

    `of` is the object itself, `EACH`, or finds it; the first line of its docstring stands in docs/access.md.
    """

    resource: str
    action: str
    of: str | Finds


PUBLIC: Final = Access("", "", "")
"""Answers anybody."""


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter. `kind` is `text`, `flag` (true or false) or `count`."""

    name: str
    does: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    required: bool = False


def flag(name: str, does: str) -> Param:
    """A parameter that is true or false."""
    return Param(name, does, "flag")


NAMESPACE: Final = Param("namespace", "The namespace that it is declared in; `argocd` where none is given")
PAGES: Final = (
    Param("limit", "How many at most; a page may hold fewer", "count"),
    Param("continue", "`metadata.continue` of the page before"),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One declared route."""

    method: str
    path: str
    name: str  # of its function, and with it the operationId
    tag: str
    does: str
    access: Access
    query: tuple[Param, ...]
    body: str  # name of a shape; nothing where no body is read
    answers: str  # name of a shape
    status: int
    content: str
    takes: str  # content type of the body
    document: Callable[[Desk, Arguments], Any] | None  # what If-Match is about
