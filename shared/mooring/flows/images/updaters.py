"""The resource `ImageUpdater`, declared by people or by a bundle: checked when it comes in, read when images are.

One that a bundle brings selects applications of its own namespace alone: where the objects of a project may live is
what projects say, and `spec.namespace` would lead elsewhere. An administrator may write it.
"""

from __future__ import annotations

from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause, ImagesMessage
from mooring.flows.asked.declaring import AskPorts
from mooring.model.application import AppKey
from mooring.model.imageupdater import ImageUpdater, parse_image_updater
from mooring.state.imageupdaters import DeclaredUpdater

__all__ = ["UnknownUpdaterError", "declare_updater", "delete_updater", "list_updaters"]

_LARGEST = 100 * 1024  # characters


class UnknownUpdaterError(ConfigurationError):
    """No ImageUpdater of this name is declared."""


def declare_updater(ports: AskPorts, document: Any, by: str, *, bundled: bool = False) -> ImageUpdater:
    """Creates or changes one, and has images looked at.

    Raises `ConfigurationError` naming the field that is wrong, `ConflictError` where somebody else declares it now.
    """
    if len(str(document)) > _LARGEST:
        raise ConfigurationError(f"is larger than the {_LARGEST >> 10} KiB that are kept", field="spec")
    parsed = parse_image_updater(document)
    if bundled and parsed.namespace != parsed.key.namespace:
        told = f"must be {parsed.key.namespace}, where this resource is: another is for an administrator to declare"
        raise ConfigurationError(told, field="spec.namespace", subject=str(parsed.key))
    updaters = ports.registry.image_updaters
    previous = updaters.load([parsed.key]).get(parsed.key)
    if previous is None or previous.declared != document:
        generation = 1 if previous is None else previous.generation + 1
        updaters.declare(DeclaredUpdater(parsed.key, document, generation, by), previous)
        if not bundled:  # a sync may not ask for looks at images; the next sweep does
            ports.queues.send("images", [ImagesMessage(Cause("spec", by=by))])
    return parsed


def delete_updater(ports: AskPorts, key: AppKey) -> None:
    """Removes one; what it had written stays. Raises `UnknownUpdaterError`."""
    if key not in ports.registry.image_updaters.load([key]):
        raise UnknownUpdaterError("no ImageUpdater of this name is declared", subject=str(key))
    ports.registry.image_updaters.remove(key)


def list_updaters(ports: AskPorts) -> list[dict[str, Any]]:
    """All of them by name, as they were declared, with what the reader should know of their text."""
    found = ports.registry.image_updaters.load(ports.registry.image_updaters.names())
    return [
        {**each.declared, "status": {"warnings": list(parse_image_updater(each.declared).warnings)}}
        for _, each in sorted(found.items())
    ]
