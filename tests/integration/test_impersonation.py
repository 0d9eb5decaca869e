"""Objects written as a service account, whose rights a real API server with RBAC decides about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.errors import ForbiddenError
from mooring.model.objects import ObjectKey
from mooring.flows.clusters.live import Target
from tests.doubles.realcluster import connect

ROLE = {
    "metadata": {"name": "deployer"},
    "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch", "delete"]}],
}


@pytest.fixture
def target(cluster: Cluster) -> Iterator[Target]:
    made = connect(cluster)
    yield made
    made.server.close()


@pytest.fixture
def account(cluster: Cluster, namespace: str) -> str:
    """A service account that may do what `ROLE` says in its namespace."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    binding = {
        "metadata": {"name": "deployer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"},
        "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace}],
    }
    assert 201 == cluster.client("POST", f"{rbac}/roles", ROLE)[0]
    assert 201 == cluster.client("POST", f"{rbac}/rolebindings", binding)[0]
    return f"system:serviceaccount:{namespace}:deployer"


def manifest(kind: str, namespace: str) -> Any:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": namespace}, "data": {}}


def test_what_the_account_may_do_is_done(target: Target, account: str, namespace: str) -> None:
    """GIVEN rights on ConfigMaps WHEN one is written and deleted as the account THEN both succeed on shared connections."""
    acting = target.acting_as(account)
    applied = acting.apply(manifest("ConfigMap", namespace))
    assert applied.created
    key = ObjectKey("", "ConfigMap", namespace, "a")
    assert acting.delete(key, applied.live["metadata"]["uid"], "Background")
    assert acting.requests == target.requests > 0


@pytest.mark.parametrize("kind", ["Secret", "Service"])
def test_a_refusal_names_verb_resource_and_account(target: Target, account: str, namespace: str, kind: str) -> None:
    """GIVEN no rights on a kind WHEN it is written as the account THEN the error says who lacks which right on what."""
    with pytest.raises(ForbiddenError) as caught:
        target.acting_as(account).apply(manifest(kind, namespace))
    message = str(caught.value)
    assert f'User "{account}" cannot patch resource "{kind.lower()}s"' in message
    assert f"give the Role in {namespace}" in message
    target.apply(manifest("Secret", namespace))  # as ourselves nothing has changed


def test_looking_needs_no_rights_of_the_account(target: Target, account: str, namespace: str) -> None:
    """GIVEN a Secret that the account may not read WHEN it is looked at while acting THEN we see it as ourselves."""
    target.apply(manifest("Secret", namespace))
    assert target.acting_as(account).get(ObjectKey("", "Secret", namespace, "a")) is not None
    assert not target.acting_as("").apply(manifest("Secret", namespace)).created
