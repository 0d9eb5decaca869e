"""ExternalSecrets from Secrets of registered clusters, and logins by their service accounts: a real API server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.cluster import Cluster
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.errors import ForbiddenError
from mooring.flows.clusters.targets import Targets
from mooring.model.objects import Manifest
from mooring.secrets.external.vaulthttp import VaultServer
from mooring.source.gokit import GoKit
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.externalworld import ExternalWorld, datum, external, health, store
from tests.doubles.externalworld import synced as synced_to
from tests.doubles.installation import installation
from tests.doubles.vaultserver import VaultDouble, vault_double

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture
def shop(cluster: Cluster, gokit: GoKit) -> Iterator[ExternalWorld]:
    """An installation with the cluster `north`, which has the namespaces `reading` and `held`."""
    with installation() as make:
        world = make()
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        registry = Registry(world.table, SecretStore(client), "mooring")
        connection = from_kubeconfig(cluster.kubeconfig)
        config = json.loads(connection.to_argo())
        registry.register_cluster("north", connection.server, default=False, config=config)
        made = ExternalWorld(world, gokit)
        made.targets = Targets(registry, connections=2, clock=lambda: world.now)
        for name in ("reading", "held"):
            cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        yield made


def keep(cluster: Cluster, name: str, labels: Any = None, **data: bytes) -> None:
    """A Secret of the namespace `held`."""
    body = {
        "metadata": {"name": name, "labels": labels or {}},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }
    path = "/api/v1/namespaces/held/secrets"
    cluster.client("DELETE", f"{path}/{name}")
    status, answer = cluster.client("POST", path, body)
    assert status == 201, answer


def cluster_store(url: str = "north", **more: Any) -> Manifest:
    manifest = store()
    manifest["spec"]["provider"] = {"kubernetes": {"server": {"url": url}, "remoteNamespace": "held"} | more}
    return manifest


def synced(shop: ExternalWorld, *manifests: Manifest) -> Any:
    return synced_to(shop, *manifests, namespace="reading", cluster="north")


def content(cluster: Cluster, name: str) -> dict[str, str] | None:
    status, found = cluster.client("GET", f"/api/v1/namespaces/reading/secrets/{name}")
    if status != 200:
        return None
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


def test_secrets_of_a_registered_cluster_are_read(shop: ExternalWorld, cluster: Cluster) -> None:
    """GIVEN Secrets in another namespace WHEN named, extracted or found THEN they are in the application's, and follow."""
    keep(cluster, "db", {"team": "shop"}, user=b"ada", password=b"one")
    keep(cluster, "cache", {"team": "shop"}, password=b"two")
    keep(cluster, "other", {"team": "other"}, password=b"three")
    by_labels = {"find": {"tags": {"team": "shop"}, "name": {"regexp": "^c"}}}
    key = synced(
        shop,
        cluster_store(from_kubeconfig(cluster.kubeconfig).server),
        external(
            "named",
            [datum("p", "db", property="password"), datum("l", "db", metadataPolicy="Fetch", property="labels.team")],
            [{"extract": {"key": "cache"}}],
            refreshInterval="10m",
        ),
        external("found", [], [by_labels]),
    )

    assert {"p": "one", "l": "shop", "password": "two"} == content(cluster, "named")
    assert {"cache": '{"password":"two"}'} == content(cluster, "found")

    keep(cluster, "db", {"team": "shop"}, password=b"changed")
    shop.later(700)
    shop.sync(key, "tick")
    assert "changed" == (content(cluster, "named") or {})["p"]


def test_the_destination_itself_is_meant_where_no_server_is_named(shop: ExternalWorld, cluster: Cluster) -> None:
    """GIVEN a store without a server WHEN synced THEN the Secrets of the application's own cluster are read."""
    keep(cluster, "db", password=b"one")
    manifest = cluster_store()
    del manifest["spec"]["provider"]["kubernetes"]["server"]

    synced(shop, manifest, external("own", [datum("p", "db", property="password")]))

    assert {"p": "one"} == content(cluster, "own")


@pytest.mark.parametrize(
    ("more", "ref", "words"),
    [
        ({"remoteNamespace": "kube-system"}, {"key": "db"}, "does not permit the namespace 'kube-system'"),
        ({"server": {"url": "south"}}, {"key": "db"}, "no cluster 'south' is registered"),
        ({"auth": {"token": {}}}, {"key": "db"}, "is not supported: name a registered cluster"),
        ({}, {"key": "none"}, "there is no Secret held/none"),
        ({}, {"key": "../reading"}, "must be the name of a Secret"),
        (
            {"remoteNamespace": "kube-system/secrets/db?x=-reading"},
            {"key": "db"},
            "remoteNamespace: must be a DNS label",
        ),
        ({}, {"key": "db", "version": "1"}, "keeps one value"),
        ({}, {"key": "bytes"}, "is not text"),
    ],
)
def test_what_may_not_or_cannot_be_read_says_why(
    shop: ExternalWorld, cluster: Cluster, more: Any, ref: Any, words: str
) -> None:
    """GIVEN a project with two namespaces WHEN another is named, or what isn't there THEN the reason stands there."""
    keep(cluster, "db", password=b"one")
    keep(cluster, "bytes", password=b"\xff")
    shop.targets.project = lambda name: limited()

    key = synced(shop, cluster_store(**more), external("refused", [{"secretKey": "p", "remoteRef": ref}]))

    told = health(shop, key, "refused")
    assert ("Degraded", True) == (told.status, words in told.message), told.message
    assert content(cluster, "refused") is None


def limited() -> Any:
    """A project whose applications may live in `reading` and `held`."""
    from dataclasses import replace

    from mooring.access.parsing import built_in
    from mooring.access.project import Permitted

    places = tuple(Permitted(server="*", namespace=name, name="") for name in ("reading", "held"))
    return replace(built_in(), destinations=places)


@pytest.fixture
def vault() -> Iterator[VaultDouble]:
    with vault_double() as double:
        yield double


def test_a_service_account_of_the_destination_logs_in_to_vault(
    shop: ExternalWorld, cluster: Cluster, vault: VaultDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an account in the store's namespace WHEN synced THEN Vault is shown a token of it for the audience asked."""
    cluster.client("POST", "/api/v1/namespaces/reading/serviceaccounts", {"metadata": {"name": "reader"}})
    shown: list[dict[str, str]] = []

    def login(self: VaultDouble, mount: str, body: dict[str, str]) -> str:
        shown.append(body)
        return "root"

    monkeypatch.setattr(VaultDouble, "login", login)
    monkeypatch.setattr(VaultServer.__init__, "__kwdefaults__", {"sleep": lambda seconds: None})
    shop.vaults = (vault.address,)
    vault.kv2["db"] = [{"p": "one"}]
    auth = {"kubernetes": {"role": "shop", "serviceAccountRef": {"name": "reader", "audiences": ["vault"]}}}
    manifest = store()
    manifest["spec"]["provider"] = {"vault": {"server": vault.address, "path": "secret", "auth": auth}}

    synced(shop, manifest, external("account", [datum("p", "db", property="p")]))

    assert {"p": "one"} == content(cluster, "account")
    (body,) = shown
    part = body["jwt"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert ("shop", ["vault"], "system:serviceaccount:reading:reader") == (body["role"], claims["aud"], claims["sub"])


def test_a_service_account_of_the_destination_has_its_role(
    shop: ExternalWorld, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an account with a role's annotation WHEN a store names it THEN STS is shown its token, and the role is used."""
    role = "arn:aws:iam::123456789012:role/shop"
    metadata = {"name": "aws", "annotations": {"eks.amazonaws.com/role-arn": role}}
    cluster.client("POST", "/api/v1/namespaces/reading/serviceaccounts", {"metadata": metadata})
    shop.as_oneself = False
    shop.secrets.create_secret(Name="db", SecretString="one")
    asked: list[Any] = []
    make = shop.client

    def client(service: str, region: str, credentials: Any) -> Any:
        made = make(service, region, credentials)
        event = "provide-client-params.sts.AssumeRoleWithWebIdentity"
        made.meta.events.register(event, lambda params, **_: asked.append(params))
        return made

    monkeypatch.setattr(shop, "client", client)

    synced(shop, store(auth={"jwt": {"serviceAccountRef": {"name": "aws"}}}), external("web", [datum("p", "db")]))

    assert {"p": "one"} == content(cluster, "web")
    (params,) = asked
    part = params["WebIdentityToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (role, "mooring-secrets") == (params["RoleArn"], params["RoleSessionName"])
    assert (["sts.amazonaws.com"], "system:serviceaccount:reading:aws") == (claims["aud"], claims["sub"])


def spread(name: str, *selectors: Any, **more: Any) -> Manifest:
    """A ClusterExternalSecret of a store for the cluster."""
    inside = external("x", [datum("p", "db", property="password")])["spec"]
    inside["secretStoreRef"]["kind"] = "ClusterSecretStore"
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterExternalSecret",
        "metadata": {"name": name},
        "spec": {"externalSecretSpec": inside, "namespaceSelectors": list(selectors), **more},
    }


def test_one_for_many_namespaces_follows_their_labels(
    shop: ExternalWorld, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN namespaces by name and label WHEN synced THEN each has the Secret; labels count again after refreshTime."""
    keep(cluster, "db", password=b"one")
    for name, labels in (("one-a", {"tier": "a"}), ("one-b", {"tier": "b"}), ("one-named", {})):
        cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})

    def there(name: str) -> set[str]:
        """Where it is; one that is on its way out waits for the garbage collector, which isn't here."""
        found = {
            place: cluster.client("GET", f"/api/v1/namespaces/{place}/secrets/{name}")
            for place in ("one-a", "one-b", "one-named", "reading")
        }
        return {
            place
            for place, (status, live) in found.items()
            if status == 200 and "deletionTimestamp" not in live["metadata"]
        }

    of_all = cluster_store() | {"kind": "ClusterSecretStore"}
    chosen = spread(
        "many",
        {"matchLabels": {"tier": "a"}},
        namespaces=["one-named", "not-there"],
        externalSecretName="made",
        refreshTime="10m",
        externalSecretMetadata={"labels": {"of": "many"}},
    )
    key = synced(shop, of_all, chosen)

    assert {"one-a", "one-named"} == there("made")
    made = cluster.client("GET", "/api/v1/namespaces/one-a/secrets/made")[1]
    assert ("many", "b25l") == (made["metadata"]["labels"]["of"], made["data"]["p"])

    # WHEN another namespace fits, and one does not any more
    for name, tier in (("one-b", "a"), ("one-a", "c")):
        _, found = cluster.client("GET", f"/api/v1/namespaces/{name}")
        found["metadata"]["labels"]["tier"] = tier
        assert 200 == cluster.client("PUT", f"/api/v1/namespaces/{name}", found)[0]
    shop.later(601)
    shop.sync(key, "tick")
    # THEN the Secrets follow
    assert {"one-b", "one-named"} == there("made")

    # WHEN what they are made of is gone
    cluster.client("DELETE", "/api/v1/namespaces/held/secrets/db")
    shop.later(601)
    shop.sync(key, "tick")
    # THEN they stay as they are, and the reason is told
    assert {"one-b", "one-named"} == there("made")
    (row,) = [each for each in shop.world.record(key).status.resources if each.key.kind == "ClusterExternalSecret"]
    assert ("Degraded", True) == (row.health.status, "in the namespace one-" in row.health.message)

    # WHEN nobody may read the namespaces any more
    def refused(live: Any) -> Any:
        raise ForbiddenError("namespaces may not be listed")

    monkeypatch.setattr("mooring.flows.secrets.externalreading.namespaces_of", refused)
    shop.later(4000)
    shop.sync(key, "tick")
    # THEN they stay as well
    assert {"one-b", "one-named"} == there("made")
    operation = shop.world.record(key).status.operation
    assert operation is not None
    assert ("Failed", "namespaces may not be listed") == (operation.phase, operation.message)
