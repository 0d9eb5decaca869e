"""A push is followed through the logs on a real stack: webhook, render, sync and notify tell of it under one id."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.forge import push_payload
from local.stack import Options, Stack
from tests.doubles.listeners import TOKEN, Listeners, listeners
from tests.e2e.ground import Ground, config_map, text, until

_WAY = ("webhook", "render", "sync", "notify")


@pytest.fixture(scope="module")
def heard() -> Iterator[Listeners]:
    with listeners() as double:
        yield double


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, heard: Listeners) -> Iterator[Ground]:
    directory = tmp_path_factory.mktemp("chains") / "stack"
    with Stack.start(Options(directory=directory, workloads=False, sweep=3600), lambda line: None) as stack:
        started = Ground(stack)
        stack.client("secretsmanager").put_secret_value(
            SecretId=stack.resources["NotificationsSecret"], SecretString=json.dumps({"slack-token": TOKEN})
        )
        yield started
        started.http.clear()


def lines_of(ground: Ground, chain: str) -> dict[str, list[dict[str, Any]]]:
    """The facts of one chain, by the function that told them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in ground.stack.directory.rglob("logs/*.log"):
        for line in path.read_text().splitlines():
            if line.startswith("{") and (told := json.loads(line)).get("correlation_id") == chain:
                found.setdefault(told["service"], []).append(told)
    return found


def test_a_push_is_followed_from_the_webhook_to_slack(ground: Ground, heard: Listeners) -> None:
    """GIVEN somebody who is told of deployments WHEN a commit is pushed THEN lines of four functions carry the delivery's
    id, they name application, operation and cluster, and CloudWatch finds their metrics.
    """
    settings = {
        "service.slack": f"{{token: $slack-token, apiURL: {heard.url}/api}}",
        "subscriptions": "- {recipients: ['slack:team'], triggers: [on-deployed]}",
    }
    done = ground.run_mooring("notifications", "apply", "-f", "-", given=json.dumps(settings))
    assert 0 == done.returncode, done.stderr
    case = ground.new("followed", config_map())
    # WHEN a commit is pushed
    revision, chain = case.commit({"k8s/settings.yaml": text(config_map(color="green"))}), str(uuid.uuid4())
    changed = {"added": [], "modified": ["k8s/settings.yaml"], "removed": []}
    payload = push_payload(case.name, case.spec["source"]["repoURL"], revision, changed)
    assert 202 == ground.deliver(json.dumps(payload).encode(), delivery=chain).status
    until(lambda: {"settings": "green"} == case.colors(), case.colors)
    until(lambda: set(_WAY) <= set(lines_of(ground, chain)), lambda: lines_of(ground, chain))
    lines = lines_of(ground, chain)
    # THEN each step says what it did, to whom
    assert ["queued"] == [each["outcome"] for each in lines["webhook"]]
    (rendered,) = lines["render"]
    assert ("rendered", f"argocd/{case.name}", revision) == tuple(
        rendered[each] for each in ("outcome", "application", "revision")
    )
    begun, ended = lines["sync"]
    assert (["sync begun", "sync ended"], 1) == ([begun["message"], ended["message"]], ended["SyncsSucceeded"])
    assert (f"argocd/{case.name}", "in-cluster", begun["operation"], "push") == tuple(
        ended[each] for each in ("application", "cluster", "operation", "trigger")
    )
    assert (1, True) == (ended["ObjectsApplied"], ended["CommitToSyncedSeconds"] >= 0)
    assert ["sent"] == [each["outcome"] for each in lines["notify"]]
    # THEN CloudWatch finds what it is to read
    (directive,) = ended["_aws"]["CloudWatchMetrics"]
    assert {each["Name"] for each in directive["Metrics"]} <= ended.keys()
    assert set(directive["Dimensions"][0]) <= ended.keys()


def test_a_request_to_the_api_is_followed_too(ground: Ground) -> None:
    """GIVEN an application WHEN somebody asks for a sync THEN the request's line carries the id of the operation."""
    case = ground.new("asked", config_map(), automated=False)
    operation = case.sync()["status"]["operationState"]["id"]
    until(lambda: {"api", "sync"} <= set(lines_of(ground, operation)), lambda: lines_of(ground, operation))
    (asked,) = lines_of(ground, operation)["api"]
    assert ("POST", f"/api/v1/applications/{case.name}/sync", 202) == (asked["method"], asked["path"], asked["status"])
    assert "sync ended" == lines_of(ground, operation)["sync"][-1]["message"]
