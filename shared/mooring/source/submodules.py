"""Submodules: other repositories at fixed commits, put where a commit of their parent says that they belong.

As `git submodule update --init --recursive`, which Argo CD runs after each checkout, but by our own means: the commits
are fetched as any other repository's, with the credential that is stored for *their* address, in the same limits and
by the same transports, and nothing that `.gitmodules` says is executed. Only submodules that lie at paths which
somebody wants to read are fetched.

What is put into the parent's tree is noted in a file beside it, and taken away before git moves the tree to another
commit: git leaves files alone that it has not written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mooring.errors import ConfigurationError, MooringError
from mooring.source.objects import inside
from mooring.source.placed import is_plain, read_placed, write_placed
from mooring.source.trees import EVERYTHING, MODULES, Checkout, covered, spelled
from mooring.source.urls import FIELD

__all__ = ["DEEPEST", "Opener", "Permit", "Reader", "Submodule", "place_submodules", "relative_address"]

DEEPEST = 8
"""Submodules within submodules that are followed."""
_GITLINK = b"160000"

Opener: TypeAlias = Callable[[str, str, Iterable[str]], AbstractContextManager[Checkout]]
"""Opens another repository: address, commit, paths."""

Permit: TypeAlias = Callable[[str], None]
"""Raises where an address must not be read."""

Reader: TypeAlias = Callable[[list[str]], bytes | None]
"""What a git command says about the parent's copy; None where it fails."""


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository within another: `sha` at `path`."""

    path: str
    url: str
    sha: str


def place_submodules(
    checkout: Checkout, url: str, paths: Iterable[str], *, local: Reader, opener: Opener, check: Permit
) -> bool:
    """Puts the submodules below some paths of a checkout in place; returns whether anything was written.

    `check` is asked about each, also where it is in its place already: others may have had it put there. Raises
    `ConfigurationError` naming the submodule whose address or place can't be used, and what checking and opening raise.
    """
    rules = checkout.root / MODULES
    if rules.is_symlink() or not rules.is_file():
        return False
    placed, asked = read_placed(checkout.root), spelled(paths)
    written = False
    for each in _declared(checkout, url, local):
        wanted = _within(each.path, asked)
        here = placed.get(each.path, [])
        lacking = [path for path in wanted if not covered(path, here)]
        together = sorted({*here, *lacking})
        try:
            if wanted:
                check(each.url)
            if not lacking:
                continue
            with opener(each.url, each.sha, together) as inner:
                placed[each.path] = []  # until all of it is there
                write_placed(checkout.root, placed)
                _copy(inner.root, _folder(checkout.root, each.path))
        except MooringError as error:
            error.message = f"submodule {each.path}: {error.message}"
            error.field = FIELD
            raise
        placed[each.path] = together
        write_placed(checkout.root, placed)
        written = True
    return written


def relative_address(parent: str, url: str) -> str:
    """A submodule's address; one that begins with `./` or `../` is relative to its parent's (git-submodule, "add").

    Raises `ConfigurationError` where it leads above the parent's host.
    """
    if not url.startswith(("./", "../")):
        return url
    base, rest = parent.rstrip("/"), url
    while rest.startswith(("./", "../")):
        if rest.startswith("./"):
            rest = rest[2:]
            continue
        rest = rest[3:]
        scheme, separator, place = base.rpartition("://")
        head, slash, _ = place.rpartition("/")
        if slash:
            base = f"{scheme}{separator}{head}"
        elif not separator and ":" in place:
            return f"{place.partition(':')[0]}:{rest}"
        else:
            raise ConfigurationError(f"{url!r} leads out of {parent}; correct it in {MODULES}", field=FIELD)
    return f"{base}/{rest}"


def _declared(checkout: Checkout, parent: str, local: Reader) -> list[Submodule]:
    """The submodules of `.gitmodules` that the commit has at their paths, in the order of their paths."""
    told = local(["config", "--file", str(checkout.root / MODULES), "--null", "--list"])
    if told is None:
        raise ConfigurationError(f"{MODULES} can't be read; correct it", field=FIELD)
    found: dict[str, dict[str, str]] = {}
    for entry in told.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = entry.partition("\n")
        name, _, field = key.removeprefix("submodule.").rpartition(".")
        if key.startswith("submodule.") and name and field in ("path", "url"):
            found.setdefault(name, {})[field] = value
    addresses = {
        path: each.get("url", "") for each in found.values() if (path := inside(each.get("path", "").rstrip("/")))
    }
    if not addresses:
        return []
    listed = local(["ls-tree", "-z", "--full-tree", checkout.sha, "--", *sorted(addresses)]) or b""
    submodules: list[Submodule] = []
    for line in listed.split(b"\0"):
        head, _, raw = line.partition(b"\t")
        words, path = head.split(), raw.decode("utf-8", "surrogateescape")
        if len(words) == 3 and words[0] == _GITLINK and path in addresses:
            address = addresses[path]
            if not address:
                raise ConfigurationError(f"submodule {path} has no url in {MODULES}; add one", field=FIELD)
            submodules.append(Submodule(path, relative_address(parent, address), words[2].decode("ascii")))
    return sorted(submodules, key=lambda each: each.path)


def _within(place: str, paths: Iterable[str]) -> list[str]:
    """The paths as they are called inside the submodule at `place`; those that have nothing to do with it fall away."""
    asked = set(paths)
    if covered(place, asked):
        return [EVERYTHING]
    return sorted(path[len(place) + 1 :] for path in asked if path.startswith(f"{place}/"))


def _folder(root: Path, path: str) -> Path:
    if not is_plain(root, path):
        raise ConfigurationError("lies behind a symbolic link; git does not allow that either", field=FIELD)
    return root / path


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, symlinks=True)
