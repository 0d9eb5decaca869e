"""Whether a chart's values.schema.json can be checked without reaching out.

Helm follows a schema's `$ref` wherever it leads: to files anywhere on the disk and to any address, the function's own
runtime interface included. A tool that reads what others wrote must not do that, and a render that depends on
somebody else's web server isn't decided by its commit. So schemas are looked through first, in folders and in
packaged charts, and where one refers to anything but itself, the check of values is left out (what a chart renders to
doesn't depend on it).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

__all__ = ["reaches_out"]

_NAME: Final = "values.schema.json"
_ARCHIVE_LIMIT: Final = 16 << 20
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_KNOWN = ("#", "http://json-schema.org/", "https://json-schema.org/")


def reaches_out(root: Path, paths: Iterable[str]) -> str | None:
    """The first schema below these paths of a checkout that refers to something else, or can't be looked through."""
    for path in sorted(paths):
        for file in _files(root / path):
            name = os.path.relpath(file, root)
            if file.name == _NAME:
                if _refers(file.read_bytes()):
                    return name
            elif _archive_refers(file):
                return name
    return None


def _files(start: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(start):
        for name in sorted(names):
            file = Path(folder, name)
            if (name == _NAME or name.endswith((".tgz", ".tar.gz"))) and file.is_file():
                yield file


def _refers(content: bytes) -> bool:
    try:
        todo: list[Any] = [json.loads(content)]
    except (ValueError, RecursionError):
        return True
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            targets = [value.get(name) for name in _REFERENCES]
            if "$schema" in value:
                targets.append(value["$schema"])
            if any(isinstance(target, str) and not target.startswith(_KNOWN) for target in targets):
                return True
            todo.extend(value.values())
    return False


def _archive_refers(file: Path) -> bool:
    try:
        with gzip.open(file) as stream:
            content = stream.read(_ARCHIVE_LIMIT + 1)
        if len(content) > _ARCHIVE_LIMIT:
            return True
        if _NAME.encode() not in content and b".tgz" not in content:
            return False  # names stand in an archive as they are
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.name.endswith(".tgz"):
                    return True
                if member.name.endswith(_NAME):
                    schema = archive.extractfile(member)
                    if schema is None or _refers(schema.read()):
                        return True
    except (OSError, EOFError, zlib.error, tarfile.TarError):
        return True
    return False
