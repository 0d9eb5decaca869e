"""Our copy of one repository, as it is read: checkouts, surveys, listings.

What it holds, and how it gets more, is its stock (see `stock`); and how much disk all copies take is decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.absent import complete_survey
from mooring.source.disk import Place, folders_by_use, recorded_size
from mooring.source.failures import Failure, recognise
from mooring.source.objects import Commit, Survey, parse_answers, questions
from mooring.source.process import Git
from mooring.source.remote import Remote
from mooring.source.stock import MEASURE_EVERY, Stock, full
from mooring.source.trees import EVERYTHING, Checkout, TreeError, WorkTree, links_above, spelled
from mooring.source.urls import FIELD

__all__ = ["Copy", "make_room"]

_COMMITS = 512
_SMALL = 2000
"""Files up to which a repository is written as a whole: asking for parts would cost more than it spares."""


class Copy(Stock):
    """One repository below the root. Methods expect their caller to hold `lock`; `RemoteError` passes through."""

    def __init__(self, place: Place, remote: Remote, *, git: Git, home: Path, clear: Callable[[Copy], None]) -> None:
        super().__init__(place, remote, git=git, home=home, clear=lambda: clear(self))
        self.lock = threading.RLock()
        self.commits: dict[str, Commit] = {}
        self.not_branches: set[str] = set()
        self.users = 0  # how often this thread is inside; others wait for the lock
        self._trees: list[WorkTree] = []
        self._open: list[WorkTree] = []  # those being read, innermost last

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

    def local(self, command: list[str], *, stdin: bytes | None = None) -> bytes | None:
        """What a git command says that reads this copy and changes nothing; None where it fails."""
        outcome = self._local(command, stdin=stdin)
        return None if outcome.code else outcome.out

    def named_object(self, ref: str) -> tuple[str, bytes]:
        """The kind (`tag`, `commit`) and the text of the object that a reference names on the server now."""
        self._prepare(fetching=True)
        self._fetch(["--depth=1", *self._filter()], [f"+{ref}:refs/mooring/named"])
        head, _, text = (self.local(["cat-file", "--batch"], stdin=b"refs/mooring/named\n") or b"").partition(b"\n")
        words = head.decode("ascii", "replace").split(" ")
        return (words[1], text[:-1]) if len(words) == 3 else ("", b"")

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
            lacking += [each for each in links_above(self._local, sha, lacking) if each not in lacking]
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
                self._clear()
        if recognise(complaint) is Failure.FULL:
            raise full()
        raise UnreachableError(f"commit {sha} could not be checked out, not even from a new copy", field=FIELD)

    def _is_small(self, sha: str) -> bool:
        if self._small is None:
            outcome = self._local(["ls-tree", "-r", "-z", "--full-tree", "--name-only", sha])
            self._small = outcome.code == 0 and outcome.out.count(b"\0") <= _SMALL
        return self._small

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
