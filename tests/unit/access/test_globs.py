"""Patterns: the dialect of gobwas/glob (names, addresses) and that of Go's path.Match (kinds)."""

from __future__ import annotations

import pytest

from mooring.access.globs import check_glob, check_path_glob, matches, matches_path


@pytest.mark.parametrize(
    ("fits", "pattern", "value"),
    [
        (True, "*", ""),
        (True, "*", "a/b"),
        (True, "", ""),
        (False, "", "a"),
        (True, "a*", "a"),
        (True, "team-*", "team-a/b"),
        (True, "?b", "ab"),
        (False, "?b", "b"),
        (True, "[abc]x", "bx"),
        (False, "[!abc]x", "bx"),
        (True, "[!abc]x", "dx"),
        (True, "[a-c]", "b"),
        (False, "[!a-c]", "b"),
        (True, "[ab-]", "-"),
        (True, "{prod,stage}-*", "stage-1"),
        (False, "{prod,stage}-*", "dev-1"),
        (True, "{a,b{c,d}}", "bd"),
        (True, "a,b", "a,b"),
        (True, r"\*", "*"),
        (False, r"\*", "a"),
        (True, "a.b", "a.b"),
        (False, "a.b", "axb"),
        (True, "a*", "a\nb"),
        (False, "[a-cx]", "x"),
        (False, "{a", "a"),
    ],
)
def test_globs_without_separator(fits: bool, pattern: str, value: str) -> None:
    """GIVEN a glob WHEN matched without a separator THEN stars cross everything, and a broken one fits nothing."""
    assert fits == matches(pattern, value)


@pytest.mark.parametrize(
    ("fits", "pattern", "value"),
    [
        (True, "https://git.test/team/*", "https://git.test/team/shop"),
        (False, "https://git.test/team/*", "https://git.test/team/sub/shop"),
        (True, "https://git.test/**", "https://git.test/team/sub/shop"),
        (False, "https://git.test/team?shop", "https://git.test/team/shop"),
        (True, "https://git.test/team[/]shop", "https://git.test/team/shop"),
        (True, "*", "https://git.test/team/shop"),
        (False, "https://*", "https://git.test/team"),
    ],
)
def test_globs_with_separator(fits: bool, pattern: str, value: str) -> None:
    """GIVEN a glob WHEN matched as an address THEN one star stays within a segment, two don't."""
    assert fits == matches(pattern, value, separator="/")


@pytest.mark.parametrize(
    ("fits", "pattern", "value"),
    [
        (True, "*", "Deployment"),
        (True, "*", ""),
        (False, "*", "a/b"),
        (True, "*.example.com", "x.example.com"),
        (True, "[A-D]*", "ConfigMap"),
        (False, "[^A-D]*", "ConfigMap"),
        (True, "[a-cx]", "x"),
        (True, r"[\-a]", "-"),
        (False, "{a,b}", "a"),
        (True, "Po?", "Pod"),
        (False, "[", "["),
    ],
)
def test_patterns_of_kinds(fits: bool, pattern: str, value: str) -> None:
    """GIVEN a pattern of path.Match WHEN matched THEN it is read as Go reads it, braces as themselves."""
    assert fits == matches_path(pattern, value)


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[a-", "[a-z", "[a-cx]", "[z-a]", "{a", "\\", "[a\\"])
def test_broken_globs_are_named(pattern: str) -> None:
    """GIVEN a glob that can't be read WHEN it is checked THEN there is something to say about it."""
    assert check_glob(pattern)
    assert not check_glob("[a-z]{b,c}*")


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[-a]", "[z-a]", "\\", "[a\\", "[a-"])
def test_broken_patterns_of_kinds_are_named(pattern: str) -> None:
    """GIVEN a pattern that can't be read WHEN it is checked THEN there is something to say about it."""
    assert check_path_glob(pattern)
    assert not check_path_glob("[a-zA-Z]?*")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("*a*b*c", "xxaxxbxxc", True),
        ("*a*b*c", "xxaxxbxxcx", False),
        ("a*ab*b", "aabb", True),
        ("a*ab*b", "aab", False),
        ("**x**", "x", True),
        ("*aab*", "aaab", True),
        ("*[ab]?c*", "zbbcz", True),
        ("team/*-*-prod", "team/shop-eu-prod", True),
        ("team/*-*-prod", "team/shop-prod", False),
    ],
)
def test_several_stars(pattern: str, value: str, fits: bool) -> None:
    """GIVEN a pattern of several stars WHEN matched THEN each takes what it must for the whole to fit."""
    assert fits is matches(pattern, value)


def test_many_stars_come_to_an_end() -> None:
    """GIVEN a pattern whose stars could be tried in more ways than there is time WHEN nothing fits THEN that is told."""
    assert matches("*a" * 60 + "*b", "a" * 5000) is False
