"""The routes that install webhooks where repositories are hosted, and of what they delivered.

Those that install take the host's access token in their body, so they are POST: an address would be written to logs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.deliveries import list_deliveries
from mooring.state.deliveries import Deliveries

__all__ = ["add_hook_routes"]


def add_hook_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
) -> None:
    """Adds what `mooring webhook install`, `list` and `deliveries` ask for."""

    @app.post("/api/v1/hooks", middlewares=[authorised])
    def post_hook() -> Response[str]:
        from mooring.flows.asked.hooks import install_hook  # with the clients of code hosts

        return _json(200, install_hook(composition.hook_ports(), body()))

    @app.post("/api/v1/hooks/list", middlewares=[authorised])
    def post_list() -> Response[str]:
        from mooring.flows.asked.hooks import list_hooks

        return _json(200, list_hooks(composition.hook_ports(), body()))

    @app.get("/api/v1/hooks/deliveries", middlewares=[authorised])
    def get_deliveries() -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        return _json(200, list_deliveries(Deliveries(composition.table), composition.applications, asked))


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
