"""Style sheets of the dashboard. Each page's is loaded when it is first shown, and stays: what one calls its own no other may."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "dashboard/src"
SHARED = SOURCES / "styles"


def test_no_two_pages_have_a_class_of_one_name() -> None:
    """GIVEN every style sheet but the shared ones WHEN classes that rules begin with are collected THEN each has one sheet."""
    owners: dict[str, set[str]] = defaultdict(set)
    for sheet in SOURCES.rglob("*.css"):
        if SHARED not in sheet.parents:
            for name in re.findall(r"^\s+\.([a-z][\w-]*)", sheet.read_text(), re.MULTILINE):
                owners[name].add(str(sheet.relative_to(SOURCES)))
    assert "apps-card" in owners
    assert {} == {name: sorted(sheets) for name, sheets in owners.items() if len(sheets) > 1}
