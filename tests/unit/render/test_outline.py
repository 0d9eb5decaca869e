"""What a render will read, told from a checkout that holds only a part of the repository."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError
from mooring.model.kustomizing import KustomizeOptions
from mooring.model.source import HelmOptions, NamedText, Source
from mooring.render import RenderContext, borrowed, outline

URL = "https://example.com/r.git"
CONTEXT = RenderContext("shop")


def _steps(whole: Path, checkout: Path, source: Source, context: RenderContext = CONTEXT) -> list[tuple[str, ...]]:
    """Outlines until nothing new appears, with what each names brought before the next."""
    checkout.mkdir(exist_ok=True)
    steps: list[tuple[str, ...]] = []
    while (named := outline(source, checkout, context)) not in steps:
        brought = {path for step in steps for path in step}
        steps.append(named)
        for path in set(named) - brought:
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            if os.path.islink(whole / path) and not os.path.lexists(checkout / path):
                (checkout / path).symlink_to(os.readlink(whole / path))
            elif (whole / path).is_dir() and not os.path.islink(whole / path):
                shutil.copytree(whole / path, checkout / path, symlinks=True, dirs_exist_ok=True)
            elif (whole / path).is_file():
                shutil.copy(whole / path, checkout / path)
    return steps


def _write(root: Path, path: str, content: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    if content.startswith("-> "):
        (root / path).symlink_to(content[3:])
    else:
        (root / path).write_text(content)


def test_a_folder_of_manifests_is_itself(tmp_path: Path) -> None:
    """GIVEN plain files, THEN one look is enough, and what the application states counts too."""
    _write(tmp_path / "whole", "k8s/a.yaml", "a: 1")
    assert [("k8s",)] == _steps(tmp_path / "whole", tmp_path / "part", Source(URL, "k8s"))
    context = RenderContext("shop", stated=("base", "k8s/deep"))
    assert ("base", "k8s") == outline(Source(URL, "k8s"), tmp_path / "part", context)


def test_links_are_followed_to_what_is_not_there_yet(tmp_path: Path) -> None:
    """GIVEN a path that is a link and links inside of it, THEN exactly what they lead to is named."""
    whole = tmp_path / "whole"
    _write(whole, "current", "-> apps/v2")
    _write(whole, "apps/v2/a.yaml", "-> ../../shared/deep/a.yaml")
    _write(whole, "shared/deep/a.yaml", "a: 1")
    steps = _steps(whole, tmp_path / "part", Source(URL, "current"))
    assert ("apps/v2", "current", "shared/deep/a.yaml") == steps[-1]
    assert ("apps/v2", "current") in steps


def test_bases_are_found_through_their_bases(tmp_path: Path) -> None:
    """GIVEN an overlay on a base on a base, and a component from the application, THEN all are named."""
    whole = tmp_path / "whole"
    _write(whole, "a/kustomization.yaml", "resources: [../b]\n")
    _write(whole, "b/kustomization.yaml", "resources: [../c]\n")
    _write(whole, "c/kustomization.yaml", "{}")
    _write(whole, "d/kustomization.yaml", "kind: Component")
    source = Source(URL, "a", kind="Kustomize", kustomize=KustomizeOptions(components=("../d",)))
    assert [("a",), ("a", "b", "d"), ("a", "b", "c", "d")] == _steps(whole, tmp_path / "part", source)


def test_charts_and_value_files_of_the_repository_are_named(tmp_path: Path) -> None:
    """GIVEN value files beside the chart, and charts by `file://`, THEN they are named; others' files are borrowed."""
    whole = tmp_path / "whole"
    dependency = "dependencies: [{name: x, repository: 'file://../%s'}]\n"
    _write(whole, "charts/a/Chart.yaml", dependency % "b")
    _write(whole, "charts/b/Chart.yaml", dependency % "c")
    _write(whole, "charts/c/Chart.yaml", "name: c\n")
    files = ("../../env/prod.yaml", "/root.yaml", "env/*.yaml", "$values/far/x.yaml", "https://example.com/v.yaml")
    options = HelmOptions(value_files=files, file_parameters=(NamedText("a", "$values/far/y"), NamedText("b", "b.txt")))
    source = Source(URL, "charts/a", kind="Helm", helm=options)
    last = _steps(whole, tmp_path / "part", source)[-1]
    assert ("charts/a", "charts/b", "charts/c", "env/prod.yaml", "root.yaml") == last
    assert {"values": ("far/x.yaml", "far/y")} == borrowed(source)


def test_overrides_count_before_the_tool_is_chosen(tmp_path: Path) -> None:
    """GIVEN an override that adds a component, THEN the component is named."""
    whole = tmp_path / "whole"
    _write(whole, "a/kustomization.yaml", "{}")
    _write(whole, "a/.argocd-source.yaml", "kustomize: {components: [../d]}")
    _write(whole, "d/kustomization.yaml", "kind: Component")
    assert ("a", "d") == _steps(whole, tmp_path / "part", Source(URL, "a"))[-1]


def test_what_leaves_the_repository_is_refused(tmp_path: Path) -> None:
    """GIVEN a path or a link that leads out, THEN the error names it before anything is fetched for it."""
    _write(tmp_path / "part", "k8s/a.yaml", "-> ../../outside")
    for path in ("../outside", "k8s"):
        with pytest.raises(ConfigurationError, match="points outside of the repository"):
            outline(Source(URL, path), tmp_path / "part", CONTEXT)
