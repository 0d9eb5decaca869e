"""Rollback, pause, actions, deletions, editing and patching: what the command sends, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome, application

APP = "/api/v1/applications/shop"
GET = f"GET {APP}?namespace=argocd"
OBJECT = "group=apps&kind=Deployment&resourceNamespace=shop&resourceName=web"
Mooring = Callable[..., Outcome]


def node(kind: str, name: str, group: str = "", uid: str = "", **more: Any) -> dict[str, Any]:
    return {
        "group": group,
        "version": "v1",
        "kind": kind,
        "namespace": "shop",
        "name": name,
        "uid": uid or name,
        **more,
    }


TREE = {
    "nodes": [
        node("Deployment", "web", "apps", managed=True, status="Synced", health={"status": "Healthy"}),
        node("ReplicaSet", "web-1", "apps", parentRefs=[{"uid": "web"}]),
        node("Pod", "web-1-a", parentRefs=[{"uid": "web-1"}], info=[{"name": "Node", "value": "n1"}]),
        node("Pod", "web-1-b", parentRefs=[{"uid": "web-1"}]),
        node("ConfigMap", "settings", managed=True, status="OutOfSync"),
    ],
    "summary": {},
    "cut": {"Endpoints": 3},
    "unlisted": [{"group": "", "kind": "Secret", "message": "forbidden"}],
}


@pytest.fixture
def api(api: FakeApi) -> FakeApi:
    """An application with a tree."""
    api.on(f"GET {APP}/resource-tree?namespace=argocd", TREE)
    return api


def test_the_tree_is_drawn_from_owners_down(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a Deployment with pods WHEN its tree is shown THEN each is below its owner, and what is missing is told."""
    outcome = mooring("app", "tree", "shop")
    assert [
        "OBJECT               NAMESPACE  STATUS     HEALTH   INFO",
        "Deployment/web       shop       Synced     Healthy  -",
        "└─ ReplicaSet/web-1  shop       -          -        -",
        "   ├─ Pod/web-1-a    shop       -          -        Node n1",
        "   └─ Pod/web-1-b    shop       -          -        -",
        "ConfigMap/settings   shop       OutOfSync  -        -",
    ] == outcome.out.splitlines()
    assert "warning: Secret could not be listed: forbidden\nwarning: 3 of kind Endpoints did not fit\n" == outcome.err
    assert outcome.out == mooring("app", "resources", "shop", "--tree").out


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ([], {}),
        (["3"], {"id": 3}),
        (["01JB", "--no-prune"], {"operation": "01JB", "prune": False}),
        (["3", "--prune", "--dry-run"], {"id": 3, "prune": True, "dryRun": True}),
    ],
)
def test_a_rollback_names_a_past_sync(api: FakeApi, mooring: Mooring, given: list[str], body: dict[str, Any]) -> None:
    """GIVEN an automated application WHEN it is rolled back THEN the sync is named, waited for, and the pause is told."""
    to = {"operation": "01JB", "revision": "b" * 40, "deployedAt": "2026-01-01T00:00:00Z"}
    paused = {"by": "ann", "at": "2026-01-02T00:00:00Z", "why": "rollback"}
    api.on(f"POST {APP}/rollback?namespace=argocd", {"operation": {"id": "2"}, "to": to, "paused": paused}, status=202)
    api.on(GET, application(id="1"), application(id="2", phase="Running"), application(id="2", message="1 applied"))
    outcome = mooring("app", "rollback", "shop", *given)
    assert (0, body) == (outcome.code, next(call.body for call in api.calls if call.method == "POST"))
    assert outcome.err.startswith("back to bbbbbbb, synced at 2026-01-01T00:00:00Z\nautomated sync is paused: ")
    assert outcome.out.endswith("application shop: Succeeded: 1 applied\n")


def test_pause_resume_refresh_and_confirm(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an application WHEN it is paused, resumed, refreshed and confirmed THEN each is asked for and told."""
    paused = {"by": "ann", "at": "2026-01-02T00:00:00Z", "why": "incident 7"}
    api.on(f"POST {APP}/pause?namespace=argocd", {"paused": paused})
    api.on(f"POST {APP}/resume?namespace=argocd", {"resumed": True}, {"resumed": False})
    api.on(f"POST {APP}/refresh?namespace=argocd", {}, status=202)
    api.on(f"POST {APP}/refresh?namespace=argocd&hard=true", {}, status=202)
    api.on(f"POST {APP}/confirm?namespace=argocd", {"operation": None}, {"operation": {"id": "7"}}, status=202)
    api.on(GET, application())
    told = "application shop: paused by ann at 2026-01-02T00:00:00Z: incident 7\n"
    assert (0, told) == mooring_out(mooring, "pause", "shop", "--why", "incident 7")
    assert {"why": "incident 7"} == api.calls[-1].body
    assert (0, "application shop: resumed\n") == mooring_out(mooring, "resume", "shop")
    assert (0, "application shop: was not paused\n") == mooring_out(mooring, "resume", "shop")
    assert (0, "application shop: hard refresh asked for\n") == mooring_out(mooring, "refresh", "shop", "--hard")
    assert (0, "application shop: deletions confirmed (the one under way)\n") == mooring_out(mooring, "confirm", "shop")
    assert (0, "application shop: deletions confirmed (operation 7)\n") == mooring_out(mooring, "confirm", "shop")
    assert 0 == mooring("app", "get", "shop", "--refresh", "--show-operation").code
    assert ["POST", "GET"] == [call.method for call in api.calls[-2:]]


def mooring_out(mooring: Mooring, *arguments: str) -> tuple[int, str]:
    outcome = mooring("app", *arguments)
    return outcome.code, outcome.out


def test_an_action_is_offered_run_and_told(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an object named by kind and name WHEN an action is run THEN the rest is found, and its outcome is waited for."""
    offered = {"name": "scale", "disabled": False, "params": [{"name": "replicas", "default": ""}]}
    actions = f"{APP}/resource/actions?namespace=argocd&{OBJECT}"
    api.on(f"GET {actions}", {"actions": [offered]})
    assert "scale   yes  replicas" in mooring("app", "actions", "list", "shop", "--kind", "deployment/web").out
    api.on(f"POST {actions}", {"check": {"id": "c1"}}, status=202)
    done = {"done": [{"object": "Deployment/web", "result": "scaled"}], "warnings": ["git says otherwise"]}
    outcomes = [{"done": False, "found": None}, {"done": True, "found": done}]
    api.on(f"GET {APP}/checks/c1?namespace=argocd", *outcomes, {"done": True, "found": {"error": "it is gone"}})
    named = ("--kind", "Deployment", "--resource-name", "web")
    outcome = mooring("app", "actions", "run", "shop", "scale", *named, "--param", "replicas=3")
    assert (0, "Deployment/web scaled\n", "warning: git says otherwise\n") == (outcome.code, outcome.out, outcome.err)
    (sent,) = [call.body for call in api.calls if call.method == "POST"]
    assert {"action": "scale", "parameters": [{"name": "replicas", "value": "3"}]} == sent
    # THEN an outcome can be asked for later, and one that failed is a failure
    outcome = mooring("app", "actions", "result", "shop", "c1")
    assert (1, "error: it is gone\n") == (outcome.code, outcome.err)


def test_an_object_is_deleted_as_asked(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a pod WHEN it is deleted by force without waiting THEN that is asked for, and the outcome's id is told."""
    pod = "group=&kind=Pod&resourceNamespace=shop&resourceName=web-1-a"
    api.on(f"DELETE {APP}/resource?namespace=argocd&{pod}&force=true", {"check": {"id": "c2"}}, status=202)
    outcome = mooring("app", "delete-resource", "shop", "--kind", "Pod/web-1-a", "--force", "--async", "-y")
    assert (0, True) == (outcome.code, "app actions result shop c2" in outcome.out)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--kind", "Pod"], "say which object"),
        (["--kind", "Pod/none"], "has no Pod/none"),
        (["--kind", "Pod/a", "--resource-name", "b"], "names an object already"),
        (["--kind", "Pod/"], "must be KIND or KIND/NAME"),
        (["--kind", "Deployment.apps/web", "--group", "x"], "names a group already"),
    ],
)
def test_an_object_that_is_not_clear_is_refused(api: FakeApi, mooring: Mooring, given: list[str], told: str) -> None:
    """GIVEN a name for nothing, or for more than one thing WHEN it is to be deleted THEN nothing is asked for."""
    outcome = mooring("app", "delete-resource", "shop", "-y", *given)
    assert (1, True) == (outcome.code, told in outcome.err), outcome.err
    assert [] == [call for call in api.calls if call.method == "DELETE"]


def test_several_of_one_name_are_told_apart(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN two objects of one kind and name WHEN one is named THEN both are told, and the namespace decides."""
    twin = node("ConfigMap", "settings", uid="other") | {"namespace": "other"}
    api.answers[f"GET {APP}/resource-tree?namespace=argocd"] = [(200, TREE | {"nodes": [*TREE["nodes"], twin]})]
    assert "may be any of ConfigMap/shop/settings, ConfigMap/other/settings" in mooring(
        "app", "get-resource", "shop", "--kind", "ConfigMap/settings"
    ).err  # fmt: skip
    live = {"kind": "ConfigMap", "metadata": {"name": "settings"}}
    found = "group=&kind=ConfigMap&resourceNamespace=other&resourceName=settings"
    api.on(f"GET {APP}/resource?namespace=argocd&{found}", {"live": live, "desired": None, "fields": []})
    outcome = mooring("app", "get-resource", "shop", "--kind", "ConfigMap/settings", "--namespace", "other")
    assert live == yaml.safe_load(outcome.out)


def declared(**spec: Any) -> dict[str, Any]:
    found = application()
    found["metadata"] |= {"generation": 3}
    found["spec"] |= spec
    return found


def posted(api: FakeApi) -> Any:
    return api.calls[-1].body


def test_an_edit_sends_back_what_was_read(
    api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GIVEN an editor WHEN it changes one word THEN the document goes back with its ETag, and without a status."""
    api.on(GET, declared())
    api.on("POST /api/v1/applications", {"warnings": []})
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/k8s/other/")
    assert (0, "application shop changed\n") == mooring_out(mooring, "edit", "shop")
    assert ("other", False, False) == (
        posted(api)["spec"]["source"]["path"], "status" in posted(api), "generation" in posted(api)["metadata"]
    )  # fmt: skip
    assert api.calls[-1].headers["If-Match"].startswith('"')
    # THEN what changes nothing sends nothing
    calls = len(api.calls)
    monkeypatch.setenv("EDITOR", "true")
    assert "nothing changed\n" == mooring("app", "edit", "shop").err
    assert calls + 1 == len(api.calls)


def test_an_edit_that_is_refused_is_kept(
    api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GIVEN somebody else's change in between WHEN an edit is refused THEN the text is in a file that is named."""
    api.on(GET, declared())
    api.on("POST /api/v1/applications", {"detail": "changed meanwhile", "field": None}, status=412)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/k8s/other/")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outcome = mooring("app", "edit", "shop")
    assert (1, True) == (outcome.code, outcome.err.endswith("error: changed meanwhile\n"))
    kept = Path(outcome.err.splitlines()[0].removeprefix("your text is kept in "))
    assert ("other", 0o600) == (yaml.safe_load(kept.read_text())["spec"]["source"]["path"], kept.stat().st_mode & 0o777)
    # THEN an edit that makes it another application is refused here
    monkeypatch.setenv("EDITOR", "sed -i s/name:.shop/name:_x/")
    monkeypatch.setenv("EDITOR", "sed -i 's/  name: shop/  name: x/'")
    outcome = mooring("app", "edit", "shop")
    assert (1, True) == (outcome.code, "metadata.name: must stay 'shop'" in outcome.err)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (["--patch", '[{"op": "replace", "path": "/spec/source/path", "value": "new"}]'], "new"),
        (["--type", "merge", "--patch", "spec: {source: {path: new, targetRevision: null}}"], "new"),
        (["--type", "merge", "--patch", "@p.yaml"], "filed"),
    ],
)
def test_a_patch_changes_what_it_says(
    api: FakeApi, mooring: Mooring, tmp_path: Path, given: list[str], path: str
) -> None:
    """GIVEN a patch of either kind WHEN it is applied THEN the outcome is declared with the ETag."""
    (tmp_path / "p.yaml").write_text(json.dumps({"spec": {"source": {"path": "filed"}}}))
    api.on(GET, declared())
    api.on("POST /api/v1/applications", {"warnings": []})
    assert (0, "application shop changed\n") == mooring_out(mooring, "patch", "shop", *given)
    source = posted(api)["spec"]["source"]
    assert (path, "null" not in given[-1]) == (source["path"], "targetRevision" in source)
    assert api.calls[-1].headers["If-Match"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--patch", "{}"], "must be a list of operations"),
        (["--patch", '[{"op": "remove", "path": "/spec/none"}]'], "can't be done"),
        (["--patch", '[{"op": "sing", "path": "/spec"}]'], "can't be done"),
        (["--type", "merge", "--patch", "[]"], "must be a document"),
        (["--patch", "@none"], "can't be read"),
        (["--type", "merge", "--patch", "metadata: {name: x}"], "must stay 'shop'"),
    ],
)
def test_a_patch_that_can_not_be_is_refused(api: FakeApi, mooring: Mooring, given: list[str], told: str) -> None:
    """GIVEN a bad patch WHEN it is applied THEN the words say why, and nothing is declared."""
    api.on(GET, declared())
    outcome = mooring("app", "patch", "shop", *given)
    assert (1, True) == (outcome.code, told in outcome.err), outcome.err
    assert [] == [call for call in api.calls if call.method == "POST"]


def test_options_are_taken_back(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN options of Helm and Kustomize WHEN some are unset THEN the others stay, and empty parts go."""
    helm = {"parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}], "valueFiles": ["v.yaml"]}
    source = {"path": "k8s", "targetRevision": "main", "helm": helm}
    source["kustomize"] = {"images": ["web=r/web:2", "r:5000/db:1"], "namePrefix": "x-"}
    api.on(GET, declared(source=source))
    api.on("POST /api/v1/applications", {"warnings": []})
    unset = ("-p", "a", "--values", "v.yaml", "--kustomize-image", "r:5000/db", "--nameprefix", "--revision")
    assert (0, "application shop changed\n") == mooring_out(mooring, "unset", "shop", *unset)
    left = {
        "path": "k8s",
        "helm": {"parameters": [{"name": "b", "value": "2"}]},
        "kustomize": {"images": ["web=r/web:2"]},
    }
    assert left == posted(api)["spec"]["source"]
    assert (0, "application shop changed\n") == mooring_out(mooring, "unset", "shop", "--sync-policy")
    assert "syncPolicy" not in posted(api)["spec"]
    assert "nothing of this is set" in mooring("app", "unset", "shop", "--release-name").err
    assert "say what to take back" in mooring("app", "unset", "shop").err


def test_a_sync_takes_another_revision(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN several sources WHEN revisions are named THEN they are sent with the places of their sources."""
    api.on(GET, application())
    api.on(f"POST {APP}/sync?namespace=argocd", {"operation": {"id": "2"}}, status=202)
    assert 0 == mooring("app", "sync", "shop", "--async", "--revision", "v1.4.2").code
    assert {"revision": "v1.4.2"} == posted(api)
    given = ("--revisions", "v1", "--source-positions", "2")
    assert 0 == mooring("app", "sync", "shop", "--async", *given).code
    assert {"revisions": ["v1"], "sourcePositions": [2]} == posted(api)
