"""Who set which field, for somebody who waits: commits from bundles, as far as time allows, and no secret in any path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mooring.access.parsing import parse_project
from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.events.messages import Later
from mooring.events.bodies import parse_later, parse_sync
from mooring.events.messages import ObjectMessage
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.bundles import Bundles
from tests.doubles.installation import World, config_map, deployment, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": False}}
SETTINGS = ObjectKey("", "ConfigMap", "shop", "settings")


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as make:
        yield make()


def synced(world: World, *versions: Manifest) -> tuple[AppKey, list[str]]:
    """An application after a sync to each of these, and their revisions."""
    key = world.declare(**AUTO)
    revisions = []
    for version in versions:
        revisions.append(world.push(key, version))
        world.now += 60
        world.sync(key)
    return key, revisions


def blamed(world: World, key: AppKey, **more: Any) -> dict[str, dict[str, Any]]:
    named = {"group": "", "kind": "ConfigMap", "namespace": "shop", "name": "settings"}
    return {row["path"]: row for row in world.look(key, "blame", **{**named, **more})["fields"]}


def told(row: dict[str, Any]) -> tuple[str, bool]:
    return row["commit"]["revision"], row["commit"].get("orEarlier", False)


def test_each_field_has_the_commit_that_brought_it(world: World) -> None:
    """GIVEN three commits WHEN asked THEN each field has the one that brought in what it says; the first ends history."""
    key, (first, second, third) = synced(
        world, config_map("settings", a="1", b="1"), config_map("settings", a="1", b="2"),
        config_map("settings", a="1", b="2", c="3"),
    )  # fmt: skip
    rows = blamed(world, key)
    assert (first, True) == told(rows[".data.a"])
    assert (second, False) == told(rows[".data.b"])
    assert (third, False) == told(rows[".data.c"])


def test_a_walk_ends_when_the_time_of_whoever_waits_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN bundles that take longer than somebody waits WHEN asked THEN what was found is told, the rest as earlier."""
    versions = [config_map("settings", a="1", b=str(number)) for number in range(6)]
    key, revisions = synced(world, *versions)
    load, opened = Bundles.load, []

    def slow(bundles: Bundles, name: str) -> tuple[Manifest, ...]:
        world.now += 8
        opened.append(name)
        return load(bundles, name)

    monkeypatch.setattr(Bundles, "load", slow)
    begun = world.now
    rows = blamed(world, key, seconds=20.0)
    assert (revisions[-1], False) == told(rows[".data.b"])
    assert (revisions[-3], True) == told(rows[".data.a"])
    assert (3, 24) == (len(opened), world.now - begun)


def test_bundles_that_can_not_be_read_now_are_no_end_of_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a bucket that does not answer WHEN asked THEN that is said, and no commit is named for another."""
    key, _ = synced(world, config_map("settings", a="1"))

    def away(*_: Any) -> Any:
        raise UnreachableError("S3 can't be reached")

    monkeypatch.setattr(Bundles, "load", away)
    with pytest.raises(UnreachableError):
        blamed(world, key)


def test_parts_of_a_name_may_be_left_open(world: World) -> None:
    """GIVEN two objects of one name WHEN named by less THEN one is found, or the error names what is meant or there."""
    key = world.declare(**AUTO)
    other = {**deployment("web"), "apiVersion": "example.org/v1"}
    world.push(key, deployment("web"), other, config_map("settings", a="1"))
    world.sync(key)
    found = world.look(key, "blame", group="*", kind="configmaps", namespace="*", name="settings")
    assert str(SETTINGS) == found["object"]
    with pytest.raises(ConfigurationError, match="several objects: Deployment.apps/shop/web, Deployment.example.org"):
        world.look(key, "blame", group="*", kind="Deployment", namespace="*", name="web")
    assert "apps/Deployment/shop/web" == world.look(
        key, "blame", group="apps", kind="deployment", namespace="*", name="web"
    )["object"]  # fmt: skip
    with pytest.raises(ConfigurationError, match="it has ConfigMap/shop/settings") as refused:
        world.look(key, "blame", group="*", kind="Service", namespace="*", name="web")
    assert "resourceName" == refused.value.field
    with pytest.raises(ConfigurationError) as refused:
        world.look(key, "blame", name="web")
    assert "kind" == refused.value.field


def test_an_object_that_is_gone_or_anothers_is_not_told_of(world: World) -> None:
    """GIVEN an object that was deleted, one of nobody, one that another application has taken, and no application WHEN
    asked THEN each is refused, and the words for what is not the application's are those for what is not there.
    """
    key, _ = synced(world, config_map("settings", a="1"))
    live = world.cluster.objects.pop(SETTINGS)
    with pytest.raises(NoSuchObjectError, match="who deleted it"):
        blamed(world, key)
    world.cluster.objects[SETTINGS] = live
    live["metadata"]["labels"]["mooring.dev/app"] = "argocd.other"
    live["metadata"].get("annotations", {}).clear()
    with pytest.raises(NoSuchObjectError) as taken:
        blamed(world, key)
    world.cluster.objects[ObjectKey("", "ConfigMap", "shop", "theirs")] = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "shop", "uid": "u",
        "resourceVersion": "1"}, "data": {"a": "1"},
    }  # fmt: skip
    for name in ("theirs", "nothing"):
        with pytest.raises(NoSuchObjectError) as refused:
            blamed(world, key, name=name)
        assert taken.value.message == refused.value.message.replace(name, "settings")
    with pytest.raises(UnknownApplicationError):
        blamed(world, AppKey("argocd", "none"))


def test_a_project_that_no_longer_permits_the_place_shows_nothing_of_it(world: World) -> None:
    """GIVEN a project that lost its destination WHEN asked THEN the look is refused, as every other look is."""
    key, _ = synced(world, config_map("settings", a="1"))
    document = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "default"},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "elsewhere"}]},
    }  # fmt: skip
    world.targets.projects["default"] = parse_project(document).project
    with pytest.raises(ForbiddenError):
        blamed(world, key)


def test_no_value_of_a_hidden_object_is_in_a_path(world: World) -> None:
    """GIVEN an object with values of SOPS files whose lists are told apart by their values WHEN asked THEN such lists are
    one row each, under digests; where its mark was taken away by hand, and where its bundle is gone, too.
    """
    hosts = ["canary-host-1", "canary-host-2"]
    hidden: Manifest = {
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "annotations": {"mooring.dev/hidden": "sops"}},
        "data": {"a": "canary-value"}, "hosts": hosts, "ports": [{"name": "canary-port", "port": 1}],
    }  # fmt: skip
    key, (revision,) = synced(world, hidden)
    live = world.cluster.objects[SETTINGS]
    (entry,) = live["metadata"]["managedFields"]
    entry["fieldsV1"] |= {
        "f:hosts": {f'v:"{host}"': {} for host in hosts},
        "f:ports": {'k:{"name":"canary-port"}': {"f:port": {}}},
    }

    def check() -> None:
        rows = blamed(world, key)
        assert {".data.a", ".hosts", ".ports"} <= rows.keys()
        assert "canary" not in repr(rows)
        assert all(str(rows[path]["value"]).startswith("(hmac:") for path in (".data.a", ".hosts", ".ports"))

    check()
    assert (revision, True) == told(blamed(world, key)[".hosts"])
    del live["metadata"]["annotations"]["mooring.dev/hidden"]
    check()
    client, bucket = world.bundles._client, world.bundles._bucket
    for each in client.list_objects_v2(Bucket=bucket)["Contents"]:
        client.delete_object(Bucket=bucket, Key=each["Key"])
    world.bundles._warm.clear()
    check()


def test_a_question_of_before_an_update_does_no_harm(world: World) -> None:
    """GIVEN a message that asked `sync` for this before the function was updated WHEN it is read THEN it is one look more."""
    key, _ = synced(world, config_map("settings", a="1"))
    for objects in ("[]", '[["", "ConfigMap", "shop", "settings"]]'):
        body = f'{{"v": 1, "cluster": "in-cluster", "objects": {objects}, "of": "{key}", "blame": "01KJ"}}'
        message = parse_sync(body)
        assert isinstance(message, ObjectMessage)
        assert [] == handle_syncs(world.ports(), [message])
    assert Later("syncs", message) == parse_later(f'{{"v": 1, "to": "syncs", "message": {body}}}')
