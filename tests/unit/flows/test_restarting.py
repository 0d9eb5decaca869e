"""Workloads that ask to be restarted when what they use changes."""

from __future__ import annotations

from typing import Any

from mooring.flows.secrets.restarting import RESTART_ANNOTATION, VALUES_ANNOTATION, with_values
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import Digests

DIGESTS = Digests(lambda: b"k" * 48)
WORKLOAD = ObjectKey("apps", "Deployment", "shop", "web")
POD = {
    "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "settings"}}]}],
    "containers": [
        {
            "name": "c",
            "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        }
    ],
    "volumes": [
        {"name": "v", "secret": {"secretName": "tls"}},
        {"name": "p", "projected": {"sources": [{"secret": {"name": "parts", "items": [{"key": "a", "path": "a"}]}}]}},
        {"name": "f", "secret": {"secretName": "foreign"}},
    ],
}


def _object(kind: str, name: str, **fields: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def _world(asks: str = "true") -> dict[ObjectKey, Manifest]:
    workload = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {RESTART_ANNOTATION: asks}},
        "spec": {"template": {"metadata": {"annotations": {"a": "b"}}, "spec": POD}},
    }
    objects = [
        workload,
        _object("ConfigMap", "settings", data={"mode": "fast"}),
        _object("Secret", "db", stringData={"password": "hunter2", "user": "me"}),
        _object("Secret", "tls", data={"key": "a2V5"}),
        _object("Secret", "parts", data={"a": "YQ==", "b": "Yg=="}),
        _object("Secret", "unused", data={"a": "YQ=="}),
    ]
    return {ObjectKey.of(each): each for each in objects}


def _mark(world: dict[ObjectKey, Manifest]) -> str:
    changed, waiting = with_values(world, (), DIGESTS.of)
    assert (set(), [WORKLOAD]) == (waiting, [*changed])
    annotations: dict[str, str] = changed[WORKLOAD]["spec"]["template"]["metadata"]["annotations"]
    assert "b" == annotations["a"]
    return annotations[VALUES_ANNOTATION]


def _with(kind: str, name: str, **fields: Any) -> dict[ObjectKey, Manifest]:
    return {**_world(), ObjectKey("", kind, "shop", name): _object(kind, name, **fields)}


def test_every_value_that_is_used_counts() -> None:
    """WHEN a value that the pods read changes THEN so does their template."""
    before = _mark(_world())
    assert before == _mark(_world())
    changes = [
        _with("ConfigMap", "settings", data={"mode": "slow"}),
        _with("Secret", "db", stringData={"password": "hunter3", "user": "me"}),
        _with("Secret", "tls", data={"key": "a2V6"}),
        _with("Secret", "parts", data={"a": "Yg==", "b": "Yg=="}),
    ]
    assert 5 == len({before, *map(_mark, changes)})


def test_nothing_else_counts() -> None:
    """WHEN a key that no pod reads, a label, or how a value is written changes THEN the template stays."""
    before = _mark(_world())
    labelled = _object("ConfigMap", "settings", data={"mode": "fast"})
    labelled["metadata"]["labels"] = {"a": "b"}
    same = [
        _with("Secret", "db", stringData={"password": "hunter2", "user": "you"}),
        _with("Secret", "db", data={"password": "aHVudGVyMg=="}),
        _with("Secret", "parts", data={"a": "YQ==", "b": "Yw=="}),
        _with("Secret", "unused", data={"a": "Yg=="}),
        _world() | {ObjectKey.of(labelled): labelled},
    ]
    assert {before} == {*map(_mark, same)}


def test_only_who_asks_is_changed() -> None:
    """GIVEN a workload that does not ask, or says no THEN it stays as it is and no key is needed."""
    keyless = Digests(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert ({}, set()) == with_values(_world("false"), (), keyless.of)


def test_the_mark_needs_the_key() -> None:
    """GIVEN another installation THEN the same values have another mark: nobody can find them by trying."""
    other, _ = with_values(_world(), (), Digests(lambda: b"o" * 48).of)
    mark = other[WORKLOAD]["spec"]["template"]["metadata"]["annotations"][VALUES_ANNOTATION]
    assert mark != _mark(_world())


def test_a_workload_waits_for_a_secret_that_did_not_open() -> None:
    """GIVEN a Secret whose source can't be opened now THEN the workload that uses it is left as it is."""
    unknown = {ObjectKey("", "Secret", "shop", "db")}
    assert ({}, {WORKLOAD}) == with_values(_world(), unknown, DIGESTS.of)
    assert WORKLOAD in with_values(_world(), {ObjectKey("", "Secret", "shop", "unused")}, DIGESTS.of)[0]
