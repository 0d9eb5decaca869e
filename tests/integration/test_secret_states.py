"""How an application's secrets are shown: where each comes from and whether that worked, and nothing of a value."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import orjson
import pytest

from mooring.errors import MooringError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.looking.answering import answer_look
from mooring.flows.looking.ports import LookPorts
from mooring.flows.looking.secrets import show_secrets
from mooring.flows.secrets.sealing import SealedOpener
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.secrets.sealed import public_key_of
from mooring.secrets.sealedsecret import seal_secret
from mooring.source.gokit import GoKit
from mooring.state.secret_store import SecretStore
from mooring.state.sealingkeys import SealingKeys
from tests.doubles.canaries import leaks
from tests.doubles.externalworld import ExternalWorld, datum, external, push, pushed, store, synced
from tests.doubles.installation import config_map, installation

CANARY = "canary-31c7-battery-staple"
HIDDEN = "canary-77d0-from-sops"


@pytest.fixture
def shop(gokit: GoKit) -> Iterator[ExternalWorld]:
    """An installation with a sealing key and a secret elsewhere."""
    with installation() as make:
        made = ExternalWorld(make(), gokit)
        keys = SealingKeys(made.world.table, SecretStore(made.secrets), "m")
        keys.renew(made.world.now, bits=2048)
        made.openers = (SealedOpener(lambda: keys, lambda texts, _: texts),)
        made.secrets.create_secret(Name="shop/db", SecretString=orjson.dumps({"password": CANARY}).decode())
        yield made


def sealed(shop: ExternalWorld, name: str) -> Manifest:
    key = SealingKeys(shop.world.table, SecretStore(boto3.client("secretsmanager", region_name="eu-central-1")), "m")
    return seal_secret(plain(name), public_key_of(key.newest().pem))


def plain(name: str) -> Manifest:
    data = {"password": base64.b64encode(CANARY.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def ports(shop: ExternalWorld) -> LookPorts:
    """What needs no cluster: a look at anything else would fail."""
    nothing: Any = None
    return LookPorts(
        shop.world.applications, shop.world.bundles, nothing, nothing, nothing, lambda: shop.world.now, 1e12
    )  # fmt: skip


def shown(shop: ExternalWorld, key: AppKey) -> dict[str, dict[str, Any]]:
    """The items by kind and name."""
    return {f"{each['kind']}/{each['name']}": each for each in show_secrets(ports(shop), key)["items"]}


def test_each_secret_says_where_it_comes_from_and_how_it_is(shop: ExternalWorld) -> None:
    """GIVEN secrets of every origin, two of which do not open, WHEN they are listed THEN each has its state, its stores
    and names, what failed comes first, and no value is anywhere.
    """
    lost = sealed(shop, "lost")
    lost["spec"]["encryptedData"]["password"] = lost["spec"]["encryptedData"]["password"][:40]
    key = synced(
        shop,
        store(),
        external("db", [datum("word", "shop/db", property="password")], target={"name": "shop-db"}),
        external("gone", [datum("x", "shop/none")]),
        sealed(shop, "seal"),
        lost,
        plain("rendered"),
        push("out", "shop-db", pushed("word", "shop/copy", "login")),
        config_map("a"),
    )
    found = show_secrets(ports(shop), key)
    items = {f"{each['kind']}/{each['name']}": each for each in found["items"]}
    states = {name: each["state"] for name, each in items.items()}
    assert {
        "ExternalSecret/db": "opened", "ExternalSecret/gone": "failing", "SealedSecret/seal": "opened",
        "SealedSecret/lost": "failing", "Secret/rendered": "applied",
    } == {name: state for name, state in states.items() if name != "PushSecret/out"}  # fmt: skip
    assert ["failing", "failing"] == [each["state"] for each in found["items"][:2]]
    assert "shop/none" in items["ExternalSecret/gone"]["message"]
    db = items["ExternalSecret/db"]
    assert [{"namespace": "shop", "name": "shop-db", "merged": False}] == db["secrets"]
    assert [{"key": "shop/db", "property": "password"}] == db["remote"]
    assert [("aws", "SecretsManager", "eu-central-1")] == [
        (each["name"], each["provider"], each["region"]) for each in db["stores"]
    ]
    assert ("ExternalSecret", ["word"]) == (db["source"], db["keys"])
    assert (["password"], []) == (items["SealedSecret/seal"]["keys"], items["SealedSecret/seal"]["remote"])
    assert [{"key": "", **each} for each in items["PushSecret/out"]["remote"]] == [
        {"key": "shop/copy", "property": "login"}
    ]
    # THEN the operation that brought them is named
    (operation,) = shop.world.applications.operations(key, 9)
    assert operation.id == db["changed"]["operation"] == items["Secret/rendered"]["changed"]["operation"]
    assert found["nextRefresh"] is not None
    assert [] == leaks({"told": orjson.dumps(found)}, [CANARY])
    assert "hmac" not in repr(found)


def test_nothing_is_decrypted_to_tell(shop: ExternalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a bundle with a sealed Secret WHEN its secrets are listed THEN no key is asked for."""
    key = synced(shop, store(), external("db", [datum("word", "shop/db")]), plain("rendered"))
    monkeypatch.setattr(type(shop.world.bundles), "load", lambda *_: pytest.fail("a bundle was decrypted"))
    assert {"ExternalSecret/db", "Secret/rendered"} == set(shown(shop, key))


def test_of_a_source_with_values_of_sops_files_the_name_is_told(shop: ExternalWorld) -> None:
    """GIVEN an ExternalSecret into which a render put a value WHEN it is listed THEN none of its fields is told."""
    hidden = external("db", [datum("word", HIDDEN)], annotations={"mooring.dev/hidden": "sops"})
    key = synced(shop, store(), hidden)
    found = shown(shop, key)["ExternalSecret/db"]
    assert (True, [], [], []) == (found["hidden"], found["keys"], found["remote"], found["stores"])
    assert ("failing", True) == (found["state"], found["message"].startswith("withheld"))
    status = shop.world.record(key).status
    assert any("(hidden)" in each.message for each in status.conditions)
    assert [] == leaks({"told": orjson.dumps(found), "status": repr(status).encode()}, [HIDDEN])


def test_what_was_never_synced_is_told_so(shop: ExternalWorld) -> None:
    """GIVEN no sync yet WHEN asked THEN sources that git has are `never`, and an unknown application is an error."""
    key = shop.world.declare()
    assert {"items": [], "nextRefresh": None} == show_secrets(ports(shop), key)
    shop.world.push(key, store(), external("db", [datum("word", "shop/db")]))
    assert {"ExternalSecret/db": "never"} == {name: each["state"] for name, each in shown(shop, key).items()}
    with pytest.raises(UnknownApplicationError):
        show_secrets(ports(shop), AppKey("argocd", "other"))
