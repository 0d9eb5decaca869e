"""From a bare Python to a virtual environment that holds exactly what a lock file says.

This runs before anything is installed, so it uses the standard library only and no build tool: the checkout is put on
the environment's path by a `.pth` file, and the `mooring` command is a script of four lines. Every package that pip
installs is pinned by hash. An environment carries the hash of the lock file it was made from, so an unchanged one costs
a few milliseconds and a changed one is brought up to date, whatever the dates of the files say.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["main", "prepare"]

_ROOT = Path(__file__).resolve().parent.parent
_COMMAND = """#!{python}
import sys

from mooring_cli.main import main

sys.exit(main())
"""


def prepare(directory: Path, lock: Path, *, checkout: bool) -> bool:
    """Make or update the environment in `directory`; True if anything had to be done.

    With `checkout`, the packages of this checkout can be imported there and `bin/mooring` exists. Raises
    `subprocess.CalledProcessError` when venv or pip fails; the stamp is written last, so the next run tries again.
    """
    guards = _ROOT / ".local"
    guards.mkdir(exist_ok=True)
    with (guards / f"{directory.name.lstrip('.')}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        stamp = directory / ".locked"
        wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {_ROOT} {sys.version_info[:2]}\n"
        if stamp.exists() and stamp.read_text() == wanted and (directory / "bin/python").exists():
            return False
        print(f"preparing {directory.name} from {lock.name}", flush=True)
        python = directory / "bin/python"
        if not _same_python(python):
            subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
            "--progress-bar",
            "off",
        ]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", lock], check=True)
        if checkout:
            _link_checkout(directory)
        stamp.write_text(wanted)
        return True


def _same_python(python: Path) -> bool:
    query = "import sys; print(sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [python, "-c", query],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except OSError:
        return False
    return answer.stdout.strip() == str(sys.version_info[:2])


def _link_checkout(directory: Path) -> None:
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run(
        [directory / "bin/python", "-c", query],
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (_ROOT / "shared", _ROOT / "cli")
    Path(packages.stdout.strip(), "mooring.pth").write_text("".join(f"{path}\n" for path in paths))
    command = directory / "bin/mooring"
    command.write_text(_COMMAND.format(python=directory / "bin/python"))
    command.chmod(0o755)


def main(arguments: list[str] | None = None) -> int:
    """`python -m local.bootstrap DIRECTORY LOCK [--checkout]`, from the root of the checkout; an exit code."""
    parser = argparse.ArgumentParser(prog="bootstrap", description="Prepare a virtual environment from a lock file.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--checkout", action="store_true", help="make this checkout importable there")
    chosen = parser.parse_args(arguments)
    if sys.version_info < (3, 11):  # noqa: UP036 - runs before anything has checked it
        print(
            "Mooring needs Python 3.11 or newer: set MOORING_PYTHON to one.",
            file=sys.stderr,
        )
        return 1
    os.environ.setdefault("PYTHONNOUSERSITE", "1")
    try:
        prepare(
            Path.cwd() / chosen.directory,
            Path.cwd() / chosen.lock,
            checkout=chosen.checkout,
        )
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd[:4])
        print(f"{command} … failed: see its words above.", file=sys.stderr)
        print(
            "On Debian, `venv` is in the package python3-venv; or set MOORING_PYTHON.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
