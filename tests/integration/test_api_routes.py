"""The routes of projects, clusters, repositories and the root, through the handler that is deployed, over moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, DriftRecord, Suspect
from mooring.state.applications import Applications
from mooring.state.notes import Note, Notes
from mooring.state.statuses import Status
from mooring.state.table import Table
from tests.doubles.deployed import API_TOKEN as TOKEN
from tests.doubles.deployed import Handler, deployed_api
from tests.doubles.signing import pen

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://git.test/acme/root"


@dataclass(frozen=True, slots=True)
class Api:
    """The handler, and the table that it writes."""

    handler: Handler
    table: Table
    applications: Applications

    def ask(self, method: str, path: str, body: object = None, *, token: str = TOKEN) -> tuple[int, Any]:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path, _, query = path.partition("?")
        event["queryStringParameters"] = dict(parse_qsl(query))
        event |= {"rawPath": f"/api/v1/{path}", "body": None if body is None else json.dumps(body)}
        event["requestContext"]["http"] |= {"method": method, "path": f"/api/v1/{path}"}
        event["headers"]["authorization"] = f"Bearer {token}"
        answer = self.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, str | None, str]:
        """Status, field and message of an error."""
        status, answer = self.ask(method, path, body)
        return status, answer["field"], answer["detail"]


@pytest.fixture
def api() -> Iterator[Api]:
    """A new installation, as the function `api` sees it."""
    with deployed_api() as found:
        yield Api(found.handler, found.table, Applications(found.table))


def project(name: str = "team", **spec: Any) -> dict[str, Any]:
    given = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "shop"}], **spec}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": name}, "spec": given}


def application(name: str = "shop", *, namespace: str = "shop", project: str = "team") -> dict[str, Any]:
    spec = {
        "project": project,
        "source": {"repoURL": REPOSITORY, "path": "."},
        "destination": {"name": "prod", "namespace": namespace},
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name}, "spec": spec}


CLUSTER = {"server": "https://prod.test:6443", "config": {"bearerToken": "s3cret"}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "projects"), ("POST", "projects"), ("GET", "projects/team"), ("DELETE", "projects/team"),
        ("GET", "clusters"), ("POST", "clusters"), ("PUT", "clusters/prod"), ("DELETE", "clusters/prod"),
        ("GET", "repositories"), ("PUT", "repositories"), ("DELETE", "repositories"), ("POST", "bootstrap"),
        ("GET", "gpgkeys"), ("POST", "gpgkeys"), ("DELETE", "gpgkeys/4AEE18F83AFDEB23"),
        ("POST", "hooks"), ("POST", "hooks/list"), ("GET", "promotions"), ("POST", "promotions"),
        ("GET", "promotions/shop"), ("DELETE", "promotions/shop"), ("POST", "promotions/shop/run"),
        ("POST", "promotions/shop/suspend"), ("POST", "promotions/shop/resume"),
    ],
)  # fmt: skip
def test_nothing_is_answered_without_the_token(api: Api, method: str, path: str) -> None:
    """GIVEN another token WHEN anything is asked THEN it is refused, and the error names the header."""
    status, answer = api.ask(method, path, {}, token="another")  # noqa: S106 (it is wrong)
    assert (401, "Authorization") == (status, answer["field"])


def test_a_project_lives_and_dies(api: Api) -> None:
    """GIVEN a project WHEN it is created, changed, read, listed and deleted THEN each answer says what is there."""
    assert (200, {"project": project(), "warnings": []}) == api.ask("POST", "projects", project())
    status, answer = api.ask("POST", "projects", project(description="ours", colour="red"))
    assert (200, ["spec.colour: unknown field, ignored"]) == (status, answer["warnings"])
    assert (200, project(description="ours", colour="red")) == api.ask("GET", "projects/team")
    status, answer = api.ask("GET", "projects")
    assert ["default", "team"] == [each["metadata"]["name"] for each in answer["items"]]
    assert (200, {}) == api.ask("DELETE", "projects/team")
    assert (404, None, "team: no project of this name is declared") == api.refused("GET", "projects/team")
    assert 404 == api.ask("DELETE", "projects/team")[0]


def test_the_default_project_is_there_undeclared(api: Api) -> None:
    """GIVEN nothing WHEN `default` is read THEN it permits everything."""
    status, answer = api.ask("GET", "projects/default")
    assert (200, ["*"]) == (status, answer["spec"]["sourceRepos"])


def test_a_bad_project_is_refused_by_its_field(api: Api) -> None:
    """GIVEN a mistake WHEN declared THEN the answer is 400 with the field, and nothing is kept."""
    status, field, _ = api.refused("POST", "projects", project(syncWindows=[{"kind": "deny", "schedule": "x"}]))
    assert (400, "spec.syncWindows[0].duration") == (status, field)
    assert 404 == api.ask("GET", "projects/team")[0]


def test_what_a_project_forbids_is_403_and_a_project_that_is_not_there_400(api: Api) -> None:
    """GIVEN a project's rules WHEN an application is declared against them THEN the answer names the rule."""
    assert (400, "spec.project") == api.refused("POST", "applications", application())[:2]
    api.ask("POST", "projects", project())
    api.ask("PUT", "clusters/prod", CLUSTER)
    status, _, message = api.refused("POST", "applications", application(namespace="other"))
    assert (403, True) == (status, "project 'team' does not permit" in message)
    assert 200 == api.ask("POST", "applications", application())[0]


def test_a_project_that_is_named_stays(api: Api) -> None:
    """GIVEN an application of the project WHEN it is deleted THEN the answer names the application."""
    api.ask("POST", "projects", project())
    api.ask("POST", "applications", application())
    status, _, message = api.refused("DELETE", "projects/team")
    assert (400, True) == (status, "is named by argocd/shop" in message)


def test_a_project_shows_its_orphans_where_it_asks(api: Api) -> None:
    """GIVEN orphans that a sync has found WHEN the project is read THEN they are its status; `create` takes it back."""
    api.ask("POST", "projects", project(orphanedResources={}))
    api.ask("POST", "applications", application())
    key = AppKey("argocd", "shop")
    record = api.applications.load([key])[key]
    stray = ObjectKey("", "ConfigMap", "shop", "stray")
    status = Status(cluster="prod", orphans=(stray,), orphaned=1)
    api.applications.observe(record, now=1.0, inventory={}, status=status)
    shown = api.ask("GET", "projects/team")[1]
    found = {
        "cluster": "prod",
        "kind": "ConfigMap",
        "namespace": "shop",
        "name": "stray",
        "applications": ["argocd/shop"],
    }
    assert {"orphanedResources": [found]} == shown["status"]
    assert [] == api.ask("POST", "projects", shown)[1]["warnings"]
    listed = [{name: found[name] for name in ("kind", "namespace", "name")}]
    assert listed == api.ask("GET", "applications/shop")[1]["status"]["orphanedResources"]


def test_a_cluster_lives_and_dies_without_telling_its_secret(api: Api) -> None:
    """GIVEN a cluster WHEN registered, changed, read and removed THEN no answer holds its credentials."""
    answers = [
        api.ask("PUT", "clusters/prod", CLUSTER),
        api.ask("GET", "clusters"),
        api.ask("GET", "clusters/prod"),
        api.ask("PATCH", "clusters/prod", {"labels": {"tier": "one"}}),
        api.ask("GET", "clusters/prod"),
        api.ask("DELETE", "clusters/prod"),
    ]
    assert [200] * 6 == [status for status, _ in answers]
    assert "s3cret" not in json.dumps(answers)
    assert {"tier": "one"} == answers[4][1]["labels"]
    assert 404 == api.ask("GET", "clusters/prod")[0]


def test_a_cluster_with_applications_stays(api: Api) -> None:
    """GIVEN an application there WHEN the cluster is removed THEN the answer says whose it is."""
    api.ask("PUT", "clusters/prod", CLUSTER)
    api.ask("POST", "applications", application(project="default"))
    status, _, message = api.refused("DELETE", "clusters/prod")
    assert (400, True) == (status, "argocd/shop" in message)


def test_a_cluster_is_checked_by_sync(api: Api) -> None:
    """GIVEN a cluster WHEN it is to be examined THEN the answer names the check, which is not done yet."""
    api.ask("PUT", "clusters/prod", CLUSTER)
    status, answer = api.ask("POST", "clusters/prod/check")
    assert 202 == status
    assert 200 == api.ask("GET", f"clusters/prod/check/{answer['check']['id']}")[0]
    assert 404 == api.ask("POST", "clusters/other/check")[0]


def test_repositories_are_listed_without_their_secrets(api: Api) -> None:
    """GIVEN credentials WHEN registered and listed THEN addresses and types are told, and nothing else."""
    assert 200 == api.ask("PUT", "repositories", {"url": REPOSITORY, "token": "s3cret"})[0]
    charts = {"url": "https://charts.test", "type": "helm", "name": "ours", "username": "a", "password": "s3cret"}
    assert 200 == api.ask("PUT", "repositories", charts)[0]
    status, answer = api.ask("GET", "repositories")
    assert (200, False) == (status, "s3cret" in json.dumps(answer))
    assert [("git", None), ("helm", "ours")] == sorted((each["type"], each.get("name")) for each in answer["items"])
    status, field, _ = api.refused("PUT", "repositories", {"url": "nowhere", "token": "x"})
    assert (400, "url") == (status, field)


def test_a_repository_is_forgotten_with_its_credentials(api: Api) -> None:
    """GIVEN a registered repository WHEN removed THEN its address and secret are gone, and another removal says so."""
    assert 200 == api.ask("PUT", "repositories", {"url": REPOSITORY, "token": "s3cret"})[0]
    assert (400, "url") == api.refused("DELETE", "repositories")[:2]
    assert (200, {}) == api.ask("DELETE", f"repositories?url={REPOSITORY}")
    assert [] == api.ask("GET", "repositories")[1]["items"]
    assert (404, "url") == api.refused("DELETE", f"repositories?url={REPOSITORY}")[:2]


def test_the_root_is_declared_by_one_request(api: Api) -> None:
    """GIVEN a repository WHEN bootstrapped THEN the root is there; a mistake is told by its field."""
    status, answer = api.ask("POST", "bootstrap", {"repoURL": REPOSITORY, "path": "apps"})
    assert (200, "root", []) == (status, answer["application"]["metadata"]["name"], answer["warnings"])
    shown = api.ask("GET", "applications/root")[1]
    assert {"repoURL": REPOSITORY, "path": "apps", "targetRevision": "HEAD"} == shown["spec"]["source"]
    assert (400, "repoURL") == api.refused("POST", "bootstrap", {})[:2]


def test_keys_that_sign_commits_are_imported_listed_and_forgotten(api: Api) -> None:
    """GIVEN a public key WHEN it is imported alone and in a ConfigMap THEN it is listed once, until it is removed."""
    with pen() as ada:
        key = ada.key("ada@example.com")
        armored, name = ada.public(key), key[-16:]
    status, answer = api.ask("POST", "gpgkeys", {"key": armored})
    assert (200, [(name, "ada@example.com")]) == (status, [(each["keyID"], each["owner"]) for each in answer["items"]])
    configmap = {"kind": "ConfigMap", "metadata": {"name": "argocd-gpg-keys-cm"}, "data": {name: armored}}
    assert 200 == api.ask("POST", "gpgkeys", configmap)[0]
    assert [name] == [each["keyID"] for each in api.ask("GET", "gpgkeys")[1]["items"]]
    status, field, _ = api.refused("POST", "gpgkeys", {**configmap, "data": {"4AEE18F83AFDEB23": armored}})
    assert (400, "data[4AEE18F83AFDEB23]") == (status, field)
    assert (400, "key") == api.refused("POST", "gpgkeys", {"key": "nonsense"})[:2]
    assert (200, {}) == api.ask("DELETE", f"gpgkeys/{key}")
    assert 404 == api.ask("DELETE", f"gpgkeys/{name}")[0]
    assert [] == api.ask("GET", "gpgkeys")[1]["items"]


def test_a_repository_is_registered_for_lfs(api: Api) -> None:
    """GIVEN a public repository with `enableLfs` WHEN registered THEN it is kept, and a wrong value is named."""
    assert 200 == api.ask("PUT", "repositories", {"url": REPOSITORY, "enableLfs": "true"})[0]
    assert (400, "enableLfs") == api.refused("PUT", "repositories", {"url": REPOSITORY, "enableLfs": "on"})[:2]


def test_sealing_keys_go_in_and_only_certificates_come_out(api: Api) -> None:
    """GIVEN no key THEN that is told; GIVEN one THEN its certificate is listed and no more."""
    import base64

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    from mooring.state.sealingkeys import _signed

    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    assert (200, {"items": [], "metadata": {}}) == api.ask("GET", "sealed-secrets")
    assert 401 == api.ask("GET", "sealed-secrets", token="other")[0]  # noqa: S106 (of moto's account)
    pair = {"tls.key": pem, "tls.crt": _signed(key, 1_000_000.0)}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in pair.items()}
    status, imported = api.ask("POST", "sealed-secrets", {"kind": "Secret", "data": data})
    assert 200 == status
    ((listed,),) = (api.ask("GET", "sealed-secrets")[1]["items"],)
    assert (imported["fingerprint"], pair["tls.crt"]) == (listed["fingerprint"], listed["certificate"])
    assert "PRIVATE" not in json.dumps(listed)
    wrong = {"kind": "Secret", "stringData": {**pair, "tls.crt": _signed(generate_private_key(65537, 2048), 0.0)}}
    assert (400, "tls.crt", "is not the certificate of tls.key") == api.refused("POST", "sealed-secrets", wrong)
    assert (400, "kind") == api.refused("POST", "sealed-secrets", {"kind": "ConfigMap"})[:2]


def test_drift_is_listed_and_shown(api: Api) -> None:
    """GIVEN records of two applications WHEN asked THEN filters choose among them, and an unknown id is a 404."""
    api.ask("POST", "projects", project())
    api.ask("PUT", "clusters/prod", CLUSTER)
    for name in ("shop", "blog"):
        api.ask("POST", "applications", application(name))
    key = ObjectKey("apps", "Deployment", "shop", "web")
    fields = (ChangedField(".spec.replicas", 2, 5, "kubectl-edit", "Update"),)
    records = [
        DriftRecord(f"01{app}", f"argocd/{app}", "prod", key, "changed", fields, "sweep", at, "reverted", app)
        for app, at in (("SHOP", 1000.0), ("BLOG", 2000.0))
    ]
    records = [replace(each, app=each.app.lower()) for each in records]
    api.applications.drifts.record(records)
    api.applications.drifts.accuse(records[0], [Suspect("ada@acme", 999.0, "patch", True)])

    def ids(query: str) -> list[str]:
        return [each["id"] for each in api.ask("GET", f"drifts{query}")[1]["items"]]

    assert ["01BLOG", "01SHOP"] == ids("")
    assert ["01SHOP"] == ids("?app=shop") == ids("?who=ADA") == ids("?who=ada&cluster=prod")
    assert ["01BLOG"] == ids("?since=1970-01-01T00:30:00Z") == ids("?limit=1")
    assert [] == ids("?cluster=other")
    assert (400, "since") == api.refused("GET", "drifts?since=yesterday")[:2]
    status, shown = api.ask("GET", "drifts/01SHOP")
    assert (200, "ada@acme", 2, 5) == (
        status, shown["who"][0]["user"], shown["fields"][0]["before"], shown["fields"][0]["after"],
    )  # fmt: skip
    assert 404 == api.refused("GET", "drifts/01NONE")[0]


def test_a_hook_is_not_installed_by_hand_made_hosts(api: Api) -> None:
    """GIVEN hosts that take no hooks from here, or lie inside WHEN asked THEN the error names what is wrong."""
    body = {"repository": "https://bitbucket.org/acme/shop", "token": "t", "url": "https://m.test/api/webhook"}
    assert (400, "repository") == api.refused("POST", "hooks", body)[:2]
    inside = body | {"repository": "http://127.0.0.1:1/acme/shop", "provider": "gitea"}
    status, field, message = api.refused("POST", "hooks/list", inside)
    assert (400, "repository", True) == (status, field, "inside of this machine" in message)


def test_an_application_says_what_becomes_of_changes_by_hand(api: Api) -> None:
    """GIVEN a project that heals WHEN its applications are shown THEN each says whether it does, and which setting does."""
    annotation = "mooring.dev/self-heal"
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "prod", "annotations": {annotation: "true"}},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]},
    }
    assert 200 == api.ask("POST", "projects", project)[0]
    told = []
    for name, annotations, policy in (
        ("a", {}, {}), ("b", {annotation: "false"}, {}), ("c", {}, {"automated": {"selfHeal": False}}),
    ):  # fmt: skip
        spec = {
            "project": "prod",
            "source": {"repoURL": REPOSITORY, "path": name},
            "destination": {"name": "in-cluster", "namespace": name},
            "syncPolicy": policy,
        }
        metadata = {"name": name, "annotations": annotations}
        document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
        assert 200 == api.ask("POST", "applications", document)[0]
        told.append(api.ask("GET", f"applications/{name}")[1]["status"]["selfHeal"])
    assert [
        {"enabled": True, "decidedBy": f"annotation {annotation} of project prod"},
        {"enabled": False, "decidedBy": f"annotation {annotation}"},
        {"enabled": False, "decidedBy": "syncPolicy.automated.selfHeal"},
    ] == told


def test_promotions_are_declared_and_shown(api: Api) -> None:
    """GIVEN a promotion, it is declared, shown with its target, suspended and deleted; an unknown one is a 404."""
    spec = {"from": {"application": "staging"}, "to": {"application": "shop"}, "moves": {"images": ["*"]}}
    document = {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "ship"},
        "spec": {**spec, "x": 1},
    }
    assert (200, ["spec.x: unknown field, ignored"]) == (
        (answer := api.ask("POST", "promotions", document))[0], answer[1]["warnings"],
    )  # fmt: skip
    assert (400, "spec.moves") == api.refused("POST", "promotions", {**document, "spec": {**spec, "moves": {}}})[:2]
    assert ["ship"] == [each["metadata"]["name"] for each in api.ask("GET", "promotions")[1]["items"]]
    api.ask("POST", "projects", project())
    assert 200 == api.ask("POST", "applications", application())[0]
    conditions = api.ask("GET", "applications/shop")[1]["status"]["conditions"]
    assert ["argocd/ship: not looked at yet"] == [each["message"] for each in conditions if each["type"] == "Promotion"]
    for command, suspended in (("suspend", True), ("resume", False)):
        assert 200 == api.ask("POST", f"promotions/ship/{command}")[0]
        assert suspended is api.ask("GET", "promotions/ship")[1]["spec"]["suspend"]
    assert 202 == api.ask("POST", "promotions/ship/run")[0]
    assert 200 == api.ask("DELETE", "promotions/ship")[0]
    assert 404 == api.ask("GET", "promotions/ship")[0]


def test_notifications_are_declared_listed_and_tried_again(api: Api) -> None:
    """GIVEN settings and a note that was given up WHEN asked THEN they come back as written, and it is tried again."""
    data = {"service.slack": "token: $slack-token"}
    settings = {"kind": "ConfigMap", "metadata": {"name": "argocd-notifications-cm"}, "data": data}
    assert (200, {}) == api.ask("PUT", "notifications/settings", settings)
    status, shown = api.ask("GET", "notifications/settings")
    assert (200, settings["data"]) == (status, shown["data"])
    refused = api.refused("PUT", "notifications/settings", {"data": {"service.pigeon": "{}"}})
    assert (400, "data[service.pigeon]") == refused[:2]
    assert (400, "kind") == api.refused("PUT", "notifications/settings", settings | {"kind": "Secret"})[:2]
    assert (400, "app") == api.refused("GET", "notifications")[:2]
    notes = Notes(api.table)
    body = {"summary": {"title": "shop was created"}, "sections": {}}
    note = notes.begin(notes.write(Note("argocd/shop", "a1", "on-created", "slack", "team", 1.0e9, body)), until=1.0)
    notes.end(note, "failed", now=1.0e9, error="no such channel")
    _, listed = api.ask("GET", "notifications?failed=true")
    assert [("a1", "no such channel", 1)] == [(n["id"], n["error"], n["attempts"]) for n in listed["items"]]
    assert (200, {}) == api.ask("POST", "notifications/retry", {"of": "argocd/shop", "id": "a1"})
    assert [] == api.ask("GET", "notifications?failed=true")[1]["items"]
    assert ["pending"] == [n["state"] for n in api.ask("GET", "notifications?app=argocd/shop")[1]["items"]]
    assert (400, "id") == api.refused("POST", "notifications/retry", {"of": "argocd/shop", "id": "a1"})[:2]
