"""The route by which an installation is pointed at its root repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.bootstrapping import declare_root

__all__ = ["add_bootstrap_routes"]


def add_bootstrap_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    administrator: str,
) -> None:
    """Adds what `mooring bootstrap` asks for."""

    @app.post("/api/v1/bootstrap", middlewares=[authorised])
    def bootstrap() -> Response[str]:
        parsed = declare_root(composition.ask_ports(), body(), administrator)
        answer = {"application": parsed.application.declared, "warnings": parsed.warnings}
        return Response(200, "application/json", orjson.dumps(answer).decode(), {"cache-control": "no-store"})
