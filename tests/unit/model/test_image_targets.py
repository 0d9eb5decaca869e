"""Where tags are written, for sources of all kinds."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.model.application import AppKey
from mooring.model.imageannotations import PREFIX
from mooring.model.imagesettings import WriteBack
from mooring.model.imagetargets import WriteTarget, write_target
from mooring.model.source import Source

KEY = AppKey("argocd", "web")
GIT = Source("https://git.example/shop.git", path="overlays/prod", target_revision="main")
CHART = Source("https://charts.example", chart="web", target_revision="1.2.3", kind="Helm")
VALUES = Source("https://git.example/values.git", ref="values", target_revision="main")


def path_of(target: str, path: str, *, start: str = "overlays/prod") -> str:
    source = Source("https://git.example/shop.git", path=start)
    return write_target(KEY, [source], WriteBack("git", target=target, path=path)).path  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "path", "expected"),
    [
        ("parameters", "", "overlays/prod/.argocd-source-web.yaml"),
        ("kustomization", "", "overlays/prod"),
        ("kustomization", "../../base", "base"),
        ("kustomization", "/config/bar", "config/bar"),
        ("kustomization", "/", "."),
        ("helmvalues", "values.yaml", "overlays/prod/values.yaml"),
        ("helmvalues", "../values.yaml", "overlays/values.yaml"),
        ("helmvalues", "/helm/values.yaml", "helm/values.yaml"),
    ],
)
def test_paths_are_relative_to_the_source_unless_they_begin_with_a_slash(target: str, path: str, expected: str) -> None:
    """As Image Updater's page "Update methods" has them."""
    assert expected == path_of(target, path)


@pytest.mark.parametrize(("path", "start"), [("../../../x", "overlays/prod"), ("/../x", "a"), ("../x", "")])
def test_no_path_leads_out_of_the_repository(path: str, start: str) -> None:
    """Wherever it comes back to afterwards."""
    with pytest.raises(ConfigurationError, match="leads out of the repository") as caught:
        path_of("helmvalues", path, start=start)
    assert f"{PREFIX}write-back-target" == caught.value.field


def test_what_is_not_said_comes_from_the_source() -> None:
    """Repository and branch are the source's; a file of overrides has the application's name among all namespaces."""
    back = WriteBack("git", credential="argocd/creds", write_branch="x", pull_request="auto")
    expected = WriteTarget(
        "git",
        0,
        "parameters",
        GIT.repo_url,
        "main",
        "x",
        "overlays/prod/.argocd-source-web.yaml",
        "argocd/creds",
        "auto",
    )
    assert expected == write_target(KEY, [GIT], back)
    assert ".argocd-source-shop_web.yaml" in write_target(AppKey("shop", "web"), [GIT], WriteBack("git")).path


def test_a_chart_needs_a_repository_and_a_branch_to_write_to() -> None:
    """GIVEN a source that is a chart THEN both are asked for by the names of their annotations."""
    with pytest.raises(ConfigurationError) as caught:
        write_target(KEY, [CHART], WriteBack("git"))
    assert f"{PREFIX}git-repository" == caught.value.field
    with pytest.raises(ConfigurationError) as caught:
        write_target(KEY, [CHART], WriteBack("git", repository="https://git.example/x.git"))
    assert f"{PREFIX}git-branch" == caught.value.field
    back = WriteBack(
        "git", repository="https://git.example/x.git", base_branch="main", target="helmvalues", path="/v.yaml"
    )
    assert ("https://git.example/x.git", "v.yaml") == (
        write_target(KEY, [CHART], back).repository,
        write_target(KEY, [CHART], back).path,
    )


def test_of_several_sources_the_one_counts_that_the_target_fits() -> None:
    """A kustomization is looked for in git, beside charts and sources that only lend their files."""
    sources = [CHART, VALUES, GIT]
    assert 2 == write_target(KEY, sources, WriteBack("git", target="kustomization")).source
    assert 0 == write_target(KEY, sources, WriteBack("argocd")).source
    helm = Source("https://git.example/shop.git", path="chart", kind="Helm")
    assert 1 == write_target(KEY, [GIT, helm], WriteBack("git", target="helmvalues", path="values.yaml")).source
