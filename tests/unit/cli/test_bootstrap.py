"""`mooring bootstrap` against an API over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
URL = "https://git.test/acme/root"


def root(sync: str, health: str, *children: tuple[str, str, str], **status: Any) -> dict[str, Any]:
    resources = [
        {"kind": "Application", "name": name, "status": state, "health": {"status": well}}
        for name, state, well in children
    ]
    shown = {"sync": {"status": sync}, "health": {"status": health}, "resources": resources, **status}
    return {"metadata": {"name": "root"}, "spec": {}, "status": shown}


def test_the_root_is_declared_and_followed(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """Credentials go first, then the root; a line for it and for each child ends with the command."""
    (tmp_path / "token").write_text("s3cret\n")
    api.on("PUT /api/v1/repositories", {"url": URL, "warnings": []})
    api.on("POST /api/v1/bootstrap", {"application": {}, "warnings": []})
    api.on("GET /api/v1/applications/root", root("Synced", "Healthy", ("shop", "Synced", "Healthy")))
    outcome = mooring("bootstrap", "--repo", URL, "--path", "apps", "--revision", "main", "--token-file", "token")
    asked = {"repoURL": URL, "path": "apps", "targetRevision": "main", "name": "root", "project": "default"}
    assert [{"url": URL, "token": "s3cret"}, asked] == [call.body for call in api.calls[:2]]
    assert (0, "") == (outcome.code, outcome.err)
    assert [
        f"repository {URL} registered", "application root declared", "root: Synced, Healthy",
        "Application shop: Synced, Healthy",
    ] == outcome.out.splitlines()  # fmt: skip


def test_a_root_that_does_not_get_well_says_why(api: FakeApi, mooring: Mooring) -> None:
    """What is wrong is printed once, and the time that it may take ends the command."""
    trouble = [{"type": "ComparisonError", "message": "the repository wants credentials"}]
    api.on("POST /api/v1/bootstrap", {"application": {}, "warnings": []})
    api.on("GET /api/v1/applications/root", root("Unknown", "Unknown", conditions=trouble))
    outcome = mooring("bootstrap", "--repo", URL, "--timeout", "0.1")
    assert 1 == outcome.code
    assert 1 == outcome.out.count("root ComparisonError: the repository wants credentials")
    assert outcome.err.startswith("error: not in time: root: sync status Unknown, not Synced")


def test_async_does_not_wait(api: FakeApi, mooring: Mooring) -> None:
    """With `--async` nothing is asked after the declaration."""
    api.on("POST /api/v1/bootstrap", {"application": {}, "warnings": ["spec.x: unknown"]})
    outcome = mooring("bootstrap", "--repo", URL, "--async", "--name", "all", "--project", "platform")
    assert (0, 1, "warning: spec.x: unknown\n") == (outcome.code, len(api.calls), outcome.err)
    assert ("all", "platform") == (api.calls[0].body["name"], api.calls[0].body["project"])
