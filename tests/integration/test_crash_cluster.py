"""The law about crashes on a real API server with controllers: waves, hooks and prunes, dying in between.

A run without a crash tells its steps (every write to the cluster and to the table). A part of them, spread over the
whole run, is then where other runs die, each in a namespace of its own, once before and once after the write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.fingerprint import own_fingerprint
from mooring.flows.clusters.live import Target
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.table import Table
from tests.doubles.installation import Crash, World
from tests.doubles.realcluster import Stepped, connect, listed, operation, settle, use

AUTO = {"automated": {"prune": True, "selfHeal": True}}
HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
KINDS = ("ConfigMap", "Deployment", "Job", "Service")
POINTS = 16
AT_ONCE = 6  # most of a run is waiting for controllers


def _config_map(name: str, value: str, **annotations: str) -> Manifest:
    metadata = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


def _deployment(name: str, wave: int) -> Manifest:
    pod = {"containers": [{"name": "app", "image": "example.com/app:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {WAVE: str(wave)}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def _service(name: str, wave: int) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "annotations": {WAVE: str(wave)}},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def _job(name: str, phase: str, policy: str = "BeforeHookCreation") -> Manifest:
    metadata = {"name": name, "annotations": {HOOK: phase, POLICY: policy}}
    pod = {"containers": [{"name": "job", "image": "example.com/job:1"}], "restartPolicy": "Never"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def _first() -> list[Manifest]:
    return [
        _config_map("stays", "1"),
        _config_map("changes", "1"),
        _config_map("goes", "1", **{WAVE: "1"}),
        _config_map("goes-last", "1", **{OPTIONS: "PruneLast=true"}),
        _service("old", 2),
    ]


def _second() -> list[Manifest]:
    return [
        _job("migrate", "PreSync"),
        _config_map("stays", "1"),
        _config_map("changes", "2"),
        _deployment("db", -1),
        _service("web", 1),
        _config_map("new", "1", **{WAVE: "1"}),
        _job("smoke", "PostSync", "HookSucceeded"),
        _config_map("told", "1", **{HOOK: "PostSync", POLICY: "HookSucceeded"}),
    ]


@dataclass
class Fuse:
    """Writes down each step, and dies before or after the one that it is to die at: its name, and which of that name."""

    at: tuple[str, int] = ("", 0)
    when: str = ""
    steps: list[tuple[str, int]] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)

    def before(self, what: str) -> None:
        self.count[what] += 1
        self.steps.append((what, self.count[what]))
        if self.steps[-1] == self.at and self.when == "before":
            raise Crash(f"before {self.at}")

    def after(self, what: str) -> None:
        self.written[what] += 1
        if self.steps[-1] == self.at and self.when == "after":
            raise Crash(f"after {self.at}")


class FusedTable(Table):
    """The table, with every write a step."""

    fuse: Fuse

    def write(self, *operations: Any) -> None:
        self.fuse.before("table")
        super().write(*operations)
        self.fuse.after("table")


class Ground:
    """One application in a namespace of its own, with a first sync behind it and a commit before it."""

    def __init__(self, world: World, target: Target, cluster: Cluster, namespace: str) -> None:
        self.world, self.cluster, self.namespace = world, cluster, namespace
        self.stepped = Stepped(target)
        use(world, self.stepped)
        self.key: AppKey = world.declare("shop", namespace=namespace, **AUTO)
        world.push(self.key, *_first())
        assert "Succeeded" == settle(world, self.key).phase
        world.push(self.key, *_second())

    def run(self, fuse: Fuse) -> bool:
        """Syncs to the end, or until the fuse blows; whether it did."""
        table = FusedTable(self.world.table._client, self.world.table.name)
        table.fuse = fuse
        self.world.applications._table = table
        self.stepped.before, self.stepped.after = fuse.before, fuse.after
        try:
            settle(self.world, self.key)
        except Crash:
            return True
        finally:
            self.world.applications._table = self.world.table
            self.stepped.before = self.stepped.after = lambda what: None
        return False

    def recover(self) -> Counter[str]:
        """What comes after a crash: the lease runs out and another function comes; what it wrote to the cluster."""
        self.world.now += LEASE_SECONDS + 1
        fuse = Fuse()
        assert not self.run(fuse)
        self.world.sweep()
        return fuse.written

    def end(self) -> Any:
        """The end state: what is in the cluster, what of it is ours, what is remembered and what is told."""
        record = self.world.record(self.key)
        found = {
            f"{kind} {item['metadata']['name']}": _essence(item, record.inventory.get(_key(kind, item)))
            for kind in KINDS
            for item in listed(self.cluster, kind, self.namespace)
            if item["metadata"]["name"] != "kube-root-ca.crt"
        }
        remembered = {
            f"{key.kind} {key.name}": (bool(entry.digest), entry.unsure, entry.version, entry.wave, entry.notes)
            for key, entry in record.inventory.items()
        }
        status, done = record.status, operation(self.world, self.key)
        told = (
            status.sync, status.health.status, done.phase, record.retry, sorted(c.type for c in status.conditions),
            sorted((run.key.name, run.phase, run.state) for run in done.hooks),
        )  # fmt: skip
        return found, remembered, told

    def orphans(self) -> set[str]:
        """Objects with our label that nobody remembers, hooks left out."""
        remembered = {key.name for key in self.world.record(self.key).inventory}
        return {
            item["metadata"]["name"]
            for kind in KINDS
            for item in listed(self.cluster, kind, self.namespace)
            if "mooring.dev/app" in (item["metadata"].get("labels") or {})
            and HOOK not in (item["metadata"].get("annotations") or {})
        } - remembered


def _key(kind: str, item: Manifest) -> ObjectKey:
    group = {"Deployment": "apps", "Job": "batch"}.get(kind, "")
    return ObjectKey(group, kind, item["metadata"]["namespace"], item["metadata"]["name"])


def _essence(item: Manifest, entry: Any) -> Any:
    """An object without what is different in each run; hooks have only their names."""
    metadata = item["metadata"]
    if HOOK in (metadata.get("annotations") or {}):
        return "hook"
    spec = {name: value for name, value in (item.get("spec") or {}).items() if not name.startswith("clusterIP")}
    ours = own_fingerprint(metadata)
    same = entry is not None and (ours, metadata["uid"]) == (entry.fingerprint, entry.uid)
    return item.get("data"), spec, ours, same


@pytest.fixture(scope="module")
def target(workload_cluster: Cluster) -> Iterator[Target]:
    target = connect(workload_cluster, connections=AT_ONCE)
    yield target
    target.server.close()


def _spread(steps: list[tuple[str, int]]) -> list[tuple[tuple[str, int], str]]:
    """Crash points: every so many steps, before and after in turn, the first and the last among them."""
    every = (len(steps) - 1) / (POINTS - 1)
    return [(steps[round(n * every)], ("before", "after")[n % 2]) for n in range(POINTS)]


def test_a_crash_anywhere_ends_as_no_crash(
    make_world: Callable[[], World],
    target: Target,
    workload_cluster: Cluster,
    make_namespace: Callable[[Cluster], str],
) -> None:
    """GIVEN waves, hooks and prunes WHEN a sync dies at one of many steps and is run again THEN the end is the same."""

    def ground() -> Ground:
        return Ground(make_world(), target, workload_cluster, make_namespace(workload_cluster))

    calm, calm_fuse = ground(), Fuse()
    assert not calm.run(calm_fuse)
    calm.world.sweep()
    expected = calm.end()
    found, _, told = expected
    assert ("Synced", "Healthy", "Succeeded") == told[:3]
    assert {"migrate", "smoke", "told"} == {name for name, _, _ in told[5]}
    assert {
        "ConfigMap stays", "ConfigMap changes", "ConfigMap new", "Deployment db", "Service web", "Job migrate",
    } == found.keys()  # fmt: skip

    def crash(point: tuple[tuple[str, int], str]) -> tuple[bool, str]:
        """Whether the point was reached, and what is wrong afterwards, in words; empty where nothing is."""
        at, when = point
        hurt, fuse = ground(), Fuse(at, when)
        died = hurt.run(fuse)
        if orphans := hurt.orphans():
            return died, f"{when} {at}: nobody remembers {orphans}"
        written = fuse.written + hurt.recover()
        del written["table"]
        if written != once:
            return died, f"{when} {at}: wrote {written} instead of {once}"
        end = hurt.end()
        return died, "" if end == expected else f"{when} {at}: {end} instead of {expected}"

    once = Counter(name for name, _ in calm_fuse.steps if name != "table")
    points = _spread(calm_fuse.steps)
    assert POINTS == len(set(points)), calm_fuse.steps
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(crash, points))
    assert [] == [wrong for _, wrong in ends if wrong]
    # How often the table is written depends on how often controllers were waited for, so not every one comes again.
    assert POINTS - 4 <= sum(died for died, _ in ends)
