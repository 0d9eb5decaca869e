"""Projects: read strictly, and each rule decided as Argo CD decides it."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.access.parsing import built_in, parse_project
from mooring.access.project import Place, Policy, Project, Refusal
from mooring.access.rules import (
    cluster_allowed,
    destination_allowed,
    kind_allowed,
    namespace_allowed,
    service_account,
    source_allowed,
)
from mooring.errors import ConfigurationError

HERE = Place(("https://c1.test",), ("one",))
WINDOW = {"kind": "allow", "schedule": "0 22 * * *", "duration": "8h", "applications": ["*"]}


def document(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team", "namespace": "argocd"},
        "spec": spec,
    }


def project(**spec: Any) -> Project:
    return parse_project(document(**spec)).project


def field_of(refusal: Refusal | str | None) -> str | None:
    return refusal.field if isinstance(refusal, Refusal) else refusal


def test_the_default_project_permits_everything() -> None:
    """GIVEN nobody declared `default` WHEN it is asked THEN it permits all, to applications in `argocd`."""
    default = built_in()
    refused = namespace_allowed(default, "anywhere")
    assert refused is not None
    assert "spec.sourceNamespaces" == refused.field
    assert [None] * 5 == [
        source_allowed(default, "git@git.test:a/b.git"),
        destination_allowed(default, HERE, "kube-system"),
        kind_allowed(default, "rbac.authorization.k8s.io", "ClusterRole", "x", namespaced=False),
        kind_allowed(default, "", "Secret", "x", namespaced=True),
        namespace_allowed(default, "argocd"),
    ]


def test_an_empty_project_permits_nothing_but_namespaced_kinds() -> None:
    """GIVEN a project without a rule WHEN it is asked THEN only kinds in namespaces are permitted, as in Argo CD."""
    empty = project()
    assert ["spec.sourceRepos", "spec.destinations", "spec.clusterResourceWhitelist", None] == [
        field_of(source_allowed(empty, "https://git.test/a")),
        field_of(destination_allowed(empty, HERE, "shop")),
        field_of(kind_allowed(empty, "", "Namespace", "x", namespaced=False)),
        field_of(kind_allowed(empty, "", "Secret", "x", namespaced=True)),
    ]


@pytest.mark.parametrize(
    ("expected", "rules", "address"),
    [
        (None, ["https://git.test/team/*"], "https://GIT.test/Team/shop.git"),
        ("spec.sourceRepos", ["https://git.test/team/*"], "https://git.test/team/sub/shop"),
        (None, ["https://git.test/team/**"], "https://git.test/team/sub/shop"),
        (None, ["git@git.test:team/*"], "ssh://git@git.test/team/shop.git"),
        ("spec.sourceRepos", ["https://git.test/team/*"], "git@git.test:team/shop"),
        ("spec.sourceRepos[1]", ["*", "!https://git.test/secret/*"], "https://git.test/secret/a"),
        (None, ["*", "!https://git.test/secret/*"], "https://git.test/open/a"),
        ("spec.sourceRepos", ["!https://git.test/secret/*"], "https://git.test/open/a"),
    ],
)
def test_sources(expected: str | None, rules: list[str], address: str) -> None:
    """GIVEN rules of sources WHEN a repository is asked for THEN one has to allow it, and none may deny it."""
    assert expected == field_of(source_allowed(project(sourceRepos=rules), address))


@pytest.mark.parametrize(
    "address",
    [
        "https://git.test/secret/a",
        "https://git.test/secret/a.git",
        "https://me@git.test/secret/a",
        "https://git.test:443/secret/a",
        "https://git.test//secret//a/",
        "https://git.test/%73ecret/a",
        "http://git.test/secret/a",
        "HTTPS://Git.Test/Secret/a.git/",
        "git@git.test:secret/a",
        "ssh://git@git.test:22/secret/a.git",
        "git@git.test:/secret/a",
    ],
)
def test_a_denied_repository_has_no_other_spelling(address: str) -> None:
    """GIVEN a denied repository WHEN it is spelled in another way THEN it is denied all the same."""
    rules = project(sourceRepos=["*", "!https://git.test/secret/*"])
    assert "spec.sourceRepos[1]" == field_of(source_allowed(rules, address))


@pytest.mark.parametrize(
    ("expected", "rules", "namespace"),
    [
        (None, [{"server": "https://c1.test", "namespace": "shop"}], "shop"),
        ("spec.destinations", [{"server": "https://c1.test", "namespace": "shop"}], "shop-2"),
        (None, [{"name": "o*", "namespace": "shop-*"}], "shop-2"),
        ("spec.destinations", [{"name": "two", "namespace": "*"}], "shop"),
        (None, [{"server": "*", "namespace": "!kube-*"}], "shop"),
        ("spec.destinations[0].namespace", [{"server": "*", "namespace": "!kube-*"}], "kube-system"),
        (
            "spec.destinations[1].namespace",
            [{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!kube-system"}],
            "kube-system",
        ),
        ("spec.destinations[0].server", [{"server": "!https://c1.*", "namespace": "*"}], "shop"),
        ("spec.destinations[0].name", [{"name": "!one", "namespace": "*"}], "shop"),
        (None, [{"name": "!two", "namespace": "*"}], "shop"),
    ],
)
def test_destinations(expected: str | None, rules: list[Any], namespace: str) -> None:
    """GIVEN rules of destinations WHEN a namespace is asked for THEN globs and denials count as in Argo CD."""
    assert expected == field_of(destination_allowed(project(destinations=rules), HERE, namespace))


def test_a_cluster_is_known_by_all_its_names() -> None:
    """GIVEN a cluster with several names WHEN one is denied THEN it is denied by whichever it is meant."""
    place = Place(("https://c1.test", "https://kubernetes.default.svc"), ("one", "in-cluster"))
    allowed = project(destinations=[{"name": "in-cluster", "namespace": "*"}])
    denied = project(destinations=[{"server": "*", "namespace": "*"}, {"name": "!one", "namespace": "*"}])
    assert (None, "spec.destinations[1].name") == (
        destination_allowed(allowed, place, "x"),
        field_of(destination_allowed(denied, place, "x")),
    )


@pytest.mark.parametrize("spelt", ["https://ABC.eks.test", "https://abc.eks.test:443", "HTTPS://Abc.eks.test/"])
def test_a_server_is_meant_however_it_is_spelt(spelt: str) -> None:
    """GIVEN an address as EKS prints it, or with what says nothing WHEN a rule names it THEN it is the same cluster."""
    place = Place(("https://abc.eks.test",), ("prod",))
    allowed = project(destinations=[{"server": spelt, "namespace": "*"}])
    denied = project(destinations=[{"server": "*", "namespace": "*"}, {"server": f"!{spelt}", "namespace": "*"}])
    assert (None, "spec.destinations[1].server") == (
        destination_allowed(allowed, place, "x"),
        field_of(destination_allowed(denied, place, "x")),
    )


@pytest.mark.parametrize(
    ("expected", "spec", "kind", "name", "namespaced"),
    [
        (None, {"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}, ("a", "B"), "x", False),
        (None, {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-*"}]}, ("", "Namespace"), "team-a", False),
        ("spec.clusterResourceWhitelist", {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-*"}]}, ("", "Namespace"), "kube-system", False),
        ("spec.clusterResourceBlacklist[0]", {"clusterResourceWhitelist": [{"group": "*", "kind": "*"}], "clusterResourceBlacklist": [{"group": "", "kind": "Namespace", "name": "kube-*"}]}, ("", "Namespace"), "kube-system", False),
        ("spec.namespaceResourceWhitelist", {"namespaceResourceWhitelist": []}, ("", "Secret"), "x", True),
        ("spec.namespaceResourceWhitelist", {"namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}]}, ("", "Secret"), "x", True),
        (None, {"namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}]}, ("apps", "Deployment"), "x", True),
        ("spec.namespaceResourceBlacklist[0]", {"namespaceResourceBlacklist": [{"group": "", "kind": "Res*"}]}, ("", "ResourceQuota"), "x", True),
        (None, {"clusterResourceBlacklist": [{"group": "*", "kind": "*"}]}, ("", "Secret"), "x", True),
    ],
)  # fmt: skip
def test_kinds(expected: str | None, spec: Any, kind: tuple[str, str], name: str, namespaced: bool) -> None:
    """GIVEN lists of kinds WHEN an object is asked for THEN the list of its scope decides, denials last."""
    assert expected == field_of(kind_allowed(project(**spec), *kind, name, namespaced=namespaced))


def test_namespaces_of_applications() -> None:
    """GIVEN source namespaces WHEN an application is declared THEN globs, expressions in slashes and argocd do."""
    rules = project(sourceNamespaces=["team-*", "/^ops-[0-9]+$/"])
    assert [None, None, None, "spec.sourceNamespaces", "spec.sourceNamespaces"] == [
        field_of(namespace_allowed(rules, name)) for name in ("argocd", "team-a", "ops-12", "ops-x", "other")
    ]


def test_clusters_of_projects() -> None:
    """GIVEN clusters that belong to projects WHEN one is used THEN its own project may, and may be held to its own."""
    free, bound = project(), project(permitOnlyProjectScopedClusters=True)
    assert [None, None, None] == [
        cluster_allowed(free, HERE, ""),
        cluster_allowed(free, HERE, "team"),
        cluster_allowed(bound, HERE, "team"),
    ]
    assert ["the cluster's project", "spec.permitOnlyProjectScopedClusters"] == [
        field_of(cluster_allowed(free, HERE, "other")),
        field_of(cluster_allowed(bound, HERE, "")),
    ]


@pytest.mark.parametrize(
    ("expected", "namespace"),
    [
        ("system:serviceaccount:ops:deployer", "kube-system"),
        ("system:serviceaccount:shop:shop", "shop"),
        ("system:serviceaccount:argocd:rest", ""),
        ("spec.destinationServiceAccounts", "other"),
    ],
)
def test_service_accounts(expected: str, namespace: str) -> None:
    """GIVEN service accounts WHEN a destination is asked for THEN the first that fits is it, else it is refused."""
    rules = [
        {"server": "https://c1.*", "namespace": "kube-*", "defaultServiceAccount": "ops:deployer"},
        {"server": "*", "namespace": "shop", "defaultServiceAccount": "shop"},
        {"server": "*", "namespace": "shop", "defaultServiceAccount": "never"},
        {"server": "*", "namespace": "", "defaultServiceAccount": "rest"},
    ]
    given = project(destinationServiceAccounts=rules)
    assert expected == field_of(service_account(given, HERE, namespace, "argocd"))
    assert None is service_account(project(), HERE, namespace, "argocd")


def test_roles_are_read() -> None:
    """GIVEN a role with policies WHEN it is read THEN each is taken apart; of tokens it is told that they don't count."""
    role = {
        "name": "ci",
        "policies": ["p, proj:team:ci, applications, sync, team/*, allow", "p,proj:team:ci,logs,get,team/x,deny"],
        "groups": ["team-a"],
        "jwtTokens": [{"iat": 1}],
    }
    parsed = parse_project(document(roles=[role]))
    assert any("spec.roles[0].jwtTokens: tokens that Argo CD signed let nobody in" in each for each in parsed.warnings)
    (read,) = parsed.project.roles
    assert (Policy("applications", "sync", "team/*", True), Policy("logs", "get", "team/x", False)) == read.policies
    assert ("ci", ("team-a",)) == (read.name, read.groups)


@pytest.mark.parametrize(
    ("expected", "spec"),
    [
        ("spec.sourceRepos[1]: 'a' is listed twice", {"sourceRepos": ["a", "a"]}),
        ("spec.sourceRepos[0]: '!*' denies everything", {"sourceRepos": ["!*"]}),
        ("spec.sourceRepos[0]: has a [ that is not closed: '!a['", {"sourceRepos": ["!a["]}),
        ("spec.sourceRepos: must be a list", {"sourceRepos": "*"}),
        ("spec.destinations[0].server: must be given, or name", {"destinations": [{"namespace": "a"}]}),
        ("spec.destinations[0].namespace: '!*'", {"destinations": [{"server": "*", "namespace": "!*"}]}),
        ("spec.destinations[1]: is listed twice", {"destinations": [{"server": "a"}, {"server": "a"}]}),
        ("spec.clusterResourceWhitelist[0].kind: must not be empty", {"clusterResourceWhitelist": [{"group": "*"}]}),
        ("spec.namespaceResourceBlacklist[0].kind: has a", {"namespaceResourceBlacklist": [{"kind": "["}]}),
        ("spec.sourceNamespaces[0]: is no regular expression", {"sourceNamespaces": ["/(/"]}),
        ("spec.syncWindows[0].kind: must be allow or deny", {"syncWindows": [{**WINDOW, "kind": "maybe"}]}),
        ("spec.syncWindows[0].schedule: minute '99'", {"syncWindows": [{**WINDOW, "schedule": "99 * * * *"}]}),
        ("spec.syncWindows[0].duration: '1d' is not a duration", {"syncWindows": [{**WINDOW, "duration": "1d"}]}),
        ("spec.syncWindows[0].duration: '60' is not a duration", {"syncWindows": [{**WINDOW, "duration": "60"}]}),
        ("spec.syncWindows[0].timeZone: 'Mars/Base'", {"syncWindows": [{**WINDOW, "timeZone": "Mars/Base"}]}),
        ("spec.syncWindows[0].timeZone: '../etc'", {"syncWindows": [{**WINDOW, "timeZone": "../etc"}]}),
        ("spec.syncWindows[0].applications: must not be empty", {"syncWindows": [{**WINDOW, "applications": []}]}),
        ("spec.syncWindows[0].clusters[0]: has a {", {"syncWindows": [{**WINDOW, "clusters": ["{"]}]}),
        ("spec.syncWindows[1]: has the kind, schedule", {"syncWindows": [WINDOW, WINDOW]}),
        ("spec.roles[1].name: 'a' is the name", {"roles": [{"name": "a"}, {"name": "a"}]}),
        ("spec.roles[0].policies[0]: must be 'p, proj:team:a,", {"roles": [{"name": "a", "policies": ["p, x"]}]}),
        (
            "is about 'proj:team:b'",
            {"roles": [{"name": "a", "policies": ["p, proj:team:b, applications, get, team/*, allow"]}]},
        ),
        (
            "is about 'other/*', which is not of this project",
            {"roles": [{"name": "a", "policies": ["p, proj:team:a, applications, get, other/*, allow"]}]},
        ),
        (
            "names the action 'steal'",
            {"roles": [{"name": "a", "policies": ["p, proj:team:a, applications, steal, team/*, allow"]}]},
        ),
        (
            "spec.destinationServiceAccounts[0].server: must not hold a '!'",
            {"destinationServiceAccounts": [{"server": "!a", "defaultServiceAccount": "b"}]},
        ),
        (
            "spec.destinationServiceAccounts[0].defaultServiceAccount: must be NAME",
            {"destinationServiceAccounts": [{"server": "*", "defaultServiceAccount": "a:b:c"}]},
        ),
        ("spec.signatureKeys[0].keyID: must be a long key id", {"signatureKeys": [{"keyID": "4AEE18F8"}]}),
        (
            "spec.signatureKeys: can't be used together with sourceIntegrity",
            {"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}], "sourceIntegrity": {"git": {"policies": []}}},
        ),
        ("spec.sourceIntegrity.helm: can't be obeyed", {"sourceIntegrity": {"helm": {"policies": []}}}),
        (
            "spec.sourceIntegrity.git.policies[0].gpg.mode: strict can't be obeyed",
            {"sourceIntegrity": {"git": {"policies": [{"repos": ["*"], "gpg": {"mode": "strict"}}]}}},
        ),
        (
            "spec.sourceIntegrity.git.policies[0].gpg.keys: must list",
            {"sourceIntegrity": {"git": {"policies": [{"repos": ["*"], "gpg": {"mode": "head"}}]}}},
        ),
        (
            "spec.sourceIntegrity.git.policies[0].ssh.keys[0]: must be a public key as in a .pub file",
            {
                "sourceIntegrity": {
                    "git": {"policies": [{"repos": ["*"], "ssh": {"mode": "head", "keys": ["sk-ssh-ed25519 AAAA"]}}]}
                }
            },
        ),
        (
            "spec.sourceIntegrity.git.policies[0].repos: must list patterns",
            {"sourceIntegrity": {"git": {"policies": [{"gpg": {"mode": "none"}}]}}},
        ),
    ],
)
def test_a_mistake_names_its_field(expected: str, spec: Any) -> None:
    """GIVEN a project with a mistake WHEN it is read THEN the error names the field and says what is wrong."""
    with pytest.raises(ConfigurationError) as refused:
        parse_project(document(**spec))
    assert expected in str(refused.value)


def test_what_is_not_known_is_a_warning() -> None:
    """GIVEN unknown fields WHEN read THEN the project is fine and says so."""
    parsed = parse_project(document(colour="red", orphanedResources={"warned": True}, signatureKeys=[]))
    assert (
        "spec.orphanedResources.warned: unknown field, ignored",
        "spec.colour: unknown field, ignored",
    ) == parsed.warnings
