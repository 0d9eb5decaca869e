"""Which tags a rule admits, and in which order: answered by the Go libraries that Image Updater itself is made of.

Versions are Masterminds', expressions and globs are Go's. One process answers for all repositories of a run, and each
list of tags goes there once, however many rules it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mooring.errors import ConfigurationError, UnreachableError
from mooring.model.imagesettings import TendedImage

__all__ = ["Admitted", "Asker", "Rule", "admit", "rule_of"]

_CANDIDATES: Final = 20  # how far down we look for an image with the wanted platforms
_FIELDS: Final = {"constraint": "image-list", "allow": "allow-tags", "ignore": "ignore-tags"}


class Asker(Protocol):
    """Answers a batch of requests in one process; `mooring.source.gokit.GoKit.ask` does."""

    def __call__(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each request, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides which tags are admitted; images with the same rule share an answer."""

    strategy: str
    constraint: str
    allow: str
    ignore: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Tags that a rule admits, the one to update to first (for `newest-build`: in the registry's order), and how many
    there are; of versions and names only the first few are listed.
    """

    tags: tuple[str, ...]
    count: int


def rule_of(image: TendedImage) -> Rule:
    """The rule of an image. A constraint means nothing to two of the strategies (Image Updater, "Images", Note)."""
    constraint = image.constraint if image.strategy in ("semver", "digest") else ""
    return Rule(image.strategy, constraint, image.allow, image.ignore)


def admit(
    asker: Asker, questions: Sequence[tuple[Sequence[str], Sequence[Rule]]]
) -> list[list[Admitted | ConfigurationError]]:
    """For each list of tags what each of its rules admits, or why a rule can't be used.

    Raises `ConfigurationError` where gokit is missing, `UnreachableError` where it fails.
    """
    requests = [
        {"verb": "tags", "tags": list(tags), "rules": [_request(rule) for rule in rules]} for tags, rules in questions
    ]
    found: list[list[Admitted | ConfigurationError]] = []
    for answer, (_, rules) in zip(asker(requests), questions, strict=True):
        if "rules" not in answer:
            raise UnreachableError(f"tags can't be judged: {answer.get('error', 'no answer')}")
        found.append([_read(each, rule) for each, rule in zip(answer["rules"], rules, strict=True)])
    return found


def _request(rule: Rule) -> dict[str, Any]:
    return {
        "strategy": rule.strategy,
        "constraint": rule.constraint,
        "allow": rule.allow,
        "ignore": list(rule.ignore),
        "most": 0 if rule.strategy == "newest-build" else _CANDIDATES,
    }


def _read(answer: dict[str, Any], rule: Rule) -> Admitted | ConfigurationError:
    if answer.get("error"):
        field = str(answer.get("field"))
        written = {"constraint": rule.constraint, "allow": rule.allow, "ignore": ", ".join(rule.ignore)}.get(field, "")
        return ConfigurationError(
            f"{written!r} can't be used ({answer['error']}); correct it", field=_FIELDS.get(field)
        )
    return Admitted(tuple(answer["tags"]), int(answer["admitted"]))
