"""Reading managed fields."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.cluster.fingerprint import (
    ManagerEntry,
    fingerprint,
    manager_entries,
)

OWNED: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:paused": {}}}


def entry(manager: str = "mooring", operation: str = "Apply", fields: Any = None, **more: str) -> dict[str, Any]:
    fields = OWNED if fields is None else fields
    return {"manager": manager, "operation": operation, "fieldsV1": fields, "time": "2026-01-02T03:04:05Z", **more}


def test_a_fingerprint_is_that_of_our_entry_alone() -> None:
    """Other managers, other operations and subresources of ours don't count, nor do time and order of keys."""
    alone = fingerprint({"managedFields": [entry()]})
    others = [
        entry("kubectl", fields={"f:a": {}}),
        entry("mooring", "Update", {"f:b": {}}),
        entry(fields={"f:status": {}}, subresource="status"),
        entry(fields={"f:spec": {"f:paused": {}, "f:replicas": {}}}, time="2027-01-01T00:00:00Z"),
    ]
    assert alone is not None
    assert 64 == len(alone)
    assert alone == fingerprint({"managedFields": others})


def test_a_field_that_left_us_changes_the_fingerprint() -> None:
    """Losing a field is drift."""
    lost = entry(fields={"f:spec": {"f:paused": {}}})
    assert fingerprint({"managedFields": [entry()]}) != fingerprint({"managedFields": [lost]})


@pytest.mark.parametrize("metadata", [{}, {"managedFields": []}, {"managedFields": [entry("kubectl")]}])
def test_no_entry_has_no_fingerprint(metadata: dict[str, Any]) -> None:
    """An object that we never applied, or whose managed fields were cleared, has none."""
    assert fingerprint(metadata) is None


def test_a_replaced_object_has_the_fingerprint_of_its_update_entry() -> None:
    """What was sent by replacement is owned by an Update entry."""
    metadata = {"managedFields": [entry(operation="Update")]}
    assert fingerprint(metadata) is None
    assert fingerprint({"managedFields": [entry()]}) == fingerprint(metadata, operation="Update")


def test_managers_are_told_without_their_fields() -> None:
    """Every entry has its manager, operation, subresource and time; what is absent is empty."""
    timeless = entry("kubectl", "Update", subresource="scale")
    del timeless["time"]
    metadata = {"managedFields": [entry(), timeless]}
    assert (
        ManagerEntry("mooring", "Apply", "", "2026-01-02T03:04:05Z"),
        ManagerEntry("kubectl", "Update", "scale", ""),
    ) == manager_entries(metadata)
