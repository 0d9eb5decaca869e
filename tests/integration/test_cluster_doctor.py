"""What `mooring cluster doctor` finds, at a real API server and where there is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.auth import BearerToken, Connection
from mooring.cluster.examining import Use, examine
from mooring.cluster.kubeconfig import from_kubeconfig

RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "get", "create"]}]


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.fixture
def upstream(cluster: Cluster) -> Connection:
    return from_kubeconfig(cluster.kubeconfig)


@pytest.fixture
def limited(cluster: Cluster, upstream: Connection, namespace: str) -> Connection:
    """A service account that may do what `RULES` say in the whole cluster."""
    account = {"metadata": {"name": "limited"}}
    assert 201 == cluster.client("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)[0]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    role = {"metadata": {"name": namespace}, "rules": RULES}
    binding = {
        "metadata": {"name": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace},
        "subjects": [{"kind": "ServiceAccount", "name": "limited", "namespace": namespace}],
    }
    assert 201 == cluster.client("POST", f"{rbac}/clusterroles", role)[0]
    assert 201 == cluster.client("POST", f"{rbac}/clusterrolebindings", binding)[0]
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/limited/token"
    status, answer = cluster.client("POST", path, {"spec": {"expirationSeconds": 3600}})
    assert status == 201, answer
    return replace(upstream, credentials=BearerToken(answer["status"]["token"]))


def steps(found: dict[str, Any]) -> dict[str, bool]:
    return {each["step"]: each["ok"] for each in found["steps"]}


def message(found: dict[str, Any], step: str) -> str:
    return str(next(each["message"] for each in found["steps"] if each["step"] == step))


def test_an_administrator_lacks_nothing(upstream: Connection, pool: ThreadPoolExecutor) -> None:
    """GIVEN all rights THEN every step is fine, and one question about rights was enough."""
    found = examine(upstream, [Use("", "ConfigMap", "v1", "default")], pool)
    assert {"name": True, "connection": True, "tls": True, "login": True, "rights": True} == steps(found)
    assert (True, [], []) == (found["reachable"], found["missing"], found["apisDown"])
    assert found["version"].startswith("v1.")
    assert abs(found["clockSkewSeconds"]) <= 5


def test_missing_rights_are_named(limited: Connection, namespace: str, pool: ThreadPoolExecutor) -> None:
    """GIVEN a user with few rights THEN each verb that lacks is named, for the kinds in use alone."""
    uses = [Use("", "ConfigMap", "v1", namespace), Use("apps", "Deployment", "v1", namespace)]
    found = examine(limited, uses, pool)
    assert f"system:serviceaccount:{namespace}:limited" == found["user"]
    missing = {(each["verb"], each["resource"]) for each in found["missing"]}
    expected = {("patch", "configmaps"), ("delete", "configmaps")}
    expected |= {(verb, "deployments") for verb in ("list", "get", "create", "patch", "delete")}
    assert expected == missing
    told = message(found, "rights")
    assert f"patch, delete on configmaps in {namespace}" in told
    assert "list on deployments.apps in the whole cluster" in told


def test_a_kind_that_is_gone_is_named(limited: Connection, pool: ThreadPoolExecutor) -> None:
    """GIVEN objects of a kind whose CRD was removed THEN that is said."""
    found = examine(limited, [Use("harbour.test", "Boat", "v1", "default")], pool)
    assert "Boat.harbour.test is not served any more" == message(found, "kinds")


def test_a_clock_that_is_wrong_is_named(upstream: Connection, pool: ThreadPoolExecutor) -> None:
    """GIVEN an API server whose clock is ten minutes behind ours THEN the difference is told."""
    import time

    found = examine(upstream, [], pool, now=lambda: time.time() + 600)
    assert "behind ours" in message(found, "clock")


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"credentials": BearerToken("wrong")}, "login", "does not accept these credentials"),
        ({"server": "https://no-such-name.invalid:6443"}, "name", "does not resolve"),
    ],
)
def test_the_step_that_fails_is_named(
    upstream: Connection, pool: ThreadPoolExecutor, change: dict[str, Any], step: str, words: str
) -> None:
    """GIVEN a wrong token, or a name that nobody has THEN the examination ends at that step and says why."""
    found = examine(replace(upstream, **change), [], pool)
    assert (False, False) == (found["reachable"], steps(found)[step])
    assert words in message(found, step)
    assert "wrong" not in str(found).replace("wrong version", "")


def test_a_closed_port_is_named(upstream: Connection, pool: ThreadPoolExecutor) -> None:
    """GIVEN an address where nobody listens THEN the connection is what fails."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = examine(replace(upstream, server=f"https://127.0.0.1:{unused.getsockname()[1]}"), [], pool)
    assert {"name": True, "connection": False} == steps(found)


def test_an_authority_that_does_not_fit_is_named(upstream: Connection, pool: ThreadPoolExecutor) -> None:
    """GIVEN no authority for the server's certificate THEN TLS is what fails, with what to copy."""
    found = examine(replace(upstream, tls=replace(upstream.tls, ca=b"")), [], pool)
    assert {"name": True, "connection": True, "tls": False} == steps(found)
    assert "caData" in message(found, "tls")
