"""Syncs of SealedSecrets: what reaches the cluster, what users see, and what happens where one does not open."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mooring.access.parsing import built_in
from mooring.access.project import Permitted
from mooring.access.secretrules import SecretRules
from mooring.errors import UnreachableError
from mooring.flows.secrets.sealing import SealedOpener, answer_kubeseal
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.sealed import public_key_of
from mooring.secrets.sealedsecret import seal_secret
from mooring.state.packing import pack
from mooring.state.secret_store import SecretStore
from mooring.state.sealingkeys import RENEW_AFTER, SealingKeys
from tests.doubles.canaries import kept, leaks
from tests.doubles.installation import World, config_map, installation

DB = ObjectKey("", "Secret", "shop", "db")
CANARY = "canary-6e1f4c-battery-staple"
AUTOMATED: dict[str, Any] = {"prune": True, "selfHeal": True}


def _none(templates: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
    return {key: text.replace("{{ .password }}", values["password"]) for key, text in templates.items()}


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


@pytest.fixture
def keys(world: World) -> SealingKeys:
    """The keys of the world, with one in it; the world opens with them."""
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    keys = SealingKeys(world.table, SecretStore(client), world.table.name)
    keys.renew(world.now, bits=2048)
    world.openers = (SealedOpener(lambda: keys, _none),)
    return keys


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def secret(value: str = CANARY, name: str = "db", **annotations: str) -> Manifest:
    metadata = {"name": name, "namespace": "shop", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": _encoded(value)}}


def sealed(keys: SealingKeys, value: str = CANARY, name: str = "db", **annotations: str) -> Manifest:
    made = seal_secret(secret(value, name), public_key_of(keys.newest().pem))
    made["metadata"]["annotations"] = annotations
    return made


def foreign(name: str = "db") -> Manifest:
    """Sealed for a key that nobody here has."""
    return seal_secret(secret(name=name), generate_private_key(65537, 2048).public_key())


def value(world: World, key: ObjectKey = DB) -> str:
    return base64.b64decode(world.cluster.objects[key]["data"]["password"]).decode()


def shown(world: World, key: AppKey) -> dict[str, Any]:
    record = world.record(key)
    status: dict[str, Any] = show_application(record, world.applications.operations(key, 9))["status"]
    return status


def rows(world: World, key: AppKey) -> dict[str, tuple[str, str]]:
    return {
        f"{row['kind']} {row['name']}": (row["status"], row.get("health", {}).get("status", ""))
        for row in shown(world, key)["resources"]
    }


def test_its_secret_is_applied_and_both_are_shown(world: World, keys: SealingKeys) -> None:
    """A SealedSecret in git becomes a Secret in the cluster; users see both; an idle sweep opens nothing."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys), config_map("a"))
    world.sync(key)
    assert CANARY == value(world)
    assert {"ConfigMap a", "Secret db", "SealedSecret db"} == set(rows(world, key))
    assert ("Synced", "Healthy") == rows(world, key)["SealedSecret db"]
    assert "Synced" == shown(world, key)["sync"]["status"]
    # WHEN a sweep finds nothing
    before, applies = world.record(key), len(world.cluster.applies)
    world.openers = ()  # whoever opened now would apply a SealedSecret
    world.sweep()
    assert (before.status, applies) == (world.record(key).status, len(world.cluster.applies))


def test_a_project_may_refuse_scopes(world: World, keys: SealingKeys) -> None:
    """WHEN the project doesn't permit a scope any more THEN the error names the rule, and the Secret stays."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys))
    world.sync(key)
    rules = SecretRules(scopes=("cluster-wide",))
    world.targets.projects["default"] = dataclasses.replace(world.targets.projects["default"], secrets=rules)
    world.push(key, sealed(keys, "second"))
    world.sync(key)
    (condition,) = [each for each in shown(world, key)["conditions"] if each["type"] == "SecretError"]
    assert "project 'default' does not permit SealedSecrets of the scope strict" in condition["message"]
    assert CANARY == value(world)


def test_a_copy_opens_only_where_its_project_may_deploy(world: World, keys: SealingKeys) -> None:
    """GIVEN a SealedSecret of another team WHEN an author copies it THEN it opens neither in a namespace of theirs nor,
    since their project may not deploy there, in its own.
    """
    world.targets.projects["default"] = dataclasses.replace(
        built_in(), destinations=(Permitted(server="*", namespace="hostile", name=""),)
    )
    app = world.declare("hostile", namespace="hostile", automated=AUTOMATED)
    moved = sealed(keys)
    moved["metadata"]["namespace"] = "hostile"
    world.push(app, sealed(keys, name="db"), moved)
    world.sync(app)
    told = {
        f"{each.key.namespace}/{each.key.name}": each.health.message
        for each in world.record(app).status.resources
        if each.uncounted
    }
    assert "does not permit the namespace 'shop'" in told["shop/db"]
    assert "was sealed for shop/db, and this is hostile/db" in told["hostile/db"]
    assert {} == world.cluster.objects


def test_git_drops_it_and_its_secret_is_pruned(world: World, keys: SealingKeys) -> None:
    """The Secret goes when its SealedSecret is gone from git."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys), config_map("a"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert DB not in world.cluster.objects
    assert {"ConfigMap a"} == set(rows(world, key))


def test_a_new_value_is_applied_and_a_change_by_hand_reverted(world: World, keys: SealingKeys) -> None:
    """A value that is sealed anew reaches the cluster, and drift of the Secret is healed with the opened value."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys, "first"))
    world.sync(key)
    world.push(key, sealed(keys, "second"))
    world.sync(key)
    assert "second" == value(world)
    world.cluster.edit(DB, lambda live: live["data"].update(password="aGFja2Vk"))
    world.sweep()
    assert "second" == value(world)
    # WHEN somebody tells of just that Secret
    world.cluster.edit(DB, lambda live: live["data"].update(password="aGFja2Vk"))
    world.now += 60
    assert [] == handle_syncs(world.ports(), [ObjectMessage("in-cluster", (DB,), Cause("watch"), key)])
    assert "second" == value(world)


def test_what_does_not_open_leaves_the_live_secret(world: World, keys: SealingKeys) -> None:
    """A SealedSecret of an unknown key changes and prunes nothing, is named everywhere, and heals."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys, "first"), config_map("a"))
    world.sync(key)
    # WHEN git has one that was sealed for another cluster, beside a change of another object
    world.push(key, foreign(), config_map("a", color="blue"))
    world.sync(key)
    # THEN the other object is synced and the Secret is as it was
    assert {"color": "blue"} == world.cluster.objects[ObjectKey("", "ConfigMap", "shop", "a")]["data"]
    assert "first" == value(world)
    assert ("OutOfSync", "Degraded") == rows(world, key)["SealedSecret db"]
    assert "Secret db" in rows(world, key)
    status = shown(world, key)
    (told,) = [each["message"] for each in status["conditions"] if each["type"] == "SecretError"]
    assert "SealedSecret db: spec.encryptedData.password: no key here opens it" in told
    assert keys.newest().fingerprint in told
    assert "Failed" == status["operationState"]["phase"]
    assert "could not be opened" in status["operationState"]["message"]
    (result,) = [each for each in status["operationState"]["syncResult"]["resources"] if each["kind"] == "SealedSecret"]
    assert "SyncFailed" == result["status"]
    # AND nothing is tried or written before its time
    before = world.record(key).status
    world.sweep()
    assert before == world.record(key).status
    # WHEN git has it right again
    world.push(key, sealed(keys, "third"), config_map("a", color="blue"))
    world.sync(key)
    assert "third" == value(world)
    assert [] == [each for each in shown(world, key)["conditions"] if each["type"] == "SecretError"]
    assert "Succeeded" == shown(world, key)["operationState"]["phase"]


def test_a_key_that_comes_later_opens_it(world: World, keys: SealingKeys) -> None:
    """What did not open is tried again by itself, and is applied once the key is there."""
    other = SealingKeys(world.table, SecretStore(boto3.client("secretsmanager", region_name="eu-central-1")), "other")
    key = world.declare(automated=AUTOMATED)
    certificate = other.renew(world.now + RENEW_AFTER, bits=2048)
    assert certificate is not None
    made = seal_secret(secret(), public_key_of(certificate.pem))
    world.table.write({"Delete": {"Key": {"pk": {"S": "SEALING"}, "sk": {"S": certificate.fingerprint}}}})
    world.push(key, made, config_map("a"))
    world.sync(key)
    assert DB not in world.cluster.objects
    # WHEN the key is imported and time passes
    store = SecretStore(boto3.client("secretsmanager", region_name="eu-central-1"))
    pair = store.get(other._name(certificate.fingerprint))
    keys.put(pair["tls.key"], pair["tls.crt"])
    world.now += 100
    world.sweep()
    # THEN it opens
    assert CANARY == value(world)


def test_one_that_fails_in_git_alone_is_no_prune(world: World, keys: SealingKeys) -> None:
    """Where all that is left in git can't be opened, nothing is pruned."""
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys, "first"))
    world.sync(key)
    world.push(key, foreign())
    world.sync(key)
    assert "first" == value(world)
    # WHEN git drops it
    world.push(key, config_map("a"))
    world.sync(key)
    # THEN it is pruned after all
    assert DB not in world.cluster.objects
    assert {"ConfigMap a"} == set(rows(world, key))


def test_a_cluster_with_a_controller_gets_the_object_itself(world: World, keys: SealingKeys) -> None:
    """A cluster whose registration says so gets SealedSecrets as they are."""
    annotations = {"mooring.dev/sealed-secrets": "in-cluster"}
    world.cluster.cluster = dataclasses.replace(world.cluster.cluster, annotations=annotations)
    key = world.declare(automated=AUTOMATED)
    world.push(key, sealed(keys))
    world.sync(key)
    assert [ObjectKey("bitnami.com", "SealedSecret", "shop", "db")] == list(world.cluster.objects)


def test_waves_and_options_of_the_sealed_object_count(world: World, keys: SealingKeys) -> None:
    """The annotations that say when and how an object is synced go from the SealedSecret to its Secret."""
    key = world.declare(automated=AUTOMATED)
    wave = {"argocd.argoproj.io/sync-wave": "-5", "argocd.argoproj.io/sync-options": "Prune=false"}
    world.push(key, config_map("a"), sealed(keys, **wave))
    world.sync(key)
    assert [DB, ObjectKey("", "ConfigMap", "shop", "a")] == world.cluster.applies[:2]
    assert -5 == world.record(key).inventory[DB].wave
    world.push(key, config_map("a"))
    world.sync(key)
    assert DB in world.cluster.objects


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_that_is_kept_tells_a_value(
    world: World, keys: SealingKeys, caplog: pytest.LogCaptureFixture, *, fails: bool
) -> None:
    """Table, bucket, queues, logs and what the API shows hold no value in any spelling, nor its digest."""
    key = world.declare(automated=AUTOMATED)
    plain, by_hand = "canary-in-a-plain-secret-81d2", "canary-by-hand-97b0"
    made = sealed(keys)
    made["spec"]["template"]["data"] = {"url": "https://{{ .password }}@db"}
    if fails:
        made["spec"]["encryptedData"]["broken"] = foreign()["spec"]["encryptedData"]["password"]
    world.push(key, made, secret(plain, "plain"))
    world.sync(key)
    world.push(key, made, secret(plain, "plain"), config_map("a"))
    world.sync(key)
    world.cluster.edit(
        ObjectKey("", "Secret", "shop", "plain"), lambda live: live["data"].update(password=_encoded(by_hand))
    )
    world.sweep()
    assert plain == value(world, ObjectKey("", "Secret", "shop", "plain"))
    assert fails == (DB not in world.cluster.objects)
    blobs = kept(world) | {"logs": caplog.text.encode(), "api": orjson.dumps(shown(world, key))}
    assert [] == leaks(blobs, [CANARY, plain, by_hand])
    # The search itself finds what is there, packed or not.
    live = orjson.dumps(list(world.cluster.objects.values()))
    told = leaks({"cluster": live, "packed": pack(live.decode())}, [plain])
    assert {"cluster", "packed"} == {each.split(":")[0] for each in told}


def test_a_lost_key_fails_only_what_needs_it(world: World, keys: SealingKeys) -> None:
    """GIVEN two keys, one of which is gone from Secrets Manager THEN what was sealed for the other still opens, and the
    one that needs it says which; WHEN the key is back THEN it opens by itself.
    """
    gone, old = keys.newest().fingerprint, sealed(keys)
    keys.renew(world.now + RENEW_AFTER + 60, bits=2048)
    new = sealed(keys, "still here", "new")
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    name = keys._name(gone)
    pair = SecretStore(client).get(name)
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    # WHEN a process that has read no key yet opens both
    fresh = SealingKeys(world.table, SecretStore(client), world.table.name)
    world.openers = (SealedOpener(lambda: fresh, _none),)
    key = world.declare(automated=AUTOMATED)
    world.push(key, old, new)
    world.sync(key)
    # THEN one is there, the other told
    assert "still here" == value(world, ObjectKey("", "Secret", "shop", "new"))
    assert DB not in world.cluster.objects
    (condition,) = [each for each in shown(world, key)["conditions"] if each["type"] == "SecretError"]
    assert condition["message"].startswith("SealedSecret db: spec.encryptedData.password:")
    assert f"perhaps for {gone}" in condition["message"]
    assert "ResourceNotFoundException" in condition["message"]
    # AND kubeseal is told neither that it opens nor that it doesn't
    with pytest.raises(UnreachableError):
        answer_kubeseal(fresh, "/v1/verify", "Bearer t", orjson.dumps(old), lambda: "t")
    # WHEN the key is back
    fresh.put(pair["tls.key"], pair["tls.crt"])
    world.now += 100
    world.sweep()
    assert CANARY == value(world)
    assert [] == [each for each in shown(world, key)["conditions"] if each["type"] == "SecretError"]


def _pair(since: float, until: float) -> tuple[str, str]:
    """A private key and its certificate with these dates, both PEM."""
    made, name = generate_private_key(65537, 2048), x509.Name([])
    begin, end = (datetime.fromtimestamp(each, UTC) for each in (since, until))
    certificate = (
        x509.CertificateBuilder(name, name, made.public_key(), 1, begin, end)
        .sign(made, SHA256())
        .public_bytes(Encoding.PEM)
    )
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), certificate.decode()


DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("since", "until"), [(60 * DAY, 90 * DAY), (-1 * DAY, -0.5 * DAY)], ids=["of the future", "expired"]
)
def test_a_key_out_of_its_time_opens_and_does_not_seal(
    world: World, keys: SealingKeys, since: float, until: float
) -> None:
    """GIVEN an imported key whose certificate isn't valid THEN the newest valid one seals, new ones are made as if it
    were not there, and it opens; one of the future seals when its time has come.
    """
    keys = SealingKeys(
        world.table, SecretStore(boto3.client("secretsmanager", "eu-central-1")), world.table.name, clock=lambda: now
    )
    start = now = world.now
    first = keys.newest()
    imported = keys.put(*_pair(now + since, now + until))
    made = seal_secret(secret(), public_key_of(imported.pem))
    assert first == keys.newest()
    assert (200, {}) == answer_kubeseal(keys, "/v1/verify", "Bearer t", orjson.dumps(made), lambda: "t")
    now = start + RENEW_AFTER + 60
    assert (second := keys.renew(now, bits=2048)) is not None
    assert second == keys.newest()
    assert keys.renew(now + DAY, bits=2048) is None
    now = start + 61 * DAY
    assert (imported if since > 0 else second) == keys.newest()


def test_keys_are_renewed_after_thirty_days(world: World, keys: SealingKeys) -> None:
    """A schedule that comes too early makes no key; thirty days later the new one seals and the old one still opens."""
    first = keys.newest()
    assert keys.renew(world.now + RENEW_AFTER - 60, bits=2048) is None
    assert keys.renew(world.now + RENEW_AFTER + 60, bits=2048) is not None
    assert first.fingerprint != keys.newest().fingerprint
    assert {first.fingerprint, keys.newest().fingerprint} == {each.fingerprint for each in keys.private()}


def test_kubeseals_questions_are_answered(world: World, keys: SealingKeys) -> None:
    """Verify says 200 or 409, rotate seals for the newest key, and nobody without the token is told anything."""
    old = sealed(keys)
    keys.renew(world.now + RENEW_AFTER + 60, bits=2048)

    def ask(path: str, body: object, token: str = "Bearer t") -> tuple[int, Any]:
        return answer_kubeseal(keys, path, token, orjson.dumps(body), lambda: "t")

    assert (200, 409) == (ask("/v1/verify", old)[0], ask("/v1/verify", foreign())[0])
    status, again = ask("/v1/rotate", old)
    assert (200, 200) == (status, ask("/v1/verify", again)[0])
    assert again["spec"]["encryptedData"] != old["spec"]["encryptedData"]
    assert 409 == ask("/v1/rotate", foreign())[0]
    with pytest.raises(Exception, match="Authorization"):
        ask("/v1/verify", old, "Bearer other")
    with pytest.raises(Exception, match="must be a SealedSecret"):
        ask("/v1/verify", {"kind": "Secret"})
