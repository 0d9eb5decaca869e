"""Whoever waits sees the cluster: the API asks the function `look`, on a whole stack with real nodes' logs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from local.stack import Options, Stack
from tests.doubles.canaries import spellings
from tests.e2e.ground import Ground, config_map, until

CANARY = "a-password-that-nobody-sees"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack with workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("looks") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def test_a_workload_is_seen_down_to_its_lines(ground: Ground) -> None:
    """GIVEN a Deployment and a Secret WHEN looked at through the API THEN tree, manifest, events and logs are there."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "shop:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    web = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"password": CANARY}}
    case = ground.new("looked", web, secret, config_map())

    def nodes() -> list[dict[str, str]]:
        answer = ground.ask("GET", f"applications/{case.name}/resource-tree")
        assert 200 == answer.status, answer.body
        found: list[dict[str, str]] = answer.body["nodes"]
        return found

    until(lambda: any(each["kind"] == "Pod" for each in nodes()), nodes)
    (pod,) = [each["name"] for each in nodes() if each["kind"] == "Pod"]
    where = f"applications/{case.name}"

    place = f"resourceNamespace={case.name}"
    live = ground.ask("GET", f"{where}/resource?kind=Secret&resourceName=token&{place}").body
    assert "unchanged" == live["diff"]["kind"]
    assert live["live"]["data"]["password"] == live["desired"]["data"]["password"]
    events = ground.ask("GET", f"{where}/events?group=apps&kind=Deployment&resourceName=web&{place}").body
    assert ["ScalingReplicaSet"] == [each["reason"] for each in events["items"]]
    first = ground.ask("GET", f"{where}/pods/{pod}/logs?{place}").body
    assert "listening on :8080" == first["lines"][0]["text"]
    logs = ground.stack.cluster.logs
    assert logs is not None
    logs.write(case.name, pod, "web", (time.time() + 1, "an order came in"))
    query = f"group=apps&kind=Deployment&resourceName=web&{place}&cursor={first['cursor']}"
    second = ground.ask("GET", f"{where}/logs?{query}")
    assert ["an order came in"] == [each["text"] for each in second.body["lines"]]
    # THEN each past sync can be shown, and compared
    operation = ground.ask("GET", where).body["status"]["operationState"]["id"]
    manifests = ground.ask("GET", f"{where}/operations/{operation}/manifests").body["manifests"]
    assert {"ConfigMap", "Deployment", "Secret"} == {each["kind"] for each in manifests}
    assert [] == ground.ask("GET", f"{where}/compare?from={operation}&to=wanted").body["items"]
    # THEN what is not the application's is not there, and the Secret's value was in no answer
    stranger = ground.ask("GET", f"{where}/resource?kind=ConfigMap&resourceName=kube-root-ca.crt&{place}")
    assert 404 == stranger.status
    told = json.dumps(ground.answers).encode()
    assert [] == [name for name, form in spellings(CANARY).items() if form in told]
