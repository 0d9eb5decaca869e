"""What a kustomization is made of: the folders that it builds on, and what it names in other repositories.

The kustomization files are read here, before the tool runs, and every folder that they build on is followed, for two
reasons. Bases may lie anywhere on the disk, and nothing outside of the repository may be read. And the folders found
are what the result depends on. Nothing is fetched here: what lives elsewhere is listed (see `bases`).
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.errors import RenderError
from mooring.model.kustomizing import KustomizeOptions
from mooring.render.detect import KUSTOMIZATIONS
from mooring.render.edits import added
from mooring.render.paths import LeavesError, MissingError, Place, locate
from mooring.render.remotes import is_remote
from mooring.render.yaml import load_documents

__all__ = ["ACCUMULATED", "Reference", "Walked", "folders", "not_here", "walk"]

ACCUMULATED = ("resources", "bases", "components")
_CONFIGURED = ("generators", "transformers", "validators")
_FILES = ("crds", "configurations", "patchesstrategicmerge")
_ENTRIES = ("patches", "patchesjson6902", "replacements")
_GENERATED = ("configmapgenerator", "secretgenerator")
_FILE_KEYS = ("path", "paths", "files", "envs", "env")
_DECRYPTING = ("ksops", "sopssecretgenerator")
_CHARTS = ("helmCharts", "helmChartInflationGenerator")


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry that lives outside of the repository: the folder of its kustomization, its field, and its text."""

    folder: str
    field: str
    entry: str


@dataclass(frozen=True, slots=True)
class Walked:
    """The folders (and the links on the way to them) that a kustomization is made of, the files in them that it names
    (of its own folders, by their paths from the root), and what it names elsewhere.
    """

    folders: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)


def folders(root: Path, path: str, options: KustomizeOptions) -> set[str]:
    """As `walk`, the folders alone."""
    return walk(root, path, options).folders


def walk(root: Path, path: str, options: KustomizeOptions) -> Walked:
    """What the kustomization in `path` is made of, `path` included.

    A folder that isn't there (yet) is named too. Raises `RenderError` for one that leaves the repository, and for
    anything but a resource or component that lives elsewhere.
    """
    walked = Walked()
    found = walked.folders
    todo = [path]
    while todo:
        here = todo.pop()
        if here in found:
            continue
        found.add(here)
        documents = _kustomizations(root, here)
        if here == path:
            documents = itertools.chain(documents, (("spec.source.kustomize", added(options)),))
        for where, document in documents:
            for name in _CHARTS:
                if document.get(name.casefold()):
                    raise RenderError(f"{where}: {name}: kustomize may not start Helm here; make the chart a source")
            for at, entry in _files(where, document):
                if _is_url(entry):
                    raise not_here(at, entry)
                walked.files.update(_named_files(root, here, entry))
            for at, entry, is_configuration in _roots(where, document):
                place = _place(root, here, at, entry)
                if place is None and is_remote(entry):
                    if is_configuration:
                        raise not_here(at, entry)
                    walked.references.append(Reference(here, at, entry))
                    continue
                if is_configuration:
                    _check_configuration(root, at, entry, place)
                if place is not None:
                    found.update(place.links)
                    if place.is_folder:
                        todo.append(place.path)
                    else:
                        walked.files.add(place.path)
                elif not is_configuration:
                    found.add(_expected(root, here, entry))
    return walked


def _named_files(root: Path, here: str, entry: str) -> Iterator[str]:
    """The file that an entry names: by `path`, or by `key=path` as in generators. What can't be, kustomize explains."""
    for path in {entry, entry.partition("=")[2]}:
        if not path or "\n" in path or path.startswith("/"):
            continue
        try:
            place = locate(root, f"{here}/{path}")
        except (LeavesError, MissingError):
            continue
        if not place.is_folder:
            yield place.path


def _kustomizations(root: Path, here: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in KUSTOMIZATIONS:
        where = posixpath.normpath(f"{here}/{name}")
        try:
            place = locate(root, where)
        except LeavesError as error:
            raise RenderError(f"{where}: {error}: replace it with a file") from None
        except MissingError:
            continue
        if place.is_folder:
            continue
        for document in load_documents(Path(root, place.path).read_bytes(), where=where):
            # Go's JSON decoder, through which kustomize reads its own files, ignores the case of names.
            yield where, _folded(document)


def _roots(where: str, document: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Entries that may name a folder, with their field, and whether they hold configuration of kustomize's own."""
    for name in (*ACCUMULATED, *_CONFIGURED):
        for index, entry in enumerate(_list(document.get(name))):
            if isinstance(entry, str) and entry:
                yield f"{where}: {name}[{index}]", entry, name in _CONFIGURED


def _files(where: str, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Entries that name a file."""
    for name in _FILES:
        for index, entry in enumerate(_list(document.get(name))):
            if isinstance(entry, str):
                yield f"{where}: {name}[{index}]", entry
    for name in (*_ENTRIES, *_GENERATED, "openapi"):
        for index, entry in enumerate(_list(document.get(name))):
            yield from _named(f"{where}: {name}[{index}]", _folded(entry))


def _named(field: str, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in _FILE_KEYS:
        for source in _list(entry.get(key)):
            if isinstance(source, str):
                yield f"{field}.{key}", source.partition("=")[2] if _is_url(source.partition("=")[2]) else source


def _place(root: Path, here: str, field: str, entry: str) -> Place | None:
    """Where an entry leads; None where nothing is there, which kustomize explains better."""
    if _is_url(entry):
        return None
    try:
        return locate(root, entry if entry.startswith("/") else f"{here}/{entry}")
    except LeavesError as error:
        raise RenderError(f"{field}: {error}; name something inside the repository") from None
    except MissingError:
        return None


def _expected(root: Path, here: str, entry: str) -> str:
    try:
        return locate(root, f"{here}/{entry}").path
    except MissingError as error:
        return error.path


def _check_configuration(root: Path, field: str, entry: str, place: Place | None) -> None:
    """Generators and transformers may name files too: kustomize confines them like its own, but would follow URLs."""
    if place is not None and place.is_folder:
        return  # a kustomization of its own, read in turn
    content = entry.encode() if place is None else Path(root, place.path).read_bytes()
    todo = load_documents(content, where=field)
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            if str(value.get("kind", "")).casefold() in _DECRYPTING:
                raise _plugin(field, value["kind"])
            for _, source in _named(field, _folded(value)):
                if _is_url(source):
                    raise not_here(field, source)
            todo.extend(value.values())


def _is_url(entry: str) -> bool:
    return "://" in entry.partition("\n")[0].partition(" ")[0]


def _plugin(field: str, kind: str) -> RenderError:
    return RenderError(
        f"{field}: {kind} is a plugin that kustomize would have to execute, which it may not here; name the encrypted "
        "files under resources or in a secretGenerator instead: Mooring opens them itself"
    )


def not_here(field: str, entry: str) -> RenderError:
    """The error for what lives in another repository and can't be taken from there."""
    return RenderError(
        f"{field}: {entry!r} lives outside of this repository, where kustomize may not look; copy it in, or make it a "
        "source of its own in spec.sources"
    )


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _folded(value: Any) -> dict[str, Any]:
    return {name.casefold(): inner for name, inner in value.items()} if isinstance(value, dict) else {}
