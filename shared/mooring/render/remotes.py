"""Addresses in kustomizations: which repository, which path in it, at which ref; or a single file.

Kustomize guesses by trying: an https address is fetched as a file first, and cloned if that gives no YAML. A guess that
costs requests can't be pinned, so here the text decides: an address whose path ends as manifests do is a file, any
other is a repository. Where the repository ends is said by `_git/<name>`, by `//`, by `.git`, or it is the first two
parts of the path, in this order (Kustomize, "Remote targets"). Pure.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import parse_qs

__all__ = ["Remote", "RemoteBase", "RemoteFile", "is_remote", "read_remote"]

_REMOTE: Final = re.compile(r"git::|gh:|[^/\s]+@[^/\s]+:|[^./\s]+(\.[^./\s]+)+/\S+|\S+\?\S+=")
_AUTHORITY: Final = re.compile(r"(?P<host>(?:https?|ssh)://[^/\s]+/|[^/\s:@]+@[^/\s:]+:)(?P<rest>\S+)", re.IGNORECASE)
_SHORT: Final = re.compile(r"\A(?:gh:|(?:www\.)?github\.com[:/])(?!/)", re.IGNORECASE)
_MANIFESTS: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class RemoteBase:
    """A folder of a git repository; `target` is what was asked for, `HEAD` where nothing was."""

    url: str
    target: str
    path: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of manifests at an address."""

    url: str


Remote: TypeAlias = RemoteBase | RemoteFile


def is_remote(entry: str) -> bool:
    """Whether an entry with nothing at its place in the repository is one that Kustomize looks for elsewhere."""
    return "://" in entry.partition("\n")[0].partition(" ")[0] or _REMOTE.match(entry) is not None


def read_remote(entry: str) -> Remote | None:
    """An entry taken apart; None where it names no host, or a way of getting there that isn't https, http or ssh."""
    text = _SHORT.sub("https://github.com/", entry.strip().removeprefix("git::"), count=1)
    address, _, query = text.partition("?")
    match = _AUTHORITY.fullmatch(address)
    if match is None:
        return None
    rest = match["rest"]
    is_file = rest.lower().endswith(_MANIFESTS) and "//" not in rest and ".git/" not in rest
    if is_file and match["host"].lower().startswith("http") and not _ref(query):
        return RemoteFile(text)
    repository, path = _parted(rest)
    path = posixpath.normpath(path.strip("/") or ".")
    if not repository or path.startswith(".."):
        return None
    return RemoteBase(match["host"] + repository, _ref(query) or "HEAD", path)


def _ref(query: str) -> str:
    fields = parse_qs(query)
    return (fields.get("ref") or fields.get("version") or [""])[0]


def _parted(rest: str) -> tuple[str, str]:
    before, mark, after = rest.partition("_git/")
    if mark:
        name, _, path = after.partition("/")
        return f"{before}{mark}{name}", path
    before, mark, after = rest.partition("//")
    if mark:
        return before.rstrip("/"), after
    before, mark, after = rest.partition(".git/")
    if mark:
        return f"{before}.git", after
    if rest.endswith(".git"):
        return rest, ""
    parts = rest.strip("/").split("/")
    return "/".join(parts[:2]), "/".join(parts[2:])
