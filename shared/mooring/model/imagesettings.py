"""What somebody declared about the images of an application: which, how far, and where a new tag is written.

Annotations of an Application and the resource `ImageUpdater` say the same in two ways (Argo CD Image Updater,
"Configuring images for update", "Update strategies", "Update methods", "Authenticating to container registries"); both
are read into these values. What is checked here needs nothing but the text: regular expressions, globs and version
ranges are checked by whoever evaluates them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from mooring.errors import ConfigurationError
from mooring.model.application import NAME, NAMESPACE
from mooring.model.imagenames import TAG, ImageName

__all__ = [
    "AppImages",
    "Method",
    "Platform",
    "PullSecret",
    "Strategy",
    "TargetKind",
    "TendedImage",
    "ValuesKeys",
    "WriteBack",
    "check_image",
    "check_keys",
    "parse_allow",
    "parse_branches",
    "parse_method",
    "parse_platform",
    "parse_pull_secret",
    "parse_strategy",
    "parse_target",
]

Strategy = Literal["semver", "newest-build", "alphabetical", "digest"]
Method = Literal["argocd", "git"]
TargetKind = Literal["parameters", "kustomization", "helmvalues"]
"""`parameters` is `.argocd-source-<application>.yaml` beside the manifests."""

_STRATEGIES: Final[dict[str, Strategy]] = {
    "semver": "semver",
    "newest-build": "newest-build",
    "latest": "newest-build",
    "alphabetical": "alphabetical",
    "name": "alphabetical",
    "digest": "digest",
}
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9._]+)?")


@dataclass(frozen=True, slots=True)
class PullSecret:
    """A Secret with a registry's login: a Docker configuration where `field` is empty, else `user:password` there."""

    namespace: str
    name: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image has to run on; an empty variant admits all."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def admits(self, other: Platform) -> bool:
        """Whether an image for `other` runs there."""
        return (self.os, self.architecture) == (other.os, other.architecture) and (
            not self.variant or self.variant == other.variant
        )


@dataclass(frozen=True, slots=True)
class ValuesKeys:
    """Where a tag stands: Helm's parameters (`spec` takes name and tag together), or the image's name in Kustomize."""

    helm_name: str = ""
    helm_tag: str = ""
    helm_spec: str = ""
    kustomize_name: ImageName | None = None


@dataclass(frozen=True, slots=True)
class TendedImage:
    """One image to be kept up to date. `allow` is a Go regular expression, empty for any tag; `constraint` is a range
    of versions, or the tag that the strategy `digest` follows.
    """

    alias: str
    name: ImageName
    constraint: str = ""
    strategy: Strategy = "semver"
    allow: str = ""
    ignore: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    pull_secret: PullSecret | None = None
    force: bool = False
    keys: ValuesKeys = ValuesKeys()


@dataclass(frozen=True, slots=True)
class WriteBack:
    """How new tags are written. Empty fields mean what the application's source says.

    `credential` is `namespace/name` of a Secret, empty for the credential of the repository. `write_branch` is a Go
    template; `path` begins with `/` where it is relative to the repository. `pull_request` is the code host's kind.
    """

    method: Method = "argocd"
    credential: str = ""
    repository: str = ""
    base_branch: str = ""
    write_branch: str = ""
    target: TargetKind = "parameters"
    path: str = ""
    pull_request: str = ""


@dataclass(frozen=True, slots=True)
class AppImages:
    """All that is declared about one application's images, and what the reader should know of it."""

    images: tuple[TendedImage, ...]
    write_back: WriteBack
    warnings: tuple[str, ...] = ()


def parse_strategy(text: str, *, field: str) -> Strategy:
    """A strategy by its name or its old name. Raises `ConfigurationError` (Image Updater takes semver instead)."""
    strategy = _STRATEGIES.get(text.strip().lower())
    if strategy is None:
        raise ConfigurationError(
            f"{text!r} is no update strategy; use semver, newest-build, alphabetical or digest", field=field
        )
    return strategy


def parse_allow(text: str, *, field: str) -> str:
    """The regular expression of `regexp:…`, empty for `any`. Raises `ConfigurationError`."""
    kind, colon, pattern = text.strip().partition(":")
    if kind.lower() == "any" and not colon:
        return ""
    if kind.lower() != "regexp" or not pattern:
        raise ConfigurationError(f"{text!r} admits no tag; write `regexp:` and an expression, or `any`", field=field)
    return pattern


def parse_platform(text: str, *, field: str) -> Platform:
    """`os/architecture` or `os/architecture/variant`. Raises `ConfigurationError`."""
    if not _PLATFORM.fullmatch(text.strip()):
        raise ConfigurationError(f"{text!r} is no platform; write it as linux/amd64 or linux/arm64/v8", field=field)
    return Platform(*text.strip().split("/"))


def parse_pull_secret(text: str, *, field: str) -> PullSecret:
    """`pullsecret:ns/name` or `secret:ns/name#field`. Raises `ConfigurationError`, also for `env:` and `ext:`."""
    kind, _, rest = text.strip().partition(":")
    place, mark, key = rest.partition("#")
    namespace, _, name = place.partition("/")
    named = NAMESPACE.fullmatch(namespace) and NAME.fullmatch(name)
    match kind.lower():
        case "pullsecret" if named and not mark:
            return PullSecret(namespace, name)
        case "secret" if named and _KEY.fullmatch(key):
            return PullSecret(namespace, name, key)
        case "env" | "ext":
            raise ConfigurationError(
                f"{kind}: names something on Image Updater's own machine, and there is none; register the registry's "
                "login (mooring repo add --type oci) and remove this",
                field=field,
            )
    raise ConfigurationError(
        f"{text!r} names no Secret; write pullsecret:namespace/name or secret:namespace/name#field", field=field
    )


def parse_method(text: str, *, field: str, namespace: str = "") -> tuple[Method, str]:
    """A write-back method and the Secret of its credential (`namespace/name`), empty for the repository's own.

    `namespace` is where a Secret lies that is named without one. Raises `ConfigurationError`.
    """
    method, _, credential = text.strip().partition(":")
    if method == "argocd" and not credential:
        return "argocd", ""
    if method == "git" and credential in ("", "repocreds"):
        return "git", ""
    kind, _, place = credential.partition(":")
    if "/" not in place and namespace:
        place = f"{namespace}/{place}"
    lies, _, name = place.partition("/")
    if method != "git" or kind != "secret" or not NAMESPACE.fullmatch(lies) or not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{text!r} is no way to write back; use argocd, git, git:repocreds or git:secret:namespace/name",
            field=field,
        )
    return "git", place


def parse_branches(text: str, *, field: str) -> tuple[str, str]:
    """The branch to start from and the template of the one to write to, from `base`, `base:write` or `:write`.

    Both may be empty. Raises `ConfigurationError`.
    """
    base, colon, write = text.strip().partition(":")
    if any(character.isspace() or character in "~^?*[\\" for character in base) or base.startswith("-"):
        raise ConfigurationError(f"{base!r} can be no branch; write `base` or `base:branch to write to`", field=field)
    if colon and not write:
        raise ConfigurationError("names no branch after the colon; add one or remove the colon", field=field)
    return base, write


def parse_target(text: str, *, field: str) -> tuple[TargetKind, str]:
    """The kind of file that is written, and its path (of a kustomization: its folder). Raises `ConfigurationError`."""
    kind, colon, path = text.strip().partition(":")
    if (colon and not path) or "\0" in path:
        raise ConfigurationError("names no path after the colon; add one or remove the colon", field=field)
    match kind:
        case "kustomization":
            return "kustomization", path
        case "helmvalues":
            return "helmvalues", path or "values.yaml"
    raise ConfigurationError(
        f"{text!r} is nothing to write to; use kustomization[:folder] or helmvalues[:file]", field=field
    )


def check_image(image: TendedImage, where: Callable[[str], str]) -> None:
    """Raises `ConfigurationError` where settings of one image don't go together; `where` names a setting's field."""
    if image.strategy == "digest" and not TAG.fullmatch(image.constraint):
        raise ConfigurationError(
            f"{image.name.text!r} needs the tag to follow, as in {image.name.text}:latest, with the strategy digest",
            field=where("constraint"),
        )
    if image.keys.kustomize_name and (image.keys.helm_name or image.keys.helm_tag or image.keys.helm_spec):
        raise ConfigurationError("can't be combined with Helm's keys; give one of them", field=where("kustomize"))


def check_keys(image: TendedImage, write_back: WriteBack, where: Callable[[str], str]) -> None:
    """Raises `ConfigurationError` where a file of Helm values is to be written and nothing says under which key."""
    if write_back.target == "helmvalues" and not (image.keys.helm_tag or image.keys.helm_spec):
        raise ConfigurationError(
            "must name the key of the tag, because write-back-target is a file of Helm values", field=where("tag")
        )
