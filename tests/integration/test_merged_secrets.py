"""ExternalSecrets that add keys to Secrets of others (`creationPolicy: Merge`), on a real API server."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.events.messages import AppMessage, Cause, ClusterMessage, ObjectMessage
from mooring.flows.asked.declaring import delete
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import APP_LABEL
from mooring.source.gokit import GoKit
from mooring.state.statuses import Resource
from tests.doubles.externalworld import ExternalWorld, datum, external, store
from tests.doubles.installation import Crash, config_map, installation
from tests.doubles.realcluster import Stepped, connect, use

AUTO = {"automated": {"prune": True, "selfHeal": True}}
JSON = {"Content-Type": "application/merge-patch+json"}


class Shop:
    """An installation with one real cluster and a namespace of its own in it."""

    def __init__(self, made: ExternalWorld, cluster: Cluster, namespace: str, stepped: Stepped) -> None:
        self.external, self.world, self.cluster, self.namespace = made, made.world, cluster, namespace
        self.stepped = stepped

    def path(self, name: str = "") -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets" + (f"/{name}" if name else "")

    def keep(self, name: str = "db", **data: str) -> Manifest:
        """Somebody else makes a Secret."""
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        status, answer = self.cluster.client("POST", self.path(), {"metadata": {"name": name}, "data": encoded})
        assert status == 201, answer
        return answer

    def edit(self, name: str, **data: str | None) -> None:
        """Somebody else changes keys of it."""
        encoded = {
            key: None if value is None else base64.b64encode(value.encode()).decode() for key, value in data.items()
        }
        self.patch(name, {"data": encoded})

    def patch(self, name: str, change: Any) -> Manifest:
        """Merges a change into it, as `kubectl patch` does."""
        query = {"fieldManager": "kubectl-patch"}
        changed: Manifest = self.stepped.target.server.request("PATCH", self.path(name), query, change, JSON).body
        return changed

    def live(self, name: str = "db") -> Manifest | None:
        status, found = self.cluster.client("GET", self.path(name))
        return found if status == 200 else None

    def content(self, name: str = "db") -> dict[str, str] | None:
        found = self.live(name)
        data = None if found is None else found.get("data") or {}
        return None if data is None else {key: base64.b64decode(value).decode() for key, value in data.items()}

    def declare(self, name: str = "shop", **policy: Any) -> Any:
        return self.world.declare(name, namespace=self.namespace, **(policy or AUTO))

    def sync(self, key: Any, kind: Any = "render") -> None:
        assert handle_syncs(self.external.ports(), [AppMessage(key, Cause(kind))]) == []

    def sweep(self) -> None:
        assert handle_syncs(self.external.ports(), [ClusterMessage("in-cluster", Cause("tick"))]) == []

    def rows(self, key: Any) -> dict[str, Resource]:
        return {f"{each.key.kind} {each.key.name}": each for each in self.world.record(key).status.resources}

    def condition(self, key: Any, kind: str) -> str:
        return next((each.message for each in self.world.record(key).status.conditions if each.type == kind), "")

    def operation(self, key: Any) -> Any:
        return self.world.record(key).status.operation


@pytest.fixture
def shop(cluster: Cluster, gokit: GoKit, make_namespace: Callable[[Cluster], str]) -> Iterator[Shop]:
    target = connect(cluster)
    stepped = Stepped(target)
    with installation() as make:
        made = ExternalWorld(make(), gokit)
        use(made.world, stepped)
        made.secrets.create_secret(Name="db", SecretString='{"user": "ada", "password": "one"}')
        yield Shop(made, cluster, make_namespace(cluster), stepped)
    target.server.close()


def merging(name: str = "from-aws", *keys: str, to: str = "db", annotations: Any = None, **spec: Any) -> Manifest:
    """An ExternalSecret that adds these keys of the provider's secret `db`."""
    data = [datum(key, "db", property=key) for key in keys or ("user", "password")]
    target = {"name": to, "creationPolicy": "Merge", **spec.pop("target", {})}
    return external(name, data, annotations=annotations, target=target, **spec)


def change(shop: Shop, text: str) -> None:
    shop.external.secrets.put_secret_value(SecretId="db", SecretString=text)


def test_keys_are_added_and_nothing_else_is_touched(shop: Shop) -> None:
    """GIVEN a Secret of somebody WHEN keys are added THEN it keeps its own ones, its metadata and its owner."""
    before = shop.keep(own="theirs", user="old")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)

    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()
    after = shop.live() or {}
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert {} == {name: after["metadata"].get(name) for name in ("labels", "annotations") if name in after["metadata"]}
    status = shop.world.record(key).status
    assert ("Succeeded", "Synced", "Healthy") == (shop.operation(key).phase, status.sync, status.health.status)
    assert "Synced" == shop.rows(key)["Secret db~from-aws"].sync


def test_an_idle_look_costs_one_request_for_each_part(shop: Shop) -> None:
    """GIVEN a part in place WHEN the cluster is swept THEN it is read once, no provider is asked, nothing is written."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)
    shop.sweep()
    before, record = shop.stepped.requests, shop.world.record(key)
    shop.external.calls.clear()
    shop.sweep()
    assert (1, [], record) == (shop.stepped.requests - before, shop.external.calls, shop.world.record(key))


def test_a_rotation_reaches_only_our_keys(shop: Shop) -> None:
    """GIVEN added keys WHEN the provider's value changes and a key is dropped THEN the Secret follows in both."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging(refreshInterval="10m"))
    shop.sync(key)
    change(shop, '{"user": "bob", "password": "two"}')
    shop.world.now += 700
    shop.sync(key, "tick")
    assert {"own": "theirs", "user": "bob", "password": "two"} == shop.content()

    shop.world.push(key, store(), merging("from-aws", "password"))
    shop.sync(key)
    assert {"own": "theirs", "password": "two"} == shop.content()


@pytest.mark.parametrize("how", ["changed", "removed", "made anew"])
def test_drift_of_our_keys_is_found_and_put_back(shop: Shop, how: str) -> None:
    """GIVEN added keys WHEN somebody changes or removes one, or the Secret is made anew THEN the keys are back."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)
    if how == "made anew":
        shop.cluster.client("DELETE", shop.path("db"))
        shop.keep(own="theirs")
    else:
        shop.edit("db", password="x" if how == "changed" else None)
    shop.sweep()
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()
    assert "Synced" == shop.world.record(key).status.sync


def test_whoever_names_the_secret_has_our_keys_put_back(shop: Shop) -> None:
    """GIVEN an added key that somebody changed WHEN the Secret is named (by an audit log) THEN only that part is healed."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), config_map("other"), merging())
    shop.sync(key)
    shop.edit("db", password="x")
    named = ObjectMessage("in-cluster", (ObjectKey("", "Secret", shop.namespace, "db"),), Cause("tick"))
    assert handle_syncs(shop.external.ports(), [named]) == []
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()
    assert ["Secret db~from-aws"] == [f"{each.key.kind} {each.key.name}" for each in shop.operation(key).results]


def test_what_others_do_with_their_keys_is_no_drift(shop: Shop) -> None:
    """GIVEN added keys WHEN the owner changes a key of his THEN nothing is applied, and it is asked about once."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)
    shop.edit("db", own="new")
    written: list[str] = []
    shop.stepped.before = written.append
    shop.sweep()
    shop.sweep()
    assert ([], "Synced") == (written, shop.world.record(key).status.sync)
    assert {"own": "new", "user": "ada", "password": "one"} == shop.content()


def test_drift_tells_no_value(shop: Shop) -> None:
    """GIVEN a key that somebody changed WHEN nobody puts it back THEN the difference names the field alone."""
    shop.keep(own="theirs")
    key = shop.declare(automated={"prune": True})
    shop.world.push(key, store(), merging())
    shop.sync(key)
    shop.edit("db", password="canary-of-theirs")
    shop.sweep()
    (change_,) = shop.rows(key)["Secret db~from-aws"].drift
    told = repr(shop.world.record(key).status)
    assert (".data.password", "kubectl-patch", False) == (change_["path"], change_["manager"], "canary-of" in told)


def test_removed_from_git_takes_away_only_our_keys(shop: Shop) -> None:
    """GIVEN keys of two ExternalSecrets WHEN one goes, then the application THEN the Secret stays with what is left."""
    before = shop.keep(own="theirs")
    key = shop.declare()
    both = merging("one", "user"), merging("two", "password")
    shop.world.push(key, store(), *both)
    shop.sync(key)
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()

    shop.world.push(key, store(), both[1])
    shop.sync(key)
    assert {"own": "theirs", "password": "one"} == shop.content()
    assert "Secret db~one" not in shop.rows(key)

    delete(shop.world.asking, key, "ada", cascade=True)
    shop.sync(key)
    assert {"own": "theirs"} == shop.content()
    assert shop.world.record(key).spec is None
    assert before["metadata"]["uid"] == (shop.live() or {})["metadata"]["uid"]


@pytest.mark.parametrize(
    ("options", "stays"),
    [
        ({"argocd.argoproj.io/sync-options": "Prune=false"}, True),
        ({"argocd.argoproj.io/sync-options": "PruneLast=true,Prune=false"}, True),
        ({}, False),
    ],
)
def test_options_of_the_external_secret_keep_its_keys(shop: Shop, options: dict[str, str], stays: bool) -> None:
    """GIVEN an ExternalSecret that may not be pruned WHEN it goes THEN its keys stay, whatever the Secret itself says."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), config_map("kept"), merging(annotations=options))
    shop.sync(key)
    shop.world.push(key, store(), config_map("kept"))
    shop.sync(key)
    assert stays == ("password" in (shop.content() or {}))


def test_a_missing_secret_is_waited_for_and_never_made(shop: Shop) -> None:
    """GIVEN no Secret WHEN synced THEN nothing is made, the condition says so, and it is looked at again in time."""
    key = shop.declare()
    shop.world.push(key, store(), config_map("other"), merging(refreshInterval="2m"))
    shop.external.calls.clear()
    shop.sync(key)
    assert shop.live() is None
    assert "SecretMissing: there is no Secret" in shop.condition(key, "SecretError")
    assert "Degraded" == shop.rows(key)["ExternalSecret from-aws"].health.status  # type: ignore[union-attr]
    assert [] == shop.external.calls
    assert shop.world.record(key).status.reopen_at <= shop.world.now + 120

    shop.keep(own="theirs")
    shop.world.now += 121
    shop.sweep()
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()
    assert ("", "Synced") == (shop.condition(key, "SecretError"), shop.world.record(key).status.sync)


def test_a_secret_that_goes_is_not_made_again(shop: Shop) -> None:
    """GIVEN added keys WHEN the Secret is deleted THEN it stays deleted, and so it does when the application goes."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)
    shop.cluster.client("DELETE", shop.path("db"))
    shop.sweep()
    assert shop.live() is None
    assert "SecretMissing" in shop.condition(key, "SecretError")

    delete(shop.world.asking, key, "ada", cascade=True)
    shop.sync(key)
    assert (None, None) == (shop.live(), shop.world.record(key).spec)


def own_secret(**data: str) -> Manifest:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": encoded}


def test_an_application_may_add_to_its_own_secret(shop: Shop) -> None:
    """GIVEN a Secret and an ExternalSecret in one bundle WHEN synced THEN one sync makes both, and both stay in sync."""
    key = shop.declare()
    shop.world.push(key, store(), merging(), own_secret(own="git"))
    shop.sync(key)
    assert {"own": "git", "user": "ada", "password": "one"} == shop.content()
    shop.sweep()
    status = shop.world.record(key).status
    assert ("Succeeded", "Synced", []) == (
        shop.operation(key).phase, status.sync, [each for each in status.conditions if "Error" in each.type]
    )  # fmt: skip

    shop.world.push(key, store(), own_secret(own="git"))
    shop.sync(key)
    assert {"own": "git"} == shop.content()

    shop.world.push(key, store(), merging(), own_secret(own="git", user="git"))
    shop.sync(key)
    assert "names 'user', which the manifest of the Secret db sets" in shop.condition(key, "SecretError")


def test_the_secret_of_another_application_stays_its_own(shop: Shop) -> None:
    """GIVEN a Secret of one application WHEN another adds to it THEN the first keeps it; a key of it is refused."""
    owner, other = shop.declare("owner"), shop.declare("other")
    shop.world.push(owner, own_secret(own="git", user="git"))
    shop.sync(owner)
    shop.world.push(other, store(), merging("from-aws", "password"))
    shop.sync(other)
    assert {"own": "git", "user": "git", "password": "one"} == shop.content()
    assert "argocd.owner" == (shop.live() or {})["metadata"]["labels"][APP_LABEL]
    shop.sweep()
    assert ("Synced", "Synced") == tuple(shop.world.record(each).status.sync for each in (owner, other))

    shop.world.push(other, store(), merging("from-aws", "password", "user"))
    shop.sync(other)
    assert "the key 'user' of the Secret" in shop.operation(other).message
    assert {"own": "git", "user": "git", "password": "one"} == shop.content()

    third = shop.declare("third")
    shop.world.push(third, store(), merging("mine", "password"))
    shop.sync(third)
    assert "argocd.other:from-aws already" in shop.operation(third).message

    delete(shop.world.asking, other, "ada", cascade=True)
    shop.sync(other)
    assert {"own": "git", "user": "git"} == shop.content()


def test_a_secret_that_it_made_before_is_not_deleted(shop: Shop) -> None:
    """GIVEN a Secret that an ExternalSecret owns WHEN that says Merge THEN the Secret stays."""
    key = shop.declare()
    shop.world.push(key, store(), external("from-aws", [datum("user", "db", property="user")], target={"name": "db"}))
    shop.sync(key)
    before = (shop.live() or {})["metadata"]["uid"]
    shop.world.push(key, store(), merging())
    shop.sync(key)
    assert {"user": "ada", "password": "one"} == shop.content()
    shop.sweep()
    assert before == (shop.live() or {})["metadata"]["uid"]


@pytest.mark.parametrize("policy", ["Merge", "Retain"])
def test_values_that_are_gone_take_their_keys_along(shop: Shop, policy: str) -> None:
    """GIVEN deletionPolicy Merge WHEN a provider's value goes THEN its key goes, with Retain everything stays."""
    shop.keep(own="theirs")
    shop.external.secrets.create_secret(Name="more", SecretString="two")
    key = shop.declare()
    target = {"name": "db", "creationPolicy": "Merge", "deletionPolicy": policy}
    data = [datum("user", "db", property="user"), datum("more", "more")]
    shop.world.push(key, store(), config_map("other"), external("from-aws", data, target=target, refreshInterval="1m"))
    shop.sync(key)
    assert {"own": "theirs", "user": "ada", "more": "two"} == shop.content()
    shop.external.secrets.delete_secret(SecretId="more", ForceDeleteWithoutRecovery=True)
    shop.world.now += 90
    shop.sync(key, "tick")
    left = {"own": "theirs", "user": "ada"} | ({} if policy == "Merge" else {"more": "two"})
    assert (left, policy == "Merge") == (shop.content(), shop.condition(key, "SecretError") == "")
    if policy == "Retain":
        return
    shop.external.secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    shop.world.now += 90
    shop.sync(key, "tick")
    assert {"own": "theirs"} == shop.content()
    shop.sweep()
    assert "Synced" == shop.world.record(key).status.sync


def test_an_immutable_secret_is_told_and_left_alone(shop: Shop) -> None:
    """GIVEN an immutable Secret WHEN keys are to be added by force THEN the reason is told, and the Secret stays."""
    shop.keep(own="theirs")
    answer = shop.patch("db", {"immutable": True})
    key = shop.declare()
    force = {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}
    shop.world.push(key, store(), merging(annotations=force))
    shop.sync(key)
    assert "does not let its data be changed" in shop.operation(key).message
    assert (answer["metadata"]["uid"], {"own": "theirs"}) == (
        (shop.live() or {})["metadata"]["uid"], shop.content()
    )  # fmt: skip


def test_what_was_made_immutable_keeps_its_keys_and_holds_nothing_up(shop: Shop) -> None:
    """GIVEN a Secret that its owner made immutable WHEN the application goes THEN it does, and the Secret stays."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, store(), merging())
    shop.sync(key)
    shop.patch("db", {"immutable": True})
    delete(shop.world.asking, key, "ada", cascade=True)
    shop.sync(key)
    assert shop.world.record(key).spec is None
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content()


def test_metadata_of_a_template_is_added_and_goes_again(shop: Shop) -> None:
    """GIVEN labels in a template WHEN merged THEN they stand beside the owner's, and go with the part."""
    shop.keep(own="theirs")
    shop.patch("db", {"metadata": {"labels": {"team": "theirs"}, "annotations": {"helm.sh/resource-policy": "keep"}}})
    key = shop.declare()
    template = {"metadata": {"labels": {"ours": "yes"}}, "data": {"url": "{{ .user }}@db"}, "type": "example.com/other"}
    shop.world.push(key, store(), config_map("kept"), merging(target={"template": template}))
    shop.sync(key)
    shop.sweep()
    assert {"own": "theirs", "url": "ada@db"} == shop.content()
    live = shop.live() or {}
    assert ({"team": "theirs", "ours": "yes"}, "Opaque") == (live["metadata"]["labels"], live["type"])
    assert "Synced" == shop.world.record(key).status.sync

    shop.world.push(key, store(), config_map("kept"))
    shop.sync(key)
    assert ({"own": "theirs"}, {"team": "theirs"}) == (shop.content(), (shop.live() or {})["metadata"]["labels"])


def test_a_dry_run_changes_nothing_and_tells_no_value(shop: Shop) -> None:
    """GIVEN a part that differs WHEN a dry run is asked for THEN it says so without a value, and writes nothing."""
    shop.keep(own="theirs")
    change(shop, '{"user": "ada", "password": "pass-canary"}')
    key = shop.declare(syncOptions=[])
    shop.world.push(key, store(), merging())
    shop.world.request(key, dry_run=True)
    written: list[str] = []
    shop.stepped.before = written.append
    shop.sync(key)
    assert ([], {"own": "theirs"}) == (written, shop.content())
    told = repr(shop.operation(key))
    assert "db~from-aws" in told
    values = ["pass-canary", base64.b64encode(b"pass-canary").decode()]
    assert [] == [value for value in values if value in told]


def test_a_crash_at_any_write_loses_nothing(shop: Shop) -> None:
    """GIVEN adding, changing and removing WHEN the function dies at any write THEN a rerun ends as if it had not."""
    for step in range(6):
        name = f"s{step}"
        before = shop.keep(name, own="theirs")
        key = shop.declare(f"app-{step}")
        left = [step]

        def fuse(what: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise Crash(what)

        for manifests in ((merging("m", to=name),), (merging("m", "user", to=name),), ()):
            shop.world.push(key, store(), config_map(f"other-{step}"), *manifests)
            shop.stepped.before, shop.stepped.after = (
                (fuse, lambda what: None) if step % 2 else (lambda what: None, fuse)
            )
            try:
                shop.sync(key)
            except Crash:
                shop.stepped.before = shop.stepped.after = lambda what: None
                shop.world.now += LEASE_SECONDS + 1
                shop.sync(key, "tick")
        shop.stepped.before = shop.stepped.after = lambda what: None
        shop.world.now += LEASE_SECONDS + 1
        shop.sync(key, "tick")
        assert {"own": "theirs"} == shop.content(name), step
        assert before["metadata"]["uid"] == (shop.live(name) or {})["metadata"]["uid"]
        assert not [each for each in shop.world.record(key).inventory if "~" in each.name]


def test_no_manifest_of_git_may_pose_as_a_part(shop: Shop) -> None:
    """GIVEN a plain Secret whose name is like a part's WHEN synced THEN it is refused and nothing is written."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(key, {**own_secret(own="mine"), "metadata": {"name": "db~x"}})
    shop.sync(key)
    assert {"own": "theirs"} == shop.content()
    assert "can't have a '~' in it" in repr(shop.world.record(key).status)


def test_a_restart_follows_added_keys(shop: Shop) -> None:
    """GIVEN a workload that uses an added key WHEN its value changes THEN its pods are restarted."""
    shop.keep(own="theirs")
    key = shop.declare()
    workload: Manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"mooring.dev/restart-on-change": "true"}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1", "envFrom": [{"secretRef": {"name": "db"}}]}]},
            },
        },
    }

    def mark() -> str:
        path = f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"
        template = shop.cluster.client("GET", path)[1]["spec"]["template"]
        return str(template["metadata"]["annotations"]["mooring.dev/values"])

    shop.world.push(key, store(), workload, merging(refreshInterval="1m"))
    shop.sync(key)
    first = mark()
    change(shop, '{"user": "bob", "password": "one"}')
    shop.world.now += 90
    shop.sync(key, "tick")
    assert first != mark()


def test_one_external_secret_for_many_namespaces_adds_where_there_is_something(
    shop: Shop, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN a ClusterExternalSecret with Merge WHEN one namespace has no such Secret THEN the other still gets its keys."""
    shop.keep(own="theirs")
    empty = make_namespace(shop.cluster)
    single = merging()
    spec = {
        "externalSecretSpec": single["spec"],
        "externalSecretName": "from-aws",
        "namespaces": [shop.namespace, empty],
    }
    spread = {
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterExternalSecret", "metadata": {"name": "all"}, "spec": spec
    }  # fmt: skip
    single["spec"]["secretStoreRef"] = {"name": "aws", "kind": "ClusterSecretStore"}
    key = shop.declare()
    use(shop.world, shop.stepped.target)
    shop.world.push(key, store() | {"kind": "ClusterSecretStore"}, spread)
    shop.sync(key)
    assert {"own": "theirs", "user": "ada", "password": "one"} == shop.content(), shop.world.record(key).status
    assert f"in the namespace {empty}: SecretMissing" in shop.condition(key, "SecretWarning")


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"creationPolicy": "Merge", "deletionPolicy": "Delete"}, "spec.target.deletionPolicy"),
        ({"creationPolicy": "None", "deletionPolicy": "Delete"}, "spec.target.deletionPolicy"),
        ({"creationPolicy": "None", "deletionPolicy": "Merge"}, "spec.target.deletionPolicy"),
        ({"creationPolicy": "Merge", "immutable": True}, "spec.target.immutable"),
        ({"creationPolicy": "Merge", "template": {"metadata": {"finalizers": ["a/b"]}}}, "finalizers"),
        ({"creationPolicy": "Whatever"}, "spec.target.creationPolicy"),
    ],
)
def test_what_contradicts_itself_is_refused_by_its_field(shop: Shop, target: Any, field: str) -> None:
    """GIVEN policies that exclude each other WHEN synced THEN the field is named and nothing is written."""
    shop.keep(own="theirs")
    key = shop.declare()
    shop.world.push(
        key, store(), external("from-aws", [datum("user", "db", property="user")], target={"name": "db"} | target)
    )
    shop.sync(key)
    assert ({"own": "theirs"}, True) == (shop.content(), field in shop.condition(key, "SecretError"))
