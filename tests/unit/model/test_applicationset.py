"""ApplicationSets are read strictly, and what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.applicationset import ApplicationSet, parse_application_set, requeue_after
from mooring.model.forges import SecretRef
from mooring.model.generatorkinds import (
    Elements,
    Generator,
    GitDirectories,
    Matrix,
    Merge,
    PullRequests,
    Repositories,
)
from mooring.model.selectors import Requirement

ELEMENTS = {"list": {"elements": [{"name": "blue"}]}}
TOKEN = {"secretName": "code", "key": "token"}


def document(*generators: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """An ApplicationSet of these generators."""
    template = {"metadata": {"name": "{{name}}"}, "spec": {"project": "default"}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "shops"},
        "spec": {"generators": list(generators or (ELEMENTS,)), "template": template, **spec},
    }


def parsed(*generators: dict[str, Any], **spec: Any) -> ApplicationSet:
    return parse_application_set(document(*generators, **spec)).application_set


def only(generator: dict[str, Any]) -> Generator:
    return parsed(generator).generators[0]


def test_a_small_set_has_argo_cds_defaults() -> None:
    """What is not given is what Argo CD takes it for."""
    found = parsed()
    assert "argocd/shops" == str(found.key)
    assert ("sync", True, True) == (found.policy, found.may_update, found.may_delete)
    assert (False, (), "", False) == (
        found.go_template,
        found.go_template_options,
        found.template_patch,
        found.preserve_resources,
    )
    assert ((), False) == (found.rollout.steps, found.rollout.reverse)
    assert Elements(({"name": "blue"},), "") == found.generators[0].detail


@pytest.mark.parametrize(
    ("policy", "update", "delete"),
    [
        ("create-only", False, False),
        ("create-update", True, False),
        ("create-delete", False, True),
        ("sync", True, True),
    ],
)
def test_policies_say_what_is_allowed(policy: str, *, update: bool, delete: bool) -> None:
    """Each policy is a pair of permissions."""
    found = parsed(syncPolicy={"applicationsSync": policy, "preserveResourcesOnDeletion": True})
    assert (update, delete, True) == (found.may_update, found.may_delete, found.preserve_resources)


def test_a_matrix_holds_two_generators_that_may_hold_others_once() -> None:
    """GIVEN a merge in a matrix WHEN read THEN children know their level and their path."""
    merge = {"merge": {"mergeKeys": ["name"], "generators": [ELEMENTS, ELEMENTS]}}
    found = only({"matrix": {"generators": [ELEMENTS, merge]}})
    assert isinstance(found.detail, Matrix)
    inner = found.detail.children[1].detail
    assert isinstance(inner, Merge)
    assert ("name",) == inner.keys
    assert 2 == inner.children[0].level
    assert "spec.generators[0].matrix.generators[1].merge.generators[0].list" == inner.children[0].where


def test_every_leaf_is_read() -> None:
    """Git, code hosts, pull requests, plugins and decisions with all that they may say."""
    git = only(
        {
            "git": {
                "repoURL": "https://git.example/fleet.git",
                "directories": [{"path": "apps/*"}, {"path": "apps/old", "exclude": True}],
                "pathParamPrefix": "fleet",
                "values": {"team": "a"},
                "requeueAfterSeconds": 60,
            }
        }
    )
    assert isinstance(git.detail, GitDirectories)
    assert ("HEAD", "fleet", {"team": "a"}, 60) == (
        git.detail.revision,
        git.detail.prefix,
        git.values,
        git.requeue_after,
    )
    assert [("apps/*", False), ("apps/old", True)] == [(each.path, each.exclude) for each in git.detail.items]
    hosts = only(
        {"scmProvider": {"gitlab": {"group": "g", "includeSubgroups": True, "tokenRef": TOKEN}, "cloneProtocol": "ssh"}}
    )
    assert isinstance(hosts.detail, Repositories)
    assert ("gitlab", "g", True, SecretRef("code", "token")) == (
        hosts.detail.forge.kind,
        hosts.detail.forge.owner,
        hosts.detail.forge.subgroups,
        hosts.detail.forge.token,
    )
    request = only(
        {
            "pullRequest": {
                "bitbucketServer": {
                    "project": "p",
                    "repo": "r",
                    "api": "https://bb.example/",
                    "basicAuth": {"username": "u", "passwordRef": TOKEN},
                },
                "filters": [{"branchMatch": "^feat"}],
            }
        }
    )
    assert isinstance(request.detail, PullRequests)
    assert ("https://bb.example", "u", SecretRef("code", "token")) == (
        request.detail.forge.api,
        request.detail.forge.user,
        request.detail.forge.password,
    )
    plugin = {"plugin": {"configMapRef": {"name": "svc"}, "input": {"parameters": {"a": [1]}}}}
    decisions = {"clusterDecisionResource": {"configMapRef": "placement", "name": "quick"}}
    assert ["plugin", "clusterDecisionResource"] == [each.kind for each in parsed(plugin, decisions).generators]


def test_two_kinds_in_one_entry_are_two_generators() -> None:
    """Argo CD allows it at the top; the selector is for both."""
    found = parsed({"list": {"elements": []}, "clusters": {}, "selector": {"matchLabels": {"a": "b"}}})
    assert ["list", "clusters"] == [each.kind for each in found.generators]
    assert all(each.selector is not None for each in found.generators)


def test_rolling_sync_is_read_in_order() -> None:
    """Steps keep their order, and their limits their form."""
    steps = [
        {"matchExpressions": [{"key": "env", "operator": "In", "values": ["dev"]}]},
        {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["dev"]}], "maxUpdate": "25%"},
        {"maxUpdate": 0},
    ]
    found = parsed(strategy={"type": "RollingSync", "rollingSync": {"steps": steps}, "deletionOrder": "Reverse"})
    assert found.rollout.reverse
    assert [None, "25%", 0] == [each.max_update for each in found.rollout.steps]
    assert (Requirement("env", "NotIn", ("dev",)),) == found.rollout.steps[1].requirements


@pytest.mark.parametrize(
    ("generator", "field"),
    [
        ({}, "spec.generators[0]"),
        ({"oracle": {}}, "spec.generators[0].oracle"),
        ({"matrix": {"generators": [ELEMENTS]}}, "spec.generators[0].matrix.generators"),
        ({"matrix": {"generators": [ELEMENTS] * 3}}, "spec.generators[0].matrix.generators"),
        (
            {"matrix": {"generators": [ELEMENTS, {**ELEMENTS, "clusters": {}}]}},
            "spec.generators[0].matrix.generators[1].clusters",
        ),
        ({"merge": {"generators": [ELEMENTS], "mergeKeys": ["a"]}}, "spec.generators[0].merge.generators"),
        ({"merge": {"generators": [ELEMENTS, ELEMENTS]}}, "spec.generators[0].merge.mergeKeys"),
        ({"list": {"elements": ["a"]}}, "spec.generators[0].list.elements[0]"),
        ({"git": {"repoURL": "x"}}, "spec.generators[0].git"),
        ({"git": {"files": [{"path": "x"}]}}, "spec.generators[0].git.repoURL"),
        ({"scmProvider": {}}, "spec.generators[0].scmProvider"),
        ({"scmProvider": {"gitea": {"owner": "o"}}}, "spec.generators[0].scmProvider.gitea.api"),
        (
            {"scmProvider": {"github": {"organization": "o", "api": "ftp://x"}}},
            "spec.generators[0].scmProvider.github.api",
        ),
        (
            {"scmProvider": {"azureDevOps": {"organization": "o", "teamProject": "t"}}},
            "spec.generators[0].scmProvider.azureDevOps.accessTokenRef",
        ),
        (
            {"pullRequest": {"github": {"owner": "o", "repo": "r", "tokenRef": {"secretName": "s"}}}},
            "spec.generators[0].pullRequest.github.tokenRef.key",
        ),
        ({"plugin": {}}, "spec.generators[0].plugin.configMapRef"),
        ({"clusterDecisionResource": {"configMapRef": "c"}}, "spec.generators[0].clusterDecisionResource"),
        (
            {"clusters": {"selector": {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}}},
            "spec.generators[0].clusters.selector.matchExpressions[0].operator",
        ),
    ],
)
def test_a_generator_that_is_wrong_names_its_field(generator: dict[str, Any], field: str) -> None:
    """The path leads to what has to be changed."""
    with pytest.raises(ConfigurationError) as caught:
        parsed(generator)
    assert field == caught.value.field


def test_combinations_nest_once_only() -> None:
    """GIVEN a matrix in a matrix in a matrix WHEN read THEN it is refused, as Argo CD's types refuse it."""
    innermost = {"matrix": {"generators": [ELEMENTS, ELEMENTS]}}
    inner = {"matrix": {"generators": [innermost, ELEMENTS]}}
    with pytest.raises(ConfigurationError, match="nested once"):
        parsed({"matrix": {"generators": [inner, ELEMENTS]}})


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"generators": []}, "spec.generators"),
        ({"template": None}, "spec.template"),
        ({"syncPolicy": {"applicationsSync": "never"}}, "spec.syncPolicy.applicationsSync"),
        ({"strategy": {"type": "RollingSync"}}, "spec.strategy.rollingSync.steps"),
        ({"strategy": {"type": "Slowly"}}, "spec.strategy.type"),
        ({"strategy": {"deletionOrder": "Reverse"}}, "spec.strategy.deletionOrder"),
        (
            {"strategy": {"type": "RollingSync", "rollingSync": {"steps": [{"maxUpdate": "many"}]}}},
            "spec.strategy.rollingSync.steps[0].maxUpdate",
        ),
        (
            {"strategy": {"type": "RollingSync", "rollingSync": {"steps": [{"maxUpdate": -1}]}}},
            "spec.strategy.rollingSync.steps[0].maxUpdate",
        ),
        (
            {"ignoreApplicationDifferences": [{"jsonPointers": ["spec"]}]},
            "spec.ignoreApplicationDifferences[0].jsonPointers[0]",
        ),
        ({"template": {"metadata": {"labels": {"a": 1}}}}, "spec.template.metadata.labels[a]"),
    ],
)
def test_a_set_that_is_wrong_names_its_field(spec: dict[str, Any], field: str) -> None:
    """The path leads to what has to be changed."""
    with pytest.raises(ConfigurationError) as caught:
        parsed(**spec)
    assert field == caught.value.field


def test_unknown_fields_are_warned_of() -> None:
    """They would be pruned by Argo CD's own API."""
    found = parse_application_set(document(goTemplateOptions=["missingkey=error"], surprise=1))
    assert (
        "spec.goTemplateOptions: mean nothing without goTemplate: true",
        "spec.surprise: unknown field, ignored",
    ) == found.warnings


@pytest.mark.parametrize(
    ("generators", "seconds"),
    [
        ((ELEMENTS,), None),
        (({"clusters": {}},), None),
        (({"git": {"repoURL": "x", "files": [{"path": "y"}]}},), 180),
        (({"scmProvider": {"github": {"organization": "o"}, "requeueAfterSeconds": 20}},), 20),
        (({"matrix": {"generators": [ELEMENTS, {"pullRequest": {"gitlab": {"project": "p"}}}]}},), 1800),
    ],
)
def test_the_shortest_time_counts(generators: tuple[dict[str, Any], ...], seconds: int | None) -> None:
    """What is declared is never asked again; the rest has a time of its own."""
    assert seconds == requeue_after(parsed(*generators).generators)
