"""Answers of git cat-file are read exactly, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mooring.source.objects import Commit, parse_answers, parse_commit, questions

A, B = "a" * 40, "b" * 40
T = "1" * 40
RAW = b"tree %b\nauthor Ann Lee <ann@example.com> 1700000000 +0200\ncommitter Bo <bo@example.com> 1700000060 -0700\n\nFix it\n"
RAW %= T.encode()


def test_questions_are_one_line_each() -> None:
    """Paths are normal, and what leads out of the repository isn't asked for."""
    wants = {A: ("", ".", "apps/x/", "./apps//y", "a/../b", "../up", "/etc", "a/../../b", "with space", "a\nb", "é")}
    expected = [f"contents {A}"] + [f"info {A}:{path}" for path in ("", "", "apps/x", "apps/y", "b", "with space", "é")]
    assert expected == questions(wants).decode().splitlines()


def answer(raw: bytes, kind: str = "commit", sha: str = A) -> bytes:
    return f"{sha} {kind} {len(raw)}\n".encode() + raw + b"\n"


def test_answers_meet_their_questions() -> None:
    """Missing paths, links outside, dangling links and loops are None; later answers stay in step."""
    paths = ("", "gone and away", "out", "nowhere", "../up", "loop", "under/file", "sub", "last")
    out = answer(RAW) + f"{T} tree 30\n".encode()
    out += f"{A}:gone and away missing\n".encode()
    out += b"symlink 5\n../up\n" + b"dangling 46\n" + b"x" * 46 + b"\n" + b"loop 3\na:b\n" + b"notdir 4\na:bc\n"
    out += f"{'3' * 40} commit 99\n".encode() + f"{'2' * 40} blob 7\n".encode()
    survey = parse_answers(out, {A: paths})[A]
    assert dict.fromkeys(paths, None) | {"": T, "last": "2" * 40} == survey.trees
    assert "Fix it" == survey.commit.subject


def test_several_commits_are_told_apart() -> None:
    """What is no commit is left out, and doesn't disturb its neighbour."""
    out = answer(b"object x\n", "tag", B) + f"{T} tree 3\n".encode() + answer(RAW) + f"{T} tree 3\n".encode()
    assert [A] == list(parse_answers(out, {B: ("x",), A: ("x",)}))


@pytest.mark.parametrize(
    "out", [b"", f"{A} missing\n".encode(), answer(RAW)[:-30], answer(RAW), f"{A} ambiguous\n".encode()]
)
def test_a_damaged_answer_is_an_error(out: bytes) -> None:
    """Half an answer must never look like a path that isn't there."""
    with pytest.raises(ValueError, match="git"):
        parse_answers(out, {A: ("x",)})


def test_a_commit_is_read() -> None:
    """Author, committer, time of the commit in UTC, and its first paragraph on one line."""
    at = datetime.fromtimestamp(1700000060, UTC)
    expected = Commit(A, "Ann Lee", "ann@example.com", at, "Fix it", "Bo", "bo@example.com")
    assert expected == parse_commit(A, RAW)


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"", ""),
        (b"\n\nlate\n", "late"),
        (b"one\ntwo\n\nthree\n", "one two"),
        (b"one\r\n", "one"),
        (b"\xff\n", "\ufffd"),
    ],
)
def test_subjects_are_one_line(message: bytes, subject: str) -> None:
    """As git's %s."""
    assert subject == parse_commit(A, RAW.replace(b"Fix it\n", message)).subject


def test_other_encodings_are_honoured() -> None:
    """A commit says in which encoding it is; an unknown one is read as UTF-8."""
    raw = RAW.replace(b"\n\n", b"\nencoding ISO-8859-1\n\n").replace(b"Fix", b"R\xe4t")
    assert "Rät it" == parse_commit(A, raw).subject
    assert "Rät it" == parse_commit(A, raw.replace(b"ISO-8859-1", b"klingon").replace(b"\xe4", "ä".encode())).subject


@pytest.mark.parametrize("person", [b"", b"nobody", b"<> 0 +0000", b"x <y> 99999999999999999999 +0000"])
def test_odd_people_and_times_do_not_stop_us(person: bytes) -> None:
    """Commits made by broken tools exist."""
    raw = b"tree %b\nauthor %b\ncommitter %b\n\nx\n" % (T.encode(), person, person)
    assert datetime.fromtimestamp(0, UTC) == parse_commit(A, raw).committed_at
