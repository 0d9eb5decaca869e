"""Who may, and who is it: the policy's tokens, sessions, and the ways in."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Moment, Page


class Token(TypedDict):
    """An API token, without the token. `lastUsed` is a day; `role` and `scope` narrow what `subject` may.

    `groups` are those of its maker, which count until `groupsUntil` unless they sign in before that.
    """

    id: str
    name: str
    subject: str
    madeBy: str
    groups: list[str]
    groupsUntil: Moment | None
    role: str | None
    scope: list[str] | None
    issuedAt: Moment
    expiresAt: Moment
    lastUsed: str | None


class Permission(TypedDict):
    """Whether something may be done, in Argo CD's words."""

    value: Literal["yes", "no"]


class Tokens(TypedDict):
    """API tokens, the newest last."""

    items: list[Token]
    metadata: Page


class TokenMade(Token):
    """A new token, with the token itself, which is never shown again."""

    token: str


class TokenWanted(TypedDict):
    """A token to make: `role` of the policy, or `scope` of lines RESOURCE, ACTION, OBJECT, or both.

    `expiresIn` is in seconds: 90 days where none is given, a year at most.
    """

    name: str
    role: NotRequired[str | None]
    scope: NotRequired[list[str] | None]
    expiresIn: NotRequired[int | None]


class ProjectTokenWanted(TypedDict):
    """A token of a project's role to make; `id` is Argo CD's name for `name`."""

    name: NotRequired[str | None]
    id: NotRequired[str | None]
    description: NotRequired[str | None]
    expiresIn: NotRequired[int | None]


class OidcClient(TypedDict):
    """The issuer that people sign in with."""

    issuer: str
    clientId: str


class LoginOptions(TypedDict):
    """The ways in: `oidc` where an issuer is set, `token` where the API's token may be typed."""

    oidc: OidcClient | None
    token: bool


class LoginBegun(TypedDict):
    """For a command: where to sign in, and what to come back with."""

    address: str
    login: str


class LoginExchange(TypedDict):
    """What the issuer sent back; `login` of a command, where a browser has a cookie."""

    code: str
    state: str
    login: NotRequired[str]


class IdToken(TypedDict):
    """What POST /api/v1/session takes as bearer token."""

    idToken: str


class TypedToken(TypedDict):
    """The API's token, as somebody typed it."""

    token: str


class SessionWanted(TypedDict):
    """`login` has the answer hold a bearer token for the command; a browser gets a cookie."""

    login: NotRequired[str]


class Session(TypedDict):
    """A session that begins: `token` for a command, `csrfToken` for a page."""

    name: str
    subject: str
    expiresAt: Moment
    token: NotRequired[str]
    csrfToken: NotRequired[str]


class SessionListed(TypedDict):
    """A session that is not over: `source` is the address that it began from, `agent` what the client calls itself."""

    id: str
    subject: str
    name: str
    begunAt: Moment
    expiresAt: Moment
    source: str
    agent: str
    means: Literal["browser", "command"]
    current: bool


class Sessions(TypedDict):
    """Sessions, the oldest first."""

    items: list[SessionListed]
    metadata: Page


class KnownToken(TypedDict):
    """A token of a project's role."""

    id: str
    name: str
    subject: str


class AccountEnded(TypedDict):
    """How many sessions and tokens were ended. `knows` are tokens of projects' roles that they made and may know: they
    are the projects', so they stay.
    """

    sessions: int
    tokens: int
    knows: list[KnownToken]


class SessionShown(TypedDict):
    """Who asks. `can` says which actions on which resources there may be something for; it decides nothing."""

    subject: str
    name: str
    groups: list[str]
    means: Literal["administrator", "session", "token", "project-token"]
    expiresAt: Moment | None
    csrfToken: str | None
    can: dict[str, list[str]]
