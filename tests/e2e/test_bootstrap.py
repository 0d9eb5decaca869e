"""One command from an empty installation to everything that a repository declares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import repositories
from local.stack import Options, Stack
from tests.e2e.ground import Ground, config_map, text


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads."""
    options = Options(directory=tmp_path_factory.mktemp("bootstrap") / "stack", workloads=False, sweep=5)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def test_one_command_brings_everything(ground: Ground) -> None:
    """GIVEN a root with a project, a child and itself WHEN bootstrapped THEN the child's objects are in the cluster."""
    stack = ground.stack
    url = f"{stack.git_url}/fleet.git"
    kind = {"apiVersion": "argoproj.io/v1alpha1"}
    team = {
        **kind, "kind": "AppProject", "metadata": {"name": "team", "namespace": "argocd"},
        "spec": {"sourceRepos": [url], "destinations": [{"server": "*", "namespace": "fleet"}]},
    }  # fmt: skip
    child = {
        **kind, "kind": "Application", "metadata": {"name": "child", "namespace": "argocd"},
        "spec": {
            "project": "team",
            "source": {"repoURL": url, "path": "child"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "fleet"},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }  # fmt: skip
    repositories.create(stack.git_root, "fleet.git")
    files: dict[str, str | bytes | None] = {"apps/all.yaml": text(team, child), "child/a.yaml": text(config_map())}
    repositories.commit(stack.git_root / "fleet.git", files, "Begin")
    assert 201 == stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": "fleet"}})[0]

    done = ground.run_mooring("bootstrap", "--repo", url, "--path", "apps", "--timeout", "50")

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "application root declared" == done.stdout.splitlines()[0]
    assert {"root: Synced, Healthy", "Application child: Synced, Healthy"} <= set(done.stdout.splitlines())
    status, found = stack.cluster.client("GET", "/api/v1/namespaces/fleet/configmaps/settings")
    assert (200, {"color": "blue"}) == (status, found["data"])
