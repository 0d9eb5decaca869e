"""`app diff --local` of several sources: which are rendered here, with a real checkout and a real helm."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring_cli.diffing import git_of, remotes_of
from mooring_cli.localrender import Checkout, Local, find_root, read_places, render_local
from mooring_cli.names import AppName

URL = "https://git.example.com/acme/shop.git"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{x: '{value}'}}\n"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": "colour: red\n",
    "templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {colour: {{ .Values.colour }}}\n",
}
Render = Callable[..., Local]


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the shop, fetched by ssh and not as the Application spells it."""
    root = write(tmp_path / "shop", {
        "apps/a/a.yaml": CONFIG.format(name="a", value="1"),
        "apps/b/b.yaml": CONFIG.format(name="b", value="2"),
        "other/b/b.yaml": CONFIG.format(name="b", value="9"),
        "values/web.yaml": "colour: blue\n",
    })  # fmt: skip
    git = ("git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@test")
    for given in (
        ("init", "-q"), ("remote", "add", "origin", "ssh://git@git.example.com/acme/shop"),
        ("add", "."), ("commit", "-q", "-m", "Begin"),
    ):  # fmt: skip
        subprocess.run([*git, *given], check=True, timeout=60)
    return root


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch, tools: dict[str, Path]) -> Render:
    """Renders an Application of these sources, as the command does."""
    folders = os.pathsep.join(dict.fromkeys(str(path.parent) for path in tools.values()))
    monkeypatch.setenv("PATH", f"{folders}{os.pathsep}{os.environ['PATH']}")

    def render(
        folder: Path, *sources: dict[str, Any], named: tuple[str, ...] = (), places: tuple[str, ...] = ()
    ) -> Local:
        root = find_root(folder, None)
        single = {"source": sources[0]} if len(sources) == 1 else {"sources": list(sources)}
        document = {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop"},
            "spec": single | {"destination": {"name": "prod", "namespace": "shop"}},
        }  # fmt: skip
        at = Checkout(folder.resolve(), root, git_of(root, "rev-parse", "HEAD"), remotes_of(root))
        return render_local(AppName("argocd", "shop"), document, {}, at, named, read_places(places))

    return render


def git(path: str, **more: Any) -> dict[str, Any]:
    return {"repoURL": URL, "path": path} | more


def elsewhere(**more: Any) -> dict[str, Any]:
    return {"repoURL": "https://git.example.com/acme/more", "path": "k8s"} | more


def chart(**more: Any) -> dict[str, Any]:
    helm = {"valueFiles": ["$values/values/web.yaml"]}
    return {"repoURL": "https://charts.example.com", "chart": "web", "targetRevision": "1.2.3", "helm": helm} | more


def values(local: Local) -> dict[str, str]:
    return {each["metadata"]["name"]: next(iter(each["data"].values())) for each in local.manifests}


def test_sources_of_the_checkout_are_rendered_and_others_left(checkout: Path, rendered: Render) -> None:
    """GIVEN two sources of the checkout's repository and one of another WHEN rendered THEN the two are, each by its path
    and counted, however the remote spells the address.
    """
    found = rendered(checkout, git("apps/a"), elsewhere(), git("apps/b"))
    assert {"a": "1", "b": "2"} == values(found)
    assert [{"position": 1, "count": 1}, {"position": 3, "count": 1}] == found.sources


def test_the_folder_takes_the_place_of_the_one_source(checkout: Path, rendered: Render) -> None:
    """GIVEN one source of the checkout among several WHEN another folder of it is named THEN that is rendered."""
    found = rendered(checkout / "other/b", elsewhere(), git("apps/b"))
    assert ({"b": "9"}, [{"position": 2, "count": 1}]) == (values(found), found.sources)
    with pytest.raises(
        ConfigurationError, match=r"is the folder of none of its sources in this checkout \(apps/a, apps/b\)"
    ):
        rendered(checkout / "other/b", git("apps/a"), git("apps/b"))
    assert {"a": "1", "b": "2"} == values(rendered(checkout / "apps/b", git("apps/a"), git("apps/b")))


def test_sources_are_named_where_remotes_do_not_say(checkout: Path, rendered: Render) -> None:
    """GIVEN a checkout of a fork WHEN nothing is named THEN the error says how; WHEN one is, by place or name, it is it."""
    with pytest.raises(ConfigurationError, match="is a checkout of none of its sources .* by --source-positions"):
        rendered(checkout, elsewhere(), elsewhere(path="more"))
    for which in ("2", "second"):
        found = rendered(checkout / "apps/a", elsewhere(), elsewhere(name="second"), named=(which,))
        assert ({"a": "1"}, [{"position": 2, "count": 1}]) == (values(found), found.sources)
    with pytest.raises(ConfigurationError, match="has no source 'third'; it has 2"):
        rendered(checkout, elsewhere(), elsewhere(), named=("third",))


def test_a_chart_takes_its_values_from_the_checkout(checkout: Path, rendered: Render, tmp_path: Path) -> None:
    """GIVEN a chart of a registry whose values are in the checkout WHEN it is not on this machine THEN the error says
    how to have it; WHEN it is unpacked and named THEN it is rendered with the values of the checkout.
    """
    sources = (chart(), {"repoURL": URL, "ref": "values"}, elsewhere())
    with pytest.raises(
        ConfigurationError, match="helm pull web --repo https://charts.example.com --version 1.2.3 --untar"
    ):
        rendered(checkout, *sources)
    place = write(tmp_path / "web", CHART)
    found = rendered(checkout, *sources, places=(f"1={place}",))
    assert {"web": "blue"} == values(found)
    assert [{"position": 1, "count": 1}, {"position": 2, "count": 0}] == found.sources


def test_a_chart_alone_is_a_folder(rendered: Render, tmp_path: Path) -> None:
    """GIVEN one source, a chart of a registry WHEN its unpacked folder is named THEN that is what is rendered."""
    found = rendered(write(tmp_path / "web", CHART), chart(helm={"parameters": [{"name": "colour", "value": "green"}]}))
    assert ({"web": "green"}, None) == (values(found), found.sources)


def test_what_lends_must_be_here_too(checkout: Path, rendered: Render, tmp_path: Path) -> None:
    """GIVEN a chart in the checkout with values of another repository WHEN that is not here THEN the error says so."""
    write(checkout / "chart", CHART)
    sources = (git("chart", helm={"valueFiles": ["$theirs/web.yaml"]}), elsewhere(path="", ref="theirs"))
    with pytest.raises(ConfigurationError, match=r"lends files .*git clone .*more.* --local-source 2=FOLDER"):
        rendered(checkout / "chart", *sources)
    theirs = write(tmp_path / "theirs", {"web.yaml": "colour: black\n"})
    assert {"web": "black"} == values(rendered(checkout / "chart", *sources, places=(f"2={theirs}",)))


@pytest.mark.parametrize("given", ["1", "=x", "1=/no/such/folder"])
def test_places_are_read_strictly(given: str) -> None:
    """GIVEN a place that names no folder WHEN it is read THEN the error says what it must be."""
    with pytest.raises(ConfigurationError, match="must be SOURCE=FOLDER"):
        read_places((given,))
