"""The routes of the record, and the middleware that puts every action on it before it is carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.flows.asked.acting import action_of, is_action
from mooring.flows.asked.audittrail import (
    list_chains,
    list_operations,
    list_records,
    show_operation,
)
from mooring.flows.asked.changed import UnknownOperationError, ask_changes
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey

__all__ = ["add_audit_routes", "recorded"]


def recorded(
    app: APIGatewayHttpResolver, composition: Composition, next_middleware: NextMiddleware, actor: str
) -> Response[Any]:
    """Carries out a request that was let in; an action goes on record first, and again where it was refused."""
    event = app.current_event
    if not is_action(event.http_method, event.path):
        answer: Response[Any] = next_middleware(app)
        return answer
    actions, now = composition.record_ports().actions, time.time()
    http, headers = event.request_context.http, event.headers or {}
    action = action_of(
        event.http_method, event.path, event.query_string_parameters or {}, _body(app),
        actor=actor, now=now, source=http.source_ip or "", agent=headers.get("user-agent", ""),
    )  # fmt: skip
    id_ = new_ulid(now)
    actions.note(id_, action)
    try:
        answer = next_middleware(app)
    except MooringError as error:
        actions.note(new_ulid(time.time()), action | {"outcome": "refused", "message": str(error), "told": {"of": id_}})
        raise
    if answer.status_code >= 400:
        told = {"of": id_, "status": answer.status_code}
        actions.note(new_ulid(time.time()), action | {"outcome": "refused", "told": told})
    return answer


def _body(app: APIGatewayHttpResolver) -> bytes:
    """The body, or nothing where it can't be read: whoever wants it says so."""
    try:
        return (app.current_event.decoded_body or "").encode()
    except ValueError:
        return b""


def add_audit_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    key: Callable[[str], AppKey],
    administrator: str,
) -> None:
    """Adds what `mooring audit` and `mooring app history` ask for."""

    @app.get("/api/v1/audit", middlewares=[authorised])
    def get_records() -> Response[str]:
        return _json(list_records(composition.record_ports(), app.current_event.query_string_parameters or {}))

    @app.get("/api/v1/audit/chains", middlewares=[authorised])
    def get_chains() -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        return _json({"items": list_chains(composition.record_ports(), asked)})

    @app.get("/api/v1/applications/<name>/operations", middlewares=[authorised])
    def get_operations(name: str) -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        return _json(list_operations(composition.record_ports(), key(name), asked))

    @app.get("/api/v1/applications/<name>/operations/<ident>", middlewares=[authorised])
    def get_operation(name: str, ident: str) -> Response[str]:
        return _json(show_operation(composition.record_ports(), key(name), ident.upper()))

    @app.post("/api/v1/applications/<name>/operations/<ident>/changes", middlewares=[authorised])
    def post_changes(name: str, ident: str) -> Response[str]:
        ports = composition.register_ports()
        cluster, check = ask_changes(ports, key(name), ident.upper(), administrator, time.time())
        return _json({"check": {"id": check, "cluster": cluster}})

    @app.exception_handler(UnknownOperationError)
    def unknown(error: UnknownOperationError) -> Response[str]:
        told = {"error": {"message": str(error), "field": None, "code": 404}}
        return Response(404, "application/json", orjson.dumps(told).decode())


def _json(value: Any) -> Response[str]:
    return Response(200, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
