"""Who did what, asked with the `mooring` command on real parts: drift that was put back, and each field's author."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Ground, config_map, text


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("blame") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def test_an_edit_is_listed_and_a_field_names_its_commit(ground: Ground) -> None:
    """GIVEN a commit, and an edit that was put back WHEN asked THEN both are told, with what was said before."""
    case = ground.new("blamed", config_map())
    revision = case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    case.until(lambda app: app["status"]["sync"] == app["status"]["sync"] | {"revision": revision, "status": "Synced"})
    path = f"/api/v1/namespaces/{case.name}/configmaps/settings"
    client = ground.stack.cluster.client
    status, live = client("GET", path)
    assert status == 200
    assert client("PUT", path, {**live, "data": {**live["data"], "color": "red"}})[0] == 200
    case.sync()
    assert {"settings": "green"} == case.colors()

    listed = ground.run_mooring("drift", "list", "--app", case.name, "--since", "1h", "-o", "json")
    assert 0 == listed.returncode, listed.stderr
    (drift,) = json.loads(listed.stdout)["items"]
    (field,) = drift["fields"]
    assert (".data.color", "green", "red") == (field["path"], field["before"], field["after"])
    assert ("reverted", "look") == (drift["done"], drift["seenBy"])
    shown = ground.run_mooring("drift", "show", drift["id"]).stdout
    assert "  - green\n  + red" in shown

    blamed = ground.run_mooring("app", "blame", case.name, "ConfigMap/settings", "data.color", "-o", "json")
    assert 0 == blamed.returncode, blamed.stderr
    (row,) = json.loads(blamed.stdout)["fields"]
    assert ("green", "mooring", revision) == (row["value"], row["manager"], row["commit"]["revision"])
    unknown = ground.run_mooring("app", "blame", case.name, "ConfigMap/other")
    assert 1 == unknown.returncode
    assert "settings" in unknown.stderr

    history = case.get()["status"]["history"]
    operation = next(each["operation"] for each in history if each["revision"] == revision)
    changed = ground.run_mooring("app", "history", case.name, "--id", operation, "--fields", "-o", "json")
    assert 0 == changed.returncode, changed.stderr
    (each,) = json.loads(changed.stdout)["objects"]
    assert [(".data.color", "green")] == [(field["path"], field["after"]) for field in each["fields"]]
