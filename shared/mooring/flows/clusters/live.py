"""One reachable cluster as the flows meet it: all that they ask of it, and how its API server answers.

`Live` is all that the flows ask of a cluster; tests put a cluster of their own behind it, and
`registering.WithDeclared` the registry in the place of some kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from mooring.cluster.adopting import adopt
from mooring.cluster.apply import FIELD_MANAGER, Applied, apply, delete, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.impersonating import ActingAs, Requests
from mooring.cluster.observe import Observed, app_selector, list_objects, observed
from mooring.cluster.replacing import make_room, replace
from mooring.errors import UnreachableError
from mooring.flows.clusters.quoting import quiet, unquoted
from mooring.flows.rules.settings import NO_SETTINGS
from mooring.health import Rules as HealthRules
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.state.registry import Cluster

if TYPE_CHECKING:
    from mooring.cluster.residents import Resident

__all__ = ["Live", "Target"]

_SOME_PODS = 50
_PATIENCE = 3.0  # seconds that a kind may take to be served after its CRD was applied


class Live(Protocol):
    """One reachable cluster. Every method may raise the errors of `mooring.errors`."""

    @property
    def cluster(self) -> Cluster:
        """As it is registered."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""

    @property
    def answer_seconds(self) -> float:
        """How long their answers took, all together."""

    @property
    def health(self) -> HealthRules:
        """By which rules its objects are judged."""

    def acting_as(self, user: str) -> Live:
        """The same cluster, where objects are written and deleted as this user; as ourselves where it is empty."""

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        """Whether a kind lives in namespaces; None where the cluster does not serve it."""

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        """Server-side apply."""

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        """Makes the live object what the manifest says as a whole, or creates it."""

    def make_room(self, key: ObjectKey) -> None:
        """Deletes what has this name; raises `ConflictError` where it isn't gone at once."""

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        """Makes the fields ours that kubectl, Helm or Argo CD own in a live object; False where there are none.

        Without `client_side` what kubectl's client-side apply owns stays its own.
        """

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        """One object in full, or None where it isn't there."""

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        """Deletes the object with this uid; False where it was gone."""

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        """Every object of a kind that carries the tracking label with one of these values (or with any)."""

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        """Some pods of a namespace that a label selector fits, in full."""

    def residents(
        self, namespaces: Collection[str], wanted: Callable[[str, str], bool], pool: Executor
    ) -> list[Resident]:
        """Everything in these namespaces that nothing owns, of the kinds (group, kind) that are wanted."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reachable cluster over its API server."""

    cluster: Cluster
    server: ApiServer
    discovery: Discovery
    health: HealthRules = NO_SETTINGS.health
    identity: str = ""

    @property
    def _hands(self) -> Requests:
        return ActingAs(self.server, self.identity) if self.identity else self.server

    def acting_as(self, user: str) -> Live:
        """The same cluster, where objects are written and deleted as somebody else; empty for ourselves."""
        return dataclass_replace(self, identity=user)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.server.requests

    @property
    def answer_seconds(self) -> float:
        """How long their answers took, all together."""
        return self.server.answer_seconds

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        """Whether a kind lives in namespaces; None where the cluster does not serve it."""
        resource = self.discovery.find(group, kind, version)
        return None if resource is None else resource.namespaced

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        """Server-side apply."""
        with unquoted(manifest):
            applied = apply(
                self.server if dry_run else self._hands,
                self.discovery,
                manifest,
                dry_run=dry_run,
                validate=validate,
                field_manager=field_manager,
                patience=_PATIENCE,
            )
        return quiet(applied, manifest)

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        """Makes the live object what the manifest says as a whole, or creates it."""
        with unquoted(manifest):
            made = replace(
                self._hands, self.discovery, manifest, validate=validate, dry_run=dry_run, patience=_PATIENCE
            )
        return quiet(made, manifest)

    def make_room(self, key: ObjectKey) -> None:
        """Deletes what has this name; raises `ConflictError` where it isn't gone at once."""
        make_room(self._hands, self.discovery, key, patience=_PATIENCE)

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        """Makes the fields ours that kubectl, Helm or Argo CD own in a live object; False where there are none."""
        return adopt(self._hands, self.discovery, live, client_side=client_side)

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        """One object in full, or None where it isn't there."""
        live = get(self.server, self.discovery, key, version)
        if live is None:
            return None
        return observed(live, self.discovery.resource(key.group, key.kind, version), full=True)

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        """Deletes the object with this uid; False where it was gone."""
        return delete(self._hands, self.discovery, key, uid=uid, propagation=propagation)

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        """Every object of a kind that carries the tracking label with one of these values (or with any)."""
        try:
            resource = self.discovery.find(group, kind, version)
        except UnreachableError:
            if self.discovery.is_down(group):
                return  # whoever remembers such an object reads it by name, and is told; the others go on
            raise
        if resource is not None:
            yield from list_objects(self.server, resource, selector=app_selector(apps), full=full)

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        """Some pods of a namespace that a label selector fits, in full."""
        resource = self.discovery.resource("", "Pod", "v1")
        pods = list_objects(
            self.server, resource, selector=selector, namespace=namespace, full=True, page_size=_SOME_PODS
        )
        return [pod.live for pod in islice(pods, _SOME_PODS) if pod.live is not None]

    def residents(
        self, namespaces: Collection[str], wanted: Callable[[str, str], bool], pool: Executor
    ) -> list[Resident]:
        """Everything in these namespaces that nothing owns, of the kinds (group, kind) that are wanted."""
        from mooring.cluster.residents import residents  # only for projects that ask for their orphans

        return residents(self.server, self.discovery, namespaces, wanted, pool)
