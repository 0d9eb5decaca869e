"""Reading a policy: the lines of `policy.csv` and what stands beside it in the ConfigMap `argocd-rbac-cm`.

    p, WHO, RESOURCE, ACTION, OBJECT, allow|deny
    g, WHO, ROLE

Argo CD passes over what it can't match ("RBAC Configuration"). Here a word that no resource or action has, a pattern
that can't be read and an effect that is neither are refused, with the key and the line, when the policy is declared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.access.globs import check_glob, matches
from mooring.access.rights import ACTIONS, FINE, RESOURCES
from mooring.errors import ConfigurationError

__all__ = ["NAME", "Rule", "Writing", "read_lines", "read_policy", "read_scope"]

NAME = "argocd-rbac-cm"
_MAIN = "policy.csv"
_MOST = 256 * 1024  # characters of a policy, as much as an item of the table takes
_LONGEST = 1000  # characters of a line
_STARS = 2  # in a pattern with alternatives that anybody may have us try: more can take for ever
# What Go's regexp has not, and Python's would take: a policy must mean the same in both.
_NOT_RE2 = re.compile(r"\(\?(?:=|!|<[=!])|\\[1-9]|\(\?P=")


@dataclass(frozen=True, slots=True)
class Rule:
    """One `p` line: may WHO do this to these? Globs, or regular expressions where `regex`."""

    subject: str
    resource: str
    action: str
    object: str
    allow: bool
    regex: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """A policy as it was written: its rules, who is a member of which role, and the settings beside them."""

    rules: tuple[Rule, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    default: str = ""
    scopes: tuple[str, ...] = ("groups",)


def read_policy(data: Mapping[str, str]) -> Writing:
    """The data of `argocd-rbac-cm`. Raises `ConfigurationError` naming the key and the line."""
    mode = data.get("policy.matchMode", "").strip() or "glob"
    if mode not in ("glob", "regex"):
        raise ConfigurationError(f"must be glob or regex, not {mode!r}", field="data[policy.matchMode]")
    further = sorted(key for key in data if key.startswith("policy.") and key.endswith(".csv") and key != _MAIN)
    keys = [key for key in (_MAIN, *further) if key in data]
    if sum(len(data[key]) for key in keys) > _MOST:
        raise ConfigurationError(f"has more than {_MOST} characters; let roles inherit by g lines", field="data")
    parts = [read_lines(data[key], f"data[{key}]", regex=mode == "regex") for key in keys]
    return Writing(
        tuple(rule for part in parts for rule in part.rules),
        tuple(member for part in parts for member in part.members),
        data.get("policy.default", "").strip(),
        _scopes(data.get("scopes", "")),
    )


def read_lines(text: str, where: str, *, regex: bool) -> Writing:
    """The lines of one key; empty ones and those that begin with `#` mean nothing."""
    rules: list[Rule] = []
    members: list[tuple[str, str]] = []
    for field, cells in _cells(text, where):
        if cells[0] == "p":
            rules.append(_rule(cells, field, regex=regex))
        elif cells[0] == "g":
            if len(cells) != 3 or not all(cells):
                raise ConfigurationError("must be g, WHO, ROLE", field=field)
            members.append((cells[1], cells[2]))
        else:
            raise ConfigurationError(f"begins with {cells[0]!r}; a line is p, … or g, …", field=field)
    return Writing(tuple(rules), tuple(members))


def read_scope(lines: list[str], field: str) -> tuple[Rule, ...]:
    """What a token is narrowed to: lines `RESOURCE, ACTION, OBJECT`. Raises `ConfigurationError` naming the line."""
    found: list[Rule] = []
    for index, line in enumerate(lines):
        for where, cells in _cells(line, f"{field}[{index}]"):
            if len(cells) != 3:
                raise ConfigurationError("must be RESOURCE, ACTION, OBJECT", field=where)
            if any("{" in cell and cell.count("*") > _STARS for cell in cells):
                raise ConfigurationError(f"has more than {_STARS} * beside a {{ }}; write a line for each", field=where)
            found.append(_rule(["p", "token", *cells, "allow"], where, regex=False))
    return tuple(found)


def _cells(text: str, where: str) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        stripped, field = line.strip(), f"{where} line {number}"
        if not stripped or stripped.startswith("#"):
            continue
        if len(stripped) > _LONGEST:
            raise ConfigurationError(f"has more than {_LONGEST} characters", field=field)
        try:
            row = next(csv.reader([stripped], skipinitialspace=True, strict=True))
        except csv.Error as error:
            raise ConfigurationError(f"can't be read: {error}; check its quotes", field=field) from error
        yield field, [cell.strip() for cell in row]


def _rule(cells: list[str], field: str, *, regex: bool) -> Rule:
    if len(cells) != 6 or not all(cells):
        raise ConfigurationError("must be p, WHO, RESOURCE, ACTION, OBJECT, allow|deny", field=field)
    _, subject, resource, action, target, effect = cells
    for cell in (resource, action, target):
        if wrong := _wrong_regex(cell) if regex else check_glob(cell):
            raise ConfigurationError(f"{cell!r} {wrong}", field=field)
    if not _known(resource, RESOURCES, regex=regex):
        told = ", ".join(RESOURCES)
        raise ConfigurationError(f"names the resource {resource!r}; it is one of {told}, or *", field=field)
    if not action.startswith(FINE) and not _known(action, (*ACTIONS, *FINE), regex=regex):
        told = ", ".join(ACTIONS)
        raise ConfigurationError(
            f"names the action {action!r}; it is one of {told}, *, or action/GROUP/KIND/NAME", field=field
        )
    if effect not in ("allow", "deny"):
        raise ConfigurationError(f"ends in {effect!r}; write allow or deny", field=field)
    return Rule(subject, resource, action, target, effect == "allow", regex)


def _known(pattern: str, words: Mapping[str, object] | tuple[str, ...], *, regex: bool) -> bool:
    return any((re.search(pattern, word) is not None) if regex else matches(pattern, word) for word in words)


def _wrong_regex(pattern: str) -> str:
    if _NOT_RE2.search(pattern):
        return "looks around or back, which regular expressions of policies (Go's) can't"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    return ""


def _scopes(text: str) -> tuple[str, ...]:
    """`[groups, email]` or `groups`: the claims whose values are groups."""
    inner = text.strip().removeprefix("[").removesuffix("]")
    found = tuple(name for part in inner.split(",") if (name := part.strip().strip("'\"")))
    if any(not re.fullmatch(r"[A-Za-z0-9_.:/-]+", name) for name in found):
        raise ConfigurationError("must be names of claims, as in [groups, email]", field="data[scopes]")
    return found if text.strip() else ("groups",)
