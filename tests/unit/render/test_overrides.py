"""`.argocd-source.yaml` and `.argocd-source-<application>.yaml`: what they change and what they can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.fields import Fields
from mooring.model.source import HelmParameter, Source, parse_source
from mooring.render.overrides import overridden

URL = "https://example.com/r.git"
EVERYTHING = {
    "helm": {
        "valueFiles": ["a.yaml"],
        "values": "a: 1",
        "valuesObject": {"b": {"c": [1]}},
        "parameters": [{"name": "x", "value": "1", "forceString": True}],
        "fileParameters": [{"name": "f", "path": "f.txt"}],
        "releaseName": "r",
        "namespace": "n",
        "kubeVersion": "1.30.0",
        "apiVersions": ["a/v1"],
        "skipCrds": True,
        "skipTests": True,
        "skipSchemaValidation": True,
        "ignoreMissingValueFiles": True,
        "passCredentials": True,
    },
    "kustomize": {
        "namePrefix": "p-",
        "nameSuffix": "-s",
        "images": ["a:1"],
        "replicas": [{"name": "web", "count": 2}],
        "patches": [{"path": "p.yaml"}, {"patch": "x", "target": {"kind": "A"}, "options": {"allowNameChange": True}}],
        "components": ["../c"],
        "ignoreMissingComponents": True,
        "commonLabels": {"a": "b"},
        "commonAnnotations": {"c": "d"},
        "commonAnnotationsEnvsubst": True,
        "forceCommonLabels": True,
        "forceCommonAnnotations": True,
        "labelWithoutSelector": True,
        "labelIncludeTemplates": True,
        "namespace": "n",
        "version": "v5.8.1",
        "kubeVersion": "1.30.0",
        "apiVersions": ["a/v1"],
    },
    "directory": {
        "recurse": True,
        "include": "*.yaml",
        "exclude": "x*",
        "jsonnet": {
            "extVars": [{"name": "a", "value": "b", "code": True}],
            "tlas": [{"name": "c", "value": "d"}],
            "libs": ["lib"],
        },
    },
    "plugin": {
        "name": "p",
        "env": [{"name": "A", "value": "b"}],
        "parameters": [{"name": "s", "string": ""}, {"name": "a", "array": ["x"]}, {"name": "m", "map": {"k": "v"}}],
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "checkout/k8s").mkdir(parents=True)
    return tmp_path / "checkout"


def _source(**blocks: object) -> Source:
    return parse_source(Fields({"repoURL": URL, "path": "k8s", "targetRevision": "main", **blocks}, "spec.source", []))


@pytest.mark.parametrize("block", EVERYTHING)
def test_what_is_not_overridden_stays(root: Path, block: str) -> None:
    """GIVEN a source with every field set and an override that sets nothing, THEN the source is the same."""
    source = _source(**{block: EVERYTHING[block]})
    (root / "k8s/.argocd-source.yaml").write_text("{}\n")
    changed = overridden(source, root, "k8s", "shop")
    assert source == changed.source
    assert [] == changed.warnings


def test_both_files_are_merged_the_applications_own_last(root: Path) -> None:
    """GIVEN both files, THEN mappings are merged, lists replaced and nulls remove (RFC 7386)."""
    source = _source(kustomize={"images": ["a:1"], "namePrefix": "p-", "commonLabels": {"a": "1", "b": "2"}})
    (root / "k8s/.argocd-source.yaml").write_text("kustomize: {images: [a:2], commonLabels: {a: '9'}}\n")
    (root / "k8s/.argocd-source-team_shop.yaml").write_text(
        "kustomize: {images: [a:3, b:1], nameSuffix: -s, commonLabels: {b: null}}\n"
    )
    (root / "k8s/.argocd-source-shop.yaml").write_text("kustomize: {images: [never]}\n")
    changed = overridden(source, root, "k8s", "team_shop")
    options = changed.source.kustomize
    assert (("a:3", "b:1"), "p-", "-s", {"a": "9"}) == (
        options.images,
        options.name_prefix,
        options.name_suffix,
        options.common_labels,
    )
    assert {"k8s/.argocd-source.yaml", "k8s/.argocd-source-team_shop.yaml"} == changed.depends


def test_a_source_without_a_type_gets_one(root: Path) -> None:
    """GIVEN Image Updater's file for a chart that nothing was declared for, THEN its parameters apply."""
    (root / "k8s/.argocd-source-shop.yaml").write_text(
        "helm: {parameters: [{name: tag, value: '2', forcestring: true}]}"
    )
    changed = overridden(_source(), root, "k8s", "shop")
    assert "Helm" == changed.source.kind
    assert (HelmParameter("tag", "2"),) == changed.source.helm.parameters
    assert 1 == len(changed.warnings)


def test_where_the_source_is_can_not_be_overridden(root: Path) -> None:
    """GIVEN an override of address, path, revision and chart, THEN they stay as declared."""
    (root / "k8s/.argocd-source.yaml").write_text(
        "repoURL: https://evil.example.com/x.git\npath: other\ntargetRevision: evil\nchart: evil\nref: evil\n"
    )
    assert _source() == overridden(_source(), root, "k8s", "shop").source


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- a\n", "must be one mapping"),
        ("{}\n---\n{}\n", "must be one mapping"),
        ("helm: [\n", "argocd-source"),
        ("helm: {parameters: 1}\n", "parameters.*must be a list"),
        ("directory: {}\n", "a source has one type"),
    ],
)
def test_a_file_that_can_not_be_merged_is_named(root: Path, content: str, words: str) -> None:
    """GIVEN a broken override, THEN the error says in which file."""
    (root / "k8s/.argocd-source.yaml").write_text(content)
    with pytest.raises((ConfigurationError, RenderError), match=words) as raised:
        overridden(_source(helm={}), root, "k8s", "shop")
    assert "k8s/.argocd-source.yaml" in str(raised.value)


def test_an_override_may_be_a_link_that_stays_inside(root: Path) -> None:
    """GIVEN a link, THEN both ends are depended on; one that leaves is refused."""
    (root / "shared.yaml").write_text("directory: {recurse: true}\n")
    (root / "k8s/.argocd-source.yaml").symlink_to("../shared.yaml")
    changed = overridden(_source(), root, "k8s", "shop")
    assert changed.source.directory.recurse
    assert {"k8s/.argocd-source.yaml", "shared.yaml"} == changed.depends
    (root / "k8s/.argocd-source-shop.yaml").symlink_to("../../outside.yaml")
    with pytest.raises(ConfigurationError, match="points outside of the repository"):
        overridden(_source(), root, "k8s", "shop")
