"""Chart archives become folders, and nothing else happens on the way.

An archive is what a stranger packed: names that climb out of the folder, links, devices, and a kilobyte that unpacks
to a gigabyte are all possible. Only plain files and folders below the archive's own top folder are taken, within
Helm's own limits (its `archive` package: 100 MiB in all, 5 MiB a file). A folder gets its name, the archive's digest,
only when it is complete; folders unused for longest make room for new ones.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import tarfile
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from mooring.errors import ConfigurationError

__all__ = ["MAX_ARCHIVE", "Folders", "unpack"]

MAX_ARCHIVE: Final = 20 << 20
"""Bytes of an archive as it comes; charts with more than a few hundred kilobytes are rare."""
_MAX_TOTAL: Final = 100 << 20
_MAX_FILE: Final = 5 << 20
_MAX_ENTRIES: Final = 10_000
_IN_USE: Final = 15 * 60.0  # seconds: as long as a function may run


class _Bounded(io.RawIOBase):
    """A stream that ends with an error instead of growing without end."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = _MAX_TOTAL

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise _Bad(f"unpacks to more than {_MAX_TOTAL >> 20} MiB")
        data = self._stream.read(size)
        self._left -= len(data)
        return data


class _Bad(Exception):
    """What is wrong with an archive."""


def unpack(archive: Path, target: Path, *, what: str, strip: bool = True) -> None:
    """Unpacks a `.tar.gz` (or `.tar`) into an empty folder; `strip` takes the top folder off, as in charts.

    `what` names the archive in errors. Raises `ConfigurationError` where it holds anything but files and folders in
    their place, or too much.
    """
    try:
        with open(archive, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream = _Bounded(gzip.GzipFile(fileobj=file) if packed else file)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                _take(tar, target, strip)
    except _Bad as bad:
        raise ConfigurationError(f"{what}: the archive {bad}; it is not used", field="spec.source.chart") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError, ValueError) as error:
        raise ConfigurationError(f"{what}: is no readable archive; pack it anew", field="spec.source.chart") from error


def _take(tar: tarfile.TarFile, target: Path, strip: bool) -> None:
    for number, member in enumerate(tar):
        if number >= _MAX_ENTRIES:
            raise _Bad(f"holds more than {_MAX_ENTRIES} files")
        name = member.name
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts or "\\" in name or ":" in name.split("/")[0] or "\0" in name:
            raise _Bad(f"names a file outside of its folder ({name[:100]!r})")
        if strip:
            parts = parts[1:]
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise _Bad(f"holds a link or a device ({name[:100]!r})")
        if member.size > _MAX_FILE:
            raise _Bad(f"holds a file of more than {_MAX_FILE >> 20} MiB ({name[:100]!r})")
        if not parts:
            raise (
                _Bad(f"holds a file beside its folder ({name[:100]!r})") if strip else _Bad("holds a file without name")
            )
        if parts[0].lower() == ".git":
            continue
        content = tar.extractfile(member)
        assert content is not None
        place = target.joinpath(*parts)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.read())
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise _Bad(f"holds a file and a folder of one name ({name[:100]!r})") from None


class Folders:
    """Unpacked archives below `root`, by digest, together no larger than `limit` bytes but for those in use."""

    def __init__(self, root: Path, *, limit: int) -> None:
        self._root = root
        self._limit = limit
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._sizes: dict[str, int] = {}

    def find(self, digest: str) -> Path | None:
        """The folder of an archive that is here."""
        folder = self._root / digest
        with self._lock:
            if not folder.is_dir():
                return None
            self._used[digest] = time.time()
        with contextlib.suppress(OSError):
            os.utime(folder)
        return folder

    def scratch(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for downloads, on the same file system."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="new-", dir=self._root)

    def keep(self, digest: str, archive: Path, *, what: str, strip: bool = True) -> Path:
        """Unpacks an archive that was checked to have this digest. Raises as `unpack`."""
        folder = self._root / digest
        fresh = archive.parent / "content"
        fresh.mkdir()
        unpack(archive, fresh, what=what, strip=strip)
        with self._lock:
            self._used[digest] = time.time()
            if not folder.is_dir():
                fresh.rename(folder)
            self._make_room(digest)
        return folder

    def _make_room(self, kept: str) -> None:
        now = time.time()
        known = [(each.stat().st_mtime, each) for each in self._root.iterdir() if len(each.name) == 64]
        total = sum(self._size(each) for _, each in known)
        for _, folder in sorted(known):
            if total <= self._limit:
                return
            if folder.name == kept or now - self._used.get(folder.name, 0.0) < _IN_USE:
                continue
            total -= self._size(folder)
            self._sizes.pop(folder.name, None)
            gone = self._root / f"new-{folder.name[:16]}-gone"
            with contextlib.suppress(OSError):
                folder.rename(gone)  # nobody finds half a folder
            shutil.rmtree(gone, ignore_errors=True)

    def _size(self, folder: Path) -> int:
        size = self._sizes.get(folder.name)
        if size is None:
            size = 0
            for here, _, names in os.walk(folder):
                size += sum(os.lstat(os.path.join(here, name)).st_blocks * 512 for name in names) + 4096
            self._sizes[folder.name] = size
        return size
