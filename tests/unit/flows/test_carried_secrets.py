"""Syncs of objects that carry Secrets: no value of these is in anything that is kept."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from mooring.cluster.apply import Applied
from mooring.errors import RejectedError
from mooring.flows.asked.showing import show_application
from mooring.health import Health
from mooring.health import Rules as HealthRules
from mooring.flows.clusters.quoting import judged, quiet, told, unquoted
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.canaries import kept, leaks
from tests.doubles.installation import World, config_map, installation

WORK = ObjectKey("work.open-cluster-management.io", "ManifestWork", "shop", "work")
FIRST, SECOND, BY_HAND = "canary-first-0b7f", "canary-second-55d1", "canary-by-hand-93ce"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as make:
        yield make()


def work(value: str) -> Manifest:
    data = {"password": base64.b64encode(value.encode()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": data}
    return {
        "apiVersion": "work.open-cluster-management.io/v1",
        "kind": "ManifestWork",
        "metadata": {"name": "work", "namespace": "shop"},
        "spec": {"workload": {"manifests": [secret]}, "note": "seen"},
    }


def test_nothing_that_is_kept_tells_a_carried_value(world: World) -> None:
    """GIVEN a ManifestWork with a Secret WHEN it is synced, changed, edited by hand and blamed THEN bundle,
    inventory, drift records, history and status have no value of it, and the cluster has.
    """
    key = world.declare(automated={"prune": True})
    world.push(key, work(FIRST), config_map("a"))
    world.sync(key)
    world.now += 60
    world.push(key, work(SECOND), config_map("a"))
    world.sync(key)
    assert base64.b64encode(SECOND.encode()).decode() in str(world.cluster.objects[WORK])
    operations = sorted(world.applications.operations(key, 9), key=lambda each: each.finished_at)
    # WHEN somebody edits it, asks what changed and who did it
    world.cluster.edit(WORK, lambda live: live["spec"]["workload"].update(work(BY_HAND)["spec"]["workload"]))
    world.sweep()
    records = world.applications.drifts.of_app(key, 9)
    assert [".spec.workload.manifests[0].data.password"] == [field.path for each in records for field in each.fields]
    named = {name: getattr(WORK, name) for name in ("group", "kind", "namespace", "name")}
    shown = [world.look(key, "changes", operation=operations[-1].id), world.look(key, "blame", **named)]
    assert "(hmac:" in str(shown[0])
    assert "(hmac:" in str(shown[1])

    # THEN no value is anywhere
    answers = {"api": orjson.dumps(show_application(world.record(key), operations)), "told": str(shown).encode()}
    assert [] == leaks(kept(world) | answers, [FIRST, SECOND, BY_HAND])


def test_a_refusal_quotes_no_carried_value() -> None:
    """GIVEN a ManifestWork with a Secret WHEN the API server refuses it, quoting THEN the words come without values."""
    given = work(FIRST)
    with pytest.raises(RejectedError) as caught, unquoted(given):
        raise RejectedError(f"denied: {orjson.dumps(given).decode()} {FIRST}\nwas {BY_HAND}", code=422)
    assert "denied: " in caught.value.message
    assert [] == leaks({"message": caught.value.message.encode()}, [FIRST, BY_HAND])
    found = Applied(given, created=True, warnings=(f"unknown field {FIRST}",))
    assert ("unknown field (hidden)",) == quiet(found, given).warnings


def test_a_bundle_of_before_is_still_read(world: World) -> None:
    """GIVEN a bundle that was kept when carried Secrets were not sealed THEN it is read; a new one is sealed."""
    objects = (work(FIRST), config_map("a"))
    bundles = world.bundles
    name = bundles.digests.of_bundle(objects, keyed=False)
    data = bundles._encode(name, objects, [False, False])
    bundles._client.put_object(Bucket=bundles._bucket, Key=f"bundles/{name[:2]}/{name}", Body=data)
    assert objects == bundles.load(name)
    assert name != (sealed := bundles.save(objects))
    assert [work(FIRST)] == [each for each in objects if each not in bundles.plain(sealed)]


def _hidden(message: str) -> Manifest:
    metadata = {"name": "web", "namespace": "shop", "annotations": {"mooring.dev/hidden": "sops"}}
    condition = {"type": "Ready", "status": "False", "reason": "Failed", "message": message}
    return {
        "apiVersion": "example.org/v1",
        "kind": "Thing",
        "metadata": metadata,
        "spec": {"url": FIRST},
        "status": {"conditions": [condition]},
    }


def test_health_quotes_no_value_of_an_object_that_holds_some() -> None:
    """GIVEN conditions and pods that quote a value of a SOPS file, or of a carried Secret THEN the health's words come
    without it; those of other objects stay as they are.
    """
    words = f"can't reach {FIRST}: no such host"
    live, rules = _hidden(words), HealthRules()
    assert Health("Progressing", "can't reach (hidden): no such host") == judged(live, rules)
    assert Health("Progressing", "exec (hidden)") == told(live, Health("Progressing", f"exec {FIRST}"))
    assert "bad password (hidden)" == told(work(FIRST), Health("Degraded", f"bad password {FIRST}")).message
    plain = {**live, "metadata": {"name": "web"}}
    assert words == judged(plain, rules).message
    assert "Missing" == judged(None, rules).status
