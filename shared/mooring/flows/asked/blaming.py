"""Who set the fields of an object: asked here, answered by `sync` (`flows.syncs.blaming`), fetched as what came of
an action is (`flows.asked.handling`), by whoever may read the application.
"""

from __future__ import annotations

from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.registering import RegisterPorts
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = ["ask_blame"]


def ask_blame(ports: RegisterPorts, app: AppKey, body: Any, by: str, now: float) -> str:
    """Has the fields of an object looked at; returns the id under which the answer will be.

    `body.object` is `KIND/NAME`, `KIND.GROUP/NAME`, or with a namespace in the middle. Raises `ConfigurationError`
    where no object or more than one fits, `UnknownApplicationError`.
    """
    record = ports.applications.load([app], inventory=True)[app]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(app))
    named = body.get("object") if isinstance(body, dict) else None
    if not isinstance(named, str) or named.count("/") not in (1, 2):
        raise ConfigurationError("must be KIND/NAME or KIND/NAMESPACE/NAME", field="object")
    fitting = sorted(key for key in record.inventory if _fits(key, named))
    if len(fitting) != 1:
        told = ", ".join(_spelt(key) for key in fitting or sorted(record.inventory)[:20])
        problem = (
            f"means several objects: {told}" if fitting else f"is no object of {app.name}; it has {told or 'none'}"
        )
        raise ConfigurationError(problem, field="object")
    cluster, check = record.status.cluster, new_ulid(now)
    ports.registry.put_check(cluster, check, None, now=now, asked={"application": str(app), "do": "blame"})
    message = ObjectMessage(cluster, (fitting[0],), Cause("person", check, by), app, check)
    ports.queues.send("syncs", [message], alone=True)
    return check


def _fits(key: ObjectKey, named: str) -> bool:
    kind, *namespace, name = named.split("/")
    wanted, _, group = kind.lower().partition(".")
    kinds = (key.kind.lower(), f"{key.kind.lower()}s")
    return wanted in kinds and group in ("", key.group) and name == key.name and namespace in ([], [key.namespace])


def _spelt(key: ObjectKey) -> str:
    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    return "/".join(part for part in (kind, key.namespace, key.name) if part)
