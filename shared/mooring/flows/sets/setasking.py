"""What people ask of ApplicationSets: declare one, delete it, look at it, see what it would change, confirm a removal.

As with applications, asking changes what is remembered and sends a message. A preview is an evaluation that writes
nothing but its answer: it needs git and templates, which the API has not, so it is asked for and then looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import ApplicationSetMessage, Cause
from mooring.flows.asked.declaring import AskPorts
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.ulid import new_ulid
from mooring.model.moments import told_time
from mooring.model.setkey import SetKey
from mooring.state.applicationsets import SetRecord, SetSpec
from mooring.state.records import Deleting

if TYPE_CHECKING:
    from mooring.model.applicationset import ParsedSet

__all__ = [
    "UnknownSetError",
    "ask_preview",
    "confirm_removal",
    "declare_set",
    "delete_set",
    "get_set",
    "list_sets",
    "read_preview",
    "refresh_set",
    "show_set",
]

_LARGEST = 300 * 1024  # characters of a set


class UnknownSetError(ConfigurationError):
    """No ApplicationSet of this name is declared."""


def declare_set(ports: AskPorts, document: object, by: str) -> ParsedSet:
    """Creates or changes a set; declaring the same again has its generators asked at once.

    Raises `ConfigurationError` naming the field that is wrong, `ConflictError` while it is being deleted.
    """
    parsed = _read(document)
    declared = parsed.application_set
    record = _load(ports, declared.key)
    previous = record.spec
    if previous is not None and previous.deleting is not None:
        raise ConflictError("is being deleted; declare it again when that is done", subject=str(declared.key))
    if previous is None or previous.application_set.declared != declared.declared:
        generation = 1 if previous is None else previous.generation + 1
        ports.registry.sets.declare(SetSpec(declared, generation, parsed.warnings, by), previous)
    _tell(ports, declared.key, Cause("spec", by=by))
    return parsed


def delete_set(ports: AskPorts, key: SetKey, by: str, *, cascade: bool) -> None:
    """Asks for a set to be deleted, its applications with it or (without `cascade`) left to themselves."""
    spec = _known(ports, key).spec
    assert spec is not None
    if spec.deleting is None:
        deleting = Deleting(cascade, by, ports.clock())
        ports.registry.sets.declare(replace(spec, generation=spec.generation + 1, deleting=deleting), spec)
    _tell(ports, key, Cause("person", by=by))


def refresh_set(ports: AskPorts, key: SetKey, by: str) -> None:
    """Has the generators asked now."""
    _known(ports, key)
    _tell(ports, key, Cause("person", by=by))


def confirm_removal(ports: AskPorts, key: SetKey, token: str, by: str) -> tuple[str, ...]:
    """Lets a removal happen that waits; returns what it removes. Raises `ConfigurationError` for another token."""
    status = _known(ports, key).status
    if not status.token:
        raise ConfigurationError("no removal waits to be confirmed", subject=str(key))
    if token != status.token:
        raise ConfigurationError(
            "is not the token of the removal that waits now, which may be another than you saw: look at the set again",
            field="token",
            subject=str(key),
        )
    ports.registry.sets.confirm(key, token)
    _tell(ports, key, Cause("person", by=by))
    return status.held


def ask_preview(ports: AskPorts, document: object, by: str) -> str:
    """Asks what a set would change if it were declared like this; returns the id to look the answer up by."""
    parsed = _read(document)
    now = ports.clock()
    ident = new_ulid(now)
    ports.registry.sets.ask_preview(ident, parsed.application_set.declared, now)
    message = ApplicationSetMessage(str(parsed.application_set.key), Cause("person", by=by), preview=ident)
    ports.queues.send("renders", [message])
    return ident


def read_preview(ports: AskPorts, ident: str) -> dict[str, Any] | None:
    """What was found, None while it is not there yet. Raises `UnknownSetError` for an id that nobody gave out."""
    preview = ports.registry.sets.preview(ident)
    if preview is None:
        raise UnknownSetError("no preview of this id is known; they are kept for an hour", field="id")
    found: dict[str, Any] | None = preview.get("found")
    return found


def list_sets(ports: AskPorts) -> list[dict[str, Any]]:
    """All sets by name, with their status."""
    keys = [each.key for each in ports.registry.sets.listed()]
    return [show_set(record) for record in ports.registry.sets.load(keys).values() if record.spec is not None]


def show_set(record: SetRecord, applications: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """A set as Argo CD's API shows it; `applications` are its applications' states by name."""
    spec, status = record.spec, record.status
    assert spec is not None
    declared = spec.application_set.declared
    metadata = {**declared["metadata"], "namespace": record.key.namespace, "generation": spec.generation}
    if spec.deleting is not None:
        metadata["deletionTimestamp"] = told_time(spec.deleting.at)
    current = record.basis.generation == spec.generation
    conditions = [
        {
            "type": each.type,
            "status": str(each.holds),
            "reason": each.reason,
            "message": each.message,
            "lastTransitionTime": told_time(each.since),
        }
        for each in status.conditions
        if current
    ]
    conditions += [{"type": "UnknownFieldWarning", "status": "True", "message": each} for each in spec.warnings]
    shown: dict[str, Any] = {"conditions": conditions, "observedGeneration": record.basis.generation}
    if status.members:
        shown["applicationStatus"] = [
            {"application": each.name, "step": "-1" if each.step is None else str(each.step + 1), "status": each.stage}
            for each in status.members
        ]
    if status.held:
        shown["heldRemoval"] = {"applications": list(status.held), "token": status.token}
    if applications is not None:
        shown["resources"] = [
            {
                "group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
                "namespace": record.key.namespace, "name": name, **state,
            }
            for name, state in applications.items()
        ]  # fmt: skip
        shown["resourcesCount"] = len(applications)
    return {**declared, "metadata": metadata, "status": shown}


def get_set(ports: AskPorts, key: SetKey) -> dict[str, Any]:
    """One set, with the states of its applications. Raises `UnknownSetError`."""
    record = _known(ports, key)
    mine = [each.key for each in ports.applications.registered() if each.owner == str(key)]
    states = {}
    for app, each in ports.applications.load(mine).items():
        if each.spec is not None:
            shown = show_application(each, brief=True)["status"]
            states[app.name] = {"status": shown["sync"]["status"], "health": shown["health"]}
    return show_set(record, states)


def _read(document: object) -> ParsedSet:
    if len(str(document)) > _LARGEST:
        raise ConfigurationError(f"is larger than the {_LARGEST >> 10} KiB that are kept", field="spec")
    from mooring.model.applicationset import parse_application_set  # few bundles that are synced hold a set

    parsed = parse_application_set(document)
    with Expressions() as expressions:
        Rules(parsed.application_set.ignore_differences, expressions).check()
    return parsed


def _load(ports: AskPorts, key: SetKey) -> SetRecord:
    return ports.registry.sets.load([key])[key]


def _known(ports: AskPorts, key: SetKey) -> SetRecord:
    record = _load(ports, key)
    if record.spec is None:
        raise UnknownSetError("no ApplicationSet of this name is declared", subject=str(key))
    return record


def _tell(ports: AskPorts, key: SetKey, cause: Cause) -> None:
    ports.queues.send("renders", [ApplicationSetMessage(str(key), cause)])
