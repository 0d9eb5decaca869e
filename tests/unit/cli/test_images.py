"""`mooring image`: what it sends and prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
ROW = {
    "application": "argocd/shop", "alias": "app", "image": "ghcr.io/shop/web", "current": "v1.2.0", "wanted": "v1.3.0",
    "status": "Held", "message": "v1.3.0 was taken back", "commit": "", "pullRequest": "", "since": "",
}  # fmt: skip
UPDATE = {
    "application": "argocd/shop", "alias": "app", "image": "ghcr.io/shop/web", "from": "v1.2.0", "to": "v1.3.0",
    "why": "the highest of 3", "held": False, "method": "git", "repository": "https://git.test/shop.git",
    "branch": "main", "path": "web",
}  # fmt: skip


def test_images_are_listed(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN images WHEN asked for THEN a line says what runs, what should, and what is in the way."""
    api.on("GET /api/v1/images?app=shop", {"items": [ROW]})
    line = mooring("image", "list", "shop").out.splitlines()[-1]
    assert ["argocd/shop", "ghcr.io/shop/web", "v1.2.0", "v1.3.0", "Held"] == line.split()[:5]
    assert [ROW] == json.loads(mooring("image", "list", "shop", "-o", "json").out)["items"]


def test_a_plan_is_waited_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a plan that takes a moment THEN it is asked for until it is there, and says what would be written where."""
    api.on("POST /api/v1/images/plan", {"plan": {"id": "one"}}, status=202)
    note = {"application": "argocd/other", "alias": "app", "image": "web", "message": "no tag is admitted"}
    answer = {"updates": [UPDATE, UPDATE | {"held": True}], "notes": [note], "current": 4, "requests": 2}
    api.on("GET /api/v1/images/plan/one", {}, answer)
    outcome = mooring("image", "plan")
    assert 0 == outcome.code
    assert "v1.3.0  git  main    web   the highest of 3" in outcome.out
    assert "taken back" in outcome.out
    assert "argocd/other web: no tag is admitted" in outcome.out
    assert outcome.out.endswith("2 to update, 4 up to date, 2 requests to registries\n")


def test_a_plan_that_fails_is_an_error(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a plan that can't be made, or that doesn't come, the command fails and says why."""
    api.on("POST /api/v1/images/plan", {"plan": {"id": "one"}}, status=202)
    api.on("GET /api/v1/images/plan/one", {}, {"error": "gokit was not found"})
    outcome = mooring("image", "plan", "--timeout", "0")
    assert (1, "") == (outcome.code, outcome.out)
    assert "not in time: no answer after 0 s" in outcome.err
    outcome = mooring("image", "plan")
    assert (1, "error: gokit was not found\n") == (outcome.code, outcome.out)


def test_an_update_is_asked_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an application, it is looked at now."""
    api.on("POST /api/v1/images/update?app=shop", {"applications": ["argocd/shop"]}, status=202)
    outcome = mooring("image", "update", "shop")
    assert (0, "1 application looked at; see `mooring image list`\n") == (outcome.code, outcome.out)


def test_resources_are_applied_as_they_are(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN an ImageUpdater in a file, it is sent as it is."""
    document = {
        "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
        "kind": "ImageUpdater",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"applicationRefs": []},
    }
    (tmp_path / "updater.yaml").write_text(json.dumps(document))
    api.on("POST /api/v1/imageupdaters", {"imageUpdater": document, "warnings": []})
    outcome = mooring("apply", "-f", "updater.yaml")
    assert (0, "imageupdater argocd/shop applied\n", document) == (outcome.code, outcome.out, api.calls[0].body)


def test_updaters_are_listed_and_taken_out_of_force(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN ImageUpdaters THEN each is a line with what to know of it, and one that is named is deleted."""
    updater = {"metadata": {"name": "all", "namespace": "argocd"}, "status": {"warnings": ["spec.x is unknown"]}}
    api.on("GET /api/v1/imageupdaters", {"items": [updater]})
    assert ["argocd/all", "spec.x"] == mooring("image", "updaters").out.splitlines()[-1].split()[:2]
    api.on("DELETE /api/v1/imageupdaters/all?namespace=team", {})
    outcome = mooring("image", "delete-updater", "all", "--namespace", "team")
    assert (0, "imageupdater team/all is deleted\n") == (outcome.code, outcome.out)
