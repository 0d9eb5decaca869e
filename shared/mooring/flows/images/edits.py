"""New tags as edits of files, or as overrides of a declared application: the forms of Image Updater's "Update methods".

The method `argocd` sets what a person would set by `argocd app set`: `spec.source.helm.parameters` and
`spec.source.kustomize.images` of the declared application. Pure.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Iterable
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.images.planning import Update
from mooring.model.objects import Manifest
from mooring.writeback.edits import Edit, SetImage, SetOverrides, SetValues

__all__ = ["edits_of", "overridden", "version_of"]

_OVERRIDES: Final = ".argocd-source-"
_NO_KIND: Final = (
    "is neither Helm nor Kustomize, so no image can be set; name what to write with write-back-target, or give the "
    "source's manifests a kustomization.yaml"
)


def version_of(update: Update) -> str:
    """What an image is brought to, as people write it: the tag, with the digest where that is followed."""
    return f"{update.new_tag}@{update.new_digest}" if update.new_digest else update.new_tag


def edits_of(updates: Iterable[Update], source_types: tuple[str, ...]) -> tuple[Edit, ...]:
    """What the updates of one application change in git; `source_types` are the kinds of its sources, as rendered.

    Raises `ConfigurationError` where its kind of source knows no images.
    """
    return tuple(_edit(each, source_types) for each in updates)


def _edit(update: Update, source_types: tuple[str, ...]) -> Edit:
    target = update.target
    if target.kind == "kustomization":
        name = update.keys.kustomize_name or update.image
        new_name = update.image.text if name != update.image else ""
        return Edit(target.path, SetImage(name.text, new_name, update.new_tag, update.new_digest))
    if target.kind == "helmvalues":
        return Edit(target.path, SetValues(_parameters(update, named=False)))
    folder, _, file = target.path.rpartition("/")
    application = file.removeprefix(_OVERRIDES).removesuffix(".yaml")
    if _kind(update, source_types) == "Helm":
        return Edit(folder or ".", SetOverrides(application, parameters=_parameters(update, named=True)))
    return Edit(folder or ".", SetOverrides(application, images=(_kustomized(update),)))


def overridden(declared: Manifest, updates: Iterable[Update], source_types: tuple[str, ...]) -> Manifest:
    """A declared application with the new tags among its parameters. Raises as `edits_of`."""
    document = copy.deepcopy(dict(declared))
    spec = document["spec"]
    for update in updates:
        source: dict[str, Any] = spec["sources"][update.target.source] if spec.get("sources") else spec["source"]
        if _kind(update, source_types) == "Helm":
            parameters: list[dict[str, Any]] = source.setdefault("helm", {}).setdefault("parameters", [])
            for name, value in _parameters(update, named=True):
                there = next((each for each in parameters if each.get("name") == name), None)
                if there is None:
                    parameters.append({"name": name, "value": value, "forceString": True})
                else:
                    there["value"] = value
        else:
            _set_image(source.setdefault("kustomize", {}).setdefault("images", []), _kustomized(update))
    return document


def _kind(update: Update, source_types: tuple[str, ...]) -> str:
    kind = source_types[update.target.source] if update.target.source < len(source_types) else ""
    if kind not in ("Helm", "Kustomize"):
        raise ConfigurationError(_NO_KIND, field="write-back-target", subject=str(update.app))
    return kind


def _parameters(update: Update, *, named: bool) -> tuple[tuple[str, str], ...]:
    """Names and values of Helm parameters; without any name given, those that most charts have (`named`)."""
    keys = update.keys
    if keys.helm_spec:
        return ((keys.helm_spec, f"{update.image.text}:{version_of(update)}"),)
    name, tag = keys.helm_name, keys.helm_tag
    if named and not name and not tag:
        name, tag = "image.name", "image.tag"
    given = ((name, update.image.text), (tag, version_of(update)))
    return tuple((key, value) for key, value in given if key)


def _kustomized(update: Update) -> str:
    """`name:tag`, or `name=image:tag` where the manifests call it otherwise."""
    name = update.keys.kustomize_name
    return f"{name.text}={update.new.text}" if name and name != update.image else update.new.text


def _set_image(images: list[str], new: str) -> None:
    known = [_replaced(each) for each in images]
    if (name := _replaced(new)) in known:
        images[known.index(name)] = new
    else:
        images.append(new)


def _replaced(image: str) -> str:
    """What an override replaces: `name` of `name=other:tag` and of `name:tag@digest`."""
    name, is_named, _ = image.partition("=")
    if is_named:
        return name
    folder, _, last = name.partition("@")[0].rpartition("/")
    return posixpath.join(folder, last.partition(":")[0])
