"""A message before any service has shaped it, and what every service is asked to do with it.

A service is one function: it takes its declared settings (secrets filled in), the message and the receipt of the one
before it in the same group, and gives back a receipt, or nothing where it has none. Whether it was told before is not
its business: `flows.telling` asks it once for each note, or again under the same id after a crash. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mooring.errors import ConfigurationError

if TYPE_CHECKING:
    from mooring.notify.posting import Poster

__all__ = [
    "BrokenTemplateError",
    "Deliver",
    "Policy",
    "Receipt",
    "Rendered",
    "Sending",
    "Service",
    "Summary",
    "Tone",
    "shortened",
]

Tone = Literal["good", "bad", "running", "info"]
Policy = Literal["Post", "Update", "PostAndUpdate"]
Receipt = dict[str, str]
"""What a service needs to find its message again, as it likes; texts only."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened, in parts that every service can show: `facts` are name and value, `links` label and address.

    Messages of one `group` belong together; `policy` says whether the one before is rewritten. With `only_update`
    nothing is said where there is none. `alarm` names something that is wrong, in the message that says so and in the
    one of tone `good` that says it is over; empty for what is neither.
    """

    title: str
    text: str = ""
    tone: Tone = "info"
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    group: str = ""
    policy: Policy = "Post"
    only_update: bool = False
    repository: str = ""
    revision: str = ""
    application: str = ""
    trigger: str = ""
    alarm: str = ""

    @property
    def over(self) -> bool:
        """Whether it says that an alarm is over."""
        return bool(self.alarm) and self.tone == "good"

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Summary:
        """The inverse of `to_json`."""
        pairs = {name: tuple((a, b) for a, b in value.get(name, ())) for name in ("facts", "links")}
        return cls(**{**value, **pairs})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: its summary, and the sections of a user's template by service type, with their text rendered."""

    summary: Summary
    sections: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The text of the user's template, or title and text of ours."""
        own = self.sections.get("message")
        if isinstance(own, str) and own.strip():
            return own.strip()
        return f"{self.summary.title}\n{self.summary.text}".strip()

    def section(self, name: str) -> Mapping[str, Any]:
        """What the user's template holds for a service; empty where it holds nothing."""
        found = self.sections.get(name)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery: to whom, under which id (the same each time that it is tried), and what it may use.

    `at` is when it happened (seconds since the epoch); `forge` gives the API of a repository's code host as
    `forge.opening.Forges.api` does, `aws` a client by service and region (None for our own).
    """

    name: str
    recipient: str
    id: str
    at: float
    poster: Poster
    forge: Callable[[str], Any]
    aws: Callable[[str, str | None], Any]


class BrokenTemplateError(ConfigurationError):
    """What a user's template rendered to is not what its service takes; nothing was sent."""


Deliver = Callable[[Mapping[str, Any], Rendered, Receipt | None, Sending], Receipt | None]


@dataclass(frozen=True, slots=True)
class Service:
    """A type of service. `updates` says that it can rewrite a message, `idempotent` that telling it the same
    twice tells people once.
    """

    deliver: Deliver
    updates: bool = False
    idempotent: bool = False


def shortened(text: str, most: int) -> str:
    """Text of at most so many characters, with an ellipsis where it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
