"""How a sync is told while it goes on."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from rich.console import Console

from mooring_cli.progress import Step, _drawn, steps_of
from tests.unit.cli.fake_api import FakeApi, Outcome, application

Mooring = Callable[..., Outcome]
GET = "GET /api/v1/applications/shop?namespace=argocd"


def operating(phase: str, *results: dict[str, Any], message: str = "") -> dict[str, Any]:
    app = application(id="2", phase=phase, message=message, syncResult={"resources": list(results)})
    app["status"]["resources"][0]["syncWave"] = 1
    return app


HOOK = {"group": "batch", "kind": "Job", "namespace": "shop", "name": "migrate", "hookType": "PreSync"}
WEB = {
    "group": "apps",
    "kind": "Deployment",
    "namespace": "shop",
    "name": "web",
    "status": "Synced",
    "message": "configured",
}


def test_waves_and_hooks_are_told_as_lines(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a sync of a hook and a wave WHEN it is waited for in a pipe THEN each step is a line, once, on stderr."""
    running = operating("Running", HOOK | {"hookPhase": "Running", "message": "created"}, message="waiting for hooks")
    done = HOOK | {"hookPhase": "Succeeded", "message": "done"}
    api.on(GET, application(id="1"), running, running, operating("Succeeded", done, WEB, message="1 applied"))
    api.on("POST /api/v1/applications/shop/sync?namespace=argocd", {"operation": {"id": "2"}}, status=202)
    outcome = mooring("app", "sync", "shop")
    assert (0, "application shop: Succeeded: 1 applied\n") == (outcome.code, outcome.out)
    assert [
        "Running: waiting for hooks",
        "hook PreSync  Job/shop/migrate  Running  created",
        "Succeeded: 1 applied",
        "hook PreSync  Job/shop/migrate  Succeeded  done",
        "wave 1  Deployment/shop/web  Synced  configured",
    ] == outcome.err.splitlines()


def test_a_terminal_sees_waves_named_once() -> None:
    """GIVEN two objects of one wave WHEN they are drawn THEN the wave is named at the first."""
    other = WEB | {"name": "api"}
    app = operating("Running", HOOK | {"hookPhase": "Running"}, other, other | {"name": "b"})
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(_drawn(app))
    lines = [line.split()[:2] for line in console.export_text().splitlines() if "shop/" in line]
    assert [["hook", "PreSync"], ["wave", "0"], ["Deployment/shop/b", "Synced"]] == lines


def test_an_operation_without_results_has_no_steps() -> None:
    """GIVEN a sync that has just begun WHEN its steps are asked for THEN there are none; a wave of none is 0."""
    assert [] == steps_of({"status": {"operationState": {"phase": "Running"}}})
    app = {"status": {"operationState": {"syncResult": {"resources": [WEB]}}}}
    assert [Step("wave 0", "Deployment/shop/web", "Synced", "configured")] == steps_of(app)
