"""Helm charts from chart repositories and OCI registries: which version a revision names, and its files.

Two kinds of servers, one answer: a version with the digest that decides its content, and a folder with `Chart.yaml` in
it. A revision is a version, a range of versions (by the semver library that Helm and Argo CD use, so `1.2` means the
newest `1.2.x` and a pre-release counts only where the range names one), and for registries a digest or any tag. What
has been fetched is kept by its digest. `helm` itself never talks to a server and never sees a credential.

A registry may also hold manifests in an archive that is no chart (Argo CD, "OCI"): those have no chart's name here, and
the repository's address is the archive's own.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urljoin

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.source.charts_archive import MAX_ARCHIVE, Folders
from mooring.source.charts_credentials import ANONYMOUS, ChartCredentials
from mooring.source.charts_http import Web, origin, refusal
from mooring.source.charts_index import Entry
from mooring.source.charts_indexes import Indexes
from mooring.source.charts_places import Place, is_registry, place_of
from mooring.source.gokit import GoKit
from mooring.source.oci import Registries, is_digest
from mooring.source.oci_auth import EcrPasswords, is_amazons

__all__ = ["Charts", "Version", "Versions", "is_exact"]

_REVISION = "spec.source.targetRevision"
_CHART = "spec.source.chart"
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_MAX_DIGESTS: Final = 4096


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a chart, or (for a tag that moves) `sha256:` with a manifest's digest; and, in hex, the SHA-256 of
    its archive, empty where that isn't known without another request.
    """

    version: str
    digest: str


Versions: TypeAlias = dict[str, Version | ConfigurationError]


def is_exact(revision: str) -> bool:
    """Whether a revision names one version for ever: all three numbers are given, or it is a digest."""
    return _EXACT.fullmatch(revision) is not None or is_digest(revision)


class Charts:
    """Charts below one root folder; threads may share it.

    Beside the errors of each method, all raise `UnreachableError` (no answer, or not in time), `ThrottledError`,
    `ForbiddenError` (credentials missing, wrong or insufficient) and `ConfigurationError` (not an address, no
    repository of charts there, too large). `limit` is in bytes, for the folders that are kept.
    """

    def __init__(
        self,
        root: Path,
        credentials: ChartCredentials,
        *,
        gokit: GoKit | None = None,
        ecr: EcrPasswords | None = None,
        timeout: float = 30.0,
        limit: int = 128 << 20,
    ) -> None:
        self._credentials = credentials
        self._gokit = gokit or GoKit()
        self._web = Web(timeout=timeout)
        self._indexes = Indexes(root / "indexes", self._web, credentials)
        self._registries = Registries(self._web, credentials, ecr=ecr)
        self._folders = Folders(root / "content", limit=limit)
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._digests: dict[tuple[str, str, str], str] = {}

    def resolve(self, url: str, chart: str, revisions: Iterable[str]) -> Versions:
        """The version that each revision names now, or a `ConfigurationError` in its place.

        An exact version is itself, and no request is made for it: whether it exists shows when it is fetched. Else a
        classic repository is asked once for all its charts, conditionally, and a registry for its tags.
        """
        wanted = dict.fromkeys(revisions)
        place = self._place(url, chart)
        found: Versions = {
            each: Version(each, self._digests.get((place.text, chart, each), "")) for each in wanted if is_exact(each)
        }
        todo = [each for each in wanted if each not in found]
        if todo:
            with self._alone(place, chart):
                look = self._in_registry if is_registry(url) else self._in_index
                found |= look(place, chart, todo)
        return {each: found[each] for each in wanted}

    def fetched(self, url: str, chart: str, version: Version | str, *, pass_credentials: bool = False) -> Path:
        """The folder with the files of one version, there to be read; it stays for a quarter of an hour at least.

        Raises `ConfigurationError` for a version that doesn't exist and for an archive that doesn't have the digest
        that was promised, or holds what no chart may hold.
        """
        place = self._place(url, chart)
        name, promised = (version.version, version.digest) if isinstance(version, Version) else (version, "")
        with self._alone(place, chart):
            digest = promised or self._digests.get((place.text, chart, name), "")
            folder = self._folders.find(digest) if digest else None
            if folder is None and is_registry(url):
                folder = self._from_registry(place, name, chart)
            elif folder is None:
                folder = self._from_repository(place, chart, name, promised, pass_credentials)
            if chart and not (folder / "Chart.yaml").is_file():
                raise ConfigurationError(
                    f"{place.shown} {name} holds no Chart.yaml; pack it with `helm package`", field=_CHART
                )
            return folder

    def has_credential(self, url: str) -> bool:
        """Whether charts at an address are fetched as somebody; in Amazon's registries the function's role is."""
        return is_amazons(url) or self._credentials.find(url) is not None

    def named(self, name: str) -> str | None:
        """The address of the repository that was registered under a name."""
        return self._credentials.named(name)

    def _place(self, url: str, chart: str) -> Place:
        if chart and not _NAME.fullmatch(chart):
            raise ConfigurationError("is no name of a chart", field=_CHART)
        if is_registry(url):
            return place_of(f"{url.strip().rstrip('/')}/{chart}" if chart else url)
        if not chart:
            raise ConfigurationError("must name a chart of the repository", field=_CHART)
        return place_of(url)

    @contextlib.contextmanager
    def _alone(self, place: Place, chart: str) -> Iterator[None]:
        with self._lock:
            lock = self._locks.setdefault((place.text, chart), threading.Lock())
        with lock:
            yield

    # -- classic repositories --------------------------------------------------------------------------------------

    def _in_index(self, place: Place, chart: str, revisions: list[str]) -> Versions:
        entries = self._indexes.entries(place, chart)
        if entries is None:
            return {
                each: ConfigurationError(f"{place.shown} has no chart {chart}; correct the name", field=_CHART)
                for each in revisions
            }
        by_version = _by_version(entries)
        names = self._chosen(revisions, list(by_version))
        return {
            each: Version(name, by_version[name].digest) if (name := names[each]) else _none(place, chart, each)
            for each in revisions
        }

    def _from_repository(self, place: Place, chart: str, version: str, digest: str, pass_credentials: bool) -> Path:
        what = f"the chart {chart} {version} of {place.shown}"
        entry = self._entry(place, chart, version, digest)
        if entry.digest and (folder := self._folders.find(entry.digest)) is not None:
            self._remember(place, chart, version, entry.digest)
            return folder
        with self._folders.scratch() as scratch:
            archive = Path(scratch, "archive")
            got = self._download(place, entry, archive, what, pass_credentials)
            if entry.digest and got != entry.digest:
                entry = self._entry(place, chart, version, "", again=True)
                got = self._download(place, entry, archive, what, pass_credentials)
                if entry.digest and got != entry.digest:
                    raise ConfigurationError(
                        f"{what} does not have the digest that the index promises; publish it anew", field=_CHART
                    )
            folder = self._folders.keep(got, archive, what=what)
        self._remember(place, chart, version, got)
        return folder

    def _entry(self, place: Place, chart: str, version: str, digest: str, *, again: bool = False) -> Entry:
        for now in (again, True):
            entries = _by_version(self._indexes.entries(place, chart, again=now) or [])
            name = self._chosen([version], list(entries))[version] if entries else None
            if name is not None and (not digest or entries[name].digest == digest):
                return entries[name]
        if name is None:
            raise _none(place, chart, version)
        raise UnreachableError(
            f"the chart {chart} {version} of {place.shown} was published anew; it is looked up again", field=_CHART
        )

    def _download(self, place: Place, entry: Entry, into: Path, what: str, pass_credentials: bool) -> str:
        credential = self._credentials.find(place.text) or ANONYMOUS
        url = urljoin(f"{place.text}/", entry.urls[0])
        if not url.startswith(("https://", "http://")):
            raise ConfigurationError(f"{what} has an address in the index that is not https", field=_CHART)
        answer = self._web.get(
            url,
            credential=credential,
            home=origin(place.text),
            pass_credentials=pass_credentials,
            headers={"Accept-Encoding": "identity"},
            limit=MAX_ARCHIVE,
            into=into,
            field=_CHART,
        )
        if answer.status != 200:
            error = refusal(answer, what, known=bool(credential.authorization), field=_CHART)
            if isinstance(error, ForbiddenError) and origin(answer.url) != origin(place.text) and not pass_credentials:
                raise ForbiddenError(
                    f"{what} lies on another host, which asks for a credential; set helm.passCredentials if that host "
                    "may see the repository's own",
                    field=_CHART,
                )
            raise error
        return answer.digest

    # -- registries ------------------------------------------------------------------------------------------------

    def _in_registry(self, place: Place, chart: str, revisions: list[str]) -> Versions:
        names = self._chosen(revisions, self._registries.tags(place))
        found: Versions = {}
        for each, name in names.items():
            if name is None:
                found[each] = _none(place, "", each)
            elif is_exact(name):
                found[each] = Version(name, self._digests.get((place.text, chart, name), ""))
            else:
                content = self._registries.content(place, name)
                found[each] = Version(f"sha256:{content.manifest}", content.archive)
        return found

    def _from_registry(self, place: Place, version: str, chart: str) -> Path:
        what = f"{place.shown} {version}"
        content = self._registries.content(place, version)
        if chart and not content.chart:
            raise ConfigurationError(f"{what} holds no Helm chart; push it with `helm push`", field=_CHART)
        folder = self._folders.find(content.archive)
        if folder is None:
            with self._folders.scratch() as scratch:
                archive = Path(scratch, "archive")
                self._registries.download(place, content, archive, limit=MAX_ARCHIVE)
                folder = self._folders.keep(content.archive, archive, what=what, strip=content.chart)
        if is_exact(version):
            self._remember(place, chart, version, content.archive)
        return folder

    # -- both ------------------------------------------------------------------------------------------------------

    def _chosen(self, revisions: list[str], versions: list[str]) -> dict[str, str | None]:
        """The version for each revision: the same text where it is one, else the highest that fits.

        A pin that isn't listed as it stands (`1.2`, `v1.2.3`) is read as Helm does, as `=1.2`.
        """
        listed = set(versions)
        chosen: dict[str, str | None] = {each: each for each in revisions if each in listed}
        others = [each for each in revisions if each not in chosen]
        if others:
            ranges = self._gokit.ranges([form for each in others for form in (each, f"={each}")], versions)
            for each in others:
                answer = ranges.get(each) or ranges.get(f"={each}")
                chosen[each] = answer.tag if answer is not None else None
        return chosen

    def _remember(self, place: Place, chart: str, version: str, digest: str) -> None:
        """So that the same version needs no request as long as this instance lives."""
        if len(self._digests) >= _MAX_DIGESTS:
            self._digests.clear()
        self._digests[place.text, chart, version] = digest


def _by_version(entries: Iterable[Entry]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.version, entry)
    return found


def _none(place: Place, chart: str, revision: str) -> ConfigurationError:
    where = f"the chart {chart} of {place.shown}" if chart else place.shown
    return ConfigurationError(
        f"{where} has no version {revision}; publish one, or name another (a pre-release needs a range that names "
        "one, such as >=1.0.0-0)",
        field=_REVISION,
    )
