"""An installation whose cluster is a real one with controllers, and a way to make it die at any of its writes.

The table and the bundles are moto's; the client, discovery and flows are the real ones. `Stepped` stands between the
flows and the cluster and counts what is written; it answers nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from local.cluster import Cluster
from mooring.cluster.apply import FIELD_MANAGER, Applied
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.observe import Observed
from mooring.flows.clusters.live import Target
from mooring.health import STANDARD
from mooring.health import Rules as HealthRules
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.state.operations import Operation
from mooring.state.registry import Cluster as Registered
from tests.doubles.installation import World

PATIENCE = 60.0  # seconds that controllers may take for anything that a test waits for

_LISTS = {
    "ConfigMap": "/api/v1/namespaces/{0}/configmaps",
    "Deployment": "/apis/apps/v1/namespaces/{0}/deployments",
    "Job": "/apis/batch/v1/namespaces/{0}/jobs",
    "Pod": "/api/v1/namespaces/{0}/pods",
    "ReplicaSet": "/apis/apps/v1/namespaces/{0}/replicasets",
    "Service": "/api/v1/namespaces/{0}/services",
}


def connect(cluster: Cluster, *, connections: int = 1) -> Target:
    """Mooring's connections to this cluster; close its `server`."""
    server = ApiServer(from_kubeconfig(cluster.kubeconfig), pool_size=connections)
    return Target(Registered("in-cluster", server.server, True, "secret"), server, Discovery(server), STANDARD)


def use(world: World, target: Any) -> None:
    """Makes a cluster the one that the installation knows."""
    world.cluster = world.targets.live = target


def until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    """Waits until something holds; fails with `what` where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def operation(world: World, key: AppKey) -> Operation:
    """The last operation of an application."""
    found = world.record(key).status.operation
    assert found is not None
    return found


def settle(world: World, key: AppKey) -> Operation:
    """Syncs, and comes back as the messages of the queue `later` would, until the operation has ended."""

    def ended() -> bool:
        world.sync(key)
        return operation(world, key).phase != "Running"

    until(ended, lambda: operation(world, key))
    return operation(world, key)


def listed(cluster: Cluster, kind: str, namespace: str) -> list[dict[str, Any]]:
    """All objects of a kind in a namespace that are not on their way out, by name."""
    status, answer = cluster.client("GET", _LISTS[kind].format(namespace))
    assert status == 200, answer
    here = [item for item in answer["items"] if not item["metadata"].get("deletionTimestamp")]
    return sorted(here, key=lambda item: str(item["metadata"]["name"]))


@dataclass
class Stepped:
    """Implements `Live` over a real cluster; `before` and `after` are called around every write with its name."""

    target: Target
    before: Callable[[str], None] = lambda what: None
    after: Callable[[str], None] = lambda what: None

    @property
    def cluster(self) -> Registered:
        return self.target.cluster

    @property
    def requests(self) -> int:
        return self.target.requests

    @property
    def answer_seconds(self) -> float:
        return self.target.answer_seconds

    @property
    def health(self) -> HealthRules:
        return self.target.health

    def acting_as(self, user: str) -> Stepped:
        return self if not user else replace(self, target=self.target.acting_as(user))

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        return self.target.namespaced(group, kind, version)

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        if dry_run:
            return self.target.apply(manifest, dry_run=True, validate=validate, field_manager=field_manager)
        return self._step(
            f"apply {manifest['kind']} {manifest['metadata']['name']}",
            lambda: self.target.apply(manifest, validate=validate, field_manager=field_manager),
        )

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        if dry_run:
            return self.target.replace(manifest, validate=validate, dry_run=True)
        name = f"replace {manifest['kind']} {manifest['metadata']['name']}"
        return self._step(name, lambda: self.target.replace(manifest, validate=validate))

    def make_room(self, key: ObjectKey) -> None:
        self._step(f"make room {key.kind} {key.name}", lambda: self.target.make_room(key))

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        return self._step(f"adopt {live['kind']}", lambda: self.target.adopt(live, client_side=client_side))

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        return self.target.get(key, version)

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        return self._step(f"delete {key.kind} {key.name}", lambda: self.target.delete(key, uid, propagation))

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        return self.target.look(group, kind, version, apps, full=full)

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        return self.target.pods(namespace, selector)

    def _step(self, name: str, act: Callable[[], Any]) -> Any:
        self.before(name)
        done = act()
        self.after(name)
        return done
