"""What is fetched or built once and kept outside of the checkout: where, by whom, and wheels that carry a compiler.

A thing is kept under a name that says all that it was made of, and gets that name only when it is whole. Two processes
that want the same one at once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

__all__ = ["BuildError", "Report", "alone", "cache_directory", "install_wheel"]

Report: TypeAlias = Callable[[str], None]
"""Takes one line of progress."""


class BuildError(Exception):
    """Something can't be had; says why in its maker's words, and what to do."""


def cache_directory() -> Path:
    """`$MOORING_CACHE`, else `mooring` in the XDG cache directory (XDG Base Directory Specification)."""
    if chosen := os.environ.get("MOORING_CACHE"):
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring"


@contextlib.contextmanager
def alone(lock: Path, meanwhile: str, report: Report) -> Iterator[None]:
    """Waits for whoever holds this lock; `meanwhile` is reported then."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"{meanwhile}, waiting")
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def install_wheel(requirement: Path, home: Path, name: str) -> None:
    """Unpacks the wheel that `requirement` pins by hash at `home`. Raises `BuildError`, naming `name`."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as fresh:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
            "--progress-bar",
            "off",
        ]
        wheel = [
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--target",
            f"{fresh}/wheel",
            "-r",
            str(requirement),
        ]
        try:
            subprocess.run([*pip, *wheel], check=True, timeout=900, capture_output=True, text=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = str(error.stderr or "").strip()
            raise BuildError(
                f"{name} can't be installed: put {name.lower()} on PATH, or look at pip's words:\n{said}"
            ) from error
        Path(fresh, "wheel").rename(home)
