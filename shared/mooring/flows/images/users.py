"""Who may use an image, as far as the list of all applications tells: what `webhook` knows of images."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.errors import ConfigurationError
from mooring.model.application import AppKey
from mooring.model.imageannotations import parse_image_spec
from mooring.model.imageupdater import ImageUpdater, parse_image_updater
from mooring.state.lists import Listed
from mooring.state.registry import Known, Registry

__all__ = ["updaters_of", "used_images", "users_of"]


def updaters_of(registry: Registry, known: Known) -> tuple[ImageUpdater, ...]:
    """The resources `ImageUpdater` that are declared; none are read where there are none."""
    if not known.updaters:
        return ()
    found = registry.image_updaters.load(AppKey.parse(name) for name in known.updaters)
    return tuple(parse_image_updater(each.declared) for _, each in sorted(found.items()))


def users_of(listed: Iterable[Listed], updaters: tuple[ImageUpdater, ...], images: Iterable[str] = ()) -> list[AppKey]:
    """The applications that may be concerned by new tags of these images, or all with any; which of those that a
    resource selects it is, their labels say.
    """
    wanted = set(images)
    namespaces = {each.namespace for each in updaters}
    return [
        each.key
        for each in listed
        if each.key.namespace in namespaces or (each.images and (not wanted or wanted & used_images(each.images)))
    ]


def used_images(annotation: str) -> set[str]:
    """The repositories that an `image-list` names; what can't be read names none."""
    found = set()
    for each in annotation.split(","):
        try:
            found.add(parse_image_spec(each.strip(), field="image-list")[1].repository)
        except ConfigurationError:
            continue
    return found
