"""A system to take git from: this machine's, or Debian's packages for another processor in a temporary folder.

Nothing is installed and no setting of this machine changes: apt is told to keep its lists elsewhere, to believe that
no package is installed, and which processor is meant. It reads this machine's own sources, so it works on Debian 12.
"""

from __future__ import annotations

import contextlib
import platform
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["system_root"]

_NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}
_PACKAGES = ("git", "openssh-client")
_TIMEOUT_S = 600


@contextlib.contextmanager
def system_root(goarch: str, report: Callable[[str], None]) -> Iterator[Path]:
    """The root of a system for this processor, gone afterwards unless it is `/`. Raises `CalledProcessError`."""
    if _NATIVE.get(platform.machine()) == goarch:
        yield Path("/")
        return
    with tempfile.TemporaryDirectory(prefix="mooring-debian-") as work:
        report(f"git: fetching Debian's packages for {goarch}")
        yield _unpacked(Path(work), goarch)


def _unpacked(work: Path, goarch: str) -> Path:
    root = work / "root"
    for folder in ("lists/partial", "cache/archives/partial", "root"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    settings = {
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Architecture": goarch,
        "APT::Architectures": goarch,
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "-qq", *(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))]
    _run([*apt, "update"])
    _run([*apt, "install", "--yes", "--no-install-recommends", "--download-only", *_PACKAGES])
    for package in sorted((work / "cache/archives").glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(package), str(root)])
    return root


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=_TIMEOUT_S, stdout=subprocess.DEVNULL)
