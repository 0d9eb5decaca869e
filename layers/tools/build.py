"""Fills a folder with the programs that functions start: git, ssh, helm, kustomize, gokit and sopskit.

Run by the Makefile that `sam build` calls. The Go programs are built from the modules that are pinned here and come
from the cache when they have been built before; git and ssh come from Debian (see `debian.py`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# Run as a script by `make`, from a folder outside: what it needs of this repository is found from its root.
sys.path[0] = str(_HERE.parent.parent)

from layers.tools.debian import system_root  # noqa: E402 (the path comes first)
from layers.tools.extract import collect  # noqa: E402
from local.tools import build  # noqa: E402

__all__ = ["main"]

_PROGRAMS = {
    "helm": "helm.sh/helm/v4/cmd/helm",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
    "gokit": ".",
    "sopskit": ".",
}


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Builds the layer for one processor. Raises what the builds raise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--goarch", required=True, choices=["amd64", "arm64"], help="processor, as Go and Debian call it"
    )
    parser.add_argument("--into", required=True, type=Path)
    parser.add_argument("--only", choices=sorted(_PROGRAMS), help="this program, and neither git nor the others")
    options = parser.parse_args(arguments)

    into: Path = options.into.resolve()
    (into / "bin").mkdir(parents=True, exist_ok=True)
    programs = {options.only: _PROGRAMS[options.only]} if options.only else _PROGRAMS
    for name, package in programs.items():
        build(_HERE / name, package, options.goarch, into / "bin" / name, _report)
    if options.only:
        return
    with system_root(options.goarch, _report) as root:
        collect(root, options.goarch, into)


if __name__ == "__main__":
    main()
