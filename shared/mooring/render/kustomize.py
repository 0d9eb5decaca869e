"""Rendering with `kustomize build`.

Before the tool runs, the kustomization files are read (see `kustomizations`), so that nothing outside of the repository
is, and what they name in other repositories is brought (see `bases`). Single files kustomize itself confines to the
folder of their kustomization; plugins, Helm and functions stay off, as they are by default.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mooring.errors import ConfigurationError, RenderError
from mooring.model.kustomizing import KustomizeOptions
from mooring.render.bases import Elsewhere, gather
from mooring.render.edits import apply_edits, changes, present_components
from mooring.render.environment import BuildEnvironment
from mooring.render.kustomizations import walk
from mooring.render.objects import BaseUse, Found
from mooring.render.opened_copy import opened_copy
from mooring.render.paths import reachable
from mooring.render.process import run
from mooring.render.sops import SopsOpening
from mooring.render.yaml import load_documents

__all__ = ["build"]

_ADVICE = "correct the kustomization and push"
_USAGE = re.compile(r"\s*Usage:\n.*(?=; correct the kustomization)", re.DOTALL)


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
    elsewhere: Elsewhere | None = None,
    opening: SopsOpening | None = None,
) -> Found:
    """What a kustomization gives with what the application adds to it; it depends on the folders that it is made of,
    here and in the repositories that `elsewhere` opens.

    Raises `RenderError` with kustomize's own words where it fails, and `ConfigurationError` for options that can't be
    used and links that leave, and what opening another repository raises. Source: Argo CD, "Kustomize".
    """
    options, missing = _with_components_that_are_there(root, path, options, field)
    walked = walk(root, path, options)
    depends = reachable(root, walked.folders) | missing
    if opening is not None:
        root = opened_copy(root, walked.files, depends, opening, scratch) or root
    mirror = scratch / "edited"
    names = {os.fspath(mirror): ""}
    here = root
    bases: list[BaseUse] = []
    warnings: list[str] = []
    unpinned = False
    if walked.references:
        gathered = gather(root, path, options, walked, elsewhere, scratch)
        here, options = gathered.root, gathered.options
        names |= gathered.names
        bases = list(gathered.uses)
        unpinned = bool(gathered.files)
        warnings = [f"{url} has no revision: it is read again at every commit and refresh" for url in gathered.files]
    deadline = time.monotonic() + timeout

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
    folder = Path(here, path)
    if changes(options):
        folder = apply_edits(here, path, options, environment, mirror=mirror, edit=edit)
    what = f"kustomize build {path}"
    output = kustomize(("build", os.fspath(folder)), scratch, what)
    documents = load_documents(output, where=f"output of {what}")
    places = (f"output of {what}, document {number}" for number in itertools.count(1))
    placed = list(zip(places, documents, strict=False))
    return Found(placed, depends, warnings, bases=bases, unpinned=unpinned)


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
