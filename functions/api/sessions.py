"""The routes of sessions that people began, and of ending all that one of them has here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, Param

from mooring.flows.asked.accounts import UnknownSessionError, end_account, end_session, list_sessions

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_session_routes"]


def own(desk: Desk, subject: str) -> bool:
    """Whether the caller signed in as this subject; a token is narrower than who made it, and is nobody's self."""
    return subject == desk.caller.subject and desk.caller.means in ("session", "administrator")


def queried_account(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The subject that the query names; one's own takes no right."""
    subject = desk.query.get("subject", "")
    return [] if own(desk, subject) else [("update", subject)]


def add_session_routes(desk: Desk) -> None:
    """Adds what `mooring account sessions|end-session|end` ask for."""
    composition = desk.composition
    desk.missing(UnknownSessionError)

    @desk.get(
        "/api/v1/sessions",
        does="The caller's sessions that are not over, and those of others that they may see",
        access=Access("accounts", "get", EACH),
        tag="session",
        query=PAGES,
        answers="Sessions",
    )
    def get_sessions() -> Any:
        def sees(subject: str) -> bool:
            return own(desk, subject) or desk.may("accounts", "get", subject)

        return desk.page(list_sessions(composition.door, composition.sign_ins, sees=sees, now=desk.now()))

    @desk.delete(
        "/api/v1/sessions/<ident>",
        does="Ends one session; it counts for nothing from the next request on",
        access=Access("accounts", "get", EACH),
        tag="session",
    )
    def end_one_session(ident: str) -> None:
        def ends(subject: str) -> bool:
            return own(desk, subject) or desk.may("accounts", "update", subject)

        end_session(composition.door, composition.sign_ins, ident.upper(), may=ends, now=desk.now())

    @desk.delete(
        "/api/v1/account",
        does="Ends all sessions of somebody and revokes all their tokens, as when they leave",
        access=Access("accounts", "update", queried_account),
        tag="session",
        query=(Param("subject", "Whose, as sessions and tokens name it", required=True),),
        answers="AccountEnded",
    )
    def end_whole_account() -> Any:
        return end_account(composition.door, composition.sign_ins, desk.query["subject"], desk.now())
