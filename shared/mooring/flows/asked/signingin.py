"""How people sign in: by the installation's issuer (OpenID Connect), or on a machine's own stack by its token.

What must be remembered between the way to the issuer and the way back (state, nonce, PKCE's verifier) is a signed
ticket that the browser keeps in a cookie of ten minutes, or the command in its memory; nothing is stored here. The
session that comes of it says who they are and which groups they are in. A subject that policies could take for a role,
a project's role or the administrator is refused, whatever the issuer says.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from mooring.access.policycsv import read_policy
from mooring.access.rbac import ADMINISTRATOR
from mooring.access.sessions import LASTS, Session, signed, unsigned, write_session
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.asked.admitting import Arrival, Door
from mooring.flows.asked.ulid import new_ulid
from mooring.identity.issuer import Issuer

__all__ = [
    "CALLBACK",
    "Entrance",
    "begin",
    "check_origin",
    "exchange",
    "finish",
    "sign_in_locally",
]

CALLBACK = "/auth/callback"
_TICKET_LASTS = 600  # seconds
_RESERVED = re.compile(r"admin|nobody|role:.*|proj:.*", re.DOTALL)
_LONGEST = 200  # characters of a subject, a name or a group
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)  # RFC 7515, section 7.1
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1):[0-9]{1,5}/auth/callback")


@dataclass(frozen=True, slots=True)
class Entrance:
    """The ways in. `issuer` is None where no issuer is set; `groups_claim` is what the scope `groups` reads."""

    door: Door
    secret: Callable[[], str]
    issuer: Issuer | None
    groups_claim: str
    by_token: bool


def begin(entrance: Entrance, redirect: str, origins: tuple[str, ...], *, now: float) -> tuple[str, str]:
    """Where to sign in, and the ticket to come back with. Raises `ConfigurationError` for a place that isn't ours."""
    if redirect not in {origin + CALLBACK for origin in origins} and not _LOOPBACK.fullmatch(redirect):
        raise ConfigurationError(f"must be {origins[0]}{CALLBACK} or http://localhost:PORT{CALLBACK}", field="redirect")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    address = _issuer(entrance).authorization(redirect=redirect, state=state, nonce=nonce, verifier=verifier)
    ticket = signed(["sign-in", state, nonce, verifier, redirect, int(now) + _TICKET_LASTS], entrance.door.key)
    return address, ticket


def exchange(entrance: Entrance, ticket: str, code: str, state: str, *, now: float) -> str:
    """The id_token for what the issuer sent back. Raises `ForbiddenError` where this is no answer to our question."""
    expected, _, verifier, redirect = _opened(entrance, ticket, now)
    if not hmac.compare_digest(state.encode("utf-8", "replace"), expected.encode()):
        raise ForbiddenError("is not the one that this sign-in began with; begin again", field="state")
    return _issuer(entrance).exchange(code=code, redirect=redirect, verifier=verifier)


def finish(
    entrance: Entrance, ticket: str, token: str, verified: Mapping[str, Any], *, now: float
) -> tuple[str, Session]:
    """The session of whoever an id_token names, as text and as it is.

    `verified` are the claims of the JWT authorizer that let the token in, which checked its signature: API Gateway
    flattens lists in them, so the token itself is read. Raises `ForbiddenError`.
    """
    _, nonce, _, _ = _opened(entrance, ticket, now)
    client, claims = _issuer(entrance).client, _claims(token)
    if not verified or str(verified.get("sub")) != claims.get("sub") or str(verified.get("iss")) != claims.get("iss"):
        raise ForbiddenError("was not verified by the authorizer in front of this address", field="Authorization")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != client.issuer or client.ident not in audiences:
        raise ForbiddenError("is for somebody else; sign in here", field="Authorization")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client.ident:
        raise ForbiddenError("was given to another client (azp)", field="Authorization")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise ForbiddenError("is not of this sign-in (nonce); begin again", field="Authorization")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= now:
        raise ForbiddenError("has expired; sign in again", field="Authorization")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or len(subject) > _LONGEST or _RESERVED.fullmatch(subject):
        raise ForbiddenError("names a subject that nobody from outside may have", field="sub")
    data = entrance.door.policies.data()
    groups = _groups(claims, read_policy(data).scopes, entrance.groups_claim)
    session = Session(
        new_ulid(now), subject, _name(claims), groups, "session", int(now) + LASTS, entrance.door.standing().epoch
    )
    return _written(session, entrance.door), session


def sign_in_locally(entrance: Entrance, arrival: Arrival, typed: str, *, now: float) -> tuple[str, Session]:
    """The administrator's session for the typed token. Raises `ForbiddenError`, also where this way in is closed."""
    if not entrance.by_token:
        raise ForbiddenError("is for local stacks; sign in by OpenID Connect (docs/access.md)", field="token")
    if not hmac.compare_digest(typed.strip().encode("utf-8", "replace"), entrance.secret().encode()):
        entrance.door.count_refusal(arrival.source, now)
        raise ForbiddenError("is not the API's token", field="token")
    caller, epoch = ADMINISTRATOR, entrance.door.standing().epoch
    session = Session(new_ulid(now), caller.subject, caller.name, (), caller.means, int(now) + LASTS, epoch)
    return write_session(session, entrance.door.key), session


def check_origin(arrival: Arrival) -> None:
    """Raises `ForbiddenError` for a page of another site: it must not sign a browser in as somebody of its choice."""
    origin = arrival.headers.get("origin")
    if origin is not None and origin not in arrival.origins:
        raise ForbiddenError("comes from a page of another site, which may sign nobody in", field="Origin")


def _written(session: Session, door: Door) -> str:
    """The session as text; of more groups than a cookie holds, those that a policy or a project names."""
    try:
        return write_session(session, door.key)
    except ValueError:
        policy = door.policy()
        named = {*policy.members, *policy.rules}
        named |= {group for roles in policy.projects.values() for role in roles for group in role.groups}
    try:
        return write_session(replace(session, groups=tuple(each for each in session.groups if each in named)), door.key)
    except ValueError as error:
        raise ForbiddenError(
            f"{error}; have the issuer send fewer groups (those assigned to this client, docs/access.md)",
            field="groups",
        ) from error


def _issuer(entrance: Entrance) -> Issuer:
    if entrance.issuer is None:
        raise ConfigurationError("is not set, so nobody signs in here by OpenID Connect", field="OidcIssuer")
    return entrance.issuer


def _opened(entrance: Entrance, ticket: str, now: float) -> tuple[str, str, str, str]:
    value = unsigned(ticket, entrance.door.key)
    if value is None or len(value) != 6 or value[0] != "sign-in" or value[5] <= now:
        raise ForbiddenError(
            "this sign-in did not begin here, or more than ten minutes ago; begin again", field="login"
        )
    _, state, nonce, verifier, redirect, _ = value
    return state, nonce, verifier, redirect


def _claims(token: str) -> Mapping[str, Any]:
    # Of two tokens in one header the authorizer could have judged the other.
    parts = token.split(".") if _COMPACT.fullmatch(token) else []
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        found = None
    if not isinstance(found, dict):
        raise ForbiddenError("is no id_token", field="Authorization")
    return found


def _name(claims: Mapping[str, Any]) -> str:
    """Who stands on record: an address that the issuer has verified, else what they are called, else the subject."""
    email = claims.get("email") if claims.get("email_verified") in (True, "true") else None
    unsaid = None if claims.get("email_verified") in (False, "false") else claims.get("email")
    for name in (email, claims.get("preferred_username"), unsaid, claims.get("name")):
        if isinstance(name, str) and name.strip() and len(name) <= _LONGEST and not _RESERVED.fullmatch(name.strip()):
            return name.strip()
    return str(claims["sub"])


def _groups(claims: Mapping[str, Any], scopes: tuple[str, ...], groups_claim: str) -> tuple[str, ...]:
    found: list[str] = []
    for scope in scopes:
        if scope == "email" and claims.get("email_verified") in (False, "false"):
            continue
        claim = groups_claim if scope == "groups" else scope
        if claim not in claims and _is_elsewhere(claim, claims):
            raise ForbiddenError(
                "are too many for this token, so the issuer left all of them out; have it send those assigned to this "
                "client (docs/access.md)",
                field=claim,
            )
        value = claims.get(claim)
        found += [each for each in (value if isinstance(value, list) else [value]) if _is_group(each)]
    return tuple(dict.fromkeys(found))


def _is_elsewhere(claim: str, claims: Mapping[str, Any]) -> bool:
    """Whether an issuer says that there would be such a claim, and left it out: Microsoft identity platform, "ID token
    claims reference" (Groups overage claim); OpenID Connect Core 1.0, section 5.6.2.

    Without their groups somebody would also be without what these are denied, so this is not taken for having none.
    """
    names = claims.get("_claim_names")
    return (isinstance(names, dict) and claim in names) or (
        claim == "groups" and claims.get("hasgroups") in (True, "true")
    )


def _is_group(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and not _RESERVED.fullmatch(value)
