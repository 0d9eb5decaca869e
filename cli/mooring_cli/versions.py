"""`mooring version`: of the command; it asks nobody."""

from __future__ import annotations

from mooring import __version__
from mooring_cli.frame import verb

__all__ = ["version"]


@verb("version", "the version of this command", offline=True)
def version() -> int:
    """Prints it."""
    print(f"mooring {__version__}")
    return 0
