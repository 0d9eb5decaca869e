"""Routes about notifications: settings, what was told, another try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.notifications import (
    list_notes,
    retry_note,
    show_notification_settings,
    store_notification_settings,
)

__all__ = ["add_notification_routes"]


def add_notification_routes(
    app: APIGatewayHttpResolver, composition: Composition, authorised: Any, body: Callable[[], Any]
) -> None:
    """`/api/v1/notifications…`, for whoever has the API's token."""

    @app.get("/api/v1/notifications/settings", middlewares=[authorised])
    def get_settings() -> Response[str]:
        return _json(show_notification_settings(composition.notes))

    @app.put("/api/v1/notifications/settings", middlewares=[authorised])
    def put_settings() -> Response[str]:
        store_notification_settings(composition.notes, body())
        return _json({})

    @app.get("/api/v1/notifications", middlewares=[authorised])
    def listed() -> Response[str]:
        return _json(list_notes(composition.notes, app.current_event.query_string_parameters or {}))

    @app.post("/api/v1/notifications/retry", middlewares=[authorised])
    def retry() -> Response[str]:
        asked = body()
        given = asked if isinstance(asked, dict) else {}
        retry_note(composition.notes, composition.queues, str(given.get("of", "")), str(given.get("id", "")))
        return _json({})


def _json(value: Any) -> Response[str]:
    return Response(200, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
