"""The Go program gokit, asked through the Python that asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.gokit import GoKit, VersionRange

TAGS = ["latest", "v1.0.0", "v1.2.0", "v1.10.0", "v2.0.0-rc.1", "nightly-2026"]


def test_ranges_are_told_from_names_in_one_batch(gokit: GoKit) -> None:
    """GIVEN revisions of every kind WHEN asked at once THEN ranges have their highest tag and the others are left out."""
    answers = gokit.ranges(["1.*", ">=2.0.0-0", "5.*", "v1.2.0", "main", "", "x"], TAGS)
    expected = {"1.*": "v1.10.0", ">=2.0.0-0": "v2.0.0-rc.1", "5.*": None, "x": "v1.10.0"}
    assert {revision: VersionRange(tag) for revision, tag in expected.items()} == answers


def test_nothing_asked_starts_nothing() -> None:
    """An empty batch needs no program."""
    assert {} == GoKit("/nowhere/gokit").ranges([], TAGS)


def test_a_request_without_an_answer_does_not_spoil_the_others(gokit: GoKit) -> None:
    """Errors take the place of their answers."""
    answers = gokit.ask([{"verb": "divine"}, {"verb": "semver", "constraint": "1.0.*", "versions": TAGS}])
    assert [{"error": 'unknown verb "divine"'}, {"range": True, "version": "v1.0.0"}] == answers


def test_every_tag_survives_the_way_there_and_back(gokit: GoKit) -> None:
    """Tags are any text that git allows: none of it breaks the batch, and the one chosen comes back as it was."""
    odd = ["1.0.0+früh", 'quote"', "back\\slash", "<&>", "💥", "v1.0.0+a-b.c"]
    assert {"1.*": VersionRange("v1.0.0+a-b.c")} == gokit.ranges(["1.*"], odd)


def test_thousands_of_tags_are_one_question(gokit: GoKit) -> None:
    """A big repository is no special case."""
    tags = [f"v1.{minor}.{patch}" for minor in range(100) for patch in range(50)]
    answers = gokit.ranges(["*", "~1.7", "1.42.x"], tags)
    assert ["v1.99.49", "v1.7.49", "v1.42.49"] == [answers[each].tag for each in ("*", "~1.7", "1.42.x")]


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    """The reader learns what was not deployed."""
    with pytest.raises(ConfigurationError, match="layer"):
        GoKit(str(tmp_path / "gokit")).ranges(["*"], TAGS)


@pytest.mark.parametrize(
    "script", ["exit 3", "cat > /dev/null; echo nonsense", "cat > /dev/null; echo '[]'", "sleep 5"]
)
def test_a_program_that_misbehaves_is_a_transient_error(script: str, tmp_path: Path) -> None:
    """Failing, talking nonsense, answering too little or never."""
    program = tmp_path / "gokit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(UnreachableError):
        GoKit(str(program), timeout=0.5).ranges(["*"], TAGS)
