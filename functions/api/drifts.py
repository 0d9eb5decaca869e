"""The routes of changes that were made beside git, and of who set what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.blaming import ask_blame
from mooring.flows.asked.drifts import UnknownDriftError, list_drifts, show_drift
from mooring.model.application import AppKey

__all__ = ["add_drift_routes"]


def add_drift_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    key: Callable[[str], AppKey],
    administrator: str,
) -> None:
    """Adds what `mooring drift` and `mooring blame` ask for."""
    applications = composition.applications

    @app.exception_handler(UnknownDriftError)
    def unknown(error: UnknownDriftError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.get("/api/v1/drifts", middlewares=[authorised])
    def get_drifts() -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        return _json(200, {"items": list_drifts(applications, asked)})

    @app.get("/api/v1/drifts/<name>", middlewares=[authorised])
    def get_drift(name: str) -> Response[str]:
        return _json(200, show_drift(applications, name))

    @app.post("/api/v1/applications/<name>/blame", middlewares=[authorised])
    def post_blame(name: str) -> Response[str]:
        cluster, check = ask_blame(composition.register_ports(), key(name), body(), administrator, time.time())
        return _json(202, {"check": {"id": check, "cluster": cluster}})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
