"""The routes of the API and what each of them asks for.

Everything but `/healthz` and `/v1/cert.pem` wants the administrator's bearer token; pages take a browser's session as
well. Errors are
`{"error": {"message", "field", "code"}}` and name the field and the next step. The routes follow Argo CD's API where it
has them.
"""

from __future__ import annotations

import hmac
from typing import Any

import orjson
from audittrail import add_audit_routes, recorded
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from bootstrap import add_bootstrap_routes
from choices import chosen_dry_run, chosen_resources
from clusters import add_cluster_routes
from drifts import add_drift_routes
from gpgkeys import add_key_routes
from hooks import add_hook_routes
from images import add_image_routes
from notifications import add_notification_routes
from pages import add_page_routes
from projects import add_project_routes
from promotions import add_promotion_routes
from sealing import add_sealing_routes
from sets import add_set_routes

from mooring import __version__
from mooring.composition import Composition
from mooring.errors import ConfigurationError, ForbiddenError, MooringError
from mooring.flows.asked.declaring import UnknownApplicationError, ask_sync, ask_termination, declare, delete
from mooring.flows.asked.listing import list_applications as list_applications_of
from mooring.flows.asked.registering import UnknownRepositoryError, register_repository, remove_repository
from mooring.flows.asked.selfhealing import told_self_heal
from mooring.flows.asked.showing import show_application
from mooring.flows.promotions.asking import promotion_conditions
from mooring.flows.rules.settings import show_settings, store_settings
from mooring.invocation import error_answer
from mooring.model.application import AppKey
from mooring.state.registry import Registration

_ADMINISTRATOR = "admin"
_HISTORY = 30  # operations read for an application's history


def make_app(composition: Composition) -> APIGatewayHttpResolver:
    """The API over the adapters of one function instance."""
    app = APIGatewayHttpResolver()
    applications = composition.applications
    registry = composition.registry

    def authorised(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        given = (app.current_event.headers or {}).get("authorization", "")
        expected = f"Bearer {composition.api_token()}"
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise ForbiddenError("send Authorization: Bearer TOKEN with the API's token", field="Authorization")
        return recorded(app, composition, next_middleware, _ADMINISTRATOR)

    def body() -> Any:
        try:
            return orjson.loads(app.current_event.decoded_body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(f"is not JSON: {error}", field="body") from error

    def key(name: str) -> AppKey:
        namespace = app.current_event.get_query_string_value("namespace", "argocd")
        return AppKey.parse(f"{namespace}/{name}")

    def flag(name: str) -> bool | None:
        value = (app.current_event.query_string_parameters or {}).get(name)
        if value not in (None, "true", "false"):
            raise ConfigurationError("must be true or false", field=name)
        return None if value is None else value == "true"

    @app.exception_handler(UnknownApplicationError)
    def unknown(error: UnknownApplicationError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": None, "code": 404}})

    @app.not_found
    def no_such_route(error: Exception) -> Response[str]:
        message = f"{app.current_event.http_method} {app.current_event.path} is no address of this API; see docs/cli.md"
        return _json(404, {"error": {"message": message, "field": "path", "code": 404}})

    @app.exception_handler(MooringError)
    def refused(error: MooringError) -> Response[str]:
        told = error_answer(error, unsigned=401)
        return Response(told["statusCode"], "application/json", told["body"])

    @app.get("/healthz")
    def healthz() -> Response[str]:
        return _json(200, {"status": "ok", "version": __version__})

    @app.get("/api/v1/applications", middlewares=[authorised])
    def list_applications() -> Response[str]:
        asked = app.current_event.query_string_parameters or {}
        page = list_applications_of(applications, limit=asked.get("limit", ""), after=asked.get("continue", ""))
        return _json(200, page)

    @app.post("/api/v1/applications", middlewares=[authorised])
    def declare_application() -> Response[str]:
        parsed = declare(composition.ask_ports(), body(), _ADMINISTRATOR)
        return _json(200, {"application": parsed.application.declared, "warnings": parsed.warnings})

    @app.get("/api/v1/applications/<name>", middlewares=[authorised])
    def get_application(name: str) -> Response[str]:
        app_key = key(name)
        record = applications.load([app_key])[app_key]
        if record.spec is None:
            raise UnknownApplicationError("no application of this name is declared", subject=str(app_key))
        shown = show_application(record, applications.operations(app_key, _HISTORY))
        shown["status"]["selfHeal"] = told_self_heal(registry, record.spec.application)
        shown["status"]["conditions"] += promotion_conditions(composition.ask_ports(), app_key)
        return _json(200, shown)

    @app.delete("/api/v1/applications/<name>", middlewares=[authorised])
    def delete_application(name: str) -> Response[str]:
        delete(composition.ask_ports(), key(name), _ADMINISTRATOR, cascade=flag("cascade"))
        return _json(202, {})

    @app.post("/api/v1/applications/<name>/sync", middlewares=[authorised])
    def sync_application(name: str) -> Response[str]:
        asked = body()
        prune = asked.get("prune") if isinstance(asked, dict) else None
        if prune not in (None, True, False):
            raise ConfigurationError("must be true or false", field="prune")
        if isinstance(asked, dict) and asked.get("revision"):
            raise ConfigurationError(
                "syncing to another revision than the application's is not supported yet", field="revision"
            )
        operation = ask_sync(
            composition.ask_ports(),
            key(name),
            _ADMINISTRATOR,
            prune=prune,
            resources=chosen_resources(asked),
            dry_run=chosen_dry_run(asked),
        )
        return _json(202, {"operation": {"id": operation}})

    @app.delete("/api/v1/applications/<name>/operation", middlewares=[authorised])
    def terminate_operation(name: str) -> Response[str]:
        operation = ask_termination(composition.ask_ports(), key(name), _ADMINISTRATOR)
        return _json(202, {"operation": {"id": operation}})

    @app.get("/api/v1/settings", middlewares=[authorised])
    def get_settings() -> Response[str]:
        return _json(200, show_settings(registry))

    @app.put("/api/v1/settings", middlewares=[authorised])
    def put_settings() -> Response[str]:
        return _json(200, {"warnings": store_settings(registry, body()).warnings})

    add_bootstrap_routes(app, composition, authorised, body, _ADMINISTRATOR)
    add_project_routes(app, composition, authorised, body)
    add_sealing_routes(app, composition, authorised, body)
    add_key_routes(app, composition, authorised, body)
    add_hook_routes(app, composition, authorised, body)
    add_image_routes(app, composition, authorised, body, key, _ADMINISTRATOR)
    add_audit_routes(app, composition, authorised, key, _ADMINISTRATOR)
    add_notification_routes(app, composition, authorised, body)
    add_page_routes(app, composition)
    add_drift_routes(app, composition, authorised, body, key, _ADMINISTRATOR)
    add_cluster_routes(app, composition, authorised, body, flag, _ADMINISTRATOR)
    add_set_routes(app, composition, authorised, body, flag, _ADMINISTRATOR)
    add_promotion_routes(app, composition, authorised, body, _ADMINISTRATOR)

    @app.get("/api/v1/repositories", middlewares=[authorised])
    def list_repositories() -> Response[str]:
        return _json(200, {"items": [_shown(each) for each in registry.registrations()]})

    @app.put("/api/v1/repositories", middlewares=[authorised])
    def put_repository() -> Response[str]:
        url, warnings = register_repository(registry, body())
        return _json(200, {"url": url, "warnings": warnings})

    @app.delete("/api/v1/repositories", middlewares=[authorised])
    def delete_repository() -> Response[str]:
        url = (app.current_event.query_string_parameters or {}).get("url")
        if not url:
            raise ConfigurationError("must be the registered address, as a query parameter", field="url")
        remove_repository(registry, url)
        return _json(200, {})

    @app.exception_handler(UnknownRepositoryError)
    def unknown_repository(error: UnknownRepositoryError) -> Response[str]:
        return _json(404, {"error": {"message": str(error), "field": "url", "code": 404}})

    return app


def _shown(registration: Registration) -> dict[str, str]:
    shown = {"url": registration.url, "type": registration.kind}
    return shown | ({"name": registration.name} if registration.name else {})


def _json(status: int, value: Any) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(value).decode(), {"cache-control": "no-store"})
