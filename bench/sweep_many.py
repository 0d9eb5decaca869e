"""A sweep of many applications: `python -m bench.sweep_many [--applications 1000 --repositories 20 --clusters 5]`.

All of them are rendered and synced by Mooring itself. Then one sweep is measured: the function `sweep`, and what it
sends: one invocation of `sync` for each cluster. The second sweep finds everything as the first one left it.
Each cluster is an API server of its own, with its own etcd.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.crowd import plain_files
from bench.ground import Figures, Ground, open_ground
from bench.one_push import cells
from local.repositories import commit, create

__all__ = ["main"]

_HEADS = ("what", "s", "CPU s: ours", "git", "peak MiB", "git requests", "KB", "API servers", "writes",
          "table: requests", "items read", "written", "queue", "bucket", "programs")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.sweep_many", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--applications", type=int, default=1000)
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--clusters", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args(arguments)
    print(f"| {' | '.join(_HEADS)} |\n{'| --- ' * len(_HEADS)}|")
    with open_ground(chosen.clusters) as ground:
        done = 0
        for count in dict.fromkeys((max(1, chosen.applications // 10), chosen.applications)):
            _grow(ground, done, count, chosen.repositories)
            done = count
            for what in ("first sweep after", "next sweep"):
                _sweep(ground, f"{what}: {count} applications", profile=chosen.profile and what == "next sweep")
    return 0


def _grow(ground: Ground, done: int, count: int, repositories: int) -> None:
    """Declares, renders and syncs the applications from `done` on."""
    urls = []
    for index in range(repositories):
        path = ground.git.root / f"crowd-{index}.git"
        if not path.exists():
            create(ground.git.root, path.name)
        files = {name: text for n in range(done, count) if n % repositories == index for name, text in
                 plain_files(n, 0).items()}  # fmt: skip
        if files:
            commit(path, files, "More")
        urls.append(f"{ground.git.url}/{path.name}")
    servers = [each.server for each in ground.clusters]
    ground.run("declare", first=done, count=count - done, urls=urls, servers=servers, plain=True)
    told = ground.run("first", urls=urls, keep=True)
    _print(f"first render of {count - done}", [told], ground, None)
    _print(f"first sync of {count - done}", [ground.run("sync_crowd")], ground, None)
    states = ground.run("states").said["states"]
    assert states == {"Synced": count}, states


def _sweep(ground: Ground, what: str, *, profile: bool) -> None:
    mark = ground.git.sent(), ground.git.counts()
    swept = ground.run("sweep_crowd", profile=profile)
    _print(f"{what}: sweep", [swept], ground, mark)
    synced = ground.run("sync_crowd", at_once=1, profile=profile)
    assert synced.said["messages"] <= len(ground.clusters)
    _print(f"{what}: sync, {synced.said['messages']} invocations of one instance", [synced], ground, None)
    if what.startswith("next"):
        assert not any(each.is_write for each in synced.requests), "an idle sweep writes nothing into clusters"
        for told in (swept, synced):
            assert not told.said["cost"]["items_written"], "an idle sweep writes nothing into the table"


def _print(what: str, told: list[Figures], ground: Ground, mark: tuple[int, Counter[str]] | None) -> None:
    for each in told:
        cost: dict[str, Any] = each.said["cost"]
        sent, asked = (0, 0) if mark is None else (
            ground.git.sent() - mark[0], (ground.git.counts() - mark[1]).total()
        )  # fmt: skip
        columns = [
            what, f"{cost['wall']:.2f}", f"{cost['own']:.2f}", f"{cost['children']:.2f}", f"{cost['peak']:.0f}",
            f"{asked}", f"{sent / 1000:.1f}", f"{len(each.requests)}: {each.verbs}",
            f"{sum(request.is_write for request in each.requests)}", *cells(cost),
        ]  # fmt: skip
        print(f"| {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
