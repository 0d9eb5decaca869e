"""API tokens: made for automation by somebody who is known, shown once, never more than their maker may.

A token of an account has its maker's rights, narrowed by a role of the policy or by lines `RESOURCE, ACTION, OBJECT`:
both must allow what it asks, so there is nothing to compare when it is made, and it loses what its maker's role loses.
A token of a project's role is that role (Argo CD, "Projects", "Project Roles"), of that project and of no other that
takes its name. Tokens make no tokens of accounts: one would shed its own limits with the next.

Groups are those of the maker's last sign-in, and none that the token did not begin with; a month without one, and they
are gone (`admitting`). Whoever is ended meanwhile makes none, also where that happens at the same moment.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mooring.access.policycsv import read_scope
from mooring.access.rbac import Caller
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.asked.admitting import GROUPS_LAST, TOKEN_PREFIX, Door
from mooring.flows.asked.projects import UnknownProjectError
from mooring.flows.asked.ulid import new_ulid
from mooring.model.moments import told_time
from mooring.state.apitokens import ApiToken, digest_of_token
from mooring.state.connections import LONGEST
from mooring.state.endings import unended

__all__ = [
    "UnknownTokenError",
    "end_pages",
    "list_tokens",
    "make_project_token",
    "make_token",
    "project_tokens",
    "remove_token",
]

_NAME = re.compile(r"[A-Za-z0-9]([-_. A-Za-z0-9]{0,62}[A-Za-z0-9])?")
_DAY = 24 * 3600
_USUAL, _MOST = 90 * _DAY, 365 * _DAY
_LINES = 50
_ROLE = re.compile(r"[-_.:/@A-Za-z0-9]{1,200}")


class UnknownTokenError(ConfigurationError):
    """There is no such token."""


def make_token(door: Door, caller: Caller, body: object, *, now: float) -> dict[str, Any]:
    """Makes a token of the caller's. Raises `ConfigurationError` naming the field, `ForbiddenError`."""
    if caller.means not in ("administrator", "session"):
        raise ForbiddenError("tokens are made by somebody who signed in, or by the administrator, not with a token")
    asked = _mapping(body, ("name", "role", "scope", "expiresIn"))
    role, scope = asked.get("role"), asked.get("scope")
    if role is not None and (not isinstance(role, str) or not _ROLE.fullmatch(role)):
        raise ConfigurationError("must be a role of the policy, such as role:readonly", field="role")
    if role is not None and role not in door.policy().rules and role not in door.policy().members:
        raise ConfigurationError(f"{role!r} is no role of the policy; declare it first (docs/access.md)", field="role")
    if scope is not None:
        if not isinstance(scope, list) or not scope or not all(isinstance(line, str) for line in scope):
            raise ConfigurationError("must be a list of texts RESOURCE, ACTION, OBJECT", field="scope")
        if len(scope) > _LINES:
            raise ConfigurationError(f"must have {_LINES} lines at most; declare a role instead", field="scope")
        read_scope(scope, "scope")
    if role is None and scope is None:
        raise ConfigurationError("must be given, or scope: a token can do what a role or its lines allow", field="role")
    wanted = _wanted(asked, now, subject=caller.subject, caller=caller)
    grouped = int(now) if door.proof is None else min(int(now), door.proof.began)
    limits = None if scope is None else tuple(scope)
    return _made(door, replace(wanted, groups=caller.groups, grouped=grouped, role=role or "", scope=limits))


def list_tokens(door: Door, *, sees: Callable[[str], bool]) -> list[dict[str, Any]]:
    """The tokens of accounts that the caller `sees` (by their subject), without the tokens themselves."""
    every = (token for token in door.tokens.all() if not token.subject.startswith("proj:"))
    return [_shown(token) for token in every if sees(token.subject)]


def make_project_token(door: Door, project: str, role: str, caller: Caller, body: object, *, now: float) -> Any:
    """Makes a token of a project's role. Raises `ConfigurationError`, `UnknownProjectError`."""
    _check_role(door, project, role)
    asked = _mapping(body, ("name", "id", "description", "expiresIn"))
    asked = {"name": asked.get("name") or asked.get("id") or role, "expiresIn": asked.get("expiresIn")}
    wanted = _wanted(asked, now, subject=f"proj:{project}:{role}", caller=caller)
    return _made(door, replace(wanted, born=door.born(project)))


def project_tokens(door: Door, project: str, role: str) -> list[dict[str, Any]]:
    """The tokens of a project's role. Raises `UnknownProjectError`."""
    _check_role(door, project, role)
    subject, born = f"proj:{project}:{role}", door.born(project)
    return [_shown(token) for token in door.tokens.all() if (token.subject, token.born) == (subject, born)]


def remove_token(door: Door, ident: str, *, may: Callable[[str], bool], now: float) -> None:
    """Forgets a token that the caller `may` remove (by its subject), and ends the pages that it opened.

    Raises `UnknownTokenError`.
    """
    for token in door.tokens.all():
        if token.ident == ident and may(token.subject):
            door.tokens.remove(token)
            end_pages(door, token, now)
            return
    raise UnknownTokenError("there is no token of this id here", subject=ident[:40])


def end_pages(door: Door, token: ApiToken, now: float) -> None:
    """Has the pages that a revoked token opened told of nothing any more; they end by themselves after that time."""
    if now < token.expires:
        door.policies.endings.end(token.ident, int(min(token.expires, now + LONGEST)) + 1)


def _check_role(door: Door, project: str, role: str) -> None:
    roles = door.policy().projects.get(project, ())
    if not any(each.name == role for each in roles):
        told = ", ".join(each.name for each in roles) or "none"
        raise UnknownProjectError(f"has no role {role!r} (roles: {told})", subject=f"project {project}")


def _wanted(asked: Mapping[str, Any], now: float, *, subject: str, caller: Caller) -> ApiToken:
    """A token as it is asked for, which nobody has yet. Raises `ConfigurationError` naming the field."""
    name, lasts = asked.get("name"), asked.get("expiresIn")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError("must be 1 to 64 letters, digits, '-', '_', '.' and spaces", field="name")
    seconds = _USUAL if lasts in (None, 0) else lasts
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 60 <= seconds <= _MOST:
        raise ConfigurationError(
            f"must be seconds from 60 to {_MOST} (a year); no token lasts for ever", field="expiresIn"
        )
    made, ends = int(now), int(now) + seconds
    return ApiToken(new_ulid(now), "", name, subject, caller.name, (), "", None, made, ends, by=caller.subject)


def _made(door: Door, wanted: ApiToken) -> dict[str, Any]:
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = replace(wanted, digest=digest_of_token(text))
    door.tokens.add(token, *([] if door.proof is None else [unended(token.by, door.proof.began)]))
    return {"token": text, **_shown(token)}


def _mapping(body: object, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ConfigurationError("must be an object", field="body")
    for key in body:
        if key not in known:
            raise ConfigurationError(f"is no field of a token; these are: {', '.join(known)}", field=str(key)[:60])
    return body


def _shown(token: ApiToken) -> dict[str, Any]:
    ends = token.grouped + GROUPS_LAST
    shown: dict[str, Any] = {
        "id": token.ident, "name": token.name, "subject": token.subject, "madeBy": token.maker,
        "groups": list(token.groups), "groupsUntil": told_time(ends) if token.groups else None,
        "role": token.role or None, "scope": None if token.scope is None else list(token.scope),
        "issuedAt": told_time(token.made), "expiresAt": told_time(token.expires), "lastUsed": token.used or None,
    }  # fmt: skip
    return shown
