"""The routes by which people steer applications, through the handler that is deployed, over moto's AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry
from mooring.state import codec, operationcodec
from mooring.events.messages import Cause
from mooring.state.operations import Operation
from mooring.state.statuses import Status
from mooring.state.wanted import Commit
from mooring.state.registry import Registry
from mooring.state.table import put
from tests.doubles.deployed import deployed_api
from tests.integration.test_api_routes import CLUSTER, Api, application, project
from mooring.state.applications import Applications

SHOP = AppKey("argocd", "shop")
POD = "kind=Pod&resourceNamespace=shop&resourceName=web-1"


@pytest.fixture
def api() -> Iterator[Api]:
    """An installation with an application that was synced twice."""
    with deployed_api() as found:
        api = Api(found.handler, found.table, Applications(found.table))
        assert 200 == api.ask("POST", "projects", project())[0]
        assert 200 == api.ask("POST", "applications", _automated())[0]
        record = api.applications.load([SHOP], inventory=True)[SHOP]
        status = Status(cluster="prod", bundle="new", generation=1, sync="Synced")
        api.applications.observe(record, now=1.0, inventory={}, status=status)
        head = record.lease.head
        for index, bundle in enumerate(("old", "new"), start=1):
            done = Operation(
                f"01J{index}",
                "sync",
                "Succeeded",
                "",
                index,
                index,
                f"{index}" * 40,
                bundle,
                1,
                Cause("push"),
                Commit(),
            )
            item, head = operationcodec.operation_item(f"APP#{SHOP}", done, head)
            found.table.write(put(item))
        yield api


def _automated() -> dict[str, Any]:
    document = application()
    document["spec"]["syncPolicy"] = {"automated": {"selfHeal": True}}
    return document


def test_a_rollback_says_where_to_and_that_automated_sync_pauses(api: Api) -> None:
    """GIVEN two syncs WHEN somebody rolls back by any name of the first THEN it is told, with the pause, which shows."""
    for body in ({"id": 1}, {"operation": "01J1"}, {}, {"id": 0}):
        status, answer = api.ask("POST", "applications/shop/rollback", body)
        assert (202, "01J1", "1" * 40) == (status, answer["to"]["operation"], answer["to"]["revision"]), answer
        assert ("admin", True) == (answer["paused"]["by"], "rolled back to 111111111111" in answer["paused"]["why"])
    record = api.applications.load([SHOP])[SHOP]
    assert record.request is not None
    assert record.request.instead is not None
    assert ("01J1", "old") == (record.request.returned, record.request.instead.bundle)
    shown = api.ask("GET", "applications/shop")[1]["status"]
    assert ("admin", ["AutoSyncPaused"]) == (shown["paused"]["by"], [each["type"] for each in shown["conditions"]])
    assert (200, {"resumed": True}) == api.ask("POST", "applications/shop/resume")
    assert (200, {"resumed": False}) == api.ask("POST", "applications/shop/resume")
    assert "paused" not in api.ask("GET", "applications/shop")[1]["status"]


@pytest.mark.parametrize(
    ("method", "path", "body", "refused"),
    [
        ("POST", "applications/shop/rollback", {"id": 7}, (400, "id")),
        ("POST", "applications/shop/rollback", {"id": "1"}, (400, "id")),
        ("POST", "applications/shop/rollback", {"operation": "01JX"}, (400, "id")),
        ("POST", "applications/shop/rollback", {"operation": "01J1", "id": 1}, (400, "id")),
        ("POST", "applications/shop/rollback", {"prune": "yes"}, (400, "prune")),
        ("POST", "applications/shop/rollback", [], (400, "body")),
        ("POST", "applications/nowhere/rollback", {}, (404, None)),
        ("POST", "applications/shop/pause", {"why": 3}, (400, "why")),
        ("POST", "applications/shop/confirm", None, (400, None)),
        ("POST", "applications/shop/sync", {"revision": "v1"}, (409, None)),
        ("POST", "applications/shop/sync", {"revision": 3}, (400, "revision")),
        ("POST", "applications/shop/sync", {"revision": "a b", "dryRun": True}, (400, "revision")),
        ("POST", "applications/shop/sync", {"revisions": ["a", "b"], "sourcePositions": [1, 2]}, (400, "revisions")),
        ("POST", "applications/shop/sync", {"revisions": ["a"], "sourcePositions": [0]}, (400, "sourcePositions")),
        ("POST", "applications/shop/sync", {"revisions": ["a"]}, (400, "sourcePositions")),
        ("POST", "applications/shop/sync", {"manifests": ["{}"]}, (400, "manifests")),
        ("POST", "applications/shop/sync", {"dryrun": True}, (400, "dryrun")),
        ("POST", "applications/shop/sync", ["dryRun"], (400, "body")),
        ("POST", "applications/shop/sync", "dryRun", (400, "body")),
        ("POST", "applications/shop/rollback", {"dryrun": True}, (400, "dryrun")),
        ("POST", "applications/shop/sync", {"syncOptions": {"items": ["Delete=false"]}}, (400, "syncOptions[0]")),
        ("POST", "applications/shop/sync", {"strategy": {"hook": {"force": 1}}}, (400, "strategy.hook.force")),
        ("POST", "applications/shop/sync", {"retryStrategy": {"limit": "3"}}, (400, "retryStrategy.limit")),
        ("DELETE", "applications/shop/operation", None, (400, None)),
        ("POST", f"applications/shop/resource/actions?{POD}", {}, (400, "action")),
        ("POST", f"applications/shop/resource/actions?{POD}", {"action": "x", "parameters": 3}, (400, "parameters")),
        ("POST", "applications/shop/resource/actions?kind=Pod", {"action": "x"}, (400, "resourceName")),
        ("DELETE", "applications/shop/resource?resourceName=x", None, (400, "kind")),
        ("DELETE", f"applications/shop/resource?{POD}&force=maybe", None, (400, "force")),
        ("DELETE", f"applications/nowhere/resource?{POD}", None, (404, None)),
        ("GET", "applications/shop/checks/01JX", None, (404, None)),
    ],
)
def test_bad_requests_name_what_is_wrong(
    api: Api, method: str, path: str, body: object, refused: tuple[int, str | None]
) -> None:
    """GIVEN a request that can't be carried out WHEN it comes THEN the answer names the field, and nothing is asked for."""
    assert refused == api.refused(method, path, body)[:2]
    assert api.applications.load([SHOP])[SHOP].request is None


def test_another_revision_is_asked_of_a_paused_application(api: Api) -> None:
    """GIVEN a pause WHEN another revision is asked for THEN it waits for its render, and the pause goes on."""
    status, answer = api.ask("POST", "applications/shop/pause", {"why": "incident 7"})
    assert (200, "incident 7") == (status, answer["paused"]["why"])
    assert 202 == api.ask("POST", "applications/shop/sync", {"revision": "v1", "prune": True})[0]
    record = api.applications.load([SHOP])[SHOP]
    assert record.request is not None
    assert record.spec is not None
    assert (("v1",), True, True) == (record.request.revisions, record.request.prune, record.spec.paused is not None)
    assert 202 == api.ask("POST", "applications/shop/refresh?hard=true")[0]
    assert 202 == api.ask("POST", "applications/shop/refresh")[0]


def test_a_sync_with_options_of_its_own_waits_and_is_ended(api: Api) -> None:
    """GIVEN a sync with options, a strategy and tries WHEN it is asked for THEN it is shown as it waits; WHEN somebody
    ends it THEN it is over, on record with its options, and nothing is left to end.
    """
    wishes: dict[str, Any] = {
        "syncOptions": {"items": ["Replace=true"]},
        "strategy": {"apply": {"force": True}},
        "retryStrategy": {"limit": 2, "backoff": {"duration": "10s"}},
    }
    status, answer = api.ask("POST", "applications/shop/sync", {**wishes, "prune": True})
    assert 202 == status, answer
    id_ = answer["operation"]["id"]
    told = {"syncOptions": ["Force=true", "Replace=true"], "syncStrategy": {"apply": {"force": True}}}
    told["retry"] = {"limit": 2, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "180s"}}  # type: ignore[assignment]
    waiting = api.ask("GET", "applications/shop")[1]["status"]["requested"]
    assert {"id": id_, "by": "admin", "waitsFor": "turn"} | told == {
        name: waiting[name] for name in ("id", "by", "waitsFor", *told)
    }
    assert (202, {"operation": {"id": id_}}) == api.ask("DELETE", "applications/shop/operation")
    shown = api.ask("GET", "applications/shop")[1]["status"]
    assert ("Failed", "terminated by admin before it began") == (
        shown["operationState"]["phase"], shown["operationState"]["message"],
    )  # fmt: skip
    record = api.ask("GET", f"applications/shop/operations/{id_}")[1]
    assert told == {name: record[name] for name in told}
    assert (400, False) == (api.ask("DELETE", "applications/shop/operation")[0], "requested" in shown)


def test_an_action_waits_under_its_id(api: Api) -> None:
    """GIVEN an action or a deletion that was asked for WHEN its outcome is asked THEN it is not done yet, only for the
    application that it is about, and it is on record with who asked.
    """
    given = {"action": "restart", "parameters": [{"name": "a", "value": "b"}]}
    for method, body in (("POST", given), ("DELETE", None)):
        path = "applications/shop/resource/actions" if method == "POST" else "applications/shop/resource"
        status, answer = api.ask(method, f"{path}?group=apps&{POD}", body)
        assert 202 == status, answer
        assert (200, {"done": False, "found": None}) == api.ask(
            "GET", f"applications/shop/checks/{answer['check']['id']}"
        )
    assert 200 == api.ask("POST", "applications", {**application("other")})[0]
    assert 404 == api.ask("GET", f"applications/other/checks/{answer['check']['id']}")[0]
    records = [str(each) for each in api.ask("GET", "audit?limit=50")[1]["items"]]
    assert 1 == sum("restart" in each and "admin" in each for each in records), records


@pytest.mark.parametrize(
    ("policy", "statuses"),
    [
        ("applications, action/apps/Pod/restart, team/*", (202, 403, 403)),
        ("applications, action/apps/*, team/*", (202, 202, 403)),
        ("applications, action/batch/*, team/*", (403, 403, 403)),
        ("applications, delete/apps/Pod/shop/*, team/*", (403, 403, 202)),
        ("applications, delete/apps/Pod/other/*, team/*", (403, 403, 403)),
        ("applications, sync, team/*", (403, 403, 403)),
    ],
)
def test_actions_and_deletions_are_permitted_by_kind_and_name(
    api: Api, policy: str, statuses: tuple[int, int, int]
) -> None:
    """GIVEN a role WHEN its holder restarts, scales or deletes THEN the policy's kinds and names decide."""
    rules = f"p, role:ops, applications, get, team/*, allow\np, role:ops, {policy}, allow"
    assert 200 == api.ask("PUT", "settings/access", {"data": {"policy.csv": rules}})[0]
    status, made = api.ask("POST", "tokens", {"name": "ops", "role": "role:ops"})
    assert 200 == status, made
    path = f"applications/shop/resource/actions?group=apps&{POD}"
    found = [
        api.ask("POST", path, {"action": "restart"}, token=made["token"])[0],
        api.ask("POST", path, {"action": "scale"}, token=made["token"])[0],
        api.ask("DELETE", f"applications/shop/resource?group=apps&{POD}", token=made["token"])[0],
    ]
    assert list(statuses) == found


def test_another_revision_may_want_the_right_to_override(api: Api) -> None:
    """GIVEN the setting that asks for it WHEN somebody who may only sync names a revision THEN it is refused."""
    rules = "p, role:ops, applications, get, team/*, allow\np, role:ops, applications, sync, team/*, allow"
    assert 200 == api.ask("PUT", "settings/access", {"data": {"policy.csv": rules}})[0]
    token = api.ask("POST", "tokens", {"name": "ops", "role": "role:ops"})[1]["token"]
    asked = {"revision": "v1", "dryRun": True}
    assert 202 == api.ask("POST", "applications/shop/sync", asked, token=token)[0]
    setting = {"application.sync.requireOverridePrivilegeForRevisionSync": "true"}
    assert 200 == api.ask("PUT", "settings", {"data": setting})[0]
    assert 403 == api.ask("POST", "applications/shop/sync", asked, token=token)[0]
    assert 202 == api.ask("POST", "applications/shop/sync", {"dryRun": True}, token=token)[0]


def test_what_came_of_an_action_is_for_readers_of_the_application(api: Api) -> None:
    """GIVEN an object that somebody has handled WHEN the outcome is fetched THEN it comes with the application's
    checks, and not with another application's, nor with those of the cluster, whose readers may not see the application.
    """
    record = api.applications.load([SHOP], inventory=True)[SHOP]
    web = ObjectKey("apps", "Deployment", "shop", "web")
    api.applications.observe(record, now=1.0, inventory={web: Entry(web, "v1", digest="a" * 64)}, status=record.status)
    assert 200 == api.ask("PUT", "clusters/prod", CLUSTER)[0]
    named = "group=apps&kind=Deployment&resourceNamespace=shop&resourceName=web"
    status, answer = api.ask("POST", f"applications/shop/resource/actions?{named}", {"action": "restart"})
    assert (202, ["id"]) == (status, list(answer["check"])), answer
    check = answer["check"]["id"]
    assert (200, {"done": False, "found": None}) == api.ask("GET", f"applications/shop/checks/{check}")
    found = {"application": str(SHOP), "object": str(web), "done": []}
    for known in (None, found):
        if known is not None:
            Registry(api.table, None, "m").put_check("prod", check, known, now=time.time())  # type: ignore[arg-type]
        assert 404 == api.ask("GET", f"clusters/prod/check/{check}")[0]
    assert (200, {"done": True, "found": found}) == api.ask("GET", f"applications/shop/checks/{check}")
    assert 200 == api.ask("POST", "applications", {**application("other")})[0]
    assert 404 == api.ask("GET", f"applications/other/checks/{check}")[0]
