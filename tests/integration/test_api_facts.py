"""What the API tells of clusters and repositories beside their registration, and that two people don't overwrite one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from mooring.errors import UnreachableError
from mooring.events.messages import Cause
from mooring.model.application import AppKey
from mooring.starting import LookAsker
from mooring.state.applications import Applications
from mooring.state.clusters import Outage
from mooring.state.deliveries import Deliveries, Told
from mooring.state.wanted import Commit, Input, Rendering, RenderFailure, WantedState
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table
from mooring.state.watchers import Watchers
from tests.doubles.deployed import API_TOKEN, Handler, deployed_api

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://git.test/acme/shop.git"
SHA, OLDER = "a" * 40, "b" * 40
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
ANSWERS = {
    "state": "answers", "at": NOON, "milliseconds": 12, "version": "v1.36.3", "user": "mooring", "nodes": 3,
    "namespaces": 9, "message": "", "next": "",
}  # fmt: skip


@dataclass(slots=True)
class Api:
    """The handler; `look` answers what `told` says, and is asked what `asked` holds."""

    handler: Handler
    table: Table
    told: Any = field(default_factory=lambda: {"answer": dict(ANSWERS)})
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, str]:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path, _, query = path.partition("?")
        event["queryStringParameters"] = dict(parse_qsl(query))
        event |= {"rawPath": f"/api/v1/{path}", "body": None if body is None else json.dumps(body)}
        event["requestContext"]["http"] |= {"method": method, "path": f"/api/v1/{path}"}
        event["headers"] = {"authorization": f"Bearer {API_TOKEN}"}
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"].get("etag", "")

    def get(self, path: str) -> Any:
        status, answer, _ = self.ask("GET", path)
        assert 200 == status, answer
        return answer

    def look(self, question: Mapping[str, Any]) -> Any:
        self.asked.append(question)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    @property
    def registry(self) -> Registry:
        return Registry(self.table, SecretStore(None), "m")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A new installation with a cluster, as the function `api` sees it."""
    monkeypatch.setenv("MOORING_LOOK_FUNCTION", "mooring-look")
    with deployed_api() as found:
        made = Api(found.handler, found.table)
        monkeypatch.setattr(LookAsker, "__call__", lambda _, question: made.look(question))
        made.ask("PUT", "clusters/prod", CLUSTER)
        yield made


CLUSTER = {"server": "https://prod.test:6443", "config": {"bearerToken": "s3cret"}}
PROMOTION: dict[str, Any] = {
    "apiVersion": "mooring.dev/v1alpha1",
    "kind": "Promotion",
    "metadata": {"name": "shop"},
    "spec": {
        "from": {"application": "staging"},
        "to": {"application": "production"},
        "moves": {"images": ["registry.test/*"]},
    },
}


def application(name: str, url: str = REPOSITORY) -> dict[str, Any]:
    source = {"repoURL": url, "path": ".", "targetRevision": "main"}
    spec = {"project": "default", "source": source, "destination": {"name": "prod", "namespace": "shop"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name}, "spec": spec}


def rendered(api: Api, name: str, revision: str, at: float, failure: str = "") -> None:
    """What `render` would have written of an application."""
    given = Input(REPOSITORY, "main", revision=revision)
    failed = RenderFailure(failure, True, revision, 1, at) if failure else None
    state = WantedState(
        revision, 1, at, Cause("push", "d1"), Commit(), "r1", Rendering("bundle", (given,), "i", "Directory"),
        failure=failed,
    )  # fmt: skip
    Applications(api.table).want([(AppKey("argocd", name), state)])


# -- clusters ----------------------------------------------------------------------------------------------------------


def test_a_cluster_is_looked_at_for_whoever_asks(api: Api) -> None:
    """GIVEN a cluster with an application WHEN asked how it is THEN the look's answer comes with what is on record."""
    api.ask("POST", "applications", application("shop"))
    found = api.get("clusters/prod/health")
    assert [{"ask": "cluster", "cluster": "prod"}] == api.asked
    assert ("answers", "v1.36.3", 3, 9) == tuple(found[name] for name in ("state", "version", "nodes", "namespaces"))
    assert ("2026-01-01T12:00:00Z", 1, None) == (found["at"], found["applications"], found["lastSync"])
    assert ({"open": False}, {"mode": "sweep"}) == (found["breaker"], found["drift"])
    assert (404, None) == (status := api.ask("GET", "clusters/none/health"))[0:1] + (status[1]["field"],)


def test_an_open_breaker_and_a_silent_watch_are_told(api: Api) -> None:
    """GIVEN a cluster out of reach that was to be watched WHEN asked how it is THEN since when, why and until when."""
    api.ask("PATCH", "clusters/prod", {"annotations": {"mooring.dev/drift": "watch"}})
    (cluster,) = api.registry.clusters()
    api.registry.note_outage(cluster, Outage(NOON, "no route to host", NOON + 60))
    api.told = {"answer": ANSWERS | {"state": "unreachable", "message": "no answer", "next": "look there"}}
    found = api.get("clusters/prod/health")
    breaker = {"open": True, "since": "2026-01-01T12:00:00Z", "reason": "no route to host"}
    assert breaker | {"retryAt": "2026-01-01T12:01:00Z"} == found["breaker"]
    assert ({"mode": "watch", "watched": False}, "look there") == (found["drift"], found["next"])
    Watchers(api.table).enter("prod", "me", now=4_000_000_000, ttl=60)
    assert api.get("clusters/prod/health")["drift"]["watched"]


def test_a_look_that_does_not_come_is_an_error(api: Api) -> None:
    """GIVEN that `look` answers nothing WHEN asked how a cluster is THEN 503: nothing is made up."""
    api.told = UnreachableError("no answer in time")
    assert 503 == api.ask("GET", "clusters/prod/health")[0]


# -- repositories ------------------------------------------------------------------------------------------------------


def test_a_repository_tells_what_was_seen_of_it(api: Api) -> None:
    """GIVEN renders, a failure and a delivery WHEN a registration is read THEN refs, troubles and what was heard are
    told, of other repositories nothing.
    """
    for name in ("shop", "till"):
        api.ask("POST", "applications", application(name, "ssh://git@git.test/acme/shop"))
    api.ask("POST", "applications", application("other", "https://git.test/acmeshop/x"))
    rendered(api, "shop", OLDER, NOON)
    rendered(api, "till", SHA, NOON + 60, failure="chart/Chart.yaml: is missing; add it")
    for at, outcome, repository in ((NOON, "queued", "acme/shop"), (NOON + 30, "refused", "acme/other")):
        told = Told(at, "github", "push", f"d{at}", outcome, repository=f"git.test/{repository}", refs=("main",))
        Deliveries(api.table).note(told, {"id": f"d{at}"})
    api.ask("PUT", "repositories", {"url": "https://git.test/acme/", "token": "s3cret"})
    api.ask("PUT", "repositories", {"url": REPOSITORY, "token": "s3cret"})
    found = api.get(f"repository?url={quote(REPOSITORY)}")
    ref = {"repository": REPOSITORY, "chart": "", "target": "main", "revision": SHA, "at": "2026-01-01T12:01:00Z"}
    assert (2, [ref | {"applications": 2}]) == (found["applications"], found["refs"])
    assert ["argocd/till"] == [each["application"] for each in found["troubles"]]
    assert (True, "add it") == (found["troubles"][0]["triedAgain"], found["troubles"][0]["message"][-6:])
    assert ("queued", "2026-01-01T12:00:00Z") == (found["heard"]["outcome"], found["heard"]["at"])
    # WHEN all are listed with what is known THEN a prefix knows of all that begin with it
    items = {each["url"]: each for each in api.get("repositories?view=facts")["items"]}
    assert "refused" == items["https://git.test/acme/"]["heard"]["outcome"]
    assert found == items[REPOSITORY]
    assert "refs" not in api.get("repositories")["items"][0]
    assert "s3cret" not in json.dumps(items)


def test_a_repository_that_nobody_has_heard_of(api: Api) -> None:
    """GIVEN a registration alone WHEN read THEN nothing is known of it; what isn't registered is 404."""
    api.ask("PUT", "repositories", {"url": REPOSITORY, "token": "s3cret"})
    found = api.get(f"repository?url={quote(REPOSITORY)}")
    assert (0, [], [], None) == tuple(found[name] for name in ("applications", "refs", "troubles", "heard"))
    assert (404, "url") == (answer := api.ask("GET", "repository?url=https://git.test/x"))[:1] + (answer[1]["field"],)


# -- two people --------------------------------------------------------------------------------------------------------


def test_a_cluster_is_changed_only_as_it_was_read(api: Api) -> None:
    """GIVEN two people who read a cluster WHEN both change it THEN the second is told; other credentials count, too,
    and what was found out about it does not.
    """
    tag = api.ask("GET", "clusters/prod")[2]
    (cluster,) = api.registry.clusters()
    api.registry.note_outage(cluster, Outage(NOON, "no route to host", NOON + 60))
    assert 200 == api.ask("PATCH", "clusters/prod", {"labels": {"a": "b"}}, if_match=tag)[0]
    status, told, _ = api.ask("PATCH", "clusters/prod", {"labels": {"c": "d"}}, if_match=tag)
    assert (412, "If-Match") == (status, told["field"])
    tag = api.ask("GET", "clusters/prod")[2]
    assert 200 == api.ask("PUT", "clusters/prod", CLUSTER, if_match=tag)[0]
    assert 412 == api.ask("PUT", "clusters/prod", CLUSTER, if_match=tag)[0]
    assert 412 == api.ask("DELETE", "clusters/prod", if_match=tag)[0]
    assert 412 == api.ask("PUT", "clusters/prod", CLUSTER, if_none_match="*")[0]
    assert 200 == api.ask("DELETE", "clusters/prod", if_match=api.ask("GET", "clusters/prod")[2])[0]


def test_a_repository_is_changed_only_as_it_was_read(api: Api) -> None:
    """GIVEN two people who read a registration WHEN both register it anew THEN the second is told."""
    form = {"url": REPOSITORY, "token": "s3cret"}
    assert 200 == api.ask("PUT", "repositories", form, if_none_match="*")[0]
    assert 412 == api.ask("PUT", "repositories", form, if_none_match="*")[0]
    tag = api.ask("GET", f"repository?url={quote(REPOSITORY)}")[2]
    api.ask("POST", "applications", application("shop"))  # what is known of it stops nobody
    assert 200 == api.ask("PUT", "repositories", form, if_match=tag)[0]
    assert 412 == api.ask("PUT", "repositories", form, if_match=tag)[0]
    assert 412 == api.ask("DELETE", f"repositories?url={quote(REPOSITORY)}", if_match=tag)[0]


def test_a_promotion_is_changed_only_as_it_was_read(api: Api) -> None:
    """GIVEN two people who read a promotion WHEN both declare it otherwise THEN the second is told."""
    assert 200 == api.ask("POST", "promotions", PROMOTION, if_none_match="*")[0]
    tag = api.ask("GET", "promotions/shop")[2]
    changed = {**PROMOTION, "spec": {**PROMOTION["spec"], "to": {"application": "other"}}}
    assert 200 == api.ask("POST", "promotions", changed, if_match=tag)[0]
    assert 412 == api.ask("POST", "promotions", PROMOTION, if_match=tag)[0]
    assert 412 == api.ask("DELETE", "promotions/shop", if_match=tag)[0]


def test_settings_of_notifications_are_changed_only_as_they_were_read(api: Api) -> None:
    """GIVEN two people who read the settings WHEN both write them THEN the second is told."""
    tag = api.ask("GET", "notifications/settings")[2]
    assert 200 == api.ask("PUT", "notifications/settings", {"data": {"context": "a: b"}}, if_match=tag)[0]
    assert 412 == api.ask("PUT", "notifications/settings", {"data": {}}, if_match=tag)[0]
