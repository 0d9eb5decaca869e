"""Audit events are read strictly where it matters, and nothing else of them is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import ConfigurationError
from mooring.events.audit import Own, Reading, parse_events, read_events
from mooring.events.deeds import Deed, Iam, Identity, ObjectName, is_plural_of
from mooring.events.logs import Line, parse_log_event

SAMPLES = Path(__file__).parents[3] / "events"
WEB = ObjectName("apps", "deployments", "shop", "web")
ANYBODY = Own()


def event(**changes: Any) -> dict[str, Any]:
    """An edit of a Deployment by alice; fields that are None are left out."""
    base: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "a1",
        "stage": "ResponseComplete",
        "requestURI": "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubectl-edit",
        "verb": "patch",
        "user": {"username": "alice", "groups": ["oncall"]},
        "sourceIPs": ["203.0.113.7"],
        "userAgent": "kubectl/v1.36.3",
        "objectRef": {"apiGroup": "apps", "resource": "deployments", "namespace": "shop", "name": "web"},
        "responseStatus": {"code": 200},
        "stageTimestamp": "2026-03-02T02:04:11.131872Z",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def ref(resource: str, name: str = "x", *, group: str = "", namespace: str = "shop", **more: str) -> dict[str, str]:
    return {"apiGroup": group, "resource": resource, "namespace": namespace, "name": name, **more}


def read(*events: Any, own: Own = ANYBODY) -> Reading:
    return read_events(events, own)


def test_an_edit_is_a_deed() -> None:
    """Everything that says who, what, when and from where is kept."""
    assert Reading(
        deeds=(
            Deed(
                "a1",
                "2026-03-02T02:04:11.131872Z",
                "patch",
                WEB,
                Identity("alice", ("oncall",)),
                agent="kubectl/v1.36.3",
                addresses=("203.0.113.7",),
                code=200,
                manager="kubectl-edit",
            ),
        )
    ) == read(event())


def test_samples_of_the_webhook_are_read() -> None:
    """GIVEN the sample of a batch WHEN it is read THEN two deeds are in it and a heartbeat is passed over."""
    body = json.loads((SAMPLES / "audit-webhook.json").read_text())["body"].encode()
    reading = read_events(parse_events(body), ANYBODY)
    assert [("alice@example.com", ""), ("system:serviceaccount:kube-system:horizontal-pod-autoscaler", "scale")] == [
        (deed.who.user, deed.subresource) for deed in reading.deeds
    ]
    assert (1, 0) == (reading.skipped, reading.broken)


def test_an_eks_identity_is_told_apart() -> None:
    """GIVEN the sample of CloudWatch WHEN it is read THEN the IAM identity is there, and a line that was cut off counts."""
    batch = parse_log_event(json.loads((SAMPLES / "audit-cloudwatch.json").read_text()))
    first, second = read_events(batch.lines, ANYBODY).deeds
    assert (
        Iam(
            "arn:aws:sts::111122223333:assumed-role/Operators/bob",
            "arn:aws:iam::111122223333:role/Operators",
            "bob",
            "ASIAEXAMPLEKEY",
            "AROAEXAMPLEID",
        )
        == first.who.iam
    )
    # THEN what was cut off at 256 KB lacks its times, which follow the body: the log's own stands in
    assert ("create", "large", "2026-03-02T02:04:20.500000Z") == (second.verb, second.object.name, second.at)


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "RequestReceived"},
        {"stage": "Panic"},
        {"verb": "get"},
        {"verb": "list"},
        {"verb": "watch"},
        {"objectRef": None},
        {"responseStatus": {"code": 403}},
        {"responseStatus": {"code": 409}},
        {"responseStatus": None},
        {"requestURI": "/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All"},
        {"verb": "delete", "requestObject": {"kind": "DeleteOptions", "dryRun": ["All"]}},
        {"objectRef": ref("leases", group="coordination.k8s.io")},
        {"objectRef": ref("events")},
        {"objectRef": ref("events", group="events.k8s.io")},
        {"objectRef": ref("endpointslices", group="discovery.k8s.io")},
        {"objectRef": ref("pods", subresource="exec"), "verb": "create"},
        {"objectRef": ref("serviceaccounts", subresource="token"), "verb": "create"},
        {"objectRef": ref("subjectaccessreviews", group="authorization.k8s.io"), "verb": "create"},
        {"objectRef": ref("nodes", namespace="", subresource="status"), "user": {"username": "system:node:n1"}},
        {"objectRef": ref("pods"), "user": {"username": "system:node:n1"}},
        {
            "objectRef": ref("deployments", group="apps", subresource="status"),
            "user": {"username": "system:kube-controller-manager"},
        },
        {
            "objectRef": ref("certificates", group="cert-manager.io", subresource="status"),
            "user": {"username": "system:serviceaccount:cert-manager:cert-manager"},
        },
        {"verb": "create", "objectRef": ref("pods", name="")},
    ],
    ids=str,
)
def test_what_is_no_deed_is_passed_over(changes: dict[str, Any]) -> None:
    """Reads, refusals, dry runs, noise and what names no object are counted and forgotten."""
    assert Reading(skipped=1) == read(event(**changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"objectRef": ref("deployments", group="apps", subresource="status")}, ("patch", "status", "x")),
        (
            {"verb": "create", "objectRef": ref("pods", subresource="eviction"), "responseStatus": {"code": 201}},
            ("create", "eviction", "x"),
        ),
        ({"verb": "deletecollection", "objectRef": ref("pods", name="")}, ("deletecollection", "", "")),
        (
            {"verb": "create", "objectRef": ref("pods", name=""), "responseObject": {"metadata": {"name": "web-7"}}},
            ("create", "", "web-7"),
        ),
        ({"verb": "delete"}, ("delete", "", "web")),
    ],
    ids=str,
)
def test_every_change_of_an_object_is_a_deed(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Statuses by hand, evictions, deletions of collections and generated names are deeds."""
    (deed,) = read(event(**changes)).deeds
    assert expected == (deed.verb, deed.subresource, deed.object.name)


def test_an_impersonator_stays_the_one_who_did_it() -> None:
    """GIVEN a request in another's name WHEN it is read THEN both are known, and which of them proved itself."""
    (deed,) = read(event(impersonatedUser={"username": "system:serviceaccount:shop:deployer", "groups": ["g"]})).deeds
    assert ("alice", Identity("system:serviceaccount:shop:deployer", ("g",))) == (deed.who.user, deed.as_whom)
    assert "alice as system:serviceaccount:shop:deployer" == deed.person


def test_only_ekss_own_words_are_an_iam_identity() -> None:
    """GIVEN fields that EKS's authenticator writes under its prefix, and others that another identity provider chose
    WHEN read THEN the first count, and nobody can give themselves an ARN by the second.
    """
    prefixed = {
        "sigs.k8s.io/aws-iam-authenticator/principalId": ["AROAX"],
        "sso.example/arn": ["arn:aws:iam::1:user/ada"],
    }
    (deed,) = read(event(user={"username": "mallory", "extra": prefixed})).deeds
    assert Iam(principal="AROAX") == deed.who.iam


def test_what_mooring_did_is_set_aside() -> None:
    """GIVEN Mooring's own apply WHEN its user is known THEN it is no deed, and a forged user agent is one that says so."""
    ours = event(userAgent="mooring/0.1", user={"username": "mooring"})
    forged = event(userAgent="mooring/0.1", user={"username": "mallory"})
    assert ((), (WEB,)) == ((found := read(ours, own=Own("mooring"))).deeds, found.own)
    (deed,) = read(forged, own=Own("mooring")).deeds
    assert ("mallory", True) == (deed.who.user, deed.claims_mooring)
    # WHERE nobody said who Mooring is, its user agent is believed
    assert ((WEB,), ()) == ((found := read(forged)).own, found.deeds)


def test_values_are_never_kept() -> None:
    """GIVEN bodies of requests WHEN they are read THEN the paths of a patch remain, and of a Secret not even these."""
    body = {"spec": {"replicas": 7, "template": {"spec": {"image": "topsecret"}}}, "metadata": {"labels": {"a": "b"}}}
    (deed,) = read(event(level="Request", requestObject=body)).deeds
    assert ("/spec/replicas", "/spec/template/spec/image", "/metadata/labels/a") == deed.fields
    (deed,) = read(event(requestObject=[{"op": "replace", "path": "/spec/replicas", "value": 7}])).deeds
    assert ("/spec/replicas",) == deed.fields
    secret = {"data": {"password": "topsecret"}, "metadata": {"annotations": {"last-applied": "topsecret"}}}
    (deed,) = read(
        event(objectRef=ref("secrets"), level="RequestResponse", requestObject=secret, responseObject=secret)
    ).deeds
    assert () == deed.fields
    assert "topsecret" not in json.dumps(deed.to_json())
    assert "password" not in json.dumps(deed.to_json())


def test_what_strangers_write_is_cut() -> None:
    """GIVEN a user agent of a megabyte and a thousand groups WHEN they are read THEN little of them is kept."""
    (deed,) = read(event(userAgent="k" * 1_000_000, user={"username": "a", "groups": ["g" * 9000] * 1000})).deeds
    assert (256, 50) == (len(deed.agent), len(deed.who.groups))
    assert len(json.dumps(deed.to_json())) < 20_000


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        "text",
        [],
        event(user=None),
        event(user={"username": 7}),
        event(auditID=""),
        event(stageTimestamp="yesterday"),
        event(stageTimestamp="2026-03-02T02:04:11"),
        event(stageTimestamp=None),
        Line("2026-03-02T02:04:20.500000Z", "I0302 not an event"),
        Line("2026-03-02T02:04:20.500000Z", '{"kind":"Event","apiVersion":"audit.k8s.io/v1","lev'),
        Line("2026-03-02T02:04:20.500000Z", '","requestObject":{"rest of a line"'),
    ],
    ids=str,
)
def test_one_broken_event_costs_itself_alone(broken: Any) -> None:
    """GIVEN something that is no event between two that are WHEN all are read THEN both deeds are there."""
    reading = read(event(auditID="a1"), broken, event(auditID="a2"))
    assert (["a1", "a2"], 1) == ([deed.id for deed in reading.deeds], reading.broken)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"nonsense", "body"),
        (b"[]", "body"),
        (b'{"kind": "EventList", "apiVersion": "audit.k8s.io/v1beta1", "items": []}', "apiVersion"),
        (b'{"kind": "EventList", "apiVersion": "audit.k8s.io/v1"}', "kind"),
        (b'{"kind": "Policy", "apiVersion": "audit.k8s.io/v1"}', "kind"),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes, field: str) -> None:
    """The error names the field that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        parse_events(body)
    assert field == caught.value.field


def test_a_single_event_is_a_batch() -> None:
    """A body may hold one Event."""
    assert [event()] == parse_events(json.dumps(event()).encode())


def test_times_are_in_utc_and_sort() -> None:
    """GIVEN a time of another zone and precision WHEN it is read THEN it compares with the others as text."""
    (deed,) = read(event(stageTimestamp="2026-03-02T04:04:11+02:00")).deeds
    assert "2026-03-02T02:04:11.000000Z" == deed.at


@given(
    st.builds(
        Deed,
        st.text(min_size=1),
        st.just("2026-03-02T02:04:11.131872Z"),
        st.sampled_from(["create", "patch", "delete"]),
        st.builds(ObjectName, st.text(), st.text(), st.text(), st.text()),
        st.builds(Identity, st.text(min_size=1), st.lists(st.text()).map(tuple), st.builds(Iam, st.text(), st.text())),
        as_whom=st.none() | st.builds(Identity, st.text(min_size=1)),
        agent=st.text(),
        fields=st.lists(st.text()).map(tuple),
        claims_mooring=st.booleans(),
    )
)
def test_a_deed_is_what_was_kept_of_it(deed: Deed) -> None:
    """Writing and reading a deed is identity."""
    assert deed == Deed.from_json(json.loads(json.dumps(deed.to_json())))


@pytest.mark.parametrize(
    ("resource", "kind", "expected"),
    [
        ("deployments", "Deployment", True),
        ("ingresses", "Ingress", True),
        ("networkpolicies", "NetworkPolicy", True),
        ("gateways", "Gateway", True),
        ("endpoints", "Endpoints", True),
        ("network-attachment-definitions", "NetworkAttachmentDefinition", True),
        ("indices", "Index", True),
        ("services", "ServiceAccount", False),
        ("serviceaccounts", "Service", False),
        ("jobs", "CronJob", False),
        ("roles", "RoleBinding", False),
        ("replicasets", "StatefulSet", False),
    ],
)
def test_plurals_are_known_generously(resource: str, kind: str, expected: bool) -> None:
    """A resource is told to be of a kind, and not of one that only looks alike."""
    assert expected == is_plural_of(resource, kind)
