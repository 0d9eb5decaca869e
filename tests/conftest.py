"""What tests stand on: real servers, each started when the first test asks for it and shared by the rest of a worker.

Everything lives in pytest's temporary folder and ends with the session. Nothing here is faked; what a test wants to
fake it fakes itself, where its reader sees it.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from local import repositories
from local.cluster import CONTROL_PLANE, WORKLOADS, Cluster
from local.githttp import GitServer
from local.tools import USUAL, ensure

if TYPE_CHECKING:
    from mooring.source import Credential
    from mooring.source.gokit import GoKit
    from mooring.source.process import Git, Outcome
    from tests.doubles.installation import World

REGION = "eu-central-1"


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Every tool by name but Vault's server; builds what is missing."""
    return ensure(USUAL, print)


@pytest.fixture(scope="session")
def control_plane_tools() -> dict[str, Path]:
    """Only what a small cluster needs, so that its tests don't wait for a build of anything else."""
    return ensure((*CONTROL_PLANE, "kubectl"), print)


@pytest.fixture(scope="session")
def gokit() -> GoKit:
    """The program as functions ship it."""
    from mooring.source.gokit import GoKit

    return GoKit(str(ensure(("gokit",), print)["gokit"]))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, control_plane_tools: dict[str, Path]) -> Iterator[Cluster]:
    """An API server with etcd and nothing else: objects stay as they are written."""
    with Cluster.start(tmp_path_factory.mktemp("cluster"), control_plane_tools, workloads=False) as started:
        yield started


@pytest.fixture(scope="session")
def workload_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster where Deployments become ready and Jobs complete."""
    programs = ensure((*CONTROL_PLANE, *WORKLOADS), print)
    with Cluster.start(tmp_path_factory.mktemp("workloads"), programs) as started:
        yield started


@pytest.fixture
def make_namespace(request: pytest.FixtureRequest) -> Callable[[Cluster], str]:
    """Creates a namespace of this test's own in the cluster that it is given, and says its name."""
    numbers = itertools.count(1)
    stem = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())[:40].strip("-")

    def make(cluster: Cluster) -> str:
        name = f"{stem}-{os.urandom(3).hex()}-{next(numbers)}"
        status, answer = cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        assert status == 201, answer
        return name

    return make


@pytest.fixture
def namespace(cluster: Cluster, make_namespace: Callable[[Cluster], str]) -> str:
    """A fresh namespace of the small cluster."""
    return make_namespace(cluster)


@dataclass(frozen=True, slots=True)
class Repositories:
    """Repositories that are served over HTTP; names end in `.git`."""

    server: GitServer

    def url(self, name: str) -> str:
        """Where a repository is cloned from."""
        return f"{self.server.url}/{name}"

    def create(self, name: str, files: dict[str, str | bytes | None] | None = None) -> str:
        """Create a repository, with a first commit if there are files; its URL."""
        repositories.create(self.server.root, name)
        if files:
            self.commit(name, files)
        return self.url(name)

    def commit(
        self,
        name: str,
        files: dict[str, str | bytes | None],
        message: str = "Change",
        *,
        branch: str = "main",
        links: dict[str, str] | None = None,
    ) -> str:
        """Commit files (None removes one) and links; the commit's SHA."""
        return repositories.commit(self.server.root / name, files, message, branch=branch, links=links)

    def tag(self, name: str, tag: str, revision: str = "main") -> None:
        """Tag a revision."""
        repositories.tag(self.server.root / name, tag, revision)


@pytest.fixture
def git_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repositories]:
    """An empty folder of repositories over smart HTTP."""
    with GitServer(tmp_path_factory.mktemp("git")) as server:
        yield Repositories(server)


class Anonymous:
    """A store without credentials: every repository is read as nobody."""

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        """Nothing, whatever the address."""
        return None


@pytest.fixture
def anonymous() -> Anonymous:
    """What `mooring.source.Repositories` asks for credentials."""
    return Anonymous()


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    """Makes installations over moto's AWS, without functions, each with a table of its own."""
    from tests.doubles.installation import installation

    with installation() as make:
        yield make


Watcher: TypeAlias = "Callable[[Sequence[str], dict[str, str]], Outcome | None]"


@pytest.fixture
def git_behind() -> Callable[[Watcher], Git]:
    """Puts a function in front of the real git.

    It sees each command and its environment, which it may change, and may answer in git's place.
    """
    from mooring.source.process import run_git

    def behind(watcher: Watcher) -> Git:
        def run(
            arguments: Sequence[str],
            *,
            folder: Path,
            environment: Mapping[str, str],
            stdin: bytes | None = None,
            timeout: float,
        ) -> Outcome:
            mine = dict(environment)
            answer = watcher(arguments, mine)
            if answer is not None:
                return answer
            return run_git(arguments, folder=folder, environment=mine, stdin=stdin, timeout=timeout)

        return run

    return behind


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """AWS by moto, in a thread of this process; its endpoint URL. Shared: name what you create after your test."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *arguments: object) -> None:
            """Say nothing for each request."""

    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, name="moto", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Makes boto3 talk to moto for the length of a test; the endpoint URL."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return moto_server
