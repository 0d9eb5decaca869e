"""GitHub's deliveries: verified as GitHub signs them, and reduced to what happened."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.github import parse_delivery, parse_push, verify

SECRET = "It's a Secret to Everybody"
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "a" * 40,
    "after": "b" * 40,
    "repository": {"clone_url": "https://github.com/acme/shop.git", "ssh_url": "git@github.com:acme/shop.git"},
    "pusher": {"name": "octocat"},
    "commits": [{"added": ["a.yaml"], "modified": ["b/c.yaml"], "removed": []}],
}


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_githubs_own_example() -> None:
    """GIVEN the example of GitHub's page on validating deliveries WHEN verified THEN its signature is good."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": signature, "x-github-delivery": "d", "x-github-event": "push"}
    assert ("d", "push") == (lambda delivery: (delivery.id, delivery.event))(verify(headers, b"Hello, World!", SECRET))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256=00"},
        {"x-hub-signature-256": sign(b"another body")},
        {"x-hub-signature-256": sign(b"{}", "another secret")},
        {"x-hub-signature-256": "sha1=" + hmac.new(SECRET.encode(), b"{}", "sha1").hexdigest()},
        {"x-hub-signature-256": "sha256=ü"},
    ],
)
def test_wrong_signatures_are_refused(headers: dict[str, str]) -> None:
    """GIVEN a missing or wrong signature WHEN verified THEN it is refused, naming the header."""
    with pytest.raises(ForbiddenError) as caught:
        verify(headers, b"{}", SECRET)
    assert "X-Hub-Signature-256" == caught.value.field


def test_no_secret_refuses_everything() -> None:
    """GIVEN no configured secret WHEN a delivery comes THEN it is refused, however it is signed."""
    with pytest.raises(ConfigurationError, match="no secret is set"):
        verify({"x-hub-signature-256": sign(b"{}", "")}, b"{}", "")


def test_push() -> None:
    """GIVEN a push WHEN read THEN it names branch, commit, person, addresses and files."""
    push = parse_push(PUSH)
    assert ("branch", "main", "b" * 40, "octocat") == (push.kind, push.name, push.after, push.by)
    assert ("https://github.com/acme/shop.git", "git@github.com:acme/shop.git") == push.urls
    assert frozenset({"a.yaml", "b/c.yaml"}) == push.files


@pytest.mark.parametrize(
    "change",
    [{"commits": []}, {"forced": True}, {"created": True}, {"commits": [{"added": None}]}, {"commits": ["x"]}],
)
def test_incomplete_file_lists_are_not_trusted(change: dict[str, Any]) -> None:
    """GIVEN a push whose files are not all listed WHEN read THEN its files are unknown."""
    assert parse_push({**PUSH, **change}).files is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ref": None}, "ref"),
        ({"ref": 5}, "ref"),
        ({"repository": []}, "repository"),
        ({"repository": {}}, "repository.clone_url"),
    ],
)
def test_wrong_payloads_name_the_field(change: dict[str, Any], field: str) -> None:
    """GIVEN a signed payload that is no push WHEN read THEN the error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        parse_push({**PUSH, **change})
    assert field == caught.value.field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"payload=%7B%7D"])
def test_bodies_must_be_json_objects(body: bytes) -> None:
    """GIVEN a body that is no JSON object WHEN read THEN it is refused."""
    with pytest.raises(ConfigurationError) as caught:
        parse_delivery(body)
    assert "body" == caught.value.field


def test_tags() -> None:
    """GIVEN a tag with a slash WHEN read THEN its whole name is kept."""
    push = parse_push({**PUSH, "ref": "refs/tags/release/1.2"})
    assert ("tag", "release/1.2") == (push.kind, push.name)


def test_body_round_trip() -> None:
    """GIVEN a payload WHEN written and read THEN it is the same."""
    assert PUSH == parse_delivery(orjson.dumps(PUSH))
