"""Applications are read strictly: what is wrong is named by its path."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.application import AppKey, Automated, Retry, parse_application
from mooring.model.ignoring import IgnoreRule, parse_pointer
from mooring.model.source import HelmParameter

MINIMAL: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "shop"},
    "spec": {
        "project": "default",
        "source": {"repoURL": "https://git.test/acme/shop", "path": "k8s"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The minimal application with one field set."""
    document = copy.deepcopy(MINIMAL)
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return document


def test_defaults() -> None:
    """GIVEN the least that an application needs WHEN read THEN the rest has Argo CD's defaults."""
    parsed = parse_application(MINIMAL)
    application = parsed.application
    assert () == parsed.warnings
    assert AppKey("argocd", "shop") == application.key
    assert ("HEAD", "") == (application.source.target_revision, application.source.kind)
    assert application.automated is None
    assert Retry(5, 5.0, 2, 180.0) == application.retry
    assert (False, "Foreground", False, 10) == (
        application.create_namespace,
        application.propagation,
        application.cascade,
        application.history_limit,
    )
    assert MINIMAL == application.declared


def test_everything_that_is_supported() -> None:
    """GIVEN every supported field WHEN read THEN each has its value."""
    document = changed(
        "spec.syncPolicy",
        {
            "automated": {"prune": True, "selfHeal": True, "allowEmpty": True, "enabled": True},
            "syncOptions": ["CreateNamespace=true", "PrunePropagationPolicy=background", "ServerSideApply=true"],
            "retry": {"limit": -1, "backoff": {"duration": "1m30s", "factor": 3, "maxDuration": "10"}},
        },
    )
    document["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io/background"]
    document["spec"]["revisionHistoryLimit"] = 3
    document["spec"]["source"] |= {
        "targetRevision": "~1.2",
        "helm": {
            "valueFiles": ["values.yaml"],
            "values": "a: 1",
            "valuesObject": {"a": 2},
            "parameters": [{"name": "x", "value": "1", "forceString": True}],
            "releaseName": "rel",
            "skipCrds": True,
            "ignoreMissingValueFiles": True,
        },
    }
    parsed = parse_application(document)
    application = parsed.application
    assert () == parsed.warnings
    assert Automated(True, True, True) == application.automated
    assert Retry(-1, 90.0, 3, 10.0) == application.retry
    assert (True, "Background", True, 3) == (
        application.create_namespace,
        application.propagation,
        application.cascade,
        application.history_limit,
    )
    helm = application.source.helm
    assert "Helm" == application.source.kind
    assert (HelmParameter("x", "1", True),) == helm.parameters
    assert (("values.yaml",), "a: 1", {"a": 2}, "rel", True, True) == (
        helm.value_files,
        helm.values,
        helm.values_object,
        helm.release_name,
        helm.skip_crds,
        helm.ignore_missing_value_files,
    )


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("apiVersion", "v1", "apiVersion"),
        ("kind", "ApplicationSet", "kind"),
        ("metadata.name", "", "metadata.name"),
        ("metadata.name", "Not_a_name", "metadata.name"),
        ("metadata.namespace", "a/b", "metadata.namespace"),
        ("metadata.labels", {"a": 1}, "metadata.labels[a]"),
        ("spec", [], "spec"),
        ("spec.source", None, "spec.source"),
        ("spec.source.repoURL", 5, "spec.source.repoURL"),
        ("spec.source.repoURL", "", "spec.source.repoURL"),
        ("spec.source.path", "", "spec.source.path"),
        ("spec.source.path", "/etc", "spec.source.path"),
        ("spec.source.targetRevision", 1.2, "spec.source.targetRevision"),
        ("spec.source.kustomize", "yes", "spec.source.kustomize"),
        ("spec.source.directory", {"recurse": "true"}, "spec.source.directory.recurse"),
        ("spec.source.helm", {"valueFiles": "values.yaml"}, "spec.source.helm.valueFiles"),
        ("spec.source.helm", {"valueFiles": [1]}, "spec.source.helm.valueFiles[0]"),
        ("spec.source.helm", {"parameters": [{"value": "x"}]}, "spec.source.helm.parameters[0].name"),
        ("spec.source.helm", {"version": "v2"}, "spec.source.helm.version"),
        ("spec.destination", None, "spec.destination"),
        ("spec.destination", {"namespace": "x"}, "spec.destination.server"),
        ("spec.destination", {"server": "https://a", "name": "b"}, "spec.destination.name"),
        ("spec.syncPolicy", {"automated": True}, "spec.syncPolicy.automated"),
        ("spec.syncPolicy", {"automated": {"prune": "true"}}, "spec.syncPolicy.automated.prune"),
        ("spec.syncPolicy", {"syncOptions": "CreateNamespace=true"}, "spec.syncPolicy.syncOptions"),
        ("spec.syncPolicy", {"syncOptions": ["CreateNamespace=yes"]}, "spec.syncPolicy.syncOptions[0]"),
        ("spec.syncPolicy", {"retry": {"limit": True}}, "spec.syncPolicy.retry.limit"),
        ("spec.syncPolicy", {"retry": {"backoff": {"duration": "5x"}}}, "spec.syncPolicy.retry.backoff.duration"),
        ("spec.syncPolicy", {"retry": {"backoff": {"factor": 0}}}, "spec.syncPolicy.retry.backoff.factor"),
        ("spec.revisionHistoryLimit", -1, "spec.revisionHistoryLimit"),
        ("spec.ignoreDifferences", {}, "spec.ignoreDifferences"),
        ("spec.ignoreDifferences", ["/spec"], "spec.ignoreDifferences[0]"),
        ("spec.ignoreDifferences", [{"group": "apps"}], "spec.ignoreDifferences[0].kind"),
        ("spec.ignoreDifferences", [{"kind": "A"}, {"kind": "B", "name": 1}], "spec.ignoreDifferences[1].name"),
        (
            "spec.ignoreDifferences",
            [{"kind": "A", "jsonPointers": ["/a", "spec/replicas"]}],
            "spec.ignoreDifferences[0].jsonPointers[1]",
        ),
        (
            "spec.ignoreDifferences",
            [{"kind": "A", "jsonPointers": ["/a/~2"]}],
            "spec.ignoreDifferences[0].jsonPointers[0]",
        ),
        (
            "spec.ignoreDifferences",
            [{"kind": "A", "jqPathExpressions": [" "]}],
            "spec.ignoreDifferences[0].jqPathExpressions[0]",
        ),
        (
            "spec.ignoreDifferences",
            [{"kind": "A", "managedFieldsManagers": "hpa"}],
            "spec.ignoreDifferences[0].managedFieldsManagers",
        ),
        ("spec.syncPolicy", {"syncOptions": ["RespectIgnoreDifferences=1"]}, "spec.syncPolicy.syncOptions[0]"),
    ],
)
def test_wrong_values_name_their_field(path: str, value: Any, field: str) -> None:
    """GIVEN a wrong type or value WHEN read THEN the error names the field's path."""
    with pytest.raises(ConfigurationError) as caught:
        parse_application(changed(path, value))
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("operation", {"sync": {}}, "operation"),
    ],
)
def test_known_fields_that_are_not_supported_yet_say_so(path: str, value: Any, field: str) -> None:
    """GIVEN a field of Argo CD that Mooring can't honour WHEN read THEN an error says so, with its path."""
    with pytest.raises(ConfigurationError, match="does not support yet") as caught:
        parse_application(changed(path, value))
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("path", "value", "warning"),
    [
        ("spec.sauce", 1, "spec.sauce: unknown field, ignored"),
        ("spec.source.branch", "main", "spec.source.branch: unknown field, ignored"),
        ("spec.syncPolicy", {"auto": {}}, "spec.syncPolicy.auto: unknown field, ignored"),
        (
            "spec.syncPolicy",
            {"syncOptions": ["Fast=true"]},
            "spec.syncPolicy.syncOptions[0]: unknown option 'Fast=true', ignored",
        ),
        ("extra", 1, "extra: unknown field, ignored"),
        (
            "spec.ignoreDifferences",
            [{"kind": "A", "jsonPointer": ["/a"], "jsonPointers": ["/b"]}],
            "spec.ignoreDifferences[0].jsonPointer: unknown field, ignored",
        ),
        (
            "spec.ignoreDifferences",
            [{"kind": "A"}],
            "spec.ignoreDifferences[0]: ignores nothing: give jsonPointers, jqPathExpressions or managedFieldsManagers",
        ),
    ],
)
def test_unknown_fields_are_warnings(path: str, value: Any, warning: str) -> None:
    """GIVEN a field that nobody knows WHEN read THEN the application is fine and a warning names the path."""
    assert (warning,) == parse_application(changed(path, value)).warnings


def test_empty_values_of_unsupported_fields_are_fine() -> None:
    """GIVEN an unsupported field that is empty, as tools write it, WHEN read THEN nothing is said."""
    document = changed("spec.sourceHydrator", {})
    assert () == parse_application(document).warnings


def test_ignored_differences() -> None:
    """GIVEN rules and the option that respects them WHEN read THEN each rule has its values, in order."""
    rule = {
        "group": "apps",
        "kind": "Deployment",
        "name": "web",
        "namespace": "shop",
        "jsonPointers": ["/spec/replicas", "/metadata/labels/a~1b~0"],
        "jqPathExpressions": [".spec.x[]?"],
        "managedFieldsManagers": ["hpa"],
    }
    document = changed("spec.ignoreDifferences", [rule, {"group": "*", "kind": "*", "managedFieldsManagers": ["x"]}])
    document["spec"]["syncPolicy"] = {"syncOptions": ["RespectIgnoreDifferences=true"]}
    parsed = parse_application(document)
    assert () == parsed.warnings
    assert parsed.application.respect_ignore_differences
    first, second = parsed.application.ignore_differences
    assert IgnoreRule("*", "*", managed_fields_managers=("x",)) == second
    assert "spec.ignoreDifferences[1]" == second.where
    assert ("apps", "Deployment", "web", "shop") == (first.group, first.kind, first.name, first.namespace)
    assert (".spec.x[]?",) == first.jq_path_expressions
    assert [("spec", "replicas"), ("metadata", "labels", "a/b~")] == [parse_pointer(p) for p in first.json_pointers]


@pytest.mark.parametrize(
    ("finalizers", "expected"),
    [
        ([], (False, "Foreground")),
        (["resources-finalizer.argocd.argoproj.io"], (True, "Foreground")),
        (["resources-finalizer.argocd.argoproj.io/foreground"], (True, "Foreground")),
        (["resources-finalizer.argocd.argoproj.io/background"], (True, "Background")),
        (["example.com/other"], (False, "Foreground")),
    ],
)
def test_finalizers(finalizers: list[str], expected: tuple[bool, str]) -> None:
    """GIVEN finalizers WHEN read THEN they say whether objects go with the application, and how."""
    application = parse_application(changed("metadata.finalizers", finalizers)).application
    assert expected == (application.cascade, application.deletion_propagation)


def test_disabled_automation_is_none() -> None:
    """GIVEN automated.enabled false WHEN read THEN the application is not automated."""
    assert (
        parse_application(changed("spec.syncPolicy", {"automated": {"enabled": False}})).application.automated is None
    )


@pytest.mark.parametrize(
    ("failures", "expected"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 180), (99, 180)]
)
def test_backoff(failures: int, expected: float) -> None:
    """GIVEN the default retry WHEN tries fail THEN the delays double from 5 s up to 3 minutes."""
    assert expected == Retry().delay(failures)


@pytest.mark.parametrize(("text", "expected"), [("shop", "argocd/shop"), ("team-a/shop", "team-a/shop")])
def test_names(text: str, expected: str) -> None:
    """GIVEN a name with or without namespace WHEN read and printed THEN it is NAMESPACE/NAME."""
    assert expected == str(AppKey.parse(text))


@pytest.mark.parametrize("text", ["", "a/b/c", "A", "../x", "a b"])
def test_wrong_names_are_refused(text: str) -> None:
    """GIVEN something that names no application WHEN read THEN it is refused."""
    with pytest.raises(ConfigurationError):
        AppKey.parse(text)


@pytest.mark.parametrize("factor", [10**6, 2**63 - 1, 10**400])
def test_the_steepest_backoff_stays_a_number(factor: int) -> None:
    """GIVEN a factor beyond reason WHEN many tries have failed THEN the next is due after `max_duration`, as ever."""
    assert 180.0 == Retry(factor=factor).delay(1_000)
