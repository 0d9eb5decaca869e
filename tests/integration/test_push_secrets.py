"""PushSecrets from the bundle (or the cluster) to Secrets Manager: moto's AWS, the real gokit, a cluster in memory."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from mooring.access.parsing import built_in
from mooring.access.project import Permitted
from mooring.access.secretrules import SecretRules
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import delete
from mooring.flows.secrets.opening import Context, Opened
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import Health
from mooring.model.objects import Manifest, ObjectKey
from mooring.source.gokit import GoKit
from mooring.state.statuses import Resource
from tests.doubles.canaries import kept, leaks
from tests.doubles.externalworld import ExternalWorld, datum, external, push, pushed, store
from tests.doubles.installation import Crash, World, config_map, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WRITES = {"CreateSecret", "PutSecretValue", "TagResource", "DeleteSecret", "RestoreSecret", "UpdateSecret"}
TEXT = {"metadata": {"spec": {"secretPushFormat": "string"}}}


@pytest.fixture
def shop(gokit: GoKit) -> Iterator[ExternalWorld]:
    with installation() as make:
        yield ExternalWorld(make(), gokit)


def secret(name: str = "db", *, labels: Any = None, **data: str) -> Manifest:
    metadata: dict[str, Any] = {"name": name, **({"labels": labels} if labels else {})}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}


def remote(shop: ExternalWorld, name: str) -> str:
    found = shop.secrets.get_secret_value(SecretId=name)
    return str(found.get("SecretString") or found["SecretBinary"].decode())


def tags(shop: ExternalWorld, name: str) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in shop.secrets.describe_secret(SecretId=name)["Tags"]}


def versions(shop: ExternalWorld, name: str) -> int:
    found = shop.secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)
    return len(found["Versions"])


def there(shop: ExternalWorld) -> set[str]:
    return {each["Name"] for each in shop.secrets.list_secrets()["SecretList"]}


def writes(shop: ExternalWorld) -> list[str]:
    return [call for call in shop.calls if call in WRITES]


def row(world: World, key: Any, name: str = "out") -> Resource:
    (found,) = [each for each in world.record(key).status.resources if each.key.name == name and each.uncounted]
    return found


def message(world: World, key: Any, name: str = "out") -> str:
    return (row(world, key, name).health or Health("Healthy")).message


def test_a_secret_is_pushed(shop: ExternalWorld) -> None:
    """GIVEN a PushSecret WHEN synced THEN its store has values, properties and tags, and a second look writes nothing."""
    world = shop.world
    key = world.declare(**AUTO)
    described = {"spec": {"secretPushFormat": "string", "description": "mine", "tags": {"team": "shop"}}}
    objects = (
        store(prefix="shop/"),
        secret(user="ada", password="one", _U002f_path="x"),  # noqa: S106 (a test's)
        push(
            "out",
            "db",
            pushed("password", "db", metadata=described),
            pushed("user", "both", "login.user"),
            pushed("password", "both", "login.password"),
            pushed("", "whole", **TEXT),
            pushed("/path", "reversed", conversionStrategy="ReverseUnicode"),
        ),
    )
    world.push(key, *objects)

    shop.sync(key)

    assert "one" == remote(shop, "shop/db")
    assert {"login": {"user": "ada", "password": "one"}} == json.loads(remote(shop, "shop/both"))
    assert {"user": "ada", "password": "one", "_U002f_path": "x"} == json.loads(remote(shop, "shop/whole"))
    assert "x" == remote(shop, "shop/reversed")
    expected = {
        "managed-by": "external-secrets",
        "mooring.dev/app": "argocd/shop",
        "mooring.dev/project": "default",
    }
    assert expected | {"team": "shop"} == tags(shop, "shop/db")
    assert "mine" == shop.secrets.describe_secret(SecretId="shop/db")["Description"]
    assert expected == tags(shop, "shop/both")
    # AND nothing of it is in the cluster, and the application is as it should be
    assert {"Secret"} == {each.kind for each in world.cluster.objects}
    status = world.record(key).status
    assert ("Synced", "Healthy", ()) == (status.sync, status.health.status, status.conditions)
    assert Health("Healthy", "4 of 4 secrets written") == row(world, key).health

    # WHEN the interval is over THEN what is there is read, and nothing is written
    shop.later(3601)
    shop.sync(key, "tick")
    assert ([], 4) == (writes(shop), shop.calls.count("GetSecretValue"))
    assert ("Synced", Health("Healthy")) == (row(world, key).sync, row(world, key).health)
    # AND before it is over again, nobody is asked
    shop.later(100)
    shop.sync(key, "tick")
    assert [] == shop.calls


def test_what_an_external_secret_makes_is_pushed_in_the_same_sync(shop: ExternalWorld) -> None:
    """GIVEN an ExternalSecret whose Secret is pushed WHEN synced, and rotated THEN one sync takes it all the way."""
    world = shop.world
    shop.secrets.create_secret(Name="db", SecretString="one")
    key = world.declare(**AUTO)
    world.push(
        key,
        push("out", "db", pushed("password", "copy"), refreshInterval="0"),
        external("db", [datum("password", "db")], refreshInterval="10m"),
        store(),
    )
    shop.sync(key)
    assert "one" == remote(shop, "copy")
    shop.secrets.put_secret_value(SecretId="db", SecretString="two")
    shop.later(601)
    shop.sync(key, "tick")
    assert "two" == remote(shop, "copy")


def test_a_secret_of_the_cluster_is_pushed(shop: ExternalWorld) -> None:
    """GIVEN a Secret that somebody else makes WHEN it is there, and changes THEN it is pushed at the next interval."""
    world = shop.world
    key = world.declare(**AUTO)
    world.push(key, store(), push("out", "tls", pushed("crt", "crt"), refreshInterval="5m"), config_map("other"))
    shop.sync(key)
    assert "there is no Secret shop/tls" in message(world, key)
    assert (set(), "Failed") == (there(shop), world.record(key).status.operation.phase)  # type: ignore[union-attr]
    # THEN the rest was synced
    assert {"ConfigMap"} == {each.kind for each in world.cluster.objects}

    made = secret("tls", crt="first")
    made["metadata"]["namespace"] = "shop"
    made["metadata"]["uid"] = "made"
    world.cluster.objects[ObjectKey.of(made)] = made
    shop.later(61)
    shop.sync(key, "tick")
    assert ("first", "Synced") == (remote(shop, "crt"), world.record(key).status.sync)
    assert "Succeeded" == world.record(key).status.operation.phase  # type: ignore[union-attr]

    made["data"]["crt"] = base64.b64encode(b"second").decode()
    shop.later(301)
    shop.sync(key, "tick")
    assert "second" == remote(shop, "crt")


def test_a_template_shapes_what_is_pushed(shop: ExternalWorld) -> None:
    """GIVEN a template WHEN pushed THEN its data is what keys are looked for in; an error names its place and no value."""
    world = shop.world
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        secret(user="ada", password="canary-word"),  # noqa: S106 (a test's)
        push(
            "out", "db", pushed("url", "url"), template={"data": {"url": "pg://{{ .user }}:{{ .password | upper }}@"}}
        ),
        push("fails", "db", pushed("x", "x"), template={"data": {"x": "{{ fail .password }}"}}),
    )
    shop.sync(key)
    assert "pg://ada:CANARY-WORD@" == remote(shop, "url")
    assert "spec.template.data[x]: can't be rendered" in message(world, key, "fails")
    assert "canary-word" not in repr(world.record(key))


def test_only_what_was_given_over_is_overwritten(shop: ExternalWorld) -> None:
    """GIVEN a secret that nobody pushed WHEN one is pushed there THEN it stays, until it has the operator's tag."""
    world = shop.world
    shop.secrets.create_secret(Name="db", SecretString="theirs")
    key = world.declare(**AUTO)
    world.push(key, store(), secret(password="mine"), push("out", "db", pushed("password", "db")))  # noqa: S106
    shop.sync(key)
    assert ("theirs", []) == (remote(shop, "db"), writes(shop))
    assert "was not pushed: give it the tag managed-by: external-secrets" in message(world, key)
    assert "SecretError" in {each.type for each in world.record(key).status.conditions}

    shop.secrets.tag_resource(SecretId="db", Tags=[{"Key": "managed-by", "Value": "external-secrets"}])
    shop.later(61)
    shop.sync(key, "tick")
    assert ("mine", "argocd/shop") == (remote(shop, "db"), tags(shop, "db")["mooring.dev/app"])
    assert () == world.record(key).status.conditions


def test_what_another_project_pushed_is_not_overwritten(shop: ExternalWorld) -> None:
    """GIVEN a secret that one project pushed WHEN another does, by the same role THEN it stays, and is not deleted."""
    world = shop.world
    world.targets.projects["theirs"] = dataclasses.replace(built_in(), name="theirs")
    theirs, ours = world.declare("theirs", namespace="theirs", project="theirs", **AUTO), world.declare(**AUTO)
    for key, value in ((theirs, "first"), (ours, "second")):
        world.push(key, store(), secret(a=value), push("out", "db", pushed("a", "x"), deletionPolicy="Delete"))
        shop.sync(key)
    assert ("first", "theirs") == (remote(shop, "x"), tags(shop, "x")["mooring.dev/project"])
    assert "'x' was pushed for the project 'theirs': remove its tag mooring.dev/project" in message(world, ours)
    world.push(ours, config_map("other"))
    shop.sync(ours)
    assert "first" == remote(shop, "x")


def test_if_not_exists_leaves_what_is_there(shop: ExternalWorld) -> None:
    """GIVEN updatePolicy IfNotExists WHEN pushed THEN a secret, and a property, is written where none is, and only there."""
    world = shop.world
    shop.secrets.create_secret(Name="theirs", SecretString="theirs")
    managed = [{"Key": "managed-by", "Value": "external-secrets"}]
    shop.secrets.create_secret(Name="json", SecretString='{"a": "theirs", "n": 1.50}', Tags=managed)
    key = world.declare(**AUTO)
    data = [pushed("a", "theirs"), pushed("a", "new"), pushed("a", "json", "a"), pushed("a", "json", "b")]
    world.push(key, store(), secret(a="mine"), push("out", "db", *data, updatePolicy="IfNotExists"))
    shop.sync(key)
    assert ("theirs", "mine") == (remote(shop, "theirs"), remote(shop, "new"))
    assert '{"a":"theirs","n":1.50,"b":"mine"}' == remote(shop, "json")
    assert "Synced" == world.record(key).status.sync
    world.push(key, store(), secret(a="other"), push("out", "db", *data, updatePolicy="IfNotExists"))
    shop.sync(key)
    assert ([], "mine") == (writes(shop), remote(shop, "new"))


def test_what_left_git_is_deleted_where_it_is_ours(shop: ExternalWorld) -> None:
    """GIVEN pushed secrets WHEN their PushSecret leaves git THEN those of deletionPolicy Delete go, unless taken over."""
    world = shop.world
    key = world.declare(**AUTO)
    rest = (store(), secret(a="1", b="2"))
    world.push(
        key,
        *rest,
        push("kept", "db", pushed("a", "kept")),
        push(
            "gone", "db", pushed("a", "gone"), pushed("a", "taken"), pushed("a", "both", "a"), deletionPolicy="Delete"
        ),
        push("stays", "db", pushed("b", "both", "b"), deletionPolicy="Delete"),
    )
    shop.sync(key)
    assert {"kept", "gone", "taken", "both"} == there(shop)
    shop.secrets.tag_resource(SecretId="taken", Tags=[{"Key": "mooring.dev/app", "Value": "argocd/other"}])

    world.push(key, *rest, push("stays", "db", pushed("b", "both", "b"), deletionPolicy="Delete"))
    shop.sync(key)

    assert ({"kept", "taken", "both"}, {"b": "2"}) == (there(shop), json.loads(remote(shop, "both")))
    days = shop.secrets.describe_secret(SecretId="gone")["DeletedDate"]
    assert days is not None
    status = world.record(key).status
    assert ("Synced", ["both"]) == (status.sync, [each.name for each in status.pushed])
    assert {"stays", "db", "aws"} == {each.key.name for each in status.resources}

    # WHEN it comes back within the time THEN the secret is restored
    world.push(key, *rest, push("gone", "db", pushed("b", "gone"), deletionPolicy="Delete"))
    shop.sync(key)
    assert "2" == remote(shop, "gone")
    # AND a policy that was taken back deletes nothing
    world.push(key, *rest, push("gone", "db", pushed("b", "gone")))
    shop.sync(key)
    world.push(key, *rest)
    shop.sync(key)
    assert ("2", ()) == (remote(shop, "gone"), world.record(key).status.pushed)


@pytest.mark.parametrize("setting", ["prune", "annotation"])
def test_what_is_not_to_be_pruned_stays(shop: ExternalWorld, setting: str) -> None:
    """GIVEN no pruning WHEN a PushSecret leaves git THEN what it pushed stays; a sync that prunes takes it along."""
    world = shop.world
    key = world.declare(automated={"prune": setting == "annotation"})
    pushing = push("out", "db", pushed("a", "a"), deletionPolicy="Delete")
    if setting == "annotation":
        pushing["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=false"}
    world.push(key, store(), secret(a="1"), pushing)
    shop.sync(key)
    world.push(key, store(), secret(a="1"))
    shop.sync(key)
    assert "1" == remote(shop, "a")
    if setting == "prune":
        assert ("OutOfSync", True) == (world.record(key).status.sync, row(world, key).requires_pruning)
        world.request(key, prune=True)
        shop.sync(key)
        assert (set(), "Synced") == (there(shop), world.record(key).status.sync)


@pytest.mark.parametrize("cascade", [True, False])
def test_what_was_pushed_goes_with_the_application(shop: ExternalWorld, cascade: bool) -> None:
    """GIVEN pushed secrets WHEN the application is deleted THEN they go where its objects do."""
    world = shop.world
    key = world.declare(**AUTO)
    window = {"secretsManager": {"forceDeleteWithoutRecovery": True}}
    world.push(key, store(**window), secret(a="1"), push("out", "db", pushed("a", "a"), deletionPolicy="Delete"))
    shop.sync(key)
    delete(world.asking, key, "ada", cascade=cascade)
    for _ in range(3):
        shop.sync(key)
    assert (set() if cascade else {"a"}) == there(shop)
    assert world.record(key).spec is None


@pytest.mark.parametrize("at", [*range(6), "CreateSecret", "DescribeSecret"])
def test_a_crash_forgets_no_pushed_secret(shop: ExternalWorld, at: int | str) -> None:
    """GIVEN a function that dies at any request WHEN git then drops the PushSecret THEN nothing of it is left."""
    world = shop.world
    key = world.declare(**AUTO)
    rest = (store(), secret(a="1"))
    world.push(key, *rest, push("out", "db", pushed("a", "one"), pushed("a", "two"), deletionPolicy="Delete"))
    if isinstance(at, int):
        shop.dies_after = at
    else:
        shop.dies_at = at
    with pytest.raises(Crash):
        shop.sync(key)
    shop.dies_after, shop.dies_at = None, ""
    world.now += 60
    world.push(key, *rest)
    shop.sync(key, "tick")
    shop.sync(key, "tick")
    assert (set(), ()) == (there(shop), world.record(key).status.pushed)
    assert "Synced" == world.record(key).status.sync


def test_a_push_that_was_interrupted_makes_one_version(shop: ExternalWorld) -> None:
    """GIVEN a function that dies right after writing WHEN the sync is run again THEN nothing is written twice."""
    world = shop.world
    key = world.declare(**AUTO)
    world.push(key, store(), secret(a="1"), push("out", "db", pushed("a", "one")))
    shop.sync(key)
    world.push(key, store(), secret(a="2"), push("out", "db", pushed("a", "one")))
    shop.dies_at = "PutSecretValue"
    with pytest.raises(Crash):
        shop.sync(key)
    shop.dies_at = ""
    world.now += 60
    shop.sync(key, "tick")
    assert ("2", 2) == (remote(shop, "one"), versions(shop, "one"))
    assert "Synced" == world.record(key).status.sync


def test_a_function_that_was_overtaken_pushes_nothing(shop: ExternalWorld) -> None:
    """GIVEN a function that sleeps past its lease WHEN another has taken over THEN what it would push stays unpushed."""
    world = shop.world
    key = world.declare(**AUTO)
    world.push(key, store(), secret(a="old"), push("out", "db", pushed("a", "a")))

    def overtaken(what: str) -> None:
        world.cluster.after = lambda _: None
        world.now += 60
        world.push(key, store(), secret(a="new"), push("out", "db", pushed("a", "a")))
        shop.sync(key)

    world.cluster.after = overtaken
    handle_syncs(shop.ports(), [AppMessage(key, Cause("render"))])
    assert ("new", 1) == (remote(shop, "a"), versions(shop, "a"))


def test_nothing_is_pushed_but_by_a_sync(shop: ExternalWorld) -> None:
    """GIVEN an application that is synced by hand WHEN looked at, rehearsed and synced THEN only the last one pushes."""
    world = shop.world
    key = world.declare()
    world.push(key, store(), secret(a="1"), push("out", "db", pushed("a", "a")), push("more", "db", pushed("a", "b")))
    shop.sync(key)
    assert (set(), "OutOfSync") == (there(shop), row(world, key).sync)
    world.request(key, dry_run=True)
    shop.sync(key)
    assert set() == there(shop)
    world.request(key, resources=("external-secrets.io:PushSecret:more",))
    shop.sync(key)
    assert ({"b"}, "OutOfSync", "Synced") == (there(shop), row(world, key).sync, row(world, key, "more").sync)
    world.request(key)
    shop.sync(key)
    assert ({"a", "b"}, "Synced") == (there(shop), world.record(key).status.sync)


def test_a_store_that_is_down_is_tried_again(shop: ExternalWorld) -> None:
    """GIVEN Secrets Manager that takes no writes WHEN pushed THEN the row says so, and a minute later it heals."""
    world = shop.world
    key = world.declare(**AUTO)
    world.push(key, store(), secret(a="1"), push("out", "db", pushed("a", "a")))
    shop.down = {"CreateSecret"}
    shop.sync(key)
    assert ("Degraded", "OutOfSync") == (world.record(key).status.health.status, row(world, key).sync)
    assert "AWS did not answer for the secret 'a'" in message(world, key)
    assert "Failed" == world.record(key).status.operation.phase  # type: ignore[union-attr]
    shop.down = set()
    shop.later(61)
    shop.sync(key, "tick")
    assert ("1", "Healthy") == (remote(shop, "a"), world.record(key).status.health.status)


@pytest.mark.parametrize("at", ["DescribeSecret", "GetSecretValue", "DeleteSecret"])
def test_a_crash_while_deleting_leaves_nothing(shop: ExternalWorld, at: str) -> None:
    """GIVEN a PushSecret that left git WHEN the function dies while it deletes THEN the next sync ends it."""
    world = shop.world
    key = world.declare(**AUTO)
    rest = (store(), secret(a="1"))
    world.push(key, *rest, push("out", "db", pushed("a", "one"), pushed("a", "two"), deletionPolicy="Delete"))
    shop.sync(key)
    world.push(key, *rest)
    shop.dies_at = at
    with pytest.raises(Crash):
        shop.sync(key)
    shop.dies_at = ""
    world.now += 60
    shop.sync(key, "tick")
    assert (set(), (), "Synced") == (there(shop), world.record(key).status.pushed, world.record(key).status.sync)


def test_a_namespace_that_is_not_the_projects_is_not_read(shop: ExternalWorld) -> None:
    """GIVEN a project for one namespace WHEN a PushSecret is in another THEN its Secret is not read, and it says why."""
    world = shop.world
    theirs = secret("db", a="canary")
    theirs["metadata"] |= {"namespace": "bank", "uid": "theirs"}
    world.cluster.objects[ObjectKey.of(theirs)] = theirs
    places = (Permitted(server="*", namespace="shop", name=""),)
    world.targets.projects["default"] = dataclasses.replace(built_in(), destinations=places)
    key = world.declare(**AUTO)
    pushing = push("out", "db", pushed("a", "a"))
    pushing["metadata"]["namespace"] = "bank"
    world.push(key, {**store(), "metadata": {"name": "aws", "namespace": "bank"}}, pushing)
    shop.sync(key)
    assert (set(), True) == (there(shop), "project 'default' does not permit" in message(world, key))


def test_what_a_sealed_secret_holds_is_pushed_in_the_same_sync(shop: ExternalWorld) -> None:
    """GIVEN another opener's Secret WHEN synced THEN it is pushed as it was opened."""
    world = shop.world
    shop.openers = (Sealed(),)
    key = world.declare(**AUTO)
    sealed = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "db"}}
    world.push(key, store(), push("out", "db", pushed("a", "a")), sealed)
    shop.sync(key)
    assert ("opened", "Synced") == (remote(shop, "a"), world.record(key).status.sync)


def test_a_cluster_with_the_operator_keeps_its_push_secrets(shop: ExternalWorld) -> None:
    """GIVEN a cluster that keeps the operator WHEN synced THEN PushSecrets are applied there, and nothing is pushed."""
    world = shop.world
    world.cluster.cluster = dataclasses.replace(
        world.cluster.cluster, annotations={"mooring.dev/external-secrets": "in-cluster"}
    )
    key = world.declare(**AUTO)
    world.push(key, store(), secret(a="1"), push("out", "db", pushed("a", "a")))
    shop.sync(key)
    assert {"Secret", "SecretStore", "PushSecret"} == {each.kind for each in world.cluster.objects}
    assert set() == there(shop)


class Sealed:
    """Opens what is sealed in name only."""

    name = "sealed-secrets"
    kinds: ClassVar[dict[tuple[str, str], bool]] = {("bitnami.com", "SealedSecret"): True}

    def targets(self, source: Manifest, context: Context) -> list[ObjectKey]:
        return [ObjectKey("", "Secret", context.namespace, source["metadata"]["name"])]

    def open(self, sources: Any, context: Context) -> list[Opened]:
        return [Opened((secret(each["metadata"]["name"], a="opened"),), "1") for each in sources]


def test_stores_by_label(shop: ExternalWorld) -> None:
    """GIVEN a label selector WHEN pushed THEN each store that fits gets the secret."""
    world = shop.world
    first, second, third = store("one", prefix="one/"), store("two", prefix="two/"), store("three", prefix="three/")
    for each in (first, second):
        each["metadata"]["labels"] = {"push": "yes"}
    key = world.declare(**AUTO)
    refs = [{"labelSelector": {"matchLabels": {"push": "yes"}}}]
    world.push(key, first, second, third, secret(a="1"), push("out", "db", pushed("a", "a"), secretStoreRefs=refs))
    shop.sync(key)
    assert {"one/a", "two/a"} == there(shop)


def test_a_project_says_what_may_be_pushed(shop: ExternalWorld) -> None:
    """GIVEN rules of a project WHEN something else is pushed THEN it is not, and the refusal names the rule."""
    world = shop.world
    shop.as_oneself = False
    rules = SecretRules(
        keys={"SecretsManager": ("*",)}, pushes=("team-a/*",), role="arn:aws:iam::123456789012:role/team-a"
    )
    world.targets.projects["default"] = dataclasses.replace(built_in(), secrets=rules)
    key = world.declare(**AUTO)
    world.push(
        key, store(), secret(a="1"), push("out", "db", pushed("a", "team-a/a")), push("no", "db", pushed("a", "b"))
    )
    shop.sync(key)
    assert ({"team-a/a"}, "AssumeRole") == (there(shop), shop.calls[0])
    assert "mooring.dev/secrets].pushSecrets)" in message(world, key, "no")


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (push("out", "db", pushed("no", "a")), "spec.data[0].match.secretKey: the Secret has no key 'no'"),
        (push("out", "db"), "spec.data: must name at least one"),
        (
            push("out", "db", pushed("a", "a"), pushed("b", "a")),
            "'a' is pushed twice, the other time by this PushSecret",
        ),
        (push("out", "db", pushed("a", "a"), secretStoreRefs=[]), "spec.secretStoreRefs: must name at least one"),
        (push("out", "db", pushed("a", "a"), secretStoreRefs=[{"name": "no"}]), "there is no SecretStore shop/no"),
        (push("out", "db", pushed("a", "a"), secretStoreRefs=[{"name": "ssm"}]), "takes no PushSecrets"),
        (push("out", "db", pushed("a", "a"), dataTo=[{}]), "spec.dataTo: is not supported"),
        (push("out", "db", pushed("a", "a"), selector={"generatorRef": {}}), "spec.selector.generatorRef: is not"),
        (push("out", "db", pushed("a", "a"), updatePolicy="Never"), "must be Replace or IfNotExists, not 'Never'"),
        (push("out", "db", pushed("a", "a", "x.*")), "property: must be the path of one field"),
        (push("out", "db", pushed("a", "plain", "x")), "property: needs a secret that is a JSON object"),
        (
            push("out", "db", pushed("a", "a", metadata={"spec": {"tags": {"mooring.dev/project": "theirs"}}})),
            "tags[mooring.dev/project]: says whose the secret is",
        ),
        (push("out") | {"kind": "ClusterPushSecret"}, "kind: ClusterPushSecret is not supported"),
        (push("out") | {"apiVersion": "external-secrets.io/v1"}, "apiVersion: must be external-secrets.io/v1alpha1"),
    ],
)
def test_bad_input_is_named(shop: ExternalWorld, manifest: Any, told: str) -> None:
    """GIVEN a PushSecret that can't be followed WHEN synced THEN the row names field and reason, nothing is written."""
    world = shop.world
    managed = [{"Key": "managed-by", "Value": "external-secrets"}]
    shop.secrets.create_secret(Name="plain", SecretString="hunter2", Tags=managed)
    key = world.declare(**AUTO)
    world.push(key, store(), store("ssm", "ParameterStore"), secret(a="1", b="2"), config_map("other"), manifest)
    shop.sync(key)
    assert told in message(world, key)
    assert ([], "hunter2") == (writes(shop), remote(shop, "plain"))
    assert "hunter2" not in repr(world.record(key))
    assert {"ConfigMap", "Secret"} == {each.kind for each in world.cluster.objects}


CANARIES = ["canary-that-is-pushed-1", "canary-after-a-change-22", "canary-that-was-there-333"]


def test_no_value_is_kept_anywhere(shop: ExternalWorld, caplog: pytest.LogCaptureFixture) -> None:
    """GIVEN pushes, failures and deletions WHEN all is searched THEN no value is in table, bucket or log."""
    caplog.set_level("DEBUG")
    for noisy in ("botocore", "boto3", "urllib3"):  # as `composition` sets it: their own words below that are answers
        caplog.set_level("WARNING", logger=noisy)
    world = shop.world
    managed = [{"Key": "managed-by", "Value": "external-secrets"}]
    shop.secrets.create_secret(Name="json", SecretString=json.dumps({"x": CANARIES[2]}), Tags=managed)
    shop.secrets.create_secret(Name="list", SecretString=json.dumps([CANARIES[2]]), Tags=managed)
    shop.secrets.create_secret(Name="theirs", SecretString=CANARIES[2])
    key = world.declare(**AUTO)
    pushes = (
        push("out", "db", pushed("a", "a"), pushed("a", "json", "a"), deletionPolicy="Delete", refreshInterval="5m"),
        push("list", "db", pushed("a", "list", "a")),
        push("deeper", "db", pushed("a", "json", "x.y")),
        push("theirs", "db", pushed("a", "theirs")),
        push("missing", "db", pushed("b", "b")),
    )
    world.push(key, store(), secret(a=CANARIES[0]), *pushes)
    shop.sync(key)
    world.push(key, store(), secret(a=CANARIES[1]), *pushes)
    shop.down = {"PutSecretValue"}
    shop.sync(key)
    shop.down = set()
    shop.later(301)
    shop.sync(key, "tick")
    assert CANARIES[1] == remote(shop, "a")
    world.push(key, store())
    shop.sync(key)
    blobs = {**kept(world), "log": caplog.text.encode(), "record": repr(world.record(key)).encode()}
    assert [] == leaks(blobs, CANARIES)
