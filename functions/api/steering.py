"""The routes by which people steer an application beside syncing it: rollback, pause, refresh, confirm, actions.

What changes a cluster is done by `sync`, and its outcome is fetched by the id that is answered. The addresses follow
Argo CD's; where its query takes an object's `namespace`, this API has `resourceNamespace`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from choices import ROLLBACK, chosen_dry_run, refuse_unknown
from declared import NAMESPACE, Access, Param, flag
from looks import OBJECT
from objects import application, project_of

from mooring.access.rbac import named
from mooring.errors import ConfigurationError
from mooring.flows.asked.handling import UnknownHandlingError, ask_action, ask_deletion, outcome, read_parameters
from mooring.flows.asked.looks import ask_look
from mooring.flows.asked.steering import ask_confirmation, ask_refresh, ask_rollback, pause, resume
from mooring.model.moments import told_time
from mooring.model.objects import ObjectKey

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

    from mooring.state.records import Paused

__all__ = ["add_steering_routes"]

_PATH = "/api/v1/applications/<name>"


def acted_on(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The application: `action/GROUP/KIND/ACTION`."""
    key, asked, body = desk.key(places["name"]), desk.query, desk.body()
    action = body.get("action") if isinstance(body, dict) else None
    told = f"action/{asked.get('group', '')}/{asked.get('kind', '')}/{action if isinstance(action, str) else ''}"
    return [(told, named(project_of(desk, key), key))]


def deleted(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The application: `delete/GROUP/KIND/NAMESPACE/NAME`."""
    key, asked = desk.key(places["name"]), desk.query
    parts = (asked.get(name, "") for name in ("group", "kind", "resourceNamespace", "resourceName"))
    return [("/".join(("delete", *parts)), named(project_of(desk, key), key))]


_SYNCS = Access("applications", "sync", application)
_UPDATES = Access("applications", "update", application)
_READS = Access("applications", "get", application)


def add_steering_routes(desk: Desk) -> None:
    """Adds what `mooring app rollback|pause|resume|refresh|confirm|actions|delete-resource` ask for."""
    composition = desk.composition
    desk.missing(UnknownHandlingError)

    @desk.post(
        f"{_PATH}/rollback",
        does="Syncs to what a past sync brought, and pauses automated sync where it is on",
        access=_SYNCS,
        tag="applications",
        query=(NAMESPACE,),
        body="RollbackRequest",
        status=202,
        answers="AskedRollback",
    )
    def roll_back(name: str) -> Any:
        asked = desk.body()
        refuse_unknown(asked, ROLLBACK)
        back = ask_rollback(
            composition.ask_ports(),
            desk.key(name),
            desk.caller.name,
            to=_past(asked),
            prune=_choice(asked, "prune"),
            dry_run=chosen_dry_run(asked),
        )
        past = back.operation
        to = {"operation": past.id, "revision": past.revision, "deployedAt": told_time(past.finished_at)}
        return {"operation": {"id": back.id}, "to": to, "paused": _paused(back.paused)}

    @desk.post(
        f"{_PATH}/pause",
        does="Stops automated sync and self-heal until they are resumed, or somebody syncs",
        access=_UPDATES,
        tag="applications",
        query=(NAMESPACE,),
        body="PauseRequest",
        answers="PauseState",
    )
    def pause_application(name: str) -> Any:
        why = _mapping(desk.body()).get("why", "")
        if not isinstance(why, str):
            raise ConfigurationError("must be a text", field="why")
        return {"paused": _paused(pause(composition.ask_ports(), desk.key(name), desk.caller.name, why))}

    @desk.post(
        f"{_PATH}/resume",
        does="Lets automated sync and self-heal go on; what was held back is made up for",
        access=_UPDATES,
        tag="applications",
        query=(NAMESPACE,),
        answers="ResumeState",
    )
    def resume_application(name: str) -> Any:
        return {"resumed": resume(composition.ask_ports(), desk.key(name), desk.caller.name)}

    @desk.post(
        f"{_PATH}/refresh",
        does="Has git and the cluster looked at now",
        access=_READS,
        tag="applications",
        query=(NAMESPACE, flag("hard", "Whether all is rendered anew, whatever is remembered")),
        status=202,
    )
    def refresh_application(name: str) -> None:
        ask_refresh(composition.ask_ports(), desk.key(name), desk.caller.name, hard=desk.flag("hard") is True)

    @desk.post(
        f"{_PATH}/confirm",
        does="Confirms the deletions that wait for somebody's word (Prune=confirm, Delete=confirm)",
        access=_SYNCS,
        tag="applications",
        query=(NAMESPACE,),
        status=202,
        answers="Confirmed",
    )
    def confirm_deletions(name: str) -> Any:
        operation = ask_confirmation(composition.ask_ports(), desk.key(name), desk.caller.name)
        return {"operation": {"id": operation} if operation else None}

    @desk.delete(
        f"{_PATH}/resource",
        does="Deletes one object of the application, or one that its objects own",
        access=Access("applications", "delete", deleted),
        tag="live",
        query=(
            NAMESPACE,
            *OBJECT,
            flag("force", "Whether it goes at once: what it owns follows, and pods get no time to end"),
            flag("orphan", "Whether what it owns stays"),
        ),
        status=202,
        answers="AskedHandling",
    )
    def delete_resource(name: str) -> Any:
        _, id_ = ask_deletion(
            composition.register_ports(),
            desk.key(name),
            _object(desk),
            desk.caller.name,
            desk.now(),
            force=desk.flag("force") is True,
            orphan=desk.flag("orphan") is True,
        )
        return {"check": {"id": id_}}

    @desk.get(
        f"{_PATH}/resource/actions",
        does="The actions that one object has, and which of them make sense now",
        access=_READS,
        tag="live",
        query=(NAMESPACE, *OBJECT, Param("version", "The version in which it is read")),
        answers="Offers",
    )
    def list_resource_actions(name: str) -> Any:
        key = _object(desk)
        more = {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}
        return ask_look(composition.looks, "actions", desk.key(name), **more, version=desk.query.get("version", ""))

    @desk.post(
        f"{_PATH}/resource/actions",
        does="Runs an action on one object",
        access=Access("applications", "action", acted_on),
        tag="live",
        query=(NAMESPACE, *OBJECT),
        body="ActionRequest",
        status=202,
        answers="AskedHandling",
    )
    def run_resource_action(name: str) -> Any:
        asked = _mapping(desk.body())
        action = asked.get("action")
        if not isinstance(action, str) or not action:
            raise ConfigurationError("must name an action", field="action")
        given = asked.get("parameters", asked.get("resourceActionParameters"))
        _, id_ = ask_action(
            composition.register_ports(),
            desk.key(name),
            _object(desk),
            action,
            read_parameters(given),
            desk.caller.name,
            desk.now(),
        )
        return {"check": {"id": id_}}

    @desk.get(
        f"{_PATH}/checks/<id>",
        does="What came of an action or of a deletion, once it is known; for an hour",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="Handled",
    )
    def get_outcome(name: str, id: str) -> Any:
        found = outcome(composition.register_ports(), desk.key(name), id)
        return {"done": found is not None, "found": found}


def _object(desk: Desk) -> ObjectKey:
    asked = desk.query
    parts = (asked.get(name, "") for name in ("group", "kind", "resourceNamespace", "resourceName"))
    return ObjectKey(*parts)


def _mapping(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ConfigurationError("must be a JSON object", field="body")
    return body


def _choice(asked: dict[str, Any], name: str) -> bool | None:
    found = asked.get(name)
    if found is not None and not isinstance(found, bool):
        raise ConfigurationError("must be true or false", field=name)
    return found


def _past(asked: dict[str, Any]) -> str | int | None:
    """The past sync that is meant: an operation's id, or its number in the history (Argo CD's `id`)."""
    operation, number = asked.get("operation"), asked.get("id")
    if operation is not None and (not isinstance(operation, str) or not operation):
        raise ConfigurationError("must be the id of an operation", field="operation")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise ConfigurationError("must be a number of the history; an operation's id goes into operation", field="id")
    if operation is not None and number is not None:
        raise ConfigurationError("can't be set together with operation", field="id")
    return number or None if operation is None else operation


def _paused(paused: Paused | None) -> dict[str, Any] | None:
    return None if paused is None else {**asdict(paused), "at": told_time(paused.at)}
