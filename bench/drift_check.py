"""The look for drift: `python -m bench.drift_check [APPLICATIONS OBJECTS]`, from the root of the checkout.

So many applications of so many objects each are synced for the first time by Mooring itself; then one sweep of the
whole cluster is measured, in a cold function: at a tenth of the applications, at all of them, and once more after ten
objects of ten applications were changed by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.ground import open_ground, row, titles

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.drift_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("applications", type=int, nargs="?", default=100)
    parser.add_argument("objects", type=int, nargs="?", default=100, help="of each application")
    chosen = parser.parse_args(arguments)
    print(titles())
    with open_ground() as ground:
        made = 0
        for goal in dict.fromkeys((max(1, chosen.applications // 10), chosen.applications)):
            ground.run("want", first=made, count=goal - made, size=chosen.objects, marks=0)
            cost = ground.run("sync_all", first=made, count=goal - made)
            print(row(f"first sync of {goal - made} x {chosen.objects}", cost), flush=True)
            made = goal
            for what in ("the first sweep after", "the next sweep"):
                cost = ground.run("sweep")
                print(row(f"{what}: {made * chosen.objects} objects of {made} applications", cost), flush=True)
            assert not any(request.is_write for request in cost.requests), "a sweep that finds nothing writes nothing"
        ground.run("meddle", first=0, count=min(10, made))
        cost = ground.run("sweep")
        print(row(f"a sweep that puts {min(10, made)} objects right", cost), flush=True)
        assert sum(request.is_write for request in cost.requests) == min(10, made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
