"""From commits to bundles: several sources, and nothing rendered twice, over a real git server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from mooring.errors import ConfigurationError, MooringError, UnreachableError
from mooring.events.messages import AppMessage, Cause, CommitMessage, RepositoryMessage
from mooring.flows.renders import building
from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.asked.gpgkeys import add_keys
from mooring.flows.asked.projects import declare_project
from mooring.flows.renders.rendering import handle_renders
from mooring.flows.renders.tasks import RenderPorts
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.model.application import AppKey
from mooring.render import Tools
from mooring.source import Credential, Repositories, normalise
from mooring.source.credentials import CredentialStore, TokenCredential
from mooring.state.consumption import Consumption
from mooring.state.wanted import WantedState
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.installation import World, installation
from tests.doubles.signing import pen

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served


class Nobody:
    """A store without credentials."""

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return None


class Chart:
    """One version of a chart."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.digest = f"sha256:{version}"


class Charts:
    """Charts below a folder, `<chart>/<version>`; `latest` is what every range means."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.latest = "1.0.0"
        self.trouble: MooringError | None = None

    def has_credential(self, url: str) -> bool:
        return False

    def add(self, version: str, values: str = "") -> None:
        folder = self.root / "web" / version
        (folder / "templates").mkdir(parents=True)
        (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: web\nversion: {version}\n")
        (folder / "values.yaml").write_text(values)
        (folder / "templates" / "config.yaml").write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\n"
            'data: {version: "{{ .Chart.Version }}", color: "{{ .Values.color }}"}\n'
        )

    def resolve(self, url: str, chart: str, revisions: Iterable[str]) -> Mapping[str, Chart | ConfigurationError]:
        if self.trouble is not None:
            raise self.trouble
        return {each: Chart(self.latest) for each in revisions}

    def fetched(self, url: str, chart: str, version: str, *, pass_credentials: bool = False) -> Path:
        return self.root / chart / version


class Ground:
    """An installation with a git server, charts, and the function `render`."""

    def __init__(self, world: World, git: Served, root: Path, tools: Mapping[str, Path]) -> None:
        self.world = world
        self.git = git
        self.charts = Charts(root / "charts")
        secrets = SecretStore(boto3.client("secretsmanager", region_name="eu-central-1"))
        self.registry = Registry(world.table, secrets, "mooring")
        self.cluster = self.registry.register_cluster("in-cluster", "https://c.test", default=True, config={})
        self.serve("v1")
        self.repositories = Repositories(root / "repositories", Nobody(), timeout=20)
        self.tools = Tools(kustomize=str(tools["kustomize"]), helm=str(tools["helm"]), gokit=str(tools["gokit"]))
        self.url = git.create("shop.git")
        self.credentials: CredentialStore | None = None

    def serve(self, *api_versions: str) -> None:
        """What the cluster serves from now on."""
        self.registry.note_versions(self.cluster, "1.36.3", api_versions)

    def declare(self, name: str = "shop", *, annotations: Mapping[str, str] | None = None, **spec: Any) -> AppKey:
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "annotations": dict(annotations or {})},
            "spec": {"destination": {"name": "in-cluster", "namespace": "shop"}, **spec},
        }
        ports = AskPorts(self.world.applications, self.world.queues, self._clock, self.world.registry)  # type: ignore[arg-type]
        return declare(ports, document, "ada").application.key

    def source(self, path: str, **fields: Any) -> dict[str, Any]:
        return {"repoURL": self.url, "path": path, **fields}

    def _clock(self) -> float:
        self.world.now += 1
        return self.world.now

    def ports(self) -> RenderPorts:
        world = self.world
        return RenderPorts(
            world.applications, world.bundles, self.registry, self.repositories,
            self.charts, world.queues, self.tools, self._clock,  # type: ignore[arg-type]
            credentials=self.credentials,
        )  # fmt: skip

    def render(self, *keys: AppKey, kind: Any = "push") -> None:
        handle_renders(self.ports(), [AppMessage(key, Cause(kind)) for key in keys])

    def stale(self) -> list[AppKey]:
        """The applications that a sweep would have rendered."""
        from concurrent.futures import ThreadPoolExecutor

        self.world.queues.sent.clear()
        with ThreadPoolExecutor(2) as pool:
            ports = SweepPorts(
                self.world.applications, self.registry, self.repositories,
                self.charts, self.world.queues, pool,  # type: ignore[arg-type]
            )  # fmt: skip
            sweep(ports)
        return [message.app for to, message in self.world.queues.sent if to == "renders"]

    def wanted(self, key: AppKey) -> WantedState:
        wanted = self.world.record(key).wanted
        assert wanted is not None
        return wanted

    def objects(self, key: AppKey) -> dict[str, Any]:
        """The data of each ConfigMap in the bundle, by name."""
        bundle = self.world.bundles.load(self.wanted(key).bundle)
        return {each["metadata"]["name"]: each.get("data") for each in bundle}


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def ground(worlds: Callable[[], World], git_server: Served, tmp_path: Path, tools: dict[str, Path]) -> Ground:
    return Ground(worlds(), git_server, tmp_path, tools)


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were rendered, in order."""
    seen: list[str] = []
    real = building.render

    def count(source: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(source.path or source.chart)
        return real(source, *arguments, **options)

    monkeypatch.setattr(building, "render", count)
    return seen


def config(name: str, **data: str) -> str:
    lines = "".join(f"  {key}: {value!r}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{lines}"


def test_a_chart_with_values_from_git(ground: Ground, renders: list[str]) -> None:
    """GIVEN a chart, its values in git, and a folder WHEN rendered THEN all are in one bundle, and each alone moves
    it.
    """
    ground.charts.add("1.0.0")
    ground.charts.add("1.1.0")
    first = ground.git.commit("shop.git", {"values/web.yaml": "color: red\n", "extra/a.yaml": config("a", x="1")})
    key = ground.declare(
        sources=[
            {
                "repoURL": "https://charts.test/stable",
                "chart": "web",
                "targetRevision": "1.*",
                "helm": {"valueFiles": ["$values/values/web.yaml"]},
            },
            {"repoURL": ground.url, "ref": "values"},
            ground.source("extra"),
        ]
    )
    ground.render(key)
    assert {"chart": {"version": "1.0.0", "color": "red"}, "a": {"x": "1"}} == ground.objects(key)
    assert f"1.0.0,{first},{first}" == ground.wanted(key).revision
    assert (1, 0, 1) == ground.wanted(key).rendering.parts, "what each source gave, for whoever renders some of them"
    assert [] == ground.stale()
    ground.git.commit("shop.git", {"values/web.yaml": "color: blue\n"})
    assert [key] == ground.stale()
    ground.render(key)
    assert "blue" == ground.objects(key)["chart"]["color"]
    ground.charts.latest = "1.1.0"
    assert [key] == ground.stale()
    ground.render(key)
    assert "1.1.0" == ground.objects(key)["chart"]["version"]
    before = len(renders)
    ground.git.commit("shop.git", {"elsewhere/b.yaml": config("b", x="1")})
    ground.render(key)
    assert before == len(renders)
    assert "1.1.0," in ground.wanted(key).revision


def test_two_revisions_of_one_repository(ground: Ground) -> None:
    """GIVEN sources at two revisions of the same repository WHEN rendered THEN each is read at its own."""
    old = ground.git.commit("shop.git", {"a/a.yaml": config("a", at="old"), "b/b.yaml": config("b", at="old")})
    ground.git.commit("shop.git", {"a/a.yaml": config("a", at="new"), "b/b.yaml": config("b", at="new")})
    key = ground.declare(sources=[ground.source("a"), ground.source("b", targetRevision=old)])
    ground.render(key)
    assert {"a": {"at": "new"}, "b": {"at": "old"}} == ground.objects(key)


def test_one_source_that_fails_keeps_the_bundle(ground: Ground) -> None:
    """GIVEN two sources WHEN one of them can't be had THEN the last bundle stays and the message says why."""
    ground.charts.add("1.0.0", "color: red\n")
    ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1")})
    chart = {"repoURL": "https://charts.test/stable", "chart": "web", "targetRevision": "1.*"}
    key = ground.declare(sources=[ground.source("a"), chart])
    ground.render(key)
    bundle = ground.wanted(key).bundle
    ground.charts.trouble = UnreachableError("charts.test does not answer")
    ground.git.commit("shop.git", {"a/a.yaml": config("a", x="2")})
    ground.render(key)
    failure = ground.wanted(key).failure
    assert failure is not None
    assert ("charts.test does not answer", bundle) == (failure.message, ground.wanted(key).bundle)
    ground.charts.trouble = None
    ground.render(key)
    assert {"x": "2"} == ground.objects(key)["a"]


def test_a_revert_finds_its_bundle_again(ground: Ground, renders: list[str]) -> None:
    """GIVEN a commit that was reverted WHEN rendered THEN the former bundle is wanted again, and no tool ran."""
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="1")})
    key = ground.declare(source=ground.source("k8s"))
    ground.render(key)
    good = ground.wanted(key).bundle
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="2")})
    ground.render(key)
    assert good != ground.wanted(key).bundle
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="1")})
    ground.world.queues.sent.clear()
    ground.render(key)
    assert (good, ["k8s", "k8s"]) == (ground.wanted(key).bundle, renders)
    assert [("syncs", AppMessage(key, Cause("push")))] == ground.world.queues.sent


def test_a_changed_policy_needs_no_render(ground: Ground, renders: list[str]) -> None:
    """GIVEN a rendered application WHEN only its policy changes THEN it is synced anew from the same bundle."""
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="1")})
    key = ground.declare(source=ground.source("k8s"))
    ground.render(key, kind="spec")
    ground.declare(source=ground.source("k8s"), syncPolicy={"automated": {"prune": True}})
    ground.world.queues.sent.clear()
    ground.render(key, kind="spec")
    assert (["k8s"], 2) == (renders, ground.wanted(key).generation)
    assert [("syncs", AppMessage(key, Cause("spec")))] == ground.world.queues.sent
    ground.declare(source=ground.source("k8s", directory={"recurse": True}))
    ground.render(key, kind="spec")
    assert ["k8s", "k8s"] == renders


def test_what_the_cluster_serves_counts_for_charts_alone(ground: Ground, renders: list[str]) -> None:
    """GIVEN a chart and a folder WHEN the cluster serves a new API THEN the next commit renders the chart anew, the
    folder not.
    """
    chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
    ground.git.commit("shop.git", {
        "chart/Chart.yaml": chart, "chart/templates/a.yaml": config("a", x="1"), "k8s/b.yaml": config("b", x="1"),
    })  # fmt: skip
    keys = [ground.declare("one", source=ground.source("chart")), ground.declare("two", source=ground.source("k8s"))]
    ground.render(*keys)
    ground.serve("v1", "example.com/v1")
    ground.git.commit("shop.git", {"elsewhere/c.yaml": "x"})
    renders.clear()
    ground.render(*keys)
    assert ["chart"] == renders


def test_what_reads_the_clusters_version_counts_it(ground: Ground, renders: list[str]) -> None:
    """GIVEN two folders of Jsonnet, one of which is told the cluster's APIs WHEN the cluster serves a new one THEN the
    next commit renders that one anew, the other not.
    """
    jsonnet = "function(apis='') {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'a'}, data: {apis: apis}}"
    ground.git.commit("shop.git", {"told/a.jsonnet": jsonnet, "untold/a.jsonnet": jsonnet})
    told = {"jsonnet": {"tlas": [{"name": "apis", "value": "$KUBE_API_VERSIONS"}]}}
    keys = [
        ground.declare("one", source=ground.source("told", directory=told)),
        ground.declare("two", source=ground.source("untold")),
    ]
    ground.render(*keys)
    ground.serve("v1", "example.com/v1")
    ground.git.commit("shop.git", {"elsewhere/c.yaml": "x"})
    renders.clear()
    ground.render(*keys)
    assert ["told"] == renders
    assert {"apis": "v1,example.com/v1"} == ground.objects(keys[0])["a"]


def test_stated_paths_are_obeyed(ground: Ground, renders: list[str]) -> None:
    """GIVEN manifest-generate-paths WHEN a commit touches something else below the source THEN nothing is rendered."""
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="1"), "base/b.yaml": "x", "k8s/sub/README.md": "x"})
    key = ground.declare(
        annotations={"argocd.argoproj.io/manifest-generate-paths": "a.yaml;/base"}, source=ground.source("k8s")
    )
    ground.render(key)
    ground.git.commit("shop.git", {"k8s/sub/README.md": "y"})
    ground.render(key)
    assert ["k8s"] == renders
    ground.git.commit("shop.git", {"base/b.yaml": "y"})
    ground.render(key)
    assert ["k8s", "k8s"] == renders


def test_a_push_renders_what_it_touches(ground: Ground, renders: list[str]) -> None:
    """GIVEN thirty applications in a repository WHEN a push touches one THEN one is rendered, and all know the commit."""
    files = {f"apps/{number}/a.yaml": config("a", x="1") for number in range(30)}
    ground.git.commit("shop.git", files)
    keys = [ground.declare(f"app-{number}", source=ground.source(f"apps/{number}")) for number in range(30)]
    ground.render(*keys)
    renders.clear()
    sha = ground.git.commit("shop.git", {"apps/7/a.yaml": config("a", x="2")})
    ground.world.queues.sent.clear()
    handle_renders(ground.ports(), [AppMessage(keys[7], Cause("push"))])
    handle_renders(ground.ports(), [RepositoryMessage(normalise(ground.url), Cause("push"))])
    assert ["apps/7"] == renders
    assert {sha} == {ground.wanted(key).revision for key in keys}
    assert [("syncs", AppMessage(keys[7], Cause("push")))] == ground.world.queues.sent


def test_moving_to_another_repository(ground: Ground) -> None:
    """GIVEN an application WHEN it is declared with another repository THEN only that one concerns it."""
    other = ground.git.create("other.git")
    ground.git.commit("shop.git", {"k8s/a.yaml": config("a", x="1")})
    ground.git.commit("other.git", {"k8s/a.yaml": config("a", x="2")})
    key = ground.declare(source=ground.source("k8s"))
    ground.render(key)
    applications = ground.world.applications
    assert [("HEAD",), ("k8s",)] == [
        part for app in applications.of_repository(normalise(ground.url)) for part in (app.targets, app.depends)
    ]
    ground.declare(source={"repoURL": other, "path": "k8s"})
    assert [] == applications.of_repository(normalise(ground.url))
    ground.render(key)
    assert [(key, ("HEAD",), ("k8s",))] == [
        (app.key, app.targets, app.depends) for app in applications.of_repository(normalise(other))
    ]
    assert {"a": {"x": "2"}} == ground.objects(key)


def test_of_a_large_repository_only_what_is_read_is_fetched(ground: Ground, tmp_path: Path) -> None:
    """GIVEN a repository of thousands of files WHEN an application of two folders is rendered THEN those files come,
    found by what refers to what, and no others.
    """
    noise: dict[str, str | bytes | None] = {
        f"noise/{number % 50}/{number}.txt": f"{number}\n" for number in range(2100)
    }
    ground.git.commit("shop.git", {
        **noise,
        "apps/web/kustomization.yaml": "resources: [../../bases/web]\ncomponents: [../../parts/color]\n",
        "bases/web/kustomization.yaml": "resources: [a.yaml]\n",
        "bases/web/a.yaml": config("a", x="1"),
        "bases/web/unused/b.yaml": config("b", x="1"),
        "parts/color/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {color: red}}]\n"
        ),
        "other/a.yaml": config("other", x="1"),
    })  # fmt: skip
    key = ground.declare(source=ground.source("apps/web"))
    ground.render(key)
    assert {"a": {"x": "1"}} == ground.objects(key)
    tree = next((tmp_path / "repositories").glob("*/tree"))
    files = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert {path.split("/")[0] for path in files} == {"apps", "bases", "parts"}
    other = ground.declare("other", source=ground.source("other"))
    ground.git.commit("shop.git", {"bases/web/a.yaml": config("a", x="2"), "noise/0/0.txt": "changed\n"})
    ground.render(key, other)
    assert [{"a": {"x": "2"}}, {"other": {"x": "1"}}] == [ground.objects(key), ground.objects(other)]
    assert not (tree / "noise").exists()


def test_manifests_in_a_registry(ground: Ground) -> None:
    """GIVEN an artifact of a registry with plain manifests WHEN rendered THEN its path is read, by its version."""
    folder = ground.charts.root / "1.0.0" / "k8s"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(config("a", x="1"))
    source = {"repoURL": "oci://registry.test/manifests", "path": "k8s", "targetRevision": "1.*"}
    key = ground.declare(sources=[source])
    ground.render(key)
    assert ({"a": {"x": "1"}}, "1.0.0") == (ground.objects(key), ground.wanted(key).revision)
    assert [] == ground.stale()


def test_a_commit_that_is_not_signed_is_not_rendered(ground: Ground, renders: list[str]) -> None:
    """GIVEN a project that asks for signatures WHEN a commit has none THEN it isn't rendered, nor taken for one that
    changes nothing, and the bundle of the signed one stays; the next signed one is rendered.
    """
    bare = ground.git.server.root / "shop.git"
    with pen() as ada:
        key = ada.key("ada@example.com")
        add_keys(ground.registry.gpg_keys, {"key": ada.public(key)})
        spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
        document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "team"}}
        declare_project(
            ground.registry.projects, {**document, "spec": {**spec, "signatureKeys": [{"keyID": key[-16:]}]}}
        )
        ground.git.commit("shop.git", {"k8s/a.yaml": config("a", v="1")})
        ada.commit(bare, gpg=key)
        app = ground.declare(project="team", source=ground.source("k8s", targetRevision="main"))
        ground.render(app)
        assert {"a": {"v": "1"}} == ground.objects(app)
        unsigned = ground.git.commit("shop.git", {"README": "nothing that is read"})
        ground.render(app)
        wanted = ground.wanted(app)
        assert wanted.failure is not None
        assert f"commit {unsigned} of {ground.url} is not signed; the project 'team' asks" in wanted.failure.message
        assert unsigned != wanted.revision
        ground.git.commit("shop.git", {"k8s/a.yaml": config("a", v="2")})
        ground.render(app)
        assert {"a": {"v": "1"}} == ground.objects(app)
        assert ["k8s"] == renders
        signed = ada.commit(bare, gpg=key)
        ground.render(app)
        assert (signed, None) == (ground.wanted(app).revision, ground.wanted(app).failure)
        assert {"a": {"v": "2"}} == ground.objects(app)


class Registered:
    """A store with a token for every repository."""

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return TokenCredential(url, "s3cret")


def test_a_commit_is_on_record_with_its_committer_and_repository(ground: Ground) -> None:
    """GIVEN a commit that nobody signed, its record names who committed it and where it is; nobody is asked as no one."""
    sha = ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1")})
    key = ground.declare(source=ground.source("a"))
    ground.render(key)
    commit = ground.wanted(key).commit
    assert (sha, normalise(ground.url), "", False) == (commit.sha, commit.repository, commit.signer, commit.verified)
    assert commit.committer and "@" in commit.committer_email
    assert [] == ground.world.queues.waiting


def test_who_merged_a_commit_is_asked_once_its_syncs_are_sent(ground: Ground) -> None:
    """GIVEN a credential, WHEN applications get a new commit, THEN one look at it waits; without news, none does."""
    ground.credentials = Registered()
    first = ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1"), "b/b.yaml": config("b", x="1")})
    keys = [ground.declare(name, source=ground.source(name)) for name in ("a", "b")]
    sent: list[tuple[int, Any]] = []
    queues = ground.world.queues

    def send_later(messages: Any) -> None:
        sent.extend((len(queues.sent), message) for message in messages)

    queues.send_later = send_later  # type: ignore[method-assign]
    queues.sent.clear()
    ground.render(*keys)
    assert [(2, (CommitMessage(ground.url, first), 20.0))] == sent
    ground.render(*keys, kind="person")
    assert 1 == len(sent)
    second = ground.git.commit("shop.git", {"elsewhere/c.yaml": config("c", x="1")})
    ground.render(*keys)
    assert CommitMessage(ground.url, second) == sent[1][1][0]


def test_a_look_that_can_not_be_asked_for_is_no_trouble(ground: Ground) -> None:
    """GIVEN a queue that takes nothing more, the render is done all the same."""
    ground.credentials = Registered()
    ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1")})
    key = ground.declare(source=ground.source("a"))

    def send_later(messages: Any) -> None:
        raise UnreachableError("SQS can't be reached")

    ground.world.queues.send_later = send_later  # type: ignore[method-assign]
    ground.render(key)
    assert {"a": {"x": "1"}} == ground.objects(key)


def test_what_a_render_took_is_divided_among_those_it_served(ground: Ground) -> None:
    """GIVEN applications of one repository WHEN rendered together THEN each has an equal share of what served all, and
    its own render; a commit that none of them needs adds a share of the look at it.
    """
    seconds = count(step=0.25)  # a look at the clock takes a quarter of a second
    consumption = Consumption(1024, lambda: float(next(seconds)))
    ground.git.commit("shop.git", {"a/a.yaml": config("a", x="1"), "b/b.yaml": config("b", x="1")})
    keys = [ground.declare(name, source=ground.source(name)) for name in ("a", "b")]
    messages = [AppMessage(key, Cause("push")) for key in keys]
    handle_renders(replace(ground.ports(), consumption=consumption), messages)
    assert [0.125 + 0.125 + 0.25] * 2 == [ground.wanted(key).spent.gb_seconds for key in keys]
    ground.git.commit("shop.git", {"c/c.yaml": config("c", x="1")})
    handle_renders(replace(ground.ports(), consumption=consumption), messages)
    assert [0.5 + 0.125] * 2 == [ground.wanted(key).spent.gb_seconds for key in keys]
