"""Reading managed fields."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.cluster.fingerprint import (
    ForeignChange,
    ManagerEntry,
    field_paths,
    fingerprint,
    foreign_changes,
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


def test_field_paths_read_like_paths() -> None:
    """Fields, keyed entries, set values and indexes become paths that a person recognises."""
    fields = {
        "f:metadata": {
            "f:labels": {".": {}, "f:app": {}, "f:app.kubernetes.io/name": {}},
            "f:finalizers": {".": {}, 'v:"x/y"': {}},
        },
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {
                            ".": {},
                            "f:name": {},
                            "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}}},
                            "f:resources": {"f:limits": {"f:memory": {}}},
                        }
                    }
                }
            },
            "f:list": {"i:0": {}},
        },
    }
    assert (
        ".metadata.labels.app",
        ".metadata.labels['app.kubernetes.io/name']",
        ".metadata.finalizers[=x/y]",
        ".spec.replicas",
        ".spec.template.spec.containers[name=web].name",
        ".spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP]",
        ".spec.template.spec.containers[name=web].resources.limits.memory",
        ".spec.list[0]",
    ) == field_paths(fields)


def test_foreign_changes_say_who_when_and_what() -> None:
    """Other managers since a time come latest first; status is left out, an entry without a time is kept."""
    timeless = entry("kubectl", "Update", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    del timeless["time"]
    metadata = {
        "managedFields": [
            entry(),
            timeless,
            entry("old", "Update", {"f:a": {}}, time="2026-01-01T00:00:00Z"),
            entry("kubectl-edit", "Update", {"f:b": {}}, time="2026-02-01T00:00:00Z"),
            entry("controller", "Update", {"f:status": {}}, subresource="status"),
        ]
    }
    edit = ManagerEntry("kubectl-edit", "Update", "", "2026-02-01T00:00:00Z")
    scale = ManagerEntry("kubectl", "Update", "scale", "")
    expected = (ForeignChange(edit, (".b",)), ForeignChange(scale, (".spec.replicas",)))
    assert expected == foreign_changes(metadata, since="2026-01-15T00:00:00Z")
    assert 5 == len(manager_entries(metadata))
