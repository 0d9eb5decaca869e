"""The programs that a machine needs: what they are called, where they may come from, how to get a missing one.

A tool that was asked for is looked for in `$KUBEBUILDER_ASSETS`, then on PATH, then in the cache, and is built only if
none of them has it. What is found on a machine is trusted only if it says that it is the version we ask for: an older
etcd starts well and then fails the API server with words that name nothing. The tools that are shipped to functions
(helm, kustomize, gokit, sopskit) never come from a machine, because what runs here has to be what is deployed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.golang import (
    LDFLAGS,
    BuildError,
    Program,
    Report,
    cached,
    native_architecture,
)

__all__ = ["TOOLS", "USUAL", "BuildError", "Tool", "build", "ensure", "for_tests", "has_c_compiler"]

_ROOT = Path(__file__).resolve().parent.parent
_VERSION = "k8s.io/component-base/version"
_KUBERNETES = (
    f"{LDFLAGS} -X {_VERSION}.gitVersion=v1.36.3 -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=36"
    f" -X {_VERSION}.gitTreeState=clean"
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One program. `seconds` is what its build takes on two cores after the tools above it, for the estimate.

    `fits` is what it must say of its version to be taken from the machine; without one it never is.
    """

    name: str
    module: str
    package: str
    seconds: float
    ldflags: str = LDFLAGS
    version: tuple[str, ...] = ("--version",)
    fits: str | None = None
    tags: str = ""
    cgo: bool = False

    def program(self, goarch: str) -> Program:
        """How to build it for a processor (in Go's words)."""
        return Program(_ROOT / self.module, self.package, self.name, goarch, self.ldflags, self.tags, self.cgo)


def _kubernetes(name: str, seconds: float, version: tuple[str, ...] = ("--version",)) -> Tool:
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Tool(
        name,
        "local/tools/kubernetes",
        package,
        seconds,
        _KUBERNETES,
        version,
        r"\bv1\.36\.\d+\b",
    )


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "etcd",
            "local/tools/etcd",
            "go.etcd.io/etcd/server/v3",
            60,
            fits=r"etcd Version: 3\.6\.\d+\b",
        ),
        _kubernetes("kube-apiserver", 190),
        _kubernetes("kubectl", 20, ("version", "--client")),
        _kubernetes("kube-controller-manager", 52),
        _kubernetes("kube-scheduler", 5),
        Tool("kwok", "local/tools/kwok", "sigs.k8s.io/kwok/cmd/kwok", 60),
        Tool("helm", "layers/tools/helm", "helm.sh/helm/v4/cmd/helm", 100),
        Tool(
            "kustomize",
            "layers/tools/kustomize",
            "sigs.k8s.io/kustomize/kustomize/v5",
            13,
        ),
        Tool("gokit", "layers/tools/gokit", ".", 10),
        Tool("kubeseal", "local/tools/kubeseal", "github.com/bitnami-labs/sealed-secrets/cmd/kubeseal", 25),
        Tool("sopskit", "layers/tools/sopskit", ".", 90),
        Tool("sops", "layers/tools/sopskit", "github.com/getsops/sops/v3/cmd/sops", 15),
        # Its sqlite is C. Tests ask it what a code host answers; nothing else needs it.
        Tool("gitea", "local/tools/gitea", "code.gitea.io/gitea", 230, tags="sqlite sqlite_unlock_notify", cgo=True),
        Tool("age-keygen", "layers/tools/sopskit", "filippo.io/age/cmd/age-keygen", 2),
        Tool("registrykit", "local/tools/registrykit", ".", 95),
        Tool("vaultkit", "local/tools/vaultkit", ".", 280, tags="minimal"),
    )
}
"""Every tool by its name, in the order in which building them is quickest."""

_OTHERS_SERVERS = ("gitea", "registrykit", "vaultkit")

USUAL = tuple(name for name in TOOLS if name not in _OTHERS_SERVERS)
"""What `make tools` gets: the stack's own programs, and what few tests ask for is not among them."""


def for_tests() -> tuple[str, ...]:
    """What the tests ask for, ahead of them: programs built beside tests would slow both. Gitea takes a C compiler."""
    return tuple(name for name in TOOLS if not TOOLS[name].cgo or has_c_compiler())


def has_c_compiler() -> bool:
    """Whether what has parts in C can be built here."""
    return any(shutil.which(name) for name in ("cc", "gcc"))


def ensure(names: Iterable[str], report: Report) -> dict[str, Path]:
    """Where each of these tools is, building what is missing. Raises `BuildError`; `KeyError` for an unknown name."""
    wanted = {TOOLS[name].name for name in names}
    goarch = native_architecture()
    found = {name: path for name in TOOLS if name in wanted and (path := _find(TOOLS[name], goarch))}
    missing = [tool for tool in TOOLS.values() if tool.name in wanted and tool.name not in found]
    if missing:
        report(f"to build: {', '.join(tool.name for tool in missing)} (once; then kept)")
    clock = _Clock(sum(tool.seconds for tool in missing), _pace())
    for number, tool in enumerate(missing, 1):
        report(f"{tool.name}: building, {number} of {len(missing)}{clock.left(tool.seconds, 0.0)}")
        begun = time.monotonic()
        found[tool.name] = cached(tool.program(goarch), report, partial(clock.left, tool.seconds))
        clock = clock.after(tool.seconds, time.monotonic() - begun)
        report(f"{tool.name}: built in {time.monotonic() - begun:.0f} s")
    return found


def build(module: Path, package: str, goarch: str, out: Path, report: Report) -> Path:
    """A program of any Go module here for any processor, at `out`; the cache remembers it. Raises `BuildError`.

    `package` is an import path, or `.` for the module itself. Linked as `ensure` links the same module's tools.
    """
    known = next(
        (tool for tool in TOOLS.values() if _ROOT / tool.module == module.resolve()),
        None,
    )
    ldflags = known.ldflags if known else LDFLAGS
    binary = next(
        (tool.name for tool in TOOLS.values() if tool.package == package and tool is known),
        out.name,
    )
    made = cached(Program(module.resolve(), package, binary, goarch, ldflags), report)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    shutil.copy2(made, out)
    return out


@dataclass(frozen=True, slots=True)
class _Clock:
    """What is left to do: `cost` in seconds of a two-core machine, `pace` of this machine against that one."""

    cost: float
    pace: float

    def left(self, current: float, taken: float) -> str:
        """Words for the time left, `taken` seconds into a build that should cost `current`."""
        # A build past its estimate is nearly done as far as anyone can tell: at least a tenth of it is left.
        now = max(current * self.pace - taken, current * self.pace / 10)
        seconds = now + (self.cost - current) * self.pace
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def after(self, cost: float, taken: float) -> _Clock:
        """The clock once a build is done; a big one teaches it how fast this machine is."""
        return _Clock(
            self.cost - cost,
            min(max(taken / cost, 0.2), 5.0) if cost >= 50 else self.pace,
        )


def _pace() -> float:
    return 2 / min(os.cpu_count() or 2, 8)


def _find(tool: Tool, goarch: str) -> Path | None:
    places: list[str | None] = []
    if tool.fits is not None:
        assets = os.environ.get("KUBEBUILDER_ASSETS")
        places = [
            shutil.which(tool.name, path=assets) if assets else None,
            shutil.which(tool.name),
        ]
    for place in places:
        if place and _fits(tool, place):
            return Path(place).absolute()
    path = tool.program(goarch).path
    return path if path.exists() else None


def _fits(tool: Tool, place: str) -> bool:
    try:
        said = subprocess.run(
            [place, *tool.version],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0 and re.search(tool.fits or "", said.stdout) is not None
