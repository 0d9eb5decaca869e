"""Health scripts from a folder in git: named in the settings, brought by the sweep, used by every sync.

The folder is laid out as Argo CD's `resource_customizations`: `<group>/<Kind>/health.lua`. A commit whose scripts can't
be used changes nothing: the last good ones stay in force, and the settings show what is wrong. An installation that
names no folder pays nothing, one that does pays one question to its repository in a sweep, and writes when it moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mooring.errors import ConfigurationError, ConflictError, MooringError, RenderError
from mooring.state.healthscripts import HealthScripts, ScriptsSource, ScriptsState

if TYPE_CHECKING:
    from mooring.source import Repositories

__all__ = ["SOURCE", "follow_scripts", "read_source", "show_scripts"]

SOURCE: Final = "resource.customizations.source"
_MOST_SCRIPTS: Final = 2000
_LARGEST_SCRIPT: Final = 256 * 1024


def read_source(data: Mapping[str, str]) -> ScriptsSource | None:
    """The folder that settings name, or None. Raises `ConfigurationError` naming the key and the field."""
    text = data.get(SOURCE, "")
    if not text.strip():
        return None
    from mooring.model.fields import Fields
    from mooring.render.yaml import load_documents
    from mooring.source.urls import parse_url

    where = f"data[{SOURCE}]"
    try:
        documents = load_documents(text, where=where)
    except RenderError as error:
        raise ConfigurationError(f"is not YAML: {error.message}", field=where) from error
    if len(documents) != 1:
        raise ConfigurationError("must be one mapping with repoURL, path and targetRevision", field=where)
    warnings: list[str] = []
    fields = Fields(documents[0], where, warnings)
    url = fields.required_text("repoURL")
    parse_url(url, field=f"{where}.repoURL")
    source = ScriptsSource(url, fields.text("path") or ".", fields.text("targetRevision") or "HEAD")
    fields.close()
    if warnings:
        raise ConfigurationError(warnings[0].replace(", ignored", "; there are repoURL, path and targetRevision"))
    return source


def show_scripts(source: ScriptsSource, state: ScriptsState) -> dict[str, Any]:
    """What users read of the folder: the commit whose scripts are in force, and why a later one is not."""
    shown: dict[str, Any] = {"commit": state.commit, "scripts": state.count}
    if state.source != source:
        shown["error"] = "not fetched yet; the next sweep does"
    elif state.error:
        shown["error"] = state.error
    return shown


def follow_scripts(scripts: HealthScripts, repositories: Repositories, version: str) -> MooringError | None:
    """Brings the scripts where their folder has changed; returns what is wrong with them, if that is news.

    `version` is that of the settings, empty without any. Raises as `HealthScripts` does.
    """
    if not version:
        return None
    data, known = scripts.state()
    source = read_source(data)
    if source is None:
        return None
    named = replace(known, source=source)
    sha = ""
    try:
        sha = _resolved(repositories, source)
        if named == known and sha == known.seen:
            return None
        state, files = _brought(repositories, replace(named, seen=sha), source)
        if files is None:
            scripts.note(state, version=version)
        else:
            scripts.put(state, files, version=version)
        return None
    except ConflictError:
        return None  # the settings have just changed: the next sweep goes by the new ones
    except MooringError as error:
        # A commit that can't be used is looked at once; git that did not answer is asked again.
        seen = sha if isinstance(error, ConfigurationError) else ""
        state = replace(named, seen=seen, error=str(error))
        return error if state != known and _noted(scripts, state, version) else None


def _noted(scripts: HealthScripts, state: ScriptsState, version: str) -> bool:
    try:
        scripts.note(state, version=version)
    except ConflictError:
        return False
    return True


def _brought(
    repositories: Repositories, state: ScriptsState, source: ScriptsSource
) -> tuple[ScriptsState, dict[str, str] | None]:
    """What becomes of the commit `state.seen`, and its scripts unless they are those in force."""
    url, sha = source.repo_url, state.seen
    repositories.fetch(url, [sha])
    tree = repositories.trees(url, sha, [source.path])[source.path]
    if tree is None:
        raise ConfigurationError(f"there is nothing at this path in {sha}", field=f"{SOURCE}.path")
    if tree == state.tree:
        return replace(state, commit=sha, error=""), None
    with repositories.checked_out(url, sha) as folder:
        files = _read(folder, source.path)
    return replace(state, commit=sha, tree=tree, count=len(files), error=""), files


def _resolved(repositories: Repositories, source: ScriptsSource) -> str:
    from mooring.source import Resolution  # with git, which a sync that reads settings never needs

    found = repositories.resolve(source.repo_url, [source.revision])[source.revision]
    if not isinstance(found, Resolution):
        raise found
    return found.sha


def _read(root: Path, path: str) -> dict[str, str]:
    """The scripts below a path of a checkout. Raises `ConfigurationError` for the first that can't be used."""
    from mooring.health.lua import syntax_error  # with the package lupa

    files: dict[str, str] = {}
    for name, content in _scripts(root, path):
        where = f"{path}/{name}"
        try:
            files[name] = content.decode()
        except UnicodeDecodeError:
            raise ConfigurationError("is not UTF-8", field=where) from None
        if problem := syntax_error(files[name]):
            raise ConfigurationError(f"is no Lua: {problem}", field=where)
        if len(files) > _MOST_SCRIPTS:
            raise ConfigurationError(f"holds more than {_MOST_SCRIPTS} health scripts", field=path)
    if not files:
        raise ConfigurationError("holds no <group>/<Kind>/health.lua", field=path)
    return files


def _scripts(root: Path, path: str) -> Iterator[tuple[str, bytes]]:
    top = root.resolve()
    folder = (top / path).resolve()
    if not folder.is_relative_to(top) or not folder.is_dir():
        raise ConfigurationError("is no folder of the repository", field=path)
    for pattern in ("*/health.lua", "*/*/health.lua"):
        for file in sorted(folder.glob(pattern)):
            # Whoever can push to the repository decides what its links say.
            if not file.resolve().is_relative_to(top) or not file.is_file():
                continue
            name = str(file.relative_to(folder))
            if file.stat().st_size > _LARGEST_SCRIPT:
                message = f"is longer than {_LARGEST_SCRIPT // 1024} KiB: shorten it"
                raise ConfigurationError(message, field=f"{path}/{name}")
            yield name, file.read_bytes()
