"""The dependencies of a chart that lies in git, put into its charts folder as `helm dependency build` does.

What `Chart.lock` names is fetched in exactly that version, and without a lock the highest version in the declared
range. Charts come from whoever was handed over to fetch them (a `file://` one from the checkout), so `helm` itself runs
without network and credentials, and what was taken is part of the render's result. Dependencies that are vendored stay
as they are. Source: Helm, "Helm Dependency"; Argo CD, user guide, "Helm".
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mooring.errors import ConfigurationError, RenderError
from mooring.render.detect import CHART
from mooring.render.objects import ChartUse
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.yaml import load_documents

__all__ = ["ChartSource", "ChartVersion", "Dependency", "Taken", "assembled", "declared", "take"]

_LOCK = "Chart.lock"


class ChartVersion(Protocol):
    """A version and the digest that decides its content."""

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def digest(self) -> str: ...  # noqa: D102


class ChartSource(Protocol):
    """Fetches charts; `mooring.source.Charts` is one."""

    def resolve(
        self, url: str, chart: str, revisions: Iterable[str]
    ) -> Mapping[str, ChartVersion | ConfigurationError]:
        """The version that each revision (a version or a range) names."""
        ...

    def fetched(self, url: str, chart: str, version: str, *, pass_credentials: bool = False) -> Path:
        """The folder of a chart in one version."""
        ...

    def named(self, name: str) -> str | None:
        """The address of the repository that is registered under a name."""
        ...


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart that another one declares: `version` is a range, or exact in a lock."""

    name: str
    version: str
    repository: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What belongs into a chart's charts folder: names of folders with where they are, of which `fetched` lie outside
    of the checkout.
    """

    folders: Mapping[str, Path]
    fetched: Sequence[Path]
    uses: Sequence[ChartUse]
    warnings: Sequence[str]


def take(root: Path, path: str, charts: ChartSource | None, depends: set[str], *, pass_credentials: bool) -> Taken:
    """The dependencies of the chart at `path` that are not vendored; notes in `depends` what it reads in the checkout.

    Raises `RenderError` for a dependency that can't be used, and what fetching raises.
    """
    where = posixpath.normpath(f"{path}/{CHART}")
    vendored = _vendored(Path(root, path, "charts"))
    missing = [each for each in declared(root, path) if not any(_holds(file, each.name) for file in vendored)]
    folders: dict[str, Path] = {}
    fetched: list[Path] = []
    uses: list[ChartUse] = []
    warnings: list[str] = []
    remote = []
    for each in missing:
        if each.repository.startswith("file://"):
            folders[each.name] = root / _in_checkout(root, path, each, depends)
        elif each.repository and charts is not None:
            remote.append(each)
    if remote and charts is not None:
        locked = _locked(root, path, remote)
        for index, each in enumerate(remote):
            url = _address(each, charts, where)
            wanted = locked[index] if locked is not None else each.version or "*"
            found = charts.resolve(url, each.name, [wanted])[wanted]
            if isinstance(found, ConfigurationError):
                raise RenderError(f"{where}: the dependency {each.name} {wanted}: {found.message}") from found
            try:
                folder = charts.fetched(url, each.name, found.version, pass_credentials=pass_credentials)
            except ConfigurationError as error:
                raise RenderError(f"{where}: the dependency {each.name} {wanted}: {error.message}") from error
            folders[f"{each.name}-{found.version}"] = folder
            fetched.append(folder)
            fixed = locked is not None or found.version == wanted
            uses.append(ChartUse(url, each.name, wanted, found.version, found.digest, fixed))
            if not fixed:
                warnings.append(
                    f"{where}: the dependency {each.name} {wanted} is {found.version} now and may be another one next "
                    f"time; commit a {_LOCK}"
                )
    return Taken(folders, fetched, uses, warnings)


def declared(root: Path, path: str) -> list[Dependency]:
    """The dependencies in `Chart.yaml` or, for charts of version 1, in `requirements.yaml`."""
    found = _read(root, path, CHART)
    return found or _read(root, path, "requirements.yaml")


def _read(root: Path, path: str, name: str) -> list[Dependency]:
    file = Path(root, path, name)
    if not file.is_file():
        return []
    documents = load_documents(file.read_bytes(), where=posixpath.normpath(f"{path}/{name}"))
    entries: Any = documents[0].get("dependencies") if documents and isinstance(documents[0], dict) else None
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [
        Dependency(str(entry.get("name")), str(entry.get("version") or ""), str(entry.get("repository") or ""))
        for entry in entries
    ]


def _locked(root: Path, path: str, wanted: Sequence[Dependency]) -> list[str] | None:
    """The versions that the lock names for these dependencies; None where there is no lock."""
    lock = next((name for name in (_LOCK, "requirements.lock") if Path(root, path, name).is_file()), None)
    if lock is None:
        return None
    entries = _read(root, path, lock)
    versions = []
    for each in wanted:
        fitting = [entry for entry in entries if (entry.name, entry.repository) == (each.name, each.repository)]
        if not fitting:
            raise RenderError(
                f"{posixpath.normpath(f'{path}/{lock}')}: does not know the dependency {each.name} from "
                f"{each.repository}: run `helm dependency update {path}` and commit it"
            )
        versions.append(fitting[0].version)
        if len(fitting) > 1:
            entries.remove(fitting[0])  # the same chart twice, in the order of the declaration
    return versions


def _address(dependency: Dependency, charts: ChartSource, where: str) -> str:
    repository = dependency.repository
    alias = next((repository[len(mark) :] for mark in ("@", "alias:") if repository.startswith(mark)), None)
    if alias is not None:
        url = charts.named(alias)
        if url is None:
            raise RenderError(
                f"{where}: the dependency {dependency.name}: no repository is registered under the name {alias!r}; "
                f"register it (mooring repo add --type helm --name {alias} URL)"
            )
        return url
    if not repository.startswith(("https://", "http://", "oci://")):
        raise RenderError(
            f"{where}: the dependency {dependency.name} has the repository {repository!r}; write an https, oci or "
            "file address, or @name"
        )
    return repository


def _vendored(charts: Path) -> list[str]:
    return os.listdir(charts) if charts.is_dir() else []


def _holds(file: str, name: str) -> bool:
    """Whether an entry of `charts/` is the chart of this name, unpacked or as an archive."""
    return file == name or re.fullmatch(re.escape(name) + r"-v?\d.*\.tgz", file) is not None


def _in_checkout(root: Path, path: str, dependency: Dependency, depends: set[str]) -> str:
    try:
        place = locate(root, posixpath.join(path, dependency.repository.removeprefix("file://")))
    except (LeavesError, MissingError) as error:
        where = posixpath.normpath(f"{path}/{CHART}")
        raise RenderError(f"{where}: the dependency {dependency.name}: {error}; correct its repository") from None
    depends.update(place.links)
    depends.add(place.path)
    return place.path


def assembled(root: Path, path: str, folders: Mapping[str, Path], target: Path) -> str:
    """A copy of the chart with its dependencies in place, since the checkout is not ours to change."""
    try:
        shutil.copytree(root / path, target, ignore_dangling_symlinks=True)
        for name, folder in folders.items():
            shutil.copytree(folder, target / "charts" / name, ignore_dangling_symlinks=True)
    except OSError as error:
        raise RenderError(f"{path}: the chart's files can't be put together: check its symbolic links") from error
    return os.fspath(target)
