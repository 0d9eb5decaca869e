"""Plain manifests in a folder, read without starting any process; only Jsonnet among them needs one.

Which files count is Argo CD's rule: names that end in .yaml, .yml or .json, in the folder itself or, with `recurse`,
below it, in the order of their paths, filtered by the two globs. A YAML file that holds no Kubernetes object (Helm
values, a CI configuration) is passed over with a warning; one that looks like a manifest and can't be read is an
error, since leaving it out would prune what it declares.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import DirectoryOptions
from mooring.render.globs import compile_glob
from mooring.render.objects import MAX_TOTAL, Found
from mooring.render.overrides import OVERRIDES
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.sops import SopsOpening
from mooring.render.yaml import load_documents

__all__ = ["Evaluate", "jsonnet_files", "read_directory"]

Evaluate = Callable[[Sequence[str]], Iterable[tuple[str, list[Any], set[str]]]]
"""Evaluates Jsonnet files: for each, its name, its documents and the paths that it depends on."""

_SKIP = b"+argocd:skip-file-rendering"
_SUFFIXES = (".yaml", ".yml", ".json", ".jsonnet")


def read_directory(
    root: Path,
    path: str,
    options: DirectoryOptions,
    evaluate: Evaluate,
    *,
    field: str = "spec.source.directory",
    opening: SopsOpening | None = None,
) -> Found:
    """Reads the manifests in the folder `path` (relative to the checkout `root`, links already followed), and has
    `evaluate` called once with its Jsonnet files, if there are any; `opening` opens those that are encrypted.

    Raises `RenderError` for files that can't be read and `ConfigurationError` for globs and links that can't be used,
    and what opening a file raises.
    Source: Argo CD, "Directory" and "Jsonnet".
    """
    found = Found(depends={path})
    total = 0
    contents: dict[str, bytes | None] = {}
    for where, is_link in _chosen(root, path, options, field):
        if is_link and not _follow(root, where, found):
            continue
        if where.endswith(".jsonnet"):
            contents[where] = None
            continue
        try:
            content = Path(root, where).read_bytes()
        except OSError as error:
            raise RenderError(f"{where}: can't be read ({error.strerror}): check the file in the repository") from error
        total += len(content)
        if total > MAX_TOTAL:
            raise RenderError(f"{where}: the manifests exceed {MAX_TOTAL >> 20} MiB together: split the application")
        contents[where] = content
    read = {where: content for where, content in contents.items() if content is not None and _SKIP not in content}
    plain = {} if opening is None else opening.contents(read)
    programs: list[str] = []
    places: dict[str, int] = {}
    for where, given in contents.items():
        if given is not None:
            _read(plain.get(where, given), where, found)
        else:
            programs.append(where)
            places[where] = len(found.documents)
    if programs:
        _evaluated(evaluate(programs), places, found)
    return found


def jsonnet_files(root: Path, path: str, options: DirectoryOptions, *, field: str) -> list[str]:
    """The Jsonnet files that `read_directory` would evaluate, links among them, whether or not those lead anywhere."""
    return [where for where, _ in _chosen(root, path, options, field) if where.endswith(".jsonnet")]


def _chosen(root: Path, path: str, options: DirectoryOptions, field: str) -> Iterator[tuple[str, bool]]:
    """The files that count, in the order of their paths, and whether each is a link."""
    include = compile_glob(options.include, field=f"{field}.include") if options.include else None
    exclude = compile_glob(options.exclude, field=f"{field}.exclude") if options.exclude else None
    for relative, is_link in sorted(_files(os.path.join(root, path), options.recurse)):
        if (exclude and exclude.fullmatch(relative)) or (include and not include.fullmatch(relative)):
            continue
        yield relative if path == "." else f"{path}/{relative}", is_link


def _evaluated(evaluated: Iterable[tuple[str, list[Any], set[str]]], places: dict[str, int], found: Found) -> None:
    """Puts what Jsonnet gave among the other documents, in the order of the files."""
    shift = 0
    for where, documents, depends in evaluated:
        found.depends.update(depends)
        single = len(documents) == 1
        named = [(where if single else f"{where}, item {number}", each) for number, each in enumerate(documents, 1)]
        at = places[where] + shift
        found.documents[at:at] = named
        shift += len(named)


def _files(start: str, recurse: bool) -> Iterator[tuple[str, bool]]:
    """Paths of candidate files relative to `start`, and whether each is a link. Links to folders are not entered."""
    todo = [""]
    while todo:
        here = todo.pop()
        with os.scandir(f"{start}/{here}") as entries:
            for entry in entries:
                is_link = entry.is_symlink()
                if not is_link and entry.is_dir(follow_symlinks=False):
                    if recurse and entry.name.lower() != ".git":
                        todo.append(f"{here}{entry.name}/")
                elif entry.name.startswith(OVERRIDES):
                    continue
                elif entry.name.endswith(_SUFFIXES) and (is_link or entry.is_file(follow_symlinks=False)):
                    yield here + entry.name, is_link


def _follow(root: Path, where: str, found: Found) -> bool:
    try:
        place = locate(root, where)
    except LeavesError as error:
        message = f"{error}: replace it with a file, or with a link to something inside"
        raise ConfigurationError(message, field="spec.source.path") from None
    except MissingError as error:
        raise RenderError(f"{where}: a symbolic link that leads nowhere ({error}): correct or remove it") from None
    found.depends.update(place.links)
    found.depends.add(place.path)
    return not place.is_folder


def _read(content: bytes, where: str, found: Found) -> None:
    if _SKIP in content:
        return
    try:
        documents = load_documents(content, where=where)
    except RenderError:
        if b"apiVersion" in content or b"kind" in content:
            raise
        found.warnings.append(f"{where}: neither YAML nor a manifest, passed over")
        return
    foreign = all(not isinstance(item, dict) or ("kind" not in item and "apiVersion" not in item) for item in documents)
    if documents and foreign and not all(word in content for word in (b"apiVersion:", b"kind:", b"metadata:")):
        found.warnings.append(f"{where}: holds no Kubernetes object, passed over")
        return
    single = len(documents) == 1
    for number, document in enumerate(documents, 1):
        found.documents.append((where if single else f"{where}, document {number}", document))
