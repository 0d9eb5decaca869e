"""The pages that `api` serves to browsers: read-only, made here, without a script."""

from __future__ import annotations

import hmac
import time
from typing import Any
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.shared.cookies import Cookie
from deliverypage import delivery_page
from html_parts import POLICY, sign_in_page
from sessions import closing_cookie, is_open, opening_cookie

from mooring.composition import Composition
from mooring.errors import ConfigurationError
from mooring.flows.asked.deliveries import list_deliveries
from mooring.state.deliveries import Deliveries

__all__ = ["add_page_routes"]

_FIRST = "/api/v1/pages/deliveries"


def add_page_routes(app: APIGatewayHttpResolver, composition: Composition) -> None:
    """Adds the page of deliveries, and the way in and out."""

    def admitted(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        given, token = (app.current_event.headers or {}).get("authorization", ""), composition.api_token()
        cookies = app.current_event.get("cookies") or []
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()) or is_open(cookies, token, time.time()):
            answer: Response[Any] = next_middleware(app)
            return answer
        return _page(401, sign_in_page())

    @app.get("/api/v1/pages/deliveries", middlewares=[admitted])
    def get_deliveries() -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        try:
            answer = list_deliveries(Deliveries(composition.table), composition.applications, asked)
        except ConfigurationError as error:
            return _page(400, delivery_page({"metadata": {}, "items": []}, {}, str(error)))
        return _page(200, delivery_page(answer, asked))

    @app.post("/api/v1/pages/sign-in")
    def sign_in() -> Response[str]:
        token = composition.api_token()
        typed = parse_qs(app.current_event.decoded_body or "", max_num_fields=4).get("token", [""])[0].strip()
        if not hmac.compare_digest(typed.encode(), token.encode()):
            return _page(401, sign_in_page("This is not the API's token."))
        return _elsewhere(opening_cookie(token, time.time()))

    @app.post("/api/v1/pages/sign-out")
    def sign_out() -> Response[str]:
        return _elsewhere(closing_cookie())


def _page(status: int, html: str) -> Response[str]:
    headers: dict[str, str | list[str]] = {
        "cache-control": "no-store",
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Response(status, "text/html; charset=utf-8", html, headers)


def _elsewhere(cookie: Cookie) -> Response[str]:
    headers: dict[str, str | list[str]] = {"location": _FIRST, "cache-control": "no-store"}
    return Response(303, "text/html; charset=utf-8", "", headers, cookies=[cookie])
