"""Jsonnet in a directory, evaluated by gokit: variables, libraries, what it depends on, what it may not reach."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import DirectoryOptions, NamedText, Source
from mooring.render import RenderContext, Rendered, Tools, outline, render

SHA = "0123456789abcdef0123456789abcdef01234567"
CONTEXT = RenderContext("shop", "shop", revision=SHA)
LIBRARY = """
{
  config(name, data={}):: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: data },
}
"""
Render = Callable[..., Rendered]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    return root


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("-> "):
            (root / path).symlink_to(content[3:])
        else:
            (root / path).write_text(content)


def _source(options: DirectoryOptions) -> Source:
    return Source("https://example.com/r.git", "apps/shop", kind="Directory", directory=options)


@pytest.fixture
def rendering(tools: Mapping[str, Path], checkout: Path) -> Render:
    def rendering(files: Mapping[str, str], options: DirectoryOptions = DirectoryOptions(), **more: float) -> Rendered:  # noqa: B008 (it is frozen)
        _write(checkout, files)
        found = Tools("/nowhere/kustomize", "/nowhere/helm", str(tools["gokit"]))
        return render(_source(options), checkout, CONTEXT, found, **more)

    return rendering


def _names(rendered: Rendered) -> list[str]:
    return [each["metadata"]["name"] for each in rendered.objects]


def test_objects_and_lists_stand_among_the_other_files(rendering: Render) -> None:
    """GIVEN Jsonnet that gives an object, a list and nothing beside YAML, THEN files keep their order."""
    rendered = rendering(
        {
            "apps/shop/a.jsonnet": "local k = import 'k.libsonnet'; [k.config('a1'), k.config('a2')]",
            "apps/shop/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
            "apps/shop/c.jsonnet": "(import 'k.libsonnet').config('c', { text: importstr 'b.yaml', n: '%d' % 1.0 })",
            "apps/shop/d.jsonnet": "[]",
            "apps/shop/e.jsonnet": "{ apiVersion: 'v1', kind: 'List', items: [(import 'k.libsonnet').config('e')] }",
            "apps/shop/k.libsonnet": LIBRARY,
        }
    )
    assert ["a1", "a2", "b", "c", "e"] == _names(rendered)
    assert "kind: ConfigMap" in rendered.objects[3]["data"]["text"]
    assert "Directory" == rendered.source_type
    assert ("apps/shop",) == rendered.depends
    assert not rendered.by_revision


def test_libraries_are_relative_to_the_repository_and_depended_on_by_file(rendering: Render) -> None:
    """GIVEN two libraries, THEN the last one wins, and only what was read or looked for counts."""
    rendered = rendering(
        {
            "apps/shop/a.jsonnet": "(import 'k.libsonnet').config(import 'deep/name.libsonnet')",
            "one/k.libsonnet": "error 'never read'",
            "two/k.libsonnet": LIBRARY,
            "one/deep/name.libsonnet": "import '../../shared/name.libsonnet'",
            "shared/name.libsonnet": "'far'",
            "shared/other.libsonnet": "1",
            "two/unused.libsonnet": "1",
        },
        DirectoryOptions(libs=("one", "/two")),
    )
    assert ["far"] == _names(rendered)
    expected = ("apps/shop", "one/deep/name.libsonnet", "shared/name.libsonnet", "two/deep", "two/k.libsonnet")
    assert expected == rendered.depends


def test_variables_take_the_build_environment(rendering: Render) -> None:
    """GIVEN external variables and top-level arguments, as text and as code, THEN each is what Argo CD makes of it."""
    options = DirectoryOptions(
        ext_vars=(NamedText("env", "$ARGOCD_APP_NAME"), NamedText("count", "2 + 1", code=True)),
        tlas=(NamedText("name", "cost-$$5"), NamedText("sha", "{ short: '$ARGOCD_APP_REVISION_SHORT' }", code=True)),
    )
    program = """
    function(name, sha) {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name },
      data: { env: std.extVar('env'), count: '%d' % std.extVar('count'), sha: sha.short },
    }
    """
    rendered = rendering({"apps/shop/a.jsonnet": program}, options)
    assert ["cost-$5"] == _names(rendered)
    assert {"env": "shop", "count": "3", "sha": SHA[:7]} == rendered.objects[0]["data"]
    assert rendered.by_revision


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("{", r"apps/shop/a\.jsonnet: apps/shop/a\.jsonnet:1:2"),
        ("error 'no way'", "no way"),
        ("importstr '/etc/hostname'", "only files of the repository"),
        ("importstr '../../../secret'", "points outside of the repository"),
        ("importstr 'link'", "'?link|points outside of the repository"),
        ("importstr '../../.git/config'", r"\.git"),
        ("import 'nowhere.libsonnet'", "neither beside its importer nor in a library"),
        ("local f(x) = f(x + 1) + 1; f(0)", "max stack frames exceeded"),
        ("'text'", "must be an object"),
        ("std.extVar('lacks')", "lacks"),
    ],
)
def test_what_can_not_be_evaluated_is_named(rendering: Render, checkout: Path, program: str, words: str) -> None:
    """GIVEN a program that fails or reaches out, THEN the error names the file and the reason, and not our paths."""
    (checkout.parent / "secret").write_text("hidden")
    files = {"apps/shop/a.jsonnet": program, ".git/config": "x", "apps/shop/link": "-> ../../../secret"}
    with pytest.raises(RenderError, match=words) as raised:
        rendering(files)
    assert "a.jsonnet" in str(raised.value)
    assert str(checkout.parent) not in str(raised.value)


def test_a_program_without_an_end_is_ended(rendering: Render) -> None:
    """GIVEN a loop that uses no stack, THEN it ends with the time that it may take."""
    loop = "std.foldl(function(a, b) a + b, std.range(1, 1000000000), 0)"
    with pytest.raises(RenderError, match="took longer than|too much memory"):
        rendering({"apps/shop/a.jsonnet": loop}, timeout=1.0)


def test_a_library_outside_is_refused(rendering: Render) -> None:
    """GIVEN a library that leaves the repository, THEN the error names the entry."""
    with pytest.raises(ConfigurationError, match="points outside") as raised:
        rendering({"apps/shop/a.jsonnet": "{}"}, DirectoryOptions(libs=("lib", "../lib")))
    assert "spec.source.directory.jsonnet.libs[1]" == raised.value.field


def test_excluded_programs_start_nothing(checkout: Path) -> None:
    """GIVEN only files that are excluded or never evaluated, THEN no evaluator is needed."""
    _write(
        checkout,
        {
            "apps/shop/a.jsonnet": "error 'x'",
            "apps/shop/b.libsonnet": "error 'x'",
            "apps/shop/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        },
    )
    source = _source(DirectoryOptions(exclude="{a,z}.jsonnet"))
    rendered = render(source, checkout, CONTEXT, Tools("/nowhere", "/nowhere", "/nowhere"))
    assert ["c"] == _names(rendered)


def test_an_outline_follows_imports(checkout: Path) -> None:
    """GIVEN a sparse checkout, THEN each look names what the files that came with the last one import."""
    whole = checkout.parent / "whole"
    _write(
        whole,
        {
            "apps/shop/a.jsonnet": "(import 'k.libsonnet') + (importstr \"../common/text\")",
            "lib/k.libsonnet": "import 'more/x.libsonnet'",
            "lib/more/x.libsonnet": "1",
            "lib/unused": "1",
            "apps/common/text": "t",
        },
    )
    steps = []
    for _ in range(4):
        steps.append(outline(_source(DirectoryOptions(libs=("lib",))), checkout, CONTEXT))
        for path in steps[-1]:
            if (whole / path).is_dir():
                shutil.copytree(whole / path, checkout / path, dirs_exist_ok=True)
            elif (whole / path).exists():
                (checkout / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(whole / path, checkout / path)
    assert ("apps/shop",) == steps[0]
    assert {"apps/shop", "apps/common/text", "lib/k.libsonnet"} <= set(steps[1])
    assert "lib/more/x.libsonnet" in steps[2]
    assert steps[2] == steps[3]
    assert not (checkout / "lib/unused").exists()
