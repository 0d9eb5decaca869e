"""A corner of a large repository: `python -m bench.monorepo [--megabytes 1024]`.

The repository holds that many megabytes in files of 50 KB that nobody can compress, as sources and pictures of a large
project do, and, in a folder of its own, one Kustomize application with a base beside it. Measured are the first render
in a cold instance, a push that touches the application, one that touches something else, and for comparison git's own
`clone --depth=1` from the same server.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.crowd import files, own_file, shared_files
from bench.ground import Ground, open_ground
from bench.one_push import measured
from local.repositories import commit, create

__all__ = ["main"]

_HEADS = ("what", "s", "CPU s: ours", "tools and git", "peak MiB", "largest program", "from git: KB", "requests",
          "disk MB")  # fmt: skip
_APPLICATION = 4  # a Kustomize overlay
_FILE = 50_000
_FILES_A_FOLDER = 20
_QUIET = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.monorepo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    chosen = parser.parse_args(arguments)
    stored = _stored(chosen.megabytes)
    print(f"| {' | '.join(_HEADS)} |\n{'| --- ' * len(_HEADS)}|")
    with open_ground(clusters=0) as ground:
        _measure(ground, stored)
    return 0


def _stored(megabytes: int) -> Path:
    """The large repository, made once and kept in the temporary folder."""
    path = Path(tempfile.gettempdir()) / f"mooring-bench-monorepo-{megabytes}.git"
    if not path.exists():
        draft = create(path.parent, f"{path.name}.draft-{os.getpid()}")
        command = ["git", "-c", "core.compression=0", "fast-import", "--quiet", "--depth=0"]
        with subprocess.Popen(command, cwd=draft, env=os.environ | _QUIET, stdin=subprocess.PIPE) as importing:
            assert importing.stdin is not None
            for piece in _commit(megabytes * 1_000_000 // _FILE):
                importing.stdin.write(piece)
            importing.stdin.close()
            assert importing.wait(600) == 0
        draft.rename(path)
    return path


def _commit(count: int) -> Iterator[bytes]:
    """The stream of one commit with so many files (git-fast-import(1)); the same every time."""
    dice = random.Random(1)
    yield b"commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 5\nStart\n"
    for number in range(count):
        folder = number // _FILES_A_FOLDER
        yield b"M 100644 inline src/team-%d/part-%d/file-%d.bin\n" % (folder % 25, folder, number)
        yield b"data %d\n" % _FILE + dice.randbytes(_FILE) + b"\n"
    for path, text in (shared_files() | files(_APPLICATION, 0)).items():
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text.encode()), text.encode())


def _measure(ground: Ground, stored: Path) -> None:
    repository = create(ground.git.root, "large.git")
    (repository / "objects" / "info").mkdir(exist_ok=True)
    (repository / "objects" / "info" / "alternates").write_text(f"{stored / 'objects'}\n")
    before = _git("rev-parse", "main", at=stored)
    _git("update-ref", "refs/heads/main", before, at=repository)
    url = f"{ground.git.url}/large.git"
    _clone(ground, url)
    servers = ["https://kubernetes.default.svc"]
    ground.run("declare", first=_APPLICATION, count=1, urls=[url], servers=servers, plain=False)
    told = measured(ground, "first", urls=[url])
    _print("cold: first render of one application", told["cost"], told["git"], _disk(ground.temporary))
    for what, path, text, renders in (
        ("push to the application", own_file(_APPLICATION), files(_APPLICATION, 1)[own_file(_APPLICATION)], 1),
        ("push to something else", "src/team-0/part-0/file-0.bin", random.Random(2).randbytes(_FILE), 0),
        ("push to something else, cold", "src/team-0/part-0/file-1.bin", random.Random(3).randbytes(_FILE), 0),
        ("push to the application, cold", own_file(_APPLICATION), files(_APPLICATION, 2)[own_file(_APPLICATION)], 1),
    ):
        if cold := what.endswith("cold"):
            ground.forget_copies()
        sha = commit(repository, {path: text}, what)
        told = measured(
            ground, "push", url=url, before=before, sha=sha, files=[path], warm=False, waits=False, elsewhere=0
        )
        assert told["builds"] == renders, (what, told["builds"])
        _print(f"{'' if cold else 'warm: '}{what}", told["parts"]["render"], told["git"], _disk(ground.temporary))
        before = sha


def _clone(ground: Ground, url: str) -> None:
    """What git's own shallow clone costs."""
    folder = ground.temporary / "clone"
    sent, asked = ground.git.sent(), ground.git.counts()
    begun, before = time.monotonic(), os.times()
    _git("clone", "--quiet", "--depth=1", url, str(folder), at=None)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    cost = {"wall": time.monotonic() - begun, "own": 0.0, "children": cpu, "peak": 0.0, "peak_child": 0.0}
    told = {"bytes": ground.git.sent() - sent, "requests": (ground.git.counts() - asked).total()}
    _print("git clone --depth=1 (the server's share of the processor included)", cost, told, _disk(folder))
    ground.forget_copies()


def _git(*arguments: str, at: Path | None) -> str:
    command = ["git", *([f"--git-dir={at}"] if at else []), *arguments]
    done = subprocess.run(command, env=os.environ | _QUIET, capture_output=True, text=True, timeout=600, check=True)
    return done.stdout.strip()


def _disk(folder: Path) -> float:
    """Megabytes on disk."""
    return sum(path.lstat().st_blocks for path in folder.rglob("*")) * 512 / 1e6


def _print(what: str, cost: dict[str, Any], git: dict[str, int], disk: float) -> None:
    columns = [
        what, f"{cost['wall']:.2f}", f"{cost['own']:.2f}", f"{cost['children']:.2f}", f"{cost['peak']:.0f}",
        f"{cost['peak_child']:.0f}", f"{git['bytes'] / 1000:,.1f}", f"{git['requests']}", f"{disk:,.1f}",
    ]  # fmt: skip
    print(f"| {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
