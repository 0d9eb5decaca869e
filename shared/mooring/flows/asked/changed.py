"""Asking which fields an operation changed: `sync`, the only function that opens bundles, finds out.

The answer is kept under the operation's own id, since it never becomes another one.
"""

from __future__ import annotations

from typing import Any

from mooring.errors import PermanentError
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.registering import RegisterPorts
from mooring.model.application import AppKey

__all__ = ["UnknownOperationError", "ask_changes", "changes_of"]


class UnknownOperationError(PermanentError):
    """No operation of this application has this id."""


def ask_changes(ports: RegisterPorts, app: AppKey, id_: str, by: str, now: float) -> tuple[str, str]:
    """Has the bundles of an operation compared; returns the cluster and the id under which the answer will be.

    Raises `UnknownApplicationError` and `UnknownOperationError`.
    """
    record = ports.applications.load([app])[app]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(app))
    if all(link.id != id_ for _, link, _ in ports.applications.links(app, id_, f"{id_}~")):
        raise UnknownOperationError(f"no operation has the id {id_}; `mooring app history --all` lists them")
    cluster = record.status.cluster
    ports.registry.put_check(cluster, id_, None, now=now, asked={"application": str(app), "do": "compare"})
    ports.queues.send("syncs", [ObjectMessage(cluster, (), Cause("person", id_, by), app, id_)], alone=True)
    return cluster, id_


def changes_of(ports: RegisterPorts, app: AppKey, id_: str) -> dict[str, Any] | None:
    """What was found, or None while nobody has looked. Raises `UnknownOperationError` for what was never asked."""
    cluster = ports.applications.load([app])[app].status.cluster
    known = ports.registry.check(cluster, id_) if cluster else None
    if known is None or all(link.id != id_ for _, link, _ in ports.applications.links(app, id_, f"{id_}~")):
        raise UnknownOperationError(f"nobody has asked what {id_} changed in the last hour; POST asks for it")
    return known.get("found")
