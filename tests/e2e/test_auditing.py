"""The drift mode `audit` on a real stack: the API server tells, the one object is put back, and who it was is on record."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3

from local.stack import Options, Stack
from tests.e2e.ground import Ground, config_map, until


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack whose API server posts its audit events, and which sweeps too seldom to find anything by itself."""
    directory = tmp_path_factory.mktemp("auditing") / "stack"
    options = Options(directory=directory, workloads=False, sweep=3600, audit=True)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def edit(ground: Ground, namespace: str, person: str) -> None:
    """Changes the colour as this person, with the manager of kubectl edit."""
    access = ground.stack.cluster.access
    pool = urllib3.PoolManager(ca_cert_data=access.ca_data, timeout=30.0, retries=False)
    answer = pool.request(
        "PATCH",
        f"{access.server}/api/v1/namespaces/{namespace}/configmaps/settings?fieldManager=kubectl-edit",
        body=json.dumps({"data": {"color": "red"}}),
        headers={
            "Authorization": f"Bearer {access.token}",
            "Content-Type": "application/merge-patch+json",
            "Impersonate-User": person,
            "Impersonate-Group": "system:masters",
            "User-Agent": "kubectl/v1.36.3",
        },
    )
    assert answer.status == 200, answer.data
    pool.clear()


def test_an_edit_is_put_back_at_once_and_its_author_is_known(ground: Ground) -> None:
    """GIVEN a cluster in the mode audit WHEN dora edits an object THEN it is put back, and the record names her."""
    done = ground.run_mooring("cluster", "set", "in-cluster", "--drift", "audit")
    assert 0 == done.returncode, done.stderr
    case = ground.new("audited", config_map())
    edit(ground, case.name, "dora@example.com")
    until(lambda: {"settings": "blue"} == case.colors(), case.get)

    def named() -> bool:
        answer = ground.ask("GET", f"drifts?app={case.name}")
        return "dora@example.com" in json.dumps(answer.body)

    until(named, lambda: ground.ask("GET", "drifts").body)


@pytest.mark.parametrize("token", ["", "not-the-token-of-this-cluster-at-all"])
def test_strangers_can_tell_nothing(ground: Ground, token: str) -> None:
    """GIVEN somebody without the cluster's token WHEN they post events THEN they are refused."""
    url = f"{ground.stack.mooring.url}/api/audit/in-cluster"
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = ground.http.request("POST", url, body=b"{}", headers=headers)
    assert (401, "Authorization") == (answer.status, json.loads(answer.data)["field"])
