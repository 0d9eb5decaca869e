"""`mooring cluster doctor`: asked of `api` (see `registering`), answered by `sync`, which reaches clusters.

The question is an item and a message, the answer takes the item's place; both are forgotten after an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mooring.cluster.examining import Use
from mooring.errors import MooringError
from mooring.state.clusters import Cluster
from mooring.state.records import Record

__all__ = ["unanswerable", "uses_of"]


def uses_of(records: Iterable[Record], cluster: Cluster) -> set[Use]:
    """The kinds that are deployed to a cluster, with their namespaces."""
    return {
        Use(key.group, key.kind, entry.version, key.namespace)
        for record in records
        if record.status.cluster == cluster.name
        for key, entry in record.inventory.items()
    }


def unanswerable(error: MooringError) -> dict[str, Any]:
    """The answer where not even the registration can be used."""
    step = {"step": "registration", "ok": False, "message": str(error)}
    return {"server": "", "reachable": False, "steps": [step]}
