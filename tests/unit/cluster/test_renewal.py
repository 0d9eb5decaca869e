"""Credentials of a cluster that were replaced while a function was warm."""

from __future__ import annotations

from typing import Any

import boto3
from moto import mock_aws

from mooring.flows.clusters.live import Target
from mooring.flows.clusters.targets import Targets
from mooring.state.registry import Cluster, Registry
from mooring.state.secret_store import SecretStore


def test_a_warm_function_takes_the_new_token(script: Any) -> None:
    """GIVEN a token known for a moment WHEN another is registered and the old one refused THEN the new one is used.

    What else was known of the cluster stays: nothing is discovered twice.
    """
    cluster = Cluster("prod", script.url, True, "mooring/clusters/prod")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        mine, others = SecretStore(client), SecretStore(client)
        others.put(cluster.secret, {"bearerToken": "old"})
        targets = Targets(Registry(None, mine, "mooring"), connections=1)  # type: ignore[arg-type]  # no table needed
        script.answer({})
        first = targets.connect(cluster)
        assert isinstance(first, Target)
        first.server.request("GET", "/")

        others.put(cluster.secret, {"bearerToken": "new"})
        for status in (401, 200, 200):
            script.answer({}, status)
        for _ in range(2):
            again = targets.connect(cluster)
            assert isinstance(again, Target)
            again.server.request("GET", "/")
            assert first.discovery is again.discovery
    expected = ["Bearer old", "Bearer old", "Bearer new", "Bearer new"]
    assert expected == [seen[2]["authorization"] for seen in script.seen]
