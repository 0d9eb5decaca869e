"""The routes of the record, and what puts every action on it before it is carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from declared import NAMESPACE, PAGES, Access, Param
from objects import application

from mooring.errors import ConfigurationError, MooringError
from mooring.flows.asked.acting import action_of, is_action
from mooring.flows.asked.audittrail import (
    list_chains,
    list_operations,
    list_records,
    show_operation,
)
from mooring.flows.asked.looks import UnknownOperationError
from mooring.flows.asked.ulid import new_ulid

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_audit_routes", "note_refusal", "note_session", "recorded"]

_CHAINS = (
    Param("app", "Of this application, NAMESPACE/NAME"),
    Param("chain", "Of this chain"),
    Param("kind", "Of this kind", choices=("operation", "drift", "action")),
)


def recorded(desk: Desk, carry_out: Callable[[], Response[Any]]) -> Response[Any]:
    """Carries out a request that was let in; an action goes on record first, and again where it was refused."""
    if not _is_action(desk):
        return carry_out()
    actions, action = desk.composition.record_ports().actions, _action(desk)
    id_ = new_ulid(desk.now())
    actions.note(id_, action)
    try:
        answer = carry_out()
    except MooringError as error:
        refused = action | {"outcome": "refused", "message": str(error), "told": {"of": id_}}
        actions.note(new_ulid(desk.now()), refused)
        raise
    if answer.status_code >= 400:
        told = {"of": id_, "status": answer.status_code}
        actions.note(new_ulid(desk.now()), action | {"outcome": "refused", "told": told})
    return answer


def note_refusal(desk: Desk, error: MooringError) -> None:
    """Puts on record that somebody who is known asked for an action that they may not."""
    if _is_action(desk):
        refused = _action(desk) | {"outcome": "refused", "message": str(error)}
        desk.composition.record_ports().actions.note(new_ulid(desk.now()), refused)


def note_session(desk: Desk, name: str) -> None:
    """Puts on record that a session begins or ends, and whose."""
    desk.composition.record_ports().actions.note(new_ulid(desk.now()), _action(desk) | {"actor": name})


def _is_action(desk: Desk) -> bool:
    event = desk.app.current_event
    return is_action(event.http_method, event.path)


def _action(desk: Desk) -> dict[str, Any]:
    event = desk.app.current_event
    return action_of(
        event.http_method, event.path, desk.query, _body(desk), actor=desk.caller.name, now=desk.now(),
        source=event.request_context.http.source_ip or "", agent=desk.headers.get("user-agent", ""),
    )  # fmt: skip


def _body(desk: Desk) -> bytes:
    """The body, or nothing where it can't be read: whoever wants it says so."""
    try:
        return desk.text().encode()
    except ConfigurationError:
        return b""


def add_audit_routes(desk: Desk) -> None:
    """Adds what `mooring audit` and `mooring app history` ask for."""
    composition = desk.composition
    desk.missing(UnknownOperationError)

    @desk.get(
        "/api/v1/audit",
        does="The record of who did what, chain by chain, each in order of time or the newest first",
        access=Access("audit", "get", "*"),
        tag="audit",
        query=(
            *_CHAINS,
            Param("since", "The first moment, as 2026-03-01T02:00:00Z"),
            Param("until", "The last moment"),
            Param("order", "Which of each chain comes first; the oldest without it", choices=("oldest", "newest")),
            *PAGES,
        ),
        answers="Records",
    )
    def list_audit() -> Any:
        return list_records(composition.record_ports(), desk.query)

    @desk.get(
        "/api/v1/audit/chains",
        does="Where the chains of the record end, to be kept elsewhere and compared later",
        access=Access("audit", "get", "*"),
        tag="audit",
        query=(*_CHAINS, *PAGES),
        answers="Chains",
    )
    def list_audit_chains() -> Any:
        return desk.page((each["chain"], each) for each in list_chains(composition.record_ports(), desk.query))

    @desk.get(
        "/api/v1/applications/<name>/operations",
        does="The newest operations of an application, newest first",
        access=Access("applications", "get", application),
        tag="applications",
        query=(NAMESPACE, *PAGES),
        answers="Records",
    )
    def list_application_operations(name: str) -> Any:
        return list_operations(composition.record_ports(), desk.key(name), desk.query)

    @desk.get(
        "/api/v1/applications/<name>/operations/<ident>",
        does="One operation of an application",
        access=Access("applications", "get", application),
        tag="applications",
        query=(NAMESPACE,),
        answers="Record",
    )
    def get_application_operation(name: str, ident: str) -> Any:
        return show_operation(composition.record_ports(), desk.key(name), ident.upper())
