"""An API server that refuses an object quotes it: nothing of that is kept where the object holds secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.canaries import kept, leaks
from tests.doubles.installation import World, installation
from tests.doubles.realcluster import connect, use

VALUE = "Correct_Horse_22"


@pytest.fixture
def place(cluster: Cluster, namespace: str) -> Iterator[tuple[World, str]]:
    target = connect(cluster)
    with installation() as make:
        world = make()
        use(world, target)
        yield world, namespace
    target.server.close()


def _object(api: str, kind: str, *, labels: Any = None, **content: Any) -> Manifest:
    metadata = {"name": "web", "annotations": {"mooring.dev/hidden": "sops"}, **({"labels": labels} if labels else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def _pod(value: str) -> Manifest:
    container = {"name": "web", "image": "web:1", "env": [{"name": "A", "value": value}]}
    return _object("v1", "Pod", spec={"containers": [container]})


@pytest.mark.parametrize(
    "refused",
    [
        _object("v1", "ConfigMap", labels={"a": f"no {VALUE} label"}),
        _object("networking.k8s.io/v1", "Ingress", spec={"rules": [{"host": VALUE}]}),
        _object("v1", "Secret", labels={"a": f"{VALUE}/"}, data={}),
        _object("v1", "ConfigMap", data={"a": {"b": VALUE}}),
        _object("v1", "ConfigMap", data={}, immutable=VALUE),
    ],
)
def test_what_is_refused_is_not_quoted(place: tuple[World, str], refused: Manifest) -> None:
    """GIVEN an object with a value of a SOPS file WHEN the API server refuses it THEN no record quotes the value."""
    world, namespace = place
    key = world.declare(namespace=namespace)
    world.push(key, refused)
    world.request(key)
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert "Failed" == operation.phase or operation.failing
    assert [] == leaks({name: blob for name, blob in kept(world).items() if name.startswith("table")}, [VALUE])


def test_a_refused_change_tells_neither_what_was_nor_what_shall_be(place: tuple[World, str]) -> None:
    """GIVEN a Pod whose values can't be changed WHEN they are THEN the reason is told, and none of the two values."""
    world, namespace = place
    key = world.declare(namespace=namespace)
    for value in (VALUE, "Battery_Staple_33"):
        world.push(key, _pod(value))
        world.request(key)
        world.sync(key)
    assert "pod updates may not change fields" in repr(world.record(key).status)
    table = {name: blob for name, blob in kept(world).items() if name.startswith("table")}
    assert [] == leaks(table, [VALUE, "Battery_Staple_33"])


def test_a_carried_secret_is_kept_as_one(place: tuple[World, str]) -> None:
    """GIVEN an object that carries a Secret, of a kind whose content is free and can't be changed WHEN it is applied,
    and then changed THEN the cluster has the value, and neither it nor the refused one is kept.
    """
    world, namespace = place
    key = world.declare(namespace=namespace)
    for value in (VALUE, "Battery_Staple_33"):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": value}}
        revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "web"}, "revision": 1}
        world.push(key, {**revision, "data": {"manifests": [secret]}})
        world.request(key)
        world.sync(key)
    assert VALUE in str(world.cluster.get(ObjectKey("apps", "ControllerRevision", namespace, "web"), "v1"))
    assert "field is immutable" in repr(world.record(key).status)
    assert [] == leaks(kept(world), [VALUE, "Battery_Staple_33"])
