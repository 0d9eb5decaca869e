"""ExternalSecrets from a real Vault to the cluster, over TLS: every engine and login that Mooring has."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from local.cluster import Cluster
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.flows.clusters.targets import Targets
from mooring.model.objects import Manifest
from mooring.source.gokit import GoKit
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.canaries import kept, leaks
from tests.doubles.externalworld import ExternalWorld, content, datum, external, health, store, synced
from tests.doubles.installation import installation
from tests.doubles.realvault import RealVault, real_vault

TOKEN = {"tokenSecretRef": {"name": "vault", "key": "token"}}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealVault]:
    with real_vault(tmp_path_factory.mktemp("vault")) as started:
        yield started


@pytest.fixture
def shop(gokit: GoKit, vault: RealVault) -> Iterator[ExternalWorld]:
    """An installation that may ask this Vault, and whose project has a token of it."""
    with installation() as make:
        world = ExternalWorld(make(), gokit)
        world.vaults = (vault.address,)
        made = vault.ask("POST", "auth/token/create", {"policies": ["shop"], "ttl": "1h"})
        world.held["mooring/external/default/vault"] = {"token": made["auth"]["client_token"]}
        yield world


def vault_store(vault: RealVault, auth: Any = None, name: str = "aws", **more: Any) -> Manifest:
    """A SecretStore of this Vault, named as the double `external` expects."""
    manifest = store(name)
    inside = {"server": vault.address, "path": "secret", "caBundle": vault.ca_bundle}
    manifest["spec"]["provider"] = {"vault": inside | {"auth": TOKEN if auth is None else auth} | more}
    return manifest


def test_both_engines_with_versions_and_metadata(shop: ExternalWorld, vault: RealVault) -> None:
    """GIVEN secrets in KV 1 and 2 WHEN synced THEN properties, whole objects, versions and metadata are in the Secret."""
    vault.put("shop/db", user="ada", port=5432)
    vault.put("shop/db", user="bob", inner={"b": [1.5], "a": "é"})
    vault.ask("POST", "secret/metadata/shop/db", {"custom_metadata": {"team": "shop"}})
    vault.put("old/db", version=1, password="one")
    of_first = {"sourceRef": {"storeRef": {"name": "first"}}}

    key = synced(
        shop,
        vault_store(vault),
        vault_store(vault, name="first", path="kv", version="v1"),
        external(
            "db",
            [
                datum("user", "shop/db", property="user"),
                datum("spelled", "secret/data/shop/db", property="inner"),
                datum("before", "secret/shop/db", version="1"),
                datum("tags", "shop/db", metadataPolicy="Fetch", property="team"),
                datum("first", "old/db", property="password") | of_first,
            ],
            [{"extract": {"key": "old/db"}} | of_first],
        ),
    )

    expected = {
        "user": "bob",
        "spelled": '{"a":"é","b":[1.5]}',
        "before": '{"port":5432,"user":"ada"}',
        "tags": "shop",
        "first": "one",
        "password": "one",
    }
    assert "Healthy" == health(shop, key).status, health(shop, key)
    assert expected == content(shop.secret("db"))


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_its_authority_may_be_among_the_manifests(shop: ExternalWorld, vault: RealVault, kind: str) -> None:
    """GIVEN a certificate in a ConfigMap or Secret of the application WHEN a store names it THEN Vault is trusted by it;
    where that key holds none, the error says so.
    """
    vault.put("shop/ca", p="one")
    text = vault.authority.decode()
    data = {"ca.crt": text if kind == "ConfigMap" else base64.b64encode(text.encode()).decode(), "other": "YQ=="}
    held = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "authority"}, "data": data}
    ref = {"type": kind, "name": "authority", "key": "ca.crt"}
    key = synced(
        shop,
        held,
        vault_store(vault, caBundle="", caProvider=ref),
        vault_store(vault, name="wrong", caBundle="", caProvider=ref | {"key": "other"}),
        external("db", [datum("p", "shop/ca", property="p")]),
        external("closed", [datum("p", "shop/ca", property="p")], secretStoreRef={"name": "wrong"}),
    )
    assert {"p": "one"} == content(shop.secret("db"))
    assert f"the {kind} authority has none at 'other'" in health(shop, key, "closed").message


def test_find_goes_through_folders_and_looks_at_metadata(shop: ExternalWorld, vault: RealVault) -> None:
    """GIVEN folders of secrets WHEN found by path, name and tags THEN those alone are keys, by their whole path."""
    for name in ("shop/f/db", "shop/f/cache/main", "shop/f/cache/spare"):
        vault.put(name, v=name)
    vault.ask("POST", "secret/metadata/shop/f/cache/main", {"custom_metadata": {"kind": "cache", "more": "x"}})
    by_path = external("paths", [], [{"find": {"path": "shop/f", "name": {"regexp": "db$|main$"}}}])
    by_tags = external("tags", [], [{"find": {"path": "shop", "tags": {"kind": "cache"}}}])

    synced(shop, vault_store(vault), by_path, by_tags)

    found = {"shop_f_db": '{"v":"shop/f/db"}', "shop_f_cache_main": '{"v":"shop/f/cache/main"}'}
    assert found == content(shop.secret("paths"))
    assert {"shop_f_cache_main"} == set(content(shop.secret("tags")))


def test_a_refresh_applies_only_what_has_changed(shop: ExternalWorld, vault: RealVault) -> None:
    """GIVEN synced secrets of both versions WHEN the interval is over THEN a new value is applied, an old one is not."""
    vault.put("shop/turning", p="one")
    vault.put("turning", version=1, p="one")
    key = synced(
        shop,
        vault_store(vault),
        vault_store(vault, name="first", path="kv", version="v1"),
        external("db", [datum("p", "shop/turning", property="p")], refreshInterval="10m"),
        external("old", [datum("p", "turning", property="p")], refreshInterval="10m", secretStoreRef={"name": "first"}),
    )
    shop.world.cluster.applies.clear()

    shop.later(601)
    shop.sync(key, "tick")
    assert [] == shop.world.cluster.applies

    vault.put("shop/turning", p="two")
    vault.put("turning", version=1, p="two")
    shop.later(1202)
    shop.sync(key, "tick")
    assert [{"p": "two"}, {"p": "two"}] == [content(shop.secret("db")), content(shop.secret("old"))]


def test_an_app_role_logs_in(shop: ExternalWorld, vault: RealVault) -> None:
    """GIVEN a role whose secret id counts once WHEN a sync reads several secrets THEN one login was enough."""
    vault.put("shop/a", p="one")
    vault.put("shop/b", p="two")
    vault.ask("POST", "auth/approle/role/shop", {"token_policies": ["shop"], "secret_id_num_uses": 1})
    role = vault.ask("GET", "auth/approle/role/shop/role-id")["data"]["role_id"]
    secret = vault.ask("POST", "auth/approle/role/shop/secret-id", {})["data"]["secret_id"]
    shop.held["mooring/external/default/vault"] |= {"secret-id": secret}
    auth = {"appRole": {"path": "approle", "roleId": role, "secretRef": {"name": "vault", "key": "secret-id"}}}

    key = synced(
        shop,
        vault_store(vault, auth),
        external("db", [datum("a", "shop/a", property="p"), datum("b", "shop/b", property="p")]),
        external("more", [], [{"find": {"path": "shop", "name": {"regexp": "^shop/a$"}}}]),
    )

    assert {"a": "one", "b": "two"} == content(shop.secret("db"))
    assert {"shop_a"} == set(content(shop.secret("more")))
    # AND one that is used up is refused, in words that say what to look at, and hold nothing of it
    shop.later(8000)
    shop.world.push(key, vault_store(vault, auth), external("next", [datum("a", "shop/a", property="p")]))
    shop.sync(key)
    (told,) = shop.world.record(key).status.conditions
    assert "ExternalSecret next: Vault refuses a login at auth/approle (400); check the role id" in told.message
    assert [] == leaks(kept(shop.world), [secret, shop.held["mooring/external/default/vault"]["token"]])


def test_a_service_account_logs_in_by_the_clusters_own_review(
    shop: ExternalWorld, vault: RealVault, cluster: Cluster
) -> None:
    """GIVEN Vault's kubernetes method and a real API server WHEN synced THEN Vault takes the token that this API server
    made after asking it for a TokenReview, and no other account's.
    """
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    registry = Registry(shop.world.table, SecretStore(client), "mooring")
    connection = from_kubeconfig(cluster.kubeconfig)
    registry.register_cluster("north", connection.server, default=False, config=json.loads(connection.to_argo()))
    shop.targets = Targets(registry, connections=2, clock=lambda: shop.world.now)
    accounts = "/api/v1/namespaces/vaulted/serviceaccounts"
    cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": "vaulted"}})
    for name in ("reader", "reviewer", "other"):
        cluster.client("POST", accounts, {"metadata": {"name": name}})
    binding = {
        "metadata": {"name": "vault-reviews"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": "vaulted"}],
    }
    cluster.client("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    _, reviewer = cluster.client("POST", f"{accounts}/reviewer/token", {"spec": {"expirationSeconds": 3600}})
    assert cluster.ca_file is not None
    vault.ask(
        "POST",
        "auth/kubernetes/config",
        {
            "kubernetes_host": connection.server,
            "kubernetes_ca_cert": cluster.ca_file.read_text(),
            "token_reviewer_jwt": reviewer["status"]["token"],
            "disable_local_ca_jwt": True,
        },
    )
    bound = {"bound_service_account_names": "reader", "bound_service_account_namespaces": "vaulted"}
    vault.ask("POST", "auth/kubernetes/role/shop", bound | {"audience": "vault", "token_policies": ["shop"]})
    vault.put("shop/k", p="one")

    def auth(account: str) -> Any:
        ref = {"name": account, "audiences": ["vault", "https://kubernetes.default.svc"]}
        return {"kubernetes": {"role": "shop", "serviceAccountRef": ref}}

    key = synced(
        shop,
        vault_store(vault, auth("reader")),
        vault_store(vault, auth("other"), "others"),
        external("db", [datum("p", "shop/k", property="p")]),
        external("closed", [datum("p", "shop/k", property="p")], secretStoreRef={"name": "others"}),
        namespace="vaulted",
        cluster="north",
    )

    assert "Healthy" == health(shop, key).status, health(shop, key)
    status, live = cluster.client("GET", "/api/v1/namespaces/vaulted/secrets/db")
    assert (200, {"p": "one"}) == (status, content(live))
    assert "let the role 'shop' take this" in health(shop, key, "closed").message


@contextmanager
def sts(behind: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """moto's STS with the one header that Vault insists on (`text/xml`), and the headers of all that was asked."""
    asked: list[dict[str, str]] = []

    class Passing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type", "X-Amz-Date")}
            request = urllib.request.Request(behind, body, headers, method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                content = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_an_aws_role_logs_in_by_a_signed_request(
    shop: ExternalWorld, vault: RealVault, moto_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN Vault's aws method, whose STS is moto's WHEN a store names a role THEN Vault learns from the signed request
    that it is this role, and refuses another one.
    """
    real: Callable[..., Any] = boto3.client
    monkeypatch.setattr(
        shop,
        "client",
        lambda service, region, keys: real(service, region_name=region, endpoint_url=moto_server, **keys),
    )
    arn = "arn:aws:iam::123456789012:role/{}"
    vault.put("shop/aws", p="one")
    with sts(moto_server) as (url, asked):
        client = {"sts_endpoint": url, "sts_region": "eu-west-1", "iam_server_id_header_value": "vault.test"}
        vault.ask("POST", "auth/aws/config/client", client)
        bound = {"bound_iam_principal_arn": arn.format("shop"), "resolve_aws_unique_ids": False}
        vault.ask("POST", "auth/aws/role/dev", bound | {"auth_type": "iam", "token_policies": ["shop"]})

        def auth(role: str) -> Any:
            iam = {"role": arn.format(role), "vaultRole": "dev", "vaultAwsIamServerID": "vault.test"}
            return {"iam": iam | {"region": "eu-west-1"}}

        key = synced(
            shop,
            vault_store(vault, auth("shop")),
            vault_store(vault, auth("other"), "others"),
            external("db", [datum("p", "shop/aws", property="p")]),
            external("closed", [datum("p", "shop/aws", property="p")], secretStoreRef={"name": "others"}),
        )

    assert "Healthy" == health(shop, key).status, health(shop, key)
    assert {"p": "one"} == content(shop.secret("db"))
    assert "bind arn:aws:iam::123456789012:role/other to Vault's role 'dev'" in health(shop, key, "closed").message
    assert {"sts.eu-west-1.amazonaws.com"} == {each["host"] for each in asked}


@pytest.mark.parametrize(
    ("more", "ref", "words"),
    [
        ({}, {"key": "shop/none"}, "is not there"),
        ({}, {"key": "shop/gone"}, "is not there"),
        ({}, {"key": "shop/db", "version": "99"}, "is not there"),
        ({}, {"key": "closed/db"}, "allow read there"),
        ({"path": "nowhere"}, {"key": "shop/db"}, "allow read there"),
        ({"caBundle": ""}, {"key": "shop/db"}, "put its authority into caBundle"),
        ({"caBundle": "other"}, {"key": "shop/db"}, "put its authority into caBundle"),
        ({"caBundle": "bm9uZQ=="}, {"key": "shop/db"}, "must be a certificate in PEM"),
        ({"caBundle": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="}, {"key": "shop/db"}, "into caBundle"),
        (
            {"caBundle": "", "caProvider": {"type": "ConfigMap", "name": "none", "key": "a"}},
            {"key": "x"},
            "no shop/none",
        ),
        ({"caBundle": "", "caProvider": {"type": "Pod", "name": "a", "key": "a"}}, {"key": "x"}, "ConfigMap or Secret"),
        (
            {"caProvider": {"type": "ConfigMap", "name": "a", "key": "a"}},
            {"key": "x"},
            "must not stand beside caBundle",
        ),
    ],
)
def test_what_cannot_be_read_says_why(
    shop: ExternalWorld, vault: RealVault, cluster: Cluster, more: Any, ref: Any, words: str
) -> None:
    """GIVEN a key or certificate that doesn't serve WHEN synced THEN the ExternalSecret is Degraded with the reason."""
    for name in ("shop/db", "shop/gone", "closed/db"):
        vault.put(name, p="canary-of-a-value")
    vault.ask("DELETE", "secret/data/shop/gone")
    if more.get("caBundle") == "other":
        assert cluster.ca_file is not None
        more = {"caBundle": base64.b64encode(cluster.ca_file.read_bytes()).decode()}

    key = synced(shop, vault_store(vault, **more), external("db", [{"secretKey": "p", "remoteRef": ref}]))

    told = health(shop, key)
    assert ("Degraded", True) == (told.status, words in told.message), told.message
    assert shop.secret("db") is None
    assert [] == leaks(kept(shop.world), ["canary-of-a-value"])
