"""The story that shows what Mooring does, played on real parts and checked in the cluster.

    stage     a running stack                     steps      the eleven steps, which are told in
    world     what a step may touch               arrival, changes, drift, endurance
    forge     repositories and their webhooks     story      who plays them
    audit     what the API server saw             report     the table at the end
    instances the function's processes            command    the command line

Nothing here imports `mooring`: what checks Mooring's work must not share its code.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """`python -m local demo`; an exit code."""
    from local.demo import command

    return command.main(arguments)
