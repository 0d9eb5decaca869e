"""Argo CD Image Updater's own resource, `ImageUpdater` (argocd-image-updater.argoproj.io/v1alpha1).

It selects applications by their names and labels, and says for each selection what annotations would say. Settings are
given for all, for a selection and for an image; the nearest counts, field by field (its pages "Update strategies" and
"Update methods", its v1alpha1 types). An application belongs to one selection: the one that names it most exactly.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mooring.model.application import NAME, NAMESPACE, AppKey
from mooring.model.fields import Fields
from mooring.model.imageannotations import parse_annotations, parse_image_spec
from mooring.model.imagesettings import (
    AppImages,
    TendedImage,
    ValuesKeys,
    WriteBack,
    check_image,
    check_keys,
    parse_allow,
    parse_branches,
    parse_method,
    parse_platform,
    parse_pull_secret,
    parse_strategy,
    parse_target,
)
from mooring.model.selectors import Selector, parse_selector

__all__ = ["GROUP", "KIND", "ImageUpdater", "Selection", "declared_images", "parse_image_updater"]

GROUP: Final = "argocd-image-updater.argoproj.io"
KIND: Final = "ImageUpdater"

_HOSTS: Final = ("github", "gitlab", "gitea", "azuredevops", "bitbucket", "codecommit")


@dataclass(frozen=True, slots=True)
class Selection:
    """One of `applicationRefs`. `images` is None where each application's own annotations count."""

    pattern: str
    labels: Selector | None
    images: AppImages | None

    def selects(self, key: AppKey, labels: Mapping[str, str]) -> bool:
        """Whether an application's name and labels fit."""
        fits = fnmatch.fnmatchcase(key.name, self.pattern.replace("[^", "[!"))
        return fits and (self.labels is None or self.labels.matches(labels))

    @property
    def exactness(self) -> tuple[bool, int, bool]:
        """What makes one selection nearer than another: no wildcard, more letters, labels."""
        letters = sum(character not in "*?" for character in self.pattern)
        return not set(self.pattern) & set("*?["), letters, bool(self.labels)


@dataclass(frozen=True, slots=True)
class ImageUpdater:
    """One resource: its own key, the namespace of the applications, and its selections, the most exact first."""

    key: AppKey
    namespace: str
    selections: tuple[Selection, ...]
    warnings: tuple[str, ...] = ()

    def select(self, key: AppKey, labels: Mapping[str, str]) -> Selection | None:
        """The selection that an application belongs to."""
        if key.namespace != self.namespace:
            return None
        return next((each for each in self.selections if each.selects(key, labels)), None)


def declared_images(
    key: AppKey, metadata: Mapping[str, Any], updaters: tuple[ImageUpdater, ...] = ()
) -> AppImages | None:
    """What is declared about an application's images, by a resource that selects it, else by its annotations.

    `metadata` is the application's. Of several resources the first by name counts. Raises `ConfigurationError` that
    names the annotation.
    """
    annotations = metadata.get("annotations") or {}
    for updater in sorted(updaters, key=lambda each: each.key):
        selection = updater.select(key, metadata.get("labels") or {})
        if selection is not None:
            return selection.images if selection.images is not None else parse_annotations(annotations)
    return parse_annotations(annotations)


def parse_image_updater(document: object) -> ImageUpdater:
    """Reads one decoded `ImageUpdater`. Raises `ConfigurationError` with the path of the first field that is wrong."""
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    if top.text("apiVersion") != f"{GROUP}/v1alpha1":
        raise top.error("apiVersion", f"must be {GROUP}/v1alpha1")
    if top.text("kind") != KIND:
        raise top.error("kind", f"must be {KIND}")
    top.ignore("status")
    metadata, spec = top.mapping("metadata"), top.mapping("spec")
    if metadata is None or spec is None:
        raise top.error("metadata" if metadata is None else "spec", "must not be empty")
    key = AppKey(metadata.text("namespace") or "argocd", metadata.required_text("name"))
    if not NAME.fullmatch(key.name) or not NAMESPACE.fullmatch(key.namespace):
        raise metadata.error("name", "must be a DNS name: lower-case letters, digits, '-' and '.'")
    settings = _settings(spec, TendedImage("", _NOTHING))
    write_back = _write_back(spec, WriteBack(), key.namespace)
    selections = [_selection(each, settings, write_back, key.namespace) for each in spec.mappings("applicationRefs")]
    if not selections:
        raise spec.error("applicationRefs", "must name at least one application")
    namespace = spec.text("namespace") or key.namespace
    spec.close()
    top.close()
    selections.sort(key=lambda each: each.exactness, reverse=True)
    return ImageUpdater(key, namespace, tuple(selections), tuple(warnings))


_NOTHING: Final = parse_image_spec("nothing", field="")[1]


def _selection(ref: Fields, settings: TendedImage, write_back: WriteBack, namespace: str) -> Selection:
    pattern, labels = ref.required_text("namePattern"), parse_selector(ref, "labelSelectors")
    own = ref.boolean("useAnnotations", default=False)
    settings, write_back = _settings(ref, settings), _write_back(ref, write_back, namespace)
    images: dict[str, TendedImage] = {}
    for block in ref.mappings("images"):
        image = _image(block, settings, write_back)
        if image.alias in images:
            raise block.error("alias", f"{image.alias!r} is there twice; give each image its own")
        images[image.alias] = image
    if not images and not own:
        raise ref.error("images", "must name at least one image, or set useAnnotations")
    ref.close()
    return Selection(pattern, labels, None if own else AppImages(tuple(images.values()), write_back))


def _image(block: Fields, settings: TendedImage, write_back: WriteBack) -> TendedImage:
    alias = block.required_text("alias")
    _, name, constraint = parse_image_spec(block.required_text("imageName"), field=f"{block.path}.imageName")
    image = _settings(block, settings)
    if platforms := block.texts("platforms"):
        parsed = tuple(parse_platform(each, field=f"{block.path}.platforms") for each in platforms)
        image = replace(image, platforms=parsed)
    image = replace(image, alias=alias, name=name, constraint=constraint, keys=_keys(block))
    block.close()
    fields = {
        "constraint": "imageName",
        "kustomize": "manifestTargets.kustomize",
        "tag": "manifestTargets.helm.tag",
    }

    def where(name: str) -> str:
        return f"{block.path}.{fields[name]}"

    check_image(image, where)
    check_keys(image, write_back, where)
    return image


def _settings(parent: Fields, above: TendedImage) -> TendedImage:
    """`commonUpdateSettings` of a level over those of the level above."""
    block = parent.mapping("commonUpdateSettings")
    if block is None:
        return above
    changes: dict[str, Any] = {}
    if text := block.text("updateStrategy"):
        changes["strategy"] = parse_strategy(text, field=f"{block.path}.updateStrategy")
    if block.has("forceUpdate"):
        changes["force"] = block.boolean("forceUpdate", default=False)
    if text := block.text("allowTags"):
        changes["allow"] = parse_allow(text, field=f"{block.path}.allowTags")
    if block.has("ignoreTags"):
        changes["ignore"] = tuple(each for each in block.texts("ignoreTags") if each)
    if text := block.text("pullSecret"):
        changes["pull_secret"] = parse_pull_secret(text, field=f"{block.path}.pullSecret")
    if block.has("platforms"):
        texts = block.texts("platforms")
        changes["platforms"] = tuple(parse_platform(each, field=f"{block.path}.platforms") for each in texts)
    block.ignore("updateStrategy", "forceUpdate", "allowTags", "ignoreTags", "pullSecret", "platforms")
    block.close()
    return replace(above, **changes)


def _keys(parent: Fields) -> ValuesKeys:
    block = parent.mapping("manifestTargets")
    if block is None:
        return ValuesKeys()
    helm, kustomize = block.mapping("helm"), block.mapping("kustomize")
    if (helm is None) == (kustomize is None):
        raise block.error("helm", "or kustomize must be there, one of them")
    keys = ValuesKeys()
    if helm is not None:
        spec = helm.text("spec")
        name, tag = helm.text("name"), helm.text("tag")
        keys = ValuesKeys("" if spec else name, "" if spec else tag, spec)
        helm.close()
    if kustomize is not None:
        text = kustomize.required_text("name")
        keys = ValuesKeys(kustomize_name=parse_image_spec(text, field=f"{kustomize.path}.name")[1])
        kustomize.close()
    block.close()
    return keys


def _write_back(parent: Fields, above: WriteBack, namespace: str) -> WriteBack:
    """`writeBackConfig` of a level over that of the level above."""
    block = parent.mapping("writeBackConfig")
    if block is None:
        return above
    changes: dict[str, Any] = {}
    if text := block.text("method"):
        changes["method"], changes["credential"] = parse_method(text, field=f"{block.path}.method", namespace=namespace)
        if changes["credential"] and changes["credential"].partition("/")[0] != namespace:
            raise block.error("method", f"may name Secrets of the namespace {namespace} only, where this resource is")
    git = block.mapping("gitConfig")
    if git is not None:
        changes |= _git(git, above)
        git.close()
    block.close()
    return replace(above, **changes)


def _git(git: Fields, above: WriteBack) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if text := git.text("repository"):
        changes["repository"] = text
    if text := git.text("branch"):
        changes["base_branch"], changes["write_branch"] = parse_branches(text, field=f"{git.path}.branch")
    if text := git.text("writeBackTarget"):
        changes["target"], changes["path"] = parse_target(text, field=f"{git.path}.writeBackTarget")
    request = git.raw_mapping("pullRequest")
    if request is not None:
        host = next(iter(request), "").lower()
        if len(request) != 1 or host not in _HOSTS:
            raise git.error("pullRequest", f"must name one code host: {', '.join(_HOSTS)}")
        changes["pull_request"] = host
    if changes.get("pull_request", above.pull_request) and changes.get("write_branch", above.write_branch):
        raise git.error("branch", "can't name a branch to write to beside pullRequest; name the base branch only")
    return changes
