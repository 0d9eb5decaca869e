"""A `Promotion`: what moves from one application to others, when, and how.

A kind of Mooring's own (`mooring.dev/v1alpha1`), declared beside Applications and read as strictly as they are. It
lives beside projects rather than in `mooring.model`, since its windows are theirs. What only turns out later (whether
the applications exist, whether a branch can be written) is not judged here. See docs/promotion.md.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mooring.access.closing import parse_windows
from mooring.access.globs import check_glob
from mooring.access.project import DEFAULT_PROJECT, SyncWindow
from mooring.errors import ConfigurationError
from mooring.model.application import DEFAULT_NAMESPACE, NAME, NAMESPACE, AppKey
from mooring.model.duration import parse_duration
from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.model.promotionkey import PROMOTION_GROUP, PROMOTION_KIND, PromotionKey

__all__ = ["FileMove", "How", "ManifestPlace", "Moves", "ParsedPromotion", "Promotion", "When", "parse_promotion"]

_API_VERSION: Final = f"{PROMOTION_GROUP}/v1alpha1"
_REVISIONS = ("commit", "declared")
_BRANCH = re.compile(r"(?!.*(?:\.\.|@\{|//|\.lock$|/$|\.$))[A-Za-z0-9_][\w./@{}+-]*", re.ASCII)
_LONGEST: Final = 366 * 86400.0  # seconds
_MOST: Final = 50  # targets, and files


@dataclass(frozen=True, slots=True)
class ManifestPlace:
    """The file that declares the targets: `{application}` in its path stands for a target's name."""

    repo_url: str
    branch: str
    path: str


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file of the source's repository, and where it goes in the target's; `{application}` as above."""

    origin: str
    to: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What moves. `images` are globs of names without tags; `target_revision` is empty, `commit` or `declared`."""

    images: tuple[str, ...] = ()
    target_revision: str = ""
    chart_version: bool = False
    files: tuple[FileMove, ...] = ()

    @property
    def in_manifest(self) -> bool:
        """Whether something moves that stands in the Application itself."""
        return bool(self.target_revision) or self.chart_version


@dataclass(frozen=True, slots=True)
class When:
    """`healthy_for` in seconds; `checks` are names of commit statuses: None asks for none, `()` for all there are."""

    healthy_for: float = 0.0
    checks: tuple[str, ...] | None = None
    windows: tuple[SyncWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class How:
    """As a pull request, or as a commit on the target's branch; empty texts are made up. `labels` are the request's,
    on hosts that have such.
    """

    kind: Literal["pullRequest", "commit"] = "pullRequest"
    branch: str = ""
    title: str = ""
    body: str = ""
    message: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promotion:
    """One rule as declared, checked and complete. `verify_for`: seconds that targets have to be well afterwards."""

    key: PromotionKey
    project: str
    source: AppKey
    targets: tuple[AppKey, ...]
    manifest: ManifestPlace | None
    moves: Moves
    when: When
    how: How
    verify_for: float
    suspend: bool
    declared: Manifest


@dataclass(frozen=True, slots=True)
class ParsedPromotion:
    """A promotion and what the reader should know about its text."""

    promotion: Promotion
    warnings: tuple[str, ...]


def parse_promotion(document: object) -> ParsedPromotion:
    """Reads one decoded `Promotion`. Raises `ConfigurationError` with the path of the first field that is wrong."""
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    if top.text("apiVersion") != _API_VERSION:
        raise top.error("apiVersion", f"must be {_API_VERSION}")
    if top.text("kind") != PROMOTION_KIND:
        raise top.error("kind", f"must be {PROMOTION_KIND}")
    top.ignore("status")
    metadata, spec = top.mapping("metadata"), top.mapping("spec")
    if metadata is None:
        raise top.error("metadata", "must not be empty")
    if spec is None:
        raise top.error("spec", "must not be empty")
    key = _key(metadata)
    source = _source(spec, key)
    targets, manifest = _targets(spec, key, source)
    moves = _moves(spec, manifest)
    verify = spec.mapping("verify")
    assert isinstance(document, dict)
    promotion = Promotion(
        key=key,
        project=spec.text("project") or DEFAULT_PROJECT,
        source=source,
        targets=targets,
        manifest=manifest,
        moves=moves,
        when=_when(spec),
        how=_how(spec),
        verify_for=0.0 if verify is None else _seconds(verify, "healthyFor"),
        suspend=spec.boolean("suspend", False),
        declared=document,
    )
    if verify is not None:
        verify.close()
    spec.close()
    top.close()
    return ParsedPromotion(promotion, tuple(warnings))


def _key(metadata: Fields) -> PromotionKey:
    name, namespace = metadata.required_text("name"), metadata.text("namespace") or DEFAULT_NAMESPACE
    if not NAME.fullmatch(name):
        raise metadata.error("name", "must be a DNS name: lower-case letters, digits, '-' and '.'")
    if not NAMESPACE.fullmatch(namespace):
        raise metadata.error("namespace", "must be a DNS label: lower-case letters, digits and '-'")
    return PromotionKey(namespace, name)


def _source(spec: Fields, key: PromotionKey) -> AppKey:
    block = spec.mapping("from")
    if block is None:
        raise spec.error("from", "must name the application that things come from (from.application)")
    source = _app(block, "application", block.required_text("application"), key)
    block.close()
    return source


def _targets(spec: Fields, key: PromotionKey, source: AppKey) -> tuple[tuple[AppKey, ...], ManifestPlace | None]:
    block = spec.mapping("to")
    if block is None:
        raise spec.error("to", "must name the application that things go to (to.application)")
    names = [("application", block.text("application"))] if block.has("application") else []
    names += [(f"applications[{index}]", name) for index, name in enumerate(block.texts("applications"))]
    if not names:
        raise block.error("application", "must not be empty, unless applications are given")
    if len(names) > _MOST:
        raise block.error("applications", f"must be at most {_MOST}; write a second Promotion")
    targets: list[AppKey] = []
    for field, name in names:
        target = _app(block, field, name, key)
        if target in targets:
            raise block.error(field, f"{name!r} is named twice")
        if target == source:
            raise block.error(field, f"{name!r} is the application that things come from")
        targets.append(target)
    place = block.mapping("manifest")
    manifest = None
    if place is not None:
        manifest = ManifestPlace(
            place.required_text("repoURL"), place.text("branch") or place.text("targetRevision"), _path(place, "path")
        )
        place.close()
    block.close()
    return tuple(targets), manifest


def _app(block: Fields, field: str, text: str, key: PromotionKey) -> AppKey:
    try:
        return AppKey.parse(text if "/" in text else f"{key.namespace}/{text}")
    except ConfigurationError as error:
        raise block.error(field, f"{text!r} does not name an application (NAME or NAMESPACE/NAME)") from error


def _moves(spec: Fields, manifest: ManifestPlace | None) -> Moves:
    block = spec.mapping("moves")
    if block is None:
        raise spec.error("moves", "must say what moves: images, targetRevision, chartVersion or files")
    images = block.texts("images")
    for index, pattern in enumerate(images):
        if not pattern or (wrong := check_glob(pattern)):
            raise block.error(f"images[{index}]", f"{wrong}: {pattern!r}" if pattern else "must not be empty")
        if pattern.startswith("!") or "@" in pattern or ":" in pattern.rpartition("/")[2]:
            raise block.error(f"images[{index}]", f"must be a name or glob without a tag, not {pattern!r}")
    files = []
    for each in block.mappings("files"):
        files.append(FileMove(_path(each, "from"), _path(each, "to")))
        each.close()
    if len(files) > _MOST:
        raise block.error("files", f"must be at most {_MOST}")
    revision = block.text("targetRevision")
    if revision not in ("", *_REVISIONS):
        raise block.error("targetRevision", f"must be commit or declared, not {revision!r}")
    moves = Moves(images, revision, block.boolean("chartVersion", False), tuple(files))
    block.close()
    if not images and not files and not moves.in_manifest:
        raise spec.error("moves", "must say what moves: images, targetRevision, chartVersion or files")
    if moves.in_manifest and manifest is None:
        raise spec.error("to.manifest", "must name the file in git that declares the target, whose field is changed")
    return moves


def _when(spec: Fields) -> When:
    block = spec.mapping("when")
    if block is None:
        return When()
    asked = block.raw("checks")
    checks: tuple[str, ...] | None = None
    if isinstance(asked, bool):
        checks = () if asked else None
    elif asked is not None:
        checks = block.texts("checks")
        if not checks:
            raise block.error("checks", "must be true (all that there are) or a list of names")
    when = When(_seconds(block, "healthyFor"), checks, _windows(block))
    block.close()
    return when


def _windows(block: Fields) -> tuple[SyncWindow, ...]:
    """As a project's, about these applications: their selectors would say nothing."""
    windows: list[Mapping[str, object]] = []
    for index, each in enumerate(block.raw_list("syncWindows")):
        if not isinstance(each, dict):
            raise block.error(f"syncWindows[{index}]", "must be a mapping")
        for name in ("applications", "namespaces", "clusters"):
            if each.get(name):
                raise block.error(f"syncWindows[{index}].{name}", "means nothing in a Promotion; remove it")
        windows.append({**each, "applications": ["*"]})
    return parse_windows(Fields({"syncWindows": windows}, block.path, block.warnings))


def _how(spec: Fields) -> How:
    block = spec.mapping("how")
    if block is None:
        return How()
    if block.has("pullRequest") and block.has("commit"):
        raise block.error("commit", "must not stand beside pullRequest; choose one of them")
    how = How()
    if (commit := block.mapping("commit")) is not None:
        how = How("commit", message=commit.text("message"))
        commit.close()
    elif (asked := block.mapping("pullRequest")) is not None:
        branch = asked.text("branch")
        if branch and not _BRANCH.fullmatch(branch):
            raise asked.error("branch", f"{branch!r} is not a name for a branch")
        labels = asked.texts("labels")
        for index, label in enumerate(labels):
            if not label.strip() or "," in label:
                raise asked.error(f"labels[{index}]", f"must be a label, without commas, not {label!r}")
        how = How("pullRequest", branch, asked.text("title"), asked.text("body"), asked.text("message"), labels)
        asked.close()
    block.close()
    return how


def _seconds(block: Fields, name: str) -> float:
    text = block.text(name)
    try:
        seconds = parse_duration(text) if text else 0.0
    except ValueError as error:
        raise block.error(name, str(error)) from error
    if seconds > _LONGEST:
        raise block.error(name, f"{text!r} is more than a year")
    return seconds


def _path(block: Fields, name: str) -> str:
    path = block.required_text(name)
    clean = posixpath.normpath(path)
    if path.startswith("/") or clean.split("/")[0] in ("..", ".git", ".") or "\\" in path or "\0" in path:
        raise block.error(name, f"must be a path of a file in the repository, not {path!r}")
    return clean
