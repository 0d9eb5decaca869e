"""Tags of many images checked: `python -m bench images [--images 500] [--tags 20]`.

Distribution's own registry runs beside it on this machine, so what is missing from the times is the network. Each plan
is made in a process of its own, as a cold function would make it, after its imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["main"]

_MEMORY = 0.5  # GB that a function would have
_KINDS = {
    "semver": ("semver, a repository each", 1),
    "shared": ("semver, ten applications to a repository", 10),
    "digest": ("digest, a repository each", 1),
    "newest-build": ("newest-build, ten applications to a repository", 10),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.images", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--tags", type=int, default=20)
    parser.add_argument("--here", nargs=3, metavar=("KIND", "HOST", "MEMORY"), help="one plan, in this process; JSON")
    chosen = parser.parse_args(arguments)
    if chosen.here:
        kind, host, memory = chosen.here
        print(json.dumps(_planned(kind, host, memory, chosen.images)))
        return 0
    from tests.doubles.realregistry import real_registry

    with tempfile.TemporaryDirectory() as directory, real_registry(Path(directory)) as registry:
        for number in range(chosen.images):
            tags = [f"v1.{tag}.0" for tag in range(chosen.tags)]
            if number < chosen.images // 10:  # those that are opened hold an image for each tag
                for day, tag in enumerate(tags):
                    registry.push(
                        f"shop/web-{number}", tag, created=f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}T00:00:00Z"
                    )
            else:
                registry.push(f"shop/web-{number}", *tags)
        print("| what | requests | s | CPU s | peak MiB | GB-s |\n| --- | --- | --- | --- | --- | --- |")
        for kind, (title, _) in _KINDS.items():
            for again in ("", ", again") if kind == "newest-build" else ("",):
                command = [sys.executable, "-m", "bench.images", "--images", str(chosen.images), "--here", kind]
                memory = str(Path(directory, "facts.json"))
                done = subprocess.run([*command, registry.host, memory], check=True, capture_output=True, text=True)
                found = json.loads(done.stdout)
                cells = f"{found['requests']} | {found['wall']:.2f} | {found['cpu']:.2f} | {found['peak']:.0f}"
                print(f"| {title}{again} | {cells} | {found['wall'] * _MEMORY:.2f} |", flush=True)
    return 0


def _planned(kind: str, host: str, memory: str, images: int) -> dict[str, Any]:
    from local.tools import ensure
    from mooring.images.planning import Tended, plan_updates
    from mooring.images.registries import ImageRegistries
    from mooring.images.remembering import Facts, ProcessMemory
    from mooring.model.application import AppKey
    from mooring.model.imageannotations import PREFIX, parse_annotations
    from mooring.model.imagenames import parse_image
    from mooring.model.imageregistries import RegistryEndpoint
    from mooring.model.source import Source
    from mooring.source.gokit import GoKit

    class Nobody:
        def find(self, url: str, *, fresh: bool = False) -> None: ...

        def named(self, name: str) -> None: ...

    kept = ProcessMemory()
    if Path(memory).exists():
        for repository, tags in json.loads(Path(memory).read_text()).items():
            kept.save(repository, {tag: Facts(each[0], each[1], tuple(each[2])) for tag, each in tags.items()})
    source = Source("https://git.example/shop.git", path="web", target_revision="main")
    tended = []
    for number in range(images):
        image = f"{host}/shop/web-{number // _KINDS[kind][1]}"
        strategy = "semver" if kind == "shared" else kind
        annotations = {"image-list": f"app={image}:{'v1.0.0' if kind == 'digest' else '1.x'}",
                       "app.update-strategy": strategy, "write-back-method": "git"}  # fmt: skip
        declared = parse_annotations({f"{PREFIX}{key}": each for key, each in annotations.items()})
        assert declared is not None
        running = (parse_image(f"{image}:v1.0.0", field=""),)
        tended.append(Tended(AppKey("argocd", f"web-{number:04}"), declared, running, (source,)))
    gokit = GoKit(str(ensure(("gokit",), lambda _: None)["gokit"]))
    registries = ImageRegistries(Nobody(), endpoints=[RegistryEndpoint(host, host, plain=True, limit=0)])
    wall, cpu = time.monotonic(), time.process_time() + _children()
    plan = plan_updates(tended, registries, gokit.ask, kept)
    wall, cpu = time.monotonic() - wall, time.process_time() + _children() - cpu
    assert (images, ()) == (len(plan.updates), plan.notes), plan.notes[:3]
    known = {each: kept.load(each) for each in {f"{host}/shop/web-{number}" for number in range(images)}}
    facts = {
        each: {tag: [f.digest, f.created, list(f.platforms)] for tag, f in tags.items()} for each, tags in known.items()
    }
    Path(memory).write_text(json.dumps(facts))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"requests": plan.requests, "wall": wall, "cpu": cpu, "peak": peak}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
