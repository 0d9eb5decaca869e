"""Config management plugins: programs that an operator puts into a layer, described as Argo CD describes them.

Each is a folder with a `plugin.yaml` (kind `ConfigManagementPlugin`) and the programs that it names. This module reads
those descriptions and decides which plugin a source is for; `plugin.py` runs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import ConfigurationError, RenderError
from mooring.model.fields import Fields
from mooring.render.yaml import load_documents

__all__ = ["Discovery", "Plugin", "choose", "installed"]

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Discovery:
    """How a plugin recognises a folder: by a file, by a glob, or by a command that prints something."""

    file_name: str = ""
    glob: str = ""
    command: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.file_name or self.glob or self.command)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin. `name` is what applications call it (with `-<version>` where it has one); commands are
    words, `init` may be empty.
    """

    name: str
    home: Path
    generate: tuple[str, ...]
    init: tuple[str, ...] = ()
    discovery: Discovery = Discovery()
    preserve_file_mode: bool = False


def installed(folder: str) -> Iterator[Plugin]:
    """The plugins below a folder, in the order of their folders' names; none where the folder is missing.

    Raises `ConfigurationError` for a description that can't be used. Source: Argo CD, "Config Management Plugins".
    """
    if folder:
        for file in sorted(Path(folder).glob("*/plugin.yaml")):
            yield _parse(file)


def _parse(file: Path) -> Plugin:
    where = f"{file.parent.name}/{file.name}"
    try:
        documents = load_documents(file.read_bytes(), where=where)
    except RenderError as error:
        raise ConfigurationError(f"the plugin's description can't be read: {error.message}", field=where) from error
    document = Fields(documents[0] if len(documents) == 1 else None, where, [])
    if document.text("kind") != "ConfigManagementPlugin":
        raise document.error("kind", "must be ConfigManagementPlugin")
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    if metadata is None or spec is None:
        raise document.error("spec", "metadata and spec must not be empty")
    if spec.boolean("provideGitCreds", False):
        raise spec.error("provideGitCreds", "is not supported: a plugin gets no credentials of Mooring's")
    version, name = spec.text("version"), metadata.required_text("name")
    generate = _command(spec, "generate")
    if not generate:
        raise spec.error("generate", "must have a command")
    discovery = Discovery()
    if (discover := spec.mapping("discover")) is not None:
        find = discover.mapping("find")
        discovery = Discovery(
            _inside(discover, "fileName"),
            "" if find is None else _inside(find, "glob"),
            () if find is None else _command_in(find),
        )
    return Plugin(
        f"{name}-{version}" if version else name,
        file.parent,
        generate,
        _command(spec, "init"),
        discovery,
        spec.boolean("preserveFileMode", False),
    )


def _command(spec: Fields, name: str) -> tuple[str, ...]:
    block = spec.mapping(name)
    return () if block is None else _command_in(block)


def _command_in(block: Fields) -> tuple[str, ...]:
    command = block.texts("command")
    return (*command, *block.texts("args")) if command else ()


def _inside(fields: Fields, name: str) -> str:
    pattern = fields.text(name)
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise fields.error(name, "must stay inside the source's folder")
    return pattern


def choose(
    plugins: Iterator[Plugin], name: str, folder: Path, says: Callable[[Plugin], bool], *, field: str
) -> Plugin | None:
    """The plugin for a source's folder: the one that is named, else the first whose discovery rule matches (None where
    none does). `says` runs a discovery command. A rule has to match for a named one too, as in Argo CD.

    Raises `ConfigurationError` for a name that isn't installed or doesn't fit.
    """
    known: list[str] = []
    for plugin in plugins:
        known.append(plugin.name)
        if name and plugin.name != name:
            continue
        if _matches(plugin, folder, says) if plugin.discovery else name:
            return plugin
        if name:
            raise ConfigurationError(f"{name!r} does not recognise the folder (its discover rule)", field=field)
    if name:
        told = f"installed are {', '.join(known)}" if known else "none is installed"
        raise ConfigurationError(f"there is no plugin {name!r} ({told}): add a layer that has it", field=field)
    return None


def _matches(plugin: Plugin, folder: Path, says: Callable[[Plugin], bool]) -> bool:
    rule = plugin.discovery
    if rule.file_name:
        return any(True for _ in folder.glob(rule.file_name))
    if rule.glob:
        return any(any(True for _ in folder.glob(each)) for each in _expanded(rule.glob))
    return says(plugin)


def _expanded(pattern: str) -> Iterator[str]:
    """`{a,b}` written out; pathlib's globs know everything else."""
    match = _BRACES.search(pattern)
    if match is None:
        yield pattern
        return
    for choice in match[1].split(","):
        yield from _expanded(pattern[: match.start()] + choice + pattern[match.end() :])
