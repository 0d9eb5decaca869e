"""Applications made from templates and parameters."""

from __future__ import annotations

from typing import Any

import pytest
from tests.doubles.generatorworld import World, declared

from mooring.appsets.generating import generate
from mooring.errors import ConfigurationError

CITIES = {"list": {"elements": [{"name": "riga", "size": "s"}, {"name": "oslo", "size": "l"}]}}
FINALIZER = "resources-finalizer.argocd.argoproj.io"


def test_each_set_of_parameters_is_an_application() -> None:
    """With where it came from, in the set's namespace, and with the finalizer that takes its objects along."""
    first, second = generate(declared(CITIES), World().ports())
    assert ("riga", "oslo") == (first.name, second.name)
    assert "spec.generators[0].list, set 2 of its parameters" == second.origin
    assert {"name": "riga", "namespace": "argocd", "finalizers": [FINALIZER]} == first.document["metadata"]
    assert ("argoproj.io/v1alpha1", "Application") == (first.document["apiVersion"], first.document["kind"])
    assert "web" == first.document["spec"]["source"]["path"]


def test_preserved_resources_get_no_finalizer() -> None:
    """Deleting such an application leaves its objects."""
    kept = declared(CITIES, syncPolicy={"preserveResourcesOnDeletion": True})
    assert "finalizers" not in generate(kept, World().ports())[0].document["metadata"]


def test_unknown_parameters_stay_as_they_are() -> None:
    """As text in a template that may mean something to somebody else."""
    template = {
        "metadata": {"name": "a-{{ name }}", "annotations": {"{{name}}": "{{ unknown }} {{size}} {{", "n": "{{}}"}},
        "spec": {"port": 80, "list": ["{{name}}"]},
    }
    document = generate(declared(CITIES, template=template), World().ports())[0].document
    assert "a-riga" == document["metadata"]["name"]
    assert {"riga": "{{ unknown }} s {{", "n": "{{}}"} == document["metadata"]["annotations"]
    assert {"port": 80, "list": ["riga"]} == document["spec"]


def test_a_generators_own_template_is_laid_over_the_sets() -> None:
    """What it leaves empty comes from below; lists are not joined."""
    own: dict[str, Any] = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"source": {"path": "other", "targetRevision": ""}, "destination": {}},
    }
    listed = {"list": {**CITIES["list"], "template": own}}
    spec = generate(declared(listed), World().ports())[0].document["spec"]
    assert {"repoURL": "https://git.example/fleet.git", "path": "other", "targetRevision": "main"} == spec["source"]
    assert "shops" == spec["project"]


def test_two_applications_of_one_name_are_an_error_that_names_both() -> None:
    """GIVEN a name without a parameter WHEN generated THEN both origins are told."""
    with pytest.raises(ConfigurationError, match=r"'web'.*set 1 .*set 2 ") as caught:
        generate(declared(CITIES, name="web"), World().ports())
    assert "spec.template.metadata.name" == caught.value.field


def test_an_application_without_a_name_is_an_error() -> None:
    """The generator that made it is told."""
    with pytest.raises(ConfigurationError, match=r"generators\[0\]"):
        generate(declared(CITIES, name=""), World().ports())


def test_a_patch_is_laid_over_each_application() -> None:
    """GIVEN a patch WHEN generated THEN mappings join, lists are replaced, null removes, the project stays."""
    patch = """
    metadata: {labels: {size: "{{size}}"}, finalizers: [mine.example/x]}
    spec:
      project: other
      source:
        targetRevision: null
        helm: {valueFiles: ["{{name}}.yaml"]}
      destination: {$patch: replace, server: https://x}
    """
    document = generate(declared(CITIES, templatePatch=patch), World().ports())[1].document
    assert {"size": "l"} == document["metadata"]["labels"]
    assert [FINALIZER, "mine.example/x"] == document["metadata"]["finalizers"]
    assert {
        "project": "shops",
        "source": {
            "repoURL": "https://git.example/fleet.git",
            "path": "web",
            "helm": {"valueFiles": ["oslo.yaml"]},
        },
        "destination": {"server": "https://x"},
    } == document["spec"]


@pytest.mark.parametrize("patch", ["- a", "a: {b", "text", "{}\n---\n{}", "spec: {$patch: maybe}", "spec: null"])
def test_a_patch_that_is_none_is_an_error_of_its_field(patch: str) -> None:
    """Whoever wrote it finds it."""
    with pytest.raises(Exception, match=r"spec\.templatePatch"):
        generate(declared(CITIES, templatePatch=patch), World().ports())
