"""Kustomizations that name other repositories: fetched by git alone, pinned, permitted, and found again when they move."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.projects import declare_project
from mooring.flows.renders.rendering import handle_renders
from mooring.flows.renders.tasks import RenderPorts
from mooring.model.application import AppKey
from mooring.source import normalise
from mooring.source.files import Files
from tests.doubles.installation import World, installation
from tests.integration.test_rendering import Ground, config

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {color: red}}]\n"


class RemoteGround(Ground):
    """As a ground, where files may be fetched from this machine."""

    def ports(self) -> RenderPorts:
        return replace(super().ports(), files=Files(timeout=5, loopback=True))

    def failure(self, key: AppKey) -> str:
        """Why the last render gave nothing; empty where it did."""
        failure = self.wanted(key).failure
        return "" if failure is None else failure.message

    def overlay(self, text: str, **fields: Any) -> AppKey:
        """An application of the kustomization `apps/web`, rendered."""
        self.git.commit("shop.git", {"apps/web/kustomization.yaml": text})
        key = self.declare(source=self.source("apps/web", **fields))
        self.render(key, kind="spec")
        return key


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def ground(worlds: Callable[[], World], git_server: Served, tmp_path: Path, tools: dict[str, Path]) -> RemoteGround:
    return RemoteGround(worlds(), git_server, tmp_path, tools)


@pytest.fixture
def base(ground: RemoteGround) -> str:
    """The address of a repository with a base (a.yaml, value 1, tagged v1) and a component."""
    url = ground.git.create("org/bases.git", {
        "web/kustomization.yaml": "resources: [a.yaml, ../common]\n",
        "web/a.yaml": config("a", x="1"),
        "common/kustomization.yaml": "resources: [b.yaml]\n",
        "common/b.yaml": config("b", x="1"),
        "red/kustomization.yaml": COMPONENT,
    })  # fmt: skip
    ground.git.tag("org/bases.git", "v1")
    return url


def test_a_remote_base_is_pinned_and_followed(ground: RemoteGround, base: str) -> None:
    """GIVEN a base by tag and one by branch WHEN the branch moves THEN the push finds the application, which is rendered
    anew, and the tag stays what it was; a commit beside the base's paths renders nothing.
    """
    key = ground.overlay(f"resources: ['{base}//web?ref=main&timeout=90']\nnamePrefix: my-\n")
    assert "" == ground.failure(key)
    assert {"my-a": {"x": "1"}, "my-b": {"x": "1"}} == ground.objects(key)
    led_to = next(each for each in ground.wanted(key).rendering.inputs if each.led_to)
    read = ground.wanted(key).commit.sources
    assert {(each.url, each.revision) for each in ground.wanted(key).rendering.inputs} == {
        (each.repository, each.revision) for each in read
    }
    assert [True, True] == [each.in_git for each in read]
    assert (base, "main", ("common", "web")) == (led_to.url, led_to.target, led_to.depends)
    assert [key] == [each.key for each in ground.world.applications.of_repository(normalise(base))]
    assert [] == ground.stale()
    bundle = ground.wanted(key).bundle
    ground.git.commit("org/bases.git", {"elsewhere/c.yaml": "x"})
    assert [key] == ground.stale()
    ground.render(key, kind="tick")
    assert (bundle, []) == (ground.wanted(key).bundle, ground.stale())
    ground.git.commit("org/bases.git", {"common/b.yaml": config("b", x="2")})
    ground.render(key)
    assert {"my-a": {"x": "1"}, "my-b": {"x": "2"}} == ground.objects(key)
    ground.overlay(f"resources: ['{base}//web?ref=v1']\n")
    assert {"a": {"x": "1"}, "b": {"x": "1"}} == ground.objects(key)
    assert ["refs/tags/v1"] == [each.target for each in ground.wanted(key).rendering.inputs if each.led_to]


def test_options_and_components_go_with_remote_bases(ground: RemoteGround, base: str) -> None:
    """GIVEN a remote base, a remote component in the kustomization and one in the application, and local files WHEN it
    is rendered with options THEN all count, and the checkout is as git has it.
    """
    ground.git.commit("shop.git", {"apps/web/local/l.yaml": config("l", x="1"), "apps/base/kustomization.yaml": (
        f"resources: ['{base}//common?ref=v1']\n"
    )})  # fmt: skip
    key = ground.overlay(
        f"resources: [local/l.yaml, ../base]\ncomponents: ['{base}//red?ref=v1']\n",
        kustomize={"nameSuffix": "-eu", "components": [f"{base}//red?ref=main"], "commonAnnotations": {"a": "b"}},
    )
    assert "" == ground.failure(key)
    bundle = ground.world.bundles.load(ground.wanted(key).bundle)
    assert {"l-eu": {"color": "red"}, "b-eu": {"color": "red"}} == {
        each["metadata"]["name"]: each["metadata"]["labels"] for each in bundle
    }
    assert {"refs/tags/v1", "main"} == {each.target for each in ground.wanted(key).rendering.inputs if each.led_to}
    with ground.repositories.opened(ground.url, ground.wanted(key).revision, ["apps"]) as checkout:
        assert base in (checkout.root / "apps/base/kustomization.yaml").read_text()


def test_bases_of_bases_and_circles(ground: RemoteGround, base: str) -> None:
    """GIVEN a remote base that names another repository THEN both are read; WHEN that leads back THEN the circle is
    named.
    """
    more = ground.git.create("org/more.git", {"top/kustomization.yaml": f"resources: ['{base}//common?ref=main']\n"})
    key = ground.overlay(f"resources: ['{more}//top']\n")
    assert {"b": {"x": "1"}} == ground.objects(key)
    assert {base, more} == {each.url for each in ground.wanted(key).rendering.inputs if each.led_to}
    ground.git.commit("org/bases.git", {"common/kustomization.yaml": f"resources: ['{more}//top']\n"})
    ground.render(key)
    assert "in a circle" in ground.failure(key)
    assert f"{more}@HEAD:top" in ground.failure(key)
    ground.git.commit("org/bases.git", {"common/kustomization.yaml": "resources: [b.yaml]\n"})
    assert [key] == ground.stale()
    ground.render(key)
    assert "" == ground.failure(key)


def test_a_ref_that_vanishes_is_told_and_can_be_given_up(ground: RemoteGround, base: str) -> None:
    """GIVEN a base by branch WHEN the branch goes THEN the render says so; WHEN the application names another THEN it
    renders.
    """
    own = {"web/kustomization.yaml": "resources: [a.yaml]\n", "web/a.yaml": config("a", x="3")}
    ground.git.commit("org/bases.git", {**own}, branch="next")
    key = ground.overlay(f"resources: ['{base}//web?ref=next']\n")
    assert {"x": "3"} == ground.objects(key)["a"]
    repository = ground.git.server.root / "org/bases.git"
    (repository / "refs/heads/next").unlink()
    ground.render(key, kind="tick")
    assert "next" in ground.failure(key)
    assert "apps/web/kustomization.yaml: resources[0]" in ground.failure(key)
    assert [] == ground.stale()
    ground.overlay(f"resources: ['{base}//web?ref=v1']\n")
    assert ("", {"x": "1"}) == (ground.failure(key), ground.objects(key)["a"])


def test_a_project_permits_what_its_bases_are_read_from(ground: RemoteGround, base: str) -> None:
    """GIVEN a project that allows the application's repository alone THEN a base elsewhere is refused by its rule, also
    where it was allowed when it was rendered last.
    """
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "narrow"},
        "spec": {"sourceRepos": [ground.url], "destinations": [{"server": "*", "namespace": "*"}]},
    }
    declare_project(ground.registry.projects, document)
    ground.git.commit("shop.git", {"apps/web/kustomization.yaml": f"resources: ['{base}//web']\n"})
    key = ground.declare(project="narrow", source=ground.source("apps/web"))
    ground.render(key, kind="spec")
    assert "spec.sourceRepos" in ground.failure(key)
    assert base in ground.failure(key)
    spec = document["spec"] | {"sourceRepos": ["*"]}  # type: ignore[operator]
    declare_project(ground.registry.projects, document | {"spec": spec})
    ground.render(key, kind="person")
    assert "" == ground.failure(key)
    declare_project(ground.registry.projects, document)
    ground.git.commit("shop.git", {"elsewhere.txt": "x"})
    ground.render(key)
    assert "spec.sourceRepos" in ground.failure(key)


def test_what_cannot_be_used_names_the_entry(ground: RemoteGround, base: str) -> None:
    """GIVEN a path that isn't there THEN the error names the kustomization, the entry, and what is missing."""
    key = ground.overlay(f"resources: ['{base}//nothing?ref=v1']\n")
    assert "apps/web/kustomization.yaml: resources[0]" in ground.failure(key)
    assert "'nothing' does not exist" in ground.failure(key)


class _Site(http.server.BaseHTTPRequestHandler):
    content = config("site", x="1").encode()

    def do_GET(self) -> None:
        where = {"/away.yaml": "http://169.254.169.254/latest/meta-data", "/on.yaml": "/site.yaml"}.get(self.path)
        self.send_response(302 if where else 200 if self.path == "/site.yaml" else 404)
        if where:
            self.send_header("Location", where)
        self.end_headers()
        if self.path == "/site.yaml":
            self.wfile.write(self.content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_files_at_an_address(ground: RemoteGround, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a file by its address WHEN it changes THEN a refresh renders it anew, and a reader is told; no sweep does."""
    key = ground.overlay(f"resources: ['{site}/on.yaml']\n")
    assert ("", {"site": {"x": "1"}}) == (ground.failure(key), ground.objects(key))
    assert any(f"{site}/on.yaml has no revision" in each for each in ground.wanted(key).rendering.warnings)
    monkeypatch.setattr(_Site, "content", config("site", x="2").encode())
    assert [] == ground.stale()
    handle_renders(ground.ports(), [AppMessage(key, Cause("person"))])
    assert {"site": {"x": "2"}} == ground.objects(key)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("{site}/away.yaml", "inside of this machine"),
        ("{site}/gone.yaml", "does not exist"),
        ("http://169.254.169.254/a.yaml", "inside of this machine"),
        ("http://[::ffff:169.254.169.254]/a.yaml", "inside of this machine"),
        ("http://[fd00:ec2::254]/a.yaml", "inside of this machine"),
        ("https://ada:secret@example.com/a.yaml", "must not hold a user"),
    ],
)
def test_files_come_from_outside_alone(ground: RemoteGround, site: str, address: str, message: str) -> None:
    """GIVEN an address that leads into the machine, to metadata or nowhere THEN it is refused, and names its entry."""
    key = ground.overlay(f"resources: ['{address.format(site=site)}']\n")
    assert message in ground.failure(key)
    assert "resources[0]" in ground.failure(key)


def test_this_machine_is_refused_by_default() -> None:
    """GIVEN the files of an installation THEN a loopback address is not asked."""
    from mooring.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="inside of this machine"):
        Files().fetched("http://localhost:9001/2018-06-01/runtime/invocation/next")
