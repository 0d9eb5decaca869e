"""`mooring webhook …`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]

URL = "https://github.com/acme/shop.git"
HOOK = {"id": "4", "url": "https://m.example/api/webhook", "events": ["push", "create"], "active": True, "ours": True}


def test_a_hook_is_installed(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a token in a file, it goes to the API with this API's own address, and what was done is said."""
    (tmp_path / "token").write_text("s3cret\n")
    answer = {"done": "created", "repository": "https://github.com/acme/shop", "hook": HOOK, "warnings": ["one more"]}
    api.on("POST /api/v1/hooks", answer)
    outcome = mooring("webhook", "install", "--repo", URL, "--token-file", "token")
    body = api.calls[0].body
    assert (URL, "s3cret", True) == (body["repository"], body["token"], body["url"].endswith("/api/webhook"))
    assert "provider" not in body
    assert (
        0,
        "hook 4 of https://github.com/acme/shop created: push, create go to https://m.example/api/webhook\n",
    ) == (
        outcome.code,
        outcome.out,
    )
    assert "one more" in outcome.err
    assert "s3cret" not in outcome.out + outcome.err


def test_a_hook_of_another_address_and_provider(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a provider and an address, the API is told both."""
    (tmp_path / "token").write_text("s3cret")
    api.on("POST /api/v1/hooks", {"done": "updated", "hook": HOOK})
    more = ("--provider", "gitea", "--address", "https://m.example/api/webhook")
    assert mooring("webhook", "install", "--repo", URL, "--token-file", "token", *more).code == 0
    assert ("gitea", "https://m.example/api/webhook") == (api.calls[0].body["provider"], api.calls[0].body["url"])


def test_hooks_are_listed(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN hooks of a repository, those that send here are marked."""
    (tmp_path / "token").write_text("s3cret")
    other = {**HOOK, "id": "5", "url": "https://ci.example", "active": False, "ours": False}
    api.on("POST /api/v1/hooks/list", {"items": [HOOK, other]})
    outcome = mooring("webhook", "list", "--repo", URL, "--token-file", "token")
    lines = [line.split() for line in outcome.out.splitlines()]
    assert ["ID", "URL", "EVENTS", "ACTIVE", "OURS"] == lines[0]
    assert ["4", "https://m.example/api/webhook", "push,", "create", "yes", "yes"] == lines[1]
    assert ["5", "https://ci.example", "push,", "create", "no", "no"] == lines[2]


def test_deliveries_are_listed_with_what_they_caused(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a delivery with operations and a refused one WHEN listed THEN each line says what came of it."""
    done = [{"application": f"argocd/{name}", "kind": "sync", "phase": "Succeeded"} for name in ("a", "b", "c", "d")]
    told = {
        "at": "2026-03-01T02:00:00Z", "provider": "github", "repository": "github.com/acme/shop", "event": "push",
        "refs": ["refs/heads/main"], "outcome": "queued", "reason": "", "concerned": 7, "sets": [], "caused": done,
    }  # fmt: skip
    refused = {**told, "outcome": "refused", "reason": "no secret", "refs": [], "concerned": 0, "caused": []}
    query = "repository=https%3A%2F%2Fgithub.com%2Facme%2Fshop.git&outcome=refused"
    api.on(f"GET /api/v1/hooks/deliveries?{query}", {"items": [told, refused]})
    lines = mooring("webhook", "deliveries", "--repo", URL, "--refused").out.splitlines()
    assert lines[1].endswith(
        "argocd/a sync Succeeded, argocd/b sync Succeeded, argocd/c sync Succeeded (+1); 7 concerned"
    )
    assert ["refused", "no", "secret"] == lines[2].split()[-3:]
