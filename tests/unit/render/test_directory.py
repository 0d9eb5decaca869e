"""Folders of plain manifests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, PermanentError, RenderError
from mooring.model.source import DirectoryOptions, Source
from mooring.render import RenderContext, Rendered, Tools, render

NO_TOOLS = Tools(kustomize="/nowhere/kustomize", helm="/nowhere/helm")

PLAIN = DirectoryOptions()
Write = Callable[[str, str], None]


def _manifest(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(path: str, content: str) -> None:
        file = tmp_path / "checkout" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    return write


def _render(tmp_path: Path, path: str = "k8s", options: DirectoryOptions = PLAIN, **more: bool) -> Rendered:
    source = Source("https://example.com/r.git", path, kind="Directory", directory=options)
    return render(source, tmp_path / "checkout", RenderContext("shop", "shop"), NO_TOOLS, **more)


def _names(rendered: Rendered) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in rendered.objects]


def test_files_are_read_in_the_order_of_their_paths(tmp_path: Path, write: Write) -> None:
    """GIVEN YAML and JSON files, THEN all their documents are objects; other files and sub-folders are left alone."""
    write("k8s/b.yaml", f"{_manifest('b1')}---\n{_manifest('b2')}")
    write("k8s/a.yml", _manifest("a"))
    write("k8s/c.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}')
    write("k8s/README.md", "no: [")
    write("k8s/deep/d.yaml", _manifest("d"))
    rendered = _render(tmp_path)
    assert ["a", "b1", "b2", "c"] == _names(rendered)
    assert ("Directory", ("k8s",), ()) == (rendered.source_type, rendered.depends, rendered.warnings)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (DirectoryOptions(recurse=True), ["b", "x", "e", "a"]),
        (DirectoryOptions(recurse=True, include="env/*"), ["x", "e"]),
        (DirectoryOptions(recurse=True, include="*.yaml", exclude="{env/*,z.yaml}"), ["b"]),
        (DirectoryOptions(exclude="b.yaml"), ["a"]),
        (DirectoryOptions(include="*"), ["b", "a"]),
    ],
)
def test_globs_and_recursion_choose_files(
    tmp_path: Path, write: Write, options: DirectoryOptions, expected: list[str]
) -> None:
    """Globs apply to the path below the source's folder; exclude wins over include."""
    write("k8s/b.yaml", _manifest("b"))
    write("k8s/z.yaml", _manifest("a"))
    write("k8s/env/dev/x.yaml", _manifest("x"))
    write("k8s/env/e.yaml", _manifest("e"))
    assert expected == _names(_render(tmp_path, options=options))


def test_files_that_are_no_manifests_are_passed_over_with_a_warning(tmp_path: Path, write: Write) -> None:
    """GIVEN values, a template of something else and a file marked to be skipped, THEN the rest renders."""
    write("k8s/a.yaml", _manifest("a"))
    write("k8s/values.yaml", "replicas: 3\n")
    write("k8s/ci.yml", "{% if x %}\nstages: [\n")
    write("k8s/skipped.yaml", f"# +argocd:skip-file-rendering\n{_manifest('skipped')}")
    write("k8s/empty.yaml", "# later\n---\n")
    rendered = _render(tmp_path)
    assert ["a"] == _names(rendered)
    assert (
        "k8s/ci.yml: neither YAML nor a manifest, passed over",
        "k8s/values.yaml: holds no Kubernetes object, passed over",
    ) == rendered.warnings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n", r"k8s/bad\.yaml:4: "),
        ("kind: ConfigMap\nmetadata: {name: bad}\n", r"k8s/bad\.yaml: apiVersion: must be a string"),
        ("apiVersion: v1\nmetadata: {name: bad}\n", r"k8s/bad\.yaml: kind: must be a string"),
        (f"{_manifest('bad')}---\nreplicas: 3\n", r"k8s/bad\.yaml, document 2: apiVersion"),
    ],
)
def test_a_file_that_should_be_a_manifest_is_never_passed_over(
    tmp_path: Path, write: Write, content: str, message: str
) -> None:
    """GIVEN a mistake in a manifest, THEN the render fails, since leaving it out would prune what it declares."""
    write("k8s/good.yaml", _manifest("good"))
    write("k8s/bad.yaml", content)
    with pytest.raises(RenderError, match=message):
        _render(tmp_path)


def test_jsonnet_needs_its_evaluator(tmp_path: Path, write: Write) -> None:
    """GIVEN a Jsonnet file and no gokit, THEN the error says what lacks; excluded, it doesn't matter."""
    write("k8s/a.yaml", _manifest("a"))
    write("k8s/b.jsonnet", "{}")
    with pytest.raises(RenderError, match="gokit can't be started here"):
        _render(tmp_path)
    assert ["a"] == _names(_render(tmp_path, options=DirectoryOptions(exclude="*.jsonnet")))


@pytest.mark.parametrize("content", [None, "# nothing\n", "replicas: 3\n"])
def test_an_empty_render_is_refused_unless_allowed(tmp_path: Path, write: Write, content: str | None) -> None:
    """GIVEN a folder without manifests, THEN the error names the path and the option; allowed, it is empty."""
    write("k8s/README.md", "")
    if content is not None:
        write("k8s/values.yaml", content)
    with pytest.raises(
        RenderError, match=r"^spec\.source\.path: 'k8s' gives no manifests at this revision.*allowEmpty$"
    ):
        _render(tmp_path)
    assert () == _render(tmp_path, allow_empty=True).objects


def test_links_inside_are_followed_and_depended_on(tmp_path: Path, write: Write) -> None:
    """GIVEN a link to a file elsewhere and a path through a link, THEN both ends of both decide the render."""
    write("shared/a.yaml", _manifest("a"))
    write("apps/v2/b.yaml", _manifest("b"))
    root = tmp_path / "checkout"
    (root / "apps" / "v2" / "a.yaml").symlink_to("../../shared/a.yaml")
    (root / "current").symlink_to("apps/v2")
    rendered = _render(tmp_path, "current")
    assert ["a", "b"] == _names(rendered)
    assert ("apps/v2", "current", "shared/a.yaml") == rendered.depends


@pytest.mark.parametrize("target", ["../../outside.yaml", "/etc/passwd", "../.git/config", "../absent.yaml"])
def test_a_link_that_leaves_or_leads_nowhere_is_refused(tmp_path: Path, write: Write, target: str) -> None:
    """GIVEN such a link among the manifests, THEN nothing is read, and the link is named."""
    write("k8s/a.yaml", _manifest("a"))
    write(".git/config", _manifest("git"))
    (tmp_path / "outside.yaml").write_text(_manifest("outside"))
    (tmp_path / "checkout" / "k8s" / "z.yaml").symlink_to(target)
    with pytest.raises(PermanentError, match=r"k8s/z\.yaml"):
        _render(tmp_path)


@pytest.mark.parametrize("path", ["absent", "../outside", "/etc", "k8s/a.yaml", "leaves"])
def test_a_path_that_can_not_be_used_names_its_field(tmp_path: Path, write: Write, path: str) -> None:
    """GIVEN a path that is missing, leaves, or is a file, THEN the error is about spec.source.path."""
    write("k8s/a.yaml", _manifest("a"))
    (tmp_path / "outside").mkdir()
    (tmp_path / "checkout" / "leaves").symlink_to("../outside")
    with pytest.raises(ConfigurationError) as raised:
        _render(tmp_path, path)
    assert "spec.source.path" == raised.value.field


def test_a_type_can_not_be_overridden_by_another(tmp_path: Path, write: Write) -> None:
    """GIVEN a directory and an override for Helm, THEN the error names the file and the field."""
    write("k8s/a.yaml", _manifest("a"))
    write("k8s/.argocd-source.yaml", "helm: {}\n")
    with pytest.raises(ConfigurationError, match="a source has one type") as raised:
        _render(tmp_path)
    assert "k8s/.argocd-source.yaml.directory" == raised.value.field


def test_the_whole_repository_may_be_the_source(tmp_path: Path, write: Write) -> None:
    """GIVEN the path `.`, THEN files have no prefix, and git's own folder is not part of it."""
    write("a.yaml", _manifest("a"))
    write("deep/b.yaml", _manifest("b"))
    write(".git/c.yaml", _manifest("c"))
    rendered = _render(tmp_path, ".", DirectoryOptions(recurse=True))
    assert ["a", "b"] == _names(rendered)
    assert (".",) == rendered.depends


def test_plain_manifests_need_no_heavy_import() -> None:
    """Importing what they need brings neither AWS nor git nor the means to start processes."""
    code = (
        "import sys, mooring.render, mooring.render.directory; "
        "print([m for m in ('boto3', 'git', 'subprocess', 'tempfile', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert "[]" == done.stdout.strip()
