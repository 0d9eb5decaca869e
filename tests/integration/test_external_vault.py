"""ExternalSecrets from Vault to the cluster: a double of Vault's documented HTTP API (`tests.doubles.vaultserver`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mooring.model.objects import Manifest
from mooring.secrets.external.vaulthttp import VaultServer
from mooring.source.gokit import GoKit
from tests.doubles.canaries import kept, leaks
from tests.doubles.externalworld import ExternalWorld, content, datum, external, health, store, synced
from tests.doubles.installation import installation
from tests.doubles.vaultserver import VaultDouble, vault_double

TOKEN = {"tokenSecretRef": {"name": "vault", "key": "token"}}
PASSWORD = {"name": "vault", "key": "secret-id"}


@pytest.fixture
def vault() -> Iterator[VaultDouble]:
    with vault_double() as double:
        yield double


@pytest.fixture
def shop(gokit: GoKit, vault: VaultDouble, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExternalWorld]:
    """An installation that may ask the double, and whose project has a token of it."""
    monkeypatch.setattr(VaultServer.__init__, "__kwdefaults__", {"sleep": lambda seconds: None})
    with installation() as make:
        world = ExternalWorld(make(), gokit)
        world.vaults = (vault.address,)
        world.held["mooring/external/default/vault"] = {"token": "root", "secret-id": "of-the-role", "jwt": "a.b.c"}
        yield world


def vault_store(vault: VaultDouble, auth: Any = None, name: str = "aws", **more: Any) -> Manifest:
    """A SecretStore of Vault, named as the double `external` expects."""
    manifest = store(name)
    inside = {"server": vault.address, "path": "secret", "auth": TOKEN if auth is None else auth} | more
    manifest["spec"]["provider"] = {"vault": inside}
    return manifest


def test_both_versions_of_the_engine_become_secrets(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN secrets in KV 1 and 2 WHEN synced THEN properties, whole objects, versions and metadata are in the Secret."""
    vault.kv2["shop/db"] = [{"user": "ada", "port": 5432}, {"user": "bob", "inner": {"b": [1.50], "a": "é"}}]
    vault.custom["shop/db"] = {"team": "shop"}
    vault.kv1["old/db"] = {"password": "one"}
    of_first = {"sourceRef": {"storeRef": {"name": "first"}}}

    synced(
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
    assert expected == content(shop.secret("db"))
    # AND what was asked for once was not asked for again
    assert 1 == vault.requests.count("GET kv/old/db")


def test_find_goes_through_folders_and_looks_at_metadata(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN folders of secrets WHEN found by path, name and tags THEN those alone are keys, by their whole path."""
    for name in ("shop/db", "shop/cache/main", "shop/cache/spare", "other/db"):
        vault.kv2[name] = [{"v": name}]
    vault.custom["shop/cache/main"] = {"team": "shop", "more": "x"}
    by_path = external("paths", [], [{"find": {"path": "shop", "name": {"regexp": "db$|main$"}}}])
    by_tags = external("tags", [], [{"find": {"tags": {"team": "shop"}}}])

    synced(shop, vault_store(vault), by_path, by_tags)

    assert {"shop_db": '{"v":"shop/db"}', "shop_cache_main": '{"v":"shop/cache/main"}'} == content(shop.secret("paths"))
    assert {"shop_cache_main"} == set(content(shop.secret("tags")))


def test_a_refresh_applies_only_what_has_changed(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN synced secrets of both versions WHEN the interval is over THEN a new value is applied, an old one is not."""
    vault.kv2["db"], vault.kv1["db"] = [{"p": "one"}], {"p": "one"}
    manifests = [
        vault_store(vault),
        vault_store(vault, name="first", path="kv", version="v1"),
        external("db", [datum("p", "db", property="p")], refreshInterval="10m"),
        external("old", [datum("p", "db", property="p")], refreshInterval="10m", secretStoreRef={"name": "first"}),
    ]
    key = synced(shop, *manifests)
    shop.world.cluster.applies.clear()

    shop.later(601)
    shop.sync(key, "tick")
    assert [] == shop.world.cluster.applies

    vault.kv2["db"].append({"p": "two"})
    vault.kv1["db"] = {"p": "two"}
    shop.later(1202)
    shop.sync(key, "tick")
    assert [{"p": "two"}, {"p": "two"}] == [content(shop.secret("db")), content(shop.secret("old"))]


@pytest.mark.parametrize(
    ("mount", "role", "auth"),
    [
        (
            "approle",
            {"role_id": "shop", "secret_id": "of-the-role"},
            {"appRole": {"roleId": "shop", "secretRef": {"name": "vault", "key": "secret-id"}}},
        ),
        (
            "team/roles",
            {"role_id": "root", "secret_id": "of-the-role"},
            {
                "appRole": {
                    "path": "team/roles",
                    "roleRef": {"name": "vault", "key": "token"},
                    "secretRef": {"name": "vault", "key": "secret-id"},
                }
            },
        ),
        (
            "kubernetes",
            {"role": "shop", "jwt": "a.b.c"},
            {"kubernetes": {"role": "shop", "secretRef": {"name": "vault"}}},
        ),
        ("jwt", {"role": "shop", "jwt": "a.b.c"}, {"jwt": {"role": "shop", "secretRef": {"name": "vault"}}}),
        ("ldap/login/ada", {"password": "of-the-role"}, {"ldap": {"username": "ada", "secretRef": PASSWORD}}),
        (
            "people/login/ada",
            {"password": "of-the-role"},
            {"userPass": {"path": "people", "username": "ada", "secretRef": PASSWORD}},
        ),
    ],
)
def test_logins_give_a_token_for_an_invocation(
    shop: ExternalWorld, vault: VaultDouble, mount: str, role: Any, auth: Any
) -> None:
    """GIVEN an auth method and a namespace WHEN synced THEN one login serves all requests of the invocation."""
    vault.namespace, vault.tokens, vault.roles[mount] = "team-a", set(), role
    vault.kv2 |= {"one": [{"p": "one"}], "two": [{"p": "two"}]}

    synced(
        shop,
        vault_store(vault, auth, namespace="team-a"),
        external("db", [datum("a", "one", property="p"), datum("b", "two", property="p")]),
        external("more", [], [{"find": {"name": {"regexp": "t"}}}]),
    )

    assert {"a": "one", "b": "two"} == content(shop.secret("db"))
    path = mount if "login" in mount else f"{mount}/login"
    assert 1 == vault.requests.count(f"POST auth/{path}")


@pytest.mark.parametrize(
    ("region", "url"), [("", "https://sts.amazonaws.com/"), ("eu-west-1", "https://sts.eu-west-1.amazonaws.com/")]
)
def test_an_aws_role_logs_in_by_a_signed_request(
    shop: ExternalWorld, vault: VaultDouble, monkeypatch: pytest.MonkeyPatch, region: str, url: str
) -> None:
    """GIVEN Vault's aws method WHEN a store names a role THEN a signature of the assumed role's keys is shown, no key."""
    keys = {"aws_access_key_id": "ASIAX", "aws_secret_access_key": "canary-key", "aws_session_token": "session"}
    assumed: list[Any] = []

    def credentials(self: Any, access: Any, seconds: int = 3600) -> dict[str, str]:
        assumed.append(access.roles)
        return keys

    monkeypatch.setattr("mooring.secrets.external.awsaccess.AwsClients.credentials", credentials)
    vault.tokens = set()
    vault.roles["aws"] = {"role": "dev", "url": url, "server_id": "vault.test", "key": "ASIAX", "secret": "canary-key"}
    vault.kv2["db"] = [{"p": "one"}]
    arn = "arn:aws:iam::123456789012:role/shop"
    iam = {"role": arn, "vaultRole": "dev", "vaultAwsIamServerID": "vault.test"} | (
        {"region": region} if region else {}
    )

    synced(shop, vault_store(vault, {"iam": iam}), external("db", [datum("p", "db", property="p")]))

    assert {"p": "one"} == content(shop.secret("db"))
    assert [(arn,)] == assumed


def test_a_kept_access_key_logs_in_as_itself(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN Vault's aws method WHEN a store names an access key of the project THEN its signature is shown."""
    shop.held["mooring/external/default/aws"] = {"id": "AKIAX", "secret": "canary-key"}
    vault.tokens = set()
    url = "https://sts.amazonaws.com/"
    vault.roles["aws"] = {"role": "dev", "url": url, "server_id": "vault.test", "key": "AKIAX", "secret": "canary-key"}
    vault.kv2["db"] = [{"p": "one"}]
    refs = {"accessKeyIDSecretRef": {"name": "aws", "key": "id"}, "secretAccessKeySecretRef": {"name": "aws"}}
    refs["secretAccessKeySecretRef"]["key"] = "secret"
    iam = {"vaultRole": "dev", "vaultAwsIamServerID": "vault.test", "secretRef": refs}

    synced(shop, vault_store(vault, {"iam": iam}), external("db", [datum("p", "db", property="p")]))

    assert {"p": "one"} == content(shop.secret("db"))


def test_a_busy_server_is_asked_again_and_a_missing_right_is_not(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN answers of trouble WHEN read THEN transient ones are repeated, a refusal is told once and quotes nothing."""
    vault.kv2 |= {"db": [{"p": "one"}], "closed": [{"p": "canary-of-a-value"}]}
    vault.denied = {"secret/data/closed"}
    vault.faults = [(503, {}), (429, {"Retry-After": "1"}), (412, {})]

    key = synced(
        shop,
        vault_store(vault),
        external("db", [datum("p", "db", property="p")]),
        external("closed", [datum("p", "closed", property="p")]),
    )

    assert {"p": "one"} == content(shop.secret("db"))
    told = health(shop, key, "closed")
    assert ("Degraded", True) == (told.status, "allow read there" in told.message)
    assert 3 + 2 == len(vault.requests)
    assert [] == leaks(kept(shop.world), ["canary-of-a-value", "canary-of-an-answer"])


@pytest.mark.parametrize(
    ("more", "ref", "words"),
    [
        ({}, {"key": "../sys/health"}, "is no path in Vault"),
        ({}, {"key": "db", "version": "latest"}, "must be a number"),
        ({}, {"key": "none"}, "is not there"),
        ({}, {"key": "gone"}, "is not there"),
        ({"path": "kv", "version": "v1"}, {"key": "db", "metadataPolicy": "Fetch"}, "has no metadata"),
        ({"auth": {"tokenSecretRef": {"name": "../other", "key": "token"}}}, {"key": "db"}, "name of a secret"),
        (
            {"auth": {"tokenSecretRef": {"name": "vault", "key": "none"}}},
            {"key": "db"},
            "mooring/external/default/vault",
        ),
        ({"auth": {"cert": {"path": "x"}}}, {"key": "db"}, "logs in with tokenSecretRef"),
        ({"server": "https://evil.test"}, {"key": "db"}, "VaultServers"),
    ],
)
def test_what_cannot_be_read_says_why(shop: ExternalWorld, vault: VaultDouble, more: Any, ref: Any, words: str) -> None:
    """GIVEN a store or key that can't be used WHEN synced THEN the ExternalSecret is Degraded with the reason."""
    vault.kv2 |= {"db": [{"p": "one"}], "gone": [{"p": "one"}, None]}
    vault.kv1["db"] = {"p": "one"}
    entry = {"secretKey": "p", "remoteRef": ref}

    key = synced(shop, vault_store(vault, **more), external("db", [entry]))

    told = health(shop, key)
    assert ("Degraded", True) == (told.status, words in told.message), told.message
    assert shop.secret("db") is None


def test_a_silent_server_is_asked_once_for_all(shop: ExternalWorld, vault: VaultDouble) -> None:
    """GIVEN a server that nobody listens at WHEN many secrets are wanted THEN all wait for it, and are tried again."""
    shop.vaults = ("http://127.0.0.1:9",)
    many = [external(f"db{index}", [datum("p", f"db{index}", property="p")]) for index in range(5)]

    key = synced(shop, vault_store(vault, server="http://127.0.0.1:9"), *many)

    assert {"Degraded"} == {health(shop, key, f"db{index}").status for index in range(5)}
    assert "does not answer" in health(shop, key, "db0").message
    assert shop.world.record(key).status.reopen_at > shop.world.now
