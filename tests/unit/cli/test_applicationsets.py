"""`mooring appset`: what it sends and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]


def fleet(**status: Any) -> dict[str, Any]:
    found = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "spec": {"generators": []}}
    metadata = {"name": "fleet", "namespace": "argocd"}
    return {**found, "metadata": metadata, **({"status": status} if status else {})}


def test_sets_are_created_and_applied(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a set in a file WHEN it is created, or applied, THEN it is sent as it is, with warnings told."""
    (tmp_path / "f.yaml").write_text(yaml.safe_dump(fleet()))
    answer = {"applicationSet": fleet(), "warnings": ["spec.x: unknown field, ignored"]}
    api.on("POST /api/v1/applicationsets", answer, answer)
    created = mooring("appset", "create", "-f", "f.yaml")
    assert (0, "applicationset fleet declared\n") == (created.code, created.out)
    assert "warning: spec.x: unknown field, ignored\n" == created.err
    assert "applicationset argocd/fleet applied\n" == mooring("apply", "-f", "f.yaml").out
    assert [fleet(), fleet()] == [call.body for call in api.calls]


def test_a_refused_set_fails_the_command(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a set that the API refuses WHEN it is created THEN the exit code is 1 and the field is named."""
    (tmp_path / "f.yaml").write_text("kind: ApplicationSet\n")
    error = {"detail": "must not be empty", "field": "spec.generators"}
    api.on("POST /api/v1/applicationsets", error, status=400)
    outcome = mooring("appset", "create", "-f", "f.yaml")
    assert (1, "error: spec.generators: must not be empty (in f.yaml)\n") == (outcome.code, outcome.err)


def test_sets_are_listed_and_shown(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN sets WHEN asked for THEN a line says whether each is up to date, and one is printed whole."""
    behind = {"type": "ResourcesUpToDate", "status": "False", "message": "the generator fails"}
    api.on("GET /api/v1/applicationsets", {"items": [fleet(conditions=[behind])]})
    api.on("GET /api/v1/applicationsets/fleet?namespace=argocd", fleet())
    line = mooring("appset", "list").out.splitlines()[-1].split()
    assert ["fleet", "argocd", "no", "the", "generator", "fails"] == line
    assert fleet() == yaml.safe_load(mooring("appset", "get", "fleet").out)


def test_a_set_is_a_table_where_one_is_asked_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a set with applications and a removal that waits WHEN it is shown as a table THEN each has its line."""
    shown = fleet(conditions=[{"type": "ResourcesUpToDate", "status": "True", "message": "done"}])
    shown["status"] |= {
        "resources": [{"name": "web", "status": "Synced", "health": {"status": "Healthy"}}],
        "applicationStatus": [{"application": "web", "step": "1", "status": "Waiting"}],
        "heldRemoval": {"applications": ["old"], "token": "0123"},
    }
    api.on("GET /api/v1/applicationsets/fleet?namespace=argocd", shown)
    lines = [line.split() for line in mooring("appset", "get", "fleet", "-o", "table").out.splitlines()]
    assert ["web", "Synced", "Healthy", "1", "Waiting"] in lines
    assert ["ResourcesUpToDate", "True", "done"] in lines
    assert ["a", "removal", "waits:", "`mooring", "appset", "confirm", "fleet", "0123`"] in lines


def test_a_preview_is_waited_for(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a set WHEN it is previewed THEN the answer is asked for until it is there, and told by what would happen."""
    (tmp_path / "f.yaml").write_text(yaml.safe_dump(fleet()))
    api.on("POST /api/v1/applicationsets/preview", {"preview": {"id": "P1"}})
    found = {
        "generated": 2,
        "unchanged": 1,
        "added": [{"name": "web", "from": "spec.generators[0], set 2", "diff": "+kind: Application\n"}],
        "removed": [{"name": "old", "why": "no generator gives it any more"}],
    }
    api.on("GET /api/v1/applicationsets/preview/P1", {"done": False}, {"done": True, "preview": found})
    outcome = mooring("appset", "preview", "-f", "f.yaml", "--diff")
    assert 0 == outcome.code
    assert [
        "2 applications, 1 of them as they are",
        "1 would be added:",
        "  web (spec.generators[0], set 2)",
        "+kind: Application",
        "1 would be removed:",
        "  old (no generator gives it any more)",
    ] == outcome.out.splitlines()


def test_deleting_refreshing_and_confirming(api: FakeApi, mooring: Mooring) -> None:
    """Each asks for one set in its namespace, and says what happens now."""
    api.on("DELETE /api/v1/applicationsets/fleet?namespace=team&cascade=false", {})
    api.on("POST /api/v1/applicationsets/fleet/refresh?namespace=argocd", {})
    api.on("POST /api/v1/applicationsets/fleet/confirm?namespace=argocd", {"removed": ["a", "b"]})
    told = mooring("appset", "delete", "fleet", "-N", "team", "--cascade", "false").out
    assert "applicationset team/fleet is being deleted; its applications stay\n" == told
    assert "applicationset fleet is evaluated\n" == mooring("appset", "refresh", "fleet").out
    assert "confirmed: a, b will be deleted\n" == mooring("appset", "confirm", "argocd/fleet", "0123").out
    assert {"token": "0123"} == api.calls[-1].body
