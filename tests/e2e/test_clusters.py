"""Clusters on a real stack: the command, the API, the queue, the function, a real API server, and one that isn't there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from local.processes import free_port
from local.stack import Options, Stack
from tests.e2e.ground import Ground

DEAD = "harbour"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads that sweeps seldom, so that what is seen came by messages."""
    options = Options(directory=tmp_path_factory.mktemp("clusters") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def secret(server: str) -> str:
    """Argo CD's cluster Secret for a server that doesn't exist."""
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": DEAD, "labels": {"argocd.argoproj.io/secret-type": "cluster", "env": "test"}},
        "stringData": {"name": DEAD, "server": server, "config": json.dumps({"bearerToken": "none"}), "shard": "1"},
    }
    return yaml.safe_dump(document)


def cluster(ground: Ground, name: str) -> dict[str, Any]:
    answer = ground.ask("GET", f"clusters/{name}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    return found


def test_the_doctor_examines_the_cluster_of_the_stack(ground: Ground) -> None:
    """GIVEN the stack's cluster WHEN the doctor is asked THEN the function sync answers, and nothing lacks."""
    ground.new("patient")
    name = next(each["name"] for each in ground.ask("GET", "clusters").body["items"] if each["default"])
    done = ground.run_mooring("cluster", "doctor", name, "-o", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (True, []) == (found["reachable"], found["missing"])
    assert {"name", "connection", "tls", "login", "rights"} == {step["step"] for step in found["steps"]}


def test_a_cluster_that_is_not_there_hurts_nobody(ground: Ground) -> None:
    """GIVEN a registered cluster where nobody answers WHEN applications go there and elsewhere THEN the one is Unknown
    with since when and why, the other is synced, and the cluster can be labelled, examined and removed.
    """
    server = f"https://127.0.0.1:{free_port()}"
    done = ground.run_mooring("cluster", "add", "-f", "-", given=secret(server))
    assert done.returncode == 0, done.stderr
    assert "data.shard: ignored" in done.stderr

    lost = ground.new("lost")
    assert lost.declare(destination={"server": f"{server}/", "namespace": lost.name}).status == 200
    told = lost.condition("ClusterError")
    outage = cluster(ground, DEAD)["unreachable"]
    assert f"the cluster {DEAD} can't be reached since {outage['since']}: {outage['reason']}" in told
    status = lost.get()["status"]
    assert ("Unknown", "Unknown") == (status["sync"]["status"], status["health"]["status"])

    fine = ground.new("fine")
    fine.push(
        {"k8s/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: blue}\n"}
    )
    fine.until(lambda app: fine.colors() == {"settings": "blue"})

    assert 0 == ground.run_mooring("cluster", "set", DEAD, "--label", "tier=far", "--label", "env-").returncode
    assert {"tier": "far"} == cluster(ground, DEAD)["labels"]
    examined = ground.run_mooring("cluster", "doctor", DEAD)
    assert (1, True) == (examined.returncode, "FAILS connection" in examined.stdout)

    assert 1 == ground.run_mooring("cluster", "rm", DEAD).returncode
    assert lost.declare().status == 200
    lost.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    assert 0 == ground.run_mooring("cluster", "rm", DEAD).returncode
    assert 404 == ground.ask("GET", f"clusters/{DEAD}").status
