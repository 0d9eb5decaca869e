"""Applications and projects from options, as Argo CD's command takes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.fake_api import FakeApi, Outcome, application, summary

Mooring = Callable[..., Outcome]
GET = "GET /api/v1/applications/shop?namespace=argocd"
SPEC = ["--repo", "https://git.test/a.git", "--path", "k8s", "--dest-name", "in-cluster", "--dest-namespace", "shop"]


def test_an_application_is_made_of_options(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN Argo CD's options WHEN an application is created THEN it has what they say."""
    api.on("POST /api/v1/applications", {"application": application(), "warnings": ["spec.x: unknown"]})
    done = mooring(
        "app", "create", "shop", *SPEC, "--revision", "main", "--sync-policy", "automated", "--auto-prune",
        "--self-heal", "--sync-option", "CreateNamespace=true", "--helm-set", "a.b=c=d", "--values", "prod.yaml",
        "--label", "team=x",
    )  # fmt: skip
    assert (0, "application shop created\n", "warning: spec.x: unknown\n") == (done.code, done.out, done.err)
    body = api.calls[-1].body
    assert {"name": "shop", "namespace": "argocd", "labels": {"team": "x"}} == body["metadata"]
    assert {
        "project": "default",
        "source": {
            "repoURL": "https://git.test/a.git",
            "path": "k8s",
            "targetRevision": "main",
            "helm": {"valueFiles": ["prod.yaml"], "parameters": [{"name": "a.b", "value": "c=d"}]},
        },
        "destination": {"name": "in-cluster", "namespace": "shop"},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "syncOptions": ["CreateNamespace=true"],
        },
    } == body["spec"]


def test_one_that_is_there_is_not_overwritten(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an application WHEN it is created again THEN that is refused, unless --upsert says otherwise."""
    api.on(GET, application())
    api.on("POST /api/v1/applications", {})
    assert "is there: `mooring app set` changes it" in mooring("app", "create", "shop", *SPEC).err
    assert 0 == mooring("app", "create", "shop", *SPEC, "--upsert").code
    assert ["GET", "POST"] == [call.method for call in api.calls]


def test_a_file_is_taken_too(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN files with an Application and with something else WHEN they are created THEN only the first is."""
    (tmp_path / "app.yaml").write_text("kind: Application\nmetadata: {name: shop}\n")
    (tmp_path / "set.yaml").write_text("kind: ApplicationSet\n")
    api.on("POST /api/v1/applications", {})
    assert 0 == mooring("app", "create", "-f", "app.yaml").code
    assert "error: kind: must be Application" in mooring("app", "create", "-f", "set.yaml").err
    assert "give a name and options, or a file" in mooring("app", "create").err


def test_what_is_not_named_stays(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an application WHEN its revision is set THEN the rest stays, and nobody else's change is overwritten."""
    api.on(GET, application())
    api.on("POST /api/v1/applications", {})
    done = mooring("app", "set", "shop", "--revision", "v2", "--sync-option", "!X", "--self-heal")
    assert (0, "application shop changed\n") == (done.code, done.out)
    sent = api.calls[-1]
    before = application()["spec"]
    after = before | {
        "source": before["source"] | {"targetRevision": "v2"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": []},
    }
    assert after == sent.body["spec"]
    assert "status" not in sent.body
    assert sent.headers["If-Match"].startswith('"')


def test_a_change_in_between_is_told(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN somebody who changes an application meanwhile WHEN it is set THEN the command says so and fails."""
    api.on(GET, application())
    api.on("POST /api/v1/applications", b"", status=412)
    done = mooring("app", "set", "shop", "--sync-policy", "none")
    assert (1, "error: somebody else has changed this in the meantime: look, then try again\n") == (done.code, done.err)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "error: set: say what to change"),
        (["--helm-set", "x"], "error: --helm-set: must be KEY=VALUE"),
        (["--sync-policy", "none", "--self-heal"], "error: --self-heal: takes --sync-policy automated"),
    ],
)
def test_what_can_not_be_set_is_told(api: FakeApi, mooring: Mooring, options: list[str], words: str) -> None:
    """GIVEN options that make no sense WHEN an application is set THEN the error names them and nothing is sent."""
    api.on(GET, application())
    assert words in mooring("app", "set", "shop", *options).err
    assert not [call for call in api.calls if call.method == "POST"]


def test_lists_of_a_project_are_changed(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a project WHEN sources and destinations are added or removed THEN it is declared with just that."""
    place = {"server": "https://k", "namespace": "a"}
    found = {"kind": "AppProject", "metadata": {"name": "p"}, "spec": {"sourceRepos": ["u"], "destinations": [place]}}
    api.on("GET /api/v1/projects/p", found)
    api.on("POST /api/v1/projects", {"project": found})
    for words, spec in (
        (["add-source", "p", "v"], {"sourceRepos": ["u", "v"]}),
        (["remove-source", "p", "u"], {"sourceRepos": []}),
        (["add-destination", "p", "c", "b", "--name"], {"destinations": [place, {"name": "c", "namespace": "b"}]}),
        (["remove-destination", "p", "https://k", "a"], {"destinations": []}),
    ):
        assert 0 == mooring("proj", *words).code
        assert found["spec"] | spec == api.calls[-1].body["spec"]
        assert "If-Match" in api.calls[-1].headers
    assert "is so already" in mooring("proj", "add-source", "p", "u").err


def test_tokens_of_a_role(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a role WHEN a token is made, listed and revoked THEN the API is asked for just that."""
    path = "/api/v1/projects/p/roles/ci/token"
    api.on(f"POST {path}", {"token": "mooring_x"})
    api.on(f"GET {path}", {"items": [{"id": "01", "name": "ci", "expiresAt": "later"}]})
    api.on(f"DELETE {path}/01", {})
    assert "mooring_x\n" == mooring("proj", "role", "create-token", "p", "ci", "-e", "12h").out
    assert {"expiresIn": 43_200} == api.calls[-1].body
    assert ["01", "ci", "later", "-"] == mooring("proj", "role", "list-tokens", "p", "ci").out.splitlines()[1].split()
    assert "token 01 revoked\n" == mooring("proj", "role", "delete-token", "p", "ci", "01").out


def test_applications_are_chosen(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN what is looked for WHEN applications are listed THEN the API chooses, for whole documents too."""
    asked = "view=summary&project=p%2Cq&selector=team%3Dx&health=Degraded&q=a+b&sort=-health"
    api.on(f"GET /api/v1/applications?{asked}", {"items": [summary("b"), summary("shop")]})
    other = application()
    other["metadata"] = {"name": "b", "namespace": "argocd"}
    third = application()
    third["metadata"] = {"name": "c", "namespace": "argocd"}
    api.on("GET /api/v1/applications", {"items": [third, application(), other]})
    words = ["-p", "p", "-p", "q", "-l", "team=x", "--health", "Degraded", "-q", "a", "-q", "b", "--sort", "-health"]
    assert "argocd/b\nargocd/shop\n" == mooring("app", "list", *words, "-o", "name").out
    assert [other, application()] == json.loads(mooring("app", "list", *words, "-o", "json").out)["items"]
