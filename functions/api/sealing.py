"""The routes of sealed secrets: certificates for everybody who seals, and what kubeseal asks before it does.

What needs private keys (`/v1/verify`, `/v1/rotate`) is answered by `sync`; this function can put a key in and never
read one. kubeseal finds a controller through an API server's proxy for services, so the same answers are there below
`/api/v1/namespaces/…/services/…` for a kubeconfig that names Mooring as its cluster (docs/sealed-secrets.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from declared import PAGES, PUBLIC, Access

from mooring.flows.secrets.sealing import import_key

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_sealing_routes"]

_PROXY = "/api/v1/namespaces/<namespace>/services/<service>"
_PEM = "application/x-pem-file"


def add_sealing_routes(desk: Desk) -> None:
    """Adds what kubeseal and `mooring sealed-secrets` ask for."""
    keys = desk.composition.sealing_keys

    def newest() -> Response[str]:
        return Response(200, _PEM, keys.newest().pem)

    @desk.get(
        "/v1/cert.pem",
        does="The newest certificate to seal with",
        access=PUBLIC,
        tag="sealed-secrets",
        answers="str",
        content=_PEM,
    )
    def get_certificate() -> Response[str]:
        return newest()

    @desk.get(
        f"{_PROXY}/proxy/v1/cert.pem",
        does="The newest certificate, where kubeseal looks for it",
        access=Access("sealedsecrets", "get", "*"),
        tag="sealed-secrets",
        answers="str",
        content=_PEM,
    )
    def get_certificate_as_controller(namespace: str, service: str) -> Response[str]:
        del namespace, service
        return newest()

    @desk.get(
        _PROXY,
        does="The service that kubeseal looks for before it seals",
        access=Access("sealedsecrets", "get", "*"),
        tag="sealed-secrets",
        answers="Service",
    )
    def get_controller_service(namespace: str, service: str) -> Any:
        metadata = {"namespace": namespace, "name": service}
        return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 443}]}}

    @desk.get(
        "/api/v1/sealed-secrets",
        does="The certificates of all sealing keys, the one that seals first",
        access=Access("sealedsecrets", "get", "*"),
        tag="sealed-secrets",
        query=PAGES,
        answers="SealingKeys",
    )
    def list_sealing_keys() -> Any:
        now = desk.now()
        return desk.page(
            (
                (
                    f"{each.is_valid(now):d} {each.since:021.6f} {each.fingerprint}",
                    {"fingerprint": each.fingerprint, "since": each.since, "certificate": each.pem},
                )
                for each in keys.certificates()
            ),
            falling=True,
        )

    @desk.post(
        "/api/v1/sealed-secrets",
        does="Imports a sealing key with its certificate, as the controller keeps them in a Secret",
        access=Access("sealedsecrets", "create", "*"),
        tag="sealed-secrets",
        body="SealingKeyForm",
        answers="ImportedSealingKey",
    )
    def import_sealing_key() -> Any:
        return {"fingerprint": import_key(keys, desk.body()).fingerprint}
