"""Paths and files for the git generator, out of the repositories that are kept warm.

A revision is resolved once for each evaluation, so that what lists the files and what reads them see one commit, even
while somebody pushes. Listing takes trees only; of the files those are fetched that are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mooring.errors import ConfigurationError
from mooring.source import Repositories

__all__ = ["RepositoryTrees"]

_LARGEST = 2 << 20  # bytes of one file of parameters


class RepositoryTrees:
    """The files of repositories, each at one commit for each revision. Not to be kept longer than one evaluation."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._shas: dict[tuple[str, str], str] = {}
        self._paths: dict[tuple[str, str], tuple[str, ...]] = {}

    @property
    def commits(self) -> Mapping[tuple[str, str], str]:
        """What was looked at: the commit for each address and revision."""
        return dict(self._shas)

    def paths(self, url: str, revision: str) -> Sequence[str]:
        """The path of every file and link. Raises as `Repositories` does."""
        key = (url, self._sha(url, revision))
        if key not in self._paths:
            self._paths[key] = tuple(self._repositories.listing(*key))
        return self._paths[key]

    def read(self, url: str, revision: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The content of files, links followed inside the repository.

        Raises as `Repositories` does, and `ConfigurationError` for what is too large, or no file.
        """
        with self._repositories.opened(url, self._sha(url, revision), paths) as checkout:
            root = checkout.root.resolve()
            return {path: _content(root, path) for path in paths}

    def _sha(self, url: str, revision: str) -> str:
        key = (url, revision)
        if key not in self._shas:
            found = self._repositories.latest(url, [revision])[revision]
            if isinstance(found, Exception):
                raise found
            self._shas[key] = found.sha
        return self._shas[key]


def _content(root: Path, path: str) -> bytes:
    file = (root / path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise ConfigurationError(f"{path} is no file inside the repository", field="git.files")
    if file.stat().st_size > _LARGEST:
        raise ConfigurationError(f"{path} is larger than {_LARGEST >> 20} MiB", field="git.files")
    return file.read_bytes()
