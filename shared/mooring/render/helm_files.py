"""The files that a Helm source names: value files and file parameters, its own or lent by a source with a `ref`.

`$ref/path` is a path in the checkout that the source with this `ref` lends, and may not leave it; everything else is
relative to the chart or, with a leading slash, to its repository. Globs mean what they mean in Argo CD (user guide,
"Helm", "Multiple Sources"; doublestar): `*` and `?` stay inside a folder's name, `**` goes through folders, matches
come in the order of their paths, and a file that is also named as it stands keeps the place where it is named. Files
by URL are refused: nothing would tell that such a file has changed, nor which one a bundle was made of.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import ConfigurationError
from mooring.model.source import HelmOptions
from mooring.render.environment import BuildEnvironment
from mooring.render.paths import LeavesError, MissingError, Place, locate

__all__ = ["SECRETS", "HelmFiles"]

SECRETS = "secrets://"
"""What helm-secrets writes before files that it opens (helm-secrets, "Usage"); here content alone makes a SOPS file."""
_SECRETS = re.compile(r"secrets(\+[a-z-]+)?://")
_VARIABLES = ("ARGOCD_", "KUBE_")


@dataclass(frozen=True, slots=True)
class _Named:
    """A path in one of the checkouts: its root, the path relative to it, and the `ref` that lends it (or none)."""

    root: Path
    path: str
    ref: str

    @property
    def is_glob(self) -> bool:
        return any(mark in self.path for mark in "*?[")


@dataclass(slots=True)
class HelmFiles:
    """What a Helm source may read, and what it did read: `depends` in its own checkout, `lent` by `ref`."""

    root: Path
    path: str
    refs: Mapping[str, Path]
    environment: BuildEnvironment
    declared_at: str = "spec.source"
    depends: set[str] = field(default_factory=set)
    lent: dict[str, set[str]] = field(default_factory=dict)

    def value_files(self, options: HelmOptions) -> list[str]:
        """Absolute paths in the order of precedence, each once. Raises `ConfigurationError` naming the entry."""
        named = []
        for index, name in enumerate(options.value_files):
            where = f"{self.declared_at}.helm.valueFiles[{index}]"
            named.append((self._named(name, where), name, where))
        explicit = {(each.root, posixpath.normpath(each.path)) for each, _, _ in named if not each.is_glob}
        found: dict[str, None] = {}
        for each, name, where in named:
            if not each.is_glob:
                if (file := self._file(each, where, missing=options.ignore_missing_value_files)) is not None:
                    found.setdefault(file)
                continue
            matches = list(self._matches(each, where))
            if not matches and not options.ignore_missing_value_files:
                message = f"no file matches {name!r} at this revision; add one, or set ignoreMissingValueFiles"
                raise ConfigurationError(message, field=where)
            for match in matches:
                if (each.root, match) not in explicit:
                    file = self._file(_Named(each.root, match, each.ref), where, missing=False)
                    if file is not None:
                        found.setdefault(file)
        return list(found)

    def parameter_file(self, name: str, where: str) -> str:
        """The absolute path of a file parameter's file. Raises `ConfigurationError` naming the field."""
        file = self._file(self._named(name, where), where, missing=None)
        assert file is not None
        return file

    def _named(self, name: str, where: str) -> _Named:
        name = name.removeprefix(SECRETS)
        if name.startswith("$"):
            ref, _, rest = name[1:].partition("/")
            if ref in self.refs:
                if not rest.strip("/"):
                    raise ConfigurationError(f"{name!r} names no file; add a path after the ref", field=where)
                return _Named(self.refs[ref].absolute(), self.environment.substitute(rest).lstrip("/"), ref)
            if not ref.lstrip("{").startswith(_VARIABLES):
                message = f"no source has the ref {ref!r}; add it to spec.sources, or correct the name"
                raise ConfigurationError(message, field=where)
        text = self.environment.substitute(name)
        if _SECRETS.match(text):
            raise ConfigurationError(
                f"{text.partition('://')[0]}:// imports a key of its own, which is not done here; write secrets:// and "
                "keep the key for Mooring (docs/sops.md)",
                field=where,
            )
        if "://" in text:
            raise ConfigurationError(
                "value files by URL are not supported, since nothing tells when they change; commit the file, or lend "
                "it by a source with a ref",
                field=where,
            )
        return _Named(self.root, text.lstrip("/") if text.startswith("/") else posixpath.join(self.path, text), "")

    def _file(self, named: _Named, where: str, *, missing: bool | None) -> str | None:
        """The file, noted as read; None for one that isn't there, where `missing` allows it."""
        try:
            place = locate(named.root, named.path)
        except LeavesError as error:
            raise ConfigurationError(f"{error}; name a file inside the repository", field=where) from None
        except MissingError as error:
            self._note(named, error.at)
            if missing:
                return None
            hint = "" if missing is None else f", or set {self.declared_at}.helm.ignoreMissingValueFiles"
            raise ConfigurationError(f"{error} at this revision; add the file{hint}", field=where) from None
        if place.is_folder:
            raise ConfigurationError(f"{named.path!r} is a folder; name a file", field=where)
        self._note(named, place.path, *place.links)
        return f"{named.root}/{place.path}"

    def _note(self, named: _Named, *paths: str) -> None:
        (self.lent.setdefault(named.ref, set()) if named.ref else self.depends).update(paths)

    def _matches(self, named: _Named, where: str) -> Iterator[str]:
        """The files that match a glob, by their real folders, in the order of their paths."""
        parts = posixpath.normpath(named.path).split("/")
        plain = next(index for index, part in enumerate(parts) if any(mark in part for mark in "*?["))
        start = "/".join(parts[:plain]) or "."
        try:
            place: Place = locate(named.root, start)
        except LeavesError as error:
            raise ConfigurationError(f"{error}; name files inside the repository", field=where) from None
        except MissingError as error:
            self._note(named, error.at)
            return
        self._note(named, place.path, *place.links)  # another file may come to match
        if place.is_folder:
            yield from sorted(set(_walk(named.root, place.path, parts[plain:])))


def _walk(root: Path, folder: str, parts: Sequence[str]) -> Iterator[str]:
    head, rest = parts[0], parts[1:]
    if head == "**" and rest:
        yield from _walk(root, folder, rest)
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = entry.name if folder == "." else f"{folder}/{entry.name}"
            if entry.name.lower() == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                if head == "**":
                    yield from _walk(root, path, parts)
                elif rest and _fits(entry.name, head):
                    yield from _walk(root, path, rest)
            elif not rest and (head == "**" or _fits(entry.name, head)):
                yield path


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern.replace("[^", "[!"))
