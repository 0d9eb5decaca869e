"""Sealed Secrets on real parts: the deployed functions behind their own routes and schedules, and a cluster."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from local.stack import Options, Stack
from mooring.secrets.sealedsecret import seal_secret
from tests.e2e.ground import Case, Ground, config_map, text

CANARY = "canary-sealed-5d0c19ee"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads whose schedules come every two seconds."""
    options = Options(directory=tmp_path_factory.mktemp("sealed") / "stack", workloads=False, sweep=2)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _secret(case: Case, value: str = CANARY) -> dict[str, Any]:
    metadata = {"name": "db", "namespace": case.name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}


def _password(case: Case) -> str:
    """What is in the live Secret; `gone` where it is deleted, or waits for a garbage collector that isn't there."""
    status, live = case.ground.stack.cluster.client("GET", f"/api/v1/namespaces/{case.name}/secrets/db")
    if status == 404 or "deletionTimestamp" in live["metadata"]:
        return "gone"
    return base64.b64decode(live["data"]["password"]).decode()


def test_from_a_certificate_to_a_secret_in_the_cluster(ground: Ground) -> None:
    """GIVEN the key that the schedule made WHEN sealed by the command and pushed THEN the Secret is in the cluster; what
    does not open leaves it there, and no answer tells it.
    """
    # GIVEN a certificate
    deadline = time.monotonic() + 60
    while ground.http.request("GET", f"{ground.stack.mooring.url}/v1/cert.pem").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # WHEN a Secret is sealed and pushed, with a template
    case = ground.new("sealed")
    sealed = yaml.safe_load(ground.run_mooring("seal", given=json.dumps(_secret(case))).stdout)
    sealed["spec"]["template"]["data"] = {"line": "{{ .password | upper }}"}
    case.push({"k8s/settings.yaml": text(config_map(), sealed)})
    case.until(lambda app: "SealedSecret" in {each["kind"] for each in app["status"]["resources"]})
    app = case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    # THEN it is in the cluster, and shown with its source
    assert CANARY == _password(case)
    assert {"ConfigMap", "Secret", "SealedSecret"} == {each["kind"] for each in app["status"]["resources"]}
    # AND the questions of kubeseal are answered
    head = {"Authorization": f"Bearer {ground.stack.mooring.secret}"}
    url, body = f"{ground.stack.mooring.url}/v1/verify", json.dumps(sealed).encode()
    assert 200 == ground._send("POST", url, body, head).status
    assert 401 == ground._send("POST", url, body, {"Authorization": "Bearer other"}).status
    # WHEN it is replaced by one for a key that nobody has
    foreign = seal_secret(_secret(case, "x"), generate_private_key(65537, 2048).public_key())
    case.push({"k8s/settings.yaml": text(config_map(), foreign)})
    # THEN the condition says so and the live one stays
    assert "for a key of 2048 bits, which none here has" in case.condition("SecretError")
    assert CANARY == _password(case)
    # WHEN git drops it, it goes
    case.push({"k8s/settings.yaml": text(config_map())})
    case.no_condition("SecretError")
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    assert "gone" == _password(case)
    assert not [told for told in ground.answers if CANARY in told or base64.b64encode(CANARY.encode()).decode() in told]
