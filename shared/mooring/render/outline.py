"""Which paths a render will read, as far as the files that are there tell.

A sparse checkout begins with the source's folder. What that folder refers to may not be checked out yet: the outline
names it, the caller widens the checkout, and asks again until nothing new appears. No tool is started for it. The
render itself says afterwards what it depends on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from mooring.errors import ConfigurationError
from mooring.model.source import Source
from mooring.render.detect import CHART, detect
from mooring.render.helm_files import SECRETS
from mooring.render.overrides import overridden
from mooring.render.paths import LeavesError, MissingError, cover, locate, reachable
from mooring.render.render import RenderContext
from mooring.render.yaml import load_documents

__all__ = ["borrowed", "named", "outline"]


def outline(source: Source, checkout: Path, context: RenderContext) -> tuple[str, ...]:
    """The paths, relative to the root of the checkout, sorted and none inside another; what doesn't exist is named too.

    Raises `ConfigurationError` and `RenderError` for what a render would refuse.
    """
    checkout = checkout.absolute()
    path = posixpath.normpath(source.path or ".")
    try:
        place = locate(checkout, path)
    except MissingError as error:
        return cover((path, error.path))
    except LeavesError as error:
        told = f"{source.path!r} points outside of the repository" if path.startswith("..") else str(error)
        message, field = f"{told}; name a folder inside the repository", f"{source.declared_at}.path"
        raise ConfigurationError(message, field=field) from None
    found = {place.path, *place.links}
    if not place.is_folder:
        return cover(found)
    changed = overridden(source, checkout, place.path, context.instance or context.app_name)
    source = changed.source
    found |= changed.depends | set(context.stated)
    kind = detect(checkout / place.path, source.kind)
    if kind == "Kustomize":
        from mooring.render.kustomizations import folders

        found |= folders(checkout, place.path, source.kustomize)
    elif kind == "Helm":
        found |= _charts(source, checkout, place.path)
    elif kind == "Directory":
        from mooring.render.directory import jsonnet_files
        from mooring.render.jsonnet import imports

        field = f"{source.declared_at}.directory"
        if files := jsonnet_files(checkout, place.path, source.directory, field=field):
            found |= imports(checkout, place.path, files, source.directory, field)
    return cover(reachable(checkout, found, sparse=True))


def borrowed(source: Source) -> Mapping[str, tuple[str, ...]]:
    """The paths that a source takes from the repositories of others, by their `ref` (`$ref/path`)."""
    found: dict[str, set[str]] = {}
    for file in _helm_files(source):
        ref, slash, path = file.removeprefix("$").partition("/")
        if file.startswith("$") and slash:
            found.setdefault(ref, set()).add(posixpath.normpath(path))
    return {ref: cover(paths) for ref, paths in found.items()}


def _helm_files(source: Source) -> list[str]:
    files = (*source.helm.value_files, *(each.value for each in source.helm.file_parameters))
    return [file.removeprefix(SECRETS) for file in files]


def named(source: Source) -> tuple[str, ...]:
    """The paths that a source itself names, whatever lies there: its own, and those of value files."""
    path = posixpath.normpath(source.path or ".")
    return (path, *(each for each in sorted(_values(source, path)) if not each.startswith("..")))


def _values(source: Source, path: str) -> set[str]:
    """Value files beside the chart's own folder; patterns count with the folder before their wildcard."""
    found: set[str] = set()
    for file in _helm_files(source):
        if "://" in file or file.startswith("$"):
            continue
        plain = file if not set("*?[{") & set(file) else posixpath.dirname(file[: min(map(file.find, _marks(file)))])
        found.add(posixpath.normpath(plain.lstrip("/") or "." if file.startswith("/") else posixpath.join(path, plain)))
    return found


def _charts(source: Source, checkout: Path, path: str) -> set[str]:
    """Value files and charts beside the chart's own folder."""
    found = _values(source, path)
    todo = [path]
    seen: set[str] = set()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        todo += (posixpath.normpath(posixpath.join(here, chart)) for chart in _local_charts(checkout, here))
    return {each for each in found | seen if not each.startswith("..")}


def _marks(file: str) -> list[str]:
    return [mark for mark in "*?[{" if mark in file]


def _local_charts(checkout: Path, path: str) -> list[str]:
    file = Path(checkout, path, CHART)
    if not file.is_file():
        return []
    documents = load_documents(file.read_bytes(), where=posixpath.normpath(f"{path}/{CHART}"))
    entries = documents[0].get("dependencies") if documents and isinstance(documents[0], dict) else None
    repositories = [str(each.get("repository") or "") for each in entries or () if isinstance(each, dict)]
    return [each.removeprefix("file://") for each in repositories if each.startswith("file://")]
