"""Symbolic links in repositories that are read in part: what they lead to is brought, for every tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.flows.renders.building import build
from mooring.model.application import parse_application
from mooring.render import RenderContext, Tools
from mooring.source import Repositories
from mooring.state.wanted import Input

if TYPE_CHECKING:
    from tests.conftest import Anonymous
    from tests.conftest import Repositories as Served

MANY: dict[str, str | bytes | None] = {f"many/{number}": "x" for number in range(2100)}
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"


def config(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{v: '{value}'}}\n"


class Ground:
    """A large repository, read in part."""

    def __init__(self, served: Served, folder: Path, anonymous: Anonymous, tools: dict[str, Path]) -> None:
        self.served = served
        self.repositories = Repositories(folder / "repos", anonymous, timeout=20)
        self.tools = Tools(kustomize=str(tools["kustomize"]), helm=str(tools["helm"]), gokit=str(tools["gokit"]))
        self.url = served.create("shop.git")

    def render(
        self, files: dict[str, str], links: dict[str, str], *, lent: tuple[str, str] | None = None, **source: object
    ) -> dict[str, str]:
        """The values of the ConfigMaps that a source gives, by name; the far corner of the repository stays away."""
        sha = self.served.commit("shop.git", {**MANY, **files}, links=links)
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "shop"},
            "spec": {
                "destination": {"name": "in-cluster", "namespace": "shop"},
                "sources": [
                    {"repoURL": self.url, "path": "app", **source},
                    *([{"repoURL": lent[0], "ref": "lent"}] if lent else []),
                ],
            },
        }
        application = parse_application(document).application
        inputs = [Input(self.url, "", revision=sha), *([Input(lent[0], "", revision=lent[1])] if lent else [])]
        context = RenderContext("shop", "shop")
        built = build(self.repositories, None, self.tools, application, inputs, context)  # type: ignore[arg-type]
        with self.repositories.opened(self.url, sha, []) as checkout:
            assert not (checkout.root / "many").exists()
        return {each["metadata"]["name"]: each["data"]["v"] for each in built.objects}


@pytest.fixture
def ground(git_server: Served, tmp_path: Path, anonymous: Anonymous, tools: dict[str, Path]) -> Ground:
    return Ground(git_server, tmp_path, anonymous, tools)


def test_the_applications_folder_is_a_link_to_a_link(ground: Ground) -> None:
    """GIVEN a path that leads through two links WHEN rendered THEN the folder behind them is read."""
    links = {"app": "over/there", "over/there": "../deep/real"}
    assert {"a": "1"} == ground.render({"deep/real/a.yaml": config("a")}, links)


def test_a_folder_above_the_path_is_a_link(ground: Ground) -> None:
    """GIVEN a path below a link WHEN rendered THEN it is read."""
    assert {"a": "1"} == ground.render({"real/x/a.yaml": config("a")}, {"stage": "real"}, path="stage/x")


def test_files_of_a_directory_are_links(ground: Ground) -> None:
    """GIVEN a folder of links to files beside it, one by another link WHEN rendered THEN all are there."""
    files = {"shared/a.yaml": config("a"), "far/off/b.yaml": config("b"), "app/c.yaml": config("c")}
    links = {"app/a.yaml": "../shared/a.yaml", "app/b.yaml": "../shared/b.yaml", "shared/b.yaml": "../far/off/b.yaml"}
    assert {"a": "1", "b": "1", "c": "1"} == ground.render(files, links)


def test_bases_and_resources_of_a_kustomization_are_links(ground: Ground) -> None:
    """GIVEN a kustomization whose base is a link, and a base whose file is one WHEN rendered THEN all are there."""
    files = {
        "app/kustomization.yaml": "resources: [base, own.yaml]\n",
        "app/parts/own.yaml": config("own"),
        "bases/web/kustomization.yaml": "resources: [web.yaml, ../more]\n",
        "bases/web/parts/web.yaml": config("web"),
        "bases/more/kustomization.yaml": "resources: [m.yaml]\n",
        "bases/more/m.yaml": config("m"),
    }
    links = {"app/base": "../bases/web", "bases/web/web.yaml": "parts/web.yaml", "app/own.yaml": "parts/own.yaml"}
    assert {"m": "1", "web": "1", "own": "1"} == ground.render(files, links)


def test_values_templates_and_charts_of_a_chart_are_links(ground: Ground) -> None:
    """GIVEN a chart whose template, value file and dependency are links WHEN rendered THEN they are followed."""
    files = {
        "app/Chart.yaml": CHART,
        "shared/t.yaml": config("t", "{{ .Values.v }}"),
        "values/real.yaml": "v: linked\n",
        "libs/dep/Chart.yaml": CHART.replace("web", "dep"),
        "libs/dep/templates/d.yaml": config("d"),
    }
    links = {"app/templates/t.yaml": "../../shared/t.yaml", "env": "values", "app/charts/dep": "../../libs/dep"}
    rendered = ground.render(files, links, helm={"valueFiles": ["../env/real.yaml"]})
    assert {"t": "linked", "d": "1"} == rendered


@pytest.mark.parametrize("target", ["../../outside", "/etc/passwd", "../.git/config"])
@pytest.mark.parametrize("kind", ["directory", "kustomize", "helm"])
def test_a_link_that_leads_out_is_refused(ground: Ground, kind: str, target: str) -> None:
    """GIVEN a link out of the repository WHEN rendered THEN the render fails and names it."""
    files = {
        "directory": {"app/a.yaml": config("a")},
        "kustomize": {"app/kustomization.yaml": "resources: [leaves.yaml]\n"},
        "helm": {"app/Chart.yaml": CHART, "app/templates/a.yaml": config("a")},
    }[kind]
    with pytest.raises((RenderError, ConfigurationError), match=r"leaves\.yaml"):
        ground.render(files, {"app/leaves.yaml": target})


def test_borrowed_values_behind_links(git_server: Served, ground: Ground) -> None:
    """GIVEN a value file that another source borrows from a large repository, behind links WHEN rendered THEN it is
    brought."""
    url = git_server.create("values.git")
    links = {"env": "stages/prod", "stages/prod/v.yaml": "../../common/v.yaml"}
    sha = git_server.commit("values.git", {**MANY, "common/v.yaml": "v: lent\n"}, links=links)
    files = {"app/Chart.yaml": CHART, "app/templates/t.yaml": config("t", "{{ .Values.v }}")}
    assert {"t": "lent"} == ground.render(files, {}, helm={"valueFiles": ["$lent/env/v.yaml"]}, lent=(url, sha))


def test_a_link_that_leads_into_a_submodule(ground: Ground, git_server: Served) -> None:
    """GIVEN links into a submodule of a large repository WHEN rendered THEN the submodule is brought for them."""
    from tests.integration.test_source_submodules import link, modules

    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {"base/kustomization.yaml": "resources: [b.yaml]\n", "base/b.yaml": config("b")})
    git_server.commit("shop.git", {".gitmodules": modules(vendor_lib="../lib.git")})
    link(git_server, "shop.git", {"vendor/lib": lib})
    files = {"app/kustomization.yaml": "resources: [base]\n"}
    assert {"b": "1"} == ground.render(files, {"app/base": "../vendor/lib/base"})
    direct = {"app/kustomization.yaml": "resources: [../vendor/lib/base]\n"}
    assert {"b": "1"} == ground.render(direct, {})
    assert {"b": "1"} == ground.render({}, {}, path="vendor/lib/base")
