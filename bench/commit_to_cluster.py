"""How long a commit takes to reach the cluster, and what that costs.

`python -m bench.commit_to_cluster [--pushes N] [--idle SECONDS]`, from the root of the checkout, prints the table of
`bench/RESULTS.md`. Everything runs on this machine (API server, controllers, AWS emulator, git server, Mooring), so all
of them share its processors; what is called *ours* is the runner and the function instances alone.

A push is timed from before the push to git's server until a poll of the API server shows the change. The runner stands
for Lambda itself, so its share is shown apart.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load import APPLICATIONS, MARK, OBJECTS, application, manifests, namespace
from bench.processes import PeakMemory, cpu_seconds, own_seconds, resident_megabytes, tree
from local.demo.forge import push_payload
from local.demo.stage import Stage, open_stage
from local.demo.world import World, until
from local.repositories import commit, create
from local.stack import Options

__all__ = ["main"]

_SELECTOR = "labelSelector=bench%3Dyes"
_KINDS = (
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/serviceaccounts",
    "/api/v1/services",
    "/apis/apps/v1/deployments",
)


@dataclass(slots=True)
class Cost:
    """What a phase took: `seconds` for each timed event, processor seconds, MB, requests of the API server."""

    seconds: list[float] = field(default_factory=list)
    functions_cpu: float = 0.0
    runner_cpu: float = 0.0
    emulators_cpu: float = 0.0
    peak: float = 0.0
    resident: float = 0.0
    requests: int = 0
    writes: int = 0
    invocations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def billed(self) -> float:
        """GB-seconds that Lambda would bill."""
        return sum(float(line["gb_s"]) for line in self.invocations)

    @property
    def ours_cpu(self) -> float:
        """Processor seconds of the runner and the functions."""
        return self.functions_cpu + self.runner_cpu


def main(arguments: list[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.commit_to_cluster", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pushes", type=int, default=30, help="pushes to random applications")
    parser.add_argument("--idle", type=float, default=180.0, help="seconds of the idle measurement")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory,
        open_stage(Options(directory=Path(directory)), _say) as stage,
    ):
        phases = _measure(stage, chosen.pushes, chosen.idle, random.Random(chosen.seed))
    print(_table(phases, chosen.pushes, chosen.idle))
    return 0


def _measure(stage: Stage, pushes: int, idle: float, dice: random.Random) -> dict[str, Cost]:
    world, phases = stage.world, {}
    repository = create(world.git_root, "bench.git")
    url = f"{world.git_url}/bench.git"
    everything = range(APPLICATIONS)
    commit(repository, {path: text for n in everything for path, text in manifests(n, commit=0).items()}, "Start")
    declared = world.work / "bench.json"
    declared.write_text(json.dumps({"kind": "List", "items": [application(n, url) for n in everything]}))

    _say("first sync of all")
    with _cost(stage) as cost:
        begun = time.monotonic()
        world.run_mooring("apply", "-f", str(declared))
        _until_all(world, 0)
        cost.seconds.append(time.monotonic() - begun)
        _until_synced(world)
    phases["first"] = cost

    _say(f"{pushes} pushes")
    with _cost(stage) as cost:
        for number in range(1, pushes + 1):
            cost.seconds.append(_push_one(world, repository, url, dice.randrange(APPLICATIONS), number))
        _until_synced(world)
    phases["pushes"] = cost

    _say("one commit that touches all")
    with _cost(stage) as cost:
        mark = pushes + 1
        files = {path: text for n in everything for path, text in manifests(n, commit=mark).items()}
        begun = time.monotonic()
        sha = commit(repository, files, "Touch everything")
        world.webhook.post("push", push_payload("bench", url, sha, _modified(sorted(files))))
        _until_all(world, mark)
        cost.seconds.append(time.monotonic() - begun)
        _until_synced(world)
    phases["all"] = cost

    _say(f"idle for {idle:.0f} s")
    time.sleep(5)
    with _cost(stage) as cost:
        time.sleep(idle)
        cost.seconds.append(idle)
    phases["idle"] = cost
    return phases


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _push_one(world: World, repository: Path, url: str, number: int, mark: int) -> float:
    path = f"apps/{namespace(number)}/configmap-settings-0.yaml"
    files = {path: manifests(number, commit=0, config_commit=mark)[path]}
    watched = f"/api/v1/namespaces/{namespace(number)}/configmaps/settings-0"
    begun = time.monotonic()
    sha = commit(repository, files, f"Change {namespace(number)}")
    world.webhook.post("push", push_payload("bench", url, sha, _modified([path])))
    until(
        lambda: (world.get(watched) or {})["metadata"]["annotations"][MARK] == str(mark),
        timeout=60,
        otherwise=lambda: f"{namespace(number)} does not have commit {mark}",
        pause=0.01,
    )
    return time.monotonic() - begun


def _until_all(world: World, mark: int) -> None:
    """Until all objects of all applications carry this mark."""

    def marked() -> int:
        pages = [world.get(f"{path}?{_SELECTOR}") or {} for path in _KINDS]
        items = [item["metadata"] for page in pages for item in page["items"]]
        return sum(metadata["annotations"].get(MARK) == str(mark) for metadata in items)

    wanted = APPLICATIONS * OBJECTS
    until(lambda: marked() == wanted, timeout=180, otherwise=lambda: f"{marked()} of {wanted} objects", pause=0.1)


def _until_synced(world: World) -> None:
    """Until Mooring has nothing left to do, so that a phase's cost is all of its cost."""
    world.synced(*(namespace(number) for number in range(APPLICATIONS)), timeout=180)


@contextmanager
def _cost(stage: Stage) -> Iterator[Cost]:
    world, cost = stage.world, Cost()
    mark, ledger = world.audit.mark(), len(stage.invocations())
    meters: dict[str, Callable[[], float]] = {
        "functions_cpu": lambda: cpu_seconds(tree(world.runner)) - own_seconds(world.runner),
        "runner_cpu": lambda: own_seconds(world.runner),
        "emulators_cpu": lambda: cpu_seconds(tree(*stage.emulators)),
    }
    before = {name: meter() for name, meter in meters.items()}
    with PeakMemory(world.runner) as peak:
        yield cost
    for name, meter in meters.items():
        setattr(cost, name, meter() - before[name])
    requests = world.audit.since(mark)
    cost.peak, cost.resident = peak.megabytes, resident_megabytes(tree(world.runner))
    cost.requests, cost.writes = len(requests), sum(request.is_write for request in requests)
    cost.invocations = stage.invocations()[ledger:]


def _modified(paths: list[str]) -> dict[str, list[str]]:
    return {"added": [], "modified": paths, "removed": []}


def _table(phases: dict[str, Cost], pushes: int, idle: float) -> str:
    first, single, all_, rest = phases["first"], phases["pushes"], phases["all"], phases["idle"]
    hour = 3600 / idle
    titles = {
        "first": f"first sync of {APPLICATIONS} x {OBJECTS}",
        "pushes": f"{pushes} single pushes",
        "all": f"one commit touching all {APPLICATIONS * OBJECTS}",
        "idle": f"idle, {idle:.0f} s",
    }
    lines = [
        f"- commit to cluster: p50 {statistics.median(single.seconds):.2f} s, worst {max(single.seconds):.2f} s",
        f"- first sync of all: {first.seconds[0]:.1f} s, {first.ours_cpu:.1f} CPU-seconds",
        f"- the same commit touching all: {all_.seconds[0]:.1f} s, {all_.ours_cpu:.1f} CPU-seconds",
        f"- idle: {rest.ours_cpu * hour:.0f} CPU-seconds an hour ({rest.functions_cpu * hour:.0f} of them functions)",
        f"- largest process of ours: {max(cost.peak for cost in phases.values()):.0f} MiB",
        "",
        "| phase | s | CPU s: functions | runner | emulators | peak MiB | resident MiB | API calls | writes | GB-s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, cost in phases.items():
        seconds = f"{statistics.median(cost.seconds):.2f}" if name == "pushes" else f"{sum(cost.seconds):.1f}"
        lines.append(
            f"| {titles[name]} | {seconds} | {cost.functions_cpu:.2f} | {cost.runner_cpu:.2f} "
            f"| {cost.emulators_cpu:.2f} | {cost.peak:.0f} | {cost.resident:.0f} | {cost.requests} "
            f"| {cost.writes} | {cost.billed:.2f} |"
        )
    return "\n".join([*lines, "", *_functions(phases, titles)])


def _functions(phases: dict[str, Cost], titles: dict[str, str]) -> Iterator[str]:
    """What each function did in each phase."""
    yield "| phase | function | invocations | cold | median ms | longest ms | CPU s |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, cost in phases.items():
        for function in sorted({line["function"] for line in cost.invocations}):
            lines = [line for line in cost.invocations if line["function"] == function]
            durations = [line["duration_ms"] for line in lines]
            cold, cpu = sum(line["cold"] for line in lines), sum(line["cpu_s"] for line in lines)
            yield (
                f"| {titles[name]} | {function} | {len(lines)} | {cold} | {statistics.median(durations):.0f} "
                f"| {max(durations):.0f} | {cpu:.2f} |"
            )


if __name__ == "__main__":
    sys.exit(main())
