"""The drift mode `watch` on real parts: functions that watch, hand over and are killed while somebody edits all the time.

There are no sweeps here, so whatever goes back was seen by a watcher.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map

LIFE = 8  # seconds of one watcher
OBJECTS = [f"m{n}" for n in range(200)]  # each is edited once or twice: what is undone more often waits longer


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and without sweeps, whose watchers live for a few seconds."""
    options = Options(
        directory=tmp_path_factory.mktemp("watch") / "stack",
        workloads=False,
        sweep=3600,
        concurrency=3,
        parameters={"WatchConcurrency": "2", "WatchSeconds": str(LIFE)},
    )
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def _lambda(ground: Ground) -> str:
    url: str = json.loads(Path(ground.stack.directory, "runner.json").read_text())["lambda"]
    return url


def _start(ground: Ground, cluster: str) -> None:
    """What a sweep does where nobody watches."""
    url = f"{_lambda(ground)}/2015-03-31/functions/mooring-watch/invocations"
    body = json.dumps({"watch": cluster}).encode()
    answer = urllib3.request("POST", url, body=body, headers={"X-Amz-Invocation-Type": "Event"}, retries=False)
    assert 202 == answer.status, answer.data


def _watchers(ground: Ground) -> list[int]:
    """The processes of this stack's watchers."""
    mine = f"AWS_ENDPOINT_URL_LAMBDA={_lambda(ground)}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
            except OSError:
                continue
            if mine in variables and b"AWS_LAMBDA_FUNCTION_NAME=mooring-watch" in variables:
                found.append(int(entry))
    return found


def _kill(ground: Ground) -> int:
    """Kills every watcher there is; how many processes that were."""
    killed = 0
    for pid in _watchers(ground):
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    return killed


def _edit(case: Case, name: str, body: dict[str, object]) -> None:
    path = f"/api/v1/namespaces/{case.name}/configmaps/{name}"
    status, answer = case.ground.stack.cluster.client("PATCH", path, body, content_type="application/merge-patch+json")
    assert status == 200, answer


def test_no_edit_is_missed_through_hand_overs_and_kills(ground: Ground) -> None:
    """GIVEN a cluster in the mode `watch` WHEN somebody edits for half a minute, and watchers take over from each other
    and are killed in between, THEN everything goes back, by watchers alone.
    """
    case = ground.new("watched", *(config_map(name) for name in OBJECTS))
    (cluster,) = [each["name"] for each in ground.ask("GET", "clusters").body["items"]]
    assert 0 == ground.run_mooring("cluster", "set", cluster, "--drift", "watch").returncode
    _start(ground, cluster)
    _edit(case, OBJECTS[0], {"data": {"color": "red"}})
    case.until(lambda app: case.colors()[OBJECTS[0]] == "blue")
    began, kills = time.monotonic(), 0
    next_kill = began + 5
    for name in itertools.cycle(OBJECTS):
        now = time.monotonic()
        if now > began + 40:
            break
        if now > next_kill:
            kills += bool(_kill(ground))
            _start(ground, cluster)
            next_kill = now + 11
        _edit(case, name, {"data": {"color": f"edited {now}"}})
        time.sleep(0.15)
    case.until(lambda app: set(case.colors().values()) == {"blue"})
    assert 3 <= kills
    # AND a deletion is one of many changes
    status, _ = ground.stack.cluster.client("DELETE", f"/api/v1/namespaces/{case.name}/configmaps/{OBJECTS[3]}")
    assert 200 == status
    case.until(lambda app: OBJECTS[3] in case.colors())
    # AND nobody watches for long where nobody wants it
    assert 0 == ground.run_mooring("cluster", "set", cluster, "--drift", "sweep").returncode


def test_a_mode_that_there_is_not_is_refused(ground: Ground) -> None:
    """GIVEN a mode that there is not WHEN a cluster is to have it THEN the error names the annotation."""
    (cluster,) = [each["name"] for each in ground.ask("GET", "clusters").body["items"]]
    answer = ground.ask("PATCH", f"clusters/{cluster}", {"annotations": {"mooring.dev/drift": "guess"}})
    assert (400, "annotations.mooring.dev/drift") == (answer.status, answer.error[0])
