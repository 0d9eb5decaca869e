"""Bases, components and files of other repositories, brought together so that Kustomize never reaches for a network.

Kustomize clones remote bases by itself: without our credentials, time limits and pins, and at every build. So what a
kustomization names elsewhere is opened by whoever was handed over (see `Elsewhere`), followed in turn, and laid beside
a copy of the folders that the kustomization is made of. In the copies, each address is replaced by the path to what was
fetched. Copies are hard links, and the checkouts stay untouched.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

from mooring.errors import ConfigurationError, MooringError, RenderError
from mooring.model.kustomizing import KustomizeOptions
from mooring.render.detect import KUSTOMIZATIONS
from mooring.render.edits import same_file, write_document
from mooring.render.kustomizations import ACCUMULATED, Reference, Walked, not_here, walk
from mooring.render.objects import BaseUse
from mooring.render.paths import cover, folder, reachable
from mooring.render.remotes import RemoteBase, RemoteFile, read_remote
from mooring.render.yaml import load_documents

__all__ = ["Elsewhere", "Gathered", "Opened", "gather"]

_T = TypeVar("_T")

DEEPEST: Final = 8
"""Repositories that lead to one another; more is taken for a mistake."""
MOST: Final = 64
"""Addresses that one application may name."""


class Opened(Protocol):
    """Files of a commit below `root`; `widen` brings those below more paths."""

    @property
    def root(self) -> Path: ...  # noqa: D102

    @property
    def sha(self) -> str: ...  # noqa: D102

    @property
    def widen(self) -> Callable[[Iterable[str]], None]: ...  # noqa: D102


class Elsewhere(Protocol):
    """Opens what lives in other repositories, where that is permitted."""

    def base(self, url: str, target: str, path: str) -> tuple[str, Opened]:
        """The commit that a target of a repository names, with a path in it; and the target in full."""
        ...

    def file(self, url: str) -> bytes:
        """The content of a file."""
        ...


@dataclass(slots=True)
class _Tree:
    """One commit of one repository (the first is the application's own): what is read of it, and what it names."""

    number: int
    root: Path
    where: str
    widen: Callable[[Iterable[str]], None] | None = None
    folders: set[str] = field(default_factory=set)
    replaced: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def depends(self) -> tuple[str, ...]:
        return cover(reachable(self.root, self.folders))


@dataclass(frozen=True, slots=True)
class Gathered:
    """`root` is a copy of the application's own repository, `options` name what was fetched, `names` say what to call
    private paths.
    """

    root: Path
    options: KustomizeOptions
    uses: tuple[BaseUse, ...]
    files: tuple[str, ...]
    names: Mapping[str, str]


def gather(
    root: Path, path: str, options: KustomizeOptions, walked: Walked, elsewhere: Elsewhere | None, scratch: Path
) -> Gathered:
    """Everything that a kustomization names in other repositories, and that those name, beside a copy of its own.

    Raises `RenderError` for an address that can't be used, a circle of them and too many, and what opening one raises.
    """
    own = _Tree(0, root, "")
    job = _Gathering(elsewhere, [own])
    job.take(own, walked, ((own, path),))
    for tree in job.trees:
        _laid(tree, scratch / str(tree.number))
    components = own.replaced.get(path, {})
    changed = tuple(components.get(each, each) for each in options.components)
    names = {os.fspath(scratch / str(tree.number)): tree.where for tree in job.trees}
    uses = tuple(BaseUse(url, target, sha, tree.depends) for (url, target, sha), tree in job.uses.items())
    return Gathered(scratch / "0", replace(options, components=changed), uses, tuple(job.fetched), names)


class _Gathering:
    __slots__ = ("_done", "_elsewhere", "_opened", "fetched", "trees", "uses")

    def __init__(self, elsewhere: Elsewhere | None, trees: list[_Tree]) -> None:
        self._elsewhere = elsewhere
        self._opened: dict[tuple[str, str], _Tree] = {}
        self._done: set[tuple[int, str]] = set()
        self.trees = trees
        self.uses: dict[tuple[str, str, str], _Tree] = {}
        self.fetched: dict[str, bytes] = {}

    def take(self, tree: _Tree, walked: Walked, chain: tuple[tuple[_Tree, str], ...]) -> None:
        """Follows what one kustomization names elsewhere; `chain` is how we got there."""
        tree.folders |= walked.folders
        for each in walked.references:
            if each.entry in tree.replaced.get(each.folder, {}):
                continue
            remote = read_remote(each.entry)
            if remote is None or self._elsewhere is None:
                raise not_here(_at(tree, each), each.entry)
            if len(self.uses) + len(self.fetched) >= MOST:
                raise RenderError(f"{_at(tree, each)}: more than {MOST} addresses are named in all; copy some in")
            if isinstance(remote, RemoteFile):
                to = self._file(tree, each, remote, self._elsewhere)
            else:
                to = self._base(tree, each, remote, chain, self._elsewhere)
            tree.replaced.setdefault(each.folder, {})[each.entry] = to

    def _file(self, tree: _Tree, each: Reference, remote: RemoteFile, elsewhere: Elsewhere) -> str:
        if remote.url not in self.fetched:
            self.fetched[remote.url] = _asked(tree, each, lambda: elsewhere.file(remote.url))
        # Kustomize wants files below the folder of their kustomization.
        name = f"fetched-{hashlib.sha256(remote.url.encode()).hexdigest()[:16]}.yaml"
        tree.files[posixpath.normpath(f"{each.folder}/{name}")] = self.fetched[remote.url]
        return name

    def _base(
        self,
        tree: _Tree,
        each: Reference,
        remote: RemoteBase,
        chain: tuple[tuple[_Tree, str], ...],
        elsewhere: Elsewhere,
    ) -> str:
        target, opened = _asked(tree, each, lambda: elsewhere.base(remote.url, remote.target, remote.path))
        into = self._opened.get((remote.url, opened.sha))
        if into is None:
            where = f"{remote.url}@{remote.target}"
            into = _Tree(len(self.trees), opened.root, where, opened.widen)
            self._opened[remote.url, opened.sha] = into
            self.trees.append(into)
        self.uses[remote.url, target, opened.sha] = into
        path, walked = _asked(tree, each, lambda: _widened(into, remote.path))
        reached = [(step.number, at) for step, at in chain]
        if (into.number, path) in reached:
            circle = [f"{step.where}:{at}" for step, at in chain[reached.index((into.number, path)) :]]
            told = " -> ".join([*circle, circle[0]])
            raise RenderError(f"{_at(tree, each)}: these bases lead to one another in a circle: {told}; take one out")
        if len(chain) > DEEPEST:
            raise RenderError(f"{_at(tree, each)}: {DEEPEST} repositories lead to one another; no more are followed")
        if (into.number, path) not in self._done:
            self.take(into, walked, (*chain, (into, path)))
            self._done.add((into.number, path))
        return posixpath.relpath(f"{into.number}/{path}", f"{tree.number}/{each.folder}")


def _widened(tree: _Tree, path: str) -> tuple[str, Walked]:
    """The real path of a base, and what it is made of, all of it there."""
    assert tree.widen is not None
    named: tuple[str, ...] = ()
    tree.widen([path])
    while True:
        place = folder(tree.root, path, field="path")
        walked = walk(tree.root, place.path, KustomizeOptions())
        walked.folders.update(place.links)
        found = cover(reachable(tree.root, walked.folders, sparse=True))
        if found == named:
            return place.path, walked
        tree.widen(found)
        named = found


def _at(tree: _Tree, each: Reference) -> str:
    return f"{tree.where}: {each.field}" if tree.where else each.field


def _asked(tree: _Tree, each: Reference, ask: Callable[[], _T]) -> _T:
    """An answer; what goes wrong names the entry, and stays what it is (worth another try, or not)."""
    try:
        return ask()
    except (ConfigurationError, RenderError) as error:
        told = f"{error.field}: {error.message}" if isinstance(error, RenderError) and error.field else error.message
        raise RenderError(f"{_at(tree, each)}: {each.entry!r}: {told}") from error
    except MooringError as error:
        told_again = copy(error)
        told_again.message, told_again.field = f"{each.entry!r}: {error.message}", _at(tree, each)
        raise told_again from error


def _laid(tree: _Tree, target: Path) -> None:
    """The parts of a checkout that are read, as hard links, with every address replaced."""
    target.mkdir()
    for path in tree.depends:
        _linked(f"{tree.root}/{path}", os.fspath(target if path == "." else target / path))
    for path, content in tree.files.items():
        Path(target, path).write_bytes(content)
    for path, addresses in tree.replaced.items():
        for name in KUSTOMIZATIONS:
            file = Path(target, path, name)
            if file.is_file():
                _replace(file, addresses)


def _replace(file: Path, addresses: Mapping[str, str]) -> None:
    documents = load_documents(file.read_bytes(), where=file.name)
    document = documents[0] if documents and isinstance(documents[0], dict) else {}
    for name, entries in document.items():
        if name.casefold() in ACCUMULATED and isinstance(entries, list):
            document = document | {
                name: [addresses.get(each, each) if isinstance(each, str) else each for each in entries]
            }
    write_document(file, document)


def _linked(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            if name.lower() != ".git":
                _linked(f"{source}/{name}", f"{target}/{name}")
    elif os.path.exists(source):
        same_file(source, target)
