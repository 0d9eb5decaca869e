"""A place without a cluster: where the root of an app of apps lives before any cluster is registered.

Applications and projects go to the registry (`flows.clusters.declared`), which stands in front of this. Everything
else is told that there is no cluster for it.
"""

# ruff: noqa: ARG002  (it answers whatever it is asked about)
from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, NoReturn

from mooring.cluster.apply import FIELD_MANAGER, Applied
from mooring.cluster.observe import Observed
from mooring.errors import ConfigurationError
from mooring.health import Rules as HealthRules
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.state.clusters import ALONE, Cluster

if TYPE_CHECKING:
    from mooring.cluster.residents import Resident
    from mooring.flows.clusters.live import Live

__all__ = ["Nowhere", "refuse_others"]


def _refuse(kind: str) -> NoReturn:
    raise ConfigurationError(
        f"no default cluster is registered, and {kind} needs one: add it with `mooring cluster add --default`, or name "
        "another destination (only Applications, ApplicationSets and AppProjects need none)",
        field="spec.destination",
    )


def refuse_others(bundle: Iterable[Manifest], target: Live) -> None:
    """Raises `ConfigurationError` that names the first object of a bundle which needs a cluster."""
    for manifest in bundle:
        group, _, version = manifest["apiVersion"].rpartition("/")
        try:
            target.namespaced(group, manifest["kind"], version)
        except ConfigurationError:
            _refuse(f"{manifest['kind']} {manifest['metadata'].get('name', '')}".rstrip())


class Nowhere:
    """Implements `live.Live`: holds nothing and takes nothing."""

    def __init__(self, health: HealthRules) -> None:
        self.health = health
        self.requests = 0
        self.answer_seconds = 0.0

    @property
    def cluster(self) -> Cluster:
        """The installation itself."""
        return ALONE

    def acting_as(self, user: str) -> Live:
        """The same: nobody acts here."""
        return self

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        """Raises `ConfigurationError`: no kind is served."""
        _refuse(f"a {kind}")

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        """Raises `ConfigurationError`."""
        _refuse(f"{manifest['kind']} {manifest['metadata']['name']}")

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        """Raises `ConfigurationError`."""
        _refuse(f"{manifest['kind']} {manifest['metadata']['name']}")

    def make_room(self, key: ObjectKey) -> None:
        """Raises `ConfigurationError`."""
        _refuse(f"{key.kind} {key.name}")

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        """Nothing is here to be taken over."""
        return False

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        """Nothing is here."""
        return None

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        """Nothing is here."""
        return False

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        """Nothing is here."""
        return iter(())

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        """Nothing runs here."""
        return []

    def residents(
        self, namespaces: Collection[str], wanted: Callable[[str, str], bool], pool: Executor
    ) -> list[Resident]:
        """Nothing lives here."""
        return []
