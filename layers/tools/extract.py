"""Takes git, and the ssh that it starts, out of a system, with every shared library that they need.

A whole git weighs half a gigabyte once SAM's zip has followed the links of its exec path. Mooring fetches over HTTP
and SSH, and asks for refs: that takes `git`, `git-remote-https` and `ssh`.

glibc is taken only for a program that asks for a newer one than Lambda has (Debian 12's ssh does): libraries can't be
swapped under the system's loader, so such a program is started by its own, at the price of a shell. The others run
with Lambda's glibc and are started as they are, which matters for git: it starts itself again and again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from layers.tools.elf import read

__all__ = ["AL2023_GLIBC", "collect"]

AL2023_GLIBC = (2, 34)
"""The glibc of Amazon Linux 2023, on which Lambda runs python3.12 and newer (AWS: "Lambda runtimes")."""

_TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
_GLIBC_PARTS = ("libc.so.", "libm.so.", "libdl.so.", "libpthread.so.", "libresolv.so.", "librt.so.", "ld-linux-")
_PROGRAMS = {
    "git": ("usr/bin/git",),
    "git-remote-https": ("usr/lib/git-core/git-remote-https", "usr/libexec/git-core/git-remote-https"),
    "ssh": ("usr/bin/ssh",),
}
_LAUNCHER = """\
#!/bin/sh
# Starts the program of this name with what lies beside it, wherever the layer is mounted.
root=$(cd "${0%/*}/.." && pwd)
export GIT_EXEC_PATH="$root/libexec/git-core" GIT_TEMPLATE_DIR="$root/share/git-core/templates"
export LD_LIBRARY_PATH="$root/lib/git${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# Debian's git looks for certificates where Debian has them.
for roots in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    [ -z "$GIT_SSL_CAINFO" ] && [ -r "$roots" ] && export GIT_SSL_CAINFO="$roots"
done
exec "$GIT_EXEC_PATH/${0##*/}" "$@"
"""
_OWN_GLIBC = """\
#!/bin/sh
own="${{0%/*}}/../../lib/{name}"
exec "$own/{loader}" --library-path "$own" "$own/{name}" "$@"
"""
# The same program under the other name, without its weight a second time.
_HTTP = """\
#!/bin/sh
exec "${0%/*}/git-remote-https" "$@"
"""


def collect(root: Path, goarch: str, into: Path) -> None:
    """Fills `into` (a layer) from the system under `root`. Raises `ValueError` naming the file that doesn't fit."""
    programs = into / "libexec/git-core"
    for folder in (programs, into / "bin", into / "share/git-core/templates"):
        folder.mkdir(parents=True, exist_ok=True)
    # An empty folder does not survive a zip.
    (into / "share/git-core/templates/description").write_text("A checkout of Mooring's.\n")
    for name, places in _PROGRAMS.items():
        found = next((root / place for place in places if (root / place).exists()), None)
        if found is None:
            raise ValueError(f"{name}: not found; install Debian's packages git and openssh-client")
        _program(found.resolve(), name, root, goarch, into)
    _script(programs / "git-remote-http", _HTTP)
    for name in ("git", "ssh"):
        _script(into / "bin" / name, _LAUNCHER)


def _program(file: Path, name: str, root: Path, goarch: str, into: Path) -> None:
    closure = _closure(file, root, goarch)
    ours = {called: part for called, part in closure.items() if not called.startswith(_GLIBC_PARTS)}
    if all(read(part).glibc <= AL2023_GLIBC for part in (file, *ours.values())):
        shutil.copy(file, into / "libexec/git-core" / name)
        _copy(ours, into / "lib/git")
        return
    _copy(closure | {name: file}, into / "lib" / name)
    loader = next(called for called in closure if called.startswith("ld-linux-"))
    _script(into / "libexec/git-core" / name, _OWN_GLIBC.format(name=name, loader=loader))
    (into / "lib" / name / loader).chmod(0o755)


def _closure(file: Path, root: Path, goarch: str) -> dict[str, Path]:
    """Every library that the loader would load for a program, by the name that it is asked for."""
    found: dict[str, Path] = {}
    waiting = [file]
    while waiting:
        elf = read(waiting.pop())
        if elf.goarch != goarch:
            raise ValueError(f"{file.name}: made for {elf.goarch}, wanted for {goarch}")
        for name in elf.needed:
            if name not in found:
                found[name] = _find(name, root, goarch)
                waiting.append(found[name])
    return found


def _copy(files: dict[str, Path], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        shutil.copy(file, into / name)


def _find(name: str, root: Path, goarch: str) -> Path:
    triplet = _TRIPLETS[goarch]
    for folder in (f"usr/lib/{triplet}", f"lib/{triplet}", "usr/lib64", "lib64", "usr/lib", "lib"):
        if (root / folder / name).exists():
            return (root / folder / name).resolve()
    raise ValueError(f"{name}: not found under {root}; is its package installed?")


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
