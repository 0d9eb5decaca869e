"""One push to a repository of many applications: `python -m bench.one_push [--applications 1000]`.

All of them are rendered once. Then one file of one application changes, then a base that many share; each push goes
through the webhook, the queues and `render` as a warm instance would carry them out, one after the other. What follows
the render (`sync`) is not part of it. The last line is the same push seen by a cold instance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from bench.crowd import files, kind, name, own_file, shared_files
from bench.ground import Ground, open_ground
from local.repositories import commit, create

__all__ = ["cells", "main", "measured"]

_HEADS = ("what", "s", "CPU s: ours", "tools and git", "peak MiB", "renders", "from git: KB", "requests",
          "table: requests", "items read", "written", "queue", "bucket", "programs")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.one_push", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--applications", type=int, default=1000)
    parser.add_argument("--more", type=int, default=0, metavar="FILES", help="files that no application reads")
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args(arguments)
    print(f"| {' | '.join(_HEADS)} |\n{'| --- ' * len(_HEADS)}|")
    with open_ground(clusters=0) as ground:
        _measure(ground, chosen.applications, chosen.more, profile=chosen.profile)
    return 0


def _measure(ground: Ground, count: int, more: int, *, profile: bool) -> None:
    repository = create(ground.git.root, "crowd.git")
    url = f"{ground.git.url}/crowd.git"
    everything = {path: text for n in range(count) for path, text in files(n, 0).items()}
    everything |= {f"docs/part-{n // 50}/page-{n}.md": f"Page {n}.\n" * 50 for n in range(more)}
    before = commit(repository, {**shared_files(), **everything}, "Start")
    print(f"{count} applications in a repository of {len(everything) + len(shared_files())} files", file=sys.stderr)
    servers = ["https://kubernetes.default.svc"]
    ground.run("declare", first=0, count=count, urls=[url], servers=servers, plain=False)
    told = measured(ground, "first", urls=[url], profile=profile)
    print(_row(f"first render of {count}", told["cost"], told["cost"]["builds"], told), flush=True)
    half = count // 2
    for number, cold in ((half, False), (half + 4, False), (half + 7, False), (half + 10, True)):
        path = own_file(number)
        sha = commit(repository, {path: files(number, 1)[path]}, f"Change {name(number)}")
        if cold:
            ground.forget_copies()
        told = measured(
            ground, "push", url=url, before=before, sha=sha, files=[path], warm=not cold, waits=True, elsewhere=0,
            profile=profile,
        )  # fmt: skip
        _show(f"push to one of {count} ({kind(number)}{', cold' if cold else ''})", told)
        before = sha


def _show(what: str, told: dict[str, Any]) -> None:
    parts = told["parts"]
    renders = {"webhook": 0, "render": told["builds"], "forward": 0, "carry": told["more_builds"]}
    for part, cost in parts.items():
        print(_row(f"{what}: {part}", cost, renders[part], told if part == "render" else None))
    print(f"{what}: bundle after {told['bundle']:.2f} s, all know after {told['everybody']:.2f} s", flush=True)


def measured(ground: Ground, do: str, **task: Any) -> dict[str, Any]:
    """A task's answer, with what the git server was asked for in `git`."""
    sent, asked = ground.git.sent(), ground.git.counts()
    told = ground.run(do, **task).said
    return told | {"git": {"bytes": ground.git.sent() - sent, "requests": (ground.git.counts() - asked).total()}}


def cells(cost: dict[str, Any]) -> list[str]:
    """The columns about AWS and programs of a part's cost."""
    requests = cost["requests"]
    table, queue, bucket = (
        sum(number for called, number in requests.items() if called.startswith(f"{service}:"))
        for service in ("dynamodb", "sqs", "s3")
    )
    programs = ", ".join(f"{number} {program}" for program, number in sorted(cost["programs"].items())) or "none"
    return [f"{table}", f"{cost['items_read']}", f"{cost['items_written']}", f"{queue}", f"{bucket}", programs]


def _row(what: str, cost: dict[str, Any], renders: int, told: dict[str, Any] | None) -> str:
    git = told["git"] if told else {"bytes": 0, "requests": 0}
    columns = [
        what, f"{cost['wall']:.2f}", f"{cost['own']:.2f}", f"{cost['children']:.2f}", f"{cost['peak']:.0f}",
        f"{renders}", f"{git['bytes'] / 1000:.1f}", f"{git['requests']}", *cells(cost),
    ]  # fmt: skip
    return f"| {' | '.join(columns)} |"


if __name__ == "__main__":
    sys.exit(main())
