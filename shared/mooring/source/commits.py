"""Commits made without a checkout, and pushed.

Of a branch only its newest commit is fetched, without files; then the files that are to change, in one request. Git
builds the new tree in an index, where every other file is a name and an id, so a change in a repository of any size
costs a few small requests and no disk to speak of. The server refuses a push that would lose commits of somebody, and
nothing here ever asks it to take one by force: whoever was outrun fetches again and does the work on the new commit.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.source.credentials import CredentialStore
from mooring.source.disk import Place, folders_by_use, place_for, recorded_size
from mooring.source.drafts import Draft, Known, Signer, commit_text, read_commit
from mooring.source.failures import Failure
from mooring.source.githubapp import InstallationTokens
from mooring.source.process import Git, Outcome, run_git
from mooring.source.remote import Remote, RemoteError
from mooring.source.stock import Stock
from mooring.source.urls import FIELD, parse_url

__all__ = ["Outrun", "Writer", "Writers"]

_HEADS = "refs/heads/"
_REFUSED = {Failure.REFUSED, Failure.ABSENT}
_AGAIN = {Failure.OUTRUN, Failure.BROKEN, Failure.UNREACHABLE}
"""What may be over after another fetch: git can't tell a server whose base has moved what of it is here."""
_GONE = {Failure.NO_OBJECT, Failure.UNADVERTISED}
_FILE = "100644"
_FOLDER = "040000"
_ODD = {
    "120000": "is a symbolic link; name the path that it leads to",
    "160000": "is a submodule; name a file of this repository",
}


class Outrun(Exception):
    """The branch moved between fetch and push, or it looks so: fetch it again. Its cause is the error for users."""


class Writer(Stock):
    """A repository that is written to. Methods expect their caller to hold `lock`; all raise what fetching does."""

    def __init__(self, place: Place, remote: Remote, *, git: Git, home: Path, where: str) -> None:
        super().__init__(place, remote, git=git, home=home, clear=lambda: None)
        self.lock = threading.RLock()
        self._where = where

    def default_branch(self) -> str:
        """The branch that HEAD names. Raises `ConfigurationError` where it names none."""
        name = self.remote.default_branch()
        if not name:
            told = f"{self._where} names no default branch; name one with git-branch"
            raise ConfigurationError(told, field="git-branch")
        return name

    def tips(self, base: str, other: str) -> tuple[str, str]:
        """The newest commits of a branch and of another one, which may not exist (then empty)."""
        wanted = {_HEADS + base, _HEADS + other}
        found = self.fetch_tips(wanted, set())
        if found is None and len(wanted) > 1:
            found = self.fetch_tips({_HEADS + base}, set())
        if found is None:
            told = f"{self._where} has no branch {base}; name one with git-branch"
            raise ConfigurationError(told, field="git-branch")
        return found[_HEADS + base], found.get(_HEADS + other, "")

    def files(self, sha: str, paths: Sequence[str]) -> dict[str, bytes | ConfigurationError]:
        """What the files at some paths of a commit hold; those that are not there are left out, and what is no file has
        an error in its place.
        """
        found: dict[str, bytes | ConfigurationError] = {}
        for above, (mode, _) in self._entries(sha, _above(paths)).items():
            if mode != _FOLDER:
                what = _ODD.get(mode, "is a file, and no folder; correct the path")
                told = ConfigurationError(what, subject=above)
                found |= {path: told for path in paths if path.startswith(f"{above}/")}
        ids: dict[str, str] = {}
        for path, (mode, blob) in self._entries(sha, [each for each in paths if each not in found]).items():
            if mode.startswith("100"):
                ids[path] = blob
            else:
                found[path] = ConfigurationError(_ODD.get(mode, "is a folder; name a file"), subject=path)
        for path in set(_above(ids)) & set(paths):  # git lists what is below a folder instead of it, if asked for both
            found[path] = ConfigurationError("is a folder; name a file", subject=path)
        self._bring_missing(list(dict.fromkeys(ids.values())))
        contents = self._contents(ids.values())
        return found | {path: contents[blob] for path, blob in ids.items()}

    def commit_of(self, sha: str) -> Known:
        """What a commit says of itself."""
        return read_commit(self._done(["cat-file", "commit", sha]))

    def commit(self, draft: Draft, sign: Signer | None = None) -> str:
        """Makes a commit, here only; its SHA."""
        text = commit_text(draft, self.tree_with(draft.base, draft.files), sign)
        return self._done(["hash-object", "-t", "commit", "-w", "--stdin"], stdin=text).decode("ascii").strip()

    def push(self, sha: str, branch: str) -> None:
        """Moves a branch of the server forward to a commit. Raises `Outrun` where it may be somewhere else by now, and
        `ForbiddenError` where the server does not take it.
        """
        try:
            self.remote.push(self.place.git, f"{sha}:{_HEADS}{branch}")
        except RemoteError as failed:
            if failed.failure in _AGAIN:
                raise Outrun from failed.error
            if failed.failure in _REFUSED:
                told = (
                    f"{self._where} does not let the credential push; give it the right to write, or name another one "
                    "(docs/write-back.md)"
                )
                raise ForbiddenError(told, field=FIELD) from failed.error
            raise

    def _entries(self, sha: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Mode and object id by path."""
        if not paths:
            return {}
        said = self._done(["ls-tree", "-z", "--full-tree", sha, "--", *paths])
        found = {}
        for entry in said.split(b"\0"):
            what, tab, path = entry.partition(b"\t")
            if tab:
                mode, _, blob = what.decode("ascii").split(" ")
                found[path.decode("utf-8", "surrogateescape")] = mode, blob
        return found

    def _bring_missing(self, ids: list[str]) -> None:
        asked = "".join(f"{each}\n" for each in ids).encode()
        said = self._done(["cat-file", "--batch-check"], stdin=asked).split(b"\n")
        missing = [line.split(b" ")[0] for line in said if line.endswith(b" missing")]
        if not missing:
            return
        try:
            self._bring_objects(missing)
        except RemoteError as failed:
            if failed.failure not in _GONE:
                raise
            self._filters = False  # a server that gives out named references only: everything, then
            self._discard()
            raise Outrun from failed.error

    def _contents(self, ids: Iterable[str]) -> dict[str, bytes]:
        unique = list(dict.fromkeys(ids))
        said = self._done(["cat-file", "--batch"], stdin="".join(f"{each}\n" for each in unique).encode())
        found, at = {}, 0
        for blob in unique:
            line = said.index(b"\n", at)
            size = int(said[at:line].split(b" ")[2])
            found[blob] = said[line + 1 : line + 1 + size]
            at = line + 2 + size
        return found

    def tree_with(self, base: str, files: Mapping[str, bytes]) -> str:
        """A commit's tree with other content in some files, which keep their modes."""
        folder = Path(tempfile.mkdtemp(prefix="files-", dir=self.place.folder))
        try:
            modes = {path: mode for path, (mode, _) in self._entries(base, list(files)).items()}
            names = []
            for number, content in enumerate(files.values()):
                (folder / str(number)).write_bytes(content)
                names.append(f"{folder / str(number)}\n")
            said = self._done(["hash-object", "-w", "--no-filters", "--stdin-paths"], stdin="".join(names).encode())
            blobs = said.decode("ascii").split()
            listed = "".join(
                f"{modes.get(path, _FILE)} {blob}\t{path}\0" for path, blob in zip(files, blobs, strict=True)
            )
            index = folder / "index"
            self._done(["read-tree", base], index=index)
            self._done(["update-index", "-z", "--add", "--index-info"], stdin=listed.encode(), index=index)
            return self._done(["write-tree", "--missing-ok"], index=index).decode("ascii").strip()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _done(self, command: list[str], *, stdin: bytes | None = None, index: Path | None = None) -> bytes:
        outcome: Outcome = self._local(command, stdin=stdin, index=index)
        if outcome.code:
            self._discard()
            raise UnreachableError(
                f"git {command[0]} failed on a copy of {self._where}; it is fetched anew", field=FIELD
            )
        return outcome.out


class Writers:
    """The repositories that are written to, each with a copy below `root` (a folder of ours alone).

    `timeout` is in seconds, for each command that talks to a server; `limit` is in bytes, for everything below `root`.
    """

    def __init__(
        self,
        root: Path,
        *,
        timeout: float = 30.0,
        limit: int = 256 * 1024 * 1024,
        git: Git = run_git,
        tokens: InstallationTokens | None = None,
        allow_file: bool = False,
    ) -> None:
        self._root = root
        self._timeout = timeout
        self._limit = limit
        self._git = git
        self._tokens = tokens or InstallationTokens()
        self._allow_file = allow_file
        self._lock = threading.Lock()
        self._writers: dict[Path, Writer] = {}

    @contextmanager
    def opened(self, url: str, credentials: CredentialStore, *, whose: str = "") -> Iterator[Writer]:
        """One repository, for this thread alone, reached with some credentials; `whose` keeps copies that were fetched
        with different ones apart.

        Raises `ConfigurationError`, `ForbiddenError`, `UnreachableError` or `ThrottledError`, as fetching does.
        """
        parsed = parse_url(url, allow_file=self._allow_file)
        with self._lock:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = place_for(self._root, f"{parsed.text}\0{hashlib.sha256(whose.encode()).hexdigest()}")
            remote = Remote(parsed, credentials, self._tokens, git=self._git, scratch=self._root, timeout=self._timeout)
            writer = self._writers.get(place.folder)
            if writer is None:
                writer = Writer(place, remote, git=self._git, home=self._root, where=parsed.place)
                self._writers[place.folder] = writer
        with writer.lock:
            writer.remote = remote
            try:
                yield writer
            except RemoteError as failed:
                raise failed.error from None
            finally:
                self._tidy(writer)

    def _tidy(self, used: Writer) -> None:
        """Removes what was unused for longest, and what was used last if nothing else helps."""
        if used.place.folder.exists():
            used.place.measure()
        folders = [each for each in folders_by_use(self._root) if each != used.place.folder]
        total = sum(recorded_size(each) for each in (*folders, used.place.folder) if each.exists())
        for folder in (*folders, used.place.folder):
            if total <= self._limit:
                return
            total -= recorded_size(folder)
            writer = self._writers.get(folder)
            if writer is None:
                Place(folder).forget()
            elif writer.lock.acquire(blocking=False):
                try:
                    writer.place.forget()
                    writer._forgotten()  # noqa: SLF001 (of this module)
                finally:
                    writer.lock.release()


def _above(paths: Iterable[str]) -> list[str]:
    """Every folder that lies above some paths."""
    parts = [path.split("/") for path in paths]
    return sorted({"/".join(each[:end]) for each in parts for end in range(1, len(each))})
