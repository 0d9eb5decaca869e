"""Audit events become deeds, by both ways in, and in the mode `audit` the changed object gets a look."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, PermanentError
from mooring.events.messages import AppMessage, Cause, ObjectMessage
from mooring.flows.arrivals.audits import (
    LARGEST_BODY,
    AuditPorts,
    Taken,
    handle_audit_webhook,
    handle_log_batch,
)
from mooring.flows.arrivals.inuse import InUse
from mooring.flows.asked.auditing import AuditAccess, admit_auditing, end_auditing
from mooring.flows.asked.registering import UnknownClusterError
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.auditsources import AuditSources
from mooring.state.clusters import Cluster
from mooring.state.deeds import Deeds
from mooring.state.drifts import Drifts
from tests.doubles.installation import World, config_map, installation

DAY = 24 * 3600.0
NOON = 1_772_452_800.0  # 2026-03-02T12:00:00Z
SETTINGS = ObjectKey("", "ConfigMap", "shop", "settings")
GROUP = "/aws/eks/shop/cluster"


@dataclass
class Place:
    """An installation with the application `shop` in `in-cluster`, which sends its audit events."""

    world: World
    ports: AuditPorts
    app: AppKey
    token: str

    def post(self, *events: Any, token: str | None = None, **headers: str) -> Taken:
        shown = {"authorization": f"Bearer {self.token if token is None else token}"} | headers
        body = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": events}).encode()
        if headers.get("content-encoding") == "gzip":
            body = gzip.compress(body)
        return handle_audit_webhook(self.ports, "in-cluster", shown, body)

    def deliver(self, *events: Any, stream: str = "kube-apiserver-audit-1", group: str = GROUP) -> Taken:
        lines = [
            {"id": str(at), "timestamp": 1772417051131, "message": each if isinstance(each, str) else json.dumps(each)}
            for at, each in enumerate(events)
        ]
        value = {"messageType": "DATA_MESSAGE", "logGroup": group, "logStream": stream, "logEvents": lines}
        return handle_log_batch(
            self.ports, {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(value).encode())).decode()}}
        )

    def found(self, key: ObjectKey = SETTINGS, since: float = NOON - DAY, until: float = NOON + DAY) -> list[str]:
        return [deed.id for deed in self.ports.deeds.find("in-cluster", key, since, until)]

    def sent(self) -> list[Any]:
        return [message for queue, message in self.world.queues.sent if queue == "syncs"]


def event(id: str = "a1", **changes: Any) -> dict[str, Any]:
    """An edit of the ConfigMap by alice at noon."""
    base: dict[str, Any] = {
        "auditID": id,
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/configmaps/settings?fieldManager=kubectl-edit",
        "verb": "patch",
        "user": {"username": "alice"},
        "userAgent": "kubectl/v1.36.3",
        "objectRef": ref("configmaps", "settings"),
        "responseStatus": {"code": 200},
        "stageTimestamp": "2026-03-02T12:00:00.000000Z",
    }
    return base | changes


def ref(resource: str, name: str, *, group: str = "", namespace: str = "shop", **more: str) -> dict[str, str]:
    return {"apiGroup": group, "resource": resource, "namespace": namespace, "name": name, **more}


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], World]]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with installation() as make:
        yield make


@pytest.fixture
def place(worlds: Callable[[], World]) -> Place:
    world = worlds()
    world.registry.change_cluster(Cluster("in-cluster", "https://k.test", True, "secret"))
    app = world.declare(automated={"selfHeal": True})
    world.push(app, config_map("settings", color="blue"))
    world.sync(app)
    world.queues.sent.clear()
    world.now = NOON
    ports = AuditPorts(
        world.registry,
        AuditSources(world.table),
        Deeds(world.table),
        Drifts(world.table),
        InUse(world.applications, clock=lambda: world.now),
        world.queues,  # type: ignore[arg-type]
        lambda: world.now,
        {GROUP: "in-cluster"},
    )
    told = admit_auditing(AuditAccess(world.registry, ports.sources), "in-cluster", {}, now=world.now)
    return Place(world, ports, app, told["token"])


def heal(place: Place) -> None:
    """Puts the cluster into the mode `audit`."""
    cluster = Cluster("in-cluster", "https://k.test", True, "secret", annotations={"mooring.dev/drift": "audit"})
    place.world.registry.change_cluster(cluster)


def test_a_deed_is_found_by_object_and_time(place: Place) -> None:
    """GIVEN an edit WHEN its object is asked about THEN the deed is there in its time and at no other."""
    assert Taken("in-cluster", 1, 1, 0, 0) == place.post(event())
    assert ["a1"] == place.found()
    assert ["a1"] == place.found(since=NOON, until=NOON)
    assert [] == place.found(since=NOON + 1)
    assert [] == place.found(until=NOON - 1)
    assert [] == place.found(ObjectKey("", "ConfigMap", "shop", "other"))
    assert [] == place.found(ObjectKey("", "Secret", "shop", "settings"))
    (item,) = place.world.table.query("DEEDS#in-cluster#/shop/settings")
    assert int(NOON) + 30 * int(DAY) == item["ttl"]


def test_a_batch_may_come_twice_and_in_any_order(place: Place) -> None:
    """GIVEN events in several batches, out of order, some twice WHEN all have come THEN each is there once, in order."""
    times = [f"2026-03-02T12:00:0{second}.000000Z" for second in range(6)]
    events = [event(f"a{at}", stageTimestamp=each) for at, each in enumerate(times)]
    place.post(events[4], events[5], events[4])
    place.post(events[1], events[0])
    place.deliver(events[3], events[2], events[5], events[3])
    assert ["a0", "a1", "a2", "a3", "a4", "a5"] == place.found()


def test_the_deletion_of_a_collection_is_found_for_its_objects(place: Place) -> None:
    """GIVEN a deletecollection WHEN one of its objects is asked about THEN it is there, with what it selected by."""
    gone = event(verb="deletecollection", objectRef=ref("configmaps", ""), requestURI="/x?labelSelector=a%3Db")
    place.post(gone)
    (deed,) = place.ports.deeds.find("in-cluster", SETTINGS, NOON, NOON)
    assert ("deletecollection", "a=b") == (deed.verb, deed.selector)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"objectRef": ref("configmaps", "foreign")}, True),  # an orphan in the application's namespace
        ({"objectRef": ref("configmaps", "settings", namespace="elsewhere")}, False),
        ({"objectRef": ref("namespaces", "shop", namespace="")}, True),
        ({"objectRef": ref("namespaces", "elsewhere", namespace="")}, False),
        ({"objectRef": ref("clusterroles", "admin", group="rbac.authorization.k8s.io", namespace="")}, False),
        ({"objectRef": ref("pods", "web-1"), "user": {"username": "system:kube-controller-manager"}}, False),
        ({"user": {"username": "system:serviceaccount:kube-system:horizontal-pod-autoscaler"}}, True),
    ],
    ids=str,
)
def test_what_concerns_nobody_is_forgotten(place: Place, changes: dict[str, Any], kept: bool) -> None:
    """Deeds on managed objects and in namespaces of applications are kept; the rest of a cluster is not."""
    place.post(event("first"))
    place.world.now += 61  # so that a namespace is looked up before anything in it is kept
    assert int(kept) == place.post(event("second", **changes)).kept


def test_a_namespace_that_is_new_is_looked_up(place: Place) -> None:
    """GIVEN what is in use as it was WHEN an application comes THEN a deed on its object is kept, however soon."""
    place.post(event())
    other = place.world.declare("late", namespace="late", automated={})
    place.world.push(other, config_map("fresh"))
    place.world.sync(other)
    place.world.now = NOON + 1
    # WITHIN the minute it is kept because nobody can say, after it because it is known
    edit = ref("configmaps", "fresh", namespace="late")
    assert 1 == place.post(event("b1", objectRef=edit)).kept
    place.world.now += 61
    assert 1 == place.post(event("b2", objectRef=edit)).kept
    # WHAT Mooring has just made is known from its own request
    ours = event("c1", userAgent="mooring/1", objectRef=ref("configmaps", "made", namespace="brand-new"))
    assert 0 == place.post(ours).kept
    assert 1 == place.post(event("c2", objectRef=ref("configmaps", "made", namespace="brand-new"))).kept


def test_in_the_mode_audit_the_object_gets_a_look(place: Place) -> None:
    """GIVEN a cluster in the mode audit WHEN an object is edited twice THEN one message names it, and whose it is."""
    heal(place)
    later = event("a2", stageTimestamp="2026-03-02T12:00:01.000000Z", user={"username": "bob"})
    place.post(event(), later)
    cause = Cause("audit", "a2", "bob", "2026-03-02T12:00:01.000000Z")
    assert [ObjectMessage("in-cluster", (SETTINGS,), cause, place.app)] == place.sent()


def test_an_object_that_was_just_made_gets_a_look_too(place: Place) -> None:
    """GIVEN what is in use as it was WHEN Mooring makes an object and somebody edits it THEN it gets its look."""
    heal(place)
    place.post(event())
    place.world.push(place.app, config_map("settings", color="blue"), config_map("fresh"))
    place.world.sync(place.app)
    place.world.queues.sent.clear()
    place.post(event("o1", userAgent="mooring/1", objectRef=ref("configmaps", "fresh")))
    place.post(event("e1", objectRef=ref("configmaps", "fresh")))
    (message,) = place.sent()
    assert (ObjectKey("", "ConfigMap", "shop", "fresh"),) == message.objects


def test_an_object_that_another_instance_saw_made_gets_a_look_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an instance that knows the namespace, and an object whose making was told to another one, WHEN somebody edits
    it THEN it gets a look; what turns out to be nobody's is not looked for again.
    """
    heal(place)
    place.post(event())
    place.world.push(place.app, config_map("settings", color="blue"), config_map("new", color="blue"))
    place.world.sync(place.app)
    place.world.now = NOON + 11
    place.world.queues.sent.clear()
    place.post(event("a2", objectRef=ref("configmaps", "new")))
    assert [(ObjectKey("", "ConfigMap", "shop", "new"),)] == [each.objects for each in place.sent()]
    place.world.now += 11
    assert 0 == place.post(event("a3", objectRef=ref("configmaps", "theirs"))).looks
    place.world.now += 11
    reads: list[Any] = []
    monkeypatch.setattr(place.world.applications, "inventories", reads.append)
    place.post(event("a4", objectRef=ref("configmaps", "theirs")))
    assert [] == reads


def test_in_other_modes_deeds_are_only_kept(place: Place) -> None:
    """GIVEN a cluster in another mode WHEN an object is edited THEN nothing is sent."""
    place.post(event())
    assert [] == place.sent()


@pytest.mark.parametrize(
    ("changes", "looks"),
    [
        ({"objectRef": ref("configmaps", "foreign")}, 0),
        ({"objectRef": ref("configmaps", "settings", subresource="status")}, 0),
        ({"userAgent": "mooring/1"}, 0),
        ({"user": {"username": "system:kube-controller-manager"}}, 0),
        ({"user": {"username": "system:kube-controller-manager"}, "verb": "delete"}, 1),
        (
            {
                "user": {"username": "system:serviceaccount:kube-system:horizontal-pod-autoscaler"},
                "objectRef": ref("configmaps", "settings", subresource="scale"),
            },
            1,
        ),
        ({"verb": "deletecollection", "objectRef": ref("configmaps", "")}, 1),
    ],
    ids=str,
)
def test_only_what_may_be_drift_gets_a_look(place: Place, changes: dict[str, Any], looks: int) -> None:
    """Statuses, foreign objects, Mooring's own requests and controllers' bookkeeping start nothing."""
    heal(place)
    assert looks == place.post(event(**changes)).looks


def test_many_objects_are_one_look_at_the_application(place: Place) -> None:
    """GIVEN an application of 30 objects WHEN somebody edits all THEN the application is looked at once."""
    heal(place)
    place.world.push(place.app, *(config_map(f"c{at}") for at in range(30)))
    place.world.sync(place.app)
    place.world.queues.sent.clear()
    place.post(*(event(f"a{at}", objectRef=ref("configmaps", f"c{at}")) for at in range(30)))
    (message,) = place.sent()
    assert isinstance(message, AppMessage)
    assert place.app == message.app


@pytest.mark.parametrize("token", ["", "wrong", "Bearer", "x" * 100_000, "ünïcode"])
def test_a_forged_token_is_refused(place: Place, token: str) -> None:
    """GIVEN a token that isn't the cluster's WHEN events come THEN they are refused and nothing is kept."""
    with pytest.raises(ForbiddenError) as caught:
        place.post(event(), token=token)
    assert "Authorization" == caught.value.field
    assert [] == place.found()


@pytest.mark.parametrize("name", ["x" * 3000, "ü" * 1500, "unknown", "a/b", "#"])
def test_a_name_that_is_no_clusters_is_refused_like_any(place: Place, name: str) -> None:
    """GIVEN an address with any name in it, of any length, WHEN events come THEN they are refused as a wrong token is."""
    with pytest.raises(ForbiddenError) as caught:
        handle_audit_webhook(place.ports, name, {"authorization": "Bearer x"}, b"{}")
    assert "Authorization" == caught.value.field


def test_a_clusters_token_is_good_for_itself_alone(place: Place) -> None:
    """GIVEN two clusters WHEN one sends as the other THEN it is refused, in the words for a cluster that nobody knows."""
    world = place.world
    world.registry.change_cluster(Cluster("other", "https://o.test", False, "secret"))
    admit_auditing(AuditAccess(world.registry, place.ports.sources), "other", {}, now=NOON)
    told = []
    for name in ("other", "nobody"):
        with pytest.raises(ForbiddenError) as caught:
            handle_audit_webhook(place.ports, name, {"authorization": f"Bearer {place.token}"}, b"{}")
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_a_new_token_leaves_the_former_good_for_a_day(place: Place) -> None:
    """GIVEN a new token WHEN a day has passed THEN the former is refused; once auditing has ended, every one is."""
    access = AuditAccess(place.world.registry, place.ports.sources)
    new = admit_auditing(access, "in-cluster", {"user": "mooring"}, now=NOON)["token"]
    assert 1 == place.post(event()).kept
    assert 1 == place.post(event(), token=new).kept
    place.world.now = NOON + DAY + 1
    with pytest.raises(ForbiddenError):
        place.post(event())
    assert 1 == place.post(event(), token=new).kept
    end_auditing(access, "in-cluster")
    with pytest.raises(ForbiddenError):
        place.post(event(), token=new)


def test_tokens_are_kept_as_digests(place: Place) -> None:
    """Who reads the table can't send events."""
    assert place.token not in str(list(place.world.table.query("AUDIT#in-cluster")))


@pytest.mark.parametrize(
    ("document", "field"), [([], "body"), ({"token": "short"}, "token"), ({"token": 7}, "token"), ({"user": 7}, "user")]
)
def test_bad_wishes_are_refused(place: Place, document: object, field: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        admit_auditing(AuditAccess(place.world.registry, place.ports.sources), "in-cluster", document, now=NOON)
    assert field == caught.value.field


def test_an_unknown_cluster_has_no_token(place: Place) -> None:
    """A token is made for registered clusters only."""
    with pytest.raises(UnknownClusterError):
        admit_auditing(AuditAccess(place.world.registry, place.ports.sources), "nobody", {}, now=NOON)


def test_bodies_may_be_gzipped(place: Place) -> None:
    """GIVEN a gzipped body WHEN it comes THEN it is read; another encoding, or too large a body, is refused."""
    assert 1 == place.post(event(), **{"content-encoding": "gzip"}).kept
    with pytest.raises(ConfigurationError, match="gzip or identity"):
        place.post(event(), **{"content-encoding": "br"})
    headers = {"authorization": f"Bearer {place.token}"}
    with pytest.raises(ConfigurationError, match="larger than"):
        handle_audit_webhook(place.ports, "in-cluster", headers, b" " * (LARGEST_BODY + 1))
    bomb = gzip.compress(b" " * 100_000_000)
    with pytest.raises(ConfigurationError, match="unpacked"):
        handle_audit_webhook(place.ports, "in-cluster", headers | {"content-encoding": "gzip"}, bomb)


def test_cloudwatch_brings_deeds_too(place: Place) -> None:
    """GIVEN lines of EKS WHEN they come THEN deeds are kept, and the rest of a cut line costs nothing."""
    whole = json.dumps(event("a1"))
    cut = json.dumps(event("a2", stageTimestamp=None) | {"requestObject": {"data": "x" * 300_000}})
    start, rest = cut[: 256 * 1024].replace(", ", ",").replace(": ", ":"), cut[256 * 1024 :]
    taken = place.deliver(whole, start, rest)
    assert (3, 2, 1) == (taken.events, taken.kept, taken.broken)
    assert {"a1", "a2"} == set(place.found())


def test_other_streams_are_no_audit_log(place: Place) -> None:
    """GIVEN another log of the control plane WHEN its lines come THEN they are passed over."""
    assert Taken("") == place.deliver(event(), stream="kube-controller-manager-1")


def test_a_log_group_of_no_cluster_is_an_error(place: Place) -> None:
    """GIVEN a log group that the parameter doesn't name WHEN its lines come THEN the error names the parameter."""
    with pytest.raises(ConfigurationError) as caught:
        place.deliver(event(), group="/aws/eks/unknown/cluster")
    assert "AuditLogGroups" == caught.value.field


def test_what_fails_comes_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a queue that is down WHEN the batch is sent again THEN nothing is lost and nothing is there twice."""
    heal(place)

    def down(*_: object, **__: object) -> None:
        raise PermanentError("SQS is down")

    with monkeypatch.context() as patched:
        patched.setattr(place.world.queues, "send", down)
        with pytest.raises(PermanentError):
            place.post(event())
    place.post(event())
    assert (["a1"], 1) == (place.found(), len(place.sent()))
