"""The routes that install webhooks where repositories are hosted.

Both take the host's access token in their body, so both are POST: an address would be written to logs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition

__all__ = ["add_hook_routes"]


def add_hook_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
) -> None:
    """Adds what `mooring webhook install` and `list` ask for."""

    @app.post("/api/v1/hooks", middlewares=[authorised])
    def post_hook() -> Response[str]:
        from mooring.flows.asked.hooks import install_hook  # with the clients of code hosts

        return _json(200, install_hook(composition.hook_ports(), body()))

    @app.post("/api/v1/hooks/list", middlewares=[authorised])
    def post_list() -> Response[str]:
        from mooring.flows.asked.hooks import list_hooks

        return _json(200, list_hooks(composition.hook_ports(), body()))


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
