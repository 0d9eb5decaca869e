"""Planning time and memory: `python -m bench.planning [SIZE …]`, from the root of the checkout.

Each size is planned in a process of its own, so that its peak of memory is its own. The objects are those of
`bench.load`, in as many namespaces as it takes. What is measured is all that a sync decides on without asking anybody:
preparing (namespaces, labels, digests, waves), a plan that creates everything, one that finds nothing to do, one with
a single change, the look for drift, the status. Seconds are processor seconds, the best of three; memory is the peak
of the process above what it had after its imports; what of it the rendered objects take is shown apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from bench.load import OBJECTS, application, manifests, namespace

__all__ = ["main"]

SIZES = (100, 1_000, 10_000)
_TITLES = {
    "prepare": "prepare",
    "create": "plan: all new",
    "nothing": "plan: nothing",
    "one": "plan: one changed",
    "drift": "find drift",
    "judge": "status",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures each size in a process of its own and prints a table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.planning", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="numbers of objects")
    parser.add_argument("--here", action="store_true", help="measure one size in this process and print JSON")
    parser.add_argument("--profile", action="store_true", help="print where the time of one size goes")
    chosen = parser.parse_args(arguments)
    if chosen.profile:
        _profile(chosen.sizes[0])
        return 0
    if chosen.here:
        print(json.dumps(_measured(chosen.sizes[0])))
        return 0
    print(f"| objects | {' | '.join(f'{title} s' for title in _TITLES.values())} | in all s | objects MiB | peak MiB |")
    print("| --- " * (len(_TITLES) + 4) + "|")
    for size in chosen.sizes:
        command = [sys.executable, "-m", "bench.planning", "--here", str(size)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds = " | ".join(f"{found[name]:.4f}" for name in _TITLES)
        total = sum(found[name] for name in _TITLES)
        print(f"| {size} | {seconds} | {total:.3f} | {found['objects']:.1f} | {found['peak']:.1f} |", flush=True)
    return 0


def rendered(size: int) -> list[dict[str, Any]]:
    """Objects as a bundle brings them, with their namespaces."""
    objects = []
    for number in range(-(-size // OBJECTS)):
        for text in manifests(number, commit=0).values():
            manifest = json.loads(text)
            manifest["metadata"]["namespace"] = namespace(number)
            objects.append(manifest)
    return objects[:size]


def _profile(size: int) -> None:
    import cProfile
    import pstats

    with cProfile.Profile() as profile:
        _measured(size)
    pstats.Stats(profile).sort_stats("tottime").print_stats(15)


def _measured(size: int) -> dict[str, float]:
    from mooring.flows.syncs.judging import Findings, judge
    from mooring.flows.syncs.preparing import prepare
    from mooring.model.application import parse_application
    from mooring.model.objects import digest
    from mooring.plan.drift import Sight, find_drift
    from mooring.plan.steps import intents, plan_sync
    from mooring.state.statuses import Status

    app = parse_application(application(0, "https://git.test/bench.git")).application
    served: Any = SimpleNamespace(namespaced=lambda *_: True)
    start = _peak()
    bundle = rendered(size)
    objects = _peak() - start
    seconds: dict[str, float] = {}
    now = _best(seconds, "prepare", lambda: prepare(bundle, app, served, digest))
    plan = _best(seconds, "create", lambda: plan_sync(now.objects, {}, prune=True))
    inventory = {
        key: entry.applied(entry.intent, uid=f"uid-{number}", fingerprint=entry.intent[::-1], generation="1")
        for number, (key, entry) in enumerate(intents(plan.steps, {}).items())
    }
    sights = {key: Sight(entry.uid, entry.fingerprint, entry.generation) for key, entry in inventory.items()}
    assert size == len(plan.steps)
    assert not _best(seconds, "nothing", lambda: plan_sync(now.objects, inventory, prune=True)).steps
    key = next(iter(inventory))
    changed = {**inventory, key: inventory[key].applied("other", uid="", fingerprint="", generation="")}
    assert len(_best(seconds, "one", lambda: plan_sync(now.objects, changed, prune=True)).steps) == 1
    assert not _best(seconds, "drift", lambda: find_drift(inventory, sights)).drifted
    status = _best(seconds, "judge", lambda: judge(now.objects, inventory, Status(), Findings()))
    assert size == len(status.resources)
    return seconds | {"objects": objects, "peak": _peak() - start}


def _best(seconds: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    times = []
    for _ in range(3):
        begun = time.process_time()
        result = work()
        times.append(time.process_time() - begun)
    seconds[name] = min(times)
    return result


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
