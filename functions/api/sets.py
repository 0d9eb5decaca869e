"""The routes of ApplicationSets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.errors import ConfigurationError
from mooring.flows.sets.setasking import (
    UnknownSetError,
    ask_preview,
    confirm_removal,
    declare_set,
    delete_set,
    get_set,
    list_sets,
    read_preview,
    refresh_set,
)
from mooring.model.setkey import SetKey

__all__ = ["add_set_routes"]


def add_set_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    flag: Callable[[str], bool | None],
    user: str,
) -> None:
    """Adds what `mooring appset` asks for; `user` is who asks."""

    def key(name: str) -> SetKey:
        return SetKey.parse(f"{app.current_event.get_query_string_value('namespace', 'argocd')}/{name}")

    @app.exception_handler(UnknownSetError)
    def unknown(error: UnknownSetError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.get("/api/v1/applicationsets", middlewares=[authorised])
    def get_sets() -> Response[str]:
        return _json(200, {"items": list_sets(composition.ask_ports())})

    @app.post("/api/v1/applicationsets", middlewares=[authorised])
    def post_set() -> Response[str]:
        parsed = declare_set(composition.ask_ports(), body(), user)
        return _json(200, {"applicationSet": parsed.application_set.declared, "warnings": parsed.warnings})

    @app.post("/api/v1/applicationsets/preview", middlewares=[authorised])
    def post_preview() -> Response[str]:
        return _json(202, {"preview": {"id": ask_preview(composition.ask_ports(), body(), user)}})

    @app.get("/api/v1/applicationsets/preview/<ident>", middlewares=[authorised])
    def get_preview(ident: str) -> Response[str]:
        found = read_preview(composition.ask_ports(), ident)
        return _json(200, {"done": found is not None, "preview": found})

    @app.get("/api/v1/applicationsets/<name>", middlewares=[authorised])
    def get_one(name: str) -> Response[str]:
        return _json(200, get_set(composition.ask_ports(), key(name)))

    @app.delete("/api/v1/applicationsets/<name>", middlewares=[authorised])
    def delete_one(name: str) -> Response[str]:
        delete_set(composition.ask_ports(), key(name), user, cascade=flag("cascade") is not False)
        return _json(202, {})

    @app.post("/api/v1/applicationsets/<name>/refresh", middlewares=[authorised])
    def refresh(name: str) -> Response[str]:
        refresh_set(composition.ask_ports(), key(name), user)
        return _json(202, {})

    @app.post("/api/v1/applicationsets/<name>/confirm", middlewares=[authorised])
    def confirm(name: str) -> Response[str]:
        asked = body()
        token = asked.get("token") if isinstance(asked, dict) else None
        if not isinstance(token, str) or not token:
            raise ConfigurationError("must be the token of the removal that waits", field="token")
        return _json(202, {"removed": confirm_removal(composition.ask_ports(), key(name), token, user)})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
