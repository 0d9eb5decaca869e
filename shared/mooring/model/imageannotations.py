"""Images to be kept up to date, as annotations of an Application say it: `argocd-image-updater.argoproj.io/…`.

Names and meanings are those of Argo CD Image Updater ("Configuring images for update", "Update methods"). Where it
guesses, this refuses: a misspelled strategy there means semver, and a setting for an alias that no image has is passed
over, so that a filter which somebody relies on isn't there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mooring.errors import ConfigurationError
from mooring.model.imagenames import ImageName, parse_name
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

__all__ = ["IMAGE_LIST", "PREFIX", "PULL_REQUEST", "parse_annotations", "parse_image_spec"]

PREFIX: Final = "argocd-image-updater.argoproj.io/"
IMAGE_LIST: Final = f"{PREFIX}image-list"
PULL_REQUEST: Final = "mooring.dev/image-pull-request"
"""Mooring's own: "true" has tags written by a pull request on the host that the repository lies on."""

_OF_ALL: Final = ("update-strategy", "allow-tags", "ignore-tags", "force-update", "pull-secret", "platforms")
_OF_ONE: Final = (*_OF_ALL, "helm.image-name", "helm.image-tag", "helm.image-spec", "kustomize.image-name")
_OF_APPLICATION: Final = ("image-list", "write-back-method", "write-back-target", "git-branch", "git-repository")
_ALIAS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")


@dataclass(frozen=True, slots=True)
class _Settings:
    """Settings as they are looked for: those of one alias, then those of the application."""

    annotations: Mapping[str, str]
    alias: str

    def field(self, name: str) -> str:
        """The annotation that holds a setting, or would."""
        own = f"{PREFIX}{self.alias.replace('/', '_')}.{name}"
        wide = f"{PREFIX}{name}"
        return wide if not self.alias or (own not in self.annotations and wide in self.annotations) else own

    def text(self, name: str) -> str:
        return self.annotations.get(self.field(name), "").strip()

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(part for each in self.text(name).split(",") if (part := each.strip()))

    def switch(self, name: str) -> bool:
        value = self.text(name)
        if value in _TRUE:
            return True
        if value in ("", *_FALSE):
            return False
        raise ConfigurationError('must be "true" or "false"', field=self.field(name))


def parse_annotations(annotations: Mapping[str, str]) -> AppImages | None:
    """What an Application's annotations say about its images, None where they name none.

    Raises `ConfigurationError` that names the annotation.
    """
    if IMAGE_LIST not in annotations:
        return None
    images = tuple(_images(annotations))
    if not images:
        raise ConfigurationError("names no image; write [alias=]image[:version], with commas between", field=IMAGE_LIST)
    aliases = [each.alias.replace("/", "_") for each in images]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise ConfigurationError(f"has the alias {alias!r} twice; give each image its own", field=IMAGE_LIST)
    warnings = tuple(_strangers(annotations, aliases))
    write_back = _write_back(annotations)
    for image in images:
        check_image(image, lambda name, image=image: _field(annotations, image, name))  # type: ignore[misc]
        check_keys(image, write_back, lambda name, image=image: _field(annotations, image, name))  # type: ignore[misc]
    return AppImages(images, write_back, warnings)


def parse_image_spec(text: str, *, field: str) -> tuple[str, ImageName, str]:
    """The alias (empty where there is none), the name and the constraint of `[alias=]image[:constraint]`.

    A constraint may hold `=` itself (`nginx:>=1.2`). Raises `ConfigurationError`.
    """
    alias, equals, rest = text.partition("=")
    if not equals or ":" in alias:
        alias, rest = "", text
    elif not _ALIAS.fullmatch(alias.strip()):
        raise ConfigurationError(f"{alias.strip()!r} is no alias; use letters, digits and '-'", field=field)
    folder, slash, last = rest.strip().rpartition("/")
    last, _, constraint = last.partition(":")
    if "@" in rest:
        raise ConfigurationError(
            f"{rest.strip()!r} is held to a digest; name a range of versions or a tag", field=field
        )
    return alias.strip(), parse_name(f"{folder}{slash}{last}", field=field), constraint.strip()


def _images(annotations: Mapping[str, str]) -> Iterator[TendedImage]:
    for each in annotations[IMAGE_LIST].split(","):
        if not each.strip():
            continue
        alias, name, constraint = parse_image_spec(each.strip(), field=IMAGE_LIST)
        yield _image(_Settings(annotations, alias), alias or name.text, name, constraint)


def _image(settings: _Settings, alias: str, name: ImageName, constraint: str) -> TendedImage:
    strategy, allow, secret = (
        settings.text("update-strategy"),
        settings.text("allow-tags"),
        settings.text("pull-secret"),
    )
    return TendedImage(
        alias=alias,
        name=name,
        constraint=constraint,
        strategy=parse_strategy(strategy, field=settings.field("update-strategy")) if strategy else "semver",
        allow=parse_allow(allow, field=settings.field("allow-tags")) if allow else "",
        ignore=settings.listed("ignore-tags"),
        platforms=tuple(
            parse_platform(each, field=settings.field("platforms")) for each in settings.listed("platforms")
        ),
        pull_secret=parse_pull_secret(secret, field=settings.field("pull-secret")) if secret else None,
        force=settings.switch("force-update"),
        keys=_keys(settings) if settings.alias else ValuesKeys(),
    )


def _keys(settings: _Settings) -> ValuesKeys:
    spec, kustomize = settings.text("helm.image-spec"), settings.text("kustomize.image-name")
    return ValuesKeys(
        helm_name="" if spec else settings.text("helm.image-name"),
        helm_tag="" if spec else settings.text("helm.image-tag"),
        helm_spec=spec,
        kustomize_name=parse_image_spec(kustomize, field=settings.field("kustomize.image-name"))[1]
        if kustomize
        else None,
    )


def _write_back(annotations: Mapping[str, str]) -> WriteBack:
    settings = _Settings(annotations, "")
    method, credential = parse_method(
        settings.text("write-back-method") or "argocd", field=settings.field("write-back-method")
    )
    base, write = parse_branches(settings.text("git-branch"), field=settings.field("git-branch"))
    target, path = ("parameters", "")
    if text := settings.text("write-back-target"):
        target, path = parse_target(text, field=settings.field("write-back-target"))
    asked = annotations.get(PULL_REQUEST, "").strip()
    if asked not in ("", *_TRUE, *_FALSE):
        raise ConfigurationError('must be "true" or "false"', field=PULL_REQUEST)
    return WriteBack(
        method=method,
        credential=credential,
        repository=settings.text("git-repository"),
        base_branch=base,
        write_branch=write,
        target=target,  # type: ignore[arg-type]
        path=path,
        pull_request="auto" if asked in _TRUE else "",
    )


def _field(annotations: Mapping[str, str], image: TendedImage, name: str) -> str:
    """The annotation of a setting, by its name here."""
    known = {"constraint": "", "kustomize": "kustomize.image-name", "tag": "helm.image-tag"}[name]
    return _Settings(annotations, image.alias).field(known) if known else IMAGE_LIST


def _strangers(annotations: Mapping[str, str], aliases: list[str]) -> Iterator[str]:
    """Warnings about annotations that mean nothing; raises for those that were meant for an image."""
    for annotation in annotations:
        name = annotation.removeprefix(PREFIX)
        if name == annotation or name in _OF_APPLICATION or name in _OF_ALL:
            continue
        setting = next((each for each in (*_OF_ONE, "tag-match") if name.endswith(f".{each}")), "")
        if setting == "tag-match":
            raise ConfigurationError("is gone from Image Updater; write allow-tags instead", field=annotation)
        if not setting:
            yield f"metadata.annotations[{annotation}]: unknown annotation, ignored"
        elif name.removesuffix(f".{setting}") not in aliases:
            raise ConfigurationError(
                f"is for an alias that no image has; give one in image-list (alias=image), of {', '.join(aliases)}",
                field=annotation,
            )
