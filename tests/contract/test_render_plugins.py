"""Config management plugins: real programs in a folder, on a copy of the source, with an environment of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import NamedText, PluginOptions, PluginParameter, Source
from mooring.render import RenderContext, Rendered, Tools, outline, render

SHA = "0123456789abcdef0123456789abcdef01234567"
CONTEXT = RenderContext("shop", "prod", "1.36.3", ("apps/v1", "v1"), SHA, project="team", instance="dev_shop")
HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\nmetadata: {name: %s}\nspec:\n"
PRINT = """#!/bin/sh
echo 'apiVersion: v1
kind: ConfigMap
metadata: {name: made}
data:'
"""
Render = Callable[..., Rendered]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "app").mkdir(parents=True)
    (root / "app/input").write_text("from the repository\n")
    return root


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


def _install(plugins: Path, folder: str, spec: str, scripts: Mapping[str, str], name: str = "") -> None:
    home = plugins / folder
    home.mkdir()
    (home / "plugin.yaml").write_text(HEAD % (name or folder) + spec)
    for script, content in scripts.items():
        (home / script).write_text(content)
        (home / script).chmod(0o755)


@pytest.fixture
def rendering(checkout: Path, plugins: Path, monkeypatch: pytest.MonkeyPatch) -> Render:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the function")

    def rendering(
        options: PluginOptions | None = None, context: RenderContext = CONTEXT, timeout: float = 20
    ) -> Rendered:
        source = Source("https://example.com/r.git", "app", "main")
        if options is not None:
            source = replace(source, kind="Plugin", plugin=options)
        found = Tools("/nowhere/kustomize", "/nowhere/helm", plugins=str(plugins))
        return render(source, checkout, context, found, timeout=timeout)

    return rendering


def test_a_named_plugin_runs_on_a_copy(rendering: Render, plugins: Path, checkout: Path) -> None:
    """GIVEN a plugin whose init writes files that generate reads, THEN the checkout stays as it was."""
    _install(
        plugins,
        "copycat",
        "  version: v1.0\n  init: {command: [sh], args: [-c, 'tr a-z A-Z <input >made; echo noise']}\n"
        "  generate: {command: [make-it]}\n",
        {"make-it": PRINT + 'echo "  text: $(cat made)"\nrm input'},
    )
    rendered = rendering(PluginOptions("copycat-v1.0"))
    assert {"text": "FROM THE REPOSITORY"} == rendered.objects[0]["data"]
    assert ("Plugin", ("app",), True) == (rendered.source_type, rendered.depends, rendered.by_revision)
    assert ["input"] == [each.name for each in (checkout / "app").iterdir()]


def test_the_environment_is_argo_cds_and_nothing_else(rendering: Render, plugins: Path) -> None:
    """GIVEN variables and parameters, THEN the plugin has them, the build environment, and none of the function's."""
    script = PRINT + """env | sed "s/'/''/g; s/^\\([A-Za-z_0-9]*\\)=\\(.*\\)$/  \\1: '\\2'/" """
    _install(plugins, "env", "  generate: {command: [env.sh]}\n", {"env.sh": script})
    parameters = (
        PluginParameter("a-string", string="one"),
        PluginParameter("list", array=("x", "y")),
        PluginParameter("map", map={"k.1": "v"}),
    )
    env = (NamedText("REGION", "eu-$ARGOCD_APP_NAME$HOME"),)
    data = rendering(PluginOptions("env", env, parameters)).objects[0]["data"]
    announced = json.loads(data.pop("ARGOCD_APP_PARAMETERS"))
    told = {name: text for name, text in data.items() if name.startswith(("ARGOCD_", "KUBE_V", "KUBE_A", "PARAM_"))}
    assert {
        "ARGOCD_APP_NAME": "dev_shop",
        "ARGOCD_APP_NAMESPACE": "prod",
        "ARGOCD_APP_PROJECT_NAME": "team",
        "ARGOCD_APP_REVISION": SHA,
        "ARGOCD_APP_REVISION_SHORT": SHA[:7],
        "ARGOCD_APP_REVISION_SHORT_8": SHA[:8],
        "ARGOCD_APP_SOURCE_PATH": "app",
        "ARGOCD_APP_SOURCE_REPO_URL": "https://example.com/r.git",
        "ARGOCD_APP_SOURCE_TARGET_REVISION": "main",
        "KUBE_VERSION": "1.36.3",
        "KUBE_API_VERSIONS": "apps/v1,v1",
        "ARGOCD_ENV_REGION": "eu-dev_shop",
        "PARAM_A_STRING": "one",
        "PARAM_LIST_0": "x",
        "PARAM_LIST_1": "y",
        "PARAM_MAP_K_1": "v",
    } == told
    assert [
        {"name": "a-string", "string": "one"},
        {"name": "list", "array": ["x", "y"]},
        {"name": "map", "map": {"k.1": "v"}},
    ] == announced
    assert not [name for name in data if name.startswith("AWS_") or name.endswith("PROXY")]


@pytest.mark.parametrize(
    ("rule", "file", "matches"),
    [
        ("fileName: './*.special'", "x.special", True),
        ("fileName: './*.special'", "deep/x.special", False),
        ("find: {glob: '**/{a,b}.special'}", "deep/er/b.special", True),
        ("find: {glob: '**/{a,b}.special'}", "deep/c.special", False),
        ("find: {command: [sh, -c, 'cat *.special 2>/dev/null']}", "x.special", True),
        ("find: {command: [sh, -c, 'cat *.special 2>/dev/null']}", "x.other", False),
    ],
)
def test_a_plugin_recognises_its_folders(
    rendering: Render, plugins: Path, checkout: Path, rule: str, file: str, matches: bool
) -> None:
    """GIVEN a discovery rule and no block in the source, THEN the plugin comes before every other tool, or not at all."""
    _install(plugins, "never", "  generate: {command: [make-it]}\n", {"make-it": PRINT})
    _install(plugins, "special", f"  generate: {{command: [make-it]}}\n  discover: {{{rule}}}\n", {"make-it": PRINT})
    (checkout / "app" / file).parent.mkdir(parents=True, exist_ok=True)
    (checkout / "app" / file).write_text("x")
    (checkout / "app/plain.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n")
    rendered = rendering()
    expected = ("Plugin", "made") if matches else ("Directory", "plain")
    assert expected == (rendered.source_type, rendered.objects[0]["metadata"]["name"])
    assert matches == rendered.by_revision
    if not matches:
        with pytest.raises(ConfigurationError, match="does not recognise the folder"):
            rendering(PluginOptions("special"))


def test_stated_paths_are_seen_and_depended_on(rendering: Render, plugins: Path, checkout: Path) -> None:
    """GIVEN `manifest-generate-paths`, THEN the plugin reads those beside its folder, links included, and no others."""
    (checkout / "base").mkdir()
    (checkout / "base/text").symlink_to("../far/text")
    (checkout / "far").mkdir()
    (checkout / "far/text").write_text("far")
    (checkout / "hidden").write_text("hidden")
    script = PRINT + 'echo "  text: $(cat ../base/text)"\necho "  all: \'$(cd ..; echo *)\'"'
    _install(plugins, "wide", "  generate: {command: [make-it]}\n", {"make-it": script})
    context = replace(CONTEXT, stated=("base",))
    rendered = rendering(PluginOptions("wide"), context)
    assert {"text": "far", "all": "app base far"} == rendered.objects[0]["data"]
    assert ("app", "base", "far/text") == rendered.depends
    source = Source("https://example.com/r.git", "app", "main", kind="Plugin")
    assert ("app", "base", "far/text") == outline(source, checkout, context)


def test_a_link_that_leaves_is_refused_before_the_plugin_runs(rendering: Render, plugins: Path, checkout: Path) -> None:
    """GIVEN a link out of the repository, THEN the error names it and nothing ran."""
    (checkout / "app/leaves").symlink_to("../../outside")
    _install(plugins, "wide", "  generate: {command: [make-it]}\n", {"make-it": PRINT})
    with pytest.raises(ConfigurationError, match=r"'app/leaves' points outside of the repository"):
        rendering(PluginOptions("wide"))


def test_modes_are_kept_only_where_the_plugin_asks(rendering: Render, plugins: Path, checkout: Path) -> None:
    """GIVEN `preserveFileMode`, THEN a program of the repository can be run, else not."""
    (checkout / "app/run").write_text(PRINT)
    (checkout / "app/run").chmod(0o755)
    _install(plugins, "plain", "  generate: {command: [./run]}\n", {})
    _install(plugins, "modes", "  generate: {command: [./run]}\n  preserveFileMode: true\n", {})
    assert 1 == len(rendering(PluginOptions("modes")).objects)
    with pytest.raises(RenderError, match="can't be started here"):
        rendering(PluginOptions("plain"))


def test_a_failure_shows_the_plugins_words_without_secrets(rendering: Render, plugins: Path, checkout: Path) -> None:
    """GIVEN a plugin that fails and prints what it was given, THEN values of secrets and our paths are left out."""
    script = '#!/bin/sh\necho "no: $ARGOCD_ENV_TOKEN $PARAM_DB_PASSWORD https://u:p4ss@host/ $PWD $0" >&2; exit 3'
    _install(plugins, "sad", "  generate: {command: [make-it]}\n", {"make-it": script})
    options = PluginOptions(
        "sad", (NamedText("TOKEN", "abcdefgh"),), (PluginParameter("db-password", string="12345678"),)
    )
    with pytest.raises(RenderError) as raised:
        rendering(options)
    assert str(raised.value).startswith(
        "spec.source.plugin: the plugin sad (generate) failed: no: *** *** https://***@host/ app sad/make-it;"
    )


@pytest.mark.parametrize(
    ("script", "words"),
    [("sleep 60", "took longer than 0.5 s"), ("cat /dev/zero", "printed more than 32 MiB"), ("echo '{'", "output of")],
)
def test_time_and_output_are_limited(rendering: Render, plugins: Path, script: str, words: str) -> None:
    """GIVEN a plugin that doesn't end, prints without end, or prints no YAML, THEN the error says so."""
    _install(plugins, "bad", f"  generate: {{command: [sh, -c, {json.dumps(script)}]}}\n", {})
    with pytest.raises(RenderError, match=words):
        rendering(PluginOptions("bad"), timeout=0.5 if "sleep" in script else 20)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kind: Other\nmetadata: {name: a}\nspec: {generate: {command: [a]}}", "must be ConfigManagementPlugin"),
        ("kind: ConfigManagementPlugin\nmetadata: {name: a}\nspec: {}", "must have a command"),
        ("kind: ConfigManagementPlugin\nspec: {generate: {command: [a]}}", "metadata and spec must not be empty"),
        ("kind: [", "description can't be read"),
        (
            "kind: ConfigManagementPlugin\nmetadata: {name: a}\nspec: {generate: {command: [a]}, "
            "discover: {fileName: ../x}}",
            "must stay inside",
        ),
        (
            "kind: ConfigManagementPlugin\nmetadata: {name: a}\nspec: {generate: {command: [a]}, provideGitCreds: true}",
            "gets no credentials",
        ),
    ],
)
def test_a_description_that_can_not_be_used_is_named(
    rendering: Render, plugins: Path, content: str, words: str
) -> None:
    """GIVEN a broken plugin.yaml, THEN the error names the plugin's folder and the field."""
    (plugins / "broken").mkdir()
    (plugins / "broken/plugin.yaml").write_text(content)
    with pytest.raises(ConfigurationError, match=words) as raised:
        rendering(PluginOptions("a"))
    assert "broken/plugin.yaml" in str(raised.value)


def test_a_plugin_that_is_not_there_is_an_error(rendering: Render, plugins: Path) -> None:
    """GIVEN a name that no layer has, THEN the error says which there are; without any name, that none fits."""
    _install(plugins, "here", "  version: v2\n  generate: {command: [a]}\n", {})
    with pytest.raises(ConfigurationError, match=r"no plugin 'gone' \(installed are here-v2\)") as raised:
        rendering(PluginOptions("gone"))
    assert "spec.source.plugin.name" == raised.value.field
    with pytest.raises(ConfigurationError, match="no installed plugin recognises the folder"):
        rendering(PluginOptions())
