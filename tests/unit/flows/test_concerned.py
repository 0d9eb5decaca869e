"""Who is concerned by a push, for every way to name a branch, a tag or a range of versions."""

from __future__ import annotations

import pytest

from mooring.events.forges.happenings import Push
from mooring.flows.arrivals.pushes import find_concerned
from mooring.model.application import AppKey
from mooring.source.refs import find_name, may_be_range
from mooring.state.lists import Follower

SHOP = AppKey("argocd", "shop")
REFS = {"HEAD": "a" * 40, "refs/heads/main": "a" * 40, "refs/tags/1.2.3": "b" * 40, "refs/pull/7/head": "c" * 40}


class Followers:
    """One application that follows one revision."""

    def __init__(self, revision: str) -> None:
        self.revision = revision

    def followers(self, name: str) -> tuple[list[Follower], list[tuple[str, tuple[str, ...]]]]:
        assert "git.test/acme/shop" == name
        return [Follower(SHOP, (self.revision,), ())], []


def _concerned(revision: str, ref: str, *, after: str = "d" * 40) -> bool:
    push = Push(("https://Git.test/acme/Shop.git",), ref, after, "ada", None, "main")
    return [SHOP] == find_concerned(Followers(revision), [push]).applications  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "HEAD",
        "main",
        "heads/main",
        "refs/heads/main",
        "1.2.3",
        "tags/1.2.3",
        "refs/tags/1.2.3",
        "pull/7/head",
        "gone",
    ],
)
@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/1.2.3", "refs/pull/7/head"])
def test_a_push_reaches_whoever_it_moves(revision: str, ref: str) -> None:
    """GIVEN a revision in any spelling WHEN what it stands for moves, or is deleted, THEN its application is concerned,
    and WHEN another reference moves it is not, unless it may be a range of versions.
    """
    found = find_name(revision, REFS)
    named = {found.ref.replace("HEAD", "refs/heads/main")} if found is not None else set()
    expected = ref in named or (ref.startswith("refs/tags/") and may_be_range(revision))
    assert (expected, expected) == (_concerned(revision, ref), _concerned(revision, ref, after="0" * 40))


@pytest.mark.parametrize("revision", ["1.2.x", "^1.0.0", ">=1 <2", "*", "v1.*", "~1.2", "1.2 - 1.4"])
def test_a_tag_reaches_whoever_follows_a_range(revision: str) -> None:
    """GIVEN a range of versions WHEN any tag comes or goes THEN it is looked at; WHEN a branch moves THEN it is not."""
    assert _concerned(revision, "refs/tags/anything")
    assert _concerned(revision, "refs/tags/v9", after="")
    assert not _concerned(revision, "refs/heads/main")
