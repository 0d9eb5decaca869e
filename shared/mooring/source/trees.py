"""The files of one commit on disk: all of them, or those below some paths.

Git writes the files, so that attributes, links and modes come out as they would in a clone. Where only some paths are
wanted, it is given a tree of its own that holds just those; more paths may be added while the files are being read.
What is certain to be there is vouched for by a file beside the folder, which is withdrawn before anything changes.
"""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mooring.source.objects import inside
from mooring.source.placed import forget_placed, withdraw
from mooring.source.process import Outcome

__all__ = ["EVERYTHING", "MODULES", "Checkout", "Local", "WorkTree", "covered", "links_above", "spelled", "with_rules"]

EVERYTHING = "."
MODULES = ".gitmodules"
_LINK = b"120000 "


@dataclass(frozen=True, slots=True)
class Checkout:
    """Files of a commit below `root`; `widen` brings those below more paths (as they are spelled in git)."""

    root: Path
    sha: str
    widen: Callable[[Iterable[str]], None]


class Local(Protocol):
    """Runs a git command that stays on this machine."""

    def __call__(
        self,
        command: list[str],
        *,
        stdin: bytes | None = None,
        index: Path | None = None,
        tree: Path | None = None,
    ) -> Outcome:
        """Runs it with this index file and work tree."""


class TreeError(Exception):
    """The files could not be written; `complaint` is what git said."""

    def __init__(self, complaint: str) -> None:
        super().__init__(complaint)
        self.complaint = complaint


class WorkTree:
    """One folder of files. `place` is the repository's folder, `git` its bare copy; `number` 0 is the first of them."""

    __slots__ = ("_at_file", "_index", "_local", "folder")

    def __init__(self, place: Path, git: Path, number: int, local: Local) -> None:
        suffix = f"-{number}" if number else ""
        self.folder = place / f"tree{suffix}"
        self._at_file = place / f"at{suffix}"
        self._index = git / f"index{suffix}"
        self._local = local

    def at(self) -> tuple[str, tuple[str, ...]] | None:
        """The commit and the paths whose files are here, all of them; None where that is not certain."""
        try:
            sha, *paths = self._at_file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        except OSError:
            return None
        return (sha, tuple(paths)) if len(sha) == 40 and paths else None

    def lacks(self, sha: str, paths: Iterable[str]) -> list[str]:
        """Those paths whose files are not certain to be here, none inside another."""
        at = self.at()
        here = at[1] if at is not None and at[0] == sha else ()
        missing: list[str] = []
        for path in sorted(spelled(paths)):
            if not covered(path, here) and not covered(path, missing):
                missing.append(path)
        return missing

    def write(self, sha: str, paths: list[str]) -> bool:
        """Puts the files below these paths here, beside those that are here of the same commit; the objects must be
        there. Returns whether the folder was empty. Raises `TreeError`.
        """
        at = self.at()
        if at is not None and at[0] == sha and self._index.is_file():
            self._at_file.unlink(missing_ok=True)
            self._add(sha, paths)
            kept = [path for path in at[1] if not covered(path, paths)]
            self._arrive(sha, [*kept, *paths])
            return False
        fresh = self._leave(at)
        named = sha if EVERYTHING in paths else self._tree_of(sha, paths)
        self._run(["read-tree", "--reset", "-u", named], tree=self.folder)
        self._arrive(sha, paths)
        return fresh

    def _leave(self, at: object) -> bool:
        """Withdraw `at` before files change; where it isn't there already, the files are no good: remove them."""
        fresh = at is None or not self._index.is_file()
        self._at_file.unlink(missing_ok=True)
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
            forget_placed(self.folder)
            self._index.unlink(missing_ok=True)
        else:
            withdraw(self.folder)
        self.folder.mkdir(exist_ok=True)
        return fresh

    def _arrive(self, sha: str, paths: Iterable[str]) -> None:
        fresh = self._at_file.with_name(f"{self._at_file.name}.new")
        fresh.write_text("\n".join([sha, *paths]), encoding="utf-8", errors="surrogateescape")
        fresh.replace(self._at_file)

    def _tree_of(self, sha: str, paths: list[str]) -> str:
        """A tree that holds what lies below some paths of a commit, and the attributes that hold there."""
        scratch = self._index.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        entries = self._run(["ls-tree", "-r", "-z", "--full-tree", sha, "--", *with_rules(paths)])
        self._run(["update-index", "-z", "--add", "--index-info"], stdin=entries, index=scratch)
        try:
            return self._run(["write-tree", "--missing-ok"], index=scratch).decode("ascii").strip()
        finally:
            scratch.unlink(missing_ok=True)

    def _add(self, sha: str, paths: list[str]) -> None:
        entries = self._run(["ls-tree", "-r", "-z", "--full-tree", sha, "--", *with_rules(paths)])
        if not entries:
            return
        names = b"".join(entry.split(b"\t", 1)[1] + b"\0" for entry in entries.split(b"\0") if entry)
        self._run(["update-index", "-z", "--add", "--index-info"], stdin=entries, index=self._index)
        self._run(
            ["checkout-index", "--force", "--index", "-z", "--stdin"], stdin=names, index=self._index, tree=self.folder
        )

    def _run(
        self, command: list[str], *, stdin: bytes | None = None, index: Path | None = None, tree: Path | None = None
    ) -> bytes:
        outcome = self._local(command, stdin=stdin, index=index or self._index, tree=tree)
        if outcome.code:
            raise TreeError(outcome.complaint)
        return outcome.out


def spelled(paths: Iterable[str]) -> set[str]:
    """Paths in git's spelling; those that lead out of the repository are left out, the root is `.`."""
    return {normal or EVERYTHING for path in paths if (normal := inside(path)) is not None}


def covered(path: str, by: Iterable[str]) -> bool:
    """Whether a path is one of some paths or below one of them."""
    return any(each in (EVERYTHING, path) or path.startswith(f"{each}/") for each in by)


def links_above(local: Local, sha: str, paths: Iterable[str]) -> list[str]:
    """The symbolic links of a commit that lie above some paths: what the paths mean is behind them."""
    above = {"/".join(parts[:end]) for path in paths for parts in [path.split("/")] for end in range(1, len(parts))}
    if not above:
        return []
    entries = local(["ls-tree", "-z", "--full-tree", sha, "--", *sorted(above)]).out.split(b"\0")
    return [entry.split(b"\t", 1)[1].decode("utf-8", "surrogateescape") for entry in entries if entry.startswith(_LINK)]


def with_rules(paths: Iterable[str]) -> list[str]:
    """The paths with what decides how they are written: the attribute files above them, and where submodules are."""
    found = set(paths)
    if EVERYTHING in found:
        return []
    for path in tuple(found):
        folder = posixpath.dirname(path)
        while folder:
            found.add(f"{folder}/.gitattributes")
            folder = posixpath.dirname(folder)
    return sorted({*found, ".gitattributes", MODULES})
