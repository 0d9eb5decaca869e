"""What stands in front of a cluster for some objects, and lets everything else through.

Whoever stands there decides for itself how objects are written, read and deleted; the rest of `live.Live` is the
cluster's own answer, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mooring.cluster.observe import Observed
    from mooring.cluster.residents import Resident
    from mooring.flows.clusters.live import Live
    from mooring.health import Rules as HealthRules
    from mooring.model.objects import Manifest
    from mooring.state.registry import Cluster

__all__ = ["Front"]


@dataclass(frozen=True, slots=True)
class Front:
    """The part of `live.Live` that the cluster behind answers."""

    live: Live

    @property
    def cluster(self) -> Cluster:
        """As it is registered."""
        return self.live.cluster

    @property
    def requests(self) -> int:
        """How many requests were sent to the cluster so far."""
        return self.live.requests

    @property
    def answer_seconds(self) -> float:
        """How long their answers took, all together."""
        return self.live.answer_seconds

    @property
    def health(self) -> HealthRules:
        """By which rules its objects are judged."""
        return self.live.health

    def acting_as(self, user: str) -> Self:
        """The same, with another user in the cluster; what stands in front knows none."""
        return replace(self, live=self.live.acting_as(user))

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        """Whether a kind lives in namespaces; None where the cluster does not serve it."""
        return self.live.namespaced(group, kind, version)

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        """Every object of a kind that carries the tracking label with one of these values (or with any)."""
        return self.live.look(group, kind, version, apps, full=full)

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        """Some pods of a namespace that a label selector fits, in full."""
        return self.live.pods(namespace, selector)

    def residents(
        self, namespaces: Collection[str], wanted: Callable[[str, str], bool], pool: Executor
    ) -> list[Resident]:
        """Everything in these namespaces that nothing owns, of the kinds (group, kind) that are wanted."""
        return self.live.residents(namespaces, wanted, pool)
