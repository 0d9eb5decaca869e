"""PushSecrets: what an application gives away to Secrets Manager, after its objects are where they should be.

A look or an opening writes nothing elsewhere: what differs becomes an errand, and errands are run by operations alone,
under the lease, when all waves are through. What may have been written is noted in the status with the lease, before
the first request; so whatever was pushed with `deletionPolicy: Delete` is remembered until it is deleted, wherever a
function dies. What plans errands (`flows.secrets.pushing`) is loaded where there is a PushSecret, or was one. See
docs/external-secrets.md and ADR 0083.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mooring.errors import MooringError
from mooring.flows.secrets.opening import CLUSTER_DOES, Context, Errand, Opening, Sources, told
from mooring.health import Health
from mooring.model.externalkinds import GROUP, PUSHING
from mooring.model.objects import Manifest
from mooring.state.operations import ResourceResult
from mooring.state.statuses import Pushed

if TYPE_CHECKING:
    from mooring.flows.secrets.pushing import PushReader

__all__ = ["Pushes", "is_push", "run_errands"]


def is_push(manifest: Manifest) -> bool:
    """Whether an object is a PushSecret of any kind."""
    return manifest["kind"] in PUSHING and manifest["apiVersion"].rpartition("/")[0] == GROUP


class Pushes:
    """The PushSecrets of one invocation; `reader` makes what plans their errands."""

    def __init__(self, reader: Callable[[], PushReader]) -> None:
        self._make = reader

    @cached_property
    def _reader(self) -> PushReader:
        return self._make()

    def added(self, opening: Opening, context: Context, pushed: Sequence[Pushed]) -> Opening:
        """An opened bundle without its PushSecrets, their errands and rows among its sources.

        `pushed` is what was pushed before. Raises `MooringError` where it is the same for all of them.
        """
        if not pushed and not any(is_push(each) for each in opening.manifests):
            return opening
        if context.target.cluster.annotations.get("mooring.dev/external-secrets") == CLUSTER_DOES:
            return opening
        return self._reader.added(opening, context, pushed)

    def delete(self, pushed: Sequence[Pushed], app: str) -> None:
        """Deletes what was pushed for an application that goes. Raises `MooringError`."""
        for each in pushed:
            self._reader.delete(each, app)


def run_errands(
    sources: Sources, errands: Sequence[Errand], may_go_on: Callable[[], bool]
) -> tuple[Sources, list[ResourceResult], bool]:
    """The sources after these errands, what is told of each, and whether all were begun."""
    rows = {row.key: row for row in sources.rows}
    pushed = list(sources.pushed or ())
    troubles, results = list(sources.troubles), []
    left = {key: sum(errand.source == key for errand in sources.errands) for key in rows}
    done: list[Errand] = []
    for errand in errands:
        if not may_go_on():
            break
        row = rows[errand.source]
        done.append(errand)
        try:
            errand.run()
        except MooringError as error:
            rows[errand.source] = row = replace(row, sync="OutOfSync", health=Health("Degraded", told(error)))
            troubles.append((row, error))
            continue
        left[errand.source] -= 1
        results.append(ResourceResult(row.key, row.version, "pruned" if errand.prunes else "configured", errand.told))
        if errand.prunes is not None:
            pushed.remove(errand.prunes)
            if not left[errand.source]:
                rows.pop(errand.source)
        else:
            rows[errand.source] = replace(row, sync="Synced", health=Health("Healthy", errand.told))
    after = replace(
        sources,
        rows=tuple(rows.values()),
        troubles=tuple(troubles),
        errands=tuple(errand for errand in sources.errands if errand not in done),
        pushed=None if sources.pushed is None else tuple(pushed),
    )
    return after, results, len(done) == len(errands)
