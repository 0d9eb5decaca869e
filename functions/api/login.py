"""The routes of signing in and out: by the issuer, on a local stack by its token; a cookie for browsers, a bearer
token for the command. Who came back from the issuer is judged by the JWT authorizer in front of one address and by
`mooring.flows.asked.signingin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from answering import json_answer
from arriving import (
    LOGIN_COOKIE,
    arrival_of,
    closing_cookies,
    cookie_of,
    login_cookie,
    session_cookie,
)
from audittrail import note_session
from aws_lambda_powertools.event_handler import Response
from declared import EACH, PUBLIC, Access, Param

from mooring.access.rbac import might
from mooring.access.rights import RESOURCES
from mooring.access.sessions import Session, csrf_token
from mooring.errors import ConfigurationError
from mooring.flows.asked import accounts
from mooring.flows.asked.admitting import COOKIE, Arrival
from mooring.flows.asked.signingin import CALLBACK, begin, check_origin, exchange, finish, sign_in_locally
from mooring.model.moments import told_time

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_login_routes"]

_PORT = Param("port", "Of a command that waits on http://localhost:PORT/auth/callback; none for a browser", "count")


def add_login_routes(desk: Desk) -> None:
    """Adds what `mooring login` and the dashboard's sign-in ask for."""
    composition = desk.composition

    @desk.get(
        "/api/v1/login/options", does="The ways to sign in here", access=PUBLIC, tag="session", answers="LoginOptions"
    )
    def get_login_options() -> Any:
        entrance = composition.entrance
        client = None if entrance.issuer is None else entrance.issuer.client
        oidc = None if client is None else {"issuer": client.issuer, "clientId": client.ident}
        return {"oidc": oidc, "token": entrance.by_token}

    @desk.get(
        "/api/v1/login",
        does="Sends a browser to the issuer; gives a command the address and what to come back with",
        access=PUBLIC,
        tag="session",
        answers="LoginBegun",
        query=(_PORT,),
    )
    def begin_login() -> Any:
        origins, port, now = _arrival(desk).origins, desk.query.get("port"), desk.now()
        redirect = f"http://localhost:{port}{CALLBACK}" if port else origins[0] + CALLBACK
        address, ticket = begin(composition.entrance, redirect, origins, now=now)
        if port:
            return json_answer(200, {"address": address, "login": ticket})
        headers: dict[str, str | list[str]] = {"location": address, "cache-control": "no-store"}
        return Response(302, "text/plain", "", headers, cookies=[login_cookie(ticket)])

    @desk.post(
        "/api/v1/login/exchange",
        does="Exchanges the issuer's code for an id_token, which POST /api/v1/session takes",
        access=PUBLIC,
        tag="session",
        body="LoginExchange",
        answers="IdToken",
    )
    def exchange_code() -> Any:
        check_origin(_arrival(desk))
        body = _object(desk)
        code, state = _text(body, "code"), _text(body, "state")
        return {"idToken": exchange(composition.entrance, _ticket(desk, body), code, state, now=desk.now())}

    @desk.post(
        "/api/v1/login/token",
        does="Signs the administrator in with the API's token, on a local stack only",
        access=PUBLIC,
        tag="session",
        body="TypedToken",
        answers="Session",
    )
    def sign_in_with_token() -> Any:
        typed = _text(_object(desk), "token")
        text, session = sign_in_locally(composition.entrance, _arrival(desk), typed, now=desk.now())
        return _begun(desk, text, session, bearer=False)

    @desk.post(
        "/api/v1/session",
        does="Begins a session for whoever the id_token in Authorization names",
        access=PUBLIC,
        tag="session",
        body="SessionWanted",
        answers="Session",
    )
    def begin_session() -> Any:
        check_origin(_arrival(desk))
        body = _object(desk)
        context = desk.app.current_event.raw_event["requestContext"]
        verified = ((context.get("authorizer") or {}).get("jwt") or {}).get("claims") or {}
        token = desk.headers.get("authorization", "").partition(" ")[2]
        text, session = finish(composition.entrance, _ticket(desk, body), token, verified, now=desk.now())
        return _begun(desk, text, session, bearer="login" in body)

    @desk.get(
        "/api/v1/session",
        does="Who asks, until when, and what they may",
        access=Access("accounts", "get", EACH),
        tag="session",
        answers="SessionShown",
    )
    def get_session() -> Any:
        door, caller = composition.door, desk.caller
        policy, session = door.policy(), door.session
        can = {
            resource: [action for action in actions if might(policy, caller, resource, action)]
            for resource, actions in RESOURCES.items()
        }
        return {
            "subject": caller.subject,
            "name": caller.name,
            "groups": list(caller.groups),
            "means": caller.means,
            "expiresAt": None if session is None else told_time(session.expires),
            "csrfToken": door.csrf() or None,
            "can": {resource: actions for resource, actions in can.items() if actions},
        }

    @desk.delete(
        "/api/v1/session",
        does="Signs out: ends the session that is shown, and takes a browser's cookies away",
        access=PUBLIC,
        tag="session",
    )
    def end_session() -> Any:
        check_origin(_arrival(desk))
        # Nobody's cookies are taken away as well; somebody's session is ended by a page of ours alone.
        composition.door.admit(_arrival(desk), desk.now())
        ended = accounts.end_own(composition.door, composition.sign_ins)
        if ended is not None:
            note_session(desk, ended.name)
        answer = json_answer(200, {})
        answer.cookies = closing_cookies(COOKIE, LOGIN_COOKIE)
        return answer

    @desk.delete(
        "/api/v1/sessions",
        does="Ends the sessions of everybody who signed in; API tokens stay",
        access=Access("access", "update", "*"),
        tag="session",
    )
    def end_sessions() -> Any:
        composition.door.policies.end_sessions()


def _begun(desk: Desk, text: str, session: Session, *, bearer: bool) -> Any:
    accounts.begin_session(
        desk.composition.door,
        desk.composition.sign_ins,
        session,
        source=_arrival(desk).source,
        agent=desk.headers.get("user-agent", ""),
        command=bearer,
        now=desk.now(),
    )
    note_session(desk, session.name)
    told: dict[str, Any] = {"name": session.name, "subject": session.subject, "expiresAt": told_time(session.expires)}
    if bearer:
        return json_answer(200, told | {"token": text})
    answer = json_answer(200, told | {"csrfToken": csrf_token(session, desk.composition.door.key)})
    answer.cookies = [session_cookie(text), *closing_cookies(LOGIN_COOKIE)]
    return answer


def _arrival(desk: Desk) -> Arrival:
    return arrival_of(desk.app.current_event.raw_event, desk.composition.public_url())


def _ticket(desk: Desk, body: dict[str, Any]) -> str:
    return _text(body, "login") if "login" in body else cookie_of(desk.app.current_event.raw_event, LOGIN_COOKIE)


def _object(desk: Desk) -> dict[str, Any]:
    body = desk.body()
    if not isinstance(body, dict):
        raise ConfigurationError("must be an object", field="body")
    return body


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value or len(value) > 8192:
        raise ConfigurationError("must be text", field=field)
    return value
