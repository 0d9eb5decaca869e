"""What an application adds to a kustomization gives what Argo CD's own `kustomize edit` commands give."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.kustomizing import KustomizeOptions, KustomizePatch, KustomizeReplicas
from mooring.model.objects import canonical_json
from mooring.model.source import Source
from mooring.render import RenderContext, Rendered, Tools, outline, render
from mooring.render.yaml import load_documents
from tests.doubles.files import write_files

SHA = "0123456789abcdef0123456789abcdef01234567"
CONTEXT = RenderContext("shop", "shop", revision=SHA)

WORKLOADS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "example.com/web:1"}
      - {name: side, image: busybox}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}}
"""
FILES = {
    "apps/base/kustomization.yaml": "resources: [all.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=1]}]\n",
    "apps/base/all.yaml": WORKLOADS,
    "apps/production/kustomization.yaml": (
        "# a comment\nresources:\n- ../base\n- job.yaml\nnamePrefix: old-\ncommonLabels:\n  team: a\n"
        "commonAnnotations: {note: here}\nimages:\n- name: busybox\n  newTag: '1.0'\n"
        "patches:\n- path: patches/first.yaml\n"
    ),
    "apps/production/job.yaml": (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\n"
        "spec: {template: {spec: {containers: [{name: job, image: busybox}]}}}\n"
    ),
    "apps/production/patches/first.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n"
    ),
    "apps/production/patches/second.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {sessionAffinity: ClientIP}\n"
    ),
    "components/many/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 9}]\n"
    ),
}
HERE = "apps/production"
Edit = Callable[..., None]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    write_files(root, FILES)
    return root


@pytest.fixture
def rendered(tools: Mapping[str, Path], checkout: Path) -> Callable[[KustomizeOptions], Rendered]:
    def rendered(options: KustomizeOptions) -> Rendered:
        source = Source("https://example.com/r.git", HERE, kind="Kustomize", kustomize=options)
        return render(source, checkout, CONTEXT, Tools(str(tools["kustomize"]), "/nowhere/helm"))

    return rendered


def _everything(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


def _by_argo(tool: Path, checkout: Path, copy: Path, edits: list[list[str]]) -> list[bytes]:
    """The oracle: the commands that Argo CD's repository server runs, in a checkout of their own."""
    shutil.copytree(checkout, copy, symlinks=True)
    for edit in edits:
        subprocess.run([tool, "edit", *edit], cwd=copy / HERE, check=True, capture_output=True, timeout=30)
    done = subprocess.run([tool, "build", copy / HERE], check=True, capture_output=True, timeout=30)
    return [canonical_json(each) for each in load_documents(done.stdout, where="oracle")]


CASES: dict[str, tuple[KustomizeOptions, list[list[str]]]] = {
    "prefix and suffix": (
        KustomizeOptions(name_prefix="new-", name_suffix="-x"),
        [["set", "nameprefix", "--", "new-"], ["set", "namesuffix", "--", "-x"]],
    ),
    "images": (
        KustomizeOptions(images=("busybox=example.com/box:2", "example.com/web@sha256:ab", "unused:3")),
        [["set", "image", "busybox=example.com/box:2", "example.com/web@sha256:ab", "unused:3"]],
    ),
    "an image with the revision": (
        KustomizeOptions(images=("busybox:${ARGOCD_APP_REVISION_SHORT}",)),
        [["set", "image", f"busybox:{SHA[:7]}"]],
    ),
    "replicas": (
        KustomizeOptions(replicas=(KustomizeReplicas("web", 4),)),
        [["set", "replicas", "web=4"]],
    ),
    "labels": (
        KustomizeOptions(common_labels={"stage": "$ARGOCD_APP_NAME", "of": "x"}),
        [["add", "label", "stage:shop", "of:x"]],
    ),
    "labels, forced": (
        KustomizeOptions(common_labels={"team": "b"}, force_common_labels=True),
        [["add", "label", "--force", "team:b"]],
    ),
    "labels without selectors": (
        KustomizeOptions(common_labels={"stage": "x"}, label_without_selector=True),
        [["add", "label", "--without-selector", "stage:x"]],
    ),
    "labels without selectors in templates": (
        KustomizeOptions(common_labels={"stage": "x"}, label_without_selector=True, label_include_templates=True),
        [["add", "label", "--without-selector", "--include-templates", "stage:x"]],
    ),
    "annotations as they are": (
        KustomizeOptions(common_annotations={"by": "$ARGOCD_APP_NAME: a, b"}),
        [["add", "annotation", "by:$ARGOCD_APP_NAME: a, b"]],
    ),
    "annotations with variables, forced": (
        KustomizeOptions(
            common_annotations={"note": "${ARGOCD_APP_REVISION}"},
            common_annotations_envsubst=True,
            force_common_annotations=True,
        ),
        [["add", "annotation", "--force", f"note:{SHA}"]],
    ),
    "namespace": (KustomizeOptions(namespace="other"), [["set", "namespace", "--", "other"]]),
    "a component": (
        KustomizeOptions(components=("../../components/many",)),
        [["add", "component", "../../components/many"]],
    ),
    "a component, and one that is not there": (
        KustomizeOptions(components=("../../components/none", "../../components/many"), ignore_missing_components=True),
        [["add", "component", "../../components/many"]],
    ),
    "all": (
        KustomizeOptions(
            name_prefix="p-",
            images=("busybox:9",),
            replicas=(KustomizeReplicas("web", 2),),
            common_labels={"l": "1"},
            common_annotations={"a": "2"},
            namespace="all",
            components=("../../components/many",),
        ),
        [
            ["set", "nameprefix", "--", "p-"],
            ["set", "image", "busybox:9"],
            ["set", "replicas", "web=2"],
            ["add", "label", "l:1"],
            ["add", "annotation", "a:2"],
            ["set", "namespace", "--", "all"],
            ["add", "component", "../../components/many"],
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_options_give_what_argo_cds_edits_give(
    case: str, rendered: Callable[..., Rendered], tools: Mapping[str, Path], checkout: Path, tmp_path: Path
) -> None:
    """GIVEN an option, THEN the objects are those of the edited kustomization, and the checkout is as it was."""
    options, edits = CASES[case]
    before = _everything(checkout)
    expected = _by_argo(tools["kustomize"], checkout, tmp_path / "oracle", edits)
    assert expected == [canonical_json(each) for each in rendered(options).objects]
    assert before == _everything(checkout)


def test_patches_come_after_those_of_the_kustomization(rendered: Callable[..., Rendered], checkout: Path) -> None:
    """GIVEN patches by text, by file and by target, THEN all apply, the kustomization's own first."""
    (checkout / HERE / "patches/über 💥.yaml").write_text(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {backoffLimit: 7}\n"
    )
    patches = (
        KustomizePatch(path="patches/second.yaml"),
        KustomizePatch(path="patches/über 💥.yaml"),
        KustomizePatch(
            patch='- {op: replace, path: /spec/replicas, value: 5}\n- {op: add, path: /metadata/annotations/x, value: "💥\\u2028 yes"}',
            target={"kind": "Deployment", "labelSelector": "tier=front"},
        ),
        KustomizePatch(
            patch="apiVersion: v1\nkind: Service\nmetadata: {name: renamed}\nspec: {type: LoadBalancer}",
            target={"kind": "Service"},
            options={"allowNameChange": True},
        ),
    )
    rendering = rendered(KustomizeOptions(patches=patches))
    objects: dict[str, Any] = {each["kind"]: each for each in rendering.objects}
    service = objects["Service"]
    assert ("LoadBalancer", "ClientIP") == (service["spec"]["type"], service["spec"]["sessionAffinity"])
    assert "old-renamed" == service["metadata"]["name"]
    assert 5 == objects["Deployment"]["spec"]["replicas"]
    assert "💥\u2028 yes" == objects["Deployment"]["metadata"]["annotations"]["x"]
    assert 7 == objects["Job"]["spec"]["backoffLimit"]
    assert ("apps/base", HERE) == rendering.depends


def test_components_are_depended_on_also_when_they_are_missing(rendered: Callable[..., Rendered]) -> None:
    """GIVEN a component that is there and one that is not, THEN the appearance of the other would be noticed."""
    options = KustomizeOptions(components=("../../components/many", "../../later/one"), ignore_missing_components=True)
    assert ("apps/base", HERE, "components/many", "later") == rendered(options).depends


def test_the_kustomization_may_be_a_link_and_stays_one(rendered: Callable[..., Rendered], checkout: Path) -> None:
    """GIVEN a kustomization file that is a link, THEN what it leads to is not edited."""
    shared = checkout / "shared.yaml"
    (checkout / HERE / "kustomization.yaml").rename(shared)
    (checkout / HERE / "kustomization.yaml").symlink_to("../../shared.yaml")
    before = shared.read_text()
    rendering = rendered(KustomizeOptions(name_suffix="-z"))
    assert {"old-web-z", "old-once-z"} <= {each["metadata"]["name"] for each in rendering.objects}
    assert before == shared.read_text()
    assert "shared.yaml" in rendering.depends


def test_only_a_render_that_reads_the_revision_says_so(rendered: Callable[..., Rendered]) -> None:
    """A bundle that holds the revision must not be carried on to another."""
    assert not rendered(KustomizeOptions(images=("busybox:1",))).by_revision
    assert rendered(KustomizeOptions(images=("busybox:$ARGOCD_APP_REVISION",))).by_revision


def test_the_version_that_is_built_in_may_be_named(
    rendered: Callable[..., Rendered], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: Mapping[str, Path]
) -> None:
    """GIVEN a version, THEN it is the built-in one, or comes from a layer, or the error names both ways out."""
    assert 4 == len(rendered(KustomizeOptions(version="v5.8.1")).objects)
    with pytest.raises(
        ConfigurationError, match=r"'v4\.5\.7' is not here: v5\.8\.1 is built in; add a layer"
    ) as raised:
        rendered(KustomizeOptions(version="v4.5.7"))
    assert "spec.source.kustomize.version" == raised.value.field
    (tmp_path / "kustomize-v4.5.7").symlink_to(tools["kustomize"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert 4 == len(rendered(KustomizeOptions(version="v4.5.7")).objects)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (KustomizeOptions(common_labels={"team": "b"}), "label team already in kustomization file"),
        (KustomizeOptions(components=("../../components/none",)), "has no match|components/none"),
        (KustomizeOptions(components=("../../../outside",)), "points outside of the repository"),
        (KustomizeOptions(patches=(KustomizePatch(path="https://example.com/p.yaml"),)), "lives outside"),
        (KustomizeOptions(images=("--help",)), "kustomize"),
    ],
)
def test_what_can_not_be_added_is_named(
    rendered: Callable[..., Rendered], checkout: Path, options: KustomizeOptions, words: str
) -> None:
    """GIVEN an option that doesn't fit, THEN the error says which, without kustomize's usage and our paths."""
    with pytest.raises((RenderError, ConfigurationError), match=words) as raised:
        rendered(options)
    assert "Usage" not in str(raised.value)
    assert str(checkout.parent) not in str(raised.value)


def test_charts_in_a_kustomization_are_refused(rendered: Callable[..., Rendered], checkout: Path) -> None:
    """GIVEN `helmCharts`, also in a base, THEN the error names the file and what to do instead."""
    (checkout / "apps/base/kustomization.yaml").write_text("helmCharts: [{name: a, repo: https://example.com}]\n")
    with pytest.raises(RenderError, match=r"apps/base/kustomization\.yaml: helmCharts: .*make the chart a source"):
        rendered(KustomizeOptions())


def test_an_outline_grows_with_what_is_checked_out(checkout: Path) -> None:
    """GIVEN only the source's folder, THEN what it builds on is named; with that there, its own bases are too."""
    whole = checkout.parent / "whole"
    checkout.rename(whole)
    (whole / "apps/base/kustomization.yaml").write_text("resources: [all.yaml, ../../far/base]\n")
    options = KustomizeOptions(components=("../../components/many",))
    source = Source("https://example.com/r.git", HERE, kind="Kustomize", kustomize=options)
    checkout.mkdir()
    steps = []
    for _ in range(4):
        steps.append(outline(source, checkout, CONTEXT))
        for path in steps[-1]:
            if (whole / path).is_dir():
                shutil.copytree(whole / path, checkout / path, dirs_exist_ok=True)
    assert (HERE,) == steps[0]
    assert ("apps/base", HERE, "components/many") == tuple(each for each in steps[1])
    assert ("apps/base", HERE, "components/many", "far/base") == steps[2]
    assert steps[2] == steps[3]
