"""The arithmetic of `docs/cost.md`."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cost import Line, Month, compared, lines, measured_parts, price_list, summary
from bench.measured import noted
from mooring.flows.asked.prices import PRICES

ROOT = Path(__file__).parents[3]
MONTH = Month()
WATCH = "drift mode watch"


def total(group: list[Line], region: str = "us-east-1") -> float:
    return sum(line.quantity * PRICES[line.price][region] for line in group)


def test_the_page_says_what_the_arithmetic_says() -> None:
    """GIVEN what was measured and assumed WHEN the tables are made THEN they are those of the page."""
    page = (ROOT / "docs" / "cost.md").read_text()
    known = noted()
    for table in (summary(lines(MONTH, known)), compared(MONTH), measured_parts(MONTH, known), price_list()):
        assert table in page


def test_every_price_is_used_and_every_line_has_one() -> None:
    """GIVEN the bill WHEN compared with the prices THEN each price is somewhere, in both regions, and none is missing."""
    used = {line.price for group in lines(MONTH, noted()).values() for line in group}
    machine = {name for name in PRICES if name.startswith("EC2")}
    assert set(PRICES) == used | machine
    assert {("us-east-1", "eu-central-1")} == {tuple(each) for each in PRICES.values()}
    assert all(line.quantity > 0 for group in lines(MONTH, noted()).values() for line in group)


def test_a_watcher_takes_what_the_template_gives_it() -> None:
    """GIVEN 128 MB that always run WHEN counted THEN it is memory times time, and the overlaps of hand-overs."""
    (first, *_) = lines(replace(MONTH, watch_overlap=0, clusters=1), noted())[WATCH]
    assert math.isclose(128 / 1024 * 30 * 24 * 3600, first.quantity)


@pytest.mark.parametrize(("minutes", "ratio"), [(15.0, 5.0), (1.5, 0.5)])
def test_rarer_sweeps_cost_less(minutes: float, ratio: float) -> None:
    """GIVEN another rate of sweeps WHEN counted THEN their cost follows it, and nothing else changes."""
    before, after = (lines(month, noted()) for month in (MONTH, replace(MONTH, sweep_minutes=minutes)))
    changed = {name for name in before if before[name] != after[name]}
    assert {"sweeps that find nothing"} == changed
    (name,) = changed
    assert math.isclose(ratio, total(before[name]) / total(after[name]))
    assert not any("write" in line.price for line in before[name]), "an idle sweep writes nothing"
