"""What an application adds to a kustomization, put into a copy of it by Kustomize's own `edit` commands.

Argo CD runs `kustomize edit …` in its checkout, and an overlay of ours would not give the same: a prefix in an overlay
comes after the base's own transformers, a label in `labels` is not one in `commonLabels`, images are merged by name.
So the same commands run here, in the same order, on a copy: the kustomization's own folder is copied (by hard links,
but for the file that is edited), and every folder beside its path is a link into the checkout, which stays untouched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, RenderError
from mooring.model.kustomizing import KustomizeOptions, KustomizePatch
from mooring.render.detect import KUSTOMIZATIONS
from mooring.render.environment import BuildEnvironment
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.yaml import load_documents

__all__ = ["added", "apply_edits", "changes", "copied_tree", "present_components", "same_file", "write_document"]

_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def changes(options: KustomizeOptions) -> bool:
    """Whether the application adds anything to the kustomization."""
    return any(
        (
            options.name_prefix,
            options.name_suffix,
            options.images,
            options.replicas,
            options.common_labels,
            options.common_annotations,
            options.namespace,
            options.patches,
            options.components,
        )
    )


def added(options: KustomizeOptions) -> dict[str, Any]:
    """What the options add that names files and folders, as part of a kustomization."""
    return {
        "components": list(options.components),
        "patches": [_patch_entry(patch) for patch in options.patches],
    }


def present_components(root: Path, path: str, options: KustomizeOptions, *, field: str) -> Iterator[tuple[str, str]]:
    """The components to be added, each with an empty text, and those that `ignoreMissingComponents` leaves out, each
    with the path that is missing. Raises `ConfigurationError` for one that leaves the repository.
    """
    for index, component in enumerate(options.components):
        missing = ""
        if options.ignore_missing_components:
            try:
                locate(root, component if component.startswith("/") else f"{path}/{component}")
            except LeavesError as error:
                message = f"{error}; name a folder inside the repository"
                raise ConfigurationError(message, field=f"{field}.components[{index}]") from None
            except MissingError as error:
                missing = error.at
        yield component, missing


def apply_edits(
    root: Path,
    path: str,
    options: KustomizeOptions,
    environment: BuildEnvironment,
    *,
    mirror: Path,
    edit: Callable[[tuple[str, ...], Path], object],
) -> Path:
    """The folder of an edited copy below `mirror`; `edit` runs `kustomize edit` with arguments in a folder.

    Raises `RenderError` for a kustomization that can't be edited. Source: Argo CD, "Kustomize" (the order is that of
    its repository server).
    """
    folder = _mirrored(root, path, mirror)
    for arguments in _before_patches(options, environment):
        edit(arguments, folder)
    if options.patches:
        _append_patches(folder, path, options.patches)
    if options.components:
        edit(("add", "component", "--", *options.components), folder)
    return folder


def _before_patches(options: KustomizeOptions, environment: BuildEnvironment) -> Iterator[tuple[str, ...]]:
    if options.name_prefix:
        yield "set", "nameprefix", "--", options.name_prefix
    if options.name_suffix:
        yield "set", "namesuffix", "--", options.name_suffix
    if options.images:
        yield "set", "image", "--", *(environment.substitute(image) for image in options.images)
    if options.replicas:
        yield "set", "replicas", "--", *(f"{each.name}={each.count}" for each in options.replicas)
    if options.common_labels:
        flags = (
            *(("--force",) if options.force_common_labels else ()),
            *(("--without-selector",) if options.label_without_selector else ()),
            *(("--include-templates",) if options.label_include_templates else ()),
        )
        labels = {name: environment.substitute(value) for name, value in options.common_labels.items()}
        yield "add", "label", *flags, "--", *_pairs(labels)
    if options.common_annotations:
        annotations = options.common_annotations
        if options.common_annotations_envsubst:
            annotations = {name: environment.substitute(value) for name, value in annotations.items()}
        force = ("--force",) if options.force_common_annotations else ()
        yield "add", "annotation", *force, "--", *_pairs(annotations)
    if options.namespace:
        yield "set", "namespace", "--", options.namespace


def _pairs(values: Mapping[str, str]) -> Iterator[str]:
    return (f"{name}:{value}" for name, value in values.items())


def _mirrored(root: Path, path: str, mirror: Path) -> Path:
    """A tree in which everything is where the checkout has it, and only the folder at `path` is a copy."""
    try:
        source, target = os.fspath(root), os.fspath(mirror)
        os.mkdir(target)
        for part in [] if path == "." else path.split("/"):
            _linked(source, target, part)
            source, target = f"{source}/{part}", f"{target}/{part}"
            os.mkdir(target)
        copied_tree(source, target)
    except OSError as error:
        raise RenderError(f"{path}: the kustomization can't be copied ({error.strerror}): check its files") from error
    for name in KUSTOMIZATIONS:
        file = f"{target}/{name}"
        if os.path.lexists(file):
            # A file of its own: the edit must not write through a link into the checkout.
            content = Path(file).read_bytes()
            os.unlink(file)
            Path(file).write_bytes(content)
    return Path(target)


def _linked(source: str, target: str, but: str) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in (but, ".git"):
                continue
            to = os.readlink(entry.path) if entry.is_symlink() else entry.path
            os.symlink(to, f"{target}/{entry.name}")


def copied_tree(source: str, target: str) -> None:
    """Fills a folder with what another holds, by hard links; symbolic links stay what they are."""
    with os.scandir(source) as entries:
        for entry in entries:
            to = f"{target}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), to)
            elif entry.name == ".git":
                continue
            elif entry.is_dir():
                os.mkdir(to)
                copied_tree(entry.path, to)
            else:
                same_file(entry.path, to)


def same_file(source: str, target: str) -> None:
    """A file of a checkout in a copy, without its content being written anew."""
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)


def _append_patches(folder: Path, path: str, patches: tuple[KustomizePatch, ...]) -> None:
    """There is no command for patches: they go to the end of the list, as Argo CD appends them."""
    file = next((folder / name for name in KUSTOMIZATIONS if (folder / name).is_file()), None)
    if file is None:
        raise RenderError(f"{path}: holds no kustomization to which patches could be added")
    where = f"{path}/{file.name}"
    documents = load_documents(file.read_bytes(), where=where)
    document = documents[0] if documents else {}
    listed = document.get("patches") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(listed, list | None):
        raise RenderError(f"{where}: patches: must be a list to which spec.source.kustomize.patches can be added")
    write_document(file, {**document, "patches": [*(listed or ()), *map(_patch_entry, patches)]})


def write_document(file: Path, document: Mapping[str, Any]) -> None:
    """Puts a kustomization in the place of a file in a copy, of which other names in a checkout may be links."""
    # One field a line, each in JSON: that is YAML as well, and no scalar can be taken for another type.
    lines = (f"{_json(name)}: {_json(value)}\n" for name, value in document.items())
    file.unlink()
    file.write_text("".join(lines), encoding="ascii")


def _json(value: Any) -> str:
    """JSON in ASCII that is YAML too: a character beyond 16 bits is one escape there, not a pair."""
    return _SURROGATES.sub(
        lambda pair: f"\\U{0x10000 + ((int(pair[1], 16) & 0x3FF) << 10) + (int(pair[2], 16) & 0x3FF):08x}",
        json.dumps(value),
    )


def _patch_entry(patch: KustomizePatch) -> dict[str, Any]:
    entry = {"patch": patch.patch, "path": patch.path, "target": patch.target, "options": patch.options}
    return {name: value for name, value in entry.items() if value}
