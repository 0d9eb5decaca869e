"""Who sends a request to the API: the administrator, the holder of a token, somebody who signed in, or nobody.

A bearer token in `Authorization` goes before a cookie. A cookie is sent by browsers for whoever asks them to, so what
changes something needs more: the session's CSRF token in a header, and that the browser, where it says so, names this
origin (`Origin`, `Sec-Fetch-Site`). Rules: OWASP, "Cross-Site Request Forgery Prevention Cheat Sheet".

What was ended before its time lets nobody in, and a token without word of its maker for a month has none of their
groups any more: groups are asked of the issuer at sign-ins only.

Everything is verified before anything is counted, so nobody can keep out whoever has a token; but each wrong token
takes from a small allowance of its source address, and beyond it the answer is to come back later.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mooring.access.policycsv import read_scope
from mooring.access.rbac import ADMINISTRATOR, Caller, Policy, parse_policy, permits
from mooring.access.sessions import PREFIX, Session, csrf_token, derived_key, read_session
from mooring.errors import ForbiddenError, ThrottledError
from mooring.flows.rules.pacing import Allowances
from mooring.state.accesspolicy import AccessPolicies, Standing
from mooring.state.apitokens import ApiToken, ApiTokens
from mooring.state.projects import Projects

if TYPE_CHECKING:
    from mooring.access.project import Role
    from mooring.state.endings import Ended

__all__ = ["COOKIE", "GROUPS_LAST", "TOKEN_PREFIX", "Arrival", "Door", "Proof", "TooOftenError"]

COOKIE = "__Host-mooring"
GROUPS_LAST = 30 * 24 * 3600  # seconds since the last sign-in of a token's maker
TOKEN_PREFIX = "mooring_"  # noqa: S105 (what every token begins with)
_BEARER = "Bearer "
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_AGAIN = 2.0  # seconds


class TooOftenError(ThrottledError):
    """This source was refused too often."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What of a request says who sends it; header names in lower case. `origins` are the addresses we answer at."""

    method: str
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    source: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """By what a caller was let in: the id of a session or token, from when and until when it counts; the `epoch` of a
    session. The administrator's token is none.
    """

    ident: str
    began: int
    ends: int
    epoch: str | None = None


class Door:
    """Lets requests in. What it has read of the policy stays known until that changes."""

    def __init__(
        self, policies: AccessPolicies, projects: Projects, tokens: ApiTokens, secret: Callable[[], str]
    ) -> None:
        self.policies = policies
        self.tokens = tokens
        self._projects = projects
        self._secret = secret
        self._refusals = Allowances()
        self._read: tuple[str, Policy] | None = None
        self._standing: Standing | None = None
        self._policy: Policy | None = None
        self.session: Session | None = None
        self.proof: Proof | None = None
        self._by_cookie = False

    def admit(self, arrival: Arrival, now: float) -> Caller | None:
        """Who sends it, or None for nobody.

        Raises `ForbiddenError` where a browser may have been made to send it, `TooOftenError` after too many refusals.
        """
        self._standing = self._policy = self.session = self.proof = None
        self._by_cookie = False
        given = arrival.headers.get("authorization", "")
        if given:
            caller = self._bearer(given, now)
            if caller is None:
                self.count_refusal(arrival.source, now)
            return caller
        cookie = _cookie(arrival.cookies)
        session = self._session(cookie, now) if cookie else None
        if session is None:
            return None
        if arrival.method not in _READS:
            self._check_page(session, arrival)
        self._by_cookie = True
        return self._known(session)

    def may(self, caller: Caller, resource: str, action: str, object: str) -> bool:
        """Whether the policy that holds for this request lets the caller do this."""
        return permits(self.policy(), caller, resource, action, object)

    def policy(self) -> Policy:
        """The policy that holds for this request, with the roles of projects."""
        standing = self.standing()
        if self._read is None or self._read[0] != standing.policy:
            self._read = standing.policy, parse_policy(self.policies.data() if standing.policy else {})
        if self._policy is None:
            self._policy = replace(self._read[1], projects=self._roles())
        return self._policy

    def standing(self) -> Standing:
        """What holds now, asked once in a request."""
        if self._standing is None:
            self._standing = self.policies.standing()
        return self._standing

    @property
    def key(self) -> bytes:
        """The key of sessions, which follows the installation's secret."""
        return derived_key(self._secret(), "sessions")

    def csrf(self) -> str:
        """The CSRF token of the session that a cookie brought; empty where none did."""
        return csrf_token(self.session, self.key) if self.session is not None and self._by_cookie else ""

    def count_refusal(self, source: str, now: float) -> None:
        """Counts a refusal. Raises `TooOftenError` where this source has had its share."""
        if not self._refusals.take(source, now):
            raise TooOftenError("too many refusals; wait before you try again", retry_after=_AGAIN)

    def _bearer(self, given: str, now: float) -> Caller | None:
        token = given.removeprefix(_BEARER)
        if token == given:
            return None
        secret = self._secret().encode()
        if secret and hmac.compare_digest(token.encode("utf-8", "replace"), secret):
            return ADMINISTRATOR
        if token.startswith(PREFIX):
            session = self._session(token, now)
            return None if session is None else self._known(session)
        if not token.startswith(TOKEN_PREFIX):
            return None
        found = self.tokens.find(token)
        if found is None or found.expires <= now:
            return None
        caller = self._holder(found, now)
        if caller is not None:
            self.proof = Proof(found.ident, found.made, found.expires)
            self.tokens.note_use(found, time.strftime("%Y-%m-%d", time.gmtime(now)))
        return caller

    def _holder(self, token: ApiToken, now: float) -> Caller | None:
        name = f"{token.maker} (token {token.name})"
        if not token.subject.startswith("proj:"):
            limits = None if token.scope is None else read_scope(list(token.scope), "scope")
            groups = token.groups if now < token.grouped + GROUPS_LAST else ()
            return Caller(token.subject, name, groups, "token", token.role, limits)
        _, project, role = token.subject.split(":")
        there = self.born(project) == token.born and any(each.name == role for each in self._roles()[project])
        return Caller(token.subject, f"{token.subject} (token {token.name})", (), "project-token") if there else None

    def born(self, project: str) -> str:
        """By what a declared project is known from another of its name, before or after it; empty for none."""
        return self.standing().births.get(project, "")

    def _roles(self) -> _Roles:
        return _Roles(self._projects, self.standing().projects)

    def _session(self, text: str, now: float) -> Session | None:
        session = read_session(text, self.key, now=now)
        if session is None or session.epoch != self.standing().epoch:
            return None
        return None if self.ended(now).covers(session.ident, session.subject, session.began) else session

    def ended(self, now: float) -> Ended:
        """What counts no more before its time."""
        return self.policies.endings.known(self.standing().ended, now)

    def _known(self, session: Session) -> Caller:
        self.session = session
        self.proof = Proof(session.ident, session.began, session.expires, session.epoch)
        if session.means == ADMINISTRATOR.means:
            return ADMINISTRATOR
        return Caller(session.subject, session.name, session.groups, session.means)

    def _check_page(self, session: Session, arrival: Arrival) -> None:
        origin, site = arrival.headers.get("origin"), arrival.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin not in arrival.origins) or site not in ("same-origin", "none"):
            raise ForbiddenError("comes from a page of another site, which may change nothing here", field="Origin")
        given = arrival.headers.get("x-mooring-csrf", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(session, self.key).encode()):
            raise ForbiddenError("must be the csrfToken of GET /api/v1/session", field="x-mooring-csrf")


class _Roles(Mapping[str, "tuple[Role, ...]"]):
    """The roles of projects, each read when it is first asked for; a project that is not declared has none."""

    def __init__(self, projects: Projects, versions: Mapping[str, str]) -> None:
        self._projects = projects
        self._versions = versions

    def __getitem__(self, name: str) -> tuple[Role, ...]:
        return self._projects.find(name, self._versions).roles if name in self._versions else ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


def _cookie(cookies: tuple[str, ...]) -> str:
    for cookie in cookies:
        name, _, value = cookie.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
