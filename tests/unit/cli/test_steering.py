"""Choosing objects, dry runs, terminating, and settings: what the command sends and prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome, application

APP = "/api/v1/applications/shop"
Mooring = Callable[..., Outcome]


def test_chosen_objects_are_sent_as_they_were_written(api: FakeApi, mooring: Mooring) -> None:
    """`--resource` may be repeated and combined with `--prune`."""
    api.on(f"GET {APP}?namespace=argocd", application())
    api.on(f"POST {APP}/sync?namespace=argocd", {"operation": {"id": "2"}}, status=202)
    outcome = mooring(
        "app", "sync", "shop", "--async", "--prune", "--resource", "apps:Deployment:web", "--resource", ":Service:*"
    )
    assert (0, {"prune": True, "resources": ["apps:Deployment:web", ":Service:*"]}) == (
        outcome.code,
        api.calls[-1].body,
    )


def test_a_dry_run_prints_what_would_be_done(api: FakeApi, mooring: Mooring) -> None:
    """`--dry-run` asks for nothing but words, and prints them for each object."""
    resources = [{"group": "apps", "kind": "Deployment", "name": "web", "message": "would be configured"}]
    ended = application(id="2", message="dry run: 1 would be configured", syncResult={"resources": resources})
    api.on(f"GET {APP}?namespace=argocd", application(id="1"), ended)
    api.on(f"POST {APP}/sync?namespace=argocd", {"operation": {"id": "2"}}, status=202)
    outcome = mooring("app", "sync", "shop", "--dry-run")
    assert (0, [{"dryRun": True}]) == (outcome.code, [call.body for call in api.calls if call.method == "POST"])
    assert "Deployment  -          web   would be configured" in outcome.out
    assert "application shop: Succeeded: dry run: 1 would be configured" in outcome.out


def test_terminate(api: FakeApi, mooring: Mooring) -> None:
    """`terminate-op` deletes the operation, as in Argo CD's API."""
    api.on(f"DELETE {APP}/operation?namespace=argocd", {"operation": {"id": "2"}}, status=202)
    outcome = mooring("app", "terminate-op", "shop")
    assert (0, "application shop: the operation is being terminated\n") == (outcome.code, outcome.out)


def test_settings_go_there_and_back(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """A ConfigMap is sent as it was written; what comes back can be applied again."""
    document = {"kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": {"a": "b: c\n"}}
    (tmp_path / "argocd-cm.yaml").write_text(yaml.safe_dump(document))
    api.on("PUT /api/v1/settings", {"warnings": ["data[a]: not used"]})
    api.on("GET /api/v1/settings", document)
    applied = mooring("settings", "apply", "-f", "argocd-cm.yaml")
    assert (0, "settings applied\n", "warning: data[a]: not used\n") == (applied.code, applied.out, applied.err)
    assert document == api.calls[-1].body
    assert document == yaml.safe_load(mooring("settings", "get").out)
    assert document == json.loads(mooring("settings", "get", "-o", "json").out)


def test_what_is_wrong_with_scripts_in_git_is_a_warning(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN health scripts that can't be used WHEN settings are read THEN standard error says why."""
    api.on("GET /api/v1/settings", {"data": {}, "status": {"healthScripts": {"commit": "", "error": "a: is no Lua"}}})
    assert "warning: health scripts: a: is no Lua\n" == mooring("settings", "get").err


def test_settings_are_one_document(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """Two documents are refused before anything is sent."""
    (tmp_path / "two.yaml").write_text("a: b\n---\nc: d\n")
    outcome = mooring("settings", "apply", "-f", "two.yaml")
    assert (1, "error: two.yaml: must hold one document, not 2\n", []) == (outcome.code, outcome.err, api.calls)
