"""The way of work that `mooring access generate` prints, applied to a real API server: people read, Mooring writes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cluster import Access, Client, Cluster
from local.cluster.access import write_kubeconfig
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.errors import ForbiddenError
from mooring.flows.asked.showing import show_application
from mooring.flows.clusters.live import Target
from mooring.health import STANDARD
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.registry import Cluster as Registered
from mooring_cli.accesskinds import used_in
from mooring_cli.main import main
from tests.doubles.installation import World
from tests.doubles.realcluster import use

MERGE = "application/merge-patch+json"
WORK = "mooring-way-of-work"  # the namespace of Mooring's own accounts here
GLASS = "/api/v1/namespaces/mooring-access/serviceaccounts/break-glass/token"
AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


@dataclass(frozen=True)
class Asked:
    """The API as the command asks it, answered from what an installation remembers."""

    world: World
    key: AppKey

    def items(self, *path: str, query: dict[str, str]) -> list[Any]:
        assert (("applications",), {"view": "summary", "cluster": "in-cluster"}) == (path, query)
        place = self.world.record(self.key).spec.application.destination.namespace  # type: ignore[union-attr]
        return [{"name": self.key.name, "namespace": "argocd", "project": "default", "destinationNamespace": place}]

    def call(self, method: str, *path: str, query: dict[str, str] | None = None) -> Any:
        return show_application(self.world.record(self.key)) if path[0] == "applications" else {}


def config_map(namespace: str, name: str = "settings", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def secret(namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": namespace}}


def deployment(namespace: str) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def as_person(cluster: Cluster, group: str, user: str = "ada") -> Client:
    """Somebody, as the API server sees them once they have signed in."""
    client = Client(cluster.access)
    names = {"Impersonate-User": user, "Impersonate-Group": group}
    client._headers = client._headers | names
    return client


def as_account(cluster: Cluster, folder: Path, name: str) -> Target:
    """Mooring's connection as one of its service accounts."""
    accounts = f"/api/v1/namespaces/{WORK}/serviceaccounts"
    assert cluster.client("POST", accounts, {"metadata": {"name": name}})[0] in (201, 409)
    status, answer = cluster.client("POST", f"{accounts}/{name}/token", {"spec": {"expirationSeconds": 3600}})
    assert 201 == status
    token = answer["status"]["token"]
    access = Access(cluster.access.server, cluster.access.ca_data, token)
    server = ApiServer(from_kubeconfig(write_kubeconfig(folder / name, access)))
    return Target(Registered("in-cluster", server.server, True, "secret"), server, Discovery(server), STANDARD)


@pytest.fixture
def apply(
    cluster: Cluster, control_plane_tools: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., list[Any]]]:
    """Generates with these options, and applies what comes out as a user would; the documents. All goes afterwards."""
    kubectl = [str(control_plane_tools["kubectl"]), "--kubeconfig", str(cluster.kubeconfig)]
    applied: list[str] = []

    def run(*options: str) -> list[Any]:
        capsys.readouterr()  # what functions have logged
        assert 0 == main(["access", "generate", "--exempt-group", "system:masters", *options])
        text = capsys.readouterr().out
        subprocess.run([*kubectl, "apply", "-f", "-"], input=text, text=True, check=True, timeout=60)
        applied.append(text)
        return list(yaml.safe_load_all(text))

    assert cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": WORK}})[0] in (201, 409)
    yield run
    for text in applied:
        kept = [each for each in yaml.safe_load_all(text) if each["kind"] != "Namespace"]
        command = [*kubectl, "delete", "--ignore-not-found", "--wait=false", "-f", "-"]
        subprocess.run(command, input=yaml.safe_dump_all(kept), text=True, check=True, timeout=60)


def eventually(ask: Callable[[], tuple[int, Any]], status: int) -> Any:
    """What is answered once the server has taken up what was applied."""
    deadline = time.monotonic() + 30
    while (found := ask())[0] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found[1]


def refused(ask: Callable[[], tuple[int, Any]], *saying: str) -> None:
    """Waits until what is applied refuses in these words: a policy of the test before, by the same name, may do it first."""
    deadline = time.monotonic() + 30
    while True:
        status, answer = ask()
        missing = [each for each in saying if status != 403 or each not in answer["message"]]
        if not missing:
            return
        assert time.monotonic() < deadline, (missing, status, answer)
        time.sleep(0.1)


def test_people_read_all_but_secrets_and_write_nothing(
    cluster: Cluster, namespace: str, apply: Callable[..., list[Any]]
) -> None:
    """GIVEN people in a group WHEN what is printed is applied THEN they get, list and watch, and no more; others nothing."""
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
    for made in (config_map(namespace), secret(namespace)):
        assert 201 == cluster.client("POST", f"{core}/{made['kind'].lower()}s", made)[0]
    assert 201 == cluster.client("POST", f"{apps}/deployments", deployment(namespace))[0]
    apply("--people-group", "developers")
    ada = as_person(cluster, "developers")
    assert "settings" == eventually(lambda: ada("GET", f"{core}/configmaps/settings"), 200)["metadata"]["name"]
    assert 200 == ada("GET", f"{apps}/deployments")[0]
    assert 200 == ada("GET", f"{apps}/deployments?watch=true&timeoutSeconds=1")[0]
    forbidden = [
        ada("PATCH", f"{core}/configmaps/settings", {"data": {"a": "b"}}, content_type=MERGE),
        ada("PATCH", f"{apps}/deployments/web/scale", {"spec": {"replicas": 5}}, content_type=MERGE),
        ada("POST", f"{core}/configmaps", config_map(namespace, "other")),
        ada("DELETE", f"{core}/configmaps/settings"),
        ada("DELETE", f"{core}/configmaps"),
        ada("GET", f"{core}/secrets/key"),
        ada("GET", f"{core}/secrets"),
        ada("GET", f"{core}/pods/web/log"),
        ada("GET", f"{core}/pods/web/exec?command=sh"),
        ada("POST", f"{core}/pods/web/exec?command=sh"),
        ada("POST", f"{core}/serviceaccounts/default/token", {"spec": {}}),
        as_person(cluster, "strangers")("GET", f"{core}/configmaps"),
    ]
    assert [403] * len(forbidden) == [status for status, _ in forbidden]


def test_what_is_allowed_besides_is_named(cluster: Cluster, namespace: str, apply: Callable[..., list[Any]]) -> None:
    """GIVEN logs and one namespace allowed WHEN applied THEN logs can be asked for there, and nothing elsewhere."""
    apply("--people-group", "developers", "--allow", "logs", "--namespace", namespace)
    ada = as_person(cluster, "developers")
    eventually(lambda: ada("GET", f"/api/v1/namespaces/{namespace}/pods/web/log"), 404)
    assert 403 == ada("POST", f"/api/v1/namespaces/{namespace}/pods/web/exec?command=sh")[0]
    assert 403 == ada("GET", "/api/v1/namespaces/default/configmaps")[0]


@pytest.mark.parametrize("narrow", [False, True])
def test_mooring_syncs_and_looks_with_what_it_is_given(
    cluster: Cluster,
    world: World,
    target: Target,
    namespace: str,
    apply: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    narrow: bool,
) -> None:
    """GIVEN the rights that an application takes THEN a sync creates, changes and prunes; a look reads and can't write."""
    key = world.declare(f"work-{namespace}", namespace=namespace, **AUTO)
    objects = [config_map(namespace, a="1"), secret(namespace), deployment(namespace)]
    world.push(key, *objects)
    world.sync(key)  # as an administrator: now it is known which kinds there are
    monkeypatch.setattr("mooring_cli.frame.Session.api", lambda _: Asked(world, key))
    options = ["--people-group", "developers", "--mooring", f"serviceaccount:{WORK}/sync"]
    options += ["--look", f"serviceaccount:{WORK}/look", *(["--cluster", "in-cluster"] if narrow else [])]
    apply(*options)

    sync, look = as_account(cluster, tmp_path, "sync"), as_account(cluster, tmp_path, "look")
    eventually(lambda: (200 if looked(sync, namespace) else 403, None), 200)
    eventually(lambda: (200 if looked(look, namespace) else 403, None), 200)
    use(world, sync)
    changed, made = config_map(namespace, a="2"), config_map(namespace, "made", b="1")
    world.push(key, changed, made, deployment(namespace))
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert "Succeeded" == operation.phase, operation.message
    told = {f"{each.key.kind}/{each.key.name}": each.status for each in operation.results}
    assert ("configured", "created", "pruned") == tuple(
        told[each] for each in ("ConfigMap/settings", "ConfigMap/made", "Secret/key")
    )
    found = look.get(ObjectKey("", "ConfigMap", namespace, "settings"))
    assert found is not None
    assert found.live is not None
    assert {"a": "2"} == found.live["data"]
    for act in (
        lambda: look.apply(changed),
        lambda: look.delete(found.key, found.live["metadata"]["uid"], "Background"),
    ):
        with pytest.raises(ForbiddenError):
            act()
    if narrow:
        with pytest.raises(ForbiddenError):
            sync.apply(config_map("default", "elsewhere"))
    sync.server.close()
    look.server.close()


def looked(target: Target, namespace: str) -> bool:
    try:
        return target.get(ObjectKey("apps", "Deployment", namespace, "web")) is not None
    except ForbiddenError:
        return False


def test_an_administrator_is_refused_by_name_and_told_the_way(
    cluster: Cluster, namespace: str, apply: Callable[..., list[Any]]
) -> None:
    """GIVEN somebody who may everything WHEN they change what Mooring applied THEN they are told whose it is, and how."""
    core = f"/api/v1/namespaces/{namespace}"
    owned = config_map(namespace)
    owned["metadata"]["labels"] = {"mooring.dev/app": "argocd.shop"}
    assert 201 == cluster.client("POST", f"{core}/configmaps", owned)[0]
    assert 201 == cluster.client("POST", f"{core}/configmaps", config_map(namespace, "free"))[0]
    apply("--people-group", "developers", "--break-glass-group", "oncall")
    administrators = {
        "metadata": {"name": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "administrators"}],
    }
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    assert 201 == cluster.client("POST", bindings, administrators)[0]
    root = as_person(cluster, "administrators", user="root")

    def touch(client: Client, name: str, **metadata: Any) -> tuple[int, Any]:
        return client("PATCH", f"{core}/configmaps/{name}", {"metadata": metadata}, content_type=MERGE)

    refused(
        lambda: touch(root, "settings", annotations={"a": "b"}),
        "ConfigMap settings belongs to the application argocd.shop; it is changed in git",
        "kubectl create token break-glass -n mooring-access --duration=60m",
    )
    assert 403 == touch(root, "settings", labels={"mooring.dev/app": None})[0]
    assert 403 == touch(root, "free", labels={"mooring.dev/app": "argocd.shop"})[0]
    assert 403 == root("DELETE", f"{core}/configmaps/settings")[0]
    assert 200 == touch(root, "free", annotations={"a": "b"})[0]
    assert 200 == root("GET", f"{core}/configmaps/settings")[0]
    controller = as_person(cluster, "administrators", user="system:serviceaccount:kube-system:some-controller")
    exempt = as_person(cluster, "system:masters", user="root")
    assert [200, 200] == [touch(each, "settings", annotations={"a": "b"})[0] for each in (controller, exempt)]
    assert 200 == cluster.client("DELETE", f"{bindings}/{namespace}")[0]


def test_the_glass_is_broken_for_a_while(cluster: Cluster, namespace: str, apply: Callable[..., list[Any]]) -> None:
    """GIVEN who may break it WHEN they ask for a token THEN it is for a while, lets them mend, and makes nothing lasting."""
    core = f"/api/v1/namespaces/{namespace}"
    owned = config_map(namespace)
    owned["metadata"]["labels"] = {"mooring.dev/app": "argocd.shop"}
    assert 201 == cluster.client("POST", f"{core}/configmaps", owned)[0]
    apply("--people-group", "developers", "--break-glass-group", "oncall", "--break-glass-minutes", "20")
    eve = as_person(cluster, "oncall", user="eve")

    def ask(client: Client, seconds: int) -> tuple[int, Any]:
        return client("POST", GLASS, {"spec": {"expirationSeconds": seconds}})

    refused(lambda: ask(eve, 1201), "the glass is broken for 20 minutes at most")
    assert 403 == ask(as_person(cluster, "developers"), 1200)[0]
    assert 403 == eve("PATCH", f"{core}/configmaps/settings", {"data": {"a": "b"}}, content_type=MERGE)[0]
    token = eventually(lambda: ask(eve, 1200), 201)["status"]["token"]
    glass = Client(Access(cluster.access.server, cluster.access.ca_data, token))
    assert 200 == glass("PATCH", f"{core}/configmaps/settings", {"data": {"a": "b"}}, content_type=MERGE)[0]
    lasting = [
        ask(glass, 600),
        glass("POST", "/api/v1/namespaces/mooring-access/configmaps", config_map("mooring-access")),
        glass("POST", f"{core}/secrets", secret(namespace)),
        glass("POST", f"{core}/serviceaccounts", {"metadata": {"name": "mine"}}),
        glass("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {"metadata": {"name": "mine"}}),
        glass("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/mooring-only"),
    ]
    assert [403] * len(lasting) == [status for status, _ in lasting]


def test_what_is_used_is_asked_from_the_api(world: World, target: Target, namespace: str) -> None:
    """GIVEN an application that was synced WHEN its kinds are asked for THEN each is told, in its namespace."""
    key = world.declare(f"kinds-{namespace}", namespace=namespace, **AUTO)
    world.push(key, config_map(namespace), deployment(namespace))
    world.sync(key)
    found = used_in(Asked(world, key), "in-cluster")  # type: ignore[arg-type]
    assert {namespace: frozenset({("", "ConfigMap"), ("apps", "Deployment")})} == found.kinds
