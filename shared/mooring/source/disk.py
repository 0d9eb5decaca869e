"""One repository's place on disk, built so that a crash at any moment costs time and nothing else.

    <root>/<hash>/git/      our bare copy: shallow, files as needed, no remotes, no hooks, a configuration that we wrote
    <root>/<hash>/tree/     the files of one commit (tree-1, tree-2 … of others that are read at the same time)
    <root>/<hash>/at        which commit and which of its paths; absent while files are being written (at-1, at-2 …)
    <root>/<hash>/history/  commits without content, only where somebody abbreviates a SHA
    <root>/<hash>/size      bytes, as last measured; its date is that of the last use

A folder that `at` doesn't vouch for is removed and written anew; lock files that nobody can hold any more are removed.
Temporary storage is small, so the least recently used repositories make room for the one in use.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

__all__ = ["Place", "folders_by_use", "place_for", "recorded_size"]


class Place:
    """The folders of one repository."""

    __slots__ = ("folder", "git", "history", "size_file")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = folder / "git"
        self.history = folder / "history"
        self.size_file = folder / "size"

    def exists(self) -> bool:
        """Whether there is a copy that may be used: a fresh one gets its name only when it is complete."""
        return (self.git / "HEAD").is_file()

    def touch(self) -> None:
        """Note that the repository was used now."""
        with open(self.size_file, "a", encoding="ascii"):
            os.utime(self.size_file)

    def unlock(self) -> None:
        """Remove lock and temporary files that a killed git left; the caller knows that none is running."""
        for git in (self.git, self.history):
            for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/tmp_*"):
                for path in git.glob(pattern):
                    with contextlib.suppress(OSError):
                        path.unlink()

    def forget(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def measure(self) -> int:
        """Count the bytes on disk, and note them."""
        size = _bytes_below(self.folder)
        with contextlib.suppress(OSError):
            self.size_file.write_text(str(size), encoding="ascii")
        return size


def place_for(root: Path, url: str) -> Place:
    """Where the repository with this exact address lives below `root`."""
    return Place(root / hashlib.sha256(url.encode()).hexdigest()[:20])


def folders_by_use(root: Path) -> list[Path]:
    """The repositories' folders, the one unused for longest first."""

    def last_use(folder: Path) -> float:
        try:
            return (folder / "size").stat().st_mtime
        except OSError:
            return 0.0

    return sorted((each for each in root.iterdir() if len(each.name) == 20 and each.is_dir()), key=last_use)


def recorded_size(folder: Path) -> int:
    """The bytes noted by the last measurement; measured now where there is none."""
    try:
        return int((folder / "size").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _bytes_below(folder)


def _bytes_below(folder: str | os.PathLike[str]) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _bytes_below(entry.path)
            else:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total
