"""`mooring promotion`: what it sends and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]


def promotion(**status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"from": {"application": "staging"}, "to": {"applications": ["eu", "us"]}, "moves": {}},
        "status": {"phase": "Waiting", "message": "argocd/staging is Degraded", **status},
    }


def test_promotions_are_applied_as_they_are(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a promotion in a file WHEN it is applied THEN it is sent as it is, with warnings told."""
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(promotion()))
    api.on("POST /api/v1/promotions", {"promotion": promotion(), "warnings": ["spec.x: unknown field, ignored"]})
    outcome = mooring("apply", "-f", "p.yaml")
    assert (0, "promotion argocd/shop applied\n") == (outcome.code, outcome.out)
    assert ("warning: spec.x: unknown field, ignored\n", promotion()) == (outcome.err, api.calls[0].body)


def test_promotions_are_listed_and_shown(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN promotions WHEN asked for THEN a line says where each stands, and one is shown with what came of it."""
    api.on("GET /api/v1/promotions", {"items": [promotion()]})
    line = mooring("promotion", "list").out.splitlines()[-1].split()
    assert ["shop", "staging", "eu,us", "Waiting", "argocd/staging", "is", "Degraded"] == line
    shown = promotion(
        phase="Proposed",
        since="2026-01-01T00:00:00Z",
        pullRequest="https://git.test/1",
        carried={"changes": ["web: v1 → v2"], "from": {"author": "Ada"}},
        verification={"outcome": "pending", "message": "waits"},
        history=[{"at": "2026-01-01T00:00:00Z", "what": "opened", "message": "opened https://git.test/1"}],
    )
    api.on("GET /api/v1/promotions/shop?namespace=argocd", shown)
    page = mooring("promotion", "get", "shop").out
    for told in (
        "Phase:         Proposed, since",
        "https://git.test/1",
        "  web: v1 → v2",
        "  author: Ada",
        "pending: waits",
    ):
        assert told in page


def test_promotions_are_run_and_suspended(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a promotion WHEN it is run, suspended, resumed, deleted THEN that is what the API is asked for."""
    commands = ("run", "suspend", "resume")
    for command in commands:
        api.on(f"POST /api/v1/promotions/shop/{command}?namespace=argocd", {})
        assert 0 == mooring("promotion", command, "shop").code
    api.on("DELETE /api/v1/promotions/shop?namespace=argocd", {})
    assert "promotion shop is deleted\n" == mooring("promotion", "delete", "shop").out
    assert 4 == len(api.calls)
