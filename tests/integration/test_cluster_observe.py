"""Listing what lives in a real cluster."""

from __future__ import annotations

from mooring.cluster.apply import apply, delete
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.fingerprint import fingerprint
from mooring.cluster.observe import APP_LABEL, app_selector, list_objects
from mooring.model.objects import Manifest, ObjectKey


def config_map(namespace: str, name: str, app: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": {APP_LABEL: app}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": name}}


def test_pages_bring_every_object_once(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """GIVEN seven objects and pages of three THEN three requests bring each of them once, without its data."""
    manifests = [config_map(namespace, f"x-{number}", namespace) for number in range(7)]
    applied = {ObjectKey.of(manifest): apply(server, discovery, manifest).live["metadata"] for manifest in manifests}
    resource = discovery.resource("", "ConfigMap")
    before = server.requests

    found = list(list_objects(server, resource, selector=app_selector([namespace]), page_size=3))

    assert 3 == server.requests - before
    assert sorted(applied) == sorted(item.key for item in found)
    for item in found:
        metadata = applied[item.key]
        assert (metadata["uid"], metadata["resourceVersion"]) == (item.uid, item.resource_version)
        assert fingerprint(metadata) == item.fingerprint
        assert (namespace, 0, "", None) == (item.app_label, item.generation, item.deletion_timestamp, item.live)
        assert ["mooring"] == [entry.manager for entry in item.managers]


def test_only_what_is_ours_is_listed(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """Selectors leave out other applications and objects without our label."""
    for app in ("one", "two", "three"):
        apply(server, discovery, config_map(namespace, app, f"{namespace[-20:]}-{app}"))
    stray = config_map(namespace, "stray", "x")
    del stray["metadata"]["labels"]
    apply(server, discovery, stray)
    resource = discovery.resource("", "ConfigMap")
    selector = app_selector(f"{namespace[-20:]}-{app}" for app in ("one", "two"))
    assert {"one", "two"} == {item.key.name for item in list_objects(server, resource, selector=selector)}
    ours = {item.key.name for item in list_objects(server, resource, namespace=namespace)}
    assert {"one", "two", "three"} == ours


def test_a_full_list_brings_objects_that_know_their_kind(
    server: ApiServer, discovery: Discovery, namespace: str
) -> None:
    """A full list has the same facts and the object besides, with the kind that items of a list leave out."""
    live = apply(server, discovery, config_map(namespace, "x", "demo")).live
    resource = discovery.resource("", "ConfigMap")
    (full,) = list_objects(server, resource, namespace=namespace, full=True)
    (lean,) = list_objects(server, resource, namespace=namespace)
    assert live == full.live
    assert (lean.key, lean.uid, lean.fingerprint) == (full.key, full.uid, full.fingerprint)


def test_a_list_sees_what_was_applied_just_before(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """Reads are consistent: an apply is in the very next list, every time."""
    resource = discovery.resource("", "ConfigMap")
    for number in range(20):
        manifest = config_map(namespace, "x", "demo")
        manifest["data"]["n"] = str(number)
        version = apply(server, discovery, manifest).live["metadata"]["resourceVersion"]
        (found,) = list_objects(server, resource, namespace=namespace)
        assert version == found.resource_version


def test_what_is_being_deleted_shows(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """An object that a finalizer holds is listed with the time of its deletion."""
    manifest = config_map(namespace, "x", "demo")
    manifest["metadata"]["finalizers"] = ["mooring.dev/test"]
    uid = apply(server, discovery, manifest).live["metadata"]["uid"]
    delete(server, discovery, ObjectKey.of(manifest), uid=uid, propagation="Background")
    (found,) = list_objects(server, discovery.resource("", "ConfigMap"), namespace=namespace)
    assert found.deletion_timestamp
