"""The routes of sealed secrets: certificates for everybody who seals, and what kubeseal asks before it does.

What needs private keys (`/v1/verify`, `/v1/rotate`) is answered by `sync`; this function can put a key in and never
read one. kubeseal finds a controller through an API server's proxy for services, so the same answers are there below
`/api/v1/namespaces/…/services/…` for a kubeconfig that names Mooring as its cluster (docs/sealed-secrets.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mooring.composition import Composition
from mooring.flows.secrets.sealing import import_key

__all__ = ["add_sealing_routes"]

_PROXY = "/api/v1/namespaces/<namespace>/services/<service>"


def add_sealing_routes(
    app: APIGatewayHttpResolver,
    composition: Composition,
    authorised: Callable[..., Response[Any]],
    body: Callable[[], Any],
) -> None:
    """Adds what kubeseal and `mooring sealed-secrets` ask for."""

    def newest() -> Response[str]:
        return Response(200, "application/x-pem-file", composition.sealing_keys.newest().pem)

    @app.get("/v1/cert.pem")
    def certificate() -> Response[str]:
        return newest()

    @app.get(f"{_PROXY}/proxy/v1/cert.pem", middlewares=[authorised])
    def proxied_certificate(namespace: str, service: str) -> Response[str]:
        del namespace, service
        return newest()

    @app.get(_PROXY, middlewares=[authorised])
    def controller(namespace: str, service: str) -> Response[str]:
        metadata = {"namespace": namespace, "name": service}
        return _json({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 443}]}})

    @app.get("/api/v1/sealed-secrets", middlewares=[authorised])
    def list_keys() -> Response[str]:
        found = composition.sealing_keys.certificates()
        items = [{"fingerprint": each.fingerprint, "since": each.since, "certificate": each.pem} for each in found]
        return _json({"items": items})

    @app.post("/api/v1/sealed-secrets", middlewares=[authorised])
    def add_key() -> Response[str]:
        return _json({"fingerprint": import_key(composition.sealing_keys, body()).fingerprint})


def _json(value: Any) -> Response[str]:
    return Response(200, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
