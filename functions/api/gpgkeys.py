"""The routes of the keys that signatures of commits are checked with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition

__all__ = ["add_key_routes"]


def add_key_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
) -> None:
    """Adds what `mooring gpg` asks for."""
    keyring = composition.registry.gpg_keys

    @app.get("/api/v1/gpgkeys", middlewares=[authorised])
    def get_keys() -> Response[str]:
        from mooring.flows.asked.gpgkeys import list_keys  # with the OpenPGP library, which nothing else here needs

        return _json(200, {"items": list_keys(keyring)})

    @app.post("/api/v1/gpgkeys", middlewares=[authorised])
    def post_keys() -> Response[str]:
        from mooring.flows.asked.gpgkeys import add_keys, show_key

        return _json(200, {"items": [show_key(each) for each in add_keys(keyring, body())]})

    @app.delete("/api/v1/gpgkeys/<name>", middlewares=[authorised])
    def delete_key(name: str) -> Response[str]:
        from mooring.flows.asked.gpgkeys import UnknownKeyError, remove_key

        try:
            remove_key(keyring, name)
        except UnknownKeyError as error:
            return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})
        return _json(200, {})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
