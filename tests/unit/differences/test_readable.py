"""A difference as people read it, and never a Secret's value in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from mooring.differences.changes import Change
from mooring.differences.readable import ObjectDiff, diff
from mooring.differences.rules import Rules

KEY = b"0123456789abcdef"


def deployment(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", **metadata}, "spec": spec}


def secret(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def managed(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"manager": "mooring", "operation": "Apply", "fieldsV1": {"f:spec": fields}}]


CONTAINERS = managed({"f:containers": {'k:{"name":"web"}': {}, 'k:{"name":"proxy"}': {}}})


@pytest.mark.parametrize(
    ("live", "desired", "expected"),
    [
        ({"a": 1}, {"a": 2}, [Change(".spec.a", 1, 2, "changed")]),
        ({"a": 1}, {"a": 1, "b": {}}, [Change(".spec.b", None, {}, "added")]),
        ({"a": 1, "b": "x"}, {"a": 1}, [Change(".spec.b", "x", None, "removed")]),
        ({"a": 1}, {"a": True}, [Change(".spec.a", 1, True, "changed")]),
        ({"a": {"b": 1}}, {"a": [1]}, [Change(".spec.a", {"b": 1}, [1], "changed")]),
        ({"a.b/c": 1}, {"a.b/c": 2}, [Change(".spec['a.b/c']", 1, 2, "changed")]),
        ({"l": [1, 2]}, {"l": [1, 3]}, [Change(".spec.l[1]", 2, 3, "changed")]),
        ({"l": [1, 2]}, {"l": [1]}, [Change(".spec.l", [1, 2], [1], "changed")]),
        (
            {"containers": [{"name": "web", "image": "1"}]},
            {"containers": [{"name": "web", "image": "2"}]},
            [Change(".spec.containers[name=web].image", "1", "2", "changed")],
        ),
        (
            {"containers": [{"name": "web"}]},
            {"containers": [{"name": "proxy"}, {"name": "web"}]},
            [Change(".spec.containers[name=proxy]", None, {"name": "proxy"}, "added")],
        ),
        (
            {"containers": [{"name": "web"}, {"name": "proxy"}]},
            {"containers": [{"name": "proxy"}]},
            [Change(".spec.containers[name=web]", {"name": "web"}, None, "removed")],
        ),
        (
            {"containers": [{"name": "web"}, {"name": "proxy"}]},
            {"containers": [{"name": "proxy"}, {"name": "web"}]},
            [
                Change(
                    ".spec.containers",
                    [{"name": "web"}, {"name": "proxy"}],
                    [{"name": "proxy"}, {"name": "web"}],
                    "changed",
                )
            ],
        ),
    ],
)
def test_changes(rules: Callable[..., Rules], live: Any, desired: Any, expected: list[Change]) -> None:
    """GIVEN a live object and a dry run's outcome WHEN compared THEN each place that differs is named, with both."""
    found = diff(
        deployment({}),
        deployment(live, managedFields=CONTAINERS),
        deployment(desired, managedFields=CONTAINERS),
        rules(),
        KEY,
    )
    assert ("changed", tuple(expected)) == (found.kind, found.changes)
    assert found.text.startswith("--- live\n+++ desired\n@@ ")


def test_text() -> None:
    """GIVEN two objects WHEN compared THEN the text is a unified diff of their YAML, long texts as blocks."""
    live = deployment({"replicas": 1, "script": "echo 1\necho 2\n"})
    wanted = deployment({"replicas": 2, "script": "echo 1\necho 3\n"})
    expected = (
        "--- live\n"
        "+++ desired\n"
        "@@ -3,7 +3,7 @@\n"
        " metadata:\n"
        "   name: web\n"
        " spec:\n"
        "-  replicas: 1\n"
        "+  replicas: 2\n"
        "   script: |\n"
        "     echo 1\n"
        "-    echo 2\n"
        "+    echo 3\n"
    )
    assert expected == diff(wanted, live, wanted, Rules(()), KEY).text


def test_what_the_server_sets_is_no_difference(rules: Callable[..., Rules]) -> None:
    """GIVEN objects that differ in what the API server sets WHEN compared THEN there is no difference."""
    noise = {
        "uid": "1",
        "resourceVersion": "2",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "selfLink": "/x",
        "managedFields": CONTAINERS,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    live = {**deployment({"a": 1}, **noise), "status": {"replicas": 1}}
    assert ObjectDiff("unchanged", (), "") == diff(deployment({"a": 1}), live, deployment({"a": 1}), rules(), KEY)


def test_what_is_ignored_is_no_difference(rules: Callable[..., Rules]) -> None:
    """GIVEN a rule WHEN objects differ in its field only THEN there is no difference."""
    made = rules({"group": "apps", "kind": "*", "jsonPointers": ["/spec/a"]})
    assert "unchanged" == diff(deployment({"a": 1}), deployment({"a": 2}), deployment({"a": 1}), made, KEY).kind
    assert "unchanged" == diff(deployment({"a": 1}), deployment({"a": 2}), None, made, KEY).kind


def test_objects_that_come_and_go(rules: Callable[..., Rules]) -> None:
    """GIVEN an object on one side only WHEN compared THEN it is added or removed as a whole."""
    one = deployment({"a": 1})
    added, removed = diff(one, None, None, rules(), KEY), diff(None, one, None, rules(), KEY)
    assert ("added", (Change("(object)", None, one, "added"),)) == (added.kind, added.changes)
    assert ("removed", (Change("(object)", one, None, "removed"),)) == (removed.kind, removed.changes)
    assert "+  name: web\n" in added.text
    assert "-  name: web\n" in removed.text
    assert "unchanged" == diff(None, None, None, rules(), KEY).kind


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        ({"a": 1}, {"a": 1, "defaulted": True}, []),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "1"}}, []),
        ({"empty": [], "none": None, "no": False}, {}, []),
        ({"replicas": 2}, {"replicas": 1, "paused": True}, [".spec.replicas"]),
        ({"containers": [{"name": "web", "image": "2"}]},
         {"containers": [{"name": "x"}, {"name": "web", "image": "1", "tty": True}]},
         [".spec.containers[name=web].image"]),
        ({"containers": [{"name": "proxy"}]}, {"containers": [{"name": "web"}]}, [".spec.containers[name=proxy]"]),
        ({"list": [{"a": 1}]}, {"list": [{"a": 1, "defaulted": 2}]}, []),
        ({"list": [1, 2]}, {"list": [1]}, [".spec.list"]),
        ({"set": ["b"]}, {"set": ["a", "b"]}, []),
        ({"set": ["c"]}, {"set": ["a", "b"]}, [".spec.set"]),
    ],
)  # fmt: skip
def test_without_a_dry_run_only_desired_fields_count(
    rules: Callable[..., Rules], desired: Any, live: Any, expected: list[str]
) -> None:
    """GIVEN no dry run WHEN compared THEN what desired doesn't set, and the same in other words, is no difference."""
    owned = managed({"f:containers": {'k:{"name":"web"}': {}}, "f:set": {'v:"a"': {}}})
    found = diff(deployment(desired), deployment(live, managedFields=owned), None, rules(), KEY)
    assert expected == [change.path for change in found.changes]


def test_secrets_are_hashes_that_tell_values_apart(rules: Callable[..., Rules]) -> None:
    """GIVEN Secrets WHEN compared THEN an equal value is no change, and another shows as another hash with its size."""
    live = secret(data={"same": encoded("canary-1"), "other": encoded("canary-22")}, type="Opaque")
    wanted = secret(stringData={"same": "canary-1", "other": "canary-333"}, type="Opaque")
    found = diff(wanted, live, None, rules(), KEY)
    (change,) = found.changes
    assert ".data.other" == change.path
    assert change.before != change.after
    assert "(hmac:d4f67870, 9 bytes)" == change.before
    assert ", 10 bytes)" in change.after
    assert "canary" not in f"{found}"


def test_another_key_makes_another_hash(rules: Callable[..., Rules]) -> None:
    """GIVEN two installations WHEN both show one value THEN the hashes differ; a short key is refused."""
    wanted = secret(data={"a": encoded("x")})
    assert diff(wanted, None, None, rules(), KEY) != diff(wanted, None, None, rules(), b"f" * 16)
    with pytest.raises(ValueError, match="at least 16 bytes"):
        diff(wanted, None, None, rules(), b"short")


CANARY = "canary-value"
COPY = json.dumps(secret(data={"a": encoded(CANARY)}))


@pytest.mark.parametrize(
    "manifest",
    [
        secret(data={"a": encoded(CANARY)}),
        secret(data={"a": CANARY}),
        secret(data=CANARY),
        secret(data=[CANARY, encoded(CANARY)]),
        secret(data={"a": {"b": [CANARY]}}),
        secret(stringData={"a": CANARY}),
        secret(stringData=CANARY, data={"a": encoded(CANARY)}),
        {**secret(), "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": COPY}}},
        {**secret(), "metadata": {"name": "s", "annotations": {"kapp.test/original": COPY}}},
        {**secret(), "metadata": {"name": "s", "annotations": {"x": CANARY + "x" * 300}}},
        {"apiVersion": "v1", "kind": "List", "items": [secret(data={"a": encoded(CANARY)})]},
        {"apiVersion": "v1", "kind": "SecretList", "items": [{"metadata": {"name": "s"}, "stringData": {"a": CANARY}}]},
        deployment({"objects": [{"manifest": secret(stringData={"a": CANARY})}]}),
        deployment({"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": COPY}}}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", ["live", "desired", "both"])
def test_no_value_gets_out(rules: Callable[..., Rules], manifest: dict[str, Any], side: str) -> None:
    """GIVEN a value wherever Secrets hold values WHEN shown on either side THEN neither it nor its base64 is there."""
    changed = {**manifest, "extra": 1}
    live = None if side == "desired" else manifest
    desired = None if side == "live" else changed
    for dry_run in (None, desired):
        found = diff(desired, live, dry_run, rules(), KEY)
        assert {"live": "removed", "desired": "added", "both": "changed"}[side] == found.kind
        assert CANARY not in str(found)
        assert encoded(CANARY) not in str(found)
