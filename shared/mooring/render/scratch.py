"""Folders for the files of one render, of which nothing is left behind, even by a process that was killed.

Plain content of encrypted files lies there while a tool reads it. A render that ends takes its folder along; one that
Lambda ends at its timeout can't, and the next process of that instance finds the same `/tmp`. So a folder is locked as
long as its process lives (flock(2), which the kernel undoes), and every render removes those that nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

_PREFIX: Final = "render-"
_NEW: Final = 2.0  # seconds in which a folder may not be locked yet


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for us alone (mode 0700) until the block ends."""
    import tempfile  # of what renders need alone

    _clear(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield Path(folder)
        finally:
            os.close(held)


def _clear(place: str) -> None:
    with contextlib.suppress(OSError):
        for entry in os.scandir(place):
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                _remove(entry)


def _remove(entry: os.DirEntry[str]) -> None:
    """Removes a folder that nobody holds; one of somebody else's can't be opened, and stays."""
    with contextlib.suppress(OSError):
        if time.time() - entry.stat(follow_symlinks=False).st_ctime < _NEW:
            return
        held = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            import shutil

            shutil.rmtree(entry.path, ignore_errors=True)
        finally:
            os.close(held)
