"""ApplicationSets on real parts: from a folder in git to applications that are in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Ground, config_map, text, until


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads that sweeps every two seconds."""
    options = Options(directory=tmp_path_factory.mktemp("sets") / "stack", workloads=False, sweep=2)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def test_folders_become_applications(ground: Ground) -> None:
    """GIVEN a set over folders WHEN a folder is pushed, and a set is deleted THEN applications and objects follow."""
    case = ground.new("fleet-home", config_map("home"))
    case.commit(
        {f"fleet/{name}/settings.yaml": text(config_map(f"fleet-{name}", namespace="default")) for name in ("a", "b")}
    )
    source = case.document()["spec"]["source"]
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet"},
        "spec": {
            "goTemplate": True,
            "generators": [
                {"git": {"repoURL": source["repoURL"], "revision": "HEAD", "directories": [{"path": "fleet/*"}]}}
            ],
            "template": {
                # In the background, since nobody collects garbage in this cluster.
                "metadata": {
                    "name": "fleet-{{.path.basename}}",
                    "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],
                },
                "spec": {
                    "project": "default",
                    "source": {"repoURL": source["repoURL"], "path": "{{.path.path}}"},
                    "destination": {"name": "in-cluster", "namespace": "default"},
                    "syncPolicy": {"automated": {"prune": True}},
                },
            },
        },
    }

    def run(*arguments: str, given: object = "") -> str:
        done = ground.run_mooring(*arguments, given=json.dumps(given) if given else "")
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def states() -> dict[str, str]:
        found: dict[str, Any] = json.loads(run("app", "list", "-o", "json"))
        return {
            each["metadata"]["name"]: each["status"]["sync"]["status"]
            for each in found["items"]
            if each["metadata"]["name"].startswith("fleet-") and each["metadata"]["name"] != case.name
        }

    preview = run("appset", "preview", "-f", "-", given=document)
    assert "2 would be added:" in preview
    assert {} == states()
    assert "applicationset argocd/fleet applied\n" == run("apply", "-f", "-", given=document)
    until(lambda: states() == {"fleet-a": "Synced", "fleet-b": "Synced"}, states)
    case.push({"fleet/c/settings.yaml": text(config_map("fleet-c", namespace="default"))})
    until(lambda: states() == {"fleet-a": "Synced", "fleet-b": "Synced", "fleet-c": "Synced"}, states)
    shown = json.loads(run("appset", "get", "fleet", "-o", "json"))
    assert ["fleet-a", "fleet-b", "fleet-c"] == [each["name"] for each in shown["status"]["resources"]]
    run("appset", "delete", "fleet")
    until(lambda: states() == {}, states)
    until(lambda: json.loads(run("appset", "list", "-o", "json"))["items"] == [], lambda: run("appset", "list"))
