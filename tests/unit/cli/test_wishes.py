"""What `app sync` may be told of one sync: Argo CD's options, sent as the API takes them, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.cli.fake_api import FakeApi, Outcome, application

APP = "/api/v1/applications/shop"
GET = f"GET {APP}?namespace=argocd"
SYNC = f"POST {APP}/sync?namespace=argocd"
Mooring = Callable[..., Outcome]


def sent(api: FakeApi) -> list[Any]:
    return [call.body for call in api.calls if call.method == "POST"]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (["--force"], {"syncOptions": ["Force=true"]}),
        (["--replace", "--server-side", "--apply-out-of-sync-only"],
         {"syncOptions": ["Replace=true", "ServerSideApply=true", "ApplyOutOfSyncOnly=true"]}),
        (["--sync-option", "PruneLast=true", "--strategy", "apply"],
         {"syncOptions": ["PruneLast=true"], "strategy": {"apply": {}}}),
        (["--retry-limit", "3", "--retry-backoff-duration", "10s", "--retry-backoff-factor", "3",
          "--retry-backoff-max-duration", "2m"],
         {"retryStrategy": {"limit": 3, "backoff": {"duration": "10s", "factor": 3, "maxDuration": "2m"}}}),
        (["--retry-limit", "-1"], {"retryStrategy": {"limit": -1}}),
        (["--resource", "!*:Service:*"], {"resources": ["!*:Service:*"]}),
    ],
)  # fmt: skip
def test_options_are_sent_as_argo_cds_api_takes_them(
    api: FakeApi, mooring: Mooring, options: list[str], body: dict[str, Any]
) -> None:
    """GIVEN options of Argo CD's command WHEN a sync is asked for with them THEN they stand in the request."""
    api.on(GET, application())
    api.on(SYNC, {"operation": {"id": "2"}}, status=202)
    assert 0 == mooring("app", "sync", "shop", "--async", *options).code
    assert [body] == sent(api)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--local", "."], "--local: what is synced comes from git: push it"),
        (["--info", "why=so"], "--info: is not kept with an operation"),
        (["--retry-backoff-duration", "5s"], "--retry-limit: must be given with it"),
        (["--preview-changes"], "--preview-changes: asks a person: give --yes"),
        (["--label", "tier"], "--label: must be KEY=VALUE"),
        (["--label", "tier=none"], "--label: no object bears tier=none in git"),
        (["--revisions", "v1", "--source-names", "chart"], "--source-names: no source is named 'chart'"),
        (["-l", "team=a"], "--selector: can't be given together with NAME"),
    ],
)
def test_what_cannot_be_had_says_what_to_do(api: FakeApi, mooring: Mooring, options: list[str], words: str) -> None:
    """GIVEN an option that can't be had, or not so WHEN it is typed THEN the error says what to do, and nothing is asked."""
    api.on(GET, application())
    api.on(f"GET {APP}/manifests?namespace=argocd", {"manifests": []})
    outcome = mooring("app", "sync", "shop", *options)
    assert (1, True, []) == (outcome.code, words in outcome.err, sent(api)), outcome.err


def test_labels_choose_objects(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN objects with labels in git WHEN `--label` is repeated THEN those that bear any of them are chosen."""

    def manifest(kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {
            "apiVersion": "apps/v1" if kind == "Deployment" else "v1",
            "kind": kind,
            "metadata": {"name": name} | more,
        }

    manifests = [
        manifest("Deployment", "web", labels={"tier": "web"}, namespace="shop"),
        manifest("Service", "web", labels={"tier": "web", "edge": "yes"}),
        manifest("Secret", "db", labels={"tier": "db"}),
        manifest("ConfigMap", "plain"),
    ]
    api.on(GET, application())
    api.on(f"GET {APP}/manifests?namespace=argocd", {"manifests": manifests})
    api.on(SYNC, {"operation": {"id": "2"}}, status=202)
    mooring("app", "sync", "shop", "--async", "--label", "tier=web", "--label", "edge=yes")
    assert [{"resources": ["apps:Deployment:shop/web", ":Service:web"]}] == sent(api)


def test_sources_by_name(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN sources with names WHEN revisions are given for some THEN their places are sent."""
    several = application() | {"spec": {"sources": [{"name": "chart"}, {"ref": "values"}, {"name": "more"}]}}
    api.on(GET, several)
    api.on(SYNC, {"operation": {"id": "2"}}, status=202)
    named = ("--revisions", "1.2.3", "--source-names", "more", "--revisions", "v1", "--source-names", "chart")
    mooring("app", "sync", "shop", "--async", *named)
    assert [{"revisions": ["1.2.3", "v1"], "sourcePositions": [3, 1]}] == sent(api)


def test_several_are_asked_for_before_any_is_followed(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN Applications that labels choose WHEN they are synced THEN all are asked for at once, one failure fails all."""
    rows = [{"namespace": "argocd", "name": name} for name in ("shop", "cart")]
    api.on("GET /api/v1/applications?view=summary&selector=team%3Da&project=p", {"items": rows})
    for name, phase in (("shop", "Succeeded"), ("cart", "Failed")):
        path = f"/api/v1/applications/{name}"
        api.on(
            f"GET {path}?namespace=argocd", application(id="01A"), application(id="01B", phase=phase, message="done")
        )
        api.on(f"POST {path}/sync?namespace=argocd", {"operation": {"id": "01B"}}, status=202)
    outcome = mooring("app", "sync", "-l", "team=a", "--project", "p")
    assert 1 == outcome.code
    assert ["application shop: Succeeded: done", "application cart: Failed: done"] == outcome.out.split("\n\n")[0:1] + [
        outcome.out.strip().split("\n\n")[1]
    ]
    kinds = [call.method for call in api.calls]
    assert ["GET", "GET", "POST", "GET", "POST", "GET", "GET"] == kinds


def test_a_preview_is_a_dry_run_of_the_same(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN `--preview-changes --yes` WHEN a sync is asked for THEN what would differ is shown before, with its options."""
    resources = [{"kind": "ConfigMap", "name": "a", "message": "would be configured", "diff": "-x: 1\n+x: 2\n"}]
    tried = application(id="2", message="dry run: 1 would be configured", syncResult={"resources": resources})
    api.on(GET, application(id="1"), tried, tried, application(id="3", message="done"))
    api.on(SYNC, {"operation": {"id": "2"}}, status=202)
    api.on(SYNC, {"operation": {"id": "3"}}, status=202)
    outcome = mooring("app", "sync", "shop", "--replace", "--preview-changes", "--yes")
    assert (0, "application shop: Succeeded: done\n") == (outcome.code, outcome.out)
    assert ("+x: 2" in outcome.err, [{"syncOptions": ["Replace=true"], "dryRun": True}, {"syncOptions": ["Replace=true"]}]) == (
        True, sent(api),
    )  # fmt: skip
    assert "neither replaced nor made anew" in outcome.err


def test_a_sync_that_was_ended_before_it_began_is_told(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a request that somebody ended while another operation is shown WHEN it is waited for THEN the wait ends."""
    api.on(GET, application(id="01A", phase="Terminating"))
    api.on(SYNC, {"operation": {"id": "01B"}}, status=202)
    api.on(f"GET {APP}/operations/01B?namespace=argocd", {"message": "terminated by bob before it began"})
    outcome = mooring("app", "sync", "shop")
    assert (1, "error: shop: terminated by bob before it began\n") == (outcome.code, outcome.err)


def test_what_was_wanted_once_is_on_the_page(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an operation with options of its own and a request that waits WHEN the Application is shown THEN both say so."""
    found = application(operation={"sync": {"syncOptions": ["Force=true"]}, "retry": {"limit": -1}})
    found["status"]["requested"] = {
        "id": "2", "by": "ada", "at": "2026-01-01T00:09:00Z", "waitsFor": "render", "dryRun": False,
        "syncStrategy": {"apply": {}}, "retry": {"limit": 3},
    }  # fmt: skip
    api.on(GET, found)
    lines = [" ".join(line.split()) for line in mooring("app", "get", "shop").out.splitlines()]
    assert {
        "This once: Force=true, retries without an end",
        "Asked for: 2026-01-01T00:09:00Z by ada (no hooks, 3 retries)",
        "Waits for: its render",
    } <= set(lines), lines
