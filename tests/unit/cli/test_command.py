"""The command itself: its version, and how much it loads before it does anything."""

from __future__ import annotations

import subprocess
import sys

from mooring_cli.main import main

HEAVY = {"boto3", "botocore", "git", "kubernetes", "orjson", "urllib3", "yaml"}


def test_version() -> None:
    """`mooring version` needs no API."""
    assert main(["version"]) == 0


def test_starting_loads_nothing_heavy() -> None:
    """The command starts with the standard library alone; PyYAML comes with the first YAML."""
    script = "import sys, mooring_cli.main; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert set() == HEAVY & set(done.stdout.split())
