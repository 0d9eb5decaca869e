"""`mooring cluster …`: registrations in every form, changes, and the doctor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber

from mooring.errors import ForbiddenError
from mooring_cli.eks import GROUP, AccessEntry, create_access_entry, instructions
from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
ROLE = "arn:aws:iam::123456789012:role/sync"
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: c, labels: {argocd.argoproj.io/secret-type: cluster}}
stringData: {name: prod, server: "https://10.0.0.1"}
---
apiVersion: v1
kind: Secret
metadata: {name: d, labels: {argocd.argoproj.io/secret-type: cluster}}
stringData: {name: test, server: "https://10.0.0.2"}
"""


def test_secrets_of_argo_cd_are_sent_as_they_are(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a file with two Secrets THEN both go to the API unread, and its warnings are shown."""
    (tmp_path / "s.yaml").write_text(SECRET)
    api.on("POST /api/v1/clusters", {"name": "prod", "server": "https://10.0.0.1", "warnings": ["data.shard: ignored"]})
    outcome = mooring("cluster", "add", "-f", "s.yaml")
    assert list(yaml.safe_load_all(SECRET)) == [call.body for call in api.calls]
    assert 0 == outcome.code
    assert "data.shard: ignored" in outcome.err


def test_an_eks_cluster_needs_only_its_name(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN `--eks` without an address THEN the name is registered, and it is said how to let Mooring in."""
    api.on("PUT /api/v1/clusters/shop", {"name": "shop", "server": ""})
    api.on("GET /api/v1/clusters", {"items": [], "syncRole": ROLE, "lookRole": f"{ROLE}-look"})
    outcome = mooring("cluster", "add", "shop", "--eks", "shop-prod", "--region", "eu-west-1")
    assert {"eks": {"clusterName": "shop-prod", "region": "eu-west-1"}} == api.calls[0].body
    assert f"create-access-entry --cluster-name shop-prod --principal-arn {ROLE}" in outcome.out
    assert "kind: ClusterRoleBinding" in outcome.out
    assert f"associate-access-policy --cluster-name shop-prod --principal-arn {ROLE}-look" in outcome.out


def test_a_kubeconfig_in_a_secret_is_named(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN the name of a secret THEN nothing but names is sent."""
    api.on("PUT /api/v1/clusters/lab", {"name": "lab", "server": ""})
    mooring("cluster", "add", "lab", "--kubeconfig-secret", "team/lab", "--context", "dev", "--at-once", "4")
    expected = {"kubeconfigSecret": {"name": "team/lab", "context": "dev"}, "limits": {"atOnce": 4}}
    assert expected == api.calls[0].body


def test_labels_are_set_and_removed(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN labels WHEN one is set and one removed THEN the others stay."""
    api.on("GET /api/v1/clusters/dev", {"name": "dev", "labels": {"env": "dev", "old": "1", "team": "a"}})
    api.on("PATCH /api/v1/clusters/dev", {"name": "dev"})
    assert 0 == mooring("cluster", "set", "dev", "--label", "env=test", "--label", "old-").code
    assert {"labels": {"env": "test", "team": "a"}} == api.calls[1].body
    assert api.calls[1].headers["If-Match"].startswith('"')  # of what was read: another's change is not lost
    outcome = mooring("cluster", "set", "dev", "--label", "nonsense")
    assert (1, True) == (outcome.code, "--label: must be KEY=VALUE" in outcome.err)
    assert 1 == mooring("cluster", "set", "dev").code


def test_the_mode_of_drift_is_an_annotation(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a mode WHEN it is set THEN it is an annotation beside the others; one that there is not is refused."""
    api.on("GET /api/v1/clusters/dev", {"name": "dev", "annotations": {"a": "b"}})
    api.on("PATCH /api/v1/clusters/dev", {"name": "dev"})
    assert 0 == mooring("cluster", "set", "dev", "--drift", "watch").code
    assert {"annotations": {"a": "b", "mooring.dev/drift": "watch"}} == api.calls[1].body
    assert 2 == mooring("cluster", "set", "dev", "--drift", "guess").code


def test_a_cluster_is_shown_and_removed(api: FakeApi, mooring: Mooring) -> None:
    """A cluster out of reach says since when and why; removing can be forced."""
    outage = {"since": "2026-01-01T00:00:00Z", "reason": "no connection"}
    api.on("GET /api/v1/clusters/dev", {"name": "dev", "labels": {"a": "b"}, "unreachable": outage})
    shown = mooring("cluster", "get", "dev").out
    assert "labels       a=b" in shown
    assert "reason=no connection, since=2026-01-01T00:00:00Z" in shown
    api.on("DELETE /api/v1/clusters/dev?force=true", {})
    assert 0 == mooring("cluster", "rm", "dev", "--force").code


def test_a_cluster_is_looked_at_now(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a cluster out of reach WHEN it is shown with a look THEN since when, until when, and what to do."""
    api.on("GET /api/v1/clusters/dev", {"name": "dev", "server": "https://c"})
    breaker = {"open": True, "since": "2026-01-01T00:00:00Z", "reason": "x", "retryAt": "2026-01-01T00:01:00Z"}
    found = {
        "name": "dev", "state": "unreachable", "at": "2026-01-01T00:00:30Z", "milliseconds": 3000, "version": "",
        "user": "", "nodes": None, "namespaces": 4, "message": "no answer", "next": "ask the doctor",
        "breaker": breaker, "drift": {"mode": "watch", "watched": False}, "applications": 2, "lastSync": None,
        "lastChange": None,
    }  # fmt: skip
    api.on("GET /api/v1/clusters/dev/health", found)
    shown = [line.split(maxsplit=1) for line in mooring("cluster", "get", "dev", "--look").out.splitlines()]
    assert ["state", "unreachable"] in shown
    assert ["breaker", "open since 2026-01-01T00:00:00Z, tried again 2026-01-01T00:01:00Z"] in shown
    assert ["size", "4 namespaces"] in shown
    assert ["next", "ask the doctor"] in shown
    assert found == json.loads(mooring("cluster", "get", "dev", "--look", "-o", "json").out)["health"]


def test_the_doctor_is_waited_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an examination that takes a while THEN its steps are printed, and a failing one makes the command fail."""
    api.on("POST /api/v1/clusters/dev/check", {"check": {"id": "1"}}, status=202)
    steps = [{"step": "name", "ok": True, "message": "fine"}, {"step": "tls", "ok": False, "message": "not trusted"}]
    found = {"reachable": False, "steps": steps}
    api.on("GET /api/v1/clusters/dev/check/1", {"done": False}, {"done": True, "found": found})
    outcome = mooring("cluster", "doctor", "dev")
    assert ["ok    name         fine", "FAILS tls          not trusted"] == outcome.out.splitlines()
    assert 1 == outcome.code


def test_a_doctor_who_does_not_come_is_not_waited_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a function that never answers THEN the command ends and says where to look."""
    api.on("POST /api/v1/clusters/dev/check", {"check": {"id": "1"}}, status=202)
    api.on("GET /api/v1/clusters/dev/check/1", {"done": False})
    outcome = mooring("cluster", "doctor", "dev", "--timeout", "0.1")
    assert (1, True) == (outcome.code, "has not answered within 0.1 s" in outcome.err)


@pytest.fixture
def eks() -> Any:
    client = boto3.client("eks", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    yield client
    client.close()


NAMES = {"clusterName": "shop", "principalArn": ROLE}


def test_an_access_entry_is_created(eks: Any) -> None:
    """GIVEN no entry THEN one is made whose group the printed ClusterRole gives rights to."""
    with Stubber(eks) as stub:
        stub.add_response("create_access_entry", {}, {**NAMES, "type": "STANDARD", "kubernetesGroups": [GROUP]})
        done = create_access_entry(AccessEntry("shop", ROLE), profile=None, client=eks)
        stub.assert_no_pending_responses()
    assert f"access entry for {ROLE} created" == done


def test_an_entry_that_is_there_keeps_its_groups(eks: Any) -> None:
    """GIVEN an entry of other groups THEN ours is added to them."""
    with Stubber(eks) as stub:
        stub.add_client_error("create_access_entry", "ResourceInUseException")
        stub.add_response("describe_access_entry", {"accessEntry": {"kubernetesGroups": ["viewers"]}}, NAMES)
        stub.add_response("update_access_entry", {}, {**NAMES, "kubernetesGroups": ["viewers", GROUP]})
        done = create_access_entry(AccessEntry("shop", ROLE), profile=None, client=eks)
        stub.assert_no_pending_responses()
    assert "added to it" in done


def test_an_access_policy_takes_the_place_of_the_group(eks: Any) -> None:
    """GIVEN a policy's name THEN it is associated in the role's partition, for the whole cluster."""
    entry = AccessEntry("shop", "arn:aws-cn:iam::123456789012:role/sync", policy="AmazonEKSEditPolicy")
    arn = "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
    names = {"clusterName": "shop", "principalArn": entry.principal}
    with Stubber(eks) as stub:
        stub.add_response("create_access_entry", {}, {**names, "type": "STANDARD"})
        expected = {**names, "policyArn": arn, "accessScope": {"type": "cluster"}}
        stub.add_response("associate_access_policy", {}, expected)
        create_access_entry(entry, profile=None, client=eks)
        stub.assert_no_pending_responses()
    assert arn in instructions(entry)
    assert "ClusterRole" not in instructions(entry)


def test_a_refused_entry_says_what_it_takes(eks: Any) -> None:
    """GIVEN a user without the right THEN the error names it."""
    with Stubber(eks) as stub, pytest.raises(ForbiddenError, match="takes eks:CreateAccessEntry on shop"):
        stub.add_client_error("create_access_entry", "AccessDeniedException")
        create_access_entry(AccessEntry("shop", ROLE), profile=None, client=eks)


def test_the_printed_rights_are_manifests() -> None:
    """What is printed can be applied: a ClusterRole and the binding of the entry's group to it."""
    text = instructions(AccessEntry("shop", ROLE)).partition("contain\n")[2].removesuffix("END")
    role, binding = yaml.safe_load_all(text)
    assert ("ClusterRole", GROUP) == (role["kind"], binding["subjects"][0]["name"])
    assert all({"get", "list", "create", "patch"} <= set(rule["verbs"]) for rule in role["rules"])


def test_an_api_server_gets_a_file_with_a_token(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN an https address THEN the token that the API made stands in a kubeconfig, and `--off` ends it."""
    api.on("PUT /api/v1/clusters/shop/audit-webhook", {"cluster": "shop", "token": "t0k", "path": "/api/audit/shop"})
    api.on("DELETE /api/v1/clusters/shop/audit-webhook", {})
    (tmp_path / "ca.pem").write_text("PEM")
    address = ("--address", "https://mooring.test/", "--ca-file", "ca.pem")
    outcome = mooring("cluster", "audit-webhook", "shop", "--user", "mooring", *address)
    config = yaml.safe_load(outcome.out)
    assert {"server": "https://mooring.test/api/audit/shop", "certificate-authority-data": "UEVN"} == (
        config["clusters"][0]["cluster"]
    )
    assert ({"token": "t0k"}, {"user": "mooring"}) == (config["users"][0]["user"], api.calls[0].body)
    assert "no more audit events" in mooring("cluster", "audit-webhook", "shop", "--off").out


def test_no_token_is_made_for_an_address_without_tls(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a plain address THEN the error says why, and nothing is asked."""
    outcome = mooring("cluster", "audit-webhook", "shop", "--address", "http://mooring.test")
    assert (1, []) == (outcome.code, api.calls)
    assert "--address" in outcome.err
