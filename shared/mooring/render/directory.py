"""Plain manifests in a folder, read without starting any process.

Which files count is Argo CD's rule: names that end in .yaml, .yml or .json, in the folder itself or, with `recurse`,
below it, in the order of their paths, filtered by the two globs. A YAML file that holds no Kubernetes object (Helm
values, a CI configuration) is passed over with a warning; one that looks like a manifest and can't be read is an
error, since leaving it out would prune what it declares.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import DirectoryOptions
from mooring.render.globs import compile_glob
from mooring.render.objects import MAX_TOTAL, Found
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.yaml import load_documents

__all__ = ["read_directory"]

_SKIP = b"+argocd:skip-file-rendering"
_SUFFIXES = (".yaml", ".yml", ".json", ".jsonnet")


def read_directory(root: Path, path: str, options: DirectoryOptions) -> Found:
    """Reads the manifests in the folder `path` (relative to the checkout `root`, links already followed).

    Raises `RenderError` for files that can't be read and `ConfigurationError` for globs and links that can't be used.
    Source: Argo CD, "Directory".
    """
    include = compile_glob(options.include, field="spec.source.directory.include") if options.include else None
    exclude = compile_glob(options.exclude, field="spec.source.directory.exclude") if options.exclude else None
    found = Found(depends={path})
    start = os.path.join(root, path)
    total = 0
    for relative, is_link in sorted(_files(start, options.recurse)):
        if (exclude and exclude.fullmatch(relative)) or (include and not include.fullmatch(relative)):
            continue
        where = relative if path == "." else f"{path}/{relative}"
        if is_link and not _follow(root, where, found):
            continue
        if where.endswith(".jsonnet"):
            raise RenderError(
                f"{where}: Jsonnet is not supported yet; exclude the file with spec.source.directory.exclude, or "
                "commit what it evaluates to"
            )
        try:
            content = Path(start, relative).read_bytes()
        except OSError as error:
            raise RenderError(f"{where}: can't be read ({error.strerror}): check the file in the repository") from error
        total += len(content)
        if total > MAX_TOTAL:
            raise RenderError(f"{where}: the manifests exceed {MAX_TOTAL >> 20} MiB together: split the application")
        _read(content, where, found)
    return found


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
