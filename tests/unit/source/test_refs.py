"""What a targetRevision names among the references of a server."""

from __future__ import annotations

import pytest

from mooring.source.refs import (
    Resolution,
    branch_of,
    find_name,
    is_abbreviated,
    is_sha,
    may_be_range,
    needs_everything,
    parse_advertised,
    tags_of,
    unknown_revision,
)

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
ADVERTISED = f"""{A}\tHEAD
{A}\trefs/heads/main
{B}\trefs/heads/release
{C}\trefs/pull/7/head
{D}\trefs/tags/release
{C}\trefs/tags/v1.0.0
{D}\trefs/tags/v1.0.0^{{}}
warning: something unexpected
"""
REFS = parse_advertised(ADVERTISED)


def test_an_annotated_tag_is_the_commit_it_points_to() -> None:
    """The peeled line replaces the tag's own."""
    assert D == REFS["refs/tags/v1.0.0"]
    assert ["release", "v1.0.0"] == tags_of(REFS)
    assert 6 == len(REFS)


@pytest.mark.parametrize(
    ("revision", "ref"),
    [
        ("", "HEAD"),
        ("HEAD", "HEAD"),
        ("main", "refs/heads/main"),
        ("release", "refs/heads/release"),
        ("refs/tags/release", "refs/tags/release"),
        ("refs/heads/release", "refs/heads/release"),
        ("v1.0.0", "refs/tags/v1.0.0"),
        ("pull/7/head", "refs/pull/7/head"),
        ("refs/pull/7/head", "refs/pull/7/head"),
    ],
)
def test_names_are_found(revision: str, ref: str) -> None:
    """A branch before a tag of the same name; a name in full is only itself."""
    assert Resolution(revision, REFS[ref], ref) == find_name(revision, REFS)


@pytest.mark.parametrize("revision", ["mian", "Main", "heads", "refs/heads/nope", "refs/main", "v1.0.0^{}", "ain"])
def test_other_names_are_not(revision: str) -> None:
    """No guessing."""
    assert find_name(revision, REFS) is None


@pytest.mark.parametrize(
    ("revision", "ref"),
    [
        ("", "HEAD"),
        ("HEAD", "HEAD"),
        ("main", "refs/heads/main"),
        ("feature/x", "refs/heads/feature/x"),
        ("refs/heads/1.x", "refs/heads/1.x"),
        ("refs/pull/7/head", "refs/pull/7/head"),
        ("refs/tags/v1", None),
        (A, None),
        ("abcdef0", None),
        ("1.*", None),
        ("v1.2", None),
        (">=1", None),
        ("*", None),
        ("--upload-pack=x", None),
        ("a b", None),
        ("a:b", None),
        ("a..b", None),
        ("a\nb", None),
        ("x.lock", None),
        ("@{upstream}", None),
    ],
)
def test_likely_branches_are_asked_for_by_name(revision: str, ref: str | None) -> None:
    """What may be a tag, a range or an abbreviation needs the list; what no reference can be called, too."""
    assert ref == branch_of(revision)


@pytest.mark.parametrize(
    "revision", ["1.*", ">=1.2 <2", "~1", "^v2", "*", "x", "v*", " >= 1", "=1.0", "1.0 || 2", "!=1"]
)
def test_every_kind_of_range_is_recognised(revision: str) -> None:
    """False would hide a range from gokit, so the test errs on the other side."""
    assert may_be_range(revision)


@pytest.mark.parametrize("revision", ["main", "HEAD", "feature/1.x", "release-1.*", "", "refs/tags/1.0"])
def test_plain_names_are_no_ranges(revision: str) -> None:
    """They cost no process."""
    assert not may_be_range(revision)


def test_shas_are_told_by_their_length() -> None:
    """Forty digits are a commit, seven to thirty-nine perhaps the beginning of one."""
    assert [True, True, False, False] == [is_sha(A), is_sha("AB" * 20), is_sha("a" * 39), is_sha("a" * 41)]
    assert [True, True, False, False] == [is_abbreviated(text) for text in ("a" * 7, "0" * 39, "a" * 6, "g" * 7)]


def test_only_some_revisions_need_every_reference() -> None:
    """Branches and tags don't make a server list its pull requests."""
    assert [True, True, True, True] == [needs_everything(each) for each in ("", "HEAD", "refs/x/y", "pull/7/head")]
    assert [False, False] == [needs_everything(each) for each in ("main", "1.*")]


def test_an_unknown_revision_names_its_neighbours() -> None:
    """The reader sees what was probably meant."""
    error = unknown_revision("mian", REFS)
    assert "spec.source.targetRevision" == error.field
    assert "did you mean main?" in error.message
    assert "name a branch" in unknown_revision("zzzzzz", REFS).message
    assert "no commits yet" in unknown_revision("HEAD", {}).message
