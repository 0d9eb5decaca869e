"""What `bench.cost` measures: an idle sweep, a push and a heal of an installation of 100 applications on 3 clusters.

Three API servers with an etcd each, ten repositories, AWS by moto; a warm instance carries out one task after the
other. Of each part the processor seconds and the requests are kept, because they don't depend on what else the machine
does.
"""

from __future__ import annotations

from typing import Any

from bench.crowd import plain_files
from bench.ground import Ground, open_ground
from bench.measured import note
from local.repositories import commit, create

__all__ = ["APPLICATIONS", "CLUSTERS", "REPOSITORIES", "measure"]

APPLICATIONS, CLUSTERS, REPOSITORIES = 100, 3, 10
_TIMES = 3
_KEPT = ("own", "children", "wall", "requests", "read_units", "write_units", "items_written")


def measure() -> None:
    """Measures, and writes down what `bench.cost` reads."""
    with open_ground(CLUSTERS) as ground:
        repositories = [create(ground.git.root, f"crowd-{number}.git") for number in range(REPOSITORIES)]
        for index, path in enumerate(repositories):
            files = [plain_files(number, 0) for number in range(index, APPLICATIONS, REPOSITORIES)]
            commit(path, {name: text for each in files for name, text in each.items()}, "Start")
        urls = [f"{ground.git.url}/{path.name}" for path in repositories]
        servers = [each.server for each in ground.clusters]
        ground.run("declare", first=0, count=APPLICATIONS, urls=urls, servers=servers, plain=True)
        ground.run("first", urls=urls, keep=True)
        ground.run("sync_crowd")
        assert ground.run("states").said["states"] == {"Synced": APPLICATIONS}
        _note(ground, "sweep", "priced_sweeps")
        _note(ground, "push", "priced_push", repository=str(repositories[0]), url=urls[0])
        _note(ground, "heal", "priced_heals")


def _note(ground: Ground, called: str, task: str, **given: Any) -> None:
    mark = ground.git.counts()
    told = ground.run(task, times=_TIMES, **given)
    parts = {
        part: {name: round(cost[name], 4) if isinstance(cost[name], float) else cost[name] for name in _KEPT}
        for part, cost in told.said["parts"].items()
    }
    git = (ground.git.counts() - mark).total()
    asked = {"api_servers": round(len(told.requests) / _TIMES, 1), "git": round(git / _TIMES, 1)}
    note(called, {"parts": parts, "each_time": asked})
