"""A real API server posts its audit events, and everybody who changed an object is known by name."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
import yaml

from local.cluster import AuditSink, Cluster
from local.processes import free_port
from local.tlsfront import TlsFront
from mooring.errors import ForbiddenError
from mooring.events.deeds import Deed
from mooring.flows.arrivals.audits import AuditPorts, handle_audit_webhook
from mooring.flows.arrivals.inuse import InUse
from mooring.model.objects import ObjectKey
from mooring.state.auditsources import AuditSources
from mooring.state.clusters import Cluster as Registered
from mooring.state.deeds import Deeds
from mooring.state.drifts import Drifts
from tests.doubles.installation import World, config_map, installation

POLICY = Path(__file__).parents[2] / "docs" / "audit" / "policy.yaml"
TOKEN = "a-token-of-the-cluster-that-is-long-enough"
PATIENCE = 60.0
PEOPLE = [f"person-{number}" for number in range(10)]
EDITS = 100  # of each person


@dataclass
class Place:
    """A cluster that posts to an installation, and what that knows."""

    cluster: Cluster
    world: World
    ports: AuditPorts
    kubectl: Path
    refusals: list[str]

    def deeds(self, name: str, *, kind: str = "ConfigMap", group: str = "", namespace: str = "shop") -> list[Deed]:
        return self.ports.deeds.find("in-cluster", ObjectKey(group, kind, namespace, name), 0.0, time.time() + 60)

    def logged(self) -> list[dict[str, Any]]:
        """What the API server has written into its own log."""
        assert self.cluster.audit_log is not None
        return [json.loads(line) for line in self.cluster.audit_log.read_text().splitlines()]

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, "the audit log did not tell in time"
            time.sleep(0.1)

    def run(self, *arguments: str, given: str = "") -> None:
        """One kubectl command in the namespace, as carol, whom the administrator impersonates."""
        command = [str(self.kubectl), "--kubeconfig", str(self.cluster.kubeconfig), "-n", "shop", "--as", "carol"]
        command += ["--as-group", "system:masters", *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


class _Silent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    take: Callable[[str, dict[str, str], bytes], int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status = type(self).take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.send_response_only(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, control_plane_tools: dict[str, Path]) -> Iterator[Place]:
    """The function's flow behind TLS, before the API server that posts to it by the policy of the documentation."""
    folder = tmp_path_factory.mktemp("audited")
    sink = AuditSink(f"https://127.0.0.1:{free_port()}/api/audit/in-cluster", TOKEN, POLICY.read_text())
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with installation() as make, Cluster.start(folder, control_plane_tools, workloads=False, audit=sink) as cluster:
        world = make()
        world.registry.change_cluster(Registered("in-cluster", cluster.server, True, "secret"))
        app = world.declare(automated={})
        world.push(app, config_map("settings", color="blue"))
        world.sync(app)
        ports = AuditPorts(
            world.registry,
            AuditSources(world.table),
            Deeds(world.table),
            Drifts(world.table),
            InUse(world.applications),
            world.queues,  # type: ignore[arg-type]
            time.time,
            {},
        )
        ports.sources.admit("in-cluster", TOKEN, user="", now=time.time())
        refusals: list[str] = []

        def take(path: str, headers: dict[str, str], body: bytes) -> int:
            try:
                handle_audit_webhook(ports, urlsplit(path).path.rpartition("/")[2], headers, body)
            except ForbiddenError as error:
                refusals.append(str(error))
                return 401
            return 200

        server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Silent,), {"take": staticmethod(take)}))
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        port = int(sink.server.split(":")[2].split("/")[0])
        with TlsFront(
            port, folder / "apiserver.crt", folder / "apiserver.key", f"http://127.0.0.1:{server.server_port}"
        ):
            status, answer = cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
            assert status == 201, answer
            yield Place(cluster, world, ports, control_plane_tools["kubectl"], refusals)
        server.shutdown()
        server.server_close()
        thread.join(10)
    patch.undo()


def create(place: Place, name: str) -> None:
    manifest = {"metadata": {"name": name}, "data": {"color": "blue"}}
    status, answer = place.cluster.client("POST", "/api/v1/namespaces/shop/configmaps", manifest)
    assert status == 201, answer


def test_every_verb_of_kubectl_is_a_deed(place: Place) -> None:
    """GIVEN a ConfigMap WHEN carol changes it by every verb THEN each is a deed of hers, through whom she acted."""
    manifest = yaml.safe_dump(config_map("verbs", color="blue"))
    place.run("create", "-f", "-", given=manifest)
    place.run("apply", "-f", "-", given=manifest.replace("blue", "red"))
    place.run("apply", "--server-side", "--force-conflicts", "-f", "-", given=manifest.replace("blue", "green"))
    place.run("patch", "configmap/verbs", "--type=json", "-p", '[{"op":"add","path":"/data/a","value":"1"}]')
    place.run("patch", "configmap/verbs", "--type=merge", "-p", '{"data":{"b":"1"}}')
    place.run("patch", "configmap/verbs", "--type=strategic", "-p", '{"data":{"c":"1"}}')
    place.run("label", "configmap/verbs", "a=b")
    place.run("annotate", "configmap/verbs", "a=b")
    place.run("replace", "-f", "-", given=manifest)
    place.run("replace", "--force", "-f", "-", given=manifest)
    place.run("delete", "configmap/verbs", "--wait=false")
    place.run("apply", "--dry-run=server", "-f", "-", given=manifest)
    # THEN the deeds are what the API server has written into its own log, but for the dry run
    written = [
        (event["auditID"], event["verb"])
        for event in place.logged()
        if event["objectRef"].get("name") == "verbs" and "dryRun" not in event["requestURI"]
    ]
    place.until(lambda: len(place.deeds("verbs")) >= len(written))
    deeds = place.deeds("verbs")
    assert sorted(written) == sorted((deed.id, deed.verb) for deed in deeds)
    assert {"create", "patch", "update", "delete"} == {deed.verb for deed in deeds}
    assert {("carol", True)} == {(deed.as_whom.user if deed.as_whom else "", bool(deed.who.user)) for deed in deeds}
    assert all(deed.agent.startswith("kubectl") and deed.addresses == ("127.0.0.1",) for deed in deeds)
    assert {"kubectl-create", "kubectl-client-side-apply", "kubectl", "kubectl-patch", "kubectl-label"} <= {
        deed.manager for deed in deeds
    }


def test_scaling_and_the_deletion_of_a_collection_are_deeds(place: Place) -> None:
    """GIVEN a Deployment WHEN it is scaled and deleted with all others THEN both are found by the Deployment."""
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    place.run("create", "-f", "-", given=json.dumps(deployment))
    place.run("scale", "deployment/web", "--replicas=3")
    place.run("set", "image", "deployment/web", "c=other")
    place.run("rollout", "restart", "deployment/web")
    status, _ = place.cluster.client("DELETE", "/apis/apps/v1/namespaces/shop/deployments?labelSelector=x%3Dy")
    assert 200 == status
    place.until(lambda: len(place.deeds("web", kind="Deployment", group="apps")) >= 5)
    assert [
        ("create", "", ""),
        ("patch", "scale", ""),
        ("patch", "", ""),
        ("patch", "", ""),
        ("deletecollection", "", "x=y"),
    ] == [(d.verb, d.subresource, d.selector) for d in place.deeds("web", kind="Deployment", group="apps")]


def test_secrets_leave_nothing_but_names(place: Place) -> None:
    """GIVEN a Secret WHEN it is written and read THEN its deed holds no value, and reading it is no deed."""
    place.run("create", "secret", "generic", "login", "--from-literal=password=topsecret")
    place.run("get", "secret", "login", "-o", "yaml")
    place.until(lambda: bool(place.deeds("login", kind="Secret")))
    (deed,) = place.deeds("login", kind="Secret")
    assert "create" == deed.verb
    assert "topsecret" not in str(list(place.world.table.query("DEEDS#in-cluster#/shop/login")))


def test_a_thousand_edits_by_ten_people_are_told_apart(place: Place) -> None:
    """GIVEN ten people WHEN each makes a hundred edits of objects they share THEN none is lost or somebody else's."""
    names = [f"shared-{number}" for number in range(10)]
    for name in names:
        create(place, name)
    made: list[tuple[str, str, str]] = []

    def edit(person: str) -> list[tuple[str, str, str]]:
        done = []
        access = place.cluster.access
        pool = urllib3.PoolManager(ca_cert_data=access.ca_data, timeout=30.0, retries=False)
        for number in range(EDITS):
            name, manager = names[number % len(names)], f"{person}-{number}"
            answer = pool.request(
                "PATCH",
                f"{access.server}/api/v1/namespaces/shop/configmaps/{name}?fieldManager={manager}",
                body=json.dumps({"data": {person: str(number)}}),
                headers={
                    "Authorization": f"Bearer {access.token}",
                    "Content-Type": "application/merge-patch+json",
                    "Impersonate-User": person,
                    "Impersonate-Group": "system:masters",
                    "User-Agent": f"editor-of-{person}/1",
                },
            )
            assert answer.status == 200, answer.data
            done.append((person, name, manager))
        return done

    # WHEN all of them edit at once
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        for done in pool.map(edit, PEOPLE):
            made += done

    def told() -> list[tuple[str, str, str]]:
        return [
            (deed.as_whom.user, deed.object.name, deed.manager)
            for name in names
            for deed in place.deeds(name)
            if deed.as_whom is not None and deed.as_whom.user in PEOPLE
        ]

    # THEN the log tells of each edit once, and of nobody's as somebody else's
    place.until(lambda: len(told()) >= len(made))
    assert Counter(made) == Counter(told())
    assert {EDITS} == set(Counter(person for person, _, _ in told()).values())
    assert all(
        deed.agent == f"editor-of-{deed.as_whom.user}/1"
        for name in names
        for deed in place.deeds(name)
        if deed.as_whom is not None and deed.as_whom.user in PEOPLE
    )
    assert [] == place.refusals


def test_the_noise_of_a_cluster_is_left_out(place: Place) -> None:
    """GIVEN a heartbeat and an event WHEN they are written THEN the policy leaves them out."""
    lease = {"metadata": {"name": "beat", "namespace": "shop"}, "spec": {"holderIdentity": "x"}}
    status, _ = place.cluster.client("POST", "/apis/coordination.k8s.io/v1/namespaces/shop/leases", lease)
    assert 201 == status
    create(place, "after-the-noise")
    place.until(lambda: bool(place.deeds("after-the-noise")))
    assert [] == place.deeds("beat", kind="Lease", group="coordination.k8s.io")
    logged = place.logged()
    assert {"create", "update", "patch", "delete", "deletecollection"} >= {event["verb"] for event in logged}
    assert "leases" not in {event["objectRef"]["resource"] for event in logged}
    assert {"Metadata"} == {event["level"] for event in logged}
