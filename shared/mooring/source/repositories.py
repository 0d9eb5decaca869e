"""Repositories kept warm: from a commit to its files in as few processes and round trips as git allows.

A push to a known branch takes three commands: one `fetch` that resolves and brings the commit (`latest`), one
`read-tree` that writes the files which differ (`checkout`), one `cat-file` that answers every question about it
(`survey`). A poll takes one `ls-remote` however many revisions are asked for (`resolve`).

Fetches are shallow. The first one leaves all files out, and those that are to be read follow in one request; for a
repository that is read as a whole, later ones bring what a push has changed (ADR 0075). So a large repository of which
a corner is used costs that corner. Only to complete an abbreviated SHA, all commits are fetched into a second copy,
without their trees and files.

Nothing here is a source of truth. Whatever is on disk is brought back to order or fetched again, so a process may be
killed or frozen anywhere. Repositories execute nothing: no hooks, no filters (see `process`); submodules are other
repositories, fetched as any (see `submodules`), and objects of LFS come by HTTP (see `lfs`).
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.copies import Copy, make_room
from mooring.source.credentials import CredentialStore
from mooring.source.disk import place_for
from mooring.source.githubapp import InstallationTokens
from mooring.source.gokit import GoKit
from mooring.source.objects import Commit, Survey
from mooring.source.process import Git, run_git
from mooring.source.refs import (
    Resolution,
    Resolutions,
    branch_of,
    find_name,
    is_abbreviated,
    is_sha,
    may_be_range,
    needs_everything,
    tags_of,
    unknown_revision,
)
from mooring.source.remote import Remote, RemoteError
from mooring.source.stock import MEASURE_EVERY, full
from mooring.source.submodules import DEEPEST, Permit, place_submodules
from mooring.source.trees import EVERYTHING, Checkout
from mooring.source.urls import FIELD, parse_url

__all__ = ["Repositories"]


class Repositories:
    """The repositories below `root` (a folder of ours alone), one copy each. Threads may share it.

    `timeout` is in seconds, for each command that talks to a server; `limit` is in bytes, for everything below `root`.
    Besides the errors of each method, all raise `UnreachableError` (no answer, or not in time), `ThrottledError`,
    `ForbiddenError` (credentials missing, wrong or insufficient) and `ConfigurationError` (not an address, no
    repository there, too big for the disk).
    """

    def __init__(
        self,
        root: Path,
        credentials: CredentialStore,
        *,
        timeout: float = 30.0,
        limit: int = 384 * 1024 * 1024,
        git: Git = run_git,
        gokit: GoKit | None = None,
        tokens: InstallationTokens | None = None,
        allow_file: bool = False,
        submodules: bool = True,
    ) -> None:
        self._root = root
        self._credentials = credentials
        self._timeout = timeout
        self._limit = limit
        self._git = git
        self._gokit = gokit or GoKit()
        self._tokens = tokens or InstallationTokens()
        self._allow_file = allow_file
        self._submodules = submodules
        self._lock = threading.Lock()
        self._copies: dict[str, Copy] = {}

    def resolve(self, url: str, revisions: Iterable[str]) -> Resolutions:
        """The commit that each revision names now: one `ls-remote`, and none at all where all are full SHAs.

        A revision that names nothing has a `ConfigurationError` in its place. Nothing is fetched, except that an
        abbreviated SHA needs the list of commits.
        """
        with self._copy(url) as copy:
            return self._resolve(copy, dict.fromkeys(revisions))

    def latest(self, url: str, revisions: Iterable[str]) -> Resolutions:
        """As `resolve`, and brings the commits: a single `fetch` where all revisions are HEAD, branches or full SHAs.

        A commit that the server hasn't got has a `ConfigurationError` in its place, too.
        """
        wanted = dict.fromkeys(revisions)
        with self._copy(url) as copy:
            found = self._fetch_tips(copy, wanted)
            if found is None:
                found = self._resolve(copy, wanted)
                known = {each.sha for each in found.values() if isinstance(each, Resolution)}
                absent = copy.bring(known)
                for revision, each in found.items():
                    if isinstance(each, Resolution) and each.sha in absent:
                        found[revision] = absent[each.sha]
            self._tidy(copy)
            return found

    def fetch(self, url: str, shas: Iterable[str]) -> None:
        """Bring the commits with these full SHAs, those that aren't here. Raises `ConfigurationError` for unknown
        ones.
        """
        with self._copy(url) as copy:
            for error in copy.bring(shas).values():
                raise error
            self._tidy(copy)

    def checkout(self, url: str, sha: str) -> Path:
        """The folder that holds the files of a commit; only those that differ from the last checkout are written.

        The folder is there to be read. It stays as it is until the same repository is fetched or checked out again, or
        makes room for another one: where threads share repositories, use `checked_out`.
        """
        with self.checked_out(url, sha) as folder:
            return folder

    @contextmanager
    def checked_out(self, url: str, sha: str) -> Iterator[Path]:
        """As `checkout`, and no other thread gets at the repository until the `with` block ends."""
        with self.opened(url, sha, [EVERYTHING]) as checkout:
            yield checkout.root

    @contextmanager
    def opened(self, url: str, sha: str, paths: Iterable[str], *, permit: Permit | None = None) -> Iterator[Checkout]:
        """The files of a commit below some paths, and perhaps more; `widen` of what is yielded brings others.

        Submodules below the paths are in their places (unless that is switched off); `permit` is asked about those that
        a stored credential is used for, and raises where that must not be. No other thread gets at the
        repository until the `with` block ends; the same thread may open other commits of it meanwhile.
        """
        with self._opened(url, sha, paths, 0, permit) as checkout:
            yield checkout

    @contextmanager
    def _opened(
        self, url: str, sha: str, paths: Iterable[str], depth: int, permit: Permit | None
    ) -> Iterator[Checkout]:
        asked = tuple(paths)
        with self._copy(url) as copy, copy.checkout(sha, asked) as checkout:
            self._tidy(copy)

            def widen(more: Iterable[str]) -> None:
                further = tuple(more)
                checkout.widen(further)
                self._place(copy, url, checkout, further, depth, permit)

            self._place(copy, url, checkout, asked, depth, permit)
            yield replace(checkout, widen=widen)

    def _place(
        self, copy: Copy, url: str, checkout: Checkout, paths: tuple[str, ...], depth: int, permit: Permit | None
    ) -> None:
        """Puts in place what git leaves out: submodules, and objects of LFS where the repository has them."""

        def opener(address: str, sha: str, wanted: Iterable[str]) -> AbstractContextManager[Checkout]:
            if depth >= DEEPEST:
                raise ConfigurationError(f"lies within {DEEPEST} others; no more are followed", field=FIELD)
            return self._opened(address, sha, wanted, depth + 1, permit)

        def check(address: str) -> None:
            if permit is not None and self._credentials.find(address) is not None:
                permit(address)

        grown = self._submodules and place_submodules(
            checkout, url, paths, local=copy.local, opener=opener, check=check
        )
        if (access := copy.remote.lfs()) is not None:
            from mooring.source.charts_http import Web  # with urllib3, which git does without
            from mooring.source.lfs import fill_pointers

            store, web = copy.place.folder / "lfs", Web(timeout=self._timeout)
            grown |= fill_pointers(checkout.root, paths, access, store, web=web, limit=self._limit)
        if grown:
            copy.unmeasured = MEASURE_EVERY
            self._tidy(copy)

    def survey(self, url: str, wants: Mapping[str, Iterable[str]]) -> dict[str, Survey]:
        """Each commit (by full SHA) with the object ids at its paths, all in one process.

        Paths are relative to the repository; `""` and `"."` are its root. A path that leads out of it has no object.
        """
        with self._copy(url) as copy:
            return copy.survey({sha: tuple(paths) for sha, paths in wants.items()})

    def trees(self, url: str, sha: str, paths: Iterable[str]) -> dict[str, str | None]:
        """The object ids (of trees or files) at the paths of one commit; None where nothing is. See `survey`."""
        return dict(self.survey(url, {sha: paths})[sha].trees)

    def listing(self, url: str, sha: str) -> list[str]:
        """The path of every file (and link) of a commit, in git's order; no file is fetched for it."""
        with self._copy(url) as copy:
            return copy.listing(sha)

    def commit(self, url: str, sha: str) -> Commit:
        """Who committed what and when; from memory where the commit was surveyed before."""
        with self._copy(url) as copy:
            return copy.commits.get(sha) or copy.survey({sha: ()})[sha].commit

    def signed(self, url: str, revision: str, sha: str) -> tuple[str, bytes]:
        """What speaks for a revision that was resolved to a commit: `tag` with the text of an annotated tag where the
        revision is one, else `commit` with the commit's text, as git stores them.

        Raises `UnreachableError` where the revision has moved on meanwhile.
        """
        with self._copy(url) as copy:
            for error in copy.bring([sha]).values():
                raise error
            if not is_sha(revision) and (branch_of(revision) is None or revision in copy.not_branches):
                named = self._resolve(copy, {revision: None})[revision]
                if isinstance(named, ConfigurationError):
                    raise named
                if named.sha != sha:
                    raise UnreachableError(f"{revision} moved while it was read; it is read again", field=FIELD)
                if named.ref.startswith("refs/tags/"):
                    kind, text = copy.named_object(named.ref)
                    if kind == "tag":
                        return kind, text
            text = copy.local(["cat-file", "commit", sha]) or b""
            return "commit", text

    @contextmanager
    def _copy(self, url: str) -> Iterator[Copy]:
        """This repository's copy, for this thread alone."""
        parsed = parse_url(url, allow_file=self._allow_file)
        with self._lock:
            copy = self._copies.get(parsed.text)
            if copy is None:
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
                remote = Remote(
                    parsed,
                    self._credentials,
                    self._tokens,
                    git=self._git,
                    scratch=self._root,
                    timeout=self._timeout,
                )
                place = place_for(self._root, parsed.text)
                copy = self._copies[parsed.text] = Copy(
                    place, remote, git=self._git, home=self._root, clear=self._clear
                )
        with copy.lock:
            copy.users += 1
            try:
                yield copy
            except RemoteError as failed:
                raise failed.error from None
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    raise full() from error
                raise
            finally:
                copy.users -= 1

    def _tidy(self, copy: Copy) -> None:
        if copy.unmeasured >= MEASURE_EVERY:
            make_room(self._root, self._limit, copy, list(self._copies.values()))

    def _clear(self, copy: Copy) -> None:
        make_room(self._root, 0, copy, list(self._copies.values()))

    def _fetch_tips(self, copy: Copy, revisions: Iterable[str]) -> Resolutions | None:
        """All revisions by one fetch, where they are branches or full SHAs; None where the server's list is needed."""
        refs: dict[str, str] = {}
        shas: list[str] = []
        for revision in revisions:
            ref = branch_of(revision) if revision not in copy.not_branches else None
            if is_sha(revision):
                shas.append(revision)
            elif ref is None:
                return None
            else:
                refs[revision] = ref
        tips = copy.fetch_tips(set(refs.values()), {sha.lower() for sha in shas})
        if tips is None:
            copy.not_branches.update(refs)
            return None
        found: Resolutions = {sha: Resolution(sha, sha.lower()) for sha in shas}
        found |= {revision: Resolution(revision, tips[ref], ref) for revision, ref in refs.items()}
        return found

    def _resolve(self, copy: Copy, revisions: Iterable[str]) -> Resolutions:
        found: Resolutions = {each: Resolution(each, each.lower()) for each in revisions if is_sha(each)}
        names = [each for each in revisions if each not in found]
        if not names:
            return found
        refs = copy.remote.list_refs(everything=any(needs_everything(each) for each in names))
        ranges = self._gokit.ranges([each for each in names if may_be_range(each)], tags_of(refs))
        abbreviated: list[str] = []
        for name in names:
            inside = ranges.get(name)
            named = find_name(name, refs)
            if inside and inside.tag is not None:
                ref = f"refs/tags/{inside.tag}"
                found[name] = Resolution(name, refs[ref], ref)
            elif named:
                found[name] = named
                if named.ref == branch_of(name):
                    copy.not_branches.discard(name)
            elif is_abbreviated(name):
                abbreviated.append(name)
            elif inside:
                found[name] = ConfigurationError(
                    f"no tag of the repository lies in the range {name}; tag a commit, or widen the range",
                    field="spec.source.targetRevision",
                )
            else:
                found[name] = unknown_revision(name, refs)
        for name, sha in (copy.complete(abbreviated) if abbreviated else {}).items():
            found[name] = Resolution(name, sha) if sha else unknown_revision(name, refs)
        return found
