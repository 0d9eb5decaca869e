"""Amounts in several spellings."""

from __future__ import annotations

import pytest

from mooring.cluster.quantity import holds_quantity, same_quantity


@pytest.mark.parametrize(
    ("one", "other"),
    [("1000m", "1"), ("1", 1), (0.5, "500m"), ("1Gi", "1024Mi"), ("1Ki", 1024), ("1e3", "1k"), ("1.5", "1500m")],
)
def test_two_spellings_are_one_amount(one: object, other: object) -> None:
    """Spelling is not a difference."""
    assert same_quantity(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "2"), ("1M", "1Mi"), ("x", "x"), ("1", True), ("", ""), ("1.2.3", "1.2.3"), (None, None)]
)
def test_other_amounts_and_other_things_are_not(one: object, other: object) -> None:
    """Only quantities of the same amount are the same quantity."""
    assert not same_quantity(one, other)


def test_only_places_of_quantities_hold_them() -> None:
    """A ConfigMap's texts are not amounts."""
    assert holds_quantity("limits", "cpu")
    assert holds_quantity("emptyDir", "sizeLimit")
    assert not holds_quantity("data", "limit")
