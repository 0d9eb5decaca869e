"""The routes of images that are kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.images.asking import ask_plan, ask_update, get_plan, list_images
from mooring.flows.images.updaters import UnknownUpdaterError, declare_updater, delete_updater, list_updaters
from mooring.model.application import AppKey
from mooring.state.images import ImageStates

__all__ = ["add_image_routes"]


def add_image_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    key: Callable[[str], AppKey],
    user: str,
) -> None:
    """Adds what `mooring image` asks for; `user` is who asks."""

    def asked() -> dict[str, str]:
        return app.current_event.query_string_parameters or {}

    @app.get("/api/v1/images", middlewares=[authorised])
    def get_images() -> Response[str]:
        return _json(200, {"items": list_images(composition.ask_ports(), ImageStates(composition.table), asked())})

    @app.post("/api/v1/images/plan", middlewares=[authorised])
    def post_plan() -> Response[str]:
        id_ = ask_plan(composition.ask_ports(), ImageStates(composition.table), asked(), user)
        return _json(202, {"plan": {"id": id_}})

    @app.get("/api/v1/images/plan/<name>", middlewares=[authorised])
    def get_one(name: str) -> Response[str]:
        return _json(200, get_plan(ImageStates(composition.table), name))

    @app.post("/api/v1/images/update", middlewares=[authorised])
    def post_update() -> Response[str]:
        return _json(202, {"applications": [str(key) for key in ask_update(composition.ask_ports(), asked(), user)]})

    @app.exception_handler(UnknownUpdaterError)
    def unknown(error: UnknownUpdaterError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.get("/api/v1/imageupdaters", middlewares=[authorised])
    def get_updaters() -> Response[str]:
        return _json(200, {"items": list_updaters(composition.ask_ports())})

    @app.post("/api/v1/imageupdaters", middlewares=[authorised])
    def post_updater() -> Response[str]:
        document = body()
        parsed = declare_updater(composition.ask_ports(), document, user)
        return _json(200, {"imageUpdater": document, "warnings": parsed.warnings})

    @app.delete("/api/v1/imageupdaters/<name>", middlewares=[authorised])
    def delete_one(name: str) -> Response[str]:
        delete_updater(composition.ask_ports(), key(name))
        return _json(200, {})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
