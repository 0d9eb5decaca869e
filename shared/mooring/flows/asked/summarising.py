"""What a list says of each application, in one row: for the dashboard's fleet, the command line and metrics.

Each row is put together from what the table's index holds of the application (`state.summaries`), as a whole status
would be: nothing that is shown is stored twice. A row may mix two moments that are a second apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from mooring.model.application import AppKey
from mooring.state.applications import Applications
from mooring.state.statuses import SyncStatus
from mooring.state.summaries import NOTHING_FOUND, Desired, Found, Parts

__all__ = ["Summary", "summaries", "sync_of"]


class Summary(NamedTuple):
    """One application as lists show it. `cluster` is the registered cluster's name where it is known, else as declared;
    source fields are those of the first of `sources`; `set` is the ApplicationSet (`namespace/name`) it comes from;
    `drift` counts objects that were changed beside git; times are seconds since the epoch, 0 for never.
    """

    name: str
    namespace: str
    project: str
    cluster: str
    server: str
    destination_namespace: str
    repo_url: str
    path: str
    chart: str
    target_revision: str
    sources: int
    revision: str
    sync: str
    health: str
    phase: str
    message: str
    labels: dict[str, str]
    images: Sequence[str]
    set: str
    changed_at: float
    synced_at: float
    drift: int
    auto_sync: bool
    deleting: bool
    conditions: int

    @property
    def key(self) -> AppKey:
        """The application."""
        return AppKey(self.namespace, self.name)


def summaries(applications: Applications) -> Iterator[Summary]:
    """Every application of the installation, by namespace and name.

    Costs a request for each megabyte of the index, at least one for each of its four partitions; no status is read.
    """
    return map(_summary, applications.summaries.read())


def sync_of(generation: int, desired: Desired | None, found: Found) -> tuple[SyncStatus, str]:
    """The sync status and the revision that it is about, for a spec's `generation`."""
    if desired is None or (desired.failed and not found.bundle):
        return "Unknown", ""
    if desired.failed:
        return "Unknown", desired.failed_revision or desired.revision
    if found.nowhere or desired.generation != generation:
        return "Unknown", desired.revision
    if (found.bundle, found.generation) != (desired.bundle, generation):
        return "OutOfSync", desired.revision
    return cast("SyncStatus", found.sync), desired.revision


def _summary(parts: Parts) -> Summary:
    declared, desired, found = parts.declared, parts.desired, parts.found or NOTHING_FOUND
    sync, revision = sync_of(declared.generation, desired, found)
    namespace, _, name = parts.key.partition("/")
    return Summary(
        name=name,
        namespace=namespace,
        project=declared.project,
        cluster=found.cluster or declared.cluster,
        server=declared.server,
        destination_namespace=declared.namespace,
        repo_url=declared.repo_url,
        path=declared.path,
        chart=declared.chart,
        target_revision=declared.target,
        sources=declared.sources,
        revision=revision,
        sync=sync,
        health=found.health,
        phase=found.phase,
        message=(desired.failure if desired else "") or found.message,
        labels=declared.labels,
        images=found.images,
        set=declared.owner,
        changed_at=found.changed_at,
        synced_at=found.synced_at,
        drift=found.drift,
        auto_sync=declared.automated,
        deleting=declared.deleting,
        conditions=declared.warnings + (desired.conditions if desired else 0) + found.conditions,
    )
