"""One application of many objects: `python -m bench.large [SIZE …]`, from the root of the checkout.

Each size is synced for the first time, looked at, and synced with one changed object, each in one cold function. The
largest is made once more in functions that live shorter than it takes, to see that the next one goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.ground import Ground, open_ground, row, titles

__all__ = ["main"]

SIZES = (1_000, 5_000)
_SHORT = 20.0  # seconds of a short life, of which the last fifteen begin nothing new


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.large", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="objects of the application")
    chosen = parser.parse_args(arguments)
    print(titles())
    with open_ground() as ground:
        for number, size in enumerate(chosen.sizes):
            _one(ground, number, size)
        _short_lives(ground, len(chosen.sizes), max(chosen.sizes))
    return 0


def _one(ground: Ground, number: int, size: int) -> None:
    ground.run("want", first=number, count=1, size=size, marks=0)
    for what, marks in (("first sync", 0), ("the same again", 0), ("one changed object", 1)):
        if marks:
            ground.run("want", first=number, count=1, size=size, marks=marks)
        cost = ground.run("sync", number=number)
        assert (cost.said["phase"], cost.said["known"]) == ("Succeeded", size), cost.said
        print(row(f"{size} objects: {what}", cost), flush=True)
    print(f"bytes of the largest items: {cost.said['items']}, {cost.said['chunks']} chunks", flush=True)
    print(row("… a sweep over all that there is", ground.run("sweep")), flush=True)


def _short_lives(ground: Ground, number: int, size: int) -> None:
    ground.run("want", first=number, count=1, size=size, marks=0)
    known = 0
    for life in range(1, 100):
        cost = ground.run("sync", number=number, seconds=_SHORT)
        print(row(f"{size} objects in lives of {_SHORT - 15:.0f} s: life {life}", cost), flush=True)
        assert cost.said["known"] > known, "each life gets further"
        known = cost.said["known"]
        if cost.said["phase"] == "Succeeded":
            return


if __name__ == "__main__":
    sys.exit(main())
