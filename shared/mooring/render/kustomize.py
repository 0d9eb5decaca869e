"""Rendering with `kustomize build`.

Before the tool runs, the kustomization files are read here and every folder that they build on is followed, for two
reasons. Bases may lie anywhere on the disk, and nothing outside of the repository may be read. (Single files kustomize
itself confines to the folder of their kustomization; plugins, Helm and functions stay off, as they are by default.) And
the folders found are what the result depends on, so a commit that touches none of them needs no render.
"""

from __future__ import annotations

import itertools
import os
import posixpath
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, RenderError
from mooring.model.kustomizing import KustomizeOptions
from mooring.render.detect import KUSTOMIZATIONS
from mooring.render.edits import added, apply_edits, changes, present_components
from mooring.render.environment import BuildEnvironment
from mooring.render.objects import Found
from mooring.render.paths import LeavesError, MissingError, Place, locate, reachable
from mooring.render.process import run
from mooring.render.yaml import load_documents

__all__ = ["build", "folders"]

_ADVICE = "correct the kustomization and push"
_USAGE = re.compile(r"\s*Usage:\n.*(?=; correct the kustomization)", re.DOTALL)
_ACCUMULATED = ("resources", "bases", "components")
_CONFIGURED = ("generators", "transformers", "validators")
_FILES = ("crds", "configurations", "patchesstrategicmerge")
_ENTRIES = ("patches", "patchesjson6902", "replacements")
_GENERATED = ("configmapgenerator", "secretgenerator")
_FILE_KEYS = ("path", "paths", "files", "envs", "env")
_CHARTS = ("helmCharts", "helmChartInflationGenerator")
_REMOTE = re.compile(r"git::|[^/\s]+@[^/\s]+:|[^./\s]+(\.[^./\s]+)+/\S+|\S+\?\S+=")
"""Entries that are not in the repository and that kustomize takes for another one (kustomize, "Remote targets")."""


def build(
    root: Path,
    path: str,
    options: KustomizeOptions,
    environment: BuildEnvironment,
    *,
    tool: str,
    scratch: Path,
    timeout: float,
    field: str = "spec.source.kustomize",
) -> Found:
    """What a kustomization gives with what the application adds to it; it depends on the folders that it is made of.

    Raises `RenderError` with kustomize's own words where it fails, and `ConfigurationError` for options that can't be
    used and links that leave. Source: Argo CD, "Kustomize".
    """
    options, missing = _with_components_that_are_there(root, path, options, field)
    depends = reachable(root, folders(root, path, options)) | missing
    deadline = time.monotonic() + timeout
    mirror = scratch / "edited"
    names = {os.fspath(mirror): ""}

    def kustomize(arguments: Sequence[str], folder: Path, what: str) -> bytes:
        return run(
            (program, *arguments),
            what=what,
            advice=_ADVICE,
            checkout=root,
            scratch=scratch,
            timeout=timeout,
            deadline=deadline,
            names=names,
            folder=folder,
        )

    def edit(arguments: tuple[str, ...], folder: Path) -> bytes:
        try:
            return kustomize(("edit", *arguments), folder, f"kustomize edit {arguments[0]} {arguments[1]} in {path}")
        except RenderError as error:
            raise RenderError(_USAGE.sub("", error.message), field=field) from error.__cause__

    program = tool
    if options.version:
        told = kustomize(("version",), scratch, "kustomize version").decode().strip()
        program = _program(options.version, tool, told, field=f"{field}.version")
    folder = Path(root, path)
    if changes(options):
        folder = apply_edits(root, path, options, environment, mirror=mirror, edit=edit)
    what = f"kustomize build {path}"
    output = kustomize(("build", os.fspath(folder)), scratch, what)
    documents = load_documents(output, where=f"output of {what}")
    places = (f"output of {what}, document {number}" for number in itertools.count(1))
    return Found(list(zip(places, documents, strict=False)), depends)


def _with_components_that_are_there(
    root: Path, path: str, options: KustomizeOptions, field: str
) -> tuple[KustomizeOptions, set[str]]:
    there: list[str] = []
    missing: set[str] = set()
    for component, absent in present_components(root, path, options, field=field):
        if absent:
            missing.add(absent)
        else:
            there.append(component)
    return replace(options, components=tuple(there)), missing


def _program(version: str, tool: str, told: str, *, field: str) -> str:
    """The program of the version that is asked for: the one built in, or `kustomize-<version>` out of a layer."""
    if version.removeprefix("v") == told.removeprefix("v"):
        return tool
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", version):
        for name in (f"kustomize-{version}", f"kustomize-v{version.removeprefix('v')}"):
            if found := shutil.which(name):
                return found
    raise ConfigurationError(
        f"{version!r} is not here: {told} is built in; add a layer with bin/kustomize-{version}, or remove the field",
        field=field,
    )


def folders(root: Path, path: str, options: KustomizeOptions) -> set[str]:
    """The folders that the kustomization in `path` is made of, `path` included, and the links on the way to them.

    What isn't there (yet) is named too. Raises `RenderError` for one that leaves the repository or lives elsewhere.
    """
    found: set[str] = set()
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
            for field, entry in _files(where, document):
                if _is_url(entry):
                    raise _elsewhere(field, entry)
            for field, entry, is_configuration in _roots(where, document):
                place = _place(root, here, field, entry)
                if is_configuration:
                    _check_configuration(root, field, entry, place)
                if place is not None:
                    found.update(place.links)
                    if place.is_folder:
                        todo.append(place.path)
                elif not is_configuration:
                    found.add(_expected(root, here, entry))
    return found


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
    for name in (*_ACCUMULATED, *_CONFIGURED):
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
        raise _elsewhere(field, entry)
    try:
        return locate(root, entry if entry.startswith("/") else f"{here}/{entry}")
    except LeavesError as error:
        raise RenderError(f"{field}: {error}; name something inside the repository") from None
    except MissingError:
        if _REMOTE.match(entry):
            raise _elsewhere(field, entry) from None
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
            for _, source in _named(field, _folded(value)):
                if _is_url(source):
                    raise _elsewhere(field, source)
            todo.extend(value.values())


def _is_url(entry: str) -> bool:
    return "://" in entry.partition("\n")[0].partition(" ")[0]


def _elsewhere(field: str, entry: str) -> RenderError:
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
