"""What our copy of one repository holds, how it gets more, and how it heals.

A commit counts as held when a fetch of it came to its end, which a ledger remembers; that some of its objects lie
around proves nothing, since a killed fetch leaves those behind, too. Whatever git can't explain by the server's doing
is taken for damage: the copy is thrown away and fetched again, once.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.disk import Place
from mooring.source.failures import Failure
from mooring.source.process import Git, Outcome, git_environment
from mooring.source.remote import Remote, RemoteError
from mooring.source.trees import EVERYTHING, TreeError, with_rules
from mooring.source.urls import FIELD

__all__ = ["MEASURE_EVERY", "Stock", "full"]

MEASURE_EVERY = 16
_LOCAL_TIMEOUT = 60.0
_BIG_FILE = "256k"
_NO_FILES = "--filter=blob:none"
_PLAIN_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_GONE = {Failure.NO_REF, Failure.NO_OBJECT, Failure.UNADVERTISED}


class Stock:
    """The commits and files that are here. Callers keep others out; `RemoteError` passes through.

    `clear` makes room on a disk that is full.
    """

    def __init__(self, place: Place, remote: Remote, *, git: Git, home: Path, clear: Callable[[], None]) -> None:
        self.place = place
        self.remote = remote
        self.unmeasured = MEASURE_EVERY  # fetches since the last measurement: a new copy is measured at once
        self.overgrown = False
        self._git = git
        self._home = home
        self._clear = clear
        self._held: set[str] | None = None
        self._filters = True
        self._small: bool | None = None  # whether the repository is read as a whole; None as long as nobody looked
        self._orderly = False

    def fetch_tips(self, refs: set[str], shas: set[str]) -> dict[str, str] | None:
        """Fetch references (→ their commits) and SHAs at once; None where the server lacks any of them."""
        self._prepare(fetching=True)
        names = {ref: f"refs/mooring/tips/{hashlib.sha256(ref.encode()).hexdigest()[:16]}" for ref in sorted(refs)}
        missing = sorted(shas - self.held)
        refspecs = [f"+{ref}:{name}" for ref, name in names.items()] + _by_sha(missing)
        if refspecs:
            try:
                self._fetch(["--depth=1", *self._filter()], refspecs)
            except RemoteError as failed:
                if failed.failure in _GONE:
                    return None
                raise
        tips = {ref: (self.place.git / name).read_text(encoding="ascii").strip() for ref, name in names.items()}
        self._hold([*tips.values(), *missing])
        return tips

    def bring(self, shas: Iterable[str]) -> dict[str, ConfigurationError]:
        """Fetch those commits that aren't held; answers with an error for each that the server hasn't got."""
        self._prepare(fetching=True)
        missing = sorted(set(shas) - self.held)
        if not missing:
            return {}
        absent: dict[str, ConfigurationError] = {}
        try:
            self._fetch(["--depth=1", *self._filter()], _by_sha(missing))
        except RemoteError as failed:
            if failed.failure not in _GONE:
                raise
            if len(missing) > 1:
                for sha in missing:
                    absent |= self.bring([sha])
                return absent
            if failed.failure is Failure.NO_OBJECT or not self._bring_everything(missing[0]):
                error = ConfigurationError(
                    f"the repository has no commit {missing[0]}; was it force-pushed away?",
                    field="spec.source.targetRevision",
                )
                return {missing[0]: error}
        self._hold(missing)
        return absent

    def _bring_files(self, sha: str, paths: list[str]) -> None:
        """Fetch those files below the paths of a commit that are not here, all at once."""
        below = [] if EVERYTHING in paths else ["--", *with_rules(paths)]
        outcome = self._local(["rev-list", "--objects", "--missing=print", "--no-walk", sha, *below])
        if outcome.code:
            raise TreeError(outcome.complaint)
        missing = [line[1:] for line in outcome.out.split(b"\n") if line.startswith(b"?")]
        if not missing:
            return
        try:
            self._bring_objects(missing)
        except RemoteError as failed:
            if failed.failure not in _GONE:
                raise
            # A server that gives out named references only: everything, then.
            self._filters = False
            raise TreeError(failed.failure.value) from None

    def _bring_objects(self, ids: Iterable[bytes]) -> None:
        self._fetch([_NO_FILES], [], objects=ids)

    @property
    def held(self) -> set[str]:
        """The commits that are here with all their files."""
        if self._held is None:
            try:
                self._held = set((self.place.git / "mooring-held").read_text(encoding="ascii").split())
            except OSError:
                self._held = set()
        return self._held

    def _hold(self, shas: Iterable[str]) -> None:
        fresh = sorted(set(shas) - self.held)
        if fresh:
            with open(self.place.git / "mooring-held", "a", encoding="ascii") as ledger:
                ledger.write("".join(f"{sha}\n" for sha in fresh))
            self.held.update(fresh)

    def _require(self, shas: Iterable[str]) -> None:
        for error in self.bring(shas).values():
            raise error

    def _bring_everything(self, sha: str) -> bool:
        """For servers that hand out named references only: fetch all of them with all their commits."""
        names = ["+refs/heads/*:refs/mooring/all/heads/*", "+refs/tags/*:refs/mooring/all/tags/*"]
        shallow = (self.place.git / "shallow").is_file()
        self._fetch(["--prune", *(["--unshallow"] if shallow else [])], names)
        return self._local(["cat-file", "-e", f"{sha}^{{commit}}"]).code == 0

    def _filter(self) -> list[str]:
        """Files come when they are needed (ADR 0075). Those that a push changes come with it, unless they are big,
        where the former ones are here: a server sends differences to what it takes a client with the former commit to
        have.
        """
        if not self._filters:
            return []
        return [f"--filter=blob:limit={_BIG_FILE}" if self.held and self._small else _NO_FILES]

    def _fetch(self, options: list[str], refspecs: list[str], *, objects: Iterable[bytes] = ()) -> None:
        stdin = b"".join(each + b"\n" for each in objects)
        try:
            self._orderly = False
            self.remote.fetch(self.place.git, options, refspecs, stdin=stdin)
        except RemoteError as failed:
            if failed.failure not in {Failure.BROKEN, Failure.FULL}:
                self._orderly = True
                raise
            if stdin:
                raise TreeError(failed.failure.value) from None
            self._discard()
            if failed.failure is Failure.FULL:
                self._clear()
            anew = [_NO_FILES if each.startswith("--filter=") else each for each in options if each != "--unshallow"]
            self.remote.fetch(self.place.git, anew, refspecs)
        finally:
            self._unlearn_promises()
        self._orderly = True
        self.unmeasured += 1

    def _unlearn_promises(self) -> None:
        """Take back what git notes about filtered fetches: it would ask a server for whatever is missing, instead of
        saying so.
        """
        config = self.place.git / "config"
        if config.is_file() and "promisor" in config.read_text(encoding="utf-8", errors="replace"):
            config.write_text(_PLAIN_CONFIG, encoding="utf-8")

    def _forgotten(self) -> None:
        self._held = None
        self._small = None
        self.unmeasured = MEASURE_EVERY
        self.overgrown = False

    def _prepare(self, *, fetching: bool = False) -> None:
        if fetching and self.overgrown:
            self.place.forget()
        if not self._orderly:
            self.place.unlock()
        if not self.place.exists():
            self.place.forget()
            self._forgotten()
            self._init(self.place.git)
        self._orderly = True
        self.place.touch()

    def _init(self, folder: Path) -> None:
        """An empty bare repository, under its name only once it is complete."""
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        outcome = self._local(["init", "--quiet", "--bare", "--template=", "."], copy=fresh)
        if outcome.code != 0:
            raise full()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    def _discard(self) -> None:
        self.place.forget()
        self._orderly = False
        self._prepare()

    def _local(
        self,
        command: list[str],
        *,
        stdin: bytes | None = None,
        index: Path | None = None,
        tree: Path | None = None,
        copy: Path | None = None,
    ) -> Outcome:
        copy = copy or self.place.git
        extra = {"GIT_DIR": str(copy), "GIT_INDEX_FILE": str(index or copy / "index"), "GIT_LITERAL_PATHSPECS": "1"}
        if tree is not None:
            extra["GIT_WORK_TREE"] = str(tree)
        environment = git_environment(self._home, extra=extra)
        self._orderly = False
        try:
            outcome = self._git(
                command, folder=tree or copy, environment=environment, stdin=stdin, timeout=_LOCAL_TIMEOUT
            )
        except TimeoutError:
            raise UnreachableError(f"git {command[0]} did not end within {_LOCAL_TIMEOUT:g} s", field=FIELD) from None
        self._orderly = True
        return outcome


def full() -> ConfigurationError:
    """The error for temporary storage that is too small even for one repository."""
    return ConfigurationError(
        "the repository does not fit into the temporary storage; give the function more of it", field=FIELD
    )


def _by_sha(shas: Iterable[str]) -> list[str]:
    """Refspecs for commits; a reference of our own for each tells the next fetch what is here already."""
    return [f"+{sha}:refs/mooring/commits/{index}" for index, sha in enumerate(shas)]
