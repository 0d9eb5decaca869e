"""The routes of changes that were made beside git."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.drifts import UnknownDriftError, list_drifts, show_drift

__all__ = ["add_drift_routes"]


def add_drift_routes(
    app: APIGatewayHttpResolver, composition: Composition, authorised: Callable[..., Response[Any]]
) -> None:
    """Adds what `mooring drift` asks for."""
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


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
