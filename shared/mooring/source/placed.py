"""What lies in a tree of files beside what git wrote there: the contents of submodules, noted in a ledger.

Git leaves alone what it has not written, so a tree has to be rid of all that before git moves it to another commit.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

__all__ = ["forget_placed", "is_plain", "ledger_of", "read_placed", "withdraw", "write_placed"]


def ledger_of(root: Path) -> Path:
    """The file beside a tree that says what was put into it."""
    return root.with_name(f"placed-{root.name}")


def read_placed(root: Path) -> dict[str, list[str]]:
    """The folders that were put into a tree, each with the paths inside it that are certain to be there."""
    try:
        return dict(json.loads(ledger_of(root).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def write_placed(root: Path, placed: Mapping[str, list[str]]) -> None:
    """Replaces the ledger of a tree, in one step."""
    ledger = ledger_of(root)
    fresh = ledger.with_name(f"{ledger.name}.new")
    fresh.write_text(json.dumps(placed), encoding="utf-8")
    fresh.replace(ledger)


def withdraw(root: Path) -> None:
    """Empties the folders that were put into a tree; git itself removes or keeps the empty ones."""
    for path in read_placed(root):
        folder = root / path
        if folder.is_dir() and is_plain(root, path):
            shutil.rmtree(folder)
            folder.mkdir()
    forget_placed(root)


def forget_placed(root: Path) -> None:
    """Removes the ledger of a tree that is no more."""
    ledger_of(root).unlink(missing_ok=True)


def is_plain(root: Path, path: str) -> bool:
    """Whether a path below a tree leads there without any symbolic link."""
    return os.path.realpath(root / path) == os.path.join(os.path.realpath(root), *path.split("/"))
