"""Rendering with the real kustomize: what it gives, what it depends on, and what it is not allowed to reach."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import Source
from mooring.render import RenderContext, Rendered, Tools, render
from tests.doubles.files import write_files

Files = Mapping[str, str]
Render = Callable[..., Rendered]

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: web, env: [{name: MODE, value: "y"}, {name: UMASK, value: "0777"}]}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    return root


@pytest.fixture
def rendering(tools: Mapping[str, Path], checkout: Path) -> Render:
    def rendering(path: str, files: Files, tool: Path | None = None, timeout: float = 30) -> Rendered:
        write_files(checkout, files)
        source = Source("https://example.com/r.git", path)
        found = Tools(kustomize=str(tool or tools["kustomize"]), helm="/nowhere/helm")
        return render(source, checkout, RenderContext("shop", "shop"), found, timeout=timeout)

    return rendering


OVERLAY = {
    "apps/web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
    "apps/web/base/deployment.yaml": DEPLOYMENT,
    "apps/web/production/kustomization.yaml": (
        "resources: [../base]\ncomponents: [../../../components/replicas]\nnamePrefix: prod-\n"
        "configMapGenerator: [{name: settings, files: [app.conf]}]\n"
    ),
    "apps/web/production/app.conf": "mode = production\n",
    "components/replicas/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 3}]\n"
    ),
    "unrelated/a.yaml": CONFIG,
}


def test_an_overlay_renders_and_names_its_bases(rendering: Render) -> None:
    """GIVEN an overlay with a base and a component elsewhere, THEN it depends on these folders and on no other."""
    rendered = rendering("apps/web/production", OVERLAY)
    assert "Kustomize" == rendered.source_type
    assert ("apps/web/base", "apps/web/production", "components/replicas") == rendered.depends
    kinds = {manifest["kind"]: manifest for manifest in rendered.objects}
    assert "prod-web" == kinds["Deployment"]["metadata"]["name"]
    assert 3 == kinds["Deployment"]["spec"]["replicas"]
    assert kinds["ConfigMap"]["metadata"]["name"].startswith("prod-settings-")


def test_text_that_looks_like_something_else_stays_text(rendering: Render) -> None:
    """GIVEN quoted `y` and `0777`, WHEN kustomize has written them again, THEN they are still text."""
    (deployment,) = rendering("apps/web/base", OVERLAY).objects
    environment = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [{"name": "MODE", "value": "y"}, {"name": "UMASK", "value": "0777"}] == environment


def test_names_of_fields_are_matched_in_any_case_as_kustomize_does(rendering: Render, tmp_path: Path) -> None:
    """GIVEN `Resources`, which kustomize honours, THEN the base counts as a dependency and may not be outside."""
    files = {"over/kustomization.yaml": "Resources: [../base]\n", "base/kustomization.yaml": "resources: [a.yaml]\n"}
    assert ("base", "over") == rendering("over", {**files, "base/a.yaml": CONFIG}).depends
    write_files(tmp_path, {"outside/kustomization.yaml": "resources: [a.yaml]\n", "outside/a.yaml": CONFIG})
    with pytest.raises(RenderError, match=r"over/kustomization\.yaml: resources\[0\]: .* points outside"):
        rendering("over", {"over/kustomization.yaml": "reſources: [../../outside]\n"})


@pytest.mark.parametrize("field", ["resources", "bases", "components", "generators", "transformers", "validators"])
@pytest.mark.parametrize(
    "entry",
    ["../../outside", "/etc", "a: /../../../outside", "link", "deep/../../../outside", '"x\\n/../../../outside"'],
)
def test_a_base_outside_of_the_repository_is_never_read(
    rendering: Render, checkout: Path, tmp_path: Path, field: str, entry: str
) -> None:
    """GIVEN a kustomization beside the checkout, THEN no field and no spelling of its path reaches it."""
    write_files(tmp_path, {"outside/kustomization.yaml": "resources: [a.yaml]\n", "outside/a.yaml": CONFIG})
    (checkout / "over").mkdir()
    (checkout / "over" / "link").symlink_to("../../outside")
    quoted = entry if entry.startswith('"') else f'"{entry}"'
    with pytest.raises(RenderError, match=rf"over/kustomization\.yaml: {field}\[0\]"):
        rendering("over", {"over/kustomization.yaml": f"{field}: [{quoted}]\n"})


@pytest.mark.parametrize(
    "kustomization",
    [
        "configMapGenerator: [{name: a, files: [../secret.txt]}]",
        "configMapGenerator: [{name: a, files: [link.txt]}]",
        "secretGenerator: [{name: a, envs: [../secret.txt]}]",
        "resources: [../other/b.yaml]",
        "resources: [a.yaml]\npatches: [{path: ../secret.txt}]",
    ],
)
def test_kustomize_keeps_its_own_restrictions(rendering: Render, checkout: Path, kustomization: str) -> None:
    """GIVEN files outside of the kustomization's folder, or a chart, THEN kustomize refuses, as it does by default."""
    files = {"k8s/kustomization.yaml": kustomization, "k8s/a.yaml": CONFIG, "other/b.yaml": CONFIG, "secret.txt": "a=b"}
    (checkout / "k8s").mkdir()
    (checkout / "k8s" / "link.txt").symlink_to("../secret.txt")
    with pytest.raises(RenderError, match=r"kustomize build k8s failed: (?s:.*)security;"):
        rendering("k8s", files)


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: ['https://example.com/a.yaml']",
        "resources: ['http://127.0.0.1:1/a.yaml']",
        "resources: ['github.com/example/repo//base?ref=v1']",
        "resources: ['git@example.com:org/repo.git']",
        "resources: ['ssh://git@example.com/org/repo.git']",
        "patches: [{path: 'https://example.com/patch.yaml'}]",
        "configMapGenerator: [{name: a, files: ['key=https://example.com/x']}]",
        "openapi: {path: 'https://example.com/schema.json'}",
        "transformers: [transformer.yaml]",
        'transformers: ["apiVersion: builtin\\nkind: PatchTransformer\\nmetadata: {name: a}\\npath: https://x.example/p"]',
        "crds: ['https://example.com/crd.json']",
    ],
)
def test_nothing_is_fetched(rendering: Render, kustomization: str) -> None:
    """GIVEN anything by URL, THEN the error names the entry and says to copy it in."""
    transformer = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: https://example.com/p.yaml\n"
    files = {"k8s/kustomization.yaml": kustomization, "k8s/transformer.yaml": transformer}
    with pytest.raises(RenderError, match=r"k8s/kustomization\.yaml: .* lives outside of this repository.*copy it in"):
        rendering("k8s", files)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"k8s/kustomization.yaml": "resources: [missing.yaml]\n"}, r"kustomize build k8s failed: .*missing\.yaml"),
        ({"k8s/kustomization.yaml": "resources: [\n"}, r"k8s/kustomization\.yaml:2: "),
        (
            {"k8s/kustomization.yaml": "resource: [a.yaml]\n"},
            r'kustomize build k8s failed: (?s:.*)unknown field "resource"',
        ),
        ({"k8s/kustomization.yaml": "resources: [a.yaml]\n", "k8s/a.yaml": "a: [\n"}, "kustomize build k8s failed: "),
        (
            {"k8s/kustomization.yaml": "resources: [../base]\n", "base/a.yaml": CONFIG},
            "kustomize build k8s failed: (?s:.*)kustomization",
        ),
    ],
)
def test_a_kustomization_that_does_not_build_fails_in_kustomizes_words(
    rendering: Render, checkout: Path, files: Files, message: str
) -> None:
    """GIVEN a mistake, THEN the error names it, without the place of the checkout."""
    with pytest.raises(RenderError, match=message) as raised:
        rendering("k8s", files)
    assert str(checkout) not in str(raised.value)


def test_a_kustomization_without_resources_is_an_empty_render(rendering: Render) -> None:
    """GIVEN nothing to build, THEN the render is refused like an empty folder (or by kustomize itself)."""
    with pytest.raises(RenderError, match="k8s"):
        rendering("k8s", {"k8s/kustomization.yaml": "resources: []\n"})


def test_a_forced_type_without_its_file_says_so(tools: Mapping[str, Path], checkout: Path) -> None:
    """GIVEN `kustomize: {}` and no kustomization, THEN kustomize says what it missed."""
    write_files(checkout, {"k8s/a.yaml": CONFIG})
    source = Source("https://example.com/r.git", "k8s", kind="Kustomize")
    found = Tools(kustomize=str(tools["kustomize"]), helm="/nowhere/helm")
    with pytest.raises(RenderError, match=r"unable to find one of 'kustomization\.yaml'"):
        render(source, checkout, RenderContext("shop"), found)


def test_a_link_in_a_base_that_leaves_is_refused(rendering: Render, checkout: Path) -> None:
    """GIVEN a link in a base's folder, used or not, THEN nothing is built."""
    write_files(checkout, OVERLAY)
    (checkout / "apps" / "web" / "base" / "hosts").symlink_to("/etc/hosts")
    with pytest.raises(ConfigurationError, match="'apps/web/base/hosts' points outside"):
        rendering("apps/web/production", {})


def _script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _ends(state: Path) -> bool:
    """Whether a process that was killed is gone, or waits to be reaped, within ten seconds: ending takes a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if state.read_text().rpartition(") ")[2][0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_a_tool_that_hangs_is_ended(rendering: Render, tmp_path: Path) -> None:
    """GIVEN a tool that sleeps, with a child that does too, THEN both are ended and the error says after how long."""
    tool = _script(tmp_path / "slow", f"/bin/sleep 600 & echo $! > {tmp_path}/child\nwait")
    with pytest.raises(RenderError, match=r"kustomize build apps/web/base took longer than 0\.5 s"):
        rendering("apps/web/base", OVERLAY, tool, timeout=0.5)
    child = int((tmp_path / "child").read_text())
    assert _ends(Path(f"/proc/{child}/stat"))


def test_a_tool_that_prints_without_end_is_ended(rendering: Render, tmp_path: Path) -> None:
    """GIVEN more output than any render may have, THEN it is not collected."""
    tool = _script(tmp_path / "loud", "while :; do /bin/head -c 1000000 /dev/zero; done")
    with pytest.raises(RenderError, match="printed more than 32 MiB"):
        rendering("apps/web/base", OVERLAY, tool)


def test_a_tool_sees_no_environment_of_ours(rendering: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN credentials in the function's environment, THEN a tool doesn't get them, nor a PATH to find git with."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    tool = _script(tmp_path / "curious", f"/usr/bin/env > {tmp_path}/seen; exit 1")
    with pytest.raises(RenderError, match="failed: exit code 1"):
        rendering("apps/web/base", OVERLAY, tool)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert "hidden" not in seen.values()
    assert "PATH" not in seen
    assert not Path(seen["HOME"]).exists()


def test_a_tool_that_is_missing_is_named(rendering: Render, tmp_path: Path) -> None:
    """GIVEN an installation without kustomize, THEN the error says so."""
    with pytest.raises(RenderError, match="kustomize can't be started here"):
        rendering("apps/web/base", OVERLAY, tmp_path / "kustomize")
