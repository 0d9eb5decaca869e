"""What an apply sends of an object that exists, when ignored differences are respected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.differences.rules import Rules
from mooring.differences.sending import to_send

ANY = {"group": "*", "kind": "*"}


def deployment(spec: dict[str, Any], **managers: dict[str, Any]) -> dict[str, Any]:
    """An object; managers by name with what they own of its spec. `mooring` applies, the others update."""
    entries = [
        {
            "manager": manager,
            "operation": "Apply" if manager == "mooring" else "Update",
            "fieldsV1": {"f:spec": fields},
        }
        for manager, fields in managers.items()
    ]
    metadata: dict[str, Any] = {"name": "web", "namespace": "shop"}
    if entries:
        metadata["managedFields"] = entries
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


REPLICAS = {"jsonPointers": ["/spec/replicas"]}
PROXY = {"jqPathExpressions": ['.spec.containers[] | select(.name == "proxy")']}
IMAGE = {"jqPathExpressions": [".spec.containers[].image"]}
WEB = {"name": "web", "image": "web:1"}
WEB_KEY = 'k:{"name":"web"}'
PROXY_KEY = 'k:{"name":"proxy"}'
ENTRY: dict[str, Any] = {".": {}, "f:name": {}, "f:image": {}}


@pytest.mark.parametrize(
    ("rule", "wanted", "live", "managers", "expected"),
    [
        pytest.param(
            REPLICAS, {"replicas": 2, "a": 1}, {"replicas": 5, "a": 1}, {"hpa": {"f:replicas": {}}},
            {"a": 1}, id="somebody else's is left to them",
        ),
        pytest.param(
            REPLICAS, {"replicas": 2, "a": 1}, {"replicas": 5, "a": 1}, {"mooring": {"f:replicas": {}}},
            {"replicas": 5, "a": 1}, id="ours alone is sent as it is live",
        ),
        pytest.param(
            REPLICAS, {"replicas": 2, "a": 1}, {"replicas": 5, "a": 1},
            {"mooring": {"f:replicas": {}}, "hpa": {"f:replicas": {}}},
            {"a": 1}, id="shared is left to the other",
        ),
        pytest.param(
            REPLICAS, {"replicas": 2, "a": 1}, {"a": 1}, {"mooring": {"f:a": {}}}, {"a": 1}, id="absent stays absent",
        ),
        pytest.param(
            REPLICAS, {"replicas": 2, "a": 1}, {"replicas": 5, "a": 1}, {}, {"a": 1}, id="nobody's is left out",
        ),
        pytest.param(
            IMAGE, {"containers": [WEB]}, {"containers": [{"name": "web", "image": "web:9"}]},
            {"mooring": {"f:containers": {WEB_KEY: {".": {}, "f:name": {}}}},
             "ci": {"f:containers": {WEB_KEY: {"f:image": {}}}}},
            {"containers": [{"name": "web"}]}, id="a field of a keyed entry",
        ),
        pytest.param(
            IMAGE, {"containers": [WEB]},
            {"containers": [{"name": "injected", "image": "i"}, {"name": "web", "image": "web:9"}]},
            {"mooring": {"f:containers": {WEB_KEY: ENTRY}}},
            {"containers": [{"name": "web", "image": "web:9"}]}, id="found by its key, not by its place",
        ),
        pytest.param(
            PROXY, {"containers": [{"name": "proxy", "image": "p:1"}, WEB]},
            {"containers": [WEB, {"name": "proxy", "image": "p:9", "tty": True}]},
            {"mooring": {"f:containers": {WEB_KEY: ENTRY, PROXY_KEY: ENTRY}}},
            {"containers": [{"name": "proxy", "image": "p:9"}, WEB]}, id="a whole entry that is ours",
        ),
        pytest.param(
            PROXY, {"containers": [{"name": "proxy", "image": "p:1"}, WEB]},
            {"containers": [WEB, {"name": "proxy", "image": "p:9"}]},
            {"mooring": {"f:containers": {WEB_KEY: ENTRY}}, "injector": {"f:containers": {PROXY_KEY: ENTRY}}},
            {"containers": [WEB]}, id="a whole entry that is theirs",
        ),
        pytest.param(
            {"jsonPointers": ["/spec/containers"]},
            {"containers": [WEB], "a": 1},
            {"containers": [{"name": "web", "image": "web:9", "tty": True}]},
            {"mooring": {"f:containers": {WEB_KEY: ENTRY}}, "ci": {"f:containers": {WEB_KEY: {"f:name": {}}}}},
            {"containers": [{"name": "web", "image": "web:9"}], "a": 1}, id="an entry keeps its keys",
        ),
        pytest.param(
            {"jsonPointers": ["/spec/set"]}, {"set": ["a"], "x": 1}, {"set": ["a", "b"]},
            {"mooring": {"f:set": {'v:"a"': {}}}, "ci": {"f:set": {'v:"b"': {}}}},
            {"set": ["a"], "x": 1}, id="our values of a set",
        ),
        pytest.param(
            {"jsonPointers": ["/spec/rules/0/b"]}, {"rules": [{"a": 1, "b": 2}]}, {"rules": [{"a": 1, "b": 9}]},
            {"mooring": {"f:rules": {}}}, {"rules": [{"a": 1, "b": 9}]}, id="inside a list that is replaced as a whole",
        ),
        pytest.param(
            {"jsonPointers": ["/spec/rules/0/b"]}, {"rules": [{"a": 1, "b": 2}]}, {"rules": [{"a": 1}]},
            {"ci": {"f:rules": {}}}, {"rules": [{"a": 1}]}, id="absent inside such a list",
        ),
    ],
)  # fmt: skip
def test_ignored_fields_are_not_sent(
    rules: Callable[..., Rules],
    rule: dict[str, Any],
    wanted: dict[str, Any],
    live: dict[str, Any],
    managers: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """GIVEN a live object and a rule WHEN it is sent THEN nobody's ignored field is taken, and none is lost."""
    assert deployment(expected) == to_send(deployment(wanted), deployment(live, **managers), rules({**ANY, **rule}))


def test_a_replacement_carries_the_live_values(rules: Callable[..., Rules]) -> None:
    """GIVEN an object that is replaced WHEN it is sent THEN ignored fields carry their live values; no status."""
    live = deployment({"replicas": 5, "a": 0}, hpa={"f:replicas": {}})
    wanted = {**deployment({"replicas": 2, "a": 1}), "status": {"replicas": 2}}
    sent = to_send(wanted, {**live, "status": {"replicas": 5}}, rules({**ANY, **REPLICAS}), replace=True)
    assert deployment({"replicas": 5, "a": 1}) == sent


def test_the_same_manifest_where_nothing_is_ignored(rules: Callable[..., Rules]) -> None:
    """GIVEN no field that is ignored WHEN it is sent THEN it is the very same manifest; a status is dropped."""
    manifest = deployment({"a": 1})
    assert manifest is to_send(manifest, deployment({"a": 2}), rules({**ANY, **REPLICAS}))
    assert manifest == to_send({**manifest, "status": {}}, deployment({"a": 2}), rules({**ANY, **REPLICAS}))
