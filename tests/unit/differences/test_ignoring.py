"""What is taken out of an object, and what always stays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mooring.differences.ignoring import without
from mooring.differences.rules import Rules
from mooring.differences.settle import ignored_drift, settled

ANY = {"group": "*", "kind": "*"}


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def owned_by(manager: str, fields: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest as it lives, with one more entry in its managed fields."""
    live = copy.deepcopy(manifest)
    entry = {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}
    live["metadata"].setdefault("managedFields", []).append(entry)
    return live


CONTAINERS = [{"name": "web", "image": "web:1"}, {"name": "proxy", "image": "proxy:1"}]


@pytest.mark.parametrize(
    ("rule", "spec", "expected"),
    [
        ({"jsonPointers": ["/spec/replicas"]}, {"replicas": 1, "paused": True}, {"paused": True}),
        ({"jsonPointers": ["/spec/gone", "/nothing/here", "/spec/paused/deeper"]}, {"paused": True}, {"paused": True}),
        ({"jsonPointers": ["/spec/a~1b", "/spec/c~0d"]}, {"a/b": 1, "c~d": 2, "e": 3}, {"e": 3}),
        ({"jsonPointers": ["/spec/~01"]}, {"~1": 1, "/": 2}, {"/": 2}),
        ({"jsonPointers": ["/spec/"]}, {"": 1, "a": 2}, {"a": 2}),
        ({"jsonPointers": ["/spec/list/1"]}, {"list": [1, 2, 3]}, {"list": [1, 3]}),
        ({"jsonPointers": ["/spec/list/0", "/spec/list/1"]}, {"list": [1, 2, 3]}, {"list": [3]}),
        ({"jsonPointers": ["/spec/list/7", "/spec/list/-", "/spec/list/01"]}, {"list": [1, 2]}, {"list": [1, 2]}),
        ({"jsonPointers": ["/spec/list/0/a"]}, {"list": [{"a": 1, "b": 2}]}, {"list": [{"b": 2}]}),
        ({"jsonPointers": ["/spec/a/b"]}, {"a": {"b": 1}, "kept": {}}, {"kept": {}}),
        ({"jsonPointers": ["/spec/a", "/spec/a/b"]}, {"a": {"b": 1, "c": 2}, "d": 1}, {"d": 1}),
        ({"jsonPointers": ["/spec/a/b", "/spec/a"]}, {"a": {"b": 1, "c": 2}, "d": 1}, {"d": 1}),
        ({"jsonPointers": ["/spec/a"]}, {"a": None, "d": 1}, {"d": 1}),
        ({"jsonPointers": ["/spec/a/b"]}, {"a": {}, "d": {"e": {}}}, {"d": {"e": {}}}),
        ({"jqPathExpressions": [".spec.a.b"]}, {"a": {}, "d": 1}, {"d": 1}),
        ({"jqPathExpressions": [".spec.replicas"]}, {"replicas": 1, "paused": True}, {"paused": True}),
        ({"jqPathExpressions": [".spec.list[]?.a"]}, {"list": [{"a": 1, "b": 2}]}, {"list": [{"b": 2}]}),
        ({"jqPathExpressions": [".spec.list[-1]"]}, {"list": [1, 2, 3]}, {"list": [1, 2]}),
        ({"jqPathExpressions": [".spec.list[1:]"]}, {"list": [1, 2, 3]}, {"list": [1]}),
        ({"jqPathExpressions": [".spec.list[1:][0]"]}, {"list": [1, 2, 3]}, {"list": [1, 3]}),
        ({"jqPathExpressions": [".spec.list[1:][].a"]}, {"list": [{"a": 1}, {"a": 2, "b": 1}]}, {"list": [{"a": 1}, {"b": 1}]}),
        (
            {"jqPathExpressions": ['.spec.containers[] | select(.name == "proxy")']},
            {"containers": CONTAINERS},
            {"containers": CONTAINERS[:1]},
        ),
        ({"jqPathExpressions": [".spec.missing[]", ".spec.a"]}, {"a": 1, "b": 2}, {"b": 2}),
        (
            {"jsonPointers": ["/spec/a"], "jqPathExpressions": [".spec.b"]},
            {"a": 1, "b": 2, "c": 3},
            {"c": 3},
        ),
    ],
)  # fmt: skip
def test_what_is_taken_out(
    rules: Callable[..., Rules], rule: dict[str, Any], spec: dict[str, Any], expected: dict[str, Any]
) -> None:
    """GIVEN a rule and an object WHEN its fields are taken out THEN the rest is as it was, and so is the original."""
    manifest = deployment(**spec)
    before = copy.deepcopy(manifest)
    assert deployment(**expected) == without(manifest, rules({**ANY, **rule}))
    assert before == manifest


@pytest.mark.parametrize(
    "rule",
    [
        {"jsonPointers": ["/spec/replicas"]},
        {"jsonPointers": [""]},
        {"jqPathExpressions": ["."]},
        {"jqPathExpressions": [".spec.list[]"]},
        {"managedFieldsManagers": ["nobody"]},
        {"jsonPointers": ["/apiVersion", "/kind", "/metadata/name"], "kind": "Deployment"},
        {"jsonPointers": ["/spec/paused"], "kind": "Service"},
    ],
)
def test_the_same_object_where_nothing_applies(rules: Callable[..., Rules], rule: dict[str, Any]) -> None:
    """GIVEN rules that take nothing out WHEN applied THEN the very same object is answered."""
    manifest = deployment(paused=True)
    assert manifest is without(manifest, rules({**ANY, **rule}))


def test_what_names_an_object_stays(rules: Callable[..., Rules]) -> None:
    """GIVEN rules for everything in an object WHEN taken out THEN its names stay, and the managed fields."""
    live = owned_by("x", {"f:spec": {}}, deployment(paused=True))
    live["metadata"]["labels"] = {"a": "b"}
    kept = without(live, rules({**ANY, "jsonPointers": ["/metadata", "/kind", "/apiVersion", "/spec"]}))
    metadata = {"name": "web", "namespace": "shop", "managedFields": live["metadata"]["managedFields"]}
    assert {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata} == kept


def test_status_is_never_compared(rules: Callable[..., Rules]) -> None:
    """GIVEN an object with a status and no rule WHEN taken out THEN only the status is gone."""
    manifest = deployment(paused=True)
    assert manifest == without({**manifest, "status": {"replicas": 1}}, rules())


PODS = [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]}]


@pytest.mark.parametrize(
    ("fields", "spec", "expected"),
    [
        ({"f:spec": {"f:replicas": {}}}, {"replicas": 2, "paused": True}, {"paused": True}),
        ({"f:spec": {"f:gone": {}, "f:list": {"f:a": {}}}}, {"list": [1]}, {"list": [1]}),
        ({"f:spec": {"f:list": {}}}, {"list": [1, 2], "a": 1}, {"a": 1}),
        ({"f:spec": {"f:set": {".": {}, 'v:"b"': {}}}}, {"set": ["a", "b"]}, {"set": ["a"]}),
        ({"f:spec": {"f:set": {"v:1": {}}}}, {"set": [True, 1]}, {"set": [True]}),
        ({"f:spec": {"f:list": {"i:1": {}}}}, {"list": ["a", "b"]}, {"list": ["a"]}),
        ({"f:spec": {"f:list": {"i:5": {}}}}, {"list": ["a", "b"]}, {"list": ["a", "b"]}),
        (
            {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}},
            {"containers": PODS},
            {"containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}]},
        ),
        (
            {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}}}}},
            {"containers": PODS},
            {"containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}]},
        ),
        (
            {"f:spec": {"f:containers": {'k:{"name":"proxy"}': {".": {}, "f:name": {}, "f:image": {}}}}},
            {"containers": CONTAINERS},
            {"containers": CONTAINERS[:1]},
        ),
        (
            {"f:spec": {"f:containers": {'k:{"name":"proxy"}': {"f:name": {}, "f:image": {}}}}},
            {"containers": CONTAINERS},
            {"containers": [CONTAINERS[0], {"name": "proxy"}]},
        ),
        (
            {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:targetPort": {}}}}},
            {"ports": [{"port": 80, "targetPort": 8080, "name": "http"}]},
            {"ports": [{"port": 80, "name": "http"}]},
        ),
        ({"f:spec": {"f:labels": {".": {}}}}, {"labels": {"a": "b"}}, {"labels": {"a": "b"}}),
        ({"f:spec": {"f:labels": {".": {}}}}, {"labels": {}, "a": 1}, {"a": 1}),
        ({"f:spec": {"f:labels": {".": {}, "f:a": {}}}}, {"labels": {"a": "b"}, "c": 1}, {"c": 1}),
    ],
)  # fmt: skip
def test_what_a_manager_owns(
    rules: Callable[..., Rules], fields: dict[str, Any], spec: dict[str, Any], expected: dict[str, Any]
) -> None:
    """GIVEN a live object with a named manager WHEN taken out THEN what it owns is gone from desired and live alike."""
    desired = deployment(**spec)
    live = owned_by("other", {"f:spec": {"f:paused": {}}}, owned_by("hpa", fields, desired))
    made = rules({**ANY, "managedFieldsManagers": ["hpa"]})
    assert deployment(**expected) == without(desired, made, live=live)
    assert deployment(**expected)["spec"] == without(live, made)["spec"]
    assert desired is without(desired, made)


@pytest.mark.parametrize(
    ("rule", "change", "expected"),
    [
        ({"jsonPointers": ["/spec/replicas"]}, {"replicas": 9}, ()),
        ({"jsonPointers": ["/spec/replicas"]}, {"replicas": 9, "paused": True}, (".spec.paused",)),
        ({"jsonPointers": ["/spec/paused"]}, {"replicas": 9}, (".spec.replicas",)),
        ({"managedFieldsManagers": ["hpa"]}, {"replicas": 9}, ()),
        ({"managedFieldsManagers": ["other"]}, {"replicas": 9}, (".spec.replicas",)),
    ],
)
def test_drift_that_is_ignored(
    rules: Callable[..., Rules], rule: dict[str, Any], change: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """GIVEN a live object with changed fields WHEN compared under a rule THEN only the others are drift."""
    desired = deployment(replicas=2, paused=False)
    live = owned_by("hpa", {"f:spec": {"f:replicas": {}}}, deployment(**{"replicas": 2, "paused": False, **change}))
    made = rules({**ANY, **rule})
    assert expected == tuple(change.path for change in ignored_drift(desired, live, made))
    tried = {**desired, "metadata": {**desired["metadata"], "generation": 3}}
    assert (not expected) is settled(tried, live, made)


def test_ignoring_the_kind_does_not_open_a_secret(rules: Callable[..., Rules]) -> None:
    """GIVEN a rule for everything that says what an object is WHEN a Secret has drifted THEN its values stay hidden."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Y2FuYXJ5"}}
    made = rules({**ANY, "jsonPointers": ["/kind", "/apiVersion", "/metadata"]})
    (change,) = ignored_drift(secret, {**secret, "data": {"a": "b3RoZXI="}}, made)
    assert (".data.a", "(secret)", "(secret)") == (change.path, change.desired, change.live)


def test_many_objects_without_a_rule_cost_nothing(rules: Callable[..., Rules]) -> None:
    """GIVEN a thousand objects that no rule is about WHEN taken out THEN each is itself and no evaluator is asked."""
    made = rules({"kind": "Service", "jqPathExpressions": [".spec.x["]})
    manifests = [deployment(replicas=number) for number in range(1000)]
    assert all(manifest is without(manifest, made) for manifest in manifests)
