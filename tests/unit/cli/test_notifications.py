"""`mooring notifications`: what it sends and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
NOTE = {
    "id": "a1", "of": "argocd/shop", "at": "2026-11-21T12:00:00Z", "trigger": "on-deployed", "service": "slack",
    "recipient": "team", "state": "failed", "attempts": 10, "error": "Slack can't post there", "title": "deployed",
}  # fmt: skip


def test_settings_are_sent_as_they_are_written(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a ConfigMap WHEN applied THEN it is sent whole, and `get` prints what comes back."""
    document = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"service.slack": "token: $t"}}
    (tmp_path / "n.yaml").write_text("apiVersion: v1\nkind: ConfigMap\ndata: {service.slack: 'token: $t'}\n")
    api.on("PUT /api/v1/notifications/settings", {})
    api.on("GET /api/v1/notifications/settings", document)
    assert 0 == mooring("notifications", "apply", "-f", "n.yaml").code
    assert document == api.calls[0].body


def test_what_was_given_up_is_listed_with_the_reason_and_tried_again(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a note that was given up WHEN listed and retried THEN the reason is shown, and its name is sent."""
    api.on("GET /api/v1/notifications?failed=true", {"items": [NOTE]})
    api.on("POST /api/v1/notifications/retry", {})
    out = mooring("notifications", "list", "--failed").out
    assert "slack:team" in out
    assert "Slack can't post there" in out
    assert "1 to be tried again\n" == mooring("notifications", "retry").out
    assert {"of": "argocd/shop", "id": "a1"} == api.calls[-1].body
    refused = mooring("notifications", "retry", "b2")
    assert 1 == refused.code
    assert "b2" in refused.err


def test_notes_of_an_application_are_asked_for_by_its_full_name(api: FakeApi, mooring: Mooring) -> None:
    """A name without a namespace is one in argocd."""
    api.on("GET /api/v1/notifications?app=argocd%2Fshop", {"items": [NOTE]})
    assert "on-deployed" in mooring("notifications", "list", "shop").out
