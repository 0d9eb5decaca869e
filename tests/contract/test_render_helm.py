"""Rendering with the real Helm: values and their precedence, what charts are told, and what they can't reach."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError, PermanentError, RenderError
from mooring.model.source import HelmOptions, HelmParameter, Source
from mooring.render import RenderContext, Rendered, Tools, render
from tests.doubles.files import write_files

Files = Mapping[str, str]
Render = Callable[..., Rendered]

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
PLAIN = HelmOptions()
CONTEXT = RenderContext("catalog", "shop", "1.36.3", ("example.com/v1", "example.com/v1/Widget"))
FILES = {
    "charts/shop/Chart.yaml": CHART,
    "charts/shop/values.yaml": "color: default\nsize: default\nshape: default\nlist: [1]\n",
    "charts/shop/values-production.yaml": "size: file\nshape: file\n",
    "charts/shop/templates/settings.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"
        "data: {values: {{ toJson .Values | quote }}}\n"
    ),
    "charts/shop/templates/_helpers.tpl": '{{- define "x" }}{{ end }}',
    "charts/shop/templates/NOTES.txt": "Thank you.\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    return root


@pytest.fixture
def rendering(tools: Mapping[str, Path], checkout: Path) -> Render:
    def rendering(options: HelmOptions = PLAIN, files: Files = FILES, path: str = "charts/shop") -> Rendered:
        write_files(checkout, files)
        source = Source("https://example.com/r.git", path, helm=options)
        return render(source, checkout, CONTEXT, Tools(kustomize="/nowhere/kustomize", helm=str(tools["helm"])))

    return rendering


def _values(rendered: Rendered) -> dict[str, Any]:
    (settings,) = [manifest for manifest in rendered.objects if manifest["kind"] == "ConfigMap"]
    values: dict[str, Any] = json.loads(settings["data"]["values"])
    return values


def test_a_chart_renders_under_the_applications_name(rendering: Render) -> None:
    """GIVEN a chart and nothing else, THEN the release has its name, and the chart is all that it depends on."""
    rendered = rendering()
    assert ("Helm", ("charts/shop",)) == (rendered.source_type, rendered.depends)
    assert ["catalog"] == [manifest["metadata"]["name"] for manifest in rendered.objects]
    assert {"color": "default", "size": "default", "shape": "default", "list": [1]} == _values(rendered)


def test_later_values_win_over_earlier_ones(rendering: Render) -> None:
    """Value files, then values, then parameters, as Argo CD orders them."""
    options = HelmOptions(
        value_files=("values-production.yaml",),
        values="shape: values\n",
        parameters=(HelmParameter("color", "parameter"),),
    )
    expected = {"color": "parameter", "size": "file", "shape": "values", "list": [1]}
    assert expected == _values(rendering(options))


def test_the_object_of_values_wins_over_their_text(rendering: Render) -> None:
    """GIVEN both, THEN valuesObject is used, with every type as it is."""
    given = {"shape": None, "size": 1.5, "list": ["y", 0, True], "deep": {"0777": "0777"}}
    expected = {"color": "default", "size": 1.5, "list": ["y", 0, True], "deep": {"0777": "0777"}}
    assert expected == _values(rendering(HelmOptions(values="color: text\n", values_object=given)))


def test_parameters_are_typed_unless_forced_and_may_hold_commas(rendering: Render) -> None:
    """GIVEN numbers, lists, commas and a name that looks like an option, THEN each reaches the chart as meant."""
    options = HelmOptions(
        parameters=(
            HelmParameter("color", "1"),
            HelmParameter("size", "1", force_string=True),
            HelmParameter("shape", "a,b=c"),
            HelmParameter("list", "{a,b}"),
            HelmParameter("deep.inner", "--debug"),
        )
    )
    expected = {"color": 1, "size": "1", "shape": "a,b=c", "list": ["a", "b"], "deep": {"inner": "--debug"}}
    assert expected == _values(rendering(options))


def test_a_chart_knows_its_release_and_the_cluster(rendering: Render) -> None:
    """Release name, namespace, Kubernetes version and API versions are what the application and its cluster say."""
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: facts}\ndata:\n  release: {{ .Release.Name }}\n"
        "  namespace: {{ .Release.Namespace }}\n  version: {{ .Capabilities.KubeVersion.Version | quote }}\n"
        '  widget: {{ .Capabilities.APIVersions.Has "example.com/v1/Widget" | quote }}\n'
        '  absent: {{ .Capabilities.APIVersions.Has "absent.io/v1" | quote }}\n'
    )
    files = {"chart/Chart.yaml": CHART, "chart/templates/facts.yaml": template}
    (facts,) = rendering(HelmOptions(release_name="other"), files, "chart").objects
    expected = {"release": "other", "namespace": "shop", "version": "v1.36.3", "widget": "true", "absent": "false"}
    assert expected == facts["data"]


@pytest.mark.parametrize(
    ("skip", "expected"), [(False, ["CustomResourceDefinition", "ConfigMap"]), (True, ["ConfigMap"])]
)
def test_resource_definitions_are_included_unless_skipped(rendering: Render, skip: bool, expected: list[str]) -> None:
    """GIVEN a chart with crds/, THEN they are part of the application, as in Argo CD."""
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n"
    rendered = rendering(HelmOptions(skip_crds=skip), {**FILES, "charts/shop/crds/a.yaml": crd})
    assert expected == [manifest["kind"] for manifest in rendered.objects]


_HOOK = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, annotations: {{helm.sh/hook: '{1}'}}}}\n"


def test_tests_of_a_chart_are_left_out(rendering: Render) -> None:
    """GIVEN hooks that run in no sync, THEN the objects are the chart's others."""
    hooks = {"check": "test", "old": "test-success", "undo": "pre-rollback"}
    files = {f"charts/shop/templates/{name}.yaml": _HOOK.format(name, times) for name, times in hooks.items()}
    rendered = rendering(HelmOptions(), {**FILES, **files})
    assert ["ConfigMap"] == [manifest["kind"] for manifest in rendered.objects]


def test_hooks_of_a_chart_stay_among_its_objects(rendering: Render) -> None:
    """GIVEN a hook that runs in a sync, THEN it is there with its annotations."""
    files = {**FILES, "charts/shop/templates/migrate.yaml": _HOOK.format("migrate", "test,pre-install")}
    rendered = rendering(HelmOptions(), files)
    assert ["ConfigMap", "Pod"] == sorted(manifest["kind"] for manifest in rendered.objects)


def test_value_files_may_lie_elsewhere_in_the_repository(rendering: Render, checkout: Path) -> None:
    """GIVEN files beside the chart, from the root, through a link and with a comma, THEN the render depends on them."""
    files = {
        **FILES,
        "environments/a,b.yaml": "color: beside\n",
        "environments/root.yaml": "size: root\n",
        "environments/real.yaml": "shape: linked\n",
    }
    write_files(checkout, files)
    (checkout / "environments" / "link.yaml").symlink_to("real.yaml")
    names = ("../../environments/a,b.yaml", "/environments/root.yaml", "../../environments/link.yaml")
    rendered = rendering(HelmOptions(value_files=names), {})
    assert {"color": "beside", "size": "root", "shape": "linked", "list": [1]} == _values(rendered)
    expected = (
        "charts/shop",
        "environments/a,b.yaml",
        "environments/link.yaml",
        "environments/real.yaml",
        "environments/root.yaml",
    )
    assert expected == rendered.depends


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", r"'charts/shop/missing\.yaml' does not exist .*ignoreMissingValueFiles"),
        ("../../../secret.yaml", "points outside of the repository"),
        ("/../secret.yaml", "points outside of the repository"),
        ("leaves.yaml", r"'charts/shop/leaves\.yaml' points outside"),
        ("templates", "is a folder"),
        ("https://example.com/values.yaml", "by URL are not supported, since"),
        ("$values/values.yaml", r"no source has the ref 'values'"),
    ],
)
def test_a_value_file_that_can_not_be_used_names_its_field(
    rendering: Render, checkout: Path, name: str, message: str
) -> None:
    """The error is about the entry of valueFiles, even where missing files are ignored and this one leaves."""
    write_files(checkout, FILES)
    (checkout / ".." / "secret.yaml").write_text("color: secret\n")
    (checkout / "charts" / "shop" / "leaves.yaml").symlink_to("../../../secret.yaml")
    with pytest.raises(ConfigurationError, match=message) as raised:
        rendering(HelmOptions(value_files=("values.yaml", name), ignore_missing_value_files="missing" not in name))
    assert "spec.source.helm.valueFiles[1]" == raised.value.field


def test_a_missing_value_file_may_be_ignored_and_still_counts(rendering: Render) -> None:
    """GIVEN ignoreMissingValueFiles, THEN the file's path is a dependency, since adding it changes the render."""
    options = HelmOptions(value_files=("../../later/values.yaml",), ignore_missing_value_files=True)
    rendered = rendering(options)
    assert ("charts/shop", "later") == rendered.depends
    assert "default" == _values(rendered)["color"]


def test_a_vendored_chart_is_used(rendering: Render, tools: Mapping[str, Path], tmp_path: Path) -> None:
    """GIVEN dependencies in charts/, one unpacked and one as an archive, THEN no repository is asked."""
    for name in ("redis", "nginx"):
        write_files(tmp_path, {f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 2.0.0\n"})
        config = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n"
        write_files(tmp_path, {f"{name}/templates/a.yaml": config})
    chart = f"{CHART}dependencies:\n"
    for name in ("redis", "nginx"):
        chart += f"- {{name: {name}, version: 2.x.x, repository: 'https://charts.example.com'}}\n"
    write_files(tmp_path / "checkout", {**FILES, "charts/shop/Chart.yaml": chart})
    vendored = tmp_path / "checkout" / "charts" / "shop" / "charts"
    vendored.mkdir()
    (tmp_path / "nginx").rename(vendored / "nginx")
    subprocess.run([tools["helm"], "package", tmp_path / "redis", "-d", vendored], check=True, capture_output=True)
    rendered = rendering(HelmOptions(), {})
    assert {"redis", "nginx"} == {m["metadata"]["name"] for m in rendered.objects if m["kind"] == "Secret"}


def test_a_dependency_that_is_missing_is_named(rendering: Render) -> None:
    """GIVEN a dependency that would have to be fetched, THEN the error names it, its repository and the next step."""
    chart = f"{CHART}dependencies:\n- {{name: redis, version: 1.0.0, repository: 'https://charts.example.com'}}\n"
    message = (
        r"^charts/shop/Chart\.yaml: the chart needs redis from https://charts\.example\.com, .*"
        r"run `helm dependency build charts/shop` and commit the charts folder"
    )
    with pytest.raises(RenderError, match=message):
        rendering(HelmOptions(), {**FILES, "charts/shop/Chart.yaml": chart})


def test_a_dependency_in_the_repository_is_put_in_place(rendering: Render, checkout: Path) -> None:
    """GIVEN a dependency by file://, THEN it renders without changing the checkout, and the render depends on it."""
    chart = f"{CHART}dependencies:\n- {{name: library, version: '>=0.0.0', repository: 'file://../library'}}\n"
    library = {
        "charts/library/Chart.yaml": "apiVersion: v2\nname: library\nversion: 0.1.0\n",
        "charts/library/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: library}\n",
    }
    rendered = rendering(HelmOptions(), {**FILES, **library, "charts/shop/Chart.yaml": chart})
    assert ("charts/library", "charts/shop") == rendered.depends
    assert ["ConfigMap", "Secret"] == sorted(manifest["kind"] for manifest in rendered.objects)
    assert not (checkout / "charts" / "shop" / "charts").exists()


@pytest.mark.parametrize("repository", ["file://../../../outside", "file:///etc", "file://../absent"])
def test_a_dependency_outside_is_refused(rendering: Render, repository: str) -> None:
    """GIVEN a dependency on a folder outside of the repository, or on nothing, THEN the error names it."""
    chart = f"{CHART}dependencies:\n- {{name: library, version: '*', repository: '{repository}'}}\n"
    with pytest.raises(RenderError, match=r"charts/shop/Chart\.yaml: the dependency library: "):
        rendering(HelmOptions(), {**FILES, "charts/shop/Chart.yaml": chart})


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{{ fail "color must be set" }}', "helm template charts/shop failed: (?s:.*)color must be set"),
        (
            "{{ .Values.color",
            r"helm template charts/shop failed: (?s:.*)broken\.yaml:1\): unclosed action; correct the chart",
        ),
        ('{{ template "absent" }}', "helm template charts/shop failed: (?s:.*)absent"),
        ("a: [", r"(helm template charts/shop failed: (?s:.*)|^shop/templates/)broken\.yaml"),
        ("a: 1", r"shop/templates/broken\.yaml.*(apiVersion|failed)"),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  name: b\n", r"broken\.yaml"),
    ],
)
def test_a_chart_that_does_not_render_names_the_template(
    rendering: Render, checkout: Path, template: str, message: str
) -> None:
    """GIVEN a mistake in a template, THEN the error names it, without the place of the checkout."""
    with pytest.raises(RenderError, match=message) as raised:
        rendering(HelmOptions(), {**FILES, "charts/shop/templates/broken.yaml": template})
    assert str(checkout) not in str(raised.value)


def test_values_that_are_no_yaml_name_their_field(rendering: Render) -> None:
    """GIVEN text that doesn't parse, THEN Helm's error speaks of the field and not of a file that nobody knows."""
    with pytest.raises(RenderError, match=r"failed to parse spec\.source\.helm\.values:"):
        rendering(HelmOptions(values="a: [\n"))


def test_a_chart_can_not_read_files_outside(rendering: Render, checkout: Path, tmp_path: Path) -> None:
    """GIVEN a link in the chart that leaves the repository, THEN Helm isn't even started."""
    (tmp_path / "secret").write_text("hidden")
    write_files(checkout, FILES)
    (checkout / "charts" / "shop" / "secret.txt").symlink_to("../../../secret")
    with pytest.raises(PermanentError, match=r"'charts/shop/secret\.txt' points outside"):
        rendering()


@pytest.mark.parametrize("packaged", [False, True])
@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "%s/schema.json"}',
        '{"$id": "%s/", "properties": {"color": {"$ref": "schema.json"}}}',
        '{"$schema": "%s/meta.json"}',
        '{"allOf": [{"\\u0024ref": "%s/schema.json"}]}',
    ],
)
def test_a_schema_that_reaches_out_is_not_followed(
    rendering: Render, tools: Mapping[str, Path], checkout: Path, tmp_path: Path, schema: str, packaged: bool
) -> None:
    """GIVEN a schema in a chart or in a packaged dependency that refers to a server, THEN the server is not asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        text = schema % f"http://127.0.0.1:{server.getsockname()[1]}"
        if packaged:
            chart = {
                "redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 2.0.0\n",
                "redis/values.schema.json": text,
            }
            write_files(tmp_path, chart)
            charts = checkout / "charts" / "shop" / "charts"
            subprocess.run(
                [tools["helm"], "package", tmp_path / "redis", "-d", charts], check=True, capture_output=True
            )
            rendered = rendering()
        else:
            rendered = rendering(PLAIN, {**FILES, "charts/shop/values.schema.json": text})
        with pytest.raises(BlockingIOError):
            server.accept()
    (warning,) = rendered.warnings
    assert warning.endswith("refers to other schemas, which are not fetched: the values were not checked")


def test_values_are_checked_against_a_schema_of_its_own(rendering: Render) -> None:
    """GIVEN a schema that refers to itself only, THEN values that break it fail in Helm's words."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"word": {"type": "string"}},
        "properties": {"color": {"$ref": "#/definitions/word"}},
    }
    files = {**FILES, "charts/shop/values.schema.json": json.dumps(schema)}
    assert () == rendering(PLAIN, files).warnings
    with pytest.raises(RenderError, match=r"helm template charts/shop failed: (?s:.*)color"):
        rendering(HelmOptions(values="color: 1\n"), files)


def test_a_forced_type_without_a_chart_says_so(tools: Mapping[str, Path], checkout: Path) -> None:
    """GIVEN a helm block and a folder without Chart.yaml, THEN the error says what is missing."""
    write_files(checkout, {"k8s/a.yaml": "a: 1\n"})
    source = Source("https://example.com/r.git", "k8s", kind="Helm")
    with pytest.raises(RenderError, match=r"^spec\.source\.path: k8s: holds no Chart\.yaml"):
        render(source, checkout, CONTEXT, Tools(kustomize="/nowhere/kustomize", helm=str(tools["helm"])))
