"""Paths inside a checkout, and the promise that nothing outside of it is read.

Whoever can push to a repository decides what its paths and symbolic links say. A checkout lies next to others in the
same function, beside credentials and the function's own code, so every path is followed here one component at a time,
links included, before anything is opened: it must stay inside the checkout and out of its `.git`. (Argo CD, "Security
considerations", refuses links that leave the repository in the same way.)
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mooring.errors import ConfigurationError

__all__ = ["LeavesError", "MissingError", "Place", "cover", "folder", "inside", "locate", "reachable"]

MAX_LINKS: Final = 40
"""Links followed in one path; Linux gives up after as many."""


class LeavesError(Exception):
    """A path or a link points outside of the repository, or into `.git`."""


class MissingError(Exception):
    """There is nothing at a path. `at` is its first part that doesn't exist, relative to the root, and `path` what was
    looked for, with the links that are there followed.
    """

    def __init__(self, message: str, at: str, path: str) -> None:
        super().__init__(message)
        self.at = at
        self.path = path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: the real path relative to the repository's root (`.` for the root itself) and every link
    that was followed on the way, relative to the root too.
    """

    path: str
    links: tuple[str, ...]
    is_folder: bool


def locate(root: Path, relative: str) -> Place:
    """Follows a path that is relative to the root of a checkout. Dots are taken out first and links followed then, as
    the Go tools do it.

    Raises `LeavesError` and `MissingError`, each with a message that names what is wrong.
    """
    if relative.startswith("/"):
        raise LeavesError(f"{relative!r} is an absolute path: give it relative to the repository")
    if "\0" in relative:
        raise LeavesError(f"{relative!r} holds a zero byte")
    top = os.fspath(root)
    todo = posixpath.normpath(relative).split("/")[::-1]
    done: list[str] = []
    links: list[str] = []
    mode = stat.S_IFDIR
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not done:
                raise LeavesError(_outside(relative, links))
            done.pop()
            mode = stat.S_IFDIR
            continue
        if part.lower() == ".git":
            raise LeavesError(f"{relative!r} leads into .git, which holds git's own files")
        if not stat.S_ISDIR(mode):
            at = "/".join(done)
            raise MissingError(f"{at!r} is a file, not a folder", at, at)
        here = "/".join((*done, part))
        try:
            mode = os.lstat(f"{top}/{here}").st_mode
        except OSError:
            path = posixpath.normpath("/".join((here, *todo[::-1])))
            raise MissingError(f"{here!r} does not exist", here, path) from None
        if not stat.S_ISLNK(mode):
            done.append(part)
            continue
        links.append(here)
        target = os.readlink(f"{top}/{here}")
        if target.startswith("/"):
            raise LeavesError(_outside(relative, links))
        if len(links) > MAX_LINKS:
            raise MissingError(f"{relative!r} goes through too many symbolic links", here, here)
        todo.extend(target.split("/")[::-1])
        mode = stat.S_IFDIR
    return Place("/".join(done) or ".", tuple(links), stat.S_ISDIR(mode))


def _outside(relative: str, links: list[str]) -> str:
    if links:
        return f"the symbolic link {links[-1]!r} points outside of the repository"
    return f"{relative!r} points outside of the repository"


def inside(root: Path, relative: str, *, field: str) -> Path:
    """The folder that a user's path names, links followed.

    Raises `ConfigurationError` for a path that is absolute, missing, a file, or leads out of the repository.
    """
    return root / folder(root, relative, field=field).path


def folder(root: Path, relative: str, *, field: str) -> Place:
    """As `inside`, but tells the links that were followed too."""
    try:
        place = locate(root, relative)
    except LeavesError as error:
        raise ConfigurationError(f"{error}; name a folder inside the repository", field=field) from None
    except MissingError as error:
        message = f"{error} at this revision; correct the path or add the folder"
        raise ConfigurationError(message, field=field) from None
    if not place.is_folder:
        raise ConfigurationError(f"{relative!r} is a file; name the folder that holds it", field=field)
    return place


def reachable(root: Path, starts: Iterable[str], *, sparse: bool = False) -> set[str]:
    """All repository paths that reading these files and folders can touch: themselves, every link inside them, and
    what the links lead to. A link to nothing counts with the first part that is missing, since a file may appear there
    by any way; in a `sparse` checkout, where it may only have been left out, with the path that it names.

    Raises `ConfigurationError` for a link that leaves the repository.
    """
    found: set[str] = set()
    walked: set[str] = set()
    todo = list(starts)
    while todo:
        start = todo.pop()
        if start in found:
            continue
        found.add(start)
        for link in (*_links(root, start, walked), *([start] if sparse and not start.startswith("..") else [])):
            try:
                place = locate(root, link)
            except LeavesError as error:
                message = f"{error}: replace it with a file, or with a link to something inside"
                raise ConfigurationError(message, field="spec.source.path") from None
            except MissingError as error:
                found.update((link, error.path if sparse else error.at))
                continue
            found.update(place.links)
            todo.append(place.path)
    return found


def _links(root: Path, start: str, walked: set[str]) -> Iterable[str]:
    top = os.fspath(root)
    todo = [start]
    while todo:
        here = todo.pop()
        if here in walked:
            continue
        walked.add(here)
        try:
            entries = os.scandir(f"{top}/{here}")
        except (NotADirectoryError, FileNotFoundError):
            continue
        with entries:
            for entry in entries:
                path = entry.name if here == "." else f"{here}/{entry.name}"
                if entry.is_symlink():
                    yield path
                elif entry.is_dir(follow_symlinks=False) and entry.name.lower() != ".git":
                    todo.append(path)


def cover(paths: Iterable[str]) -> tuple[str, ...]:
    """The same paths, sorted, without those that lie in a folder which is named too."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: [] if path == "." else path.split("/")):
        if kept and (kept[-1] == "." or path.startswith(f"{kept[-1]}/")):
            continue
        kept.append(path)
    return tuple(kept)
