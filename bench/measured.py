"""What benchmarks leave for `bench.cost`: `bench/measured.json`, one entry for each, with the day of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["note", "noted"]

_FILE = Path(__file__).with_name("measured.json")


def note(name: str, figures: Mapping[str, Any]) -> None:
    """Writes down the figures of one benchmark in place of those of an earlier run."""
    known = noted()
    known[name] = {"on": datetime.now(UTC).strftime("%Y-%m-%d"), **figures}
    _FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def noted() -> dict[str, dict[str, Any]]:
    """What was written down, by benchmark."""
    if not _FILE.exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found
