"""Which tags are admitted, as Masterminds' library decides, and laws that hold whatever the tags are."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.errors import ConfigurationError
from mooring.images.choosing import Admitted, Rule, admit
from mooring.source.gokit import GoKit

TAGS = ("latest", "v1.2.0", "v1.3.0", "1.3.0", "1.4", "v2.0.0-rc1", "qa-v1.0.7", "v1.10.0", "2.0.0+build", "01.5.0")
PARTS = st.integers(0, 12).map(str)
VERSIONS = st.builds(
    lambda prefix, parts, more: f"{prefix}{'.'.join(parts)}{more}",
    st.sampled_from(("", "v")),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(("", "-rc1", "-rc2", "-alpha.1")),
)
NAMES = st.one_of(VERSIONS, st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,8}", fullmatch=True))
LISTS = st.lists(NAMES, max_size=12, unique=True)


def admitted(gokit: GoKit, tags: list[str], rule: Rule) -> Admitted:
    ((found,),) = admit(gokit.ask, [(tags, [rule])])
    assert isinstance(found, Admitted), found
    return found


def semver(constraint: str = "", allow: str = "", ignore: tuple[str, ...] = ()) -> Rule:
    return Rule("semver", constraint, allow, ignore)


@pytest.mark.parametrize(
    ("constraint", "first"),
    [
        ("", "2.0.0+build"),
        ("1.x", "v1.10.0"),
        ("v1.x", "v1.10.0"),
        ("~1.3", "v1.3.0"),
        ("^1.2", "v1.10.0"),
        (">=1.2 <1.4", "v1.3.0"),
        ("<2.0.0-0", "v1.10.0"),
        ("2.x-0", "2.0.0+build"),
        (">=2.0.0-rc0 <2.0.0", "v2.0.0-rc1"),
        ("1.4", "1.4"),
        ("=1.5", "01.5.0"),
        ("!=1.10.0 <2", "01.5.0"),
        ("~1.2 || ~1.4", "1.4"),
        ("1.2 - 1.4", "1.4"),
    ],
)
def test_versions_are_masterminds(gokit: GoKit, constraint: str, first: str) -> None:
    """Ranges, a `v` on either side, prereleases only where they are named, leading zeros, short versions."""
    assert first == admitted(gokit, list(TAGS), semver(constraint)).tags[0]


def test_the_story_s_filter_admits_releases_alone(gokit: GoKit) -> None:
    """`v1.3.0` deploys; `qa-v1.0.7`, `latest` and `v2.0.0-rc1` don't."""
    rule = semver(allow=r"^v[0-9]+\.[0-9]+\.[0-9]+$")
    assert ("v1.10.0", "v1.3.0", "v1.2.0") == admitted(gokit, list(TAGS), rule).tags


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (semver("no range"), "image-list"),
        (semver(allow="(?=x)"), "allow-tags"),  # Python would take it, Go doesn't
        (semver(ignore=("[",)), "ignore-tags"),
    ],
)
def test_a_rule_that_can_t_be_used_names_its_setting(gokit: GoKit, rule: Rule, field: str) -> None:
    """And spoils no other rule of the batch."""
    bad, good = admit(gokit.ask, [(["1.0.0"], [rule, semver()])])[0]
    assert isinstance(bad, ConfigurationError) and field == bad.field
    assert Admitted(("1.0.0",), 1) == good


def test_many_repositories_take_one_process(gokit: GoKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lists and rules there are."""
    started: list[object] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *args, **more: started.append(args) or run(*args, **more))
    found = admit(gokit.ask, [([f"1.{each}.0"], [semver(), semver("2.x")]) for each in range(500)])
    assert (500, 1) == (len(found), len(started))


@settings(max_examples=40, deadline=None)
@given(tags=LISTS, strategy=st.sampled_from(("semver", "alphabetical", "newest-build")))
def test_the_order_of_a_list_decides_nothing(gokit: GoKit, tags: list[str], strategy: str) -> None:
    """Whatever order a registry has, the same tag comes first, and only given tags are admitted."""
    rule = Rule(strategy, "", "", ())
    one, other = admitted(gokit, tags, rule), admitted(gokit, tags[::-1], rule)
    assert one.tags == (other.tags if strategy != "newest-build" else other.tags[::-1])
    assert set(one.tags) <= set(tags)


@settings(max_examples=40, deadline=None)
@given(tags=LISTS, fewer=st.sampled_from(("v*", "*rc*", "[0-5]*", "?")))
def test_filters_only_take_away(gokit: GoKit, tags: list[str], fewer: str) -> None:
    """What is ignored is gone, everything else keeps its place."""
    every = admitted(gokit, tags, semver()).tags
    some = admitted(gokit, tags, semver(ignore=(fewer,))).tags
    assert some == tuple(tag for tag in every if tag in some)
    assert (set(some) & set(admitted(gokit, list(every), Rule("alphabetical", "", "", (fewer,))).tags)) == set(some)


@settings(max_examples=40, deadline=None)
@given(tags=st.lists(VERSIONS, min_size=1, max_size=12, unique=True))
def test_the_first_version_is_no_lower_than_any(gokit: GoKit, tags: list[str]) -> None:
    """GIVEN the first of all THEN no other is within a range above it, by Masterminds' own comparison."""
    first = admitted(gokit, tags, semver()).tags[0]
    assert 0 == admitted(gokit, tags, semver(f">{first.removeprefix('v')}")).count
