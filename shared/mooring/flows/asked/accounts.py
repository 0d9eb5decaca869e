"""Sessions that people began, ended one by one; and all that somebody has here, ended at once when they leave.

A session that begins is put on the list with where it came from, and tells the tokens of its maker which groups they
still have. Whoever leaves is ended in this order: first it is said that nothing of theirs from before counts, then
their tokens go, then the list of their sessions. What fails in between is done by asking again, and no token can be
made meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mooring.access.sessions import Session
from mooring.errors import ConfigurationError
from mooring.flows.asked.admitting import Door
from mooring.flows.asked.tokens import end_pages
from mooring.model.moments import told_time
from mooring.state.signins import SignIn, SignIns

__all__ = ["UnknownSessionError", "begin_session", "end_account", "end_own", "end_session", "list_sessions"]

_AGENT = 200  # characters


class UnknownSessionError(ConfigurationError):
    """There is no such session."""


def begin_session(
    door: Door, sign_ins: SignIns, session: Session, *, source: str, agent: str, command: bool, now: float
) -> None:
    """Puts a session on the list of those that there are, and brings its subject's tokens up to date."""
    sign_ins.note(
        SignIn(
            session.ident, session.subject, session.name, int(now), session.expires, session.epoch, source,
            agent[:_AGENT], command,
        )
    )  # fmt: skip
    if session.means == "session":
        door.tokens.regroup(session.subject, session.groups, now)


def list_sessions(
    door: Door, sign_ins: SignIns, *, sees: Callable[[str], bool], now: float
) -> list[tuple[str, dict[str, Any]]]:
    """The sessions that count now and that the caller `sees` (by their subject), by id."""
    epoch, ended = door.standing().epoch, door.ended(now)
    return [
        (each.ident, _shown(each, door))
        for each in sign_ins.all(now)
        if sees(each.subject) and each.epoch == epoch and not ended.covers(each.ident, each.subject, each.began)
    ]


def end_session(door: Door, sign_ins: SignIns, ident: str, *, may: Callable[[str], bool], now: float) -> None:
    """Ends one session that the caller `may` end (by its subject). Raises `UnknownSessionError`."""
    for each in sign_ins.all(now):
        if each.ident == ident and may(each.subject):
            door.policies.endings.end(ident, each.expires)
            sign_ins.forget(ident)
            return
    raise UnknownSessionError("there is no session of this id here", subject=ident[:40])


def end_own(door: Door, sign_ins: SignIns) -> Session | None:
    """Ends the session by which the caller was let in, if it was one."""
    if door.session is not None:
        door.policies.endings.end(door.session.ident, door.session.expires)
        sign_ins.forget(door.session.ident)
    return door.session


def end_account(door: Door, sign_ins: SignIns, subject: str, now: float) -> dict[str, Any]:
    """Ends all sessions of a subject and revokes all their tokens.

    Tells how many, and which tokens of projects' roles they have made and may know: these are the projects'.
    """
    door.policies.endings.end_subject(subject, now)
    revoked = door.tokens.remove_all(lambda token: token.subject == subject)
    for token in revoked:
        end_pages(door, token, now)
    theirs = [each for each in sign_ins.all(now) if each.subject == subject]
    for each in theirs:
        sign_ins.forget(each.ident)
    known = [each for each in door.tokens.all() if each.by == subject and now < each.expires]
    return {
        "sessions": len(theirs),
        "tokens": len(revoked),
        "knows": [{"id": each.ident, "name": each.name, "subject": each.subject} for each in known],
    }


def _shown(signed: SignIn, door: Door) -> dict[str, Any]:
    return {
        "id": signed.ident, "subject": signed.subject, "name": signed.name, "begunAt": told_time(signed.began),
        "expiresAt": told_time(signed.expires), "source": signed.source, "agent": signed.agent,
        "means": "command" if signed.command else "browser",
        "current": door.session is not None and door.session.ident == signed.ident,
    }  # fmt: skip
