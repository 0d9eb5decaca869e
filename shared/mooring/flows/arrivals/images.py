"""An image was pushed: whoever uses it is looked at, by the function `images`.

Only who may use it is found out here: one query for all applications, and no message for an image that nobody uses,
which is most of what a registry tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from mooring.events.forges.happenings import ImagePushed
from mooring.events.messages import Cause, ImagesMessage
from mooring.flows.images.users import updaters_of, users_of
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.registry import Registry

__all__ = ["send_for_images"]


def send_for_images(
    applications: Applications, registry: Registry, queues: Queues, pushed: Sequence[ImagePushed], cause: Cause
) -> list[AppKey]:
    """Sends what has those who use these images looked at; who they may be. Raises what the table and queues raise."""
    images = tuple(dict.fromkeys(each.image for each in pushed))
    users = users_of(applications.registered(), updaters_of(registry, registry.known()), images)
    if users:
        queues.send("images", [ImagesMessage(cause, images=images)])
    return users
