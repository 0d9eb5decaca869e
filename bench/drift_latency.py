"""From an edit by hand to its end, in every drift mode: `python -m bench drift_latency [--edits N]`.

One local stack for all modes: its API server posts its audit log, a function watches in the mode `watch`, sweeps run
when the benchmark asks for one. So `sweep` is measured from the tick of the schedule; the wait for the tick (90 s on
average, 180 s at worst by default) comes on top. Each edit is of another ConfigMap, a second after the one before, as
people make them. What is measured ends when the API server shows the value that git has.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3

from bench.processes import resident_megabytes
from local.demo.instances import instances
from local.demo.stage import Stage, open_stage
from local.demo.world import World, until
from local.repositories import commit, create
from local.stack import Options

__all__ = ["main"]

_MODES = {"sweep": ("sweep", "sync"), "watch": ("watch", "sync"), "audit": ("audit", "sync")}
_APP = "latency"
_PATIENCE = 120.0
_SETTLED = 10.0  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.drift_latency", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--edits", type=int, default=25, help="in each mode")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory:
        options = Options(
            directory=Path(directory), workloads=False, sweep=36_000, audit=True, parameters={"WatchConcurrency": "2"}
        )
        with open_stage(options, _say) as stage:
            print("| mode | edits | p50 s | worst s | resident MB |\n| --- | --- | --- | --- | --- |", flush=True)
            _declare(stage.world, chosen.edits)
            for mode in _MODES:
                _measure(stage, mode, chosen.edits)
    return 0


def _measure(stage: Stage, mode: str, edits: int) -> None:
    world = stage.world
    (cluster,) = json.loads(world.run_mooring("cluster", "list", "-o", "json"))["items"]
    world.run_mooring("cluster", "set", cluster["name"], "--drift", mode)
    if mode == "watch":
        _invoke(stage, "watch", {"watch": cluster["name"]})
    time.sleep(_SETTLED)
    _edit(stage, mode, f"{mode}-warm")
    seconds = []
    for number in range(edits):
        time.sleep(1)
        seconds.append(_edit(stage, mode, f"{mode}-{number}"))
    memory = " + ".join(f"{_resident(world, function):.0f} {function}" for function in _MODES[mode])
    median, worst = statistics.median(seconds), max(seconds)
    print(f"| {mode} | {edits} | {median:.2f} | {worst:.2f} | {memory} |", flush=True)


def _edit(stage: Stage, mode: str, name: str) -> float:
    """Edits a ConfigMap and waits until it is as before; seconds from the edit, in the mode `sweep` from the tick."""
    world = stage.world
    path = f"/api/v1/namespaces/{_APP}/configmaps/{name}"
    before = (world.get(path) or {})["metadata"]["resourceVersion"]
    begun = time.monotonic()
    world.cluster("PATCH", path, {"data": {"color": "red"}}, content_type="application/merge-patch+json")
    if mode == "sweep":
        begun = time.monotonic()
        _invoke(stage, "sweep", {})

    def reverted() -> bool:
        found = world.get(path) or {}
        return bool(found["data"]["color"] == "blue" and found["metadata"]["resourceVersion"] != before)

    until(reverted, timeout=_PATIENCE, otherwise=lambda: f"{path} was not put back", pause=0.005)
    return time.monotonic() - begun


def _declare(world: World, edits: int) -> None:
    names = [f"{mode}-{number}" for mode in _MODES for number in ("warm", *range(edits))]
    commit(create(world.git_root, f"{_APP}.git"), {"k8s/maps.yaml": "---\n".join(map(_map, names))}, "Start")
    status, _ = world.cluster("POST", "/api/v1/namespaces", {"metadata": {"name": _APP}})
    assert status == 201
    spec: dict[str, Any] = {
        "project": "default",
        "source": {"repoURL": f"{world.git_url}/{_APP}.git", "path": "k8s", "targetRevision": "main"},
        "destination": {"name": "in-cluster", "namespace": _APP},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    path = world.work / f"{_APP}.json"
    path.write_text(json.dumps(kind | {"metadata": {"name": _APP, "namespace": "argocd"}, "spec": spec}))
    world.run_mooring("apply", "-f", str(path))
    world.synced(_APP, timeout=240)


def _invoke(stage: Stage, function: str, event: object) -> None:
    names = {"watch": "mooring-watch", "sweep": "mooring-SweepFunction"}
    (ready,) = stage.stack.directory.rglob("runner.json")
    url = f"{json.loads(ready.read_text())['lambda']}/2015-03-31/functions/{names[function]}/invocations"
    headers = {"X-Amz-Invocation-Type": "Event"}
    answer = urllib3.request("POST", url, body=json.dumps(event).encode(), headers=headers, retries=False)
    assert answer.status == 202


def _resident(world: World, function: str) -> float:
    """The largest instance of a function."""
    return max(resident_megabytes([pid]) for pid in instances(world.runner, function))


def _map(name: str) -> str:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    return json.dumps(kind | {"metadata": {"name": name}, "data": {"color": "blue"}}) + "\n"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
