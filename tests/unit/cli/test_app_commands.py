"""`mooring apply` and `mooring app …` against an API over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mooring_cli.pages import application_page
from mooring_cli.tables import plain
from tests.unit.cli.fake_api import TOKEN, FakeApi, Outcome, application, summary

GET = "GET /api/v1/applications/shop?namespace=argocd"
Mooring = Callable[..., Outcome]


def test_apply_sends_each_document_and_shows_warnings(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """Every Application is posted as it was written; warnings go to standard error."""
    # GIVEN a file with two Applications
    (tmp_path / "apps.yaml").write_text(
        "kind: Application\nmetadata: {name: a}\n---\nkind: Application\nmetadata: {name: b}\n"
    )
    api.on(
        "POST /api/v1/applications",
        {"application": {"metadata": {"name": "a", "namespace": "argocd"}}, "warnings": ["spec.x: unknown"]},
    )
    # WHEN it is applied
    outcome = mooring("apply", "-f", "apps.yaml")
    # THEN both arrive, with the token
    assert [{"name": "a"}, {"name": "b"}] == [call.body["metadata"] for call in api.calls]
    assert f"Bearer {TOKEN}" == api.calls[0].headers["Authorization"]
    assert (0, "warning: spec.x: unknown\n" * 2) == (outcome.code, outcome.err)
    assert "application argocd/a applied" in outcome.out


def test_apply_goes_on_after_a_bad_document(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """One bad document fails the command and stops none of the others."""
    (tmp_path / "apps.yaml").write_text("kind: ConfigMap\n---\nkind: Application\nmetadata: {name: b}\n---\nx: 1\n")
    api.on("POST /api/v1/applications", {"application": {"metadata": {"name": "b"}}, "warnings": []})
    outcome = mooring("apply", "-f", "apps.yaml")
    assert (1, 1) == (outcome.code, len(api.calls))
    only = "only Applications, ApplicationSets, AppProjects, Promotions and ImageUpdaters can be applied"
    assert f"error: kind: 'ConfigMap': {only}" in outcome.err
    assert f"error: kind: missing: {only} (in apps.yaml)" in outcome.err


def test_the_apis_error_is_printed_with_its_field(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """An error document becomes `error: <field>: <message>`."""
    (tmp_path / "app.yaml").write_text("kind: Application\n")
    error = {"detail": "must not be empty", "field": "spec.source.path"}
    api.on("POST /api/v1/applications", error, status=422)
    outcome = mooring("apply", "-f", "app.yaml")
    assert (1, "error: spec.source.path: must not be empty (in app.yaml)\n") == (outcome.code, outcome.err)


def test_list_follows_the_pages(api: FakeApi, mooring: Mooring) -> None:
    """A list that comes in pages is printed as one."""
    first, second = application(), application()
    second["metadata"] = {"name": "other", "namespace": "argocd"}
    api.on("GET /api/v1/applications", {"metadata": {"continue": "t=1", "remainingItemCount": 1}, "items": [first]})
    api.on("GET /api/v1/applications?continue=t%3D1", {"metadata": {}, "items": [second]})
    listed = json.loads(mooring("app", "list", "-o", "json").out)
    assert {"apiVersion": "v1", "kind": "List", "items": [first, second]} == listed


def test_get_prints_the_application_exactly_as_the_api_gave_it(api: FakeApi, mooring: Mooring) -> None:
    """`-o json` and `-o yaml` change nothing."""
    api.on(GET, application())
    assert application() == json.loads(mooring("app", "get", "shop", "-o", "json").out)
    assert application() == yaml.safe_load(mooring("app", "get", "shop", "-o", "yaml").out)


def test_get_shows_what_drifted_and_who_did_it(api: FakeApi, mooring: Mooring) -> None:
    """The page names field, wanted and live value, and the foreign manager."""
    app = application("OutOfSync", "Degraded", phase="Failed", message="apps is forbidden", retryCount=2)
    app["status"]["resources"][0]["drift"] = [
        {"path": "spec.replicas", "desired": 3, "live": 1, "manager": "kubectl", "time": "2026-01-01T00:00:00Z"}
    ]
    app["status"]["conditions"] = [{"type": "SyncError", "message": "apps is forbidden", "lastTransitionTime": "now"}]
    api.on(GET, app)
    page = mooring("app", "get", "argocd/shop").out
    lines = [line.split() for line in page.splitlines()]
    assert ["Deployment/shop/web", "spec.replicas", "3", "1", "kubectl", "2026-01-01T00:00:00Z"] in lines
    assert ["Sync", "status:", "OutOfSync", f"({'a' * 40})"] in lines
    assert ["Retries:", "2"] in lines
    assert ["SyncError", "now", "apps", "is", "forbidden"] in lines
    assert ["apps", "Deployment", "shop", "web", "OutOfSync", "Degraded", "-"] in lines


def test_a_new_application_has_a_page_too(api: FakeApi, mooring: Mooring) -> None:
    """Without a status everything is unknown, and nothing fails."""
    api.on("GET /api/v1/applications/shop?namespace=team-a", {"metadata": {"name": "shop", "namespace": "team-a"}})
    outcome = mooring("app", "get", "shop", "--app-namespace", "team-a")
    assert (0, True) == (outcome.code, "Sync status:          Unknown" in outcome.out)


def test_list_is_short(api: FakeApi, mooring: Mooring) -> None:
    """One line for each application, in the API's order, commits as git shortens them."""
    said = "x" * 100
    rows = [summary("api"), summary(sync="OutOfSync", phase="Failed", message=said)]
    api.on("GET /api/v1/applications?view=summary", {"items": rows})
    listed = mooring("app", "list").out.splitlines()
    assert [
        ["NAME", "STATUS", "HEALTH", "REVISION"],
        ["argocd/api", "Synced", "Healthy", "aaaaaaa"],
        ["argocd/shop", "OutOfSync", "Healthy", "aaaaaaa"],
    ] == [line.split()[:4] for line in listed]
    assert listed[2].endswith("x" * 79 + "…")
    wide = mooring("app", "list", "-o", "wide").out
    assert ("https://git.example.com/acme/shop.git" in wide, said in wide) == (True, True)


def test_history_shows_first_lines(api: FakeApi, mooring: Mooring) -> None:
    """A commit message of several lines takes one."""
    api.on(GET, application())
    assert ["1", "2026-01-01T00:00:01Z", "aaaaaaa", "-", "-", "Start"] == (
        mooring("app", "history", "shop").out.splitlines()[1].split()
    )


def test_sync_waits_for_its_own_operation(api: FakeApi, mooring: Mooring) -> None:
    """The operation that had ended before is not taken for the new one."""
    # GIVEN an application whose last operation succeeded, and whose next one fails after a while
    later = {"startedAt": "2026-01-01T00:05:00Z"}
    api.on(
        GET,
        application(),
        application(),
        application(**later, phase="Running"),
        application(**later, phase="Failed", message='namespaces "shop" not found'),
    )
    api.on("POST /api/v1/applications/shop/sync?namespace=argocd", {"operation": {"id": "01X"}}, status=202)
    # WHEN it is synced, with options
    outcome = mooring("app", "sync", "shop", "--prune")
    # THEN the failure is reported in the API server's words
    assert (1, 'application shop: Failed: namespaces "shop" not found\n') == (outcome.code, outcome.out)
    assert {"prune": True} == next(c.body for c in api.calls if c.method == "POST")


def test_sync_follows_the_operations_id_where_the_api_shows_it(api: FakeApi, mooring: Mooring) -> None:
    """Two operations may start in the same second; their ids tell them apart."""
    api.on(GET, application(id="01A"), application(id="01A"), application(id="01B", message="done"))
    api.on("POST /api/v1/applications/shop/sync?namespace=argocd", {"operation": {"id": "01B"}}, status=202)
    assert "application shop: Succeeded: done\n" == mooring("app", "sync", "shop").out


def test_sync_async_returns_at_once(api: FakeApi, mooring: Mooring) -> None:
    """`--async` asks for nothing after the start."""
    api.on(GET, application())
    api.on("POST /api/v1/applications/shop/sync?namespace=argocd", {"operation": {"id": "01X"}}, status=202)
    outcome = mooring("app", "sync", "shop", "--async")
    assert (0, "application shop: sync started (operation 01X)\n") == (outcome.code, outcome.out)
    assert ["GET", "POST"] == [call.method for call in api.calls]


def test_wait_ends_when_synced_and_healthy(api: FakeApi, mooring: Mooring) -> None:
    """It outlives an API that is busy for a moment, and says what it waits for."""
    api.on(GET, application("OutOfSync"))
    api.on(GET, {"detail": "busy"}, status=503)
    api.on(GET, application(health="Progressing"), application())
    outcome = mooring("app", "wait", "shop")
    assert (0, 4) == (outcome.code, len(api.calls))
    assert "waiting for shop: Synced, Healthy\n" == outcome.err


@pytest.mark.parametrize(
    ("options", "app", "words"),
    [
        ([], application("OutOfSync", "Degraded"), "sync status OutOfSync, not Synced; health Degraded, not Healthy"),
        (["--health"], application("OutOfSync", "Missing"), "shop: health Missing, not Healthy"),
        (["--operation"], application(phase="Running"), "shop: operation Running"),
        (["--revision", "bbb"], application(), f"revision {'a' * 40}, not bbb"),
        ([], application("OutOfSync", phase="Failed", message="no such kind"), "(no such kind)"),
    ],
)
def test_wait_says_what_is_missing_when_time_is_over(
    api: FakeApi, mooring: Mooring, options: list[str], app: dict[str, object], words: str
) -> None:
    """A timeout fails with what was seen last, and why where that is known."""
    api.on(GET, app)
    outcome = mooring("app", "wait", "shop", "--timeout", "0.1", *options)
    assert (1, True) == (outcome.code, words in outcome.err)


def test_delete_waits_until_the_application_is_gone(api: FakeApi, mooring: Mooring) -> None:
    """`--cascade` goes into the query; an unknown application ends the wait."""
    api.on("DELETE /api/v1/applications/shop?namespace=argocd&cascade=false", {}, status=202)
    api.on(GET, application())
    api.on(GET, {"detail": "no application argocd/shop"}, status=404)
    outcome = mooring("app", "delete", "shop", "--cascade", "false", "--wait", "-y")
    assert (0, "application shop deleted\n") == (outcome.code, outcome.out)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "Unauthorized"}, "error: the API does not accept the token: check MOORING_TOKEN"),
        (403, b"<html>secret page</html>", "error: the API does not allow this"),
        (404, {"detail": "no application argocd/shop"}, "error: no application argocd/shop"),
        (502, b"upstream says: password=hunter2", "error: the API answered 502"),
        (200, b"<html></html>", "did not answer with JSON"),
        (302, b"", "error: the API answered 302"),
    ],
)
def test_a_failure_is_told_without_foreign_words(
    api: FakeApi, mooring: Mooring, status: int, body: object, words: str
) -> None:
    """Only the API's own error document is shown; a proxy's page is not."""
    api.on(GET, body, status=status)
    outcome = mooring("app", "get", "shop")
    assert (1, "") == (outcome.code, outcome.out)
    assert words in outcome.err
    assert not {"hunter2", "secret"} & set(outcome.err.replace("=", " ").split())


def test_a_refused_connection_says_how_to_start(mooring: Mooring) -> None:
    """Nothing listens: the error names the address and the next step."""
    outcome = mooring("--url", "http://127.0.0.1:1", "app", "list")
    assert outcome.code == 1
    assert "error: no answer from http://127.0.0.1:1" in outcome.err
    assert "make up" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [[], ["app"], ["app", "get"], ["app", "wait", "shop", "--timeout", "soon"], ["app", "get", "shop", "-o", "xml"]],
)
def test_wrong_usage_exits_with_two(mooring: Mooring, arguments: list[str]) -> None:
    """A command line that can't be understood asks nothing of the API."""
    assert mooring(*arguments).code == 2


def test_a_name_with_too_many_parts_is_refused(mooring: Mooring) -> None:
    """`a/b/c` names nothing."""
    assert "error: NAME: must be NAME or NAMESPACE/NAME, not 'a/b/c'\n" == mooring("app", "get", "a/b/c").err


def test_a_page_says_what_becomes_of_changes_by_hand() -> None:
    """GIVEN what the API says of changes by hand WHEN an application is shown THEN its page says so, and who decides."""
    told = {"enabled": True, "decidedBy": "annotation mooring.dev/self-heal"}
    page = application_page({"metadata": {"name": "shop"}, "spec": {}, "status": {"selfHeal": told}})
    assert "Changes by hand:      put back (annotation mooring.dev/self-heal)" in plain(page).splitlines()
