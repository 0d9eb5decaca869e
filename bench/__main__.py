"""`python -m bench [NAME] [ARGUMENTS]`: one benchmark, or, without a name, how long a commit takes to the cluster."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    "commit_to_cluster",
    "planning",
    "no_change",
    "drift_check",
    "large",
    "one_push",
    "sweep_many",
    "monorepo",
    "generating",
    "external",
    "rotation",
    "watch",
    "drift_latency",
    "sealed",
    "hooks",
    "cost",
    "images",
    "image_updates",
    "fleet",
    "live",
    "look",
    "dashboard",
)


def main(arguments: list[str]) -> int:
    """Runs the benchmark that is named first; an exit code."""
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in NAMES else (NAMES[0], arguments)
    code: int = import_module(f"bench.{name}").main(rest)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
