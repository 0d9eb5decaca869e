"""The routes of registered clusters."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.asked.auditing import admit_auditing, end_auditing
from mooring.flows.asked.registering import (
    UnknownClusterError,
    ask_doctor,
    change_cluster,
    cluster_named,
    doctors_answer,
    register_cluster,
    register_cluster_secret,
    remove_cluster,
    show_cluster,
)
from mooring.state.clusters import Cluster

__all__ = ["add_cluster_routes"]


def add_cluster_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
    flag: Callable[[str], bool | None],
    administrator: str,
) -> None:
    """Adds what `mooring cluster` asks for."""
    registry = composition.registry

    def registered(cluster: Cluster, warnings: list[str]) -> Response[str]:
        return _json(200, show_cluster(cluster, _time) | {"warnings": warnings})

    @app.exception_handler(UnknownClusterError)
    def unknown(error: UnknownClusterError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.get("/api/v1/clusters", middlewares=[authorised])
    def list_clusters() -> Response[str]:
        items = [show_cluster(each, _time) for each in registry.clusters()]
        return _json(200, {"items": items, "syncRole": composition.sync_role()})

    @app.post("/api/v1/clusters", middlewares=[authorised])
    def post_cluster() -> Response[str]:
        return registered(*register_cluster_secret(composition.register_ports(), body()))

    @app.get("/api/v1/clusters/<name>", middlewares=[authorised])
    def get_cluster(name: str) -> Response[str]:
        return _json(200, show_cluster(cluster_named(registry, name), _time))

    @app.put("/api/v1/clusters/<name>", middlewares=[authorised])
    def put_cluster(name: str) -> Response[str]:
        return registered(*register_cluster(composition.register_ports(), name, body()))

    @app.patch("/api/v1/clusters/<name>", middlewares=[authorised])
    def patch_cluster(name: str) -> Response[str]:
        return registered(*change_cluster(composition.register_ports(), name, body()))

    @app.delete("/api/v1/clusters/<name>", middlewares=[authorised])
    def delete_cluster(name: str) -> Response[str]:
        remove_cluster(composition.register_ports(), name, force=bool(flag("force")))
        composition.audit_access().sources.refuse(name)
        return _json(200, {})

    @app.put("/api/v1/clusters/<name>/audit-webhook", middlewares=[authorised])
    def put_audit_webhook(name: str) -> Response[str]:
        return _json(200, admit_auditing(composition.audit_access(), name, body(), now=time.time()))

    @app.delete("/api/v1/clusters/<name>/audit-webhook", middlewares=[authorised])
    def delete_audit_webhook(name: str) -> Response[str]:
        end_auditing(composition.audit_access(), name)
        return _json(200, {})

    @app.post("/api/v1/clusters/<name>/check", middlewares=[authorised])
    def check_cluster(name: str) -> Response[str]:
        check = ask_doctor(composition.register_ports(), name, administrator, time.time())
        return _json(202, {"check": {"id": check}})

    @app.get("/api/v1/clusters/<name>/check/<check>", middlewares=[authorised])
    def get_check(name: str, check: str) -> Response[str]:
        found = doctors_answer(composition.register_ports(), name, check)
        return _json(200, {"done": found is not None, "found": found})


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
