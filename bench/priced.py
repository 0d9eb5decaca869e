"""Tasks of `bench.working` whose cost `bench.cost` puts a price on: each done several times by a warm instance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.crowd import name, own_file, plain_files
from bench.crowding import _deliver, _Queue, _render
from bench.metering import Meter
from local.repositories import commit
from mooring.composition import Composition
from mooring.events.bodies import parse_later, parse_sync
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.deliveries import list_deliveries
from mooring.flows.sweeps.sweeping import forward, sweep
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.objects import ObjectKey
from mooring.state.deliveries import Deliveries

__all__ = ["TASKS"]


def _sweeps(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """`times` idle sweeps, each with its looks at clusters; what the last of them cost."""
    meter, queue = Meter(ours), _Queue()
    parts: dict[str, Any] = {}
    for _ in range(task["times"]):
        with meter.part() as parts["sweep"]:
            assert not sweep(ours.sweep_ports())
        with meter.part() as parts["sync"]:
            looks = queue.drain("syncs", lambda bodies: _sync(ours, bodies), at_once=1)
    return {"parts": parts, "looks": looks}


def _push(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """A push of one file, all the way into the cluster, `times` times; what the last of them cost."""
    meter, queue = Meter(ours), _Queue()
    parts: dict[str, Any] = {}
    for mark in range(1, task["times"] + 1):
        sha = commit(Path(task["repository"]), {own_file(0): plain_files(0, mark)[own_file(0)]}, "Change")
        with meter.part() as parts["webhook"]:
            _deliver({**task, "sha": sha, "files": [own_file(0)]}, ours)
        with meter.part() as parts["render"]:
            queue.drain("renders", lambda bodies: _render(ours, bodies))
        with meter.part() as parts["sync"]:
            queue.drain("syncs", lambda bodies: _sync(ours, bodies))
        bodies = queue.wait("later")
        with meter.part() as parts["forward"]:
            forward(ours.sweep_ports(), [parse_later(body) for body in bodies])
        with meter.part() as parts["carry"]:
            queue.drain("renders", lambda bodies: _render(ours, bodies))
        queue.drop("syncs")
        queue.drop("later")
    told = list_deliveries(Deliveries(ours.table), ours.applications, {})["items"][0]
    assert [each["phase"] for each in told["caused"]] == ["Succeeded"], told
    return {"parts": parts}


def _heals(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Somebody edits an object, another each time (or it would be a fight), and the message that names it is worked
    off; the first time warms up.
    """
    from mooring.cluster.auth import Connection
    from mooring.cluster.client import ApiServer

    meter, queue = Meter(ours), _Queue()
    cluster = next(each for each in ours.registry.clusters() if each.name == "in-cluster")
    config = json.dumps(ours.registry.credentials_of(cluster)).encode()
    server = ApiServer(Connection.from_argo(cluster.server, config))
    headers = {"Content-Type": "application/merge-patch+json"}
    parts: dict[str, Any] = {}
    for number in range(task["times"]):
        key = ObjectKey("", "ConfigMap", name(number), "settings")
        path = f"/api/v1/namespaces/{name(number)}/configmaps/settings"
        server.request("PATCH", path, {"fieldManager": "kubectl-edit"}, {"data": {"key-00": "by hand"}}, headers)
        with meter.part() as parts["heal"]:
            handle_syncs(ours.sync_ports("bench", 900), [ObjectMessage("in-cluster", (key,), Cause("watch"))])
        live = server.request("GET", path)
        queue.drop("later")
    assert "by hand" not in str(live), "the edit was put back"
    return {"parts": parts}


def _sync(ours: Composition, bodies: list[str]) -> None:
    assert not handle_syncs(ours.sync_ports("bench", 900), [parse_sync(body) for body in bodies])


TASKS: dict[str, Callable[[dict[str, Any], Composition], dict[str, Any]]] = {
    "priced_sweeps": _sweeps,
    "priced_push": _push,
    "priced_heals": _heals,
}
