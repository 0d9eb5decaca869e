"""Mooring on one machine: the deployed system's own template, wired to real parts that run here.

Nothing in this package imports `mooring`: what runs here must be what runs in the cloud, so the library may not learn
that this package exists, and this package may not know more of the library than its template says.
"""

from __future__ import annotations

__all__: list[str] = []
