"""Phases, waves and hooks with controllers at work: Jobs end, Deployments become ready, and the sync follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text

HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
WAVE = "argocd.argoproj.io/sync-wave"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack with workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("phases") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _pod(**more: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": "example.com/app:1"}], **more}


def _job(name: str, phase: str, policy: str = "BeforeHookCreation") -> dict[str, Any]:
    metadata = {"name": name, "annotations": {HOOK: phase, POLICY: policy}}
    template = {"spec": _pod(restartPolicy="Never")}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}


def _deployment(name: str, wave: int) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {WAVE: str(wave)}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": _pod()},
        },
    }


def _live(case: Case, path: str) -> dict[str, Any] | None:
    status, body = case.ground.stack.cluster.client("GET", path.format(namespace=case.name))
    assert status in (200, 404), body
    return body if status == 200 else None


def _ended(app: dict[str, Any], revision: str) -> bool:
    state = app["status"].get("operationState", {})
    return state.get("syncResult", {}).get("revision") == revision and state["phase"] in ("Succeeded", "Failed")


def test_waves_and_hooks_follow_the_controllers(ground: Ground) -> None:
    """GIVEN hooks around two waves WHEN they are pushed THEN each begins only when what is before it is done and well."""
    case = ground.new("waves", config_map())
    manifests = (
        _job("migrate", "PreSync"), _job("smoke", "PostSync", "HookSucceeded"), _deployment("db", -1),
        _deployment("web", 1),
    )  # fmt: skip
    revision = case.push({"k8s/settings.yaml": text(config_map(), *manifests)})
    app = case.until(lambda app: _ended(app, revision))
    state = app["status"]["operationState"]
    assert "Succeeded" == state["phase"], state["message"]
    hooks = {each["name"]: each["hookPhase"] for each in state["syncResult"]["resources"] if "hookType" in each}
    assert {"migrate": "Succeeded", "smoke": "Succeeded"} == hooks
    job = _live(case, "/apis/batch/v1/namespaces/{namespace}/jobs/migrate")
    db = _live(case, "/apis/apps/v1/namespaces/{namespace}/deployments/db")
    web = _live(case, "/apis/apps/v1/namespaces/{namespace}/deployments/web")
    assert job is not None
    assert db is not None
    assert web is not None
    ready = next(each for each in db["status"]["conditions"] if each["type"] == "Available")
    assert job["status"]["completionTime"] <= db["metadata"]["creationTimestamp"]
    assert ready["lastTransitionTime"] <= web["metadata"]["creationTimestamp"]
    assert _live(case, "/apis/batch/v1/namespaces/{namespace}/jobs/smoke") is None, "its policy deletes it"
    assert {"ConfigMap", "Deployment"} == {each["kind"] for each in app["status"]["resources"]}
    again = case.push({"k8s/settings.yaml": text(config_map(color="green"), *manifests)})
    case.until(lambda app: _ended(app, again))
    anew = _live(case, "/apis/batch/v1/namespaces/{namespace}/jobs/migrate")
    assert anew is not None
    assert job["metadata"]["uid"] != anew["metadata"]["uid"], "a hook is made anew for each sync"
