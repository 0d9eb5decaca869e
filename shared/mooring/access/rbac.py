"""Who may: one pure decision over a policy as Argo CD writes it ("RBAC Configuration").

`permits` is asked for every call of the API, and nothing else decides. What no line allows is refused. It is stricter
than Argo CD where that lets more through than its lines say, and never the other way round:

- A `deny` that fits wins, whoever of the caller's subject, groups and roles it names, and over `policy.default`.
- What an identity provider sends never passes for a role, a project's role or the administrator: `role:admin` as the
  name of a group stands for nothing.
- In match mode `regex`, a line that allows must fit the whole value; one that denies fits anywhere in it.

A token can be narrower than who made it: then both must be permitted, so it never has a right that its maker has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from mooring.access.globs import matches
from mooring.access.policycsv import Rule, Writing, read_lines, read_policy
from mooring.access.rights import PER_PROJECT, builtin_lines

if TYPE_CHECKING:
    from mooring.access.project import Project, Role
    from mooring.model.application import AppKey

__all__ = ["ADMINISTRATOR", "NOBODY", "Caller", "Policy", "might", "named", "parse_policy", "permits", "with_projects"]

_OURS = "argocd"  # the namespace that objects of policies don't name
_SCOPED = frozenset({"repositories", "clusters"})  # PROJECT/… where they belong to one
_PROJECT = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` goes on record; `means` is by what they got in: `administrator`, `token`, `project-token`,
    `session`, or nothing for nobody. `role` and `limits`, where given, narrow what the caller may.
    """

    subject: str
    name: str
    groups: tuple[str, ...] = ()
    means: str = ""
    role: str = ""
    limits: tuple[Rule, ...] | None = None


NOBODY = Caller("", "nobody")
ADMINISTRATOR = Caller("admin", "admin", (), "administrator")


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """What was declared, ready to be asked: lines by whom they are about, who has which roles, roles of projects.

    `scopes` are the claims that count as groups.
    """

    rules: Mapping[str, tuple[Rule, ...]]
    members: Mapping[str, tuple[str, ...]]
    default: str = ""
    scopes: tuple[str, ...] = ("groups",)
    projects: Mapping[str, tuple[Role, ...]] = field(default_factory=lambda: MappingProxyType({}))


def parse_policy(data: Mapping[str, str]) -> Policy:
    """The data of a ConfigMap `argocd-rbac-cm`. Raises `ConfigurationError` naming the key and the line."""
    written = read_policy(data)
    return _policy((*_builtin().rules, *written.rules), (*_builtin().members, *written.members), written)


def with_projects(policy: Policy, projects: Iterable[Project]) -> Policy:
    """The policy with the roles of these projects; without its project no role of one counts."""
    return replace(policy, projects={**policy.projects, **{each.name: each.roles for each in projects}})


def named(project: str, key: AppKey) -> str:
    """An application (or set, or promotion) as policies name it."""
    return f"{project}/{key.name}" if key.namespace == _OURS else f"{project}/{key.namespace}/{key.name}"


def permits(policy: Policy, caller: Caller, resource: str, action: str, object: str) -> bool:
    """Whether the caller may do this. Pure; no line, no right."""
    if not caller.subject:
        return False
    project = _project_of(resource, object)
    own = _own_project(caller)
    if own and project and project != own:
        return False
    return all(_allowed(rules, object) for rules in _concerning(policy, caller, resource, action, project))


@lru_cache(512)
def _concerning(
    policy: Policy, caller: Caller, resource: str, action: str, project: str
) -> tuple[tuple[Rule, ...], ...]:
    """The lines that decide about objects of a project, in groups that must all allow: the caller's, their token's.

    Kept, since a list asks the same for each of its thousands of applications.
    """
    roles = policy.projects.get(project, ())
    begun = [*_identities(caller), *([policy.default] if policy.default else [])]
    groups: list[Iterable[Rule]] = [_rules_of(policy, project, roles, begun)]
    if caller.role:
        groups.append(_rules_of(policy, project, roles, [caller.role]))
    if caller.limits is not None:
        groups.append(caller.limits)
    return tuple(
        tuple(rule for rule in rules if _fits(rule, rule.resource, resource) and _fits(rule, rule.action, action))
        for rules in groups
    )


def might(policy: Policy, caller: Caller, resource: str, action: str) -> bool:
    """Whether there could be an object that the caller may do this to; what a page shows, never a decision."""
    if not caller.subject:
        return False
    begun = [*_identities(caller), *([policy.default] if policy.default else [])]
    found = list(_rules_of(policy, "", (), begun))
    for project, roles in policy.projects.items():
        if roles and _own_project(caller) in ("", project):
            found += _rules_of(policy, project, roles, begun)
    narrowed = [found]
    if caller.role:
        narrowed.append(list(_rules_of(policy, "", (), [caller.role])))
    if caller.limits is not None:
        narrowed.append(list(caller.limits))
    return all(
        any(each.allow and _fits(each, each.resource, resource) and _concerns(each, action) for each in rules)
        for rules in narrowed
    )


def _concerns(rule: Rule, action: str) -> bool:
    return rule.action.startswith(f"{action}/") or _fits(rule, rule.action, action)


def _identities(caller: Caller) -> Iterator[str]:
    subject = caller.subject
    if subject.startswith("proj:"):
        trusted = caller.means == "project-token"
    elif subject == "admin":
        trusted = caller.means in ("administrator", "token")
    else:
        trusted = not subject.startswith("role:")
    if trusted:
        yield subject
    for group in caller.groups:
        if group != "admin" and not group.startswith(("role:", "proj:")):
            yield group


def _own_project(caller: Caller) -> str:
    return caller.subject.split(":")[1] if caller.means == "project-token" and caller.subject.count(":") == 2 else ""


def _project_of(resource: str, object: str) -> str:
    """Whose roles are asked about an object: its project's, where it has one."""
    if resource == "projects":
        return object
    first, slash, _ = object.partition("/")
    if resource in PER_PROJECT:
        return first
    return first if resource in _SCOPED and slash and _PROJECT.fullmatch(first) else ""


def _rules_of(policy: Policy, project: str, roles: tuple[Role, ...], begun: Iterable[str]) -> Iterator[Rule]:
    """Every line about any of these, or about a role that they have, directly or by another role."""
    waiting, seen = list(begun), set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield from policy.rules.get(one, ())
        waiting += policy.members.get(one, ())
        for role in roles:
            subject = f"proj:{project}:{role.name}"
            if one in role.groups:
                waiting.append(subject)
            if one == subject:
                yield Rule(subject, "projects", "get", project, True)
                for each in role.policies:
                    yield Rule(subject, each.resource, each.action, each.object, each.allow)


def _allowed(rules: Iterable[Rule], object: str) -> bool:
    fitting = [rule.allow for rule in rules if _fits(rule, rule.object, object)]
    return bool(fitting) and all(fitting)


def _fits(rule: Rule, pattern: str, value: str) -> bool:
    if not rule.regex:
        return matches(pattern, value)
    compiled = _regex(pattern)
    return (compiled.fullmatch(value) if rule.allow else compiled.search(value)) is not None


@lru_cache(1024)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


@cache
def _builtin() -> Writing:
    return read_lines("\n".join(builtin_lines()), "built-in policy", regex=False)


def _policy(rules: Iterable[Rule], members: Iterable[tuple[str, str]], written: Writing) -> Policy:
    by_subject: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        by_subject[rule.subject] = (*by_subject.get(rule.subject, ()), rule)
    having: dict[str, tuple[str, ...]] = {}
    for who, role in members:
        having[who] = (*having.get(who, ()), role)
    return Policy(by_subject, having, written.default, written.scopes)
