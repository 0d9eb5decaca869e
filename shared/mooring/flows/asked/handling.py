"""Things that people want done with one live object, asked here and done by `sync` (`flows.syncs.acting`).

What is wanted is kept for an hour under an id, beside what came of it, and is read there as a check is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.registering import RegisterPorts
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey
from mooring.model.moments import told_time
from mooring.model.objects import ObjectKey

__all__ = ["UnknownHandlingError", "ask_action", "ask_deletion", "outcome", "read_parameters"]

_MOST = 50  # parameters
_LONGEST = 2000  # characters of one


class UnknownHandlingError(ConfigurationError):
    """Nothing of this id was asked for of the application, or it was more than an hour ago."""


def outcome(ports: RegisterPorts, app: AppKey, id_: str) -> dict[str, Any] | None:
    """What came of an action or a deletion; None as long as it is not done.

    Raises `UnknownHandlingError`.
    """
    record = ports.applications.load([app])[app]
    known = ports.registry.check(record.status.cluster, id_) if record.status.cluster else None
    told = known and (known.get("found") or known.get("asked"))
    if known is None or not isinstance(told, dict) or told.get("application") != str(app):
        raise UnknownHandlingError("nothing of this id was asked for in the last hour", subject=str(app))
    return known.get("found")


def ask_action(
    ports: RegisterPorts,
    app: AppKey,
    key: ObjectKey,
    action: str,
    parameters: Mapping[str, str],
    by: str,
    now: float,
) -> tuple[str, str]:
    """Asks for an action on an object; returns the cluster and the id under which the outcome will be.

    Raises `UnknownApplicationError`, `ConfigurationError`.
    """
    if not action or len(action) > _LONGEST:
        raise ConfigurationError("must name an action", field="action")
    at = told_time(now)
    return _ask(ports, app, key, {"do": "action", "action": action, "parameters": dict(parameters), "at": at}, by, now)


def ask_deletion(
    ports: RegisterPorts, app: AppKey, key: ObjectKey, by: str, now: float, *, force: bool = False, orphan: bool = False
) -> tuple[str, str]:
    """Asks for an object's deletion; `orphan` leaves what it owns, `force` waits for nothing.

    Raises as `ask_action` does. Source: Argo CD, command reference, `argocd app delete-resource`.
    """
    return _ask(ports, app, key, {"do": "delete", "force": force, "orphan": orphan}, by, now)


def read_parameters(given: Any) -> dict[str, str]:
    """Parameters as Argo CD's API has them (a list of `{name, value}`), or a mapping. Raises `ConfigurationError`."""
    if given is None:
        return {}
    if isinstance(given, list) and all(isinstance(each, dict) for each in given):
        given = {each.get("name"): each.get("value") for each in given}
    well = isinstance(given, dict) and all(
        isinstance(part, str) and len(part) <= _LONGEST for pair in given.items() for part in pair
    )
    if not well or len(given) > _MOST:
        raise ConfigurationError("must be a list of {name, value}, both texts", field="parameters")
    return dict(given)


def _ask(
    ports: RegisterPorts, app: AppKey, key: ObjectKey, wanted: dict[str, Any], by: str, now: float
) -> tuple[str, str]:
    if not key.kind or not key.name:
        raise ConfigurationError("must name an object by group, kind, namespace and resourceName", field="resourceName")
    record = ports.applications.load([app])[app]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(app))
    if record.spec.deleting is not None:
        raise ConfigurationError("the application is being deleted", subject=str(app))
    if not record.status.cluster:
        raise ConfigurationError("the application was never synced, so it has no objects", subject=str(app))
    cluster, id_ = record.status.cluster, new_ulid(now)
    ports.registry.put_check(cluster, id_, None, now=now, asked={"application": str(app), **wanted})
    message = ObjectMessage(cluster, (key,), Cause("person", id_, by), app, act=id_)
    ports.queues.send("syncs", [message], alone=True)
    return cluster, id_
