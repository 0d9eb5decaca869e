"""What each answer of an API server means."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mooring.cluster.answers import error_for, read_status
from mooring.errors import (
    ConflictError,
    ForbiddenError,
    MooringError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)


def status(message: str, reason: str = "", **details: Any) -> bytes:
    return orjson.dumps({"kind": "Status", "message": message, "reason": reason, "details": details})


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (400, status("bad"), RejectedError),
        (401, status("Unauthorized", "Unauthorized"), ForbiddenError),
        (403, status("forbidden: cannot patch", "Forbidden"), ForbiddenError),
        (403, status("being terminated", "Forbidden", causes=[{"reason": "NamespaceTerminating"}]), ConflictError),
        (404, status('namespaces "x" not found', "NotFound"), RejectedError),
        (404, b"404 page not found\n", UnreachableError),
        (409, status("changed", "Conflict"), ConflictError),
        (409, status("exists", "AlreadyExists"), RejectedError),
        (409, status("owned", "Conflict", causes=[{"reason": "FieldManagerConflict"}]), RejectedError),
        (413, b"too large", RejectedError),
        (422, status("invalid", "Invalid"), RejectedError),
        (429, status("later"), ThrottledError),
        (500, status("failed to create typed patch object (x): .a: field not declared"), RejectedError),
        (500, status("failed to convert new object (x) to proper version: illegal base64"), RejectedError),
        (500, status("etcdserver: request timed out"), UnreachableError),
        (503, b"<html>", UnreachableError),
        (504, status("timeout", "Timeout"), UnreachableError),
    ],
)
def test_each_answer_is_an_error_of_the_right_family(code: int, body: bytes, expected: type[MooringError]) -> None:
    """Whether trying again can help decides the family of the error."""
    assert expected is type(error_for(code, {}, body, subject="v1/ConfigMap/a/b"))


def test_the_api_servers_own_words_are_passed_on() -> None:
    """The message of a Status is the message of the error, with code, reason and the object it is about."""
    error = error_for(422, {}, status("spec.replicas: Invalid value: -1", "Invalid"), subject="apps/Deployment/a/b")
    assert isinstance(error, RejectedError)
    assert (422, "Invalid") == (error.code, error.reason)
    assert "apps/Deployment/a/b: spec.replicas: Invalid value: -1" == str(error)


def test_a_missing_right_is_spelt_out() -> None:
    """GIVEN a refusal by RBAC THEN its own words are followed by the verb, resource and group that the role lacks."""
    said = (
        'deployments.apps "web" is forbidden: User "system:serviceaccount:mooring:sync" cannot patch resource '
        '"deployments" in API group "apps" in the namespace "shop"'
    )
    told = str(error_for(403, {}, status(said, "Forbidden")))
    assert told.startswith(said)
    assert told.endswith(
        'give the Role in shop, or the ClusterRole, of this user the verb patch on deployments (apiGroups: ["apps"])'
    )
    said = 'namespaces is forbidden: User "x" cannot list resource "namespaces" in API group "" at the cluster scope'
    told = str(error_for(403, {}, status(said, "Forbidden")))
    assert told.endswith('give the ClusterRole of this user the verb list on namespaces (apiGroups: [""])')


@pytest.mark.parametrize(
    ("code", "said", "advice"),
    [
        (
            403,
            'pods "web" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=3, limited: cpu=4',
            "ResourceQuota",
        ),
        (
            422,
            'Service "web" is invalid: spec.clusterIP: Invalid value: "x": field is immutable',
            "Force=true,Replace=true",
        ),
        (
            422,
            "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
            "Force=true,Replace=true",
        ),
    ],
)
def test_what_to_do_follows_the_api_servers_words(code: int, said: str, advice: str) -> None:
    """A full quota and a field that can't change say what to do."""
    told = str(error_for(code, {}, status(said)))
    assert told.startswith(said)
    assert advice in told


def test_a_webhooks_refusal_stays_in_its_own_words() -> None:
    """What an admission webhook denies is passed on unchanged, and is permanent."""
    said = 'admission webhook "policy.example.com" denied the request: images must come from our registry'
    assert said == str(error_for(403, {}, status(said, "Forbidden")))


def test_only_a_status_is_passed_on() -> None:
    """Any other body may hold a secret and is not repeated."""
    body = orjson.dumps({"kind": "Secret", "message": "hunter2", "data": {"a": "hunter2"}})
    assert "hunter2" not in str(error_for(500, {}, body))
    assert read_status(body) is None


def test_a_busy_server_names_its_wait() -> None:
    """The header Retry-After counts, else what the Status says."""
    body = status("later", retryAfterSeconds=3)
    waits = [error_for(503, headers, body) for headers in ({"Retry-After": "9"}, {}, {"Retry-After": "Wed, 21 Oct"})]
    assert [9.0, 3.0, 3.0] == [error.retry_after for error in waits if isinstance(error, UnreachableError)]
