"""What a source has that its targets should get, as edits of files in git.

What counts is what the source runs: the images of the bundle that is in its cluster, the revision and the chart that
were synced there, the files at that revision. Edits name a value and never lines, so that doing them again on a branch
that has moved on (or on one that has them already) is safe; see `writeback.edits`.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mooring.access.globs import matches
from mooring.access.promotion import Promotion
from mooring.errors import ConfigurationError
from mooring.flows.promotions.ports import BlockedError, PromotionPorts
from mooring.images.running import running_images
from mooring.model.application import AppKey, Application
from mooring.model.imagenames import ImageReference, parse_name
from mooring.model.source import Source
from mooring.render.yaml import load_documents
from mooring.source.urls import normalise
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.writeback.edits import Edit, SetField, SetImage, WholeFile

__all__ = ["Carried", "carry"]

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Carried:
    """What is to be written: to which branch (empty for the default one) of which repository; in words, line by line.

    `expected` are fields of declared applications afterwards: application, index of the source, target revision.
    """

    url: str
    branch: str
    edits: tuple[Edit, ...]
    words: tuple[str, ...]
    origin: Mapping[str, str]
    expected: tuple[tuple[str, int, str], ...] = ()

    @property
    def identity(self) -> str:
        """The same for the same edits of the same branch."""
        rows: list[Any] = [[each.path, type(each.what).__name__, repr(each.what)] for each in self.edits]
        return hashlib.sha256(orjson.dumps([self.url, self.branch, rows])).hexdigest()[:16]


def carry(ports: PromotionPorts, promotion: Promotion, records: Mapping[AppKey, Record]) -> Carried:
    """What moves now. The source must have been synced, the targets rendered once.

    Raises `BlockedError` for what can't be moved, and what reading a repository raises.
    """
    source = records[promotion.source]
    edits: list[Edit] = []
    words: list[str] = []
    expected: list[tuple[str, int, str]] = []
    places: dict[tuple[str, str, str], None] = {}
    for key in promotion.targets:
        target = records[key]
        if promotion.moves.in_manifest:
            assert promotion.manifest is not None
            place = promotion.manifest
            places[normalise(place.repo_url), place.repo_url, place.branch] = None
            for index, value, what in _fields(promotion, source, target):
                field = "spec.source" if _single(target) else f"spec.sources[{index}]"
                path = place.path.replace("{application}", key.name)
                edits.append(Edit(path, SetField("Application", key.name, f"{field}.targetRevision", value)))
                expected.append((str(key), index, value))
                words.append(f"{what} of {key.name}: {_declared(target, index)} → {value}")
        if promotion.moves.images or promotion.moves.files:
            home = _home(target)
            branch = "" if home.target_revision == "HEAD" else home.target_revision
            places[normalise(home.repo_url), home.repo_url, branch] = None
        if promotion.moves.images:
            found = _images(ports, promotion, source, target)
            edits += [Edit(home.path, each) for each, _ in found]
            words += [told for _, told in found]
        if promotion.moves.files:
            moved = _files(ports, promotion, source, key)
            edits += moved
            words += [f"file {each.path}" for each in moved]
    if len({(name, branch) for name, _, branch in places}) > 1:
        raise BlockedError(
            "what moves is kept on several branches or in several repositories "
            f"({', '.join(sorted(url for _, url, _ in places))}); write one Promotion for each",
            field="spec.to",
        )
    _, url, branch = next(iter(places))
    return Carried(url, branch, _once(edits), tuple(dict.fromkeys(words)), _origin(ports, source), tuple(expected))


def _once(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Targets may share a folder or a file, but not want different things of it."""
    wanted: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        what = edit.what
        name = what.name + what.field if isinstance(what, SetField) else what.name if isinstance(what, SetImage) else ""
        if wanted.setdefault((edit.path, name), edit) != edit:
            raise BlockedError(f"would get two different values for {name or 'one file'}", subject=edit.path)
    return tuple(wanted.values())


def _single(record: Record) -> bool:
    return "sources" not in _application(record).declared["spec"]


def _application(record: Record) -> Application:
    assert record.spec is not None
    return record.spec.application


def _declared(record: Record, index: int) -> str:
    return _application(record).sources[index].target_revision or "HEAD"


def _fields(promotion: Promotion, source: Record, target: Record) -> Iterable[tuple[int, str, str]]:
    """Index of the target's source, what its target revision shall be, and what that is called."""
    theirs, ours = _application(source).sources, _application(target).sources
    revisions = source.status.revision.split(",")
    pairs = [
        (index, each, run)
        for index, mine in enumerate(ours)
        for each, run in zip(theirs, revisions, strict=False)
        if (each.chart, _place(each)) == (mine.chart, _place(mine))
    ]
    charts = [(index, run, "chart version") for index, each, run in pairs if each.chart]
    commits = [
        (index, run if promotion.moves.target_revision == "commit" else each.target_revision, "revision")
        for index, each, run in pairs
        if not each.chart
    ]
    for asked, found, field in (
        (promotion.moves.chart_version, charts, "chartVersion"),
        (bool(promotion.moves.target_revision), commits, "targetRevision"),
    ):
        if not asked:
            continue
        if len({index for index, _, _ in found}) != len(found) or not found:
            told = "several sources that could be meant" if found else "no source in common"
            raise BlockedError(f"{target.key} and {source.key} have {told}", field=f"spec.moves.{field}")
        yield from found


def _place(source: Source) -> str:
    try:
        return normalise(source.repo_url)
    except ConfigurationError:
        return source.repo_url  # a registry's, without scheme


def _home(target: Record) -> Source:
    """The target's source that files are changed in."""
    for each in _application(target).sources:
        if not each.chart and each.gives_manifests and not each.repo_url.startswith("oci://"):
            return each
    raise BlockedError(f"{target.key} has no source in git that could be changed", field="spec.to")


def _images(ports: PromotionPorts, promotion: Promotion, source: Record, target: Record) -> list[tuple[SetImage, str]]:
    """What the images of the target's kustomization shall be: those that both run and the rule names."""
    types = target.wanted.rendering.source_type.split(",") if target.wanted is not None else [""]
    if types[0] != "Kustomize":
        raise BlockedError(
            f"{target.key} is made by {types[0] or 'nothing yet'}, and images move in kustomizations only; for Helm "
            "name the values file under moves.files, or move targetRevision",
            field="spec.moves.images",
        )
    running = _named(ports, source.status.bundle, promotion.moves.images)
    there = _named(ports, target.wanted.bundle if target.wanted is not None else "", promotion.moves.images)
    names = _entries(ports, target)
    found = []
    for name, image in running.items():
        if name not in there:
            continue
        entry = names.get(name, there[name].name.text)
        now = there[name].tag or there[name].digest
        found.append((SetImage(entry, tag=image.tag, digest=image.digest), f"{name}: {now} → {_version(image)}"))
    if not found:
        raise BlockedError(f"{source.key} and {target.key} have no such image in common", field="spec.moves.images")
    return found


def _version(image: ImageReference) -> str:
    return image.tag + (f"@{image.digest[:19]}…" if image.digest and image.tag else image.digest)


def _named(ports: PromotionPorts, bundle: str, patterns: Sequence[str]) -> dict[str, ImageReference]:
    """The images of a bundle that patterns name, by name."""
    found: dict[str, ImageReference] = {}
    for image in running_images(ports.renders.bundles.plain(bundle)) if bundle else ():
        if not any(matches(pattern, image.name.text) for pattern in patterns):
            continue
        if found.setdefault(image.name.repository, image) != image:
            raise BlockedError(
                f"{image.name.text} runs in two versions ({found[image.name.repository].tag}, {image.tag}); it can't "
                "be told which one is to move",
                field="spec.moves.images",
            )
    return {name: image for name, image in found.items() if image.tag or image.digest}


def _entries(ports: PromotionPorts, target: Record) -> dict[str, str]:
    """The entries of the target's kustomization, by the repository of the image that each gives."""
    home, application = _home(target), _application(target)
    index = application.sources.index(home)
    assert target.wanted is not None
    sha = target.wanted.revision.split(",")[index]
    found: dict[str, str] = {}
    with ports.renders.repositories.opened(home.repo_url, sha, [home.path]) as checkout:
        for name in _KUSTOMIZATIONS:
            file = checkout.root / posixpath.normpath(home.path) / name
            if not file.is_file():
                continue
            for document in load_documents(file.read_bytes(), where=name):
                listed = document.get("images") if isinstance(document, dict) else None
                for each in listed if isinstance(listed, list) else ():
                    given = str(each.get("newName") or each.get("name") or "") if isinstance(each, dict) else ""
                    if given and each.get("name"):
                        found[parse_name(given, field="images").repository] = str(each["name"])
    return found


def _files(ports: PromotionPorts, promotion: Promotion, source: Record, target: AppKey) -> list[Edit]:
    home, application, wanted = _home(source), _application(source), source.wanted
    # A commit that changed none of the source's manifests brings no sync; it may have changed these files.
    same = (
        wanted is not None and wanted.bundle == source.status.bundle and wanted.generation == source.status.generation
    )
    revisions = wanted.revision if wanted is not None and same else source.status.revision
    sha = revisions.split(",")[application.sources.index(home)]
    edits = []
    with ports.renders.repositories.opened(
        home.repo_url, sha, [each.origin.replace("{application}", target.name) for each in promotion.moves.files]
    ) as checkout:
        for each in promotion.moves.files:
            path = each.origin.replace("{application}", target.name)
            file = checkout.root / path
            if file.is_symlink() or not file.resolve().is_relative_to(checkout.root.resolve()) or not file.is_file():
                raise BlockedError(f"{path!r} is no file of {home.repo_url} at {sha[:12]}", field="spec.moves.files")
            edits.append(Edit(each.to.replace("{application}", target.name), WholeFile(file.read_bytes())))
    return edits


def _origin(ports: PromotionPorts, source: Record) -> dict[str, str]:
    """Who and what it came from: the operation that brought it, its commit, and the request that it was merged by."""
    status = source.status
    operation: Operation | None = status.operation
    found = {"application": str(source.key), "revision": status.revision}
    if operation is None:
        return found
    commit = operation.commit
    found |= {"operation": operation.id, "by": operation.cause.by, "author": commit.author, "subject": commit.subject}
    if commit.repository and commit.sha:
        name = (commit.repository, commit.sha)
        if (request := ports.requests.known([name]).get(name)) is not None:
            found |= {"request": request.url, "merged_by": request.merged_by}
    return {name: value for name, value in found.items() if value}
