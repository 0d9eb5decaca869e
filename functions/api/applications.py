"""The routes of applications: declared, looked at, synced, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from choices import chosen_dry_run, chosen_once, chosen_resources, chosen_revisions, refuse_unknown
from declared import EACH, NAMESPACE, PAGES, Access, flag
from fleet import SUMMARIES, list_rows, refuse_filters
from objects import application, declared_application, synced

from mooring.access.rbac import named
from mooring.errors import ConfigurationError
from mooring.flows.asked.declaring import UnknownApplicationError, ask_sync, declare, delete
from mooring.flows.asked.ending import ask_termination
from mooring.flows.asked.listing import list_applications
from mooring.flows.asked.selfhealing import told_self_heal
from mooring.flows.asked.showing import show_application
from mooring.flows.promotions.asking import promotion_conditions
from mooring.model.application import AppKey

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

    from mooring.state.records import Record

__all__ = ["add_application_routes"]

_HISTORY = 30  # operations read for an application's history


def add_application_routes(desk: Desk) -> None:
    """Adds what `mooring app` asks for."""
    composition = desk.composition
    applications, registry = composition.applications, composition.registry
    desk.missing(UnknownApplicationError)

    def document(desk: Desk, places: Arguments) -> Any:
        key = desk.key(places["name"]) if "name" in places else AppKey.parse(desk.declared_name())
        spec = desk.record(key).spec
        return None if spec is None else spec.application.declared

    def sees(record: Record) -> bool:
        spec = record.spec
        return spec is not None and desk.may("applications", "get", named(spec.application.project, record.key))

    @desk.get(
        "/api/v1/applications",
        does="Applications by namespace and name",
        access=Access("applications", "get", EACH),
        tag="applications",
        query=(*SUMMARIES, *PAGES),
        answers="Applications",
    )
    def list_all_applications() -> Any:
        asked = desk.query
        if asked.get("view") == "summary":
            return list_rows(desk)
        refuse_filters(desk)
        seen = None if desk.unlimited else sees
        return list_applications(applications, seen, limit=asked.get("limit", ""), after=asked.get("continue", ""))

    @desk.post(
        "/api/v1/applications",
        does="Declares an application; declaring the same again changes nothing",
        access=Access("applications", "create", declared_application),
        tag="applications",
        body="Application",
        answers="DeclaredApplication",
        document=document,
    )
    def declare_application() -> Any:
        over = None
        if "if-match" in desk.headers:
            spec = desk.record(AppKey.parse(desk.declared_name())).spec
            over = None if spec is None else spec.generation
        parsed = declare(composition.ask_ports(), desk.body(), desk.caller.name, over=over)
        return {"application": parsed.application.declared, "warnings": parsed.warnings}

    @desk.get(
        "/api/v1/applications/<name>",
        does="One application with its status",
        access=Access("applications", "get", application),
        tag="applications",
        query=(NAMESPACE,),
        answers="ShownApplication",
        document=document,
    )
    def get_application(name: str) -> Any:
        key = desk.key(name)
        record = desk.record(key)
        if record.spec is None:
            raise UnknownApplicationError("no application of this name is declared", subject=str(key))
        shown = show_application(record, applications.operations(key, _HISTORY), region=composition.region())
        shown["status"]["selfHeal"] = told_self_heal(registry, record.spec)
        shown["status"]["conditions"] += promotion_conditions(composition.ask_ports(), key)
        return shown

    @desk.delete(
        "/api/v1/applications/<name>",
        does="Deletes an application; its objects go with it where its finalizer or `cascade` says so",
        access=Access("applications", "delete", application),
        tag="applications",
        query=(NAMESPACE, flag("cascade", "Whether its objects are deleted, whatever its finalizer says")),
        status=202,
        document=document,
    )
    def delete_application(name: str) -> None:
        delete(composition.ask_ports(), desk.key(name), desk.caller.name, cascade=desk.flag("cascade"))

    @desk.post(
        "/api/v1/applications/<name>/sync",
        does="Asks for a sync to the newest commit or to another revision, all of it or some, with options of its own",
        access=Access("applications", "sync", synced),
        tag="applications",
        query=(NAMESPACE,),
        body="SyncRequest",
        status=202,
        answers="AskedOperation",
    )
    def sync_application(name: str) -> Any:
        asked = desk.body()
        refuse_unknown(asked)
        prune = asked.get("prune") if isinstance(asked, dict) else None
        if prune not in (None, True, False):
            raise ConfigurationError("must be true or false", field="prune")
        operation = ask_sync(
            composition.ask_ports(),
            desk.key(name),
            desk.caller.name,
            prune=prune,
            resources=chosen_resources(asked),
            dry_run=chosen_dry_run(asked),
            revisions=chosen_revisions(asked),
            once=chosen_once(asked),
        )
        return {"operation": {"id": operation}}

    @desk.delete(
        "/api/v1/applications/<name>/operation",
        does="Ends the operation that runs or waits, and a request that was not begun",
        access=Access("applications", "sync", application),
        tag="applications",
        query=(NAMESPACE,),
        status=202,
        answers="AskedOperation",
    )
    def terminate_operation(name: str) -> Any:
        operation = ask_termination(composition.ask_ports(), desk.key(name), desk.caller.name)
        return {"operation": {"id": operation}}
