"""Naming the fields in which a live object differs from the wanted one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mooring.cluster.drift import FieldChange, drifted_fields

WEB = '"name":"web"'
PORTS: dict[str, Any] = {
    'k:{"containerPort":80,"protocol":"TCP"}': {".": {}},
    'k:{"containerPort":80,"protocol":"UDP"}': {".": {}},
}
OURS = {
    "manager": "mooring",
    "operation": "Apply",
    "time": "2026-01-01T00:00:00Z",
    "fieldsV1": {
        "f:spec": {
            "f:replicas": {},
            "f:containers": {f"k:{{{WEB}}}": {".": {}, "f:image": {}, "f:ports": PORTS, "f:args": {}}},
        }
    },
}


def wanted(**container: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {"name": "x", "labels": {"app": "x"}},
        "spec": {"replicas": 2, "containers": [{"name": "web", "image": "a", **container}]},
    }


def found(desired: dict[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    live = copy.deepcopy(desired)
    live["metadata"] |= {"uid": "u", "managedFields": [OURS, *entries]}
    live["status"] = {"ready": True}
    return live


def edited(fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {
        "manager": "kubectl-edit",
        "operation": "Update",
        "time": "2026-02-01T00:00:00Z",
        "fieldsV1": fields,
        **more,
    }


def test_an_object_as_wanted_has_not_drifted() -> None:
    """Defaults, status and other people's fields are no difference."""
    desired = wanted()
    live = found(desired)
    live["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    live["spec"]["containers"].insert(0, {"name": "injected"})
    live["metadata"]["labels"]["theirs"] = "1"
    assert () == drifted_fields(desired, live)


def test_a_changed_field_names_its_new_owner() -> None:
    """The manager that owns a field now is named, with its time."""
    desired = wanted()
    live = found(desired, edited({"f:spec": {"f:replicas": {}}}))
    live["spec"]["replicas"] = 1
    expected = FieldChange(".spec.replicas", 2, 1, "kubectl-edit", "2026-02-01T00:00:00Z")
    assert (expected,) == drifted_fields(desired, live)


def test_entries_are_found_by_their_keys() -> None:
    """A list that managed fields show as keyed is compared by key, whatever the order."""
    desired = wanted()
    live = found(desired, edited({"f:spec": {"f:containers": {f"k:{{{WEB}}}": {"f:image": {}}}}}))
    live["spec"]["containers"] = [{"name": "injected"}, {"name": "web", "image": "b"}]
    (change,) = drifted_fields(desired, live)
    assert (".spec.containers[name=web].image", "a", "b") == (change.path, change.desired, change.live)
    assert "kubectl-edit" == change.manager


def test_a_key_left_to_its_default_is_not_mistaken_for_another_entry() -> None:
    """GIVEN port 80 without a protocol beside UDP 80 THEN it is compared with TCP 80."""
    desired = wanted(ports=[{"containerPort": 80, "name": "tcp"}, {"containerPort": 80, "protocol": "UDP"}])
    live = found(desired)
    live["spec"]["containers"][0]["ports"] = [
        {"containerPort": 80, "protocol": "UDP"},
        {"containerPort": 80, "protocol": "TCP", "name": "tcp"},
    ]
    assert () == drifted_fields(desired, live)


def test_a_removed_entry_is_gone_and_nobodys() -> None:
    """After a removal nobody owns the place, and the report doesn't guess."""
    desired = wanted()
    live = found(desired)
    live["spec"]["containers"] = [{"name": "injected"}]
    expected = FieldChange(
        ".spec.containers[name=web]", {"name": "web", "image": "a"}, None, "mooring", "2026-01-01T00:00:00Z"
    )
    assert (expected,) == drifted_fields(desired, live)
    live["metadata"]["managedFields"] = [edited({"f:spec": {"f:containers": {'k:{"name":"injected"}': {".": {}}}}})]
    (change,) = drifted_fields(desired, live)
    assert ("", "") == (change.manager, change.time)


def test_an_atomic_list_is_compared_as_a_whole_when_its_length_differs() -> None:
    """Whoever owns an atomic list owns all of it."""
    desired = wanted(args=["a", "b"])
    live = found(desired, edited({"f:spec": {"f:containers": {f"k:{{{WEB}}}": {"f:args": {}}}}}))
    live["spec"]["containers"][0]["args"] = ["a"]
    (change,) = drifted_fields(desired, live)
    assert (".spec.containers[name=web].args", ["a", "b"], ["a"]) == (change.path, change.desired, change.live)
    live["spec"]["containers"][0]["args"] = ["a", "c"]
    (change,) = drifted_fields(desired, live)
    assert (".spec.containers[name=web].args[1]", "b", "c") == (change.path, change.desired, change.live)
    assert "kubectl-edit" == change.manager


def test_a_set_may_hold_more() -> None:
    """Of a set only our own values are asked for."""
    desired = wanted()
    desired["metadata"]["finalizers"] = ["ours"]
    live = found(desired, edited({"f:metadata": {"f:finalizers": {'v:"theirs"': {}}}}))
    live["metadata"]["finalizers"] = ["theirs", "ours"]
    assert () == drifted_fields(desired, live)
    live["metadata"]["finalizers"] = ["theirs"]
    (change,) = drifted_fields(desired, live)
    assert (".metadata.finalizers[=ours]", "ours", None) == (change.path, change.desired, change.live)


@pytest.mark.parametrize(
    ("desired", "live", "differs"),
    [
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "1"}}, False),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, True),
        ({"data": {"cpu": "1000m"}}, {"data": {"cpu": "1"}}, True),
        ({"a": None}, {}, False),
        ({"a": {}}, {}, False),
        ({"a": []}, {}, False),
        ({"a": False}, {}, False),
        ({"a": 0}, {}, False),
        ({"a": ""}, {}, False),
        ({"a": True}, {}, True),
        ({"a": 1}, {"a": True}, True),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": {"b": 1}}, {"a": "b"}, True),
        ({"a": {"b": 1}}, {}, True),
    ],
)
def test_what_counts_as_a_difference(desired: dict[str, Any], live: dict[str, Any], differs: bool) -> None:
    """Spelling of amounts and what JSON leaves out are no difference; types and values are."""
    assert differs == bool(drifted_fields({"spec": desired}, {"spec": live}))


def test_values_of_a_secret_never_show() -> None:
    """That a Secret differs is reported, and where, but never a value."""
    desired = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"a": "aHVudGVyMg=="}}
    live = {**desired, "data": {"a": "aHVudGVyMw=="}}
    assert (FieldChange(".data.a", "(secret)", "(secret)", "", ""),) == drifted_fields(desired, live)
    assert (FieldChange(".data", "(secret)", None, "", ""),) == drifted_fields(desired, {**live, "data": None})


def test_a_key_held_twice_counts_once() -> None:
    """GIVEN a duplicate that was settled when it was applied THEN the last one is what is wanted."""
    fields: dict[str, Any] = {"f:env": {'k:{"name":"A"}': {".": {}}}}
    live = {"metadata": {"managedFields": [{"manager": "mooring", "fieldsV1": fields}]}, "env": [{"name": "A", "v": 2}]}
    assert () == drifted_fields({"env": [{"name": "A", "v": 1}, {"name": "A", "v": 2}]}, live)
