"""The API: every route there is, declared on one desk.

Errors are problem documents (RFC 9457) that name the field and the next step. The routes follow Argo CD's API where it
has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from access import add_access_routes
from applications import add_application_routes
from audittrail import add_audit_routes
from aws_lambda_powertools.event_handler import Response
from bootstrap import add_bootstrap_routes
from clusters import add_cluster_routes
from declared import PUBLIC
from desk import Desk
from drifts import add_drift_routes
from exposed import add_metric_routes
from fleet import add_cost_routes
from gpgkeys import add_key_routes
from hooks import add_hook_routes
from images import add_image_routes
from localdiffs import add_local_routes
from login import add_login_routes
from looks import add_look_routes
from notifications import add_notification_routes
from projects import add_project_routes
from promotions import add_promotion_routes
from repositories import add_repository_routes
from sealing import add_sealing_routes
from sessions import add_session_routes
from sets import add_set_routes
from settings import add_setting_routes
from steering import add_steering_routes
from streams import add_stream_routes

from mooring import __version__
from mooring.composition import Composition

__all__ = ["make_desk"]

_DOCUMENT = Path(__file__).with_name("openapi.json")
_PARTS = (
    add_access_routes,
    add_application_routes,
    add_audit_routes,
    add_bootstrap_routes,
    add_cluster_routes,
    add_cost_routes,
    add_drift_routes,
    add_hook_routes,
    add_image_routes,
    add_key_routes,
    add_local_routes,
    add_login_routes,
    add_look_routes,
    add_metric_routes,
    add_notification_routes,
    add_project_routes,
    add_promotion_routes,
    add_repository_routes,
    add_sealing_routes,
    add_session_routes,
    add_set_routes,
    add_setting_routes,
    add_steering_routes,
    add_stream_routes,
)


def make_desk(composition: Composition) -> Desk:
    """The API over the adapters of one function instance."""
    desk = Desk(composition)

    @desk.get("/healthz", does="Whether the API answers", access=PUBLIC, tag="system", answers="Health")
    def get_health() -> Any:
        return {"status": "ok", "version": __version__}

    @desk.get(
        "/api/v1/openapi.json",
        does="The OpenAPI 3.1 document of this API",
        access=PUBLIC,
        tag="system",
        answers="Document",
    )
    def get_openapi_document() -> Any:
        return Response(200, "application/json", _DOCUMENT.read_text("utf-8"), {"cache-control": "no-store"})

    for add in _PARTS:
        add(desk)
    return desk
