"""The routes of promotions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.promotions.asking import (
    UnknownPromotionError,
    declare_promotion,
    delete_promotion,
    get_promotion,
    list_promotions,
    run_promotion,
    suspend_promotion,
)
from mooring.model.promotionkey import PromotionKey

__all__ = ["add_promotion_routes"]


def add_promotion_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    user: str,
) -> None:
    """Adds what `mooring promotion` asks for; `user` is who asks."""

    def key(name: str) -> PromotionKey:
        return PromotionKey.parse(f"{app.current_event.get_query_string_value('namespace', 'argocd')}/{name}")

    @app.exception_handler(UnknownPromotionError)
    def unknown(error: UnknownPromotionError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.get("/api/v1/promotions", middlewares=[authorised])
    def get_all() -> Response[str]:
        return _json(200, {"items": list_promotions(composition.ask_ports())})

    @app.post("/api/v1/promotions", middlewares=[authorised])
    def post_one() -> Response[str]:
        parsed = declare_promotion(composition.ask_ports(), body(), user)
        return _json(200, {"promotion": parsed.promotion.declared, "warnings": parsed.warnings})

    @app.get("/api/v1/promotions/<name>", middlewares=[authorised])
    def get_one(name: str) -> Response[str]:
        return _json(200, get_promotion(composition.ask_ports(), key(name)))

    @app.delete("/api/v1/promotions/<name>", middlewares=[authorised])
    def delete_one(name: str) -> Response[str]:
        delete_promotion(composition.ask_ports(), key(name))
        return _json(200, {})

    @app.post("/api/v1/promotions/<name>/run", middlewares=[authorised])
    def run(name: str) -> Response[str]:
        run_promotion(composition.ask_ports(), key(name), user)
        return _json(202, {})

    @app.post("/api/v1/promotions/<name>/suspend", middlewares=[authorised])
    def suspend(name: str) -> Response[str]:
        suspend_promotion(composition.ask_ports(), key(name), user, suspend=True)
        return _json(200, {})

    @app.post("/api/v1/promotions/<name>/resume", middlewares=[authorised])
    def resume(name: str) -> Response[str]:
        suspend_promotion(composition.ask_ports(), key(name), user, suspend=False)
        return _json(200, {})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
