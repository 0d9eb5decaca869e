"""ExternalSecrets on real parts: functions, queues, git and an API server; AWS is the emulator's."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import Options, Stack
from mooring.flows.secretchanges import SecretChangePorts, handle_secret_change
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.secretuses import SecretUses
from mooring.state.table import Table
from tests.e2e.ground import PATIENCE, Case, Ground, config_map, text

_EVENT = Path(__file__).parents[2] / "events" / "sweep-secret.json"
_FIRST, _SECOND = "canary-of-the-first-value", "canary-after-the-rotation"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads that sweeps every few seconds."""
    options = Options(directory=tmp_path_factory.mktemp("secrets") / "stack", workloads=False, sweep=3)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _manifests(interval: str) -> list[dict[str, Any]]:
    version = "external-secrets.io/v1"
    role = "arn:aws:iam::123456789012:role/shop"
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "role": role}}
    template = {"data": {"url": "postgres://shop:{{ .password }}@db"}}
    return [
        config_map(),
        {"apiVersion": version, "kind": "SecretStore", "metadata": {"name": "aws"}, "spec": {"provider": provider}},
        {
            "apiVersion": version,
            "kind": "ExternalSecret",
            "metadata": {"name": "db"},
            "spec": {
                "refreshInterval": interval,
                "secretStoreRef": {"name": "aws"},
                "target": {"template": template},
                "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}],
            },
        },
    ]


def _secret(case: Case) -> str:
    path = f"/api/v1/namespaces/{case.name}/secrets/db"
    status, answer = case.ground.stack.cluster.client("GET", path)
    assert status == 200, answer
    return base64.b64decode(answer["data"]["url"]).decode()


def _until(case: Case, value: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while value not in (found := _secret(case)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def _change(ground: Ground, value: str) -> None:
    ground.stack.client("secretsmanager").put_secret_value(SecretId="shop/db", SecretString=value)


def test_a_rotation_reaches_the_cluster(ground: Ground) -> None:
    """GIVEN a cluster without the operator WHEN a secret rotates THEN its Secret follows by event, and by interval."""
    # GIVEN an application in a cluster that has never heard of ExternalSecrets
    ground.stack.client("secretsmanager").create_secret(Name="shop/db", SecretString=_FIRST)
    case = ground.new("rotating", *_manifests("1h"))
    assert f"postgres://shop:{_FIRST}@db" == _secret(case)

    # WHEN the secret is rotated, and the event of it arrives as `sweep` takes it
    _change(ground, _SECOND)
    urls = {"syncs": ground.stack.resources["SyncsQueue"]}
    uses = SecretUses(Table(ground.stack.client("dynamodb"), ground.stack.resources["Table"]))
    ports = SecretChangePorts(uses, Queues(ground.stack.client("sqs"), urls))
    assert [AppKey("argocd", case.name)] == handle_secret_change(ports, json.loads(_EVENT.read_text()))
    # THEN the cluster follows, an hour before it would have been looked at
    _until(case, _SECOND)

    # WHEN it is to be looked at often, and rotated without any event
    revision = case.commit({"k8s/settings.yaml": text(*_manifests("5s"))})
    case.until(lambda app: app["status"]["sync"]["revision"] == revision)
    _change(ground, _FIRST)
    # THEN the cluster follows as well
    _until(case, _FIRST)
    # AND no answer of Mooring's holds a value
    case.get()
    assert [] == [told for told in ground.answers for value in (_FIRST, _SECOND) if value in told]
