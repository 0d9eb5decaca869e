"""The record through the API's handler and the command, over moto's AWS: exported, checked, and tampered with."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.messages import Cause
from mooring.flows.asked.acting import action_of, is_action
from mooring.flows.asked.declaring import AskPorts, declare, delete
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey
from mooring.model.mergedrequest import MergedRequest, Review
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, DriftRecord
from mooring.queues import Queues
from mooring.state.actions import Actions
from mooring.state.applications import Applications
from mooring.state.packing import pack, unpack
from mooring.state.operations import Operation, ResourceResult
from mooring.state.wanted import Commit
from mooring.state.registry import Registry
from mooring.state.table import Table, delete as remove, put, update
from mooring.starting import LookAsker
from mooring_cli import main as command
from tests.doubles.deployed import API_TOKEN as TOKEN
from tests.doubles.deployed import Handler, deployed_api

ROOT = Path(__file__).parents[2]
NOON = 1_790_000_000.0
KEY = AppKey("argocd", "shop")
COMMIT = Commit(
    "Ada", "ada@acme.test", "=cmd|' /C calc'!A0", repository="github.com/acme/shop", sha="a" * 40, signer="K"
)


@dataclass(frozen=True, slots=True)
class Installation:
    """The handler of `api`, what it reads, and the command over it."""

    handler: Handler
    table: Table
    asking: AskPorts
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    known: Applications | None = None

    @property
    def applications(self) -> Applications:
        return self.known or Applications(self.table)

    def call(self, method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None) -> Any:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        event |= {"rawPath": path, "queryStringParameters": query or {}, "isBase64Encoded": body is not None}
        event["body"] = None if body is None else base64.b64encode(json.dumps(body).encode()).decode()
        event["requestContext"]["http"] |= {"method": method, "path": path, "sourceIp": "203.0.113.9"}
        event["headers"] |= {"authorization": f"Bearer {TOKEN}", "user-agent": "mooring-cli"}
        answer = self.handler(event, None)
        found = json.loads(answer["body"])
        if answer["statusCode"] >= 400:
            raise ConfigurationError(found["detail"], field=found["field"])
        return found

    def mooring(self, *argv: str) -> tuple[int, str]:
        def call(_: Any, method: str, *path: str, query: dict[str, str] | None = None, body: object = None) -> Any:
            return self.call(method, "/".join(("/api/v1", *path)), query=query, body=body)

        self.monkeypatch.setattr("mooring_cli.client.Api.call", call)
        self.capsys.readouterr()
        code = command.main(["--url", "https://api.test", "--token", TOKEN, *argv])
        told = self.capsys.readouterr()
        # The function writes its log to the same standard output, for it runs in this process.
        lines = [line for line in told.out.splitlines(keepends=True) if not line.startswith('{"level"')]
        return code, "".join(lines) + told.err

    def operate(self, number: int, key: AppKey = KEY) -> Operation:
        """One finished sync of the application, a minute after the one before."""
        at = NOON + 60 * number
        result = ResourceResult(
            ObjectKey("apps", "Deployment", "shop", "web"), "v1", "configured", before="1", after="2"
        )
        operation = Operation(
            new_ulid(at), "sync", "Succeeded", "done", at, at + 1, "a" * 40, "b" * 64, 1, Cause("push", "d-1", "ada"),
            COMMIT, (result,), former="c" * 64,
        )  # fmt: skip
        record = self.applications.load([key], inventory=True)[key]
        status = replace(record.status, cluster="in-cluster")
        held = self.applications.begin(record, owner="test", now=at, ttl=9, inventory={}, status=status)
        self.applications.finish(held, inventory={}, status=status, operation=operation, retry=None)
        return operation

    def drift(self, number: int) -> None:
        """Somebody changes a field of the application's object."""
        at = NOON + 60 * number + 30
        fields = (ChangedField(".spec.replicas", 2, 9, "kubectl-edit", "Update", "", ""),)
        self.applications.drifts.record([
            DriftRecord(
                new_ulid(at), str(KEY), "in-cluster", ObjectKey("apps", "Deployment", "shop", "web"), "changed", fields,
                "sweep", at, "noticed", f"mark-{number}",
            )
        ])  # fmt: skip

    def items(self, prefix: str) -> list[dict[str, Any]]:
        return list(self.table.query(f"APP#{KEY}", prefix))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Installation]:
    """An installation with one application."""
    with deployed_api() as found:
        registry = Registry(found.table, None, "mooring")  # type: ignore[arg-type]  # no credentials here
        asking = AskPorts(Applications(found.table), Queues(found.sqs, found.queues), lambda: NOON, registry)
        declare(asking, document("shop"), "ada")
        yield Installation(found.handler, found.table, asking, monkeypatch, capsys)


def document(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {
            "source": {"repoURL": "https://github.com/acme/shop", "path": "."},
            "destination": {"name": "in-cluster", "namespace": name},
        },
    }


def test_everything_is_exported_and_whole(world: Installation) -> None:
    """GIVEN operations, drift and actions WHEN exported THEN each has who, when, why, what; and verify finds nothing."""
    for number in range(3):
        world.drift(number)
        world.operate(number)
    request = MergedRequest(
        7, "Change", "https://github.test/7", "ada", "grace", reviews=(Review("linus", "approved"),)
    )
    world.applications.merged_requests.note((COMMIT.repository, COMMIT.sha), request, now=NOON)
    world.call("POST", "/api/v1/applications", body=document("other"))
    code, out = world.mooring("audit", "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (0, 7) == (code, len(rows))
    operation = next(row for row in rows if row["kind"] == "operation")
    assert ("ada", "push", "d-1", "argocd/shop") == tuple(
        operation[name] for name in ("actor", "trigger", "cause", "application")
    )
    assert ("Ada", "K", "grace", "linus") == (
        operation["commit"]["author"],
        operation["commit"]["signer"],
        operation["mergedRequest"]["merged_by"],
        operation["mergedRequest"]["reviews"][0]["reviewer"],
    )
    assert ("c" * 64, "1", "2") == (
        operation["formerBundle"], operation["objects"][0]["before"], operation["objects"][0]["after"]
    )  # fmt: skip
    action = next(row for row in rows if row["kind"] == "action")
    assert ("admin", "POST /api/v1/applications", "203.0.113.9", "other") == (
        action["actor"], action["action"], action["source"], action["told"]["name"]
    )  # fmt: skip
    drift = next(row for row in rows if row["kind"] == "drift")
    assert (".spec.replicas", 2, 9) == tuple(
        drift["objects"][0]["fields"][0][name] for name in ("path", "before", "after")
    )
    code, out = world.mooring("audit", "verify")
    assert (0, "5 chains with 7 records are whole") == (code, out.strip())
    code, out = world.mooring("app", "history", "shop", "--all")
    assert (0, 3) == (code, out.count("Deployment/web"))
    code, out = world.mooring("app", "history", "shop", "--id", operation["id"])
    assert 0 == code
    assert "Merged:     https://github.test/7 by grace; linus (approved)" in out
    assert ["Deployment/shop/web", "configured", "1", "2", "-"] == out.splitlines()[-1].split()
    assert 1 == world.mooring("app", "history", "shop", "--id", "NOPE")[0]


def test_pages_leave_nothing_out(world: Installation) -> None:
    """GIVEN records in several chains WHEN read two at a time THEN each comes once, in the order of its chain."""
    declare(world.asking, document("other"), "ada")
    for number in range(5):
        world.operate(number)
        world.operate(number, AppKey("argocd", "other"))
        world.drift(number)
    found, after = [], {}
    for _ in range(20):
        answer = world.call("GET", "/api/v1/audit", query={"limit": "2"} | after)
        found += [(row["record"]["chain"], row["record"]["seq"]) for row in answer["items"]]
        after = dict(answer["metadata"])
        if not after:
            break
    chains = ("argocd/other", "argocd/shop", "argocd/shop drift")
    assert [(chain, seq) for chain in chains for seq in range(1, 6)] == found


@pytest.mark.parametrize("kind", ["operation", "drift", "action"])
def test_the_newest_come_first_where_somebody_says_so(world: Installation, kind: str) -> None:
    """GIVEN a chain WHEN its newest are asked for two at a time THEN each record comes once, from the last to the first."""
    actions = Actions(world.table)
    for number in range(5):
        world.operate(number)
        world.drift(number)
        actions.note(new_ulid(NOON + number), {"time": "", "action": "x", "outcome": "", "actor": "ada"})
    asked = {"limit": "2", "kind": kind, "order": "newest", "since": "2026-01-01T00:00:00Z"}
    found, after = [], {}
    for _ in range(9):
        answer = world.call("GET", "/api/v1/audit", query=asked | after)
        found.append([row["record"]["seq"] for row in answer["items"]])
        after = dict(answer["metadata"])
        if not after:
            break
    assert [[5, 4], [3, 2], [1]] == found
    with pytest.raises(ConfigurationError, match="order"):
        world.call("GET", "/api/v1/audit", query={"order": "dearest"})


def test_a_time_and_an_application_narrow_it(world: Installation) -> None:
    """GIVEN an operation a minute WHEN a time is asked for THEN those that began in it come; nonsense is refused."""
    for number in range(5):
        world.operate(number)
    window = {"since": "2026-09-21T14:13:50Z", "until": "2026-09-21T14:15:50Z", "app": "shop", "kind": "operation"}
    answer = world.call("GET", "/api/v1/audit", query=window)
    assert [2, 3] == [row["record"]["seq"] for row in answer["items"]]
    for name, value in [("since", "soon"), ("limit", "0"), ("kind", "x"), ("continue", "x"), ("app", "A B")]:
        with pytest.raises(ConfigurationError, match=name):
            world.call("GET", "/api/v1/audit", query={name: value})


def test_a_time_that_ends_before_it_begins_is_refused(world: Installation) -> None:
    """GIVEN actions and operations WHEN `since` is later than `until`, or a page is asked to go on elsewhere THEN it is
    said, or there is nothing; a moment that is both is one.
    """
    world.operate(0)
    early, late = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00+00:00"
    for kind in ("action", "operation", "drift"):
        with pytest.raises(ConfigurationError, match="since: must not be later than `until`"):
            world.call("GET", "/api/v1/audit", query={"kind": kind, "since": late, "until": early})
        assert [] == world.call("GET", "/api/v1/audit", query={"kind": kind, "since": early, "until": early})["items"]
        beyond = base64.urlsafe_b64encode(b'["installation","zz"]').decode()
        asked = {"kind": kind, "since": late, "continue": beyond}
        assert [] == [
            row for row in world.call("GET", "/api/v1/audit", query=asked)["items"] if row["kind"] == "action"
        ]
    for since in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert [] == world.call("GET", "/api/v1/drifts", query={"since": since})["items"]


def test_csv_holds_no_formula(world: Installation) -> None:
    """GIVEN a commit whose subject is a formula WHEN exported as CSV THEN a spreadsheet takes it for text."""
    world.operate(1)
    code, out = world.mooring("audit", "--format", "csv", "--app", "shop")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (0, "'" + COMMIT.subject, "Deployment/shop/web configured", "1") == (
        code, row["subject"], row["objects"], row["seq"]
    )  # fmt: skip


def tampered(name: str, world: Installation) -> None:
    """One deed of somebody who may write the table."""
    items, drifts = world.items("OP#"), world.items("DRIFT#")
    pk = f"APP#{KEY}"
    match name:
        case "edit":
            body = unpack(items[1]["body"]) | {"message": "nothing to see"}
            world.table.write(update((pk, items[1]["sk"]), {"body": pack(body)}))
        case "remove":
            world.table.write(remove((pk, items[1]["sk"])))
        case "remove the last":
            world.table.write(remove((pk, items[-1]["sk"])))
        case "swap":
            world.table.write(put(items[0] | {"sk": items[1]["sk"]}), put(items[1] | {"sk": items[0]["sk"]}))
        case "insert":
            world.table.write(put(items[1] | {"sk": f"OP#{new_ulid(NOON)}#000002"}))
        case "insert unchained":
            world.table.write(put({"pk": pk, "sk": f"OP#{new_ulid(NOON)}", "body": items[0]["body"]}))
        case "edit drift":
            world.table.write(update((pk, drifts[0]["sk"]), {"cluster": "another"}))
        case "remove drift":
            world.table.write(remove((pk, drifts[0]["sk"])))
        case "edit action":
            (action,) = [item for item in world.table.query("ACTIONS") if item["sk"] != "HEAD"]
            body = unpack(action["body"]) | {"actor": "somebody else"}
            world.table.write(update(("ACTIONS", action["sk"]), {"body": pack(body)}))
        case "garbage":
            world.table.write(update((pk, items[1]["sk"]), {"body": b"nothing to see"}))
        case "garbage of a drift":
            world.table.write(update((pk, drifts[1]["sk"]), {"body": pack({"x": 1}), "at": "noon"}))
        case "garbage of an action":
            (action,) = [item for item in world.table.query("ACTIONS") if item["sk"] != "HEAD"]
            world.table.write(update(("ACTIONS", action["sk"]), {"body": pack([]), "seq": "one"}))
        case "remove all":
            world.table.delete_all([(pk, item["sk"]) for item in items])


@pytest.mark.parametrize(
    "deed",
    [
        "edit", "remove", "remove the last", "swap", "insert", "insert unchained", "edit drift", "remove drift",
        "edit action", "remove all", "garbage", "garbage of a drift", "garbage of an action",
    ],
)  # fmt: skip
def test_verify_finds(deed: str, world: Installation) -> None:
    """GIVEN a whole record WHEN somebody with write access does one thing to it THEN verify fails and says where."""
    for number in range(3):
        world.drift(number)
        world.operate(number)
    world.call("POST", "/api/v1/applications", body=document("other"))
    assert 0 == world.mooring("audit", "verify")[0]
    tampered(deed, world)
    code, out = world.mooring("audit", "verify")
    assert 1 == code
    assert "faults in 1 chains" in out, out
    # AND the rest can still be read
    for way in (["audit"], ["audit", "--format", "csv"], ["app", "history", "shop", "--all"]):
        assert 0 == world.mooring(*way)[0]


def test_anchors_find_a_rewritten_history(world: Installation, tmp_path: Path) -> None:
    """GIVEN ends that an auditor kept WHEN a whole chain is made anew without them THEN only the anchors tell."""
    anchors = tmp_path / "anchors.jsonl"
    for number in range(3):
        world.operate(number)
    assert 0 == world.mooring("audit", "verify", "--anchors", str(anchors))[0]
    lines = [json.loads(line) for line in anchors.read_text().splitlines()]
    assert [("argocd/shop", 3)] == [(line["chain"], line["seq"]) for line in lines]
    world.operate(3)
    assert 0 == world.mooring("audit", "verify", "--anchors", str(anchors))[0], "a chain that has grown is whole"
    world.table.delete_all([(item["pk"], item["sk"]) for item in (*world.items("OP#"), *world.items("LEASE"))])
    for number in range(4):
        world.operate(number)
    assert 0 == world.mooring("audit", "verify")[0], "the table alone can't tell"
    code, out = world.mooring("audit", "verify", "--anchors", str(anchors))
    assert 1 == code
    assert "was rewritten since the anchor" in out


def test_what_an_operation_changed_is_looked_up(world: Installation) -> None:
    """GIVEN somebody who asks which fields an operation changed WHEN the look has answered THEN both values are shown."""
    operation = world.operate(1)
    fields = [{"path": ".spec.replicas", "before": 2, "after": None}]
    found = {"objects": [{"object": "Deployment/web", "result": "configured", "fields": fields}], "leftOut": 1}

    def look(_: LookAsker, question: dict[str, Any]) -> dict[str, Any]:
        if question != {"ask": "changes", "app": "argocd/shop", "operation": operation.id}:
            raise ConfigurationError("the application has no such operation", field="operation")
        return {"answer": found}

    world.monkeypatch.setenv("MOORING_LOOK_FUNCTION", "mooring-look")
    world.monkeypatch.setattr(LookAsker, "__call__", look)
    code, out = world.mooring("app", "history", "shop", "--id", operation.id, "--fields")
    expected = ["Deployment/web configured", "  .spec.replicas", "    - 2", "… and 1 more objects"]
    assert (0, expected) == (code, out.splitlines())
    assert 1 == world.mooring("app", "history", "shop", "--id", "NOPE", "--fields")[0]
    assert [] == world.call("GET", "/api/v1/audit", query={"kind": "action"})["items"]


def test_a_deleted_application_keeps_its_records(world: Installation) -> None:
    """GIVEN an application that is gone WHEN one of its name is declared THEN the chain goes on; its history is new."""
    world.operate(1)
    delete(world.asking, KEY, "ada", cascade=False)
    record = world.applications.load([KEY], inventory=True)[KEY]
    held = world.applications.begin(record, owner="t", now=NOON, ttl=9, inventory={}, status=record.status)
    gone = Operation(
        new_ulid(NOON + 100), "delete", "Succeeded", "deleted", NOON + 100, NOON + 101, "", "", 2,
        Cause("person", by="ada"), Commit(),
    )  # fmt: skip
    world.applications.forget(held, ["github.com/acme/shop"], operation=gone, now=NOON)
    assert world.applications.load([KEY])[KEY].spec is None
    assert (0, "3 chains with 2 records are whole") == (lambda told: (told[0], told[1].strip()))(
        world.mooring("audit", "verify")
    )
    declare(world.asking, document("shop"), "ada")
    again = world.operate(5)
    assert [again.id] == [each.id for each in world.applications.operations(KEY, 10)]
    answer = world.call("GET", "/api/v1/audit", query={"app": "shop", "kind": "operation"})
    assert [(1, "sync"), (2, "delete"), (3, "sync")] == [(r["record"]["seq"], r["action"]) for r in answer["items"]]
    assert 0 == world.mooring("audit", "verify")[0]


def test_no_secret_goes_on_record(world: Installation) -> None:
    """GIVEN requests that carry credentials WHEN carried out or refused THEN who and where is told, and no secret."""
    refused = {"url": "https://ada:hunter2@git.test/x?token=hunter2", "password": "hunter2", "kind": "zip"}
    with pytest.raises(ConfigurationError):
        world.call("PUT", "/api/v1/repositories", body=refused)
    answer = world.call("GET", "/api/v1/audit", query={"kind": "action"})
    assert ["asked", "refused"] == [row["outcome"] for row in answer["items"]]
    assert "https://git.test/x" == answer["items"][0]["told"]["url"]
    assert answer["items"][0]["id"] == answer["items"][1]["told"]["of"]
    assert "hunter2" not in json.dumps(answer)


def test_functions_that_take_turns_make_one_chain(world: Installation) -> None:
    """GIVEN functions that each remember an end that has moved on WHEN all put things on record THEN nothing is lost."""
    functions = [(Actions(world.table), replace(world, known=Applications(world.table))) for _ in range(3)]
    for turn in range(4):
        for number, (actions, other) in enumerate(functions):
            body = {"time": "", "actor": f"{number}", "action": f"{turn}", "outcome": ""}
            actions.note(new_ulid(NOON + turn), body)
            other.drift(10 * turn + number)
            other.drift(100)  # all see this one, too
    answer = world.call("GET", "/api/v1/audit")
    assert {"action": 12, "drift": 13} == Counter(row["kind"] for row in answer["items"])
    assert 0 == world.mooring("audit", "verify")[0]


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("POST", "/api/v1/applications", True),
        ("DELETE", "/api/v1/applications/shop/operation", True),
        ("PUT", "/api/v1/settings", True),
        ("POST", "/api/v1/applicationsets/shops/confirm", True),
        ("PATCH", "/api/v1/clusters/prod", True),
        ("GET", "/api/v1/applications", False),
        ("POST", "/api/v1/hooks/list", False),
        ("GET", "/api/v1/applications/shop/blame", False),
        ("GET", "/api/v1/applications/shop/operations/01ABC/changes", False),
        ("POST", "/api/v1/applicationsets/preview", False),
        ("POST", "/api/v1/clusters/prod/check", False),
        ("POST", "/api/v1/stream", False),
    ],
)
def test_what_changes_something_is_an_action(method: str, path: str, changes: bool) -> None:
    """GIVEN a request THEN it is an action where it changes something, whatever route it is."""
    assert changes == is_action(method, path)


def test_an_action_is_told_within_bounds() -> None:
    """GIVEN a body that is huge, or no text at all, or a Secret WHEN told THEN it is short, storable and no digest."""
    body = json.dumps({"resources": ["x" * 9_000] * 900, "name": "\ud800", "password": "hunter2"}).encode()
    action = action_of("POST", "/\ud800", {"a": "y" * 9_000}, body, actor="a", now=NOON, source="", agent="\udfff")
    assert len(pack(action)) < 10_000
    assert 60 * 501 > len(json.dumps(action))
    assert "hunter2" not in json.dumps(action)
    secret = {"kind": "Secret", "metadata": {"name": "repo"}, "stringData": {"password": "hunter2"}}
    told = action_of("PUT", "/", {}, json.dumps(secret).encode(), actor="a", now=NOON, source="", agent="")["told"]
    assert {"kind": "Secret", "name": "repo"} == told
    for nonsense in (b"", b"[]", b"{", b"\xff"):
        assert {} == action_of("PUT", "/", {}, nonsense, actor="a", now=NOON, source="", agent="")["told"]


def test_operations_and_drift_come_in_pages(world: Installation) -> None:
    """GIVEN more than a page WHEN each is asked for with the token of the one before THEN each row is there once."""
    made = [world.operate(number).id for number in range(5)]
    for number in range(5):
        world.drift(number)
    lists = {"/api/v1/applications/shop/operations": {}, "/api/v1/drifts": {"app": str(KEY)}}
    for path, query in lists.items():
        pages: list[list[str]] = []
        after: str | None = ""
        while after is not None:
            answer = world.call("GET", path, query={**query, "limit": "2", **({"continue": after} if after else {})})
            pages.append([each["id"] for each in answer["items"]])
            after = answer["metadata"].get("continue")
        assert [2, 2, 1] == [len(page) for page in pages]
        ids = [each for page in pages for each in page]
        assert sorted(ids, reverse=True) == ids
        assert 5 == len(set(ids))
    newest = world.call("GET", "/api/v1/applications/shop/operations", query={"limit": "1"})["items"][0]
    assert (made[-1], "", 0) == (newest["id"], newest["returnedTo"], newest["requests"])
    assert (0, 0) == (newest["cost"]["gbSeconds"], newest["cost"]["usd"])
