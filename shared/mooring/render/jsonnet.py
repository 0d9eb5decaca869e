"""Jsonnet files, evaluated by gokit: one process for all files of a source.

gokit reads imports itself, from below the checkout's root and nowhere else, and names every file that it read and
every place where it looked in vain; those are exactly what the result depends on. One evaluation is limited in time
and memory there.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import DirectoryOptions, NamedText
from mooring.render.environment import BuildEnvironment
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.process import run

__all__ = ["evaluate", "imports"]

_IMPORT = re.compile(r"\bimport(?:str|bin)?\s*@?(?:'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\")")


def evaluate(
    root: Path,
    path: str,
    files: Sequence[str],
    options: DirectoryOptions,
    environment: BuildEnvironment,
    *,
    tool: str,
    scratch: Path,
    timeout: float,
    field: str,
) -> Iterator[tuple[str, list[Any], set[str]]]:
    """The documents of each file (relative to the checkout `root`), in order, and the paths that it depends on.

    `path` is the source's folder, in which imports are looked for last. Raises `RenderError` with Jsonnet's own words,
    and `ConfigurationError` for libraries outside of the repository. Source: Argo CD, "Jsonnet".
    """
    libraries, links = _libraries(root, options, field)
    request = {
        "verb": "jsonnet",
        "root": str(root),
        "paths": [path, *libraries],
        "extVars": [_variable(each, environment) for each in options.ext_vars],
        "tlas": [_variable(each, environment) for each in options.tlas],
    }
    what = f"jsonnet in {path}"
    output = run(
        (tool,),
        what=what,
        advice="make what the files evaluate smaller",
        checkout=root,
        scratch=scratch,
        timeout=timeout,
        given=json.dumps([{**request, "file": file} for file in files]).encode(),
        variables={"GOMEMLIMIT": "512MiB"},
    )
    for file, answer in zip(files, json.loads(output), strict=True):
        if told := answer.get("error"):
            raise RenderError(f"{file}: {told}; correct the file and push")
        try:
            value = json.loads(answer["output"])
        except (RecursionError, ValueError) as error:
            raise RenderError(f"{file}: does not evaluate to JSON that can be read: make it shallower") from error
        yield file, value if isinstance(value, list) else [value], {*answer["read"], *links}


def imports(root: Path, path: str, files: Iterable[str], options: DirectoryOptions, field: str) -> set[str]:
    """Paths that the files may import as far as their text tells, whether or not something is there: imports in
    Jsonnet are always written out. Raises `ConfigurationError` for libraries outside of the repository.
    """
    libraries, links = _libraries(root, options, field)
    found = set(links)
    todo = list(files)
    while todo:
        file = todo.pop()
        if file in found:
            continue
        found.add(file)
        try:
            place = locate(root, file)
            found.update((place.path, *place.links))
            text = Path(root, place.path).read_text(encoding="utf-8", errors="replace")
        except MissingError as error:
            found.add(error.path)
            continue
        except (LeavesError, OSError):
            continue
        for match in _IMPORT.finditer(text):
            named = match[1] or match[2] or ""
            if named.startswith("/"):
                continue
            for folder in (posixpath.dirname(file) or ".", path, *libraries):
                candidate = posixpath.normpath(posixpath.join(folder, named))
                if not candidate.startswith(".."):
                    todo.append(candidate)
    return found


def _libraries(root: Path, options: DirectoryOptions, field: str) -> tuple[list[str], set[str]]:
    libraries: list[str] = []
    links: set[str] = set()
    for index, library in enumerate(options.libs):
        relative = library.lstrip("/") or "."
        try:
            place = locate(root, relative)
        except LeavesError as error:
            message = f"{error}; name a folder inside the repository"
            raise ConfigurationError(message, field=f"{field}.jsonnet.libs[{index}]") from None
        except MissingError:
            libraries.append(posixpath.normpath(relative))
            continue
        links.update(place.links)
        libraries.append(place.path)
    return libraries, links


def _variable(variable: NamedText, environment: BuildEnvironment) -> dict[str, Any]:
    return {"name": variable.name, "value": environment.substitute(variable.value), "code": variable.code}
