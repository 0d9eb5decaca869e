"""People are told on a real stack: the table's stream starts `notify`, and Slack (a double of it) shows what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3

from local.stack import Options, Stack
from tests.doubles.listeners import TOKEN, Listeners, listeners
from tests.e2e.ground import Ground, config_map, until


@pytest.fixture(scope="module")
def heard() -> Iterator[Listeners]:
    with listeners() as double:
        yield double


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, heard: Listeners) -> Iterator[Ground]:
    """A stack whose API server posts its audit events, with Slack declared for every application."""
    directory = tmp_path_factory.mktemp("notifications") / "stack"
    options = Options(directory=directory, workloads=False, sweep=3600, audit=True)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        stack.client("secretsmanager").put_secret_value(
            SecretId=stack.resources["NotificationsSecret"], SecretString=json.dumps({"slack-token": TOKEN})
        )
        yield started
        started.http.clear()


def delete_settings(ground: Ground, namespace: str, person: str) -> None:
    """Deletes the ConfigMap as this person, with kubectl."""
    access = ground.stack.cluster.access
    pool = urllib3.PoolManager(ca_cert_data=access.ca_data, timeout=30.0, retries=False)
    answer = pool.request(
        "DELETE",
        f"{access.server}/api/v1/namespaces/{namespace}/configmaps/settings",
        headers={
            "Authorization": f"Bearer {access.token}",
            "Impersonate-User": person,
            "Impersonate-Group": "system:masters",
            "User-Agent": "kubectl/v1.36.3",
        },
    )
    assert answer.status == 200, answer.data
    pool.clear()


def test_a_deployment_and_who_undid_it_are_told_once(ground: Ground, heard: Listeners) -> None:
    """GIVEN a subscription WHEN it is deployed, and dora deletes an object THEN one message tells of the deployment, and
    "is Healthy" comes when the object is back, and says that it was dora.
    """
    settings = {
        "service.slack": f"{{token: $slack-token, apiURL: {heard.url}/api}}",
        "subscriptions": "- {recipients: ['slack:team'], triggers: [on-deployed, on-drift-found, on-health-restored]}",
    }
    done = ground.run_mooring("notifications", "apply", "-f", "-", given=json.dumps(settings))
    assert 0 == done.returncode, done.stderr
    assert 0 == ground.run_mooring("cluster", "set", "in-cluster", "--drift", "audit").returncode
    case = ground.new("told", config_map())
    name = f"argocd/{case.name}"
    until(lambda: [f"{name} is deployed"] == heard.said(), heard.said)
    delete_settings(ground, case.name, "dora@example.com")
    healthy = f"↳ {name} is Healthy"
    until(lambda: healthy in heard.said(), lambda: (heard.said(), heard.refused))
    told = next(each for each in heard.slack.values() if each["text"] == healthy.removeprefix("↳ "))
    words = told["attachments"][0]["blocks"][1]["text"]["text"]
    assert words.startswith("ConfigMap settings was deleted by mooring-admin as dora@example.com (kubectl/"), words
    assert [f"{name} is deployed", f"{name} was changed beside git", healthy] == heard.said()
    assert [] == heard.refused
    listed = ground.run_mooring("notifications", "list", case.name)
    assert "on-health-restored" in listed.stdout, listed.stderr
    assert "failed" not in listed.stdout
