"""`mooring drift` and `mooring app blame`: what they ask and print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
FIELD = {
    "path": ".spec.replicas", "before": 2, "after": 5, "manager": "kubectl-edit", "operation": "Update",
    "subresource": "", "time": "2026-03-01T02:00:00Z",
}  # fmt: skip


def drift(**told: Any) -> dict[str, Any]:
    return {
        "id": "01KJ", "application": "argocd/shop", "cluster": "prod", "what": "changed", "done": "reverted",
        "operation": "01KK", "seenBy": "watch", "noticedAt": "2026-03-01T02:00:01Z", "endedAt": "2026-03-01T02:00:02Z",
        "object": {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"},
        "fields": [FIELD], "who": [{"user": "ada", "certain": True, "at": "2026-03-01T02:00:00Z", "verb": "patch",
        "fields": [".spec.replicas"], "deed": "1", "address": "192.0.2.7"}], **told,
    }  # fmt: skip


def test_drift_is_listed_with_whoever_made_it(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a certain author, a likely one, and none WHEN listed THEN the line says which of these it is."""
    likely = drift(who=[{**drift()["who"][0], "certain": False}])
    api.on("GET /api/v1/drifts?app=shop&who=ada", {"items": [drift(), likely, drift(who=[])]})
    lines = mooring("drift", "list", "--app", "shop", "--who", "ada").out.splitlines()
    assert ["WHO", "ada", "ada?", "(kubectl-edit)"] == [line.split()[-2] for line in lines]
    assert "changed: .spec.replicas" in lines[1]


def test_one_drift_shows_what_it_said_before(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a record WHEN shown THEN both values, the person and the address are there."""
    api.on("GET /api/v1/drifts/01KJ", drift())
    shown = mooring("drift", "show", "01KJ").out
    for told in ("  - 2", "  + 5", "certainly ada: patch", "192.0.2.7", "reverted", "Deployment.apps shop/web in prod"):
        assert told in shown


BLAME = "GET /api/v1/applications/shop/blame?namespace=argocd"


def test_blame_is_asked_once_and_shows_one_field(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an object WHEN one field is asked for THEN that alone is shown, with its commit and request, by one request."""
    commit = {
        "sha": "a" * 40, "revision": "a" * 40, "subject": "Scale up", "author": "Ada", "synced": "2026-03-01T01:00:00Z",
        "request": {"number": 7, "title": "More of it"},
    }  # fmt: skip
    ours = {**FIELD, "value": 2, "manager": "mooring", "operation": "Apply", "commit": commit}
    theirs = {**FIELD, "path": ".spec.paused", "value": True, "who": [{"user": "bob", "certain": False}]}
    found = {"object": "apps/Deployment/shop/web", "fields": [ours, theirs]}
    api.on(f"{BLAME}&group=%2A&kind=Deployment&resourceNamespace=%2A&resourceName=web", found)
    shown = mooring("app", "blame", "shop", "Deployment/web", "spec.replicas").out
    assert 1 == len(api.calls)
    assert "aaaaaaa: Scale up (#7 More of it)" in shown
    assert ".spec.paused" not in shown
    assert "bob?" in mooring("app", "blame", "shop", "Deployment/web").out
    assert 1 == mooring("app", "blame", "shop", "Deployment/web", "spec.template").code


def test_blame_takes_an_objects_whole_name(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a group and a namespace WHEN blamed THEN both are asked for; what names no object is refused unasked."""
    row = {**FIELD, "value": 2, "manager": "helm"}
    api.on(
        f"{BLAME}&group=apps&kind=Deployment&resourceNamespace=shop&resourceName=web",
        {"object": "apps/Deployment/shop/web", "fields": [row]},
    )
    assert "helm" in mooring("app", "blame", "shop", "Deployment.apps/shop/web").out
    asked = len(api.calls)
    for nothing in ("web", "Deployment/", "/web", "a/b/c/d"):
        outcome = mooring("app", "blame", "shop", nothing)
        assert (1, True) == (outcome.code, "must be KIND/NAME" in outcome.err)
    assert asked == len(api.calls)


def test_blame_of_what_is_not_there_fails(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an object that is gone WHEN blamed THEN the command fails and says so."""
    told = {"title": "Not Found", "detail": "the object is not in the cluster", "field": None}
    api.on(f"{BLAME}&group=%2A&kind=Deployment&resourceNamespace=%2A&resourceName=web", told, status=404)
    outcome = mooring("app", "blame", "shop", "Deployment/web")
    assert 1 == outcome.code
    assert "the object is not in the cluster" in outcome.err


def test_people_behind_one_user_are_told_apart(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN two people who come through one proxy, which impersonates them, WHEN listed, shown or blamed THEN each is
    named, with the user that logged in.
    """
    one = drift()["who"][0]
    people = [{**one, "user": "proxy", "impersonated": name, "certain": False} for name in ("ada", "bob")]
    api.on("GET /api/v1/drifts", {"items": [drift(who=people)]})
    assert "proxy as ada? (+1)" in mooring("drift", "list").out
    api.on("GET /api/v1/drifts/01A", drift(who=people))
    assert "likely proxy as bob: patch" in mooring("drift", "show", "01A").out
