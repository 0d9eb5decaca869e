"""What people do with an application and its objects, asked of the API and carried out by the functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text, until


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("actions") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _deployment() -> dict[str, Any]:
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def _ask(case: Case, method: str, what: str, body: object = None) -> Any:
    answer = case.ground.ask(method, f"applications/{case.name}/{what}", body)
    assert answer.status in (200, 202), answer
    return answer.body


def _there(case: Case) -> dict[str, tuple[str, str]]:
    """Uid and colour of each ConfigMap that is not on its way out; nobody collects garbage here."""
    _, answer = case.ground.stack.cluster.client("GET", f"/api/v1/namespaces/{case.name}/configmaps")
    here = [each for each in answer["items"] if not each["metadata"].get("deletionTimestamp")]
    return {each["metadata"]["name"]: (each["metadata"]["uid"], each["data"].get("color", "")) for each in here}


def _colors(case: Case) -> dict[str, str]:
    return {name: color for name, (_, color) in _there(case).items() if color}


def _ended(case: Case, operation: str) -> dict[str, Any]:
    def ended(app: dict[str, Any]) -> bool:
        state = app["status"].get("operationState", {})
        return state.get("id") == operation and state["phase"] not in ("Running", "Terminating")

    return case.until(ended)["status"]


def _outcome(case: Case, check: str) -> dict[str, Any]:
    until(lambda: bool(_ask(case, "GET", f"checks/{check}")["done"]), lambda: _ask(case, "GET", f"checks/{check}"))
    found: dict[str, Any] = _ask(case, "GET", f"checks/{check}")["found"]
    return found


def test_a_rollback_holds_until_somebody_resumes(ground: Ground) -> None:
    """GIVEN automated sync and two commits WHEN somebody rolls back THEN the old one is there and stays, also when git
    moves on, until automated sync is resumed.
    """
    case = ground.new("back")
    case.push({"k8s/settings.yaml": text(config_map(color="green"), config_map("more"))})
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced" and len(app["status"]["history"]) == 2)
    asked = _ask(case, "POST", "rollback", {})
    status = _ended(case, asked["operation"]["id"])
    assert ("Succeeded", asked["to"]["operation"]) == (
        status["operationState"]["phase"],
        status["operationState"]["returnedTo"],
    )
    assert ({"settings": "blue"}, "OutOfSync") == (_colors(case), status["sync"]["status"])
    assert "paused by admin: rolled back to" in case.condition("AutoSyncPaused")
    revision = case.push({"k8s/settings.yaml": text(config_map(color="red"))})
    case.until(lambda app: app["status"]["sync"].get("revision") == revision)
    assert {"settings": "blue"} == _colors(case)
    assert {"resumed": True} == _ask(case, "POST", "resume")
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    assert {"settings": "red"} == _colors(case)
    case.no_condition("AutoSyncPaused")


def test_another_revision_is_synced_once(ground: Ground) -> None:
    """GIVEN syncs by hand WHEN an older commit is asked for THEN it is there, and git is told to be ahead of it."""
    case = ground.new("once", automated=False)
    old = case.get()["status"]["sync"]["revision"]
    case.commit({"k8s/settings.yaml": text(config_map(color="green"))})
    case.sync()
    assert {"settings": "green"} == _colors(case)
    status = case.sync(revision=old)["status"]
    assert ({"settings": "blue"}, "OutOfSync", old) == (
        _colors(case),
        status["sync"]["status"],
        status["operationState"]["syncResult"]["revision"],
    )
    status = case.sync(revision="nowhere")["status"]["operationState"]
    assert ("Error", True) == (status["phase"], "nowhere" in status["message"])
    case.sync()
    assert {"settings": "green"} == _colors(case)


def test_automated_sync_refuses_another_revision(ground: Ground) -> None:
    """GIVEN automated sync WHEN another revision is asked for THEN the answer says so in Argo CD's words."""
    case = ground.new("refused")
    answer = ground.ask("POST", f"applications/{case.name}/sync", {"revision": "v1"})
    assert (409, True) == (
        answer.status,
        "Cannot sync to v1: auto-sync currently set to main" in answer.body["detail"],
    )


def test_actions_are_listed_run_and_warn(ground: Ground) -> None:
    """GIVEN a Deployment WHEN its actions are listed and one is run, with the users' own among them, THEN it is done, and
    the outcome says what git will make of it.
    """
    case = ground.new("acts", _deployment(), automated=False)
    where = f"group=apps&kind=Deployment&resourceNamespace={case.name}&resourceName=web"
    offered = {each["name"]: each for each in _ask(case, "GET", f"resource/actions?{where}")["actions"]}
    assert {"pause", "restart", "resume", "scale"} == set(offered)
    assert (True, [{"name": "replicas", "default": "2"}]) == (offered["resume"]["disabled"], offered["scale"]["params"])
    given = {"action": "scale", "parameters": [{"name": "replicas", "value": "5"}]}
    found = _outcome(case, _ask(case, "POST", f"resource/actions?{where}", given)["check"]["id"])
    assert "changed" == found["done"][0]["result"]
    assert [
        "git says otherwise of .spec.replicas: the application is out of sync until git says so too, or it is synced"
    ] == (found["warnings"])
    case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    script = "discovery.lua: return {mark = {}}\ndefinitions:\n- {name: mark, action.lua: obj.metadata.labels.m = 'y' return obj}\n"
    settings = {"data": {"resource.customizations.actions.apps_Deployment": script}}
    assert 200 == ground.ask("PUT", "settings", settings).status
    try:
        assert ["mark"] == [each["name"] for each in _ask(case, "GET", f"resource/actions?{where}")["actions"]]
        found = _outcome(case, _ask(case, "POST", f"resource/actions?{where}", {"action": "mark"})["check"]["id"])
        assert ("changed", []) == (found["done"][0]["result"], found["warnings"])
    finally:
        assert 200 == ground.ask("PUT", "settings", {}).status


def test_one_object_is_deleted_and_comes_back(ground: Ground) -> None:
    """GIVEN a self-healing application WHEN one object is deleted THEN it is, and it is made again at once."""
    case = ground.new("gone", config_map("one"), config_map("two"))
    before = _there(case)
    where = f"kind=ConfigMap&resourceNamespace={case.name}&resourceName=one"
    found = _outcome(case, _ask(case, "DELETE", f"resource?{where}&force=true")["check"]["id"])
    assert ["git has it: self-heal makes it again"] == found["warnings"]
    until(lambda: {"one", "two"} == set(_colors(case)), case.live)
    after = _there(case)
    assert (True, before["two"]) == (before["one"][0] != after["one"][0], after["two"])


def test_a_confirmation_lets_a_guarded_object_go(ground: Ground) -> None:
    """GIVEN an object whose pruning has to be confirmed WHEN somebody confirms it by the API THEN it goes."""
    guarded = config_map("guarded", annotations={"argocd.argoproj.io/sync-options": "Prune=confirm"})
    case = ground.new("guard", config_map(), guarded)
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    assert "guarded" in case.condition("DeletionConfirmationRequired")
    assert {"settings", "guarded"} == set(_colors(case))
    asked = _ask(case, "POST", "confirm")
    assert "Succeeded" == _ended(case, asked["operation"]["id"])["operationState"]["phase"]
    assert {"settings"} == set(_colors(case))
    case.no_condition("DeletionConfirmationRequired")
