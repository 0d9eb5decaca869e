"""What `apply -f` reads: Applications as YAML or JSON, several documents, a `List`, a folder, standard input.

It only takes documents apart. What a document means, and whether it is right, the API says: there is one parser of
Applications, and it is not here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["read_documents"]

SUFFIXES = (".yaml", ".yml", ".json")


def read_documents(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each document of a file, of a folder's files in order of name, or of standard input (`-`), with where it was.

    Raises `ConfigurationError` for what can't be read, is not YAML or JSON, or holds no object at all.
    """
    found = False
    for origin, text in _texts(name):
        for document in _parse(origin, text):
            for item in _items(origin, document):
                found = True
                yield origin, item
    if not found:
        raise ConfigurationError("holds no document", field=name)


def _texts(name: str) -> Iterator[tuple[str, str]]:
    if name == "-":
        yield "standard input", sys.stdin.read()
        return
    path = Path(name)
    files = sorted(f for f in path.iterdir() if f.suffix in SUFFIXES) if path.is_dir() else [path]
    for file in files:
        try:
            yield str(file), file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"can't read: {error}", field=str(file)) from error


def _parse(origin: str, text: str) -> list[Any]:
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(text)]
        except ValueError:
            pass  # several JSON documents, or YAML's flow style: the YAML parser reads both
    from mooring_cli.yaml_reader import read_yaml

    return read_yaml(origin, text)


def _items(origin: str, document: Any) -> Iterator[dict[str, Any]]:
    if document is None:
        return
    if not isinstance(document, dict):
        raise ConfigurationError(f"a document must be an object, not {type(document).__name__}", field=origin)
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _items(origin, item)
        return
    yield document
