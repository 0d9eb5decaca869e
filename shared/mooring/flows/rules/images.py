"""What settings say of images that are kept up to date: registries, and how commits look.

    registries.conf                registries that need settings (`model.imageregistries`)
    git.user, git.email            whose commits they are; git.commit-message-template, git.commit-sign-off
    git.pull-request-labels        labels of pull requests, with commas between; ours beside Image Updater's own keys

The keys are those of Image Updater's `argocd-image-updater-config`; here they stand in `argocd-cm` with all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.model.imageregistries import RegistryEndpoint, parse_registries
from mooring.source.drafts import Person
from mooring.writeback.updates import MOORING, Style

__all__ = ["ImageSettings", "read_image_settings"]

_REGISTRIES = "registries.conf"
_SIGN_OFF = "git.commit-sign-off"
_LABELS = "git.pull-request-labels"


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Registries with settings of their own, and how commits look."""

    endpoints: tuple[RegistryEndpoint, ...] = ()
    style: Style = Style()


def read_image_settings(data: Mapping[str, str]) -> ImageSettings:
    """The settings in the data of an `argocd-cm`. Raises `ConfigurationError` naming the key."""
    from mooring.render.yaml import load_documents  # few look at settings

    documents = load_documents(data.get(_REGISTRIES, ""), where=f"data[{_REGISTRIES}]")
    try:
        endpoints = parse_registries(documents[0]) if documents and documents[0] is not None else ()
    except ConfigurationError as error:
        raise ConfigurationError(error.message, field=f"data[{_REGISTRIES}].{error.field}") from error
    sign_off = data.get(_SIGN_OFF, "false").strip()
    if sign_off not in ("true", "false"):
        raise ConfigurationError("must be true or false, as text", field=f"data[{_SIGN_OFF}]")
    author = Person(
        data.get("git.user", "").strip() or MOORING.name, data.get("git.email", "").strip() or MOORING.email
    )
    for key, value in (("git.user", author.name), ("git.email", author.email)):
        if any(character in value for character in "<>\n\0"):
            raise ConfigurationError("can be nobody's; write a plain name or address", field=f"data[{key}]")
    template = data.get("git.commit-message-template", "")
    labels = tuple(each.strip() for each in data.get(_LABELS, "").split(",") if each.strip())
    return ImageSettings(endpoints, Style(template, author, None, sign_off == "true", labels))
