"""How a cluster is now, as `look` tells it: at a real API server, and where there is none."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.auth import BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.trying import Waits
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.asked.looks import ask_about_cluster
from mooring.flows.looking.answering import answer_look

WAITS = Waits(connect=2.0, answer=8.0, whole=10.0, tries=1)


@pytest.fixture
def upstream(cluster: Cluster) -> Connection:
    return from_kubeconfig(cluster.kubeconfig)


class Targets:
    """One cluster at this connection; `trouble` is what keeps it from being reached."""

    def __init__(self, connection: Connection, trouble: MooringError | None = None) -> None:
        self.connection = connection
        self.trouble = trouble
        self.probed = False

    def refresh(self) -> None:
        """Nothing to read."""

    def settle(self) -> None:
        """Nothing to make sure of."""

    def named(self, name: str) -> str:
        if name != "prod":
            raise ConfigurationError("no such cluster", field="spec.destination.name")
        return name

    def reach(self, cluster: str, *, probing: bool = False) -> str:
        self.probed = probing
        return cluster

    def opened(self, cluster: str) -> Any:
        if self.trouble is not None:
            raise self.trouble
        return SimpleNamespace(server=ApiServer(self.connection, waits=WAITS))


def look(targets: Targets, name: str = "prod") -> dict[str, Any]:
    ports: Any = SimpleNamespace(targets=targets, clock=time.time)
    return ask_about_cluster(lambda question: answer_look(ports, question), name)


def test_a_cluster_that_answers(upstream: Connection, cluster: Cluster, namespace: str) -> None:
    """GIVEN an API server WHEN it is looked at THEN its version, who we are, and how much there is, counted by it."""
    targets = Targets(upstream)
    found = look(targets)
    status, every = cluster.client("GET", "/api/v1/namespaces")
    assert ("answers", "", "", True) == (found["state"], found["message"], found["next"], targets.probed)
    assert found["version"].startswith("v1.") and found["user"]
    assert 200 == status and abs(len(every["items"]) - found["namespaces"]) <= 3  # other tests make some meanwhile
    assert found["nodes"] >= 0
    assert abs(time.time() - found["at"]) < 60 and found["milliseconds"] >= 0


def test_a_login_that_is_refused(upstream: Connection) -> None:
    """GIVEN a token that nobody knows WHEN the cluster is looked at THEN it refuses it, and it is said what to do."""
    found = look(Targets(replace(upstream, credentials=BearerToken("wrong"))))
    assert ("refused", True) == (found["state"], "does not accept these credentials" in found["message"])
    assert "mooring cluster add prod" in found["next"]
    assert "LookRoleArn" in found["next"]  # it isn't sync that was refused


def test_counts_that_may_not_be_had(cluster: Cluster, upstream: Connection, namespace: str) -> None:
    """GIVEN an account without rights WHEN the cluster is looked at THEN it answers, and the counts are not known."""
    assert (
        201 == cluster.client("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "a"}})[0]
    )
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/a/token"
    status, answer = cluster.client("POST", path, {"spec": {"expirationSeconds": 3600}})
    assert 201 == status
    found = look(Targets(replace(upstream, credentials=BearerToken(answer["status"]["token"]))))
    assert ("answers", None, None) == (found["state"], found["nodes"], found["namespaces"])
    assert f"system:serviceaccount:{namespace}:a" == found["user"]


def test_nobody_is_there(upstream: Connection) -> None:
    """GIVEN an address where nobody listens WHEN the cluster is looked at THEN that is an answer, with the next step."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = look(Targets(replace(upstream, server=f"https://127.0.0.1:{unused.getsockname()[1]}")))
    assert ("unreachable", True) == (found["state"], "cluster doctor prod" in found["next"])
    assert found["message"]


def test_what_is_registered_can_not_be_used(upstream: Connection) -> None:
    """GIVEN credentials that are none WHEN the cluster is looked at THEN the registration is what is wrong; an unknown
    cluster is an error.
    """
    found = look(Targets(upstream, ConfigurationError("holds no kubeconfig", field="kubeconfigSecret")))
    assert ("unusable", "kubeconfigSecret: holds no kubeconfig") == (found["state"], found["message"])
    with pytest.raises(ConfigurationError, match="no such cluster"):
        look(Targets(upstream), "other")
