"""Which actions one object has, and which of them make sense as it is now; `sync` asks the same before it acts."""

from __future__ import annotations

from typing import Any

from mooring.actions.running import offered
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.looking.owned import find_owned
from mooring.flows.looking.ports import LookPorts, place_of
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = ["show_actions"]


def show_actions(ports: LookPorts, app: AppKey, key: ObjectKey, version: str = "") -> dict[str, Any]:
    """The actions of one object of the application, by name.

    Raises as `place_of`, `NoSuchObjectError` for an object that is not there or not the application's, and
    `ConfigurationError` where a script of users fails.
    """
    found = find_owned(place_of(ports, app), key, version)
    if found is None or found.live is None:
        raise NoSuchObjectError("the object is not in the cluster", subject=str(key))
    return {"actions": [each.to_json() for each in offered(found.live, ports.targets.settings.actions)]}
