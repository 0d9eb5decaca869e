"""The pages that `api` serves to browsers: read-only, made here, without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from arriving import arrival_of, closing_cookies, session_cookie
from audittrail import note_sign_in
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie
from declared import PUBLIC, Access
from deliverypage import delivery_page
from hooks import DELIVERY_QUERY
from html_parts import POLICY, sign_in_page

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.asked.admitting import COOKIE
from mooring.flows.asked.deliveries import list_deliveries
from mooring.flows.asked.signingin import administrators_session, check_token
from mooring.state.deliveries import Deliveries

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_page_routes", "refused_page"]

_FIRST = "/api/v1/pages/deliveries"
_HTML = "text/html; charset=utf-8"


def add_page_routes(desk: Desk) -> None:
    """Adds the page of deliveries, and the way in and out."""
    composition = desk.composition

    @desk.get(
        "/api/v1/pages/deliveries",
        does="The last deliveries as a page",
        access=Access("webhooks", "get", "*"),
        tag="pages",
        query=DELIVERY_QUERY,
        answers="str",
        content=_HTML,
    )
    def show_deliveries() -> Response[str]:
        try:
            answer = list_deliveries(Deliveries(composition.table), composition.applications, desk.query)
        except ConfigurationError as error:
            return _page(400, delivery_page({"metadata": {}, "items": []}, {}, str(error)))
        return _page(200, delivery_page(answer, desk.query))

    @desk.post(
        "/api/v1/pages/sign-in",
        does="Opens a browser's session with the token that was typed in",
        access=PUBLIC,
        tag="pages",
        status=303,
        answers="str",
        content=_HTML,
    )
    def sign_in() -> Response[str]:
        arrival = arrival_of(desk.app.current_event.raw_event, composition.public_url())
        try:
            check_token(composition.entrance, arrival, _typed(desk.text()), now=desk.now())
        except ForbiddenError:
            return _page(401, sign_in_page("This is not the API's token."))
        text, session = administrators_session(composition.door, now=desk.now())
        note_sign_in(desk, session.name)
        return _elsewhere(session_cookie(text))

    @desk.post(
        "/api/v1/pages/sign-out",
        does="Ends a browser's session",
        access=PUBLIC,
        tag="pages",
        status=303,
        answers="str",
        content=_HTML,
    )
    def sign_out() -> Response[str]:
        return _elsewhere(closing_cookies(COOKIE)[0])


def refused_page(status: int, wrong: str) -> Response[str]:
    """What a browser sees where an API's client would get a problem."""
    if status == 401:
        return _page(401, sign_in_page())
    return _page(status, delivery_page({"metadata": {}, "items": []}, {}, wrong))


def _typed(text: str) -> str:
    try:
        return parse_qs(text, max_num_fields=4).get("token", [""])[0].strip()
    except ValueError:  # more fields than the form has
        return ""


def _page(status: int, html: str) -> Response[str]:
    headers: dict[str, str | list[str]] = {
        "cache-control": "no-store",
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Response(status, _HTML, html, headers)


def _elsewhere(cookie: Cookie) -> Response[str]:
    headers: dict[str, str | list[str]] = {"location": _FIRST, "cache-control": "no-store"}
    return Response(303, _HTML, "", headers, cookies=[cookie])
