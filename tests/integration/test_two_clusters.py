"""Applications on two real API servers, one of which goes away, and comes back.

Table, secrets, bundles and queues are moto's or recorded; everything that talks to the clusters is the real thing. The
clock is the test's own, so that probes are due when it says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.cluster import Cluster
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.sync import handle_syncs
from mooring.flows.clusters.targets import Targets
from mooring.model.application import AppKey
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.installation import World, config_map, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "boats.harbour.test"},
    "spec": {
        "group": "harbour.test",
        "scope": "Namespaced",
        "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


class Harbour:
    """An installation with two clusters; `functions` are its warm instances."""

    def __init__(self, world: World, clusters: dict[str, Cluster], secrets: SecretStore) -> None:
        self.world = world
        self.clusters = clusters
        self.registry = Registry(world.table, secrets, "mooring")
        self.targets = self.instance()
        for name, cluster in clusters.items():
            connection = from_kubeconfig(cluster.kubeconfig)
            config = json.loads(connection.to_argo())
            self.registry.register_cluster(name, connection.server, default=False, config=config)

    def instance(self) -> Targets:
        """What a cold start makes."""
        return Targets(self.registry, connections=4, clock=lambda: self.world.now)

    def run(self, *messages: AppMessage | ClusterMessage, cold: bool = False) -> None:
        """One invocation, and whatever it sends to the queue of syncs at once."""
        targets = self.instance() if cold else self.targets
        with ThreadPoolExecutor(4) as pool:
            ports = replace(self.world.ports(), targets=targets, pool=pool)
            assert [] == handle_syncs(ports, messages)
        sent, self.world.queues.sent = self.world.queues.sent, []
        if sent:
            self.run(*(message for _, message in sent))

    def deploy(self, name: str, cluster: str, *objects: Any) -> AppKey:
        """An application whose namespace is of its name."""
        for each in self.clusters.values():
            each.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        key = self.world.declare(name, namespace=name, cluster=cluster, **AUTO)
        self.push(key, *objects)
        return key

    def push(self, key: AppKey, *objects: Any) -> None:
        """Git wants these objects, and a function hears of it."""
        self.world.push(key, *objects)
        self.run(AppMessage(key, Cause("render")))

    def sweep(self) -> None:
        """The sweep's messages."""
        self.world.now += 180
        for name in self.clusters:
            self.run(ClusterMessage(name, Cause("tick")))

    def shown(self, key: AppKey) -> tuple[str, str, list[str]]:
        """Sync status, health and conditions as users read them."""
        status = show_application(self.world.record(key))["status"]
        messages = [each["message"] for each in status["conditions"] if each["type"] == "ClusterError"]
        return status["sync"]["status"], status["health"]["status"], messages

    def colour(self, cluster: str, key: AppKey) -> str | None:
        """What the ConfigMap `settings` holds there."""
        status, found = self.clusters[cluster].client("GET", f"/api/v1/namespaces/{key.name}/configmaps/settings")
        return found["data"]["colour"] if status == 200 else None


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, control_plane_tools: dict[str, Path]) -> Iterator[Cluster]:
    with Cluster.start(tmp_path_factory.mktemp("second"), control_plane_tools, workloads=False) as started:
        yield started


@pytest.fixture
def harbour(cluster: Cluster, second: Cluster) -> Iterator[Harbour]:
    with installation() as make:
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        yield Harbour(make(), {"north": cluster, "south": second}, SecretStore(client))


class Stopped:
    """An API server that was killed, and can be started again where it was."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.process: subprocess.Popen[bytes] | None = None
        pid = cluster.pids["kube-apiserver"]
        self.command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        self.folder = os.readlink(f"/proc/{pid}/cwd")
        os.kill(pid, signal.SIGKILL)
        self.wait(lambda: not self.answers())

    def answers(self) -> bool:
        try:
            return self.cluster.client("GET", "/readyz")[0] == 200
        except Exception:
            return False

    def wait(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def start(self) -> None:
        with open(os.devnull, "wb") as nothing:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=nothing, stderr=nothing)
        self.wait(self.answers)


@pytest.fixture
def stopped(second: Cluster) -> Iterator[Callable[[], Stopped]]:
    made: list[Stopped] = []

    def stop() -> Stopped:
        made.append(Stopped(second))
        return made[-1]

    yield stop
    for each in made:
        if each.process is not None:
            each.process.kill()
            each.process.wait()


def test_a_cluster_goes_away_and_comes_back(harbour: Harbour, stopped: Callable[[], Stopped]) -> None:
    """GIVEN applications on two clusters WHEN one API server dies THEN its applications are Unknown with since when and
    why, those of the other are synced as before; WHEN it returns THEN all converge by themselves, commits made
    meanwhile among them. While nothing changes, nothing is written.
    """
    kinds_differ(harbour)
    here = harbour.deploy("here", "north", config_map("settings", colour="red"))
    there = harbour.deploy("there", "south", config_map("settings", colour="red"))
    quiet = harbour.deploy("quiet", "south", config_map("settings", colour="grey"))
    for key in (here, there, quiet):
        assert ("Synced", "Healthy", []) == harbour.shown(key)

    server = stopped()
    harbour.world.now += 10
    harbour.push(there, config_map("settings", colour="blue"))
    outage = next(each for each in harbour.registry.clusters() if each.name == "south").outage
    assert outage is not None
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(outage.since))
    for key in (there, quiet):
        sync, health, (message,) = harbour.shown(key)
        assert ("Unknown", "Unknown") == (sync, health)
        assert f"the cluster south can't be reached since {since}: " in message
        assert "no connection" in message

    harbour.push(here, config_map("settings", colour="blue"))
    assert ("Synced", "Healthy", []) == harbour.shown(here)
    assert "blue" == harbour.colour("north", here)

    harbour.sweep()
    harbour.sweep()
    before = everything(harbour)
    harbour.sweep()
    harbour.run(AppMessage(there, Cause("retry")), cold=True)
    after = everything(harbour)
    assert {"retry_at"} >= {
        name for item in after for name in after[item] if after[item].get(name) != before[item].get(name)
    }

    server.start()
    harbour.sweep()
    for key, colour in ((there, "blue"), (quiet, "grey")):
        assert ("Synced", "Healthy", []) == harbour.shown(key)
        assert colour == harbour.colour("south", key)
    assert [None, None] == [each.outage for each in harbour.registry.clusters()]


def everything(harbour: Harbour) -> dict[Any, Any]:
    """All items of the table."""
    dynamodb = boto3.client("dynamodb", region_name="eu-central-1")
    items = dynamodb.scan(TableName=harbour.world.table.name)["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}


def kinds_differ(harbour: Harbour) -> None:
    """A kind that only one of the clusters serves is refused by the other alone, in words."""
    boat = {"apiVersion": "harbour.test/v1", "kind": "Boat", "metadata": {"name": "ada"}, "spec": {"length": 7}}
    north = harbour.deploy("fleet-north", "north", CRD, boat)
    south = harbour.deploy("fleet-south", "south", boat)
    assert "Synced" == harbour.shown(north)[0]
    assert "OutOfSync" == harbour.shown(south)[0]
    operation = harbour.world.record(south).status.operation
    assert operation is not None
    assert any('no matches for kind "Boat"' in result.message for result in operation.results)
    harbour.push(south, config_map("settings", colour="white"))
    assert ("Synced", "Healthy", []) == harbour.shown(south)
