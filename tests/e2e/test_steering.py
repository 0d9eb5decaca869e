"""Steering syncs on real parts: some of the objects, a dry run, terminating, and settings for every application."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text

HOOK = {"argocd.argoproj.io/hook": "PreSync"}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("steer") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _run(case: Case, *arguments: str, given: str = "") -> tuple[int, str]:
    done = case.ground.run_mooring(*arguments, given=given)
    return done.returncode, done.stdout + done.stderr


def _waiting_job(name: str) -> dict[str, object]:
    """A hook that nobody carries out, since there are no workloads here."""
    container = {"name": "wait", "image": "example.com/wait:1"}
    pod = {"containers": [container], "restartPolicy": "Never"}
    metadata = {"name": name, "annotations": HOOK}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def test_a_dry_run_then_a_part_then_the_rest(ground: Ground) -> None:
    """GIVEN two changes in git WHEN one is tried, synced alone, and then the rest THEN each does just what it says."""
    case = ground.new("parts", config_map("one"), config_map("two"), automated=False)
    before = len(case.get()["status"]["history"])
    case.commit({"k8s/settings.yaml": text(config_map("one", color="green"), config_map("two", color="green"))})
    code, told = _run(case, "app", "sync", case.name, "--dry-run")
    assert (0, True, 2) == (code, case.stands, told.count("   would be configured\n")), told
    code, told = _run(case, "app", "sync", case.name, "--resource", ":ConfigMap:one")
    assert (0, {"one": "green", "two": "blue"}) == (code, case.colors()), told
    app = case.get()
    assert ("OutOfSync", before) == (app["status"]["sync"]["status"], len(app["status"]["history"]))
    code, told = _run(case, "app", "sync", case.name)
    assert (0, {"one": "green", "two": "green"}) == (code, case.colors()), told
    assert ("Synced", before + 1) == (case.get()["status"]["sync"]["status"], len(case.get()["status"]["history"]))


def test_a_dry_run_tells_what_the_api_server_refuses(ground: Ground) -> None:
    """GIVEN an object that the API server refuses WHEN a dry run is asked for THEN its words come back."""
    case = ground.new("refused", automated=False)
    case.commit({"k8s/settings.yaml": text(config_map(), {**config_map("bad"), "data": {"no spaces here": "x"}})})
    code, told = _run(case, "app", "sync", case.name, "--dry-run")
    assert (1, True) == (code, case.stands), told
    assert "dry run: one or more objects would fail, reason: ConfigMap bad" in told
    assert "no spaces here" in told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"resources": "all"}, "resources"),
        ({"resources": [{"kind": 3}]}, "resources[0]"),
        ({"resources": ["web"]}, "resources"),
        ({"dryRun": "yes"}, "dryRun"),
    ],
)
def test_a_choice_that_can_not_be_read_is_refused(ground: Ground, body: dict[str, object], field: str) -> None:
    """GIVEN a bad choice WHEN a sync is asked for THEN the error names the field."""
    name = ground.new("choices", automated=False).name
    answer = ground.ask("POST", f"applications/{name}/sync", body)
    assert (400, field) == (answer.status, answer.error[0])


def test_an_operation_that_waits_is_terminated(ground: Ground) -> None:
    """GIVEN a sync that waits for a hook WHEN it is terminated THEN it fails, its hook goes and git is not applied."""
    case = ground.new("ended")
    case.push({"k8s/settings.yaml": text(config_map(color="green"), _waiting_job("wait"))})
    case.until(lambda app: "waiting for hook" in app["status"]["operationState"]["message"])
    assert 409 == ground.ask("POST", f"applications/{case.name}/sync", {"dryRun": True}).status
    code, told = _run(case, "app", "terminate-op", case.name)
    assert 0 == code, told
    state = case.until(lambda app: app["status"]["operationState"]["phase"] == "Failed")["status"]["operationState"]
    assert state["message"].startswith("terminated by admin")
    assert case.stands
    path = f"/apis/batch/v1/namespaces/{case.name}/jobs"
    _, jobs = ground.stack.cluster.client("GET", path)
    assert [] == [each for each in jobs["items"] if not each["metadata"].get("deletionTimestamp")]
    assert (1, True) == (_run(case, "app", "terminate-op", case.name)[0], case.stands)


def test_settings_are_in_force_from_the_next_look_on(ground: Ground) -> None:
    """GIVEN a health script for all applications WHEN it is applied THEN the next sync judges by it, until it is gone."""
    script = 'return { status = "Degraded", message = "is " .. obj.data.color }'
    settings = {"kind": "ConfigMap", "data": {"resource.customizations.health.ConfigMap": script}}
    case = ground.new("judged", automated=False)
    code, told = _run(case, "settings", "apply", "-f", "-", given=json.dumps(settings))
    assert (0, "settings applied\n") == (code, told)
    try:
        case.commit({"k8s/settings.yaml": text(config_map(color="green"))})
        health = case.sync()["status"]["health"]
        assert {"status": "Degraded", "message": "ConfigMap settings: is green"} == health
    finally:
        assert 200 == ground.ask("PUT", "settings", {}).status
    assert "Healthy" == case.sync()["status"]["health"]["status"]


def test_bad_settings_are_refused(ground: Ground) -> None:
    """GIVEN settings with a mistake WHEN they are sent THEN the error names the key."""
    key = "resource.customizations.ignoreDifferences.apps_Deployment"
    answer = ground.ask("PUT", "settings", {"data": {key: "jqPathExpressions: ['.[']"}})
    assert (400, f"data[{key}].jqPathExpressions[0]") == (answer.status, answer.error[0])


def test_a_diff_shows_what_a_sync_would_change(ground: Ground) -> None:
    """GIVEN changes in git, a Secret's value among them, WHEN a diff is asked for THEN it shows them, values as hashes."""
    old, new = "b2xkIGNhbmFyeQ==", "bmV3IGNhbmFyeQ=="
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": {"password": old}}
    case = ground.new("differs", config_map("one"), secret, automated=False)
    assert (0, "nothing differs\n") == _run(case, "app", "diff", case.name)
    changed = text(config_map("one", color="green"), {**secret, "data": {"password": new}}, config_map("more"))
    case.commit({"k8s/settings.yaml": changed})
    code, told = _run(case, "app", "diff", case.name)
    assert (1, True) == (code, case.stands), told
    assert "-  color: blue\n+  color: green\n" in told
    assert "would be created" in told
    assert 2 == told.count("hmac:")
    assert not any(value in told for value in (old, new, "canary"))
    code, told = _run(case, "app", "diff", case.name, "--resource", ":ConfigMap:one")
    assert "color: green" in told
    assert "hmac:" not in told
