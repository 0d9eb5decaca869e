"""Every field of `source.helm` with the real Helm, files that other sources lend, and dependencies that are fetched."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import HelmOptions, HelmParameter, NamedText
from mooring.render.environment import BuildEnvironment
from mooring.render.helm import template
from mooring.render.objects import Found
from mooring.source import GoKit
from mooring.source.charts import Charts
from mooring.source.charts_credentials import ChartCredential
from tests.doubles.chartserver import ChartServer, write_chart
from tests.doubles.files import write_files

Template = Callable[..., Found]

FACTS = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: facts}\ndata:\n  release: {{ .Release.Name }}\n"
    "  namespace: {{ .Release.Namespace }}\n  version: {{ .Capabilities.KubeVersion.Version | quote }}\n"
    '  own: {{ .Capabilities.APIVersions.Has "own.io/v1" | quote }}\n'
    '  cluster: {{ .Capabilities.APIVersions.Has "cluster.io/v1" | quote }}\n'
)


class Repositories:
    """Nobody has credentials; some repositories have names."""

    def __init__(self, **names: str) -> None:
        self.names = names

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        return None

    def named(self, name: str) -> str | None:
        return self.names.get(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a chart that shows its values."""
    write_chart(tmp_path / "checkout" / "charts", "shop", "1.0.0")
    return tmp_path / "checkout"


@pytest.fixture
def rendered(tools: Mapping[str, Path], root: Path, tmp_path: Path) -> Template:
    def rendered(options: HelmOptions = HelmOptions(), **settings: Any) -> Found:
        scratch = tmp_path / "scratch"
        subprocess.run(["rm", "-rf", scratch], check=True)
        scratch.mkdir()
        return template(
            root,
            "charts/shop",
            options,
            release="catalog",
            namespace="shop",
            kube_version="1.36.3",
            api_versions=("cluster.io/v1",),
            tool=str(tools["helm"]),
            scratch=scratch,
            timeout=60,
            **settings,
        )

    return rendered


@pytest.fixture
def server(tools: Mapping[str, Path], tmp_path: Path) -> Iterator[ChartServer]:
    """An empty repository of charts."""
    with ChartServer(tmp_path / "served", tools["helm"]) as server:
        yield server


@pytest.fixture
def charts(tools: Mapping[str, Path], tmp_path: Path, server: ChartServer) -> Charts:
    return Charts(tmp_path / "kept", Repositories(internal=server.url), gokit=GoKit(str(tools["gokit"])))


def _values(found: Found) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(next(each["data"]["values"] for _, each in found.documents if each))
    return values


def _names(found: Found) -> list[str]:
    return sorted(each["metadata"]["name"] for _, each in found.documents if each)


def test_the_sources_own_words_about_the_cluster_win(rendered: Template, root: Path) -> None:
    """GIVEN releaseName, namespace, kubeVersion and apiVersions, THEN the chart is told those and not the cluster's."""
    write_files(root, {"charts/shop/templates/config.yaml": FACTS})
    options = HelmOptions(release_name="r", namespace="mine", kube_version="1.30.0", api_versions=("own.io/v1",))
    (facts,) = [each["data"] for _, each in rendered(options).documents if each]
    expected = {"release": "r", "namespace": "mine", "version": "v1.30.0", "own": "true", "cluster": "false"}
    assert expected == facts


def test_every_kind_of_value_in_its_order(rendered: Template, root: Path) -> None:
    """Value files, values, parameters, file parameters: each wins over the ones before."""
    write_files(
        root, {"charts/shop/f.yaml": "a: file\nb: file\nc: file\nd: file\n", "charts/shop/d.txt": "from, a file"}
    )
    options = HelmOptions(
        value_files=("f.yaml",),
        values="b: values\nc: values\nd: values\n",
        parameters=(HelmParameter("c", "parameter"), HelmParameter("d", "parameter")),
        file_parameters=(NamedText("d", "d.txt"),),
    )
    expected = {"color": "default", "a": "file", "b": "values", "c": "parameter", "d": "from, a file"}
    assert expected == _values(rendered(options))


def test_tests_are_left_out_when_the_source_says_so(rendered: Template, root: Path) -> None:
    """GIVEN skipTests, THEN Helm leaves its test hooks out."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: check, annotations: {helm.sh/hook: test}}\n"
    write_files(root, {"charts/shop/templates/check.yaml": pod})
    assert ["check", "shop"] == _names(rendered())
    assert ["shop"] == _names(rendered(HelmOptions(skip_tests=True)))


def test_a_schema_is_not_checked_when_the_source_says_so(rendered: Template, root: Path) -> None:
    """GIVEN values that break the schema and skipSchemaValidation, THEN the chart renders without a warning."""
    write_files(root, {"charts/shop/values.schema.json": '{"properties": {"color": {"type": "integer"}}}'})
    with pytest.raises(RenderError, match="color"):
        rendered()
    assert [] == rendered(HelmOptions(skip_schema_validation=True)).warnings


def test_the_build_environment_is_put_in(rendered: Template, root: Path) -> None:
    """Parameters and the names of files may hold variables, as in Argo CD; what only looks like one becomes nothing."""
    write_files(root, {"env/catalog.yaml": "color: ours\n"})
    environment = BuildEnvironment(app_name="catalog", revision="0123456789")
    options = HelmOptions(
        value_files=("/env/$ARGOCD_APP_NAME.yaml",),
        parameters=(HelmParameter("a", "${ARGOCD_APP_REVISION_SHORT}", True), HelmParameter("b", "x$HOME", True)),
    )
    found = rendered(options, environment=environment)
    assert {"color": "ours", "a": "0123456", "b": "x"} == _values(found)
    assert environment.revision_used


def test_another_source_lends_its_files(rendered: Template, tmp_path: Path) -> None:
    """GIVEN $ref/path, THEN the file of the other checkout is used and counted under its ref."""
    lent = tmp_path / "values"
    write_files(lent, {"production/shop.yaml": "color: lent\n", "note.txt": "hello"})
    options = HelmOptions(
        value_files=("$values/production/shop.yaml",), file_parameters=(NamedText("note", "$values/note.txt"),)
    )
    found = rendered(options, refs={"values": lent})
    assert {"color": "lent", "note": "hello"} == _values(found)
    assert {"values": {"production/shop.yaml", "note.txt"}} == found.lent
    assert {"charts/shop"} == found.depends


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("$values/../secret.yaml", "points outside of the repository"),
        ("$values/link.yaml", "points outside of the repository"),
        ("$values/absent.yaml", "does not exist at this revision"),
        ("$values", "names no file"),
        ("$other/a.yaml", "no source has the ref 'other'"),
        ("https://example.com/a.yaml", "by URL are not supported"),
        ("none/*.yaml", "no file matches"),
    ],
)
def test_a_file_that_can_not_be_lent_names_its_entry(
    rendered: Template, tmp_path: Path, name: str, message: str
) -> None:
    """A path of another source may not leave that source's checkout, by dots or by a link."""
    lent = tmp_path / "values"
    lent.mkdir()
    write_files(tmp_path, {"secret.yaml": "color: secret\n"})
    (lent / "link.yaml").symlink_to("../secret.yaml")
    with pytest.raises(ConfigurationError, match=message) as raised:
        rendered(HelmOptions(value_files=(name,)), refs={"values": lent})
    assert "spec.source.helm.valueFiles[0]" == raised.value.field


def test_globs_go_through_folders_in_order(rendered: Template, root: Path) -> None:
    """Matches come by their paths, a file named as it stands keeps its place, and a new file would change the render."""
    files = {
        f"env/{name}.yaml": f"last: {name}\n{name.replace('/', '')}: 1\n" for name in ("a", "b", "deep/c", "deep/d")
    }
    write_files(root, {**files, "env/x.txt": "no: yaml"})
    found = rendered(HelmOptions(value_files=("/env/**/*.yaml", "/env/a.yaml")))
    assert {"color": "default", "last": "a", "a": 1, "b": 1, "deepc": 1, "deepd": 1} == _values(found)
    assert "env" in found.depends
    assert "b" == _values(rendered(HelmOptions(value_files=("/env/?.yaml",))))["last"]
    assert {"color": "default"} == _values(
        rendered(HelmOptions(value_files=("/none/*.yaml",), ignore_missing_value_files=True))
    )


def _depending(root: Path, repository: str, version: str, name: str = "redis", extra: str = "") -> None:
    text = f"apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- name: {name}\n  version: {version!r}\n"
    write_files(root, {"charts/shop/Chart.yaml": f"{text}  repository: {repository!r}\n{extra}"})


def test_a_dependency_is_fetched_and_the_checkout_left_alone(
    rendered: Template, root: Path, server: ChartServer, charts: Charts, tmp_path: Path
) -> None:
    """GIVEN no lock, THEN the highest version in the range is taken, told, and warned about."""
    for version in ("1.0.0", "1.3.0", "2.0.0"):
        server.publish(write_chart(tmp_path / version, "redis", version))
    _depending(root, server.url, "1.x.x")
    found = rendered(charts=charts)
    assert ["redis", "shop"] == _names(found)
    assert [("redis", "1.x.x", "1.3.0", False)] == [(u.chart, u.revision, u.version, u.locked) for u in found.charts]
    assert ["charts/shop/Chart.yaml: the dependency redis 1.x.x is 1.3.0 now"] == [w[:63] for w in found.warnings]
    assert not (root / "charts/shop/charts").exists()


def test_a_lock_decides_the_version(
    rendered: Template,
    root: Path,
    server: ChartServer,
    charts: Charts,
    tmp_path: Path,
    tools: Mapping[str, Path],
) -> None:
    """GIVEN a Chart.lock by the real Helm and a newer version since, THEN the locked one is taken, without a warning."""
    server.publish(write_chart(tmp_path / "old", "redis", "1.0.0"))
    _depending(root, server.url, "1.x.x")
    home = {"HOME": str(tmp_path), "PATH": ""}
    subprocess.run(
        [tools["helm"], "dependency", "update", root / "charts/shop"], check=True, capture_output=True, env=home
    )
    subprocess.run(["rm", "-r", root / "charts/shop/charts"], check=True)
    server.publish(write_chart(tmp_path / "new", "redis", "1.1.0"))
    found = rendered(charts=charts)
    assert [("1.0.0", True)] == [(use.version, use.locked) for use in found.charts]
    assert [] == found.warnings
    _depending(root, server.url, "1.x.x", name="other")
    with pytest.raises(RenderError, match=r"Chart\.lock: does not know the dependency other .*helm dependency update"):
        rendered(charts=charts)


def test_dependencies_by_name_with_conditions_and_aliases(
    rendered: Template, root: Path, server: ChartServer, charts: Charts, tmp_path: Path
) -> None:
    """`@name` is a registered repository; what conditions and aliases mean is left to Helm."""
    server.publish(write_chart(tmp_path, "redis", "1.0.0"), write_chart(tmp_path, "spare", "1.0.0"))
    more = "  alias: cache\n- {name: spare, version: 1.0.0, repository: 'alias:internal', condition: spare.enabled}\n"
    _depending(root, "@internal", "1.0.0", extra=more)
    write_files(root, {"charts/shop/values.yaml": "spare: {enabled: false}\ncache: {color: blue}\n"})
    found = rendered(charts=charts)
    assert ["cache", "shop"] == _names(found)
    assert {"redis", "spare"} == {use.chart for use in found.charts}


@pytest.mark.parametrize(
    ("repository", "version", "message"),
    [
        ("@unknown", "1.0.0", r"no repository is registered under the name 'unknown'.*mooring repo add"),
        ("ftp://example.com", "1.0.0", "write an https, oci or file address"),
        ("{url}", "9.x", r"the dependency redis 9\.x: .*has no version 9\.x"),
    ],
)
def test_a_dependency_that_can_not_be_fetched_is_named(
    rendered: Template,
    root: Path,
    server: ChartServer,
    charts: Charts,
    tmp_path: Path,
    repository: str,
    version: str,
    message: str,
) -> None:
    """The error names the chart's file, the dependency and what to do."""
    server.publish(write_chart(tmp_path, "redis", "1.0.0"))
    _depending(root, repository.replace("{url}", server.url), version)
    with pytest.raises(RenderError, match=rf"^charts/shop/Chart\.yaml: the dependency redis.*{message}|{message}"):
        rendered(charts=charts)


def test_a_fetched_chart_renders_by_itself(
    tools: Mapping[str, Path], server: ChartServer, charts: Charts, tmp_path: Path
) -> None:
    """GIVEN a chart from a repository, THEN its folder is a checkout whose chart lies at the root."""
    server.publish(write_chart(tmp_path, "redis", "1.0.0"))
    (tmp_path / "scratch").mkdir()
    found = template(
        charts.fetched(server.url, "redis", "1.0.0"),
        ".",
        HelmOptions(),
        release="catalog",
        namespace="shop",
        kube_version="",
        api_versions=(),
        tool=str(tools["helm"]),
        scratch=tmp_path / "scratch",
        timeout=60,
    )
    assert ["redis"] == _names(found)
