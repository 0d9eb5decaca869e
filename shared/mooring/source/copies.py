"""Our copy of one repository: what it holds, how it gets more, and how it heals.

A commit counts as held when a fetch of it came to its end, which a ledger remembers; that some of its objects lie
around proves nothing, since a killed fetch leaves those behind, too. Whatever git can't explain by the server's doing
is taken for damage: the copy is thrown away and fetched again, once.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.absent import complete_survey
from mooring.source.disk import Place, folders_by_use, recorded_size
from mooring.source.failures import Failure, recognise
from mooring.source.objects import Commit, Survey, parse_answers, questions
from mooring.source.process import Git, Outcome, git_environment
from mooring.source.remote import Remote, RemoteError
from mooring.source.trees import EVERYTHING, Checkout, TreeError, WorkTree, spelled
from mooring.source.urls import FIELD

__all__ = ["MEASURE_EVERY", "Copy", "full", "make_room"]

_LOCAL_TIMEOUT = 60.0
MEASURE_EVERY = 16
_COMMITS = 512
_SMALL = 2000
"""Files up to which a repository is written as a whole: asking for parts would cost more than it spares."""
_BIG_FILE = "256k"
_PLAIN_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_GONE = {Failure.NO_REF, Failure.NO_OBJECT, Failure.UNADVERTISED}


class Copy:
    """One repository below the root. Methods expect their caller to hold `lock`; `RemoteError` passes through."""

    def __init__(self, place: Place, remote: Remote, *, git: Git, home: Path, clear: Callable[[Copy], None]) -> None:
        self.lock = threading.RLock()
        self.remote = remote
        self.place = place
        self.commits: dict[str, Commit] = {}
        self.not_branches: set[str] = set()
        self.unmeasured = MEASURE_EVERY  # fetches since the last measurement: a new copy is measured at once
        self.overgrown = False
        self.users = 0  # how often this thread is inside; others wait for the lock
        self._git = git
        self._home = home
        self._clear = clear
        self._held: set[str] | None = None
        self._trees: list[WorkTree] = []
        self._open: list[WorkTree] = []  # those being read, innermost last
        self._small: bool | None = None
        self._filters = True
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

    @contextmanager
    def checkout(self, sha: str, paths: Iterable[str]) -> Iterator[Checkout]:
        """The files of a commit below some paths, both fetched if need be, until the `with` block ends.

        Commits that are read at the same time (blocks within blocks) lie in different folders.
        """
        self._prepare()
        tree = self._tree_for(sha)
        self._open.append(tree)
        try:
            self._fill(tree, sha, paths)
            yield Checkout(tree.folder, sha, lambda more: self._fill(tree, sha, more))
        finally:
            self._open.remove(tree)

    def _tree_for(self, sha: str) -> WorkTree:
        free = [tree for tree in self._trees if tree not in self._open]
        there = [tree for tree in self._trees if (at := tree.at()) is not None and at[0] == sha]
        if not there and not free:
            free = [WorkTree(self.place.folder, self.place.git, len(self._trees), self._local)]
            self._trees += free
        return (there or free)[0]

    def _fill(self, tree: WorkTree, sha: str, paths: Iterable[str]) -> None:
        wanted = {EVERYTHING} if self._small else spelled(paths)
        if not tree.lacks(sha, wanted):
            return
        complaint = ""
        hopeful = bool(self._small) and tree.at() is not None  # what a push has changed came with it
        for _ in range(3 if hopeful else 2):
            self._require([sha])
            if self._is_small(sha):
                wanted = {EVERYTHING}
            lacking = tree.lacks(sha, wanted)
            try:
                if not hopeful:
                    self._bring_files(sha, lacking)
                if tree.write(sha, lacking):
                    self.unmeasured = MEASURE_EVERY
            except TreeError as failed:
                complaint = failed.complaint
            else:
                return
            if hopeful:
                hopeful = False
                continue
            if len(self._open) > 1:
                break  # the copy holds files that are being read
            self._discard()
            if recognise(complaint) is Failure.FULL:
                self._clear(self)
        if recognise(complaint) is Failure.FULL:
            raise full()
        raise UnreachableError(f"commit {sha} could not be checked out, not even from a new copy", field=FIELD)

    def _is_small(self, sha: str) -> bool:
        if self._small is None:
            outcome = self._local(["ls-tree", "-r", "-z", "--full-tree", "--name-only", sha])
            self._small = outcome.code == 0 and outcome.out.count(b"\0") <= _SMALL
        return self._small

    def _bring_files(self, sha: str, paths: list[str]) -> None:
        """Fetch those files below the paths of a commit that are not here, all at once."""
        below = [] if EVERYTHING in paths else ["--", *paths]
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
        self._fetch(["--filter=blob:none"], [], objects=ids)

    def survey(self, wants: Mapping[str, tuple[str, ...]]) -> dict[str, Survey]:
        """Commits and the object ids at their paths."""
        self._prepare()
        for _ in range(2):
            self._require(wants)
            outcome = self._local(["cat-file", "--batch-command", "--follow-symlinks"], stdin=questions(wants))
            try:
                surveys = parse_answers(outcome.out, wants)
            except ValueError:
                surveys = None
            if surveys is None or outcome.code or outcome.complaint:
                self._discard()
                continue
            for sha in wants.keys() - surveys.keys():
                raise ConfigurationError(f"{sha} is no commit; name one", field="spec.source.targetRevision")
            surveys = {sha: complete_survey(each, self._local, self._bring_objects) for sha, each in surveys.items()}
            self._remember(surveys)
            return surveys
        raise UnreachableError("git could not read its copy, not even a new one", field=FIELD)

    def listing(self, sha: str) -> list[str]:
        """The path of every file of a commit; takes its trees only."""
        self._prepare()
        for _ in range(2):
            self._require([sha])
            outcome = self._local(["ls-tree", "-r", "-z", "--full-tree", "--name-only", sha])
            if outcome.code == 0:
                return [path.decode("utf-8", "surrogateescape") for path in outcome.out.split(b"\0") if path]
            self._discard()
        raise UnreachableError("git could not read its copy, not even a new one", field=FIELD)

    def complete(self, prefixes: list[str]) -> dict[str, str | None]:
        """The only commit on any branch or tag whose SHA begins so; None where there is none or several."""
        self._prepare()
        if not (self.place.history / "HEAD").is_file():
            self._init(self.place.history)
        refspecs = ["+refs/heads/*:refs/mooring/heads/*", "+refs/tags/*:refs/mooring/tags/*"]
        self.remote.fetch(self.place.history, ["--prune", "--filter=tree:0"], refspecs)
        asked = "".join(f"{prefix}^{{commit}}\n" for prefix in prefixes).encode()
        outcome = self._local(["cat-file", "--batch-check"], copy=self.place.history, stdin=asked)
        lines = outcome.out.decode("utf-8", "replace").splitlines()
        answers = [line.split(" ") for line in lines if " " in line]
        if len(answers) != len(prefixes):
            raise UnreachableError("git did not answer about abbreviated commits", field=FIELD)
        return {
            prefix: words[0] if len(words) == 3 and words[1] == "commit" else None
            for prefix, words in zip(prefixes, answers, strict=True)
        }

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
        """Files come when they are needed; those that a push changes come with it, unless they are big (ADR 0075)."""
        if not self._filters:
            return []
        return [f"--filter=blob:limit={_BIG_FILE}" if self.held else "--filter=blob:none"]

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
                self._clear(self)
            self.remote.fetch(self.place.git, [each for each in options if each != "--unshallow"], refspecs)
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

    def yield_place(self) -> bool:
        """Remove what is on disk, unless somebody is using it."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            if self.users:
                return False
            self.place.forget()
            self._forgotten()
            return True
        finally:
            self.lock.release()

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

    def _remember(self, surveys: Mapping[str, Survey]) -> None:
        self.commits |= {sha: each.commit for sha, each in surveys.items()}
        while len(self.commits) > _COMMITS:
            del self.commits[next(iter(self.commits))]


def make_room(root: Path, limit: int, using: Copy, copies: Iterable[Copy]) -> None:
    """Remove the repositories unused for longest until all of them fit into `limit` bytes; never the one in use.

    What is being used stays. A repository that outgrows the limit alone is fetched anew the next time.
    """
    using.unmeasured = 0
    using.overgrown = limit > 0 and using.place.measure() > limit
    known = {copy.place.folder: copy for copy in copies}
    folders = folders_by_use(root)
    total = sum(recorded_size(folder) for folder in folders)
    for folder in folders:
        if total <= limit:
            return
        size, copy = recorded_size(folder), known.get(folder)
        if copy is None:
            Place(folder).forget()
        elif not copy.yield_place():
            if copy is not using:
                using.unmeasured = MEASURE_EVERY  # it may be free the next time
            continue
        total -= size


def full() -> ConfigurationError:
    """The error for temporary storage that is too small even for one repository."""
    return ConfigurationError(
        "the repository does not fit into the temporary storage; give the function more of it", field=FIELD
    )


def _by_sha(shas: Iterable[str]) -> list[str]:
    """Refspecs for commits; a reference of our own for each tells the next fetch what is here already."""
    return [f"+{sha}:refs/mooring/commits/{index}" for index, sha in enumerate(shas)]
