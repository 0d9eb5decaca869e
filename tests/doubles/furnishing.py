"""Everything beside applications that the dashboard shows: declared by the API, and seen as functions would write it."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mooring.events.messages import Cause
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey
from mooring.model.setkey import SetKey
from mooring.state.applications import Applications
from mooring.state.applicationsets import Basis, SetCondition, SetStatus
from mooring.state.clusters import Outage
from mooring.state.deliveries import Deliveries, Told
from mooring.state.images import ImageRow, ImagesState, ImageStates
from mooring.state.notes import Note, Notes
from mooring.state.promotions import PromotionStatus
from mooring.state.operations import Operation
from mooring.state.wanted import Commit
from mooring.state.registry import Registry
from mooring.state.spending import Cost, spending
from tests.doubles.deployed import API_TOKEN

if TYPE_CHECKING:
    from tests.doubles.browsing import Desk

__all__ = ["furnish", "registry_of", "tell_api"]

_DAY = 86_400.0
_PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "shop"},
    "spec": {
        "description": "All of the shop's team",
        "sourceRepos": ["https://git.test/shop/*"],
        "destinations": [{"name": "*", "namespace": "shop-*"}],
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        "roles": [
            {"name": "ci", "description": "What builds", "policies": ["p, proj:shop:ci, applications, sync, shop/*, allow"]}
        ],
        "syncWindows": [
            {"kind": "allow", "schedule": "0 8 * * *", "duration": "9h", "applications": ["*"], "manualSync": True},
            {"kind": "deny", "schedule": "0 18 * * fri", "duration": "62h", "timeZone": "Europe/Berlin", "namespaces": ["shop-prod"]},
        ],
    },
}  # fmt: skip
_SET = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "ApplicationSet",
    "metadata": {"name": "fleet"},
    "spec": {
        "goTemplate": True,
        "generators": [{"list": {"elements": [{"name": "one"}]}}],
        "template": {
            "metadata": {"name": "fleet-{{ .name }}"},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.test/shop/deploy", "path": "."},
                "destination": {"name": "lab", "namespace": "shop-one"},
            },
        },
    },
}


def tell_api(desk: Desk, method: str, path: str, body: Any = None) -> Any:
    """What the administrator is answered."""
    asked = urllib.request.Request(  # noqa: S310 (a port of this test)
        f"{desk.url}/api/v1/{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {API_TOKEN}", "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")


def registry_of(desk: Desk) -> Registry:
    """The registry of an installation, without credentials."""
    return Registry(desk.behind.table, None, "m")  # type: ignore[arg-type]


def furnish(desk: Desk) -> None:
    """Two clusters (one out of reach), a project, a set that holds a removal, two promotions, repositories, deliveries,
    costs, images, settings, and a note that was given up."""
    now = time.time()
    for name in ("lab", "far"):
        tell_api(desk, "PUT", f"clusters/{name}", {
            "server": f"https://{name}.test", "config": {"bearerToken": "t"}, "labels": {"tier": "test"}, "default": name == "lab",
        })  # fmt: skip
    registry, table = registry_of(desk), desk.behind.table
    far = next(each for each in registry.clusters() if each.name == "far")
    registry.note_outage(far, Outage(now - 3600, "nobody answers at far.test:443", now))
    tell_api(desk, "POST", "projects", _PROJECT)
    for name in ("web-dev", "web-staging", "web-prod"):
        tell_api(desk, "POST", "applications", _application(name))
    _sets(desk, registry, now)
    _promotions(desk, registry, now)
    for url, kind in (("https://git.test/shop/", "git"), ("https://charts.test", "helm")):
        tell_api(desk, "PUT", "repositories", {"url": url, "type": kind, "username": "bot", "password": "never shown", **({"name": "charts"} if kind == "helm" else {})})  # fmt: skip
    deliveries = Deliveries(table)
    deliveries.note(Told(now - 60, "github", "push", "delivery-1", "queued", repository="git.test/shop/deploy", refs=("main",), by="ada", applications=("argocd/web-dev",), concerned=1, touched=1), {})  # fmt: skip
    deliveries.note(Told(now - 7200, "gitlab", "push", "delivery-2", "ignored", "no application is concerned", repository="git.test/other/repo", refs=("next",)), {})  # fmt: skip
    deliveries.refuse(Told(now - 9000, "gogs", "", "", "refused", reason="no secret", source="192.0.2.1"))
    _costs(desk, now)
    rows = (
        ImageRow("web", "registry.test/shop/web", "1.4.1", "1.4.2", "a newer one waits for its window", held=True, since=now - 600),
        ImageRow("api", "registry.test/shop/api", "2.0.0", "2.0.0", since=now - 6000),
    )  # fmt: skip
    ImageStates(table).save(AppKey.parse("argocd/web-dev"), ImagesState(rows=rows))
    tell_api(desk, "PUT", "settings/access", {"data": {"policy.csv": "p, role:reader, applications, get, */*, allow\n", "policy.default": ""}})  # fmt: skip
    tell_api(desk, "PUT", "settings", {"data": {"resource.exclusions": "- kinds: [Event]\n  apiGroups: ['']\n"}})
    note = Note("argocd/web-dev", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "on-sync-failed", "slack", "#shop", now, {"summary": {"title": "web-dev failed"}})  # fmt: skip
    notes = Notes(table)
    notes.end(notes.begin(notes.write(note), until=now + 60), "failed", now=now, error="the channel is archived")


def _application(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "annotations": {"argocd-image-updater.argoproj.io/image-list": "web=registry.test/shop/web"},
        },
        "spec": {
            "project": "shop",
            "source": {"repoURL": "https://git.test/shop/deploy", "path": "web"},
            "destination": {"name": "lab", "namespace": "shop-web"},
        },
    }


def _sets(desk: Desk, registry: Registry, now: float) -> None:
    tell_api(desk, "POST", "applicationsets", _SET)
    key, sets = SetKey.parse("argocd/fleet"), registry.sets
    leased = sets.begin(sets.load([key])[key], owner="test", now=now, ttl=30)
    condition = SetCondition("ParametersGenerated", True, "ParametersGenerated", "1 application is generated", now - 90)
    status = SetStatus((condition,), "", ("fleet-old",), "token-of-the-removal")
    sets.finish(leased, status=status, basis=Basis(generation=1), follows={})


def _promotions(desk: Desk, registry: Registry, now: float) -> None:
    stands = (
        ("to-staging", "web-dev", "web-staging", "Verified", "web 1.4.1 runs well in staging"),
        ("to-prod", "web-staging", "web-prod", "Waiting", "checks at 4f2a are not finished: e2e"),
    )
    for name, source, target, phase, message in stands:
        tell_api(desk, "POST", "promotions", {
            "apiVersion": "mooring.dev/v1alpha1", "kind": "Promotion", "metadata": {"name": name},
            "spec": {"project": "shop", "from": {"application": source}, "to": {"application": target}, "moves": {"images": ["*"]}},
        })  # fmt: skip
        key = PromotionKey.parse(f"argocd/{name}")
        record = registry.promotions.load([key])[key]
        status = PromotionStatus(phase, message, now - 300, url="https://git.test/shop/deploy/pulls/7")  # type: ignore[arg-type]
        registry.promotions.note(record, status)


def _costs(desk: Desk, now: float) -> None:
    applications = Applications(desk.behind.table)
    records = applications.load([AppKey.parse(f"argocd/{name}") for name in ("web-dev", "web-staging")])
    operation = Operation(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sync", "Succeeded", "done", now, now + 1, "a" * 40, "b" * 64, 1,
        Cause("tick"), Commit(), requests=7, cost=Cost(0.5, 6, 10.0, 14.0),
    )  # fmt: skip
    for day in range(10):
        at = now - day * _DAY
        for number, (key, record) in enumerate(records.items()):
            for _ in range(1 + (day * (number + 1)) % 4):
                ended = replace(operation, started_at=at, finished_at=at)
                desk.behind.table.write(spending(str(key), record.spec, "lab", ended, Cost(0.25, 3, 1.5, 0.5)))
