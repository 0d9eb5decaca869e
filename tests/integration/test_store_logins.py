"""As whom stores ask AWS: kept keys, service accounts, roles with session tags. moto's AWS, a cluster in memory."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.access.parsing import built_in
from mooring.access.secretrules import SecretRules
from mooring.health import Health
from mooring.model.objects import Manifest, ObjectKey
from mooring.source.gokit import GoKit
from tests.doubles.canaries import kept, leaks
from tests.doubles.externalworld import ExternalWorld, datum, external, push, pushed, store
from tests.doubles.installation import installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
ROLE = "arn:aws:iam::123456789012:role/shop"


@pytest.fixture
def shop(gokit: GoKit) -> Iterator[ExternalWorld]:
    """An installation whose function may read nothing itself, and whose project has an access key."""
    with installation() as make:
        world = ExternalWorld(make(), gokit)
        world.as_oneself = False
        world.held["mooring/external/default/aws"] = {"id": "AKIAOFTHESHOP", "secret": "canary-of-a-key"}
        world.secrets.create_secret(Name="db", SecretString="one")
        yield world


def key_of(name: str) -> dict[str, Any]:
    return {"name": "aws", "key": name, "namespace": "anywhere"}


KEYS = {"secretRef": {"accessKeyIDSecretRef": key_of("id"), "secretAccessKeySecretRef": key_of("secret")}}


def signed_by(shop: ExternalWorld, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Operations and the access keys that they were signed with."""
    seen: list[tuple[str, str]] = []
    make = shop.client

    def client(service: str, region: str, credentials: Any) -> Any:
        made = make(service, region, credentials)
        key = credentials.get("aws_access_key_id", "")
        made.meta.events.register("before-call", lambda model, **_: seen.append((model.name, key)))
        return made

    monkeypatch.setattr(shop, "client", client)
    return seen


def value(shop: ExternalWorld, name: str = "x") -> str:
    found = shop.secret(name)
    return "" if found is None else base64.b64decode(found["data"]["a"]).decode()


def told(shop: ExternalWorld, key: Any, name: str = "x") -> str:
    (row,) = [each for each in shop.world.record(key).status.resources if each.key.name == name and each.uncounted]
    return (row.health or Health("Healthy")).message


def test_kept_keys_open_a_store(shop: ExternalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an access key of the project WHEN a store names it THEN AWS is asked with it, by itself or for a role."""
    seen = signed_by(shop, monkeypatch)
    key = shop.world.declare(**AUTO)
    shop.world.push(key, store(auth=KEYS), external("x", [datum("a", "db")]), push("out", "x", pushed("a", "copy")))
    shop.sync(key)
    assert "one" == value(shop)
    assert {"AKIAOFTHESHOP"} == {by for _, by in seen}
    assert "CreateSecret" in shop.calls

    seen.clear()
    shop.world.push(key, store(auth=KEYS, role=ROLE), external("x", [datum("a", "db")]))
    shop.sync(key)
    first, second = seen
    assert (("AssumeRole", "AKIAOFTHESHOP"), "GetSecretValue") == (first, second[0])
    assert second[1].startswith("ASIA")


def test_keys_are_the_projects_alone(shop: ExternalWorld) -> None:
    """GIVEN references to what is not kept, or kept for another project WHEN synced THEN the error names the place."""
    key = shop.world.declare(**AUTO)
    other = {**KEYS["secretRef"], "secretAccessKeySecretRef": {"name": "../other/aws", "key": "secret"}}
    missing = {**KEYS["secretRef"], "secretAccessKeySecretRef": {"name": "aws", "key": "no"}}
    half = {"accessKeyIDSecretRef": key_of("id")}
    for auth, words in (
        (other, "spec.provider.aws.auth.secretRef.secretAccessKeySecretRef.name: must be the name of a secret"),
        (missing, "must hold a line of text in the field 'no'"),
        (half, "auth.secretRef.secretAccessKeySecretRef: must not be empty"),
    ):
        shop.world.push(key, store(auth={"secretRef": auth}), external("x", [datum("a", "db")]))
        shop.sync(key)
        assert words in told(shop, key)
        assert "" == value(shop)


def test_kept_keys_are_not_told(shop: ExternalWorld, caplog: pytest.LogCaptureFixture) -> None:
    """GIVEN a store with an access key WHEN it opens, and then not THEN the key is in no table, bucket or log."""
    caplog.set_level("DEBUG")
    for noisy in ("botocore", "boto3", "urllib3"):
        caplog.set_level("WARNING", logger=noisy)
    key = shop.world.declare(**AUTO)
    pushes = push("out", "x", pushed("a", "copy"), deletionPolicy="Delete")
    shop.world.push(key, store(auth=KEYS), external("x", [datum("a", "db")]), pushes)
    shop.sync(key)
    shop.down = {"GetSecretValue"}
    shop.later(3601)
    shop.sync(key, "tick")
    shop.down = set()
    shop.world.push(key, store(auth=KEYS), external("x", [datum("a", "db")]))
    shop.sync(key)
    assert "DeleteSecret" in shop.calls
    blobs = {**kept(shop.world), "log": caplog.text.encode(), "record": repr(shop.world.record(key)).encode()}
    assert [] == leaks(blobs, ["canary-of-a-key"])


def test_roles_get_tags_and_an_external_id(shop: ExternalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a chain of roles with session tags WHEN assumed THEN the last gets them and the external id, and it alone."""
    asked: list[dict[str, Any]] = []
    make = shop.client

    def client(service: str, region: str, credentials: Any) -> Any:
        made = make(service, region, credentials)
        if service == "sts":
            made.meta.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(params))
        return made

    monkeypatch.setattr(shop, "client", client)
    key = shop.world.declare(**AUTO)
    more = {
        "sessionTags": [{"key": "team", "value": "shop"}],
        "transitiveTagKeys": ["team"],
        "externalID": "of-the-shop",
    }
    chain = store(role=ROLE, additionalRoles=[f"{ROLE}-first"], **more)
    shop.world.push(key, chain, external("x", [datum("a", "db")]))
    shop.sync(key)
    assert "one" == value(shop)
    session = {"RoleSessionName": "mooring-secrets"}
    last = {
        "DurationSeconds": 3600,
        "ExternalId": "of-the-shop",
        "Tags": [{"Key": "team", "Value": "shop"}],
        "TransitiveTagKeys": ["team"],
    }
    assert [{"RoleArn": f"{ROLE}-first"} | session, {"RoleArn": ROLE} | session | last] == asked


def test_a_service_account_has_the_role_of_its_annotation(shop: ExternalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN IAM roles for service accounts WHEN a store names an account THEN its token is changed into the role's keys."""
    tokens: list[tuple[str, tuple[str, ...], str]] = []

    def token(live: Any, account: Any, seconds: int = 600) -> str:
        tokens.append((f"{account.namespace}/{account.name}", account.audiences, live.cluster.name))
        return "canary.of.a-token"

    monkeypatch.setattr("mooring.flows.secrets.externalproofs.account_token", token)
    seen = signed_by(shop, monkeypatch)
    account = {"metadata": {"name": "reader", "namespace": "shop"}, "apiVersion": "v1", "kind": "ServiceAccount"}
    account["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": ROLE}  # type: ignore[index]
    key = shop.world.declare(**AUTO)
    jwt = {"jwt": {"serviceAccountRef": {"name": "reader"}}}
    shop.world.push(key, store(auth=jwt), external("x", [datum("a", "db")]))
    # WHEN the account is not there yet
    shop.sync(key)
    assert "no service account shop/reader with the annotation eks.amazonaws.com/role-arn" in told(shop, key)
    shop.world.cluster.objects[ObjectKey.of(account)] = account  # type: ignore[assignment]
    shop.later(61)
    shop.sync(key, "tick")
    assert "one" == value(shop)
    assert [("shop/reader", ("sts.amazonaws.com",), "in-cluster")] == tokens
    assert ("AssumeRoleWithWebIdentity", "") == seen[0]
    assert seen[-1][1].startswith("ASIA")

    # AND a project that does not permit the role is obeyed
    rules = SecretRules(roles=("arn:aws:iam::123456789012:role/other",))
    shop.world.targets.projects["default"] = dataclasses.replace(built_in(), secrets=rules)
    shop.world.request(key)
    shop.sync(key)
    assert ".roles)" in told(shop, key)


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        (KEYS | {"jwt": {"serviceAccountRef": {"name": "a"}}}, "auth.secretRef: can't stand beside jwt"),
        ({"jwt": {}}, "auth.jwt.serviceAccountRef: must not be empty"),
        ({"jwt": {"serviceAccountRef": {"name": "a", "namespace": "b"}}}, "namespace: must be shop"),
    ],
)
def test_logins_that_are_wrong_are_named(shop: ExternalWorld, auth: Any, words: str) -> None:
    """GIVEN an auth block that can't be followed WHEN synced THEN the store's row names the field."""
    key = shop.world.declare(**AUTO)
    shop.world.push(key, store(auth=auth), external("x", [datum("a", "db")]))
    shop.sync(key)
    assert words in told(shop, key, "aws")


def test_accounts_are_for_stores_of_a_namespace(shop: ExternalWorld) -> None:
    """GIVEN a ClusterSecretStore WHEN it names a service account THEN it is refused: anybody may write one."""
    key = shop.world.declare(**AUTO)
    manifest: Manifest = {**store(auth={"jwt": {"serviceAccountRef": {"name": "a"}}}), "kind": "ClusterSecretStore"}
    shop.world.push(key, manifest)
    shop.sync(key)
    assert "is for a SecretStore" in told(shop, key, "aws")
