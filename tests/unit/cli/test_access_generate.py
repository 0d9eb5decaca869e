"""`mooring access generate`: what is printed, for whom, and what is asked for it. That it holds, an API server says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
PEOPLE = ("access", "generate", "--people-group", "developers")
ROW = {"name": "shop", "namespace": "argocd", "project": "web", "destinationNamespace": "shop"}


def documents(outcome: Outcome) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What was printed, by kind, namespace and name."""
    assert 0 == outcome.code, outcome.err
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in yaml.safe_load_all(outcome.out)
    }


def test_the_same_options_print_the_same_without_asking(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN no cluster WHEN it is generated twice THEN the texts are equal, have no aliases, and nothing was asked."""
    once, again = mooring(*PEOPLE), mooring(*PEOPLE)
    assert once.out == again.out
    assert "&id" not in once.out
    assert [] == api.calls
    found = documents(once)
    assert [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "developers"}] == (
        found["ClusterRoleBinding", "", "mooring-people"]["subjects"]
    )
    assert ("ValidatingAdmissionPolicy", "", "mooring-only") in found
    assert not [kind for kind in found if "break-glass" in kind[2]]


def test_no_rule_of_people_names_secrets_or_any_subresource_of_pods(mooring: Mooring) -> None:
    """GIVEN people and what they may see besides THEN only that subresource is named, and Secrets by no rule."""
    role = documents(mooring(*PEOPLE, "--allow", "logs"))["ClusterRole", "", "mooring-people"]
    core = [name for rule in role["rules"] if "" in rule["apiGroups"] for name in rule["resources"]]
    assert ["pods/log"] == [name for name in core if "/" in name]
    assert not {"secrets", "*"} & set(core)
    assert {"get", "list", "watch"} == {verb for rule in role["rules"] for verb in rule["verbs"]}


def test_a_cluster_narrows_what_mooring_may(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an application's kinds, and accounts that it is written as THEN rights are on these, where they are."""
    api.on("GET /api/v1/applications?view=summary&cluster=prod", {"items": [ROW]})
    resources = [
        {"kind": "ConfigMap", "namespace": "shop"},
        {"group": "networking.k8s.io", "kind": "NetworkPolicy", "namespace": "shop"},
        {"group": "acme.io", "kind": "Widget", "namespace": "parts"},
        {"group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"},
        {"group": "argoproj.io", "kind": "Application", "namespace": "argocd"},
    ]
    api.on("GET /api/v1/applications/shop?namespace=argocd", {"status": {"resources": resources}})
    api.on("GET /api/v1/settings", {"data": {"application.sync.impersonation.enabled": "true"}})
    accounts = [{"server": "*", "namespace": "*", "defaultServiceAccount": "ops:deployer"}]
    api.on("GET /api/v1/projects/web", {"spec": {"destinationServiceAccounts": accounts}})
    found = documents(mooring(*PEOPLE, "--cluster", "prod"))
    written = {
        (namespace, group, name)
        for (kind, namespace, who), each in found.items()
        if kind in ("Role", "ClusterRole") and who == "mooring"
        for rule in each["rules"]
        if "delete" in rule["verbs"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
    }
    assert {
        ("", "rbac.authorization.k8s.io", "clusterroles"),
        ("", "rbac.authorization.k8s.io", "clusterroles/status"),
        ("parts", "acme.io", "*"),
        ("shop", "", "configmaps"),
        ("shop", "", "configmaps/status"),
        ("shop", "networking.k8s.io", "networkpolicies"),
        ("shop", "networking.k8s.io", "networkpolicies/status"),
    } == written
    rules = found["ClusterRole", "", "mooring"]["rules"]
    assert [["deployer"]] == [rule["resourceNames"] for rule in rules if "impersonate" in rule["verbs"]]
    giving = [rule for rule in rules if "escalate" in rule["verbs"]]
    assert [["rbac.authorization.k8s.io"]] == [rule["apiGroups"] for rule in giving]
    assert "acme.io" in str(found["ClusterRole", "", "mooring-people"])


def test_eks_is_told_who_gets_which_group(mooring: Mooring) -> None:
    """GIVEN roles WHEN commands, or aws-auth, are asked for THEN each role gets its groups."""
    eks = ("--break-glass-group", "oncall", "--sync-role", "arn:sync", "--look-role", "arn:look")
    told = mooring(*PEOPLE, *eks, "--eks", "shop", "--region", "eu-west-1", "-o", "commands").out.splitlines()
    assert [
        "aws eks create-access-entry --cluster-name shop --principal-arn "
        f"{role} --kubernetes-groups {group} --region eu-west-1"
        for role, group in (
            ("arn:sync", "mooring"),
            ("arn:look", "mooring-look"),
            ("PEOPLE_ROLE_ARN", "developers"),
            ("BREAK_GLASS_ROLE_ARN", "oncall"),
        )
    ] == told
    roles = documents(mooring(*PEOPLE, *eks, "-o", "aws-auth"))["ConfigMap", "kube-system", "aws-auth"]
    mapped = yaml.safe_load(roles["data"]["mapRoles"])
    assert {"rolearn": "arn:sync", "username": "mooring:{{SessionName}}", "groups": ["mooring"]} == mapped[0]
    assert 4 == len(mapped)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--people-group: name the group"),
        (("--people-group", "a", "-o", "commands"), "--eks: name the EKS cluster"),
        (("--people-group", "a", "--mooring", "user:m", "--eks", "c", "-o", "commands"), "--mooring: must be a group"),
        (("--people-group", "a", "--mooring", "m"), "must be group:NAME, user:NAME or serviceaccount:NAMESPACE/NAME"),
        (("--people-group", "system:masters"), "--people-group: can't be a group of the cluster's own"),
    ],
)
def test_what_can_not_be_meant_is_refused(mooring: Mooring, options: tuple[str, ...], told: str) -> None:
    """GIVEN an option that is missing or wrong THEN it is named, and nothing is printed."""
    outcome = mooring("access", "generate", *options)
    assert outcome.code in (1, 2)
    assert "" == outcome.out
    assert told in " ".join(outcome.err.split())
