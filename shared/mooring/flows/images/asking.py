"""What people ask about images: how they stand, what would be written, and that they are looked at now.

Registries are asked where the rights for it are: asking sends a message, and what would be written is kept for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause, ImagesMessage
from mooring.flows.asked.declaring import AskPorts, UnknownApplicationError
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.images.showing import shown_state
from mooring.flows.images.users import updaters_of, users_of
from mooring.model.application import AppKey
from mooring.state.images import ImageStates

__all__ = ["ask_plan", "ask_update", "get_plan", "list_images"]


def list_images(ports: AskPorts, states: ImageStates, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """How the images of one application (`app`) stand, or of all: a row for each. Raises `UnknownApplicationError`."""
    found = states.load(_named(ports, asked) or _users(ports))
    return [row for key, state in sorted(found.items()) for row in shown_state(key, state)]


def ask_plan(ports: AskPorts, states: ImageStates, asked: Mapping[str, str], by: str) -> str:
    """Asks what would be written now; the id that the answer is kept under. Raises `UnknownApplicationError`."""
    keys, now = _named(ports, asked), ports.clock()
    id_ = new_ulid(now)
    states.put_plan(id_, {}, now)
    ports.queues.send("images", [ImagesMessage(Cause("person", id_, by), keys, plan=id_)])
    return id_


def get_plan(states: ImageStates, id_: str) -> dict[str, Any]:
    """What would be written; empty until there is an answer. Raises `UnknownApplicationError` where nobody asked."""
    found = states.plan(id_)
    if found is None:
        raise UnknownApplicationError("no such plan is kept; ask again", subject=id_[:40])
    return found


def ask_update(ports: AskPorts, asked: Mapping[str, str], by: str) -> list[AppKey]:
    """Has images looked at now: of one application (then what was taken back is written, too), or of all.

    Who they are. Raises `UnknownApplicationError`.
    """
    keys = _named(ports, asked)
    cause = Cause("person" if keys else "tick", by=by)
    ports.queues.send("images", [ImagesMessage(cause, keys)])
    return list(keys) or _users(ports)


def _users(ports: AskPorts) -> list[AppKey]:
    return users_of(ports.applications.registered(), updaters_of(ports.registry, ports.registry.known()))


def _named(ports: AskPorts, asked: Mapping[str, str]) -> tuple[AppKey, ...]:
    name = asked.get("app", "")
    if not name:
        return ()
    key = AppKey.parse(name if "/" in name else f"argocd/{name}")
    if key not in ports.applications.specs([key]):
        raise UnknownApplicationError("no application of this name is declared", subject=str(key))
    if key not in _users(ports):
        told = "has no images to be kept up to date; give it the annotation argocd-image-updater.argoproj.io/image-list"
        raise ConfigurationError(told, subject=str(key))
    return (key,)
