"""SealedSecrets that add to Secrets of others (`sealedsecrets.bitnami.com/patch` and `managed`), on a real API server."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest

from local.cluster import Cluster
from mooring.events.messages import AppMessage, Cause
from mooring.flows.secrets.sealing import SealedOpener
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.objects import Manifest
from mooring.secrets.sealed import public_key_of
from mooring.secrets.sealedsecret import seal_secret
from mooring.state.secret_store import SecretStore
from mooring.state.sealingkeys import SealingKeys
from tests.doubles.installation import config_map, installation
from tests.doubles.realcluster import connect, use

AUTO = {"automated": {"prune": True, "selfHeal": True, "allowEmpty": True}}
OURS = "sealedsecrets.bitnami.com/"


class Shop:
    """An installation with one real cluster and a namespace of its own in it."""

    def __init__(self, world: Any, cluster: Cluster, namespace: str, keys: SealingKeys) -> None:
        self.world, self.cluster, self.namespace, self.keys = world, cluster, namespace, keys
        self.app = world.declare(namespace=namespace, **AUTO)

    def keep(self, **data: str) -> Manifest:
        """Somebody else makes the Secret."""
        body = {"metadata": {"name": "db", "labels": {"team": "theirs"}}, "data": _encoded(data)}
        status, answer = self.cluster.client("POST", f"/api/v1/namespaces/{self.namespace}/secrets", body)
        assert status == 201, answer
        return answer

    def sealed(self, *said: str, **data: str) -> Manifest:
        """Sealed for this place, with these annotations of the Secret."""
        annotations = {f"{OURS}{name}": "true" for name in said}
        metadata = {"name": "db", "namespace": self.namespace, "annotations": annotations, "labels": {"more": "ours"}}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": _encoded(data)}
        return seal_secret(secret, public_key_of(self.keys.newest().pem))

    def sync(self, *manifests: Manifest) -> None:
        self.world.push(self.app, config_map("settings"), *manifests)
        assert handle_syncs(self.world.ports(), [AppMessage(self.app, Cause("render"))]) == []

    def live(self) -> Manifest | None:
        status, found = self.cluster.client("GET", f"/api/v1/namespaces/{self.namespace}/secrets/db")
        return found if status == 200 and "deletionTimestamp" not in found["metadata"] else None

    def content(self) -> dict[str, str] | None:
        found = self.live()
        if found is None:
            return None
        return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}

    @property
    def condition(self) -> str:
        conditions = self.world.record(self.app).status.conditions
        return next((each.message for each in conditions if each.type == "SecretError"), "")


def _encoded(data: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


@pytest.fixture
def shop(cluster: Cluster, make_namespace: Callable[[Cluster], str]) -> Iterator[Shop]:
    target = connect(cluster)
    with installation() as make:
        world = make()
        use(world, target)
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        keys = SealingKeys(world.table, SecretStore(client), world.table.name)
        keys.renew(world.now, bits=2048)
        world.openers = (SealedOpener(lambda: keys, lambda templates, values: {}),)
        yield Shop(world, cluster, make_namespace(cluster), keys)
    target.server.close()


def test_a_patch_adds_and_takes_back_what_it_added(shop: Shop) -> None:
    """GIVEN a Secret of somebody WHEN a SealedSecret patches it THEN its keys are added, changed and, with the
    SealedSecret, taken away again; the Secret, and what others have set in it, stays theirs.
    """
    before = shop.keep(own="theirs", password="old")
    shop.sync(shop.sealed("patch", password="one", user="ada"))
    assert {"own": "theirs", "password": "one", "user": "ada"} == shop.content()
    after = (shop.live() or {})["metadata"]
    assert (before["metadata"]["uid"], {"team": "theirs", "more": "ours"}) == (after["uid"], after["labels"])
    assert {f"{OURS}patch": "true"} == after["annotations"]

    shop.sync(shop.sealed("patch", password="two"))
    assert {"own": "theirs", "password": "two"} == shop.content()

    shop.sync()
    assert {"own": "theirs"} == shop.content()
    assert {"team": "theirs"} == (shop.live() or {})["metadata"]["labels"]


def test_a_patch_waits_for_its_secret(shop: Shop) -> None:
    """GIVEN no Secret WHEN one is to be patched THEN none is made, the condition says so, and it is tried again."""
    shop.sync(shop.sealed("patch", password="one"))
    assert shop.live() is None
    assert f"there is no Secret {shop.namespace}/db to add to" in shop.condition
    assert shop.world.record(shop.app).status.reopen_at > shop.world.now

    shop.keep(own="theirs")
    shop.sync(shop.sealed("patch", password="one"))
    assert ("", {"own": "theirs", "password": "one"}) == (shop.condition, shop.content())


def test_a_patch_may_be_of_the_applications_own_secret(shop: Shop) -> None:
    """GIVEN a plain Secret in the same application WHEN a SealedSecret patches it THEN both are in it, and it goes as
    one.
    """
    metadata = {"name": "db", "namespace": shop.namespace}
    plain = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": _encoded({"own": "plain"})}
    shop.sync(plain, shop.sealed("patch", password="one"))
    assert {"own": "plain", "password": "one"} == shop.content()


@pytest.mark.parametrize("said", [("managed",), ("managed", "patch"), ()])
def test_what_is_managed_is_taken_over(shop: Shop, said: tuple[str, ...]) -> None:
    """GIVEN a Secret of somebody WHEN a SealedSecret manages it THEN it is the application's; foreign keys stay in it
    as long as it is there, and it goes with the SealedSecret.
    """
    shop.keep(own="theirs", password="old")
    shop.sync(shop.sealed(*said, password="one"))
    assert {"own": "theirs", "password": "one"} == shop.content()
    assert "mooring.dev/app" in (shop.live() or {})["metadata"]["labels"]
    shop.sync()
    assert shop.live() is None


def test_a_patch_that_does_not_open_leaves_what_it_added(shop: Shop) -> None:
    """GIVEN a patched Secret WHEN the SealedSecret opens no more THEN the keys stay, and the condition says why."""
    shop.keep(own="theirs")
    shop.sync(shop.sealed("patch", password="one"))
    broken = shop.sealed("patch", password="two")
    broken["spec"]["encryptedData"]["password"] = broken["spec"]["encryptedData"]["password"][:-40]
    shop.sync(broken)
    assert {"own": "theirs", "password": "one"} == shop.content()
    assert "SealedSecret db" in shop.condition


@pytest.mark.parametrize(
    ("option", "during", "after"),
    [
        ("Replace=true", {"password": "one"}, None),
        ("Prune=false", {"own": "theirs", "password": "one"}, {"own": "theirs", "password": "one"}),
    ],
)
def test_options_of_the_sealed_secret_count_for_its_secret(
    shop: Shop, option: str, during: dict[str, str], after: dict[str, str] | None
) -> None:
    """GIVEN a Secret that is taken over WHEN it is to be replaced THEN foreign keys go; with Prune=false it outlives."""
    shop.keep(own="theirs")
    sealed = shop.sealed("managed", password="one")
    sealed["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": option}
    shop.sync(sealed)
    assert during == shop.content()
    shop.sync()
    assert after == shop.content()
