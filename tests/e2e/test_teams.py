"""An installation as a platform team keeps it: one root, a project with rules, children in waves, two clusters, charts.

Everything is real: two API servers, git, a repository of charts, a registry that asks for a token. What Mooring did is
seen in the clusters, and what it says as the command prints it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import repositories
from local.cluster import Cluster
from local.demo.forge import push_payload
from local.githttp import GitServer, basic
from local.processes import wait_until
from local.stack import Options, Stack
from tests.doubles.chartserver import ChartServer, write_chart
from tests.doubles.ociregistry import OciRegistry
from tests.e2e.ground import Ground, config_map, text

FAR = "harbour"


@dataclass
class Installation:
    """The stack with what stands beside it."""

    ground: Ground
    far: Cluster
    charts: ChartServer
    registry: OciRegistry

    @property
    def git(self) -> str:
        return self.ground.stack.git_url

    def repository(self, name: str, files: dict[str, str]) -> Path:
        path = repositories.create(self.ground.stack.git_root, f"{name}.git")
        repositories.commit(path, files)
        return path

    def push(self, name: str, files: dict[str, str | None]) -> None:
        """Commits to a repository and sends its webhook."""
        revision = repositories.commit(self.ground.stack.git_root / f"{name}.git", files)
        changed = {"added": [], "modified": list(files), "removed": []}
        payload = push_payload(name, f"{self.git}/{name}.git", revision, changed)
        assert 202 == self.ground.deliver(json.dumps(payload).encode()).status

    def mooring(self, *arguments: str, given: str = "") -> str:
        """What the command prints, when it ends well."""
        done = self.ground.run_mooring(*arguments, given=given)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def app(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.mooring("app", "get", name, "-o", "json"))
        return found

    def until(self, holds: Callable[[], object], what: str) -> None:
        wait_until(lambda: bool(holds()), what, timeout=40)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("teams")
    options = Options(directory=folder / "stack", workloads=False, sweep=3600)
    with (
        Stack.start(options, lambda line: None) as stack,
        Cluster.start(folder / FAR, stack.tools, workloads=False) as far,
        ChartServer(folder / "charts", stack.tools["helm"]) as charts,
        OciRegistry(asks="bearer") as registry,
    ):
        ground = Ground(stack)
        yield Installation(ground, far, charts, registry)
        ground.http.clear()


def application(name: str, project: str, wave: int, sources: list[Any], destination: dict[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "argocd"}
    metadata["annotations"] = {"argocd.argoproj.io/sync-wave": str(wave)}
    metadata["finalizers"] = ["resources-finalizer.argocd.argoproj.io/background"]
    spec: dict[str, Any] = {"project": project, "destination": destination}
    spec |= {"source": sources[0]} if len(sources) == 1 else {"sources": sources}
    spec["syncPolicy"] = {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": ["CreateNamespace=true"],
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


def team(installation: Installation) -> dict[str, Any]:
    """What the team may do."""
    kinds = [{"group": "", "kind": "Namespace", "name": "team-*"}]
    spec = {
        "sourceRepos": [f"{installation.git}/*", installation.charts.url, f"{installation.registry.host}/*"],
        "destinations": [{"name": name, "server": "*", "namespace": "team-*"} for name in ("in-cluster", FAR)],
        "clusterResourceWhitelist": kinds,
        "namespaceResourceBlacklist": [{"group": "", "kind": "ResourceQuota"}],
    }
    metadata = {"name": "team", "namespace": "argocd", "annotations": {"argocd.argoproj.io/sync-wave": "-1"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def colored(color: str) -> dict[str, Any]:
    return {**config_map(), "data": {"color": color}}


def config(cluster: Cluster, namespace: str, name: str) -> dict[str, str] | None:
    """The data of a ConfigMap, None where there is none."""
    status, found = cluster.client("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")
    return found["data"] if status == 200 else None


@pytest.fixture(scope="module")
def root(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The installation after its administrator has pointed it at the root, and everything has followed."""
    charts, registry, tools = installation.charts, installation.registry, installation.ground.stack.tools
    folder = tmp_path_factory.mktemp("made")
    charts.publish(*(write_chart(folder / version, "web", version) for version in ("1.4.0", "1.9.0", "2.0.0")))
    _publish(tools["helm"], registry, write_chart(folder, "worker", "0.3.1"), folder)

    name = ("cluster", "add", FAR, "--kubeconfig", str(installation.far.kubeconfig), "--label", "env=far")
    assert FAR in installation.mooring(*name)
    credential = ("--type", "oci", "--username", "robot", "--password-file", "-", "--insecure-oci-force-http")
    installation.mooring("repo", "add", registry.host, *credential, given="s3cret\n")

    server = installation.ground.stack.cluster.server
    shop = [
        {"repoURL": charts.url, "chart": "web", "targetRevision": "1.x",
         "helm": {"valueFiles": ["$settings/shop.yaml"]}},
        {"repoURL": f"{installation.git}/settings.git", "targetRevision": "main", "ref": "settings"},
        {"repoURL": f"{registry.host}/charts", "chart": "worker", "targetRevision": "0.3.1"},
    ]  # fmt: skip
    edge = [{"repoURL": f"{installation.git}/edge.git", "targetRevision": "main", "path": "k8s"}]
    children = {
        "project": team(installation),
        "shop": application("shop", "team", 0, shop, {"server": server, "namespace": "team-shop"}),
        "edge": application("edge", "team", 1, edge, {"name": FAR, "namespace": "team-edge"}),
    }
    installation.repository("settings", {"shop.yaml": "color: green\n"})
    installation.repository("edge", {"k8s/settings.yaml": text(config_map())})
    installation.repository("root", {f"apps/{each}.yaml": text(document) for each, document in children.items()})
    source = {"repoURL": f"{installation.git}/root.git", "targetRevision": "main", "path": "apps"}
    declared = application("root", "default", 0, [source], {"server": server, "namespace": "argocd"})
    installation.mooring("apply", "-f", "-", given=json.dumps(declared))
    installation.mooring("app", "wait", "root", "--timeout", "60")
    return installation


def _publish(helm: Path, registry: OciRegistry, chart: Path, folder: Path) -> None:
    subprocess.run([helm, "package", chart, "-d", folder], check=True, capture_output=True)
    archive = (folder / "worker-0.3.1.tgz").read_bytes()
    media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
    registry.put("charts/worker", "0.3.1", archive, media_type=media_type)


def test_one_root_brings_everything_in_its_order(root: Installation) -> None:
    """GIVEN a root with a project and two children WHEN it is healthy THEN both clusters have what git, charts and
    registry say, and the second wave began after the first was there.
    """
    web = config(root.ground.stack.cluster, "team-shop", "web")
    assert web is not None
    assert ("1.9.0", "green") == (web["version"], json.loads(web["values"])["color"])
    worker = config(root.ground.stack.cluster, "team-shop", "worker")
    assert worker is not None
    assert "0.3.1" == worker["version"]
    assert {"color": "blue"} == config(root.far, "team-edge", "settings")
    assert config(root.ground.stack.cluster, "team-edge", "settings") is None

    first, second = (root.app(name)["status"]["operationState"] for name in ("shop", "edge"))
    assert first["finishedAt"] <= second["startedAt"]
    resources = {each["name"]: each["kind"] for each in root.app("root")["status"]["resources"]}
    assert {"team": "AppProject", "shop": "Application", "edge": "Application"} == resources
    lines = [line.split() for line in root.mooring("app", "list").splitlines()[1:]]
    listed = {line[0].rpartition("/")[2]: line for line in lines}
    assert {"root", "shop", "edge"} <= listed.keys()
    assert all({"Synced", "Healthy"} <= set(listed[name]) for name in ("root", "shop", "edge"))
    assert any(line.split()[0] == FAR for line in root.mooring("cluster", "list").splitlines())
    assert "team" in root.mooring("project", "list")


def test_values_from_git_reach_the_chart(root: Installation) -> None:
    """GIVEN a chart with values in git WHEN the values change THEN the push brings them, with the same chart."""
    root.push("settings", {"shop.yaml": "color: red\n"})

    def color() -> str:
        found = config(root.ground.stack.cluster, "team-shop", "web") or {"values": "{}"}
        return str(json.loads(found["values"]).get("color"))

    root.until(lambda: color() == "red", "the new colour")


def test_rules_of_the_project_are_named(root: Installation) -> None:
    """GIVEN a project with rules WHEN an application breaks one THEN it is refused with the rule's name, wherever that
    can be known first: at its declaration, or before its sync has written anything.
    """
    source = {"repoURL": f"{root.git}/edge.git", "targetRevision": "main", "path": "k8s"}
    server = root.ground.stack.cluster.server
    stray = application("stray", "team", 0, [source], {"server": server, "namespace": "kube-system"})
    done = root.ground.run_mooring("apply", "-f", "-", given=json.dumps(stray))
    assert 1 == done.returncode
    assert "spec.destinations" in done.stderr
    assert "kube-system" in done.stderr

    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota"},
        "spec": {"hard": {"pods": "1"}},
    }
    root.push("edge", {"k8s/quota.yaml": text(quota), "k8s/settings.yaml": text(colored("white"))})
    root.until(lambda: "namespaceResourceBlacklist" in json.dumps(root.app("edge")["status"]), "the rule's name")
    assert {"color": "blue"} == config(root.far, "team-edge", "settings")
    root.push("edge", {"k8s/quota.yaml": None})
    root.until(lambda: config(root.far, "team-edge", "settings") == {"color": "white"}, "what is permitted")


def test_a_child_that_git_no_longer_has_goes_with_its_objects(root: Installation) -> None:
    """GIVEN a child with the finalizer WHEN git drops it THEN it goes, its objects go, and its siblings stay."""
    root.push("root", {"apps/edge.yaml": None})
    root.until(lambda: root.ground.ask("GET", "applications/edge").status == 404, "the child's end")
    assert config(root.far, "team-edge", "settings") is None
    assert config(root.ground.stack.cluster, "team-shop", "web") is not None
    root.mooring("app", "wait", "root", "shop", "--timeout", "60")
    listed = root.mooring("app", "list")
    assert "shop" in listed
    assert "edge" not in listed


def test_wrong_credentials_are_said_and_right_ones_used(installation: Installation, tmp_path: Path) -> None:
    """GIVEN a private repository WHEN its password is wrong THEN a condition says so; the right one is used at once."""
    case = installation.ground.new("private")
    with GitServer(tmp_path) as server:
        files = {"k8s/settings.yaml": text(colored("green"))}
        repositories.commit(repositories.create(tmp_path, "private.git"), files)
        server.guarded["private.git"] = basic("robot", "right")
        url = f"{server.url}/private.git"
        credential = ("repo", "add", url, "--username", "robot", "--password-file", "-")
        installation.mooring(*credential, given="wrong\n")
        assert 200 == case.declare(source={"repoURL": url}).status
        told = case.condition("ComparisonError")
        assert "refuses the stored credential" in told
        assert {"settings": "blue"} == case.colors(), "what was there stays"
        assert told.split(":")[0] in installation.mooring("app", "get", case.name)

        installation.mooring(*credential, given="right\n")
        case.sync()
        case.no_condition("ComparisonError")
        assert {"settings": "green"} == case.colors()
    assert not [each for each in installation.ground.answers if "wrong" in each or "right\n" in each]


@contextmanager
def hanging() -> Iterator[tuple[str, threading.Event]]:
    """A server that takes connections and says nothing; the event is set once somebody waits."""
    waits, taken = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return
                waits.set()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/never.git", waits
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    for each in taken:
        each.close()


def test_a_repository_that_hangs_holds_nobody_back(installation: Installation) -> None:
    """GIVEN a render that waits for a server which says nothing WHEN others are pushed to THEN they are synced while it
    still waits; and when the server is gone its application says that it could not be reached.
    """
    stuck, others = installation.ground.new("stuck"), [installation.ground.new(name) for name in ("swift", "brisk")]
    with hanging() as (url, waits):
        assert 200 == stuck.declare(source={"repoURL": url}).status
        assert waits.wait(20)
        for case in others:
            case.push({"k8s/settings.yaml": text(colored("red"))})
        for case in others:
            case.until(lambda app, case=case: case.colors() == {"settings": "red"})  # type: ignore[misc]
        assert [] == stuck.get()["status"]["conditions"]
    assert url.split("/")[2] in stuck.condition("ComparisonError")
    assert stuck.stands
