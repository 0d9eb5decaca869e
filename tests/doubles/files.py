"""Files of a test, written where a checkout would have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_files"]


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Writes each text at its path below `root`, with the folders that it needs."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
