"""Reading a repository's objects: who made a commit, and which objects lie at its paths.

Any number of questions, about any number of commits, is one `git cat-file --batch-command`. The object id at a path is
the cheapest proof that nothing below it has changed; symbolic links on the way are followed as long as they stay
inside. Pure: text in, text out.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mooring.source.signers import claimed_signer

__all__ = ["Commit", "Survey", "parse_answers", "questions"]

_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>[^>]*)>(?: (?P<seconds>-?\d+) [+-]\d{4})?")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; `committed_at` is in UTC, `subject` is its first paragraph on one line, `signer` whose signature it
    bears, unverified (see `signers`).
    """

    sha: str
    author_name: str
    author_email: str
    committed_at: datetime
    subject: str
    committer_name: str = ""
    committer_email: str = ""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """A commit, and the object id (of a tree or a file) at each path that was asked for: None where nothing is."""

    commit: Commit
    trees: Mapping[str, str | None]


def inside(path: str) -> str | None:
    """The path in git's spelling (empty for the root), or None where it leaves the repository or can't be asked for."""
    if path.startswith("/") or "\n" in path or "\0" in path:
        return None
    normal = posixpath.normpath(path) if path else "."
    if normal in {".", ".."}:
        return "" if normal == "." else None
    return None if normal.startswith("../") else normal


def questions(wants: Mapping[str, Iterable[str]]) -> bytes:
    """Standard input for `git cat-file --batch-command --follow-symlinks`: full SHA → paths."""
    lines: list[str] = []
    for sha, paths in wants.items():
        lines.append(f"contents {sha}")
        lines += [f"info {sha}:{spelled}" for path in paths if (spelled := inside(path)) is not None]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def parse_answers(out: bytes, wants: Mapping[str, Iterable[str]]) -> dict[str, Survey]:
    """What git answered, by SHA; what is no commit is left out.

    Raises `ValueError` where a commit is missing or the answers don't fit the questions: the copy is damaged.
    """
    reader = _Reader(out)
    surveys: dict[str, Survey] = {}
    for sha, paths in wants.items():
        head = reader.line()
        if len(head) != 3 or not head[2].isdigit():
            raise ValueError(f"git has no {sha}")
        body = reader.body(head)
        trees = {path: reader.object_id() if inside(path) is not None else None for path in paths}
        if head[1] == "commit":
            surveys[sha] = Survey(parse_commit(sha, body), trees)
    return surveys


def parse_commit(sha: str, raw: bytes) -> Commit:
    """A commit from its raw text (git's documentation, "commit object"), in whatever encoding it declares."""
    head, _, message = raw.partition(b"\n\n")
    found: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        found.setdefault(key, value)
    encoding = found.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author = _PERSON.match(_decode(found.get(b"author", b""), encoding))
    committer = _PERSON.match(_decode(found.get(b"committer", b""), encoding))
    paragraph = _decode(message, encoding).lstrip("\n").split("\n\n", 1)[0]
    return Commit(
        sha=sha,
        author_name=author["name"] if author else "",
        author_email=author["email"] if author else "",
        committed_at=_moment(committer["seconds"] if committer else None),
        subject=" ".join(line.strip() for line in paragraph.split("\n")).strip(),
        committer_name=committer["name"] if committer else "",
        committer_email=committer["email"] if committer else "",
        signer=claimed_signer(head),
    )


def _moment(seconds: str | None) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds or 0), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


class _Reader:
    """Walks through the answers of cat-file."""

    def __init__(self, out: bytes) -> None:
        self._out = out
        self._at = 0

    def line(self) -> list[str]:
        """The words of the next line."""
        end = self._out.find(b"\n", self._at)
        if end < 0:
            raise ValueError("git answered less than it was asked")
        text = self._out[self._at : end].decode("utf-8", "surrogateescape")
        self._at = end + 1
        return text.split(" ")

    def body(self, head: list[str]) -> bytes:
        """The content that follows its `<id> <type> <size>` line."""
        start, self._at = self._at, self._at + int(head[2]) + 1
        if self._at > len(self._out):
            raise ValueError("git answered less than it was asked")
        return self._out[start : self._at - 1]

    def object_id(self) -> str | None:
        """The id of one `info` answer; None for what is missing, and for links that lead nowhere or outside."""
        words = self.line()
        if len(words) == 2 and words[0] in {"dangling", "symlink", "loop", "notdir"} and words[1].isdigit():
            self._at += int(words[1]) + 1
            return None
        return words[0] if len(words) == 3 and words[1] in {"tree", "blob"} and words[2].isdigit() else None
