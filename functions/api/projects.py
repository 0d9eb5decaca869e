"""The routes of projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.projects import (
    UnknownProjectError,
    declare_project,
    delete_project,
    list_projects,
    show_project,
)
from mooring.flows.rules.permitting import NotPermittedError
from mooring.flows.syncs.orphans import orphans_of
from mooring.invocation import error_answer

__all__ = ["add_project_routes"]


def add_project_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
) -> None:
    """Adds what `mooring project` asks for."""
    projects = composition.registry.projects

    @app.exception_handler(UnknownProjectError)
    def unknown(error: UnknownProjectError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.exception_handler(NotPermittedError)
    def not_permitted(error: NotPermittedError) -> Response[str]:
        told = error_answer(error, unsigned=403)
        return Response(told["statusCode"], "application/json", told["body"])

    @app.get("/api/v1/projects", middlewares=[authorised])
    def get_projects() -> Response[str]:
        return _json(200, {"items": list_projects(projects)})

    @app.post("/api/v1/projects", middlewares=[authorised])
    def post_project() -> Response[str]:
        parsed = declare_project(projects, body())
        return _json(200, {"project": parsed.project.declared, "warnings": parsed.warnings})

    @app.get("/api/v1/projects/<name>", middlewares=[authorised])
    def get_project(name: str) -> Response[str]:
        shown = show_project(projects, name)
        if shown["spec"].get("orphanedResources") is not None:
            shown = {**shown, "status": {"orphanedResources": orphans_of(composition.applications, name)}}
        return _json(200, shown)

    @app.delete("/api/v1/projects/<name>", middlewares=[authorised])
    def remove_project(name: str) -> Response[str]:
        delete_project(projects, composition.applications, name)
        return _json(200, {})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
