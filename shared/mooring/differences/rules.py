"""Which rules of `ignoreDifferences` are about an object.

An application's own rules and those of the whole installation are added up. They are prepared once: globs and pointers
are read when a `Rules` is made, and which rules a group and kind can have is remembered, so that asking for an object
that no rule is about costs a look into a dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mooring.differences.expressions import Expression, Expressions
from mooring.model.ignoring import IgnoreRule, parse_pointer
from mooring.model.objects import Manifest

__all__ = ["Rule", "Rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to be used. `expressions` carry the field that they were written in."""

    group: re.Pattern[str]
    kind: re.Pattern[str]
    name: str
    namespace: str
    pointers: tuple[tuple[str, ...], ...]
    expressions: tuple[Expression, ...]
    managers: frozenset[str]


class Rules:
    """The rules of one application with those of the installation; asks `expressions` to evaluate jq.

    Without an `Expressions` one is made, and ended with this object. Raises `ConfigurationError` for a glob that can't
    be read. Safe to share between threads.
    """

    __slots__ = ("_by_kind", "_rules", "expressions")

    def __init__(self, rules: Sequence[IgnoreRule], expressions: Expressions | None = None) -> None:
        self._rules = tuple(_prepared(rule) for rule in rules)
        self._by_kind: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self.expressions = expressions or Expressions()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def check(self) -> None:
        """Compiles every jq expression. Raises `ConfigurationError` with the field of one that doesn't compile."""
        self.expressions.check([expression for rule in self._rules for expression in rule.expressions])

    def about(self, manifest: Manifest) -> tuple[Rule, ...]:
        """The rules for an object: group and kind match as globs, name and namespace exactly where they are given.

        Source: Argo CD, "Diff Customization"; globs as in its other settings, `*` alone for any group or kind.
        """
        if not self._rules:
            return ()
        of_kind = manifest["apiVersion"], manifest["kind"]
        found = self._by_kind.get(of_kind)
        if found is None:
            group, version, _ = of_kind[0].rpartition("/")
            group = group if version else ""
            found = tuple(
                rule for rule in self._rules if rule.group.fullmatch(group) and rule.kind.fullmatch(of_kind[1])
            )
            self._by_kind[of_kind] = found
        if not found:
            return ()
        metadata = manifest.get("metadata") or {}
        name, namespace = metadata.get("name"), metadata.get("namespace") or ""
        return tuple(
            rule for rule in found if rule.name in ("", name) and (not rule.namespace or rule.namespace == namespace)
        )


def _prepared(rule: IgnoreRule) -> Rule:
    from mooring.render.globs import compile_glob  # rendering is a large room, and most applications have no rule

    where = rule.where or "ignoreDifferences"
    return Rule(
        compile_glob(rule.group, field=f"{where}.group"),
        compile_glob(rule.kind, field=f"{where}.kind"),
        rule.name,
        rule.namespace,
        tuple(parse_pointer(pointer) for pointer in rule.json_pointers),
        tuple((text, f"{where}.jqPathExpressions[{index}]") for index, text in enumerate(rule.jq_path_expressions)),
        frozenset(rule.managed_fields_managers),
    )
