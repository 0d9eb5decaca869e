"""Changing objects of a real API server."""

from __future__ import annotations

import copy
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.cluster import Cluster
from mooring.cluster.apply import apply, delete, get, patch
from mooring.cluster.auth import BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.drift import drifted_fields
from mooring.cluster.fingerprint import fingerprint
from mooring.cluster.replacing import replace as replace_whole
from mooring.errors import ConflictError, ForbiddenError, RejectedError
from mooring.model.objects import Manifest, ObjectKey


def config_map(namespace: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}, "data": data}


def deployment(namespace: str, **container: Any) -> Manifest:
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "web:1", **container}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def test_applying_twice_changes_nothing(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """The first apply creates, the second leaves object and fingerprint as they are."""
    first = apply(server, discovery, config_map(namespace, a="1"))
    second = apply(server, discovery, config_map(namespace, a="1"))
    assert (True, False) == (first.created, second.created)
    assert first.live["metadata"]["resourceVersion"] == second.live["metadata"]["resourceVersion"]
    assert fingerprint(first.live["metadata"]) is not None
    assert fingerprint(first.live["metadata"]) == fingerprint(second.live["metadata"])


def test_a_field_that_git_dropped_is_removed(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """What we owned and no longer send goes away; what others added stays."""
    apply(server, discovery, config_map(namespace, a="1", b="2"))
    apply(server, discovery, config_map(namespace, theirs="3"), field_manager="other")
    assert {"a": "1", "theirs": "3"} == apply(server, discovery, config_map(namespace, a="1")).live["data"]


def test_a_dry_run_keeps_nothing(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """The outcome comes back, and the object is not there."""
    manifest = config_map(namespace, a="1")
    assert {"a": "1"} == apply(server, discovery, manifest, dry_run=True).live["data"]
    assert get(server, discovery, ObjectKey.of(manifest)) is None


def test_an_object_made_by_client_side_apply_is_adopted(
    server: ApiServer, discovery: Discovery, namespace: str
) -> None:
    """GIVEN an object that kubectl created WHEN it is applied THEN its values are ours and so are its fields."""
    theirs = deployment(namespace, image="web:0")
    theirs["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = server.request("POST", path, {"fieldManager": "kubectl-client-side-apply"}, theirs).body
    assert fingerprint(made["metadata"]) is None

    adopted = apply(server, discovery, deployment(namespace)).live

    assert made["metadata"]["uid"] == adopted["metadata"]["uid"]
    assert fingerprint(adopted["metadata"]) is not None
    assert () == drifted_fields(deployment(namespace), adopted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imag": "x"}, r'\.spec\.template\.spec\.containers\[name="web"\]\.imag: field not declared in schema'),
        ({"image": 5}, r"containers\[name=\"web\"\]\.image: expected string"),
        ({"imagePullPolicy": "Sometimes"}, "spec.template.spec.containers.*imagePullPolicy: Unsupported value"),
        ({"volumeMounts": [{"name": "nowhere", "mountPath": "/x"}]}, 'Not found: "nowhere"'),
    ],
)
def test_a_refusal_is_permanent_and_in_the_api_servers_words(
    server: ApiServer, discovery: Discovery, namespace: str, change: dict[str, Any], message: str
) -> None:
    """Undeclared fields, wrong types and invalid values are rejected with the path that the API server names."""
    with pytest.raises(RejectedError, match=message) as caught:
        apply(server, discovery, deployment(namespace, **change))
    assert f"apps/Deployment/{namespace}/web" == caught.value.subject


def test_text_that_is_not_base64_is_permanent_and_not_shown(
    server: ApiServer, discovery: Discovery, namespace: str
) -> None:
    """A Secret that doesn't decode is rejected without its value."""
    secret = {**config_map(namespace, a="!hunter2"), "kind": "Secret"}
    with pytest.raises(RejectedError, match="illegal base64") as caught:
        apply(server, discovery, secret)
    assert "hunter2" not in str(caught.value)


def test_duplicates_are_settled_with_a_warning(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """GIVEN an environment variable and a port twice THEN the last of each is applied, and nothing has drifted."""
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "b"}, {"name": "A", "value": "2"}]
    ports = [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81}, {"containerPort": 80, "name": "http"}]
    manifest = deployment(namespace, env=env, ports=ports)
    before = copy.deepcopy(manifest)

    applied = apply(server, discovery, manifest)

    (container,) = applied.live["spec"]["template"]["spec"]["containers"]
    assert [("B", "b"), ("A", "2")] == [(entry["name"], entry["value"]) for entry in container["env"]]
    assert [(81, None), (80, "http")] == [(port["containerPort"], port.get("name")) for port in container["ports"]]
    assert 2 == len([text for text in applied.warnings if "more than once; the last one is used" in text])
    assert before == manifest
    assert () == drifted_fields(manifest, applied.live)


def test_duplicates_that_validation_refuses_stay_refused(
    server: ApiServer, discovery: Discovery, namespace: str
) -> None:
    """A Service with one port twice is nobody's intention."""
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 80}]
    service = {**config_map(namespace), "kind": "Service", "spec": {"ports": ports}}
    del service["data"]
    with pytest.raises(RejectedError, match="duplicate entries for key"):
        apply(server, discovery, service)


def test_deprecated_versions_warn(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """The API server's own warnings come back with the object."""
    manifest = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "x", "namespace": namespace}}
    assert any("deprecated" in text for text in apply(server, discovery, manifest).warnings)


def test_a_missing_namespace_is_named(server: ApiServer, discovery: Discovery) -> None:
    """The refusal says which namespace is missing."""
    with pytest.raises(RejectedError, match='namespaces "nowhere" not found'):
        apply(server, discovery, config_map("nowhere", a="1"))


def test_a_namespace_that_is_going_is_worth_another_try(
    server: ApiServer, discovery: Discovery, cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN a namespace that is being deleted WHEN something is applied to it THEN the error is transient."""
    name = make_namespace(cluster)
    server.request("DELETE", f"/api/v1/namespaces/{name}")
    with pytest.raises(ConflictError, match="being terminated"):
        apply(server, discovery, config_map(name, a="1"))


def test_a_login_that_may_not_is_told_what(
    server: ApiServer, discovery: Discovery, connection: Connection, namespace: str
) -> None:
    """The API server's message names user, verb and resource; a token that is none at all says so."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    server.request("POST", accounts, body={"metadata": {"name": "limited"}})
    issued = server.request("POST", f"{accounts}/limited/token", body={"spec": {}}).body["status"]["token"]
    limited = ApiServer(replace(connection, credentials=BearerToken(issued)))
    with pytest.raises(ForbiddenError, match='limited" cannot patch resource "configmaps" in API group ""'):
        apply(limited, discovery, config_map(namespace, a="1"))
    with pytest.raises(ForbiddenError, match='cannot list resource "configmaps"'):
        limited.request("GET", "/api/v1/configmaps")
    nobody = ApiServer(replace(connection, credentials=BearerToken("nonsense")))
    with pytest.raises(ForbiddenError, match="does not accept these credentials"):
        apply(nobody, discovery, config_map(namespace, a="1"))


def test_only_the_object_that_was_meant_is_deleted(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """A uid that isn't the object's is a conflict; gone already is no error."""
    manifest = config_map(namespace, a="1")
    key = ObjectKey.of(manifest)
    uid = apply(server, discovery, manifest).live["metadata"]["uid"]
    with pytest.raises(ConflictError):
        delete(server, discovery, key, uid="00000000-0000-0000-0000-000000000000")
    assert delete(server, discovery, key, uid=uid, propagation="Background")
    assert not delete(server, discovery, key, uid=uid)
    assert not delete(server, discovery, ObjectKey("example.com", "Nothing", namespace, "x"), uid=uid)
    assert get(server, discovery, ObjectKey("example.com", "Nothing", namespace, "x")) is None


def test_a_finalizer_can_be_taken_off(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """GIVEN an object held by a finalizer WHEN it is patched away THEN the object goes, and only the one meant."""
    manifest = config_map(namespace, a="1")
    manifest["metadata"]["finalizers"] = ["mooring.dev/test"]
    key = ObjectKey.of(manifest)
    uid = apply(server, discovery, manifest).live["metadata"]["uid"]
    assert delete(server, discovery, key, uid=uid, propagation="Background")
    held = get(server, discovery, key)
    assert held is not None
    assert held["metadata"]["deletionTimestamp"]
    with pytest.raises(ConflictError):
        patch(server, discovery, key, {"metadata": {"finalizers": None}}, uid="00000000-0000-0000-0000-000000000000")
    patch(server, discovery, key, {"metadata": {"finalizers": None}}, uid=uid)
    assert get(server, discovery, key) is None


def test_threads_share_a_server(connection: Connection, discovery: Discovery, namespace: str) -> None:
    """More threads than connections apply at once; all arrive, and each request is counted."""
    server = ApiServer(connection, pool_size=4)
    manifests = []
    for number in range(60):
        manifest = config_map(namespace, n=str(number))
        manifest["metadata"]["name"] = f"x-{number}"
        manifests.append(manifest)
    with ThreadPoolExecutor(8) as threads:
        applied = list(threads.map(lambda manifest: apply(server, discovery, manifest), manifests))
    assert [manifest["data"] for manifest in manifests] == [outcome.live["data"] for outcome in applied]
    assert 60 == server.requests
    server.close()


@pytest.fixture
def severed(connection: Connection) -> Iterator[tuple[ApiServer, Callable[[], None]]]:
    """The API server behind a relay, and a way to reset every connection through it, as a NAT gateway does."""
    parts = urlsplit(connection.server)
    upstream = (parts.hostname or "", parts.port or 443)
    listener = socket.create_server(("127.0.0.1", 0))
    pairs: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(upstream)
            pairs.extend((near, far))
            for ends in ((near, far), (far, near)):
                thread = threading.Thread(target=pump, args=ends, daemon=True)
                threads.append(thread)
                thread.start()

    def cut() -> None:
        for end in pairs:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass
            end.close()
        pairs.clear()

    threads: list[threading.Thread] = []
    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    server = ApiServer(replace(connection, server=f"https://127.0.0.1:{listener.getsockname()[1]}"))
    yield server, cut
    server.close()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    cut()
    for thread in (acceptor, *threads):
        thread.join(5)


def test_connections_that_died_meanwhile_are_replaced(
    severed: tuple[ApiServer, Callable[[], None]], namespace: str
) -> None:
    """GIVEN warm connections that were reset while nobody looked THEN the next apply just works."""
    server, cut = severed
    discovery = Discovery(server)
    for value in ("1", "2", "3"):
        assert {"a": value} == apply(server, discovery, config_map(namespace, a=value)).live["data"]
        cut()


@pytest.mark.parametrize("write", [apply, replace_whole], ids=["apply", "replace"])
def test_nothing_permitted_in_a_namespace_is_made_outside_of_it(
    server: ApiServer, discovery: Discovery, write: Callable[[ApiServer, Discovery, Manifest], object]
) -> None:
    """GIVEN a cluster-scoped kind taken for one of a namespace WHEN it is written THEN that is refused, and nothing made."""
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "disguised", "namespace": "default"},
        "rules": [],
    }
    with pytest.raises(RejectedError, match="ClusterRole turned out to be cluster-scoped"):
        write(server, discovery, role)
    assert get(server, discovery, ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "disguised")) is None
