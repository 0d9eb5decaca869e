"""One chart's versions out of an `index.yaml`, however large that file is.

Public indexes have tens of megabytes, of which one chart is a hundredth and what we need of it (version, digest,
addresses) a tenth of that; a YAML parser would take ten seconds for the whole. Helm writes indexes as block YAML,
where indentation alone says which lines belong to a chart and to a field: those lines are picked out by bytes, and
only they are parsed, as text throughout (Helm's fields are strings, `1.10` is no number). An index that is JSON is
parsed as JSON; one that is written in any other way is parsed as a whole, if it is small.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from mooring.errors import ConfigurationError
from mooring.source.urls import FIELD

__all__ = ["Entry", "read_entries"]

_MAX_PARSED: Final = 4 << 20  # bytes of YAML that we have the patience to parse
_WANTED = (b"version", b"digest", b"urls")
_ENTRIES = re.compile(rb"^entries:[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a chart: its archive's SHA-256 in hex (empty where the index has none) and addresses."""

    version: str
    digest: str
    urls: tuple[str, ...]


def read_entries(index: Path, chart: str, *, where: str) -> list[Entry] | None:
    """The versions of one chart in an index, in its order; None where the index doesn't know the chart.

    Raises `ConfigurationError` for what is no index. Source: Helm, "The Chart Repository Guide".
    """
    with open(index, "rb") as file:
        if not file.read(1):
            raise _broken(where)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                items = _items(content, chart)
            except (yaml.YAMLError, orjson.JSONDecodeError, UnicodeDecodeError, RecursionError):
                raise _broken(where) from None
    if items is None:
        return None
    if not isinstance(items, list):
        raise _broken(where)
    return [entry for item in items if (entry := _entry(item)) is not None]


def _items(content: mmap.mmap, chart: str) -> object:
    if content[:64].lstrip()[:1] == b"{":
        return _entries(orjson.loads(content[:]), chart)
    found = _ENTRIES.search(content)
    if found is not None and (block := _block(content, found.end(), chart.encode())) is not None:
        if not block:
            return None
        try:
            return yaml.load(b"\n".join(_picked(block)), _Loader)  # noqa: S506 - makes nothing but text and lists of it
        except yaml.YAMLError:
            if len(content) > _MAX_PARSED:
                raise
    if len(content) > _MAX_PARSED:
        raise yaml.YAMLError("not written as Helm writes it, and too large to be parsed")
    return _entries(yaml.load(content[:], _Loader), chart)  # noqa: S506 - as above


def _entries(document: object, chart: str) -> object:
    entries = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise yaml.YAMLError("no entries")
    return entries.get(chart)


def _block(content: mmap.mmap, start: int, chart: bytes) -> bytes | None:
    """The lines below a chart's name, empty where it isn't there; None where the entries aren't in block style."""
    first = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*( +)[^ \t\n#\-\[{&*!|>%@`]").match(content, start)
    if first is None:
        return None
    indent = re.escape(first[1])
    quoted = rb"(?:%s|\"%s\"|'%s')" % ((re.escape(chart),) * 3)
    name = re.compile(rb"^%s%s[ \t]*:[ \t]*(?:#[^\n]*)?\r?$" % (indent, quoted), re.MULTILINE)
    # Where the entries end: the next line without indentation.
    over = re.compile(rb"^[^ \t\r\n#\-]", re.MULTILINE).search(content, start)
    end = over.start() if over else len(content)
    key = name.search(content, start, end)
    if key is None:
        flow = re.compile(rb"^%s%s[ \t]*:" % (indent, quoted), re.MULTILINE).search(content, start, end)
        return None if flow else b""
    following = re.compile(rb"^%s[^ \t\r\n#\-]" % indent, re.MULTILINE).search(content, key.end(), end)
    return content[key.end() : following.start() if following else end]


def _picked(block: bytes) -> Iterator[bytes]:
    """The same list of mappings with the wanted fields alone."""
    dash = inner = -1
    keep = False
    for raw in block.split(b"\n"):
        line, bare = raw, raw.lstrip(b" ")
        indent = len(line) - len(bare)
        if bare.startswith(b"- ") and (dash < 0 or indent == dash):
            dash = indent
            bare = bare[1:].lstrip(b" ")
            inner = indent = len(line) - len(bare)
            line = b" " * inner + bare
            yield b" " * dash + b"-"
        if indent == inner and not bare.startswith((b"- ", b"#")) and bare.strip():
            keep = bare.partition(b":")[0].strip(b"\"' ") in _WANTED
        if keep or (dash < 0 and bare.strip()):
            yield line


def _entry(item: object) -> Entry | None:
    """What we need of an item; None for one that Helm would pass over, too."""
    if not isinstance(item, dict):
        return None
    version, digest, urls = item.get("version"), item.get("digest") or "", item.get("urls")
    if not isinstance(version, str) or not version or not isinstance(digest, str) or not isinstance(urls, list):
        return None
    digest = digest.removeprefix("sha256:").lower()
    if digest and not _DIGEST.fullmatch(digest):
        return None  # it would match no archive
    addresses = tuple(url for url in urls if isinstance(url, str) and url)
    return Entry(version, digest, addresses) if addresses else None


def _broken(where: str) -> ConfigurationError:
    return ConfigurationError(f"the index of {where} can't be read; is this a repository of Helm charts?", field=FIELD)
