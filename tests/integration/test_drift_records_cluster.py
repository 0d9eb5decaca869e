"""Whatever kubectl does to an object of ours is on record: what, by whom, and what it said before (real API server)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.events.audit import Own, read_events
from mooring.events.deeds import Deed
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.driftrecords import DriftRecord
from tests.doubles.installation import World
from tests.doubles.realcluster import connect, until, use

HEALING: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
ADA, BOB = "ada@acme.test", "bob@acme.test"
REPLICAS = ".spec.replicas"
IMAGE = ".spec.template.spec.containers[name=web].image"
TEAM = ".metadata.labels.team"
OWNER = ".metadata.annotations.owner"


def web(**changes: Any) -> Manifest:
    """A Deployment as git has it, or with other values."""
    labels = {"app": "web"}
    containers = [{"name": "web", "image": changes.get("image", "web:1")}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "shop"}, "annotations": {"owner": "shop"}},
        "spec": {
            "replicas": changes.get("replicas", 2),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


@dataclass
class Place:
    world: World
    app: AppKey
    cluster: Cluster
    namespace: str
    program: Path

    def kubectl(self, user: str, *words: str, text: str = "", editor: str = "") -> None:
        """One command of somebody who is in the group of administrators."""
        command = [
            self.program, "--kubeconfig", self.cluster.kubeconfig, "--namespace", self.namespace,
            "--as", user, "--as-group", "system:masters", *words,
        ]  # fmt: skip
        environment = {**os.environ, "KUBE_EDITOR": editor}
        subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=60, env=environment)

    def deeds(self) -> list[Deed]:
        """What the API server's audit log says of the namespace."""
        assert self.cluster.audit_log is not None
        lines = [json.loads(line) for line in self.cluster.audit_log.read_text().splitlines() if line.endswith("}")]
        here = [line for line in lines if (line.get("objectRef") or {}).get("namespace") == self.namespace]
        return [each for each in read_events(here, Own()).deeds if each.object.resource == "deployments"]

    def swept(self, deeds: int = 1) -> DriftRecord:
        """The record that the next sweep makes, once the audit log knows of so many deeds."""
        until(lambda: len(self.deeds()) >= deeds, self.deeds)
        self.world.applications.deeds.keep("in-cluster", self.deeds(), now=time.time())
        self.sweep()
        (record,) = self.records()
        return record

    def sweep(self) -> None:
        self.world.now = time.time()
        self.world.sweep()

    def records(self) -> list[DriftRecord]:
        return self.world.applications.drifts.of_app(self.app, 100)


@pytest.fixture
def place(
    make_world: Callable[[], World], cluster: Cluster, namespace: str, control_plane_tools: dict[str, Path]
) -> Iterator[Place]:
    world = make_world()
    world.now = time.time()
    target = connect(cluster)
    use(world, target)
    app = world.declare(namespace=namespace, **HEALING)
    world.push(app, web())
    world.sync(app)
    yield Place(world, app, cluster, namespace, control_plane_tools["kubectl"])
    target.server.close()


def edit(place: Place) -> None:
    place.kubectl(ADA, "edit", "deployment", "web", editor="sed -i 's/replicas: 2/replicas: 5/'")


def scale(place: Place) -> None:
    place.kubectl(ADA, "scale", "deployment", "web", "--replicas=5")


def set_image(place: Place) -> None:
    place.kubectl(ADA, "set", "image", "deployment/web", "web=web:2")


def patch_strategic(place: Place) -> None:
    change = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}}
    place.kubectl(ADA, "patch", "deployment", "web", "--patch", json.dumps(change))


def patch_merge(place: Place) -> None:
    place.kubectl(ADA, "patch", "deployment", "web", "--type=merge", "--patch", '{"spec":{"replicas":5}}')


def patch_json(place: Place) -> None:
    change = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
    place.kubectl(ADA, "patch", "deployment", "web", "--type=json", "--patch", json.dumps(change))


def apply_client_side(place: Place) -> None:
    place.kubectl(ADA, "apply", "-f", "-", text=json.dumps(web(image="web:2")))


def apply_server_side(place: Place) -> None:
    changed = json.dumps(web(image="web:2"))
    place.kubectl(ADA, "apply", "--server-side", "--force-conflicts", "-f", "-", text=changed)


def label(place: Place) -> None:
    place.kubectl(ADA, "label", "deployment", "web", "team=mine", "--overwrite")


def annotate(place: Place) -> None:
    place.kubectl(ADA, "annotate", "deployment", "web", "owner=mine", "--overwrite")


@pytest.mark.parametrize(
    ("act", "manager", "operation", "subresource", "path", "before", "after"),
    [
        (edit, "kubectl-edit", "Update", "", REPLICAS, 2, 5),
        (scale, "kubectl", "Update", "scale", REPLICAS, 2, 5),
        (set_image, "kubectl-set", "Update", "", IMAGE, "web:1", "web:2"),
        (patch_strategic, "kubectl-patch", "Update", "", IMAGE, "web:1", "web:2"),
        (patch_merge, "kubectl-patch", "Update", "", REPLICAS, 2, 5),
        (patch_json, "kubectl-patch", "Update", "", REPLICAS, 2, 5),
        (apply_client_side, "kubectl-client-side-apply", "Update", "", IMAGE, "web:1", "web:2"),
        (apply_server_side, "kubectl", "Apply", "", IMAGE, "web:1", "web:2"),
        (label, "kubectl-label", "Update", "", TEAM, "shop", "mine"),
        (annotate, "kubectl-annotate", "Update", "", OWNER, "shop", "mine"),
    ],
)
def test_an_edit_is_on_record_with_its_author_and_what_it_said_before(
    place: Place, act: Any, manager: str, operation: str, subresource: str, path: str, before: Any, after: Any
) -> None:
    """GIVEN a synced object WHEN somebody changes it with kubectl THEN the record has manager, values and person."""
    act(place)
    record = place.swept()
    changed = {each.path: each for each in record.fields}[path]
    assert ("changed", "reverted") == (record.what, record.done)
    assert (manager, operation, subresource) == (changed.manager, changed.operation, changed.subresource)
    assert (before, after) == (changed.before, changed.after)
    (suspect,) = record.suspects
    assert (ADA, True) == (dict(suspect.told)["impersonated"], suspect.certain)
    assert path in suspect.fields


def test_a_deletion_is_on_record(place: Place) -> None:
    """GIVEN a synced object WHEN somebody deletes it THEN the record names the person, and the object is back."""
    place.kubectl(ADA, "delete", "deployment", "web")
    record = place.swept()
    assert ("deleted", "reverted") == (record.what, record.done)
    assert [ADA] == [dict(each.told)["impersonated"] for each in record.suspects if each.certain]


def test_a_replacement_by_force_is_on_record(place: Place) -> None:
    """GIVEN a synced object WHEN somebody replaces it by force THEN it counts as made anew, with what it says now."""
    place.kubectl(ADA, "replace", "--force", "-f", "-", text=json.dumps(web(image="web:2")))
    record = place.swept(deeds=2)
    assert "recreated" == record.what
    assert ("web:1", "web:2") in [(each.before, each.after) for each in record.fields if each.path == IMAGE]
    assert {ADA} == {dict(each.told)["impersonated"] for each in record.suspects}


def test_a_restart_is_told_and_is_no_drift(place: Place) -> None:
    """GIVEN a synced object WHEN somebody restarts its rollout THEN the added field is told, and nothing is undone."""
    place.kubectl(ADA, "rollout", "restart", "deployment", "web")
    record = place.swept()
    assert ("foreign", "left") == (record.what, record.done)
    assert {"kubectl-rollout"} == {each.manager for each in record.fields}
    assert any("restartedAt" in each.path for each in record.fields)
    assert [ADA] == [dict(each.told)["impersonated"] for each in record.suspects]
    place.sweep()
    assert 1 == len(place.records())


def test_two_people_at_one_object_are_told_apart(place: Place) -> None:
    """GIVEN two people at one object WHEN one scales and the other sets the image THEN each has his own fields."""
    place.kubectl(ADA, "scale", "deployment", "web", "--replicas=5")
    place.kubectl(BOB, "set", "image", "deployment/web", "web=web:2")
    record = place.swept(deeds=2)
    blamed = {dict(each.told)["impersonated"]: (each.fields, each.certain) for each in record.suspects}
    assert {ADA: ((REPLICAS,), True), BOB: ((IMAGE,), True)} == blamed


def test_two_people_with_one_tool_are_both_named(place: Place) -> None:
    """GIVEN two people who patch different fields THEN both are candidates, since one manager's entry has one time."""
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}}
    place.kubectl(ADA, "patch", "deployment", "web", "--type=merge", "--patch", '{"spec":{"replicas":5}}')
    time.sleep(1.1)
    place.kubectl(BOB, "patch", "deployment", "web", "--patch", json.dumps(patch))
    record = place.swept(deeds=2)
    people = {dict(each.told)["impersonated"] for each in record.suspects}
    assert {ADA, BOB} == people
    assert not any(each.certain for each in record.suspects)


def test_a_removed_field_is_on_record(place: Place) -> None:
    """GIVEN a field that nobody owns after it was removed WHEN it is put back THEN the log still tells who it was."""
    place.kubectl(ADA, "annotate", "deployment", "web", "owner-")
    record = place.swept()
    (field,) = record.fields
    assert (OWNER, "shop", None, "") == (field.path, field.before, field.after, field.manager)
    assert [ADA] == [dict(each.told)["impersonated"] for each in record.suspects]


def test_blame_names_a_commit_for_ours_and_a_person_for_theirs(place: Place) -> None:
    """GIVEN two commits and an annotation by hand WHEN asked THEN each field has its commit, or its person."""
    first = place.world.record(place.app).status.revision
    place.world.now = time.time()
    second = place.world.push(place.app, web(image="web:2"))
    place.world.sync(place.app)
    place.kubectl(ADA, "annotate", "deployment", "web", "note=by hand")
    until(lambda: bool(place.deeds()), place.deeds)
    place.world.applications.deeds.keep("in-cluster", place.deeds(), now=time.time())
    found = place.world.look(place.app, "blame", group="*", kind="deployments", namespace="*", name="web")
    assert f"apps/Deployment/{place.namespace}/web" == found["object"]
    rows = {row["path"]: row for row in found["fields"]}
    assert (second, "ada@test") == (rows[IMAGE]["commit"]["revision"], rows[IMAGE]["commit"]["email"])
    assert "orEarlier" not in rows[IMAGE]["commit"]
    assert (first, True) == (rows[REPLICAS]["commit"]["revision"], rows[REPLICAS]["commit"]["orEarlier"])
    note = rows[".metadata.annotations.note"]
    assert "kubectl-annotate" == note["manager"]
    assert [(ADA, True)] == [(each["impersonated"], each["certain"]) for each in note["who"]]


def test_blame_tells_no_value_of_an_object_that_lost_its_mark(place: Place) -> None:
    """GIVEN an object with values of SOPS files WHEN somebody takes its mark away and asks THEN no value is told."""
    hidden = {
        "metadata": {"name": "settings", "annotations": {"mooring.dev/hidden": "sops"}},
        "data": {"a": "hunter22"},
    }
    place.world.now = time.time()
    place.world.push(place.app, web(), {"apiVersion": "v1", "kind": "ConfigMap", **hidden})
    place.world.sync(place.app)
    place.kubectl(ADA, "annotate", "configmap", "settings", "mooring.dev/hidden-")
    found = place.world.look(place.app, "blame", kind="ConfigMap", namespace=place.namespace, name="settings")
    assert ".data.a" in [row["path"] for row in found["fields"]]
    assert "hunter22" not in repr(found)


def test_a_replacement_that_loses_our_label_is_on_record(place: Place) -> None:
    """GIVEN a synced object WHEN somebody replaces it by a manifest without our label THEN that is told, and by whom."""
    place.kubectl(ADA, "replace", "-f", "-", text=json.dumps(web(image="web:2")))
    record = place.swept()
    assert ("label lost", "reverted") == (record.what, record.done)
    changed = {each.path: each for each in record.fields}
    image = changed[IMAGE]
    assert ("web:1", "web:2", "kubectl-replace") == (image.before, image.after, image.manager)
    assert changed[".metadata.labels['mooring.dev/app']"].after is None
    assert {ADA} == {dict(each.told)["impersonated"] for each in record.suspects}
