"""Sources as declared: what is read, what is refused, and where the error points."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.model.kustomizing import KustomizeOptions, KustomizePatch, KustomizeReplicas
from mooring.model.source import HelmParameter, NamedText, PluginParameter, Source, parse_sources

REPOSITORY = "https://git.test/acme/shop"


def parse(**spec: Any) -> tuple[tuple[Source, ...], list[str]]:
    warnings: list[str] = []
    return parse_sources(Fields(copy.deepcopy(spec), "spec", warnings)), warnings


def one(**extra: Any) -> Source:
    sources, warnings = parse(source={"repoURL": REPOSITORY, "path": "k8s"} | extra)
    assert [] == warnings
    return sources[0]


def test_a_chart_of_a_repository() -> None:
    """GIVEN a chart and a range of versions WHEN read THEN the source has no path and is rendered from the chart."""
    (source,), _ = parse(source={"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.*"})
    assert ("web", "", "1.*", True) == (source.chart, source.path, source.target_revision, source.gives_manifests)


def test_several_sources_with_a_ref() -> None:
    """GIVEN a chart with value files of another source WHEN read THEN the ref alone gives no manifests."""
    sources, warnings = parse(
        sources=[
            {
                "repoURL": "https://charts.test",
                "chart": "web",
                "targetRevision": "1.2.3",
                "helm": {"valueFiles": ["$values/web/values.yaml"]},
            },
            {"repoURL": REPOSITORY, "ref": "values", "name": "values"},
            {"repoURL": REPOSITORY, "path": "extra"},
        ]
    )
    assert [] == warnings
    assert [True, False, True] == [source.gives_manifests for source in sources]
    assert ["spec.sources[0]", "spec.sources[1]", "spec.sources[2]"] == [source.declared_at for source in sources]


def test_sources_win_over_source() -> None:
    """GIVEN both WHEN read THEN only `sources` counts, as in Argo CD."""
    sources, _ = parse(source={"repoURL": "", "path": ""}, sources=[{"repoURL": REPOSITORY, "path": "a"}])
    assert ["a"] == [source.path for source in sources]


def test_every_field_of_helm() -> None:
    """GIVEN all of Helm's fields WHEN read THEN each has its value."""
    helm = one(
        helm={
            "valueFiles": ["values.yaml"],
            "values": "a: 1",
            "valuesObject": {"a": 2},
            "parameters": [{"name": "a", "value": "3", "forceString": True}],
            "fileParameters": [{"name": "config", "path": "files/config.json"}],
            "releaseName": "shop",
            "namespace": "elsewhere",
            "kubeVersion": "1.30",
            "apiVersions": ["example.com/v1"],
            "skipCrds": True,
            "skipTests": True,
            "skipSchemaValidation": True,
            "ignoreMissingValueFiles": True,
            "passCredentials": True,
            "version": "v3",
        }
    ).helm
    assert (HelmParameter("a", "3", True),) == helm.parameters
    assert (NamedText("config", "files/config.json"),) == helm.file_parameters
    assert ("elsewhere", "1.30", ("example.com/v1",)) == (helm.namespace, helm.kube_version, helm.api_versions)
    assert helm.skip_crds and helm.skip_tests and helm.skip_schema_validation
    assert helm.ignore_missing_value_files and helm.pass_credentials


def test_every_field_of_kustomize() -> None:
    """GIVEN all of Kustomize's fields WHEN read THEN each has its value; a count may stand in quotes."""
    options = one(
        kustomize={
            "namePrefix": "a-",
            "nameSuffix": "-z",
            "images": ["web=registry.test/web:1"],
            "replicas": [{"name": "web", "count": 3}, {"name": "db", "count": "1"}],
            "patches": [
                {"path": "p.yaml"},
                {
                    "patch": "- op: remove\n  path: /spec/replicas",
                    "target": {"kind": "Deployment", "labelSelector": "app=web"},
                    "options": {"allowNameChange": True},
                },
            ],
            "components": ["../component"],
            "ignoreMissingComponents": True,
            "commonLabels": {"team": "a"},
            "commonAnnotations": {"app": "$ARGOCD_APP_NAME"},
            "commonAnnotationsEnvsubst": True,
            "forceCommonLabels": True,
            "forceCommonAnnotations": True,
            "labelWithoutSelector": True,
            "labelIncludeTemplates": True,
            "namespace": "shop",
            "version": "v5.8.1",
            "kubeVersion": "1.30",
            "apiVersions": ["example.com/v1"],
        }
    ).kustomize
    expected = KustomizeOptions(
        name_prefix="a-",
        name_suffix="-z",
        images=("web=registry.test/web:1",),
        replicas=(KustomizeReplicas("web", 3), KustomizeReplicas("db", 1)),
        patches=(
            KustomizePatch(path="p.yaml"),
            KustomizePatch(
                patch="- op: remove\n  path: /spec/replicas",
                target={"kind": "Deployment", "labelSelector": "app=web"},
                options={"allowNameChange": True},
            ),
        ),
        components=("../component",),
        ignore_missing_components=True,
        common_labels={"team": "a"},
        common_annotations={"app": "$ARGOCD_APP_NAME"},
        common_annotations_envsubst=True,
        force_common_labels=True,
        force_common_annotations=True,
        label_without_selector=True,
        label_include_templates=True,
        namespace="shop",
        version="v5.8.1",
        kube_version="1.30",
        api_versions=("example.com/v1",),
    )
    assert expected == options


def test_jsonnet_and_plugins() -> None:
    """GIVEN Jsonnet's and a plugin's fields WHEN read THEN each has its value and its type."""
    directory = one(
        directory={
            "recurse": True,
            "jsonnet": {
                "extVars": [{"name": "a", "value": "b"}],
                "tlas": [{"name": "n", "value": "1 + 1", "code": True}],
                "libs": ["vendor"],
            },
        }
    ).directory
    assert ((NamedText("a", "b"),), (NamedText("n", "1 + 1", True),), ("vendor",)) == (
        directory.ext_vars,
        directory.tlas,
        directory.libs,
    )
    plugin = one(
        plugin={
            "name": "make",
            "env": [{"name": "STAGE", "value": "qa"}],
            "parameters": [
                {"name": "s", "string": ""},
                {"name": "l", "array": ["x"]},
                {"name": "m", "map": {"k": "v"}},
            ],
        }
    ).plugin
    assert (
        PluginParameter("s", string=""),
        PluginParameter("l", array=("x",)),
        PluginParameter("m", map={"k": "v"}),
    ) == plugin.parameters


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"chart": "web"}, "spec.source.targetRevision"),
        ({"chart": "web", "path": "a", "targetRevision": "1"}, "spec.source.chart"),
        ({"chart": "web", "targetRevision": "1", "kustomize": {}}, "spec.source.kustomize"),
        ({}, "spec.source.path"),
        ({"ref": "x"}, "spec.source.path"),
        ({"path": "a", "ref": "x"}, "spec.source.ref"),
        ({"path": "a", "helm": {}, "plugin": {}}, "spec.source.plugin"),
        ({"path": "a", "helm": {"fileParameters": [{"name": "a"}]}}, "spec.source.helm.fileParameters[0].path"),
        ({"path": "a", "kustomize": {"replicas": [{"name": "a"}]}}, "spec.source.kustomize.replicas[0].count"),
        (
            {"path": "a", "kustomize": {"replicas": [{"name": "a", "count": "many"}]}},
            "spec.source.kustomize.replicas[0].count",
        ),
        (
            {"path": "a", "kustomize": {"replicas": [{"name": "a", "count": -1}]}},
            "spec.source.kustomize.replicas[0].count",
        ),
        ({"path": "a", "kustomize": {"patches": [{}]}}, "spec.source.kustomize.patches[0].patch"),
        ({"path": "a", "kustomize": {"labelIncludeTemplates": True}}, "spec.source.kustomize.labelIncludeTemplates"),
        ({"path": "a", "plugin": {"parameters": [{}]}}, "spec.source.plugin.parameters[0].name"),
    ],
)
def test_what_does_not_fit_together_is_refused(source: dict[str, Any], field: str) -> None:
    """GIVEN fields that contradict each other WHEN read THEN the error names the one to change."""
    with pytest.raises(ConfigurationError) as caught:
        parse(source={"repoURL": REPOSITORY} | source)
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("sources", "field"),
    [
        ([{"ref": "a"}, {"ref": "a"}], "spec.sources[1].ref"),
        ([{"path": "a", "name": "x"}, {"path": "b", "name": "x"}], "spec.sources[1].name"),
        ([{"ref": "a"}], "spec.sources"),
        ([{"path": "a", "helm": {"valueFiles": ["$absent/values.yaml"]}}], "spec.sources[0].helm"),
        ([{"path": "a"}, {"ref": "../x"}], "spec.sources[1].ref"),
    ],
)
def test_several_sources_must_fit_together(sources: list[dict[str, Any]], field: str) -> None:
    """GIVEN several sources of which one contradicts another WHEN read THEN the error names it."""
    with pytest.raises(ConfigurationError) as caught:
        parse(sources=[{"repoURL": REPOSITORY} | each for each in sources])
    assert field == caught.value.field
