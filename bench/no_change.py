"""A sync with nothing to do, and one with a single change: `python -m bench.no_change [SIZE …]`, from the root.

For applications of each size: the first sync, the same revision again, a new revision with the same objects, and one
with one changed object. Each is one cold function; one that is warm saves the requests of discovery.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.ground import open_ground, row, titles

__all__ = ["main"]

SIZES = (100, 1_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.no_change", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="objects of the application")
    chosen = parser.parse_args(arguments)
    print(titles())
    with open_ground() as ground:
        for number, size in enumerate(chosen.sizes):
            changes = (("first sync", 0, 0), ("the same revision", 0, 0), ("another revision, same objects", 0, 1),
                       ("one changed object", 1, 2))  # fmt: skip
            for what, marks, revision in changes:
                ground.run("want", first=number, count=1, size=size, marks=marks, revision=revision)
                cost = ground.run("sync", number=number)
                assert (cost.said["phase"], cost.said["known"]) == ("Succeeded", size), cost.said
                writes = sum(request.is_write for request in cost.requests)
                assert what == "first sync" or writes == marks, "nothing is applied that has not changed"
                print(row(f"{size} objects: {what}", cost), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
