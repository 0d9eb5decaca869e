"""Running a config management plugin on a copy of its source.

A plugin is the operator's program, but what it reads is whatever somebody pushed. It sees a copy of the source's folder
and of the folders that the application states (`manifest-generate-paths`), at the places that they have in the
repository, and nothing else of it; so these are exactly what its result depends on. Its environment is Argo CD's build
environment with the application's own variables and parameters: no credentials of the function, no PATH but the
plugin's. Whether it reads the revision can't be seen, hence every revision is rendered anew.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import PluginOptions, PluginParameter
from mooring.render.environment import BuildEnvironment
from mooring.render.objects import Found
from mooring.render.paths import cover, reachable
from mooring.render.plugins import Plugin, choose, installed
from mooring.render.process import run
from mooring.render.yaml import load_documents

__all__ = ["PluginRun"]

_MAX_COPY: Final = 256 << 20
"""Bytes of files that a plugin gets to see: a function's disk holds 512 MiB by default."""
_PATH: Final = "/opt/bin:/usr/local/bin:/usr/bin:/bin"
_PRIVATE: Final = re.compile(r"passw|secret|token|key|credential", re.IGNORECASE)
_USER: Final = re.compile(r"://[^/@\s]+@")


class PluginRun:
    """One source's plugin: which it is, and what it gives. Copies the files when the first command needs them."""

    def __init__(
        self,
        root: Path,
        path: str,
        options: PluginOptions,
        environment: BuildEnvironment,
        *,
        stated: Iterable[str],
        scratch: Path,
        timeout: float,
        field: str,
    ) -> None:
        """`stated` are further paths of the repository that the plugin may read; the timeout is for all commands."""
        self._root, self._path, self._options, self._field = root, path, options, field
        self._environment = environment
        self._stated = tuple(stated)
        self._scratch = scratch
        self._timeout, self._deadline = timeout, time.monotonic() + timeout
        self._depends: set[str] = set()

    def chosen(self, folder: str) -> Plugin | None:
        """The plugin, of those installed in `folder`, that is for this source; see `choose`."""
        where = Path(self._root, self._path)
        return choose(installed(folder), self._options.name, where, self._says, field=f"{self._field}.name")

    def generate(self, plugin: Plugin) -> Found:
        """What the plugin prints. Raises `RenderError` with the plugin's own words where it fails."""
        if plugin.init:
            self._run(plugin, plugin.init, "init")
        output = self._run(plugin, plugin.generate, "generate")
        what = f"output of the plugin {plugin.name}"
        documents = load_documents(output, where=what)
        places = (f"{what}, document {number}" for number in itertools.count(1))
        return Found(list(zip(places, documents, strict=False)), self._depends)

    def _says(self, plugin: Plugin) -> bool:
        try:
            return bool(self._run(plugin, plugin.discovery.command, "discover").strip())
        except RenderError:
            return False

    def _run(self, plugin: Plugin, command: tuple[str, ...], step: str) -> bytes:
        variables = self._variables(plugin, step)
        home = self._scratch / "home"
        home.mkdir(exist_ok=True)
        names = {os.fspath(self._copy(plugin)): "", os.fspath(plugin.home): plugin.name}
        names |= {value: "***" for name, value in variables.items() if len(value) > 5 and _PRIVATE.search(name)}
        try:
            return run(
                command,
                what=f"the plugin {plugin.name} ({step})",
                advice="see the plugin's own documentation",
                checkout=self._root,
                scratch=home,
                timeout=self._timeout,
                deadline=self._deadline,
                names=names,
                folder=self._copy(plugin) / self._path,
                variables={**variables, "HTTP_PROXY": None, "HTTPS_PROXY": None, "GOGC": None, "GOMEMLIMIT": None},
            )
        except RenderError as error:
            raise RenderError(_USER.sub("://***@", error.message), field=self._field) from None

    def _copy(self, plugin: Plugin) -> Path:
        target = self._scratch / plugin.name
        if target.exists():
            return target
        self._depends = reachable(self._root, {self._path, *self._stated})
        left = _MAX_COPY
        for path in cover(self._depends):
            left -= _copied(f"{self._root}/{path}", f"{target}/{path}", left, modes=plugin.preserve_file_mode)
            if left < 0:
                raise RenderError(
                    f"{self._path}: the files for a plugin exceed {_MAX_COPY >> 20} MiB: give it a smaller folder",
                    field=self._field,
                )
        return target

    def _variables(self, plugin: Plugin, step: str) -> dict[str, str]:
        if step == "discover":
            # Whether a plugin is for a folder may not depend on the revision: other tools' renders stand for many.
            return {**self._environment.everything(but_revisions=True), "PATH": _path(plugin)}
        variables = self._environment.everything()
        given = {f"ARGOCD_ENV_{each.name}": self._environment.substitute(each.value) for each in self._options.env}
        variables |= given | dict(_parameters(self._options.parameters))
        variables["PATH"] = _path(plugin)
        for name, value in variables.items():
            if "\0" in name + value or "=" in name:
                raise ConfigurationError(f"{name!r} can't be an environment variable", field=f"{self._field}.env")
        return variables


def _path(plugin: Plugin) -> str:
    return f"{plugin.home}:{plugin.home}/bin:{_PATH}"


def _parameters(parameters: tuple[PluginParameter, ...]) -> Iterator[tuple[str, str]]:
    """Argo CD, "Config Management Plugins", Using environment variables in your plugin."""
    announced = []
    for each in parameters:
        entry: dict[str, object] = {"name": each.name}
        name = f"PARAM_{_escaped(each.name)}"
        if each.string is not None:
            entry["string"] = each.string
            yield name, each.string
        if each.map is not None:
            entry["map"] = dict(each.map)
            yield from ((f"{name}_{_escaped(key)}", value) for key, value in each.map.items())
        if each.array is not None:
            entry["array"] = list(each.array)
            yield from ((f"{name}_{index}", value) for index, value in enumerate(each.array))
        announced.append(entry)
    yield "ARGOCD_APP_PARAMETERS", json.dumps(announced, separators=(",", ":"), ensure_ascii=False)


def _escaped(name: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", name.upper())


def _copied(source: str, target: str, left: int, *, modes: bool) -> int:
    """Copies a file, a link or a folder without `.git`; returns the bytes of files, or more than `left` and stops."""
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
        return 0
    if not os.path.isdir(source):
        if os.path.isfile(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copy if modes else shutil.copyfile)(source, target)
            return os.path.getsize(target)
        return 0
    os.makedirs(target, exist_ok=True)
    total = 0
    for name in os.listdir(source):
        if name.lower() != ".git":
            total += _copied(f"{source}/{name}", f"{target}/{name}", left - total, modes=modes)
            if total > left:
                break
    return total
