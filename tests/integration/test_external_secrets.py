"""ExternalSecrets from the bundle to the cluster: moto's AWS, the real gokit, a cluster in memory."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.access.parsing import built_in
from mooring.access.project import Permitted
from mooring.access.secretrules import SecretRules, StoreRule
from mooring.events.messages import AppMessage, Cause
from mooring.flows.arrivals.secretchanges import SecretChangePorts, handle_secret_change
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import Health
from mooring.model.objects import ObjectKey
from mooring.source.gokit import GoKit
from mooring.state.statuses import Resource
from tests.doubles.canaries import kept, leaks
from tests.doubles.externalworld import ExternalWorld, content, datum, external, store
from tests.doubles.installation import World, config_map, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture
def external_world(gokit: GoKit) -> Iterator[ExternalWorld]:
    with installation() as make:
        yield ExternalWorld(make(), gokit)


def row(world: World, key: Any, name: str) -> Resource:
    (found,) = [each for each in world.record(key).status.resources if each.key.name == name and each.uncounted]
    return found


def test_values_become_a_secret(external_world: ExternalWorld) -> None:
    """GIVEN secrets and parameters WHEN synced THEN the Secret holds values, properties, versions and decoded bytes."""
    world = external_world.world
    first = external_world.secrets.create_secret(Name="db", SecretString='{"user": "ada", "pass": {"word": "one"}}')
    external_world.secrets.put_secret_value(SecretId="db", SecretString='{"user": "bob", "pass": {"word": "two"}}')
    external_world.secrets.create_secret(Name="raw", SecretBinary=b"\x00bytes")
    external_world.parameters.put_parameter(Name="/shop/key", Value="djE=", Type="SecureString")
    external_world.parameters.put_parameter(Name="/shop/key", Value="djI=", Type="SecureString", Overwrite=True)
    of_parameters = {"sourceRef": {"storeRef": {"name": "ssm"}}}
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        store("ssm", "ParameterStore"),
        external(
            "db",
            [
                datum("user", "db", property="user"),
                datum("old", "db", property="pass.word", version="AWSPREVIOUS"),
                datum("older", "db", property="pass.word", version=f"uuid/{first['VersionId']}"),
                datum("whole", "db"),
                datum("parameter", "/shop/key", decodingStrategy="Base64") | of_parameters,
                datum("before", "/shop/key", version="1") | of_parameters,
            ],
            target={"name": "shop-db", "immutable": True},
        ),
        external("raw", [datum("bytes", "raw")]),
    )

    external_world.sync(key)

    expected = {
        "user": "bob",
        "old": "one",
        "older": "one",
        "whole": '{"user": "bob", "pass": {"word": "two"}}',
        "parameter": "v2",
        "before": "djE=",
    }
    made = external_world.secret("shop-db")
    assert expected == content(made)
    assert made is not None
    assert ("Opaque", True) == (made["type"], made["immutable"])
    assert {"bytes": base64.b64encode(b"\x00bytes").decode()} == (external_world.secret("raw") or {})["data"]
    # AND stores and ExternalSecrets stay out of the cluster, yet stand among the application's resources
    assert {"Secret"} == {each.kind for each in world.cluster.objects}
    assert (Health("Healthy"), "Synced") == (row(world, key, "aws").health, world.record(key).status.sync)
    # AND all current values of one store were one request, so were all parameters
    assert 1 == external_world.calls.count("BatchGetSecretValue")
    assert 1 == external_world.calls.count("GetParameters")


def test_a_look_asks_no_provider_and_a_refresh_applies_only_what_has_changed(external_world: ExternalWorld) -> None:
    """GIVEN a synced ExternalSecret WHEN time passes THEN only refreshInterval asks again, and only a rotation applies."""
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString="one")
    key = world.declare(**AUTO)
    world.push(key, store(), external("db", [datum("password", "db")], refreshInterval="10m"))
    external_world.sync(key)
    world.cluster.applies.clear()

    # WHEN somebody looks before the interval is over
    external_world.later(300)
    external_world.sync(key, "tick")
    # THEN nobody is asked
    assert ([], []) == (external_world.calls, world.cluster.applies)

    # WHEN the interval is over, and nothing has changed
    external_world.later(301)
    external_world.sync(key, "tick")
    # THEN the provider is asked, and nothing is applied; and not again until the next time
    assert (["GetSecretValue"], []) == (external_world.calls, world.cluster.applies)
    external_world.later(100)
    external_world.sync(key, "tick")
    assert [] == external_world.calls

    # WHEN the secret was rotated, and the interval is over again
    external_world.secrets.put_secret_value(SecretId="db", SecretString="two")
    external_world.later(501)
    external_world.sync(key, "tick")
    # THEN the cluster has the new value
    assert {"password": "two"} == content(external_world.secret("db"))


def test_an_event_brings_a_rotation_before_its_time(external_world: ExternalWorld) -> None:
    """GIVEN a rotated secret WHEN its event arrives THEN the cluster has the new value, long before refreshInterval."""
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString="one")
    key = world.declare(**AUTO)
    world.push(key, store(), external("db", [datum("password", "db")]))
    external_world.sync(key)
    external_world.secrets.put_secret_value(SecretId="db", SecretString="two")

    event = {
        "id": "an-event",
        "source": "aws.secretsmanager",
        "region": "eu-central-1",
        "detail": {"eventName": "PutSecretValue", "requestParameters": {"secretId": "db"}},
    }
    ports = SecretChangePorts(external_world.uses, world.queues)  # type: ignore[arg-type]
    assert [key] == handle_secret_change(ports, event)
    (message,) = [message for _, message in world.queues.sent if isinstance(message, AppMessage)]
    assert AppMessage(key, Cause("secret", "an-event")) == message
    assert handle_syncs(external_world.ports(), [message]) == []

    assert {"password": "two"} == content(external_world.secret("db"))


def test_events_reach_those_who_look_through_all_secrets(external_world: ExternalWorld) -> None:
    """GIVEN find WHEN a secret is made THEN its users are told; of changes only those of what was found."""
    world = external_world.world
    external_world.secrets.create_secret(Name="app/a", SecretString="1")
    key = world.declare(**AUTO)
    world.push(key, store(), external("all", data_from=[{"find": {"path": "app/"}}]))
    external_world.sync(key)
    ports = SecretChangePorts(external_world.uses, world.queues)  # type: ignore[arg-type]

    def told(name: str, what: str) -> list[Any]:
        detail = {"eventName": what, "requestParameters": {"secretId": name}}
        return handle_secret_change(ports, {"source": "aws.secretsmanager", "region": "eu-central-1", "detail": detail})

    assert [key] == told("app/b", "CreateSecret")
    assert [] == told("other", "PutSecretValue")
    assert [key] == told("app/a", "PutSecretValue")


def test_a_provider_that_is_down_leaves_the_secret_as_it_is(external_world: ExternalWorld) -> None:
    """GIVEN a Secret WHEN its provider is down THEN it stays, the row says why, the others go on, and it heals."""
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString="one")
    external_world.parameters.put_parameter(Name="key", Value="v1", Type="String")
    of_parameters = {"sourceRef": {"storeRef": {"name": "ssm"}}}
    key = world.declare(**AUTO)
    objects = (
        store(),
        store("ssm", "ParameterStore"),
        external("db", [datum("password", "db")], refreshInterval="5m"),
        external("key", [datum("key", "key") | of_parameters], refreshInterval="5m"),
    )
    world.push(key, *objects)
    external_world.sync(key)
    external_world.parameters.put_parameter(Name="key", Value="v2", Type="String", Overwrite=True)

    external_world.down = {"GetSecretValue"}
    external_world.later(301)
    external_world.sync(key, "tick")

    assert {"password": "one"} == content(external_world.secret("db"))
    assert {"key": "v2"} == content(external_world.secret("key"))
    health = row(world, key, "db").health
    assert health is not None
    assert "Degraded" == health.status
    assert "did not answer" in health.message
    assert "Degraded" == world.record(key).status.health.status

    external_world.down = set()
    external_world.later(301)
    external_world.sync(key, "tick")
    assert Health("Healthy") == row(world, key, "db").health


def test_find_and_rewrite(external_world: ExternalWorld) -> None:
    """GIVEN secrets below a path with tags WHEN found and rewritten THEN the keys are those of the last step."""
    world = external_world.world
    for name, owner in (("app/one", "shop"), ("app/two", "shop"), ("app/other", "bank"), ("x/three", "shop")):
        external_world.secrets.create_secret(
            Name=name, SecretString=f"of {name}", Tags=[{"Key": "owner", "Value": owner}]
        )
    for name in ("/shop/a", "/shop/b/c", "/bank/d"):
        external_world.parameters.put_parameter(Name=name, Value=f"of {name}", Type="String")
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        store("ssm", "ParameterStore"),
        external(
            "tagged",
            data_from=[
                {
                    "find": {"path": "app/", "name": {"regexp": "^app/(one|two|other)$"}, "tags": {"owner": "shop"}},
                    "rewrite": [
                        {"regexp": {"source": "app/(.*)", "target": "my-$1"}},
                        {"transform": {"template": '{{ .value | upper | replace "-" "_" }}'}},
                    ],
                }
            ],
        ),
        external(
            "parameters",
            data_from=[
                {"find": {"path": "/shop", "name": {"regexp": "."}}, "sourceRef": {"storeRef": {"name": "ssm"}}}
            ],
        ),
    )

    external_world.sync(key)

    assert {"MY_ONE": "of app/one", "MY_TWO": "of app/two"} == content(external_world.secret("tagged"))
    assert {"_shop_a": "of /shop/a", "_shop_b_c": "of /shop/b/c"} == content(external_world.secret("parameters"))


def test_extract_and_merge(external_world: ExternalWorld) -> None:
    """GIVEN JSON secrets WHEN extracted and merged THEN fields are keys; a conflict is an error unless it is allowed."""
    world = external_world.world
    external_world.secrets.create_secret(Name="m/a", SecretString='{"host": "a", "port": 1}')
    external_world.secrets.create_secret(Name="m/b", SecretString='{"host": "b", "tls": {"on": true}}')
    found = {"find": {"path": "m/"}}
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        external("plain", data_from=[{"extract": {"key": "m/b"}}]),
        external(
            "merged",
            data_from=[found | {"rewrite": [{"merge": {"priority": ["m/a"], "conflictPolicy": "Ignore"}}]}],
        ),
        external("conflict", data_from=[found | {"rewrite": [{"merge": {}}]}]),
        external(
            "json",
            data_from=[
                found
                | {
                    "rewrite": [
                        {"merge": {"strategy": "JSON", "into": "all", "conflictPolicy": "Ignore"}},
                        {"regexp": {"source": "/", "target": "-"}},
                    ]
                }
            ],
        ),
    )

    external_world.sync(key)

    assert {"host": "b", "tls": '{"on": true}'} == content(external_world.secret("plain"))
    assert {"host": "a", "port": "1", "tls": '{"on": true}'} == content(external_world.secret("merged"))
    assert external_world.secret("conflict") is None
    assert "'host' is in more than one" in (row(world, key, "conflict").health or Health("Healthy")).message
    merged = content(external_world.secret("json"))
    assert {"host": "b", "port": 1, "tls": {"on": True}} == json.loads(merged["all"])
    assert {"all", "m-a", "m-b"} == set(merged)


def test_templates_make_data_and_metadata(external_world: ExternalWorld) -> None:
    """GIVEN a template with data, literals and a ConfigMap WHEN synced THEN sprig's functions make the Secret."""
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString='{"user": "ada", "password": "one"}')
    template = {
        "type": "kubernetes.io/basic-auth",
        "metadata": {
            "labels": {"app": '{{ "SHOP" | lower }}', "again": '{{ "SHOP" | lower }}'},
            "annotations": {"plain": "yes"},
        },
        "data": {
            "url": "postgres://{{ .user }}:{{ .password | urlquery }}@db",
            "config": '{{ dict "u" .user | toYaml }}',
        },
        "templateFrom": [
            {"literal": '{{ .user }}-key: "{{ .password | upper }}"'},
            {"configMap": {"name": "templates", "items": [{"key": "file"}]}},
            {"target": "Labels", "literal": 'tier: {{ "data" | quote }}'},
        ],
    }
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        config_map("templates", file="user={{ .user }}"),
        external("db", data_from=[{"extract": {"key": "db"}}], target={"template": template}),
        external(
            "merged",
            data_from=[{"extract": {"key": "db"}}],
            target={"template": {"mergePolicy": "Merge", "data": {"user": "{{ .user | upper }}"}}},
            annotations={"argocd.argoproj.io/sync-wave": "-1"},
        ),
    )

    external_world.sync(key)

    made = external_world.secret("db")
    assert made is not None
    expected = {"url": "postgres://ada:one@db", "config": "u: ada", "ada-key": "ONE", "file": "user=ada"}
    assert expected == content(made)
    assert "kubernetes.io/basic-auth" == made["type"]
    labels = made["metadata"]["labels"]
    assert ("shop", "shop", "data") == (labels["app"], labels["again"], labels["tier"])
    merged = external_world.secret("merged")
    assert {"user": "ADA", "password": "one"} == content(merged)
    assert "-1" == (merged or {})["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"data": {"x": "{{ fail .password }}"}}, "fail fails"),
        ({"data": {"x": "{{ .missing }}"}}, "uses 'missing'"),
        ({"data": {"x": "{{ .password | fromYaml }}"}}, "fromYaml fails"),
        ({"data": {"x": "{{ atoi .password | until | first | index .password }}"}}, "can't be rendered"),
        ({"data": {"x": "{{ pkcs12key .password }}"}}, "pkcs12key fails"),
        ({"data": {"x": '{{ getSecretKey "a" "b" .password }}'}}, "calls getSecretKey, which would read any Secret"),
        ({"data": {"x": "{{ if }}"}}, "is no template"),
        ({"metadata": {"annotations": {"leak": "{{ .password }}"}}}, "uses 'password'"),
        ({"templateFrom": [{"target": "Annotations", "literal": "leak: {{ .password }}"}]}, "uses 'password'"),
        ({"templateFrom": [{"literal": "- {{ .password }}"}]}, "must render to a YAML mapping"),
        ({"templateFrom": [{"literal": "'{{ .password }}': x"}]}, "renders to a key that holds a value"),
        ({"templateFrom": [{"literal": "'{{ .password | b64enc }}': x"}]}, "renders to a key that holds a value"),
        (
            {"templateFrom": [{"literal": "'{{ substr 0 9 .password }}': x"}]},
            "renders to a key that no Secret can have",
        ),
        (
            {"templateFrom": [{"target": "Annotations", "secret": {"name": "own", "items": [{"key": "a"}]}}]},
            "spec.target.template.templateFrom[0].target: can't be Annotations of what stands in a Secret",
        ),
        (
            {"templateFrom": [{"target": "Labels", "configMap": {"name": "opened", "items": [{"key": "a"}]}}]},
            "can't be Labels of what stands in a ConfigMap that holds secrets",
        ),
        ({"templateFrom": [{"configMap": {"name": "theirs", "items": [{"key": "x"}]}}]}, "there is no ConfigMap"),
    ],
)
def test_no_template_tells_a_value(external_world: ExternalWorld, template: Any, told: str) -> None:
    """GIVEN a template that fails or leaks WHEN synced THEN no Secret is made, and no word of a value is told anywhere."""
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString='{"password": "hunter2: [canary"}')
    key = world.declare(**AUTO)
    canary = base64.b64encode(b"hunter2 of a SOPS file").decode()
    own = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}, "data": {"a": canary}}
    opened = config_map("opened", a="hunter2 of a chart")
    opened["metadata"]["annotations"] = {"mooring.dev/hidden": "sops"}
    asked = external("db", data_from=[{"extract": {"key": "db"}}], target={"template": template})
    world.push(key, store(), own, opened, asked)

    external_world.sync(key)

    assert external_world.secret("db") is None
    health = row(world, key, "db").health
    assert health is not None
    assert told in health.message
    status = world.record(key).status
    assert "hunter2" not in repr(status)
    assert "canary" not in repr(status)


@pytest.mark.parametrize(
    ("policy", "there", "kept"),
    [("Retain", True, {"a": "1", "b": "2"}), ("Merge", True, {"a": "1"}), ("Delete", True, {"a": "1"})],
)
def test_one_missing_secret(external_world: ExternalWorld, policy: str, there: bool, kept: dict[str, str]) -> None:
    """GIVEN two values of which one goes WHEN refreshed THEN deletionPolicy says whether its key goes with it."""
    world = external_world.world
    for name, value in (("a", "1"), ("b", "2")):
        external_world.secrets.create_secret(Name=name, SecretString=value)
    key = world.declare(**AUTO)
    target = {"deletionPolicy": policy}
    world.push(key, store(), external("db", [datum("a", "a"), datum("b", "b")], target=target, refreshInterval="5m"))
    external_world.sync(key)
    external_world.secrets.delete_secret(SecretId="b", ForceDeleteWithoutRecovery=True)

    external_world.later(301)
    external_world.sync(key, "tick")

    assert kept.items() <= content(external_world.secret("db")).items()
    health = row(world, key, "db").health
    assert ("Degraded" if policy == "Retain" else "Healthy") == (health or Health("Unknown")).status


@pytest.mark.parametrize(("policy", "there"), [("Retain", True), ("Merge", True), ("Delete", False)])
def test_all_secrets_missing(external_world: ExternalWorld, policy: str, there: bool) -> None:
    """GIVEN a Secret of one value WHEN that goes THEN only deletionPolicy Delete takes the Secret away."""
    world = external_world.world
    external_world.secrets.create_secret(Name="a", SecretString="1")
    key = world.declare(**AUTO)
    target = {"deletionPolicy": policy}
    world.push(
        key, config_map("stays"), store(), external("db", [datum("a", "a")], target=target, refreshInterval="5m")
    )
    external_world.sync(key)
    assert external_world.secret("db") is not None
    external_world.secrets.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)

    external_world.later(301)
    external_world.sync(key, "tick")

    assert there == (external_world.secret("db") is not None)


@pytest.mark.parametrize("policy", ["CreatedOnce", "OnChange"])
def test_policies_that_never_refresh(external_world: ExternalWorld, policy: str) -> None:
    """GIVEN CreatedOnce or OnChange WHEN the secret is rotated THEN the Secret stays until the ExternalSecret changes."""
    world = external_world.world
    external_world.secrets.create_secret(Name="a", SecretString="1")
    key = world.declare(**AUTO)
    world.push(key, store(), external("db", [datum("a", "a")], refreshPolicy=policy))
    external_world.sync(key)
    external_world.secrets.put_secret_value(SecretId="a", SecretString="2")

    external_world.later(100_000)
    external_world.sync(key, "tick")
    assert ([], {"a": "1"}) == (external_world.calls, content(external_world.secret("db")))
    assert [] == external_world.uses.users(["SecretsManager/eu-central-1/a"])

    world.push(key, store(), external("db", [datum("a", "a"), datum("b", "a")], refreshPolicy=policy))
    external_world.sync(key)
    assert {"a": "2", "b": "2"} == content(external_world.secret("db"))


def test_generated_values_stay_until_their_refresh(external_world: ExternalWorld) -> None:
    """GIVEN a Password and a UUID WHEN looked at, lost and synced again THEN they are the same until refreshInterval."""
    world = external_world.world
    generators = [
        {
            "apiVersion": "generators.external-secrets.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": "made"},
            "spec": spec,
        }
        for kind, spec in (
            ("Password", {"length": 30, "digits": 5, "symbols": 2, "symbolCharacters": "-_"}),
            ("UUID", {}),
        )
    ]
    refs = [
        {"sourceRef": {"generatorRef": {"apiVersion": each["apiVersion"], "kind": each["kind"], "name": "made"}}}
        for each in generators
    ]
    key = world.declare(**AUTO)
    world.push(key, *generators, external("made", data_from=refs, refreshInterval="1h"))
    external_world.sync(key)
    first = content(external_world.secret("made"))
    assert (30, 5, 2) == (
        len(first["password"]),
        sum(letter.isdigit() for letter in first["password"]),
        sum(letter in "-_" for letter in first["password"]),
    )

    world.request(key)
    external_world.later(10)
    external_world.sync(key)
    assert first == content(external_world.secret("made"))

    external_world.later(3600)
    external_world.sync(key, "tick")
    second = content(external_world.secret("made"))
    assert first["password"] != second["password"]
    assert first["uuid"] != second["uuid"]


def test_tokens_of_aws(external_world: ExternalWorld) -> None:
    """GIVEN generators for ECR and STS WHEN synced THEN the Secrets hold a password and a role's credentials."""
    world = external_world.world
    role = "arn:aws:iam::123456789012:role/shop"
    generators = [
        {
            "apiVersion": "generators.external-secrets.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": "aws"},
            "spec": {"region": "eu-central-1", "role": role},
        }
        for kind in ("ECRAuthorizationToken", "STSSessionToken")
    ]
    key = world.declare(**AUTO)
    world.push(
        key,
        *generators,
        *(
            external(
                each["kind"].lower(), data_from=[{"sourceRef": {"generatorRef": {"kind": each["kind"], "name": "aws"}}}]
            )
            for each in generators
        ),
    )
    external_world.sync(key)
    assert {"username", "password", "proxy_endpoint", "expires_at"} == set(
        content(external_world.secret("ecrauthorizationtoken"))
    )
    assert {"access_key_id", "secret_access_key", "session_token"} == set(
        content(external_world.secret("stssessiontoken"))
    )


def test_a_store_assumes_its_role(external_world: ExternalWorld) -> None:
    """GIVEN a store with a chain of roles WHEN synced THEN each is assumed once, however many secrets there are."""
    world = external_world.world
    for name in "ab":
        external_world.secrets.create_secret(Name=f"team/{name}", SecretString=name)
    role = "arn:aws:iam::123456789012:role"
    key = world.declare(**AUTO)
    world.push(
        key,
        store(role=f"{role}/reader", additionalRoles=[f"{role}/hop"], externalID="shop", prefix="team/"),
        external("a", [datum("a", "a")]),
        external("b", [datum("b", "b")]),
    )
    external_world.sync(key)
    assert ({"a": "a"}, {"b": "b"}) == (content(external_world.secret("a")), content(external_world.secret("b")))
    assert ["AssumeRole", "AssumeRole", "BatchGetSecretValue"] == external_world.calls


def test_a_project_says_which_keys_stores_and_roles(external_world: ExternalWorld) -> None:
    """GIVEN a synced Secret WHEN its project forbids key, store, role or search THEN nothing is read of it, the error
    names the rule, and the Secret stays.
    """
    world = external_world.world
    for name in ("team-a/db", "team-b/db"):
        external_world.secrets.create_secret(Name=name, SecretString=name)
    role = "arn:aws:iam::123456789012:role/admin"
    generator = {
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "STSSessionToken",
        "metadata": {"name": "sts"},
        "spec": {"region": "eu-central-1", "role": role},
    }
    objects = [
        store(),
        store("other"),
        store("admin", role=role),
        generator,
        external("mine", [datum("a", "team-a/db")]),
        external("key", [datum("a", "team-b/db")]),
        external("search", data_from=[{"find": {"name": {"regexp": "db"}}}]),
        external("store", [datum("a", "team-a/db")], secretStoreRef={"name": "other"}),
        external("role", [datum("a", "team-a/db")], secretStoreRef={"name": "admin"}),
        external("token", data_from=[{"sourceRef": {"generatorRef": {"kind": "STSSessionToken", "name": "sts"}}}]),
    ]
    key = world.declare(**AUTO)
    world.push(key, *objects)
    external_world.sync(key)
    before = content(external_world.secret("key"))
    rules = SecretRules(
        stores=(StoreRule(name="a*"),), keys={"SecretsManager": ("team-a/*",)}, roles=("*:role/team-a*",)
    )
    world.targets.projects["default"] = dataclasses.replace(built_in(), secrets=rules)
    external_world.secrets.put_secret_value(SecretId="team-a/db", SecretString="second")
    external_world.secrets.put_secret_value(SecretId="team-b/db", SecretString="second")
    world.push(key, *objects, config_map("again"))
    external_world.sync(key)

    assert {"a": "second"} == content(external_world.secret("mine"))
    assert before == content(external_world.secret("key"))
    expected = {
        "key": ".keys.SecretsManager",
        "search": ".keys.SecretsManager",
        "store": ".stores",
        "role": ".roles",
        "token": ".roles",
    }
    for name, rule in expected.items():
        told = row(world, key, name).health.message
        assert "project 'default' does not permit" in told
        assert f"mooring.dev/secrets]{rule})" in told
        assert ("team-b" in told) == (name == "key")


def test_nothing_is_read_for_a_namespace_that_is_not_the_projects(external_world: ExternalWorld) -> None:
    """GIVEN a project for one namespace WHEN an ExternalSecret or its store names another THEN no provider is asked, no
    role is assumed, and the error names the rule; what may be read goes on.
    """
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString="one")
    world.targets.projects["default"] = dataclasses.replace(
        built_in(), destinations=(Permitted(server="*", namespace="shop", name=""),)
    )
    key = world.declare(**AUTO)
    theirs = [store(role="arn:aws:iam::123456789012:role/theirs"), external("theirs", [datum("a", "db")])]
    for each in theirs:
        each["metadata"]["namespace"] = "bank"
    world.push(key, *theirs)
    external_world.sync(key)
    assert ([], {}) == (external_world.calls, world.cluster.objects)
    assert "does not permit the namespace 'bank'" in row(world, key, "theirs").health.message
    world.push(key, *theirs, store(), external("ours", [datum("a", "db")]))
    external_world.sync(key)
    assert (["GetSecretValue"], {"a": "one"}) == (external_world.calls, content(external_world.secret("ours")))


def test_a_projects_role_comes_before_those_of_stores(external_world: ExternalWorld) -> None:
    """GIVEN a role of the project WHEN a store is read THEN it is assumed first, also for a store without a role."""
    world = external_world.world
    external_world.as_oneself = False
    external_world.secrets.create_secret(Name="db", SecretString="one")
    rules = SecretRules(role="arn:aws:iam::123456789012:role/team-a")
    world.targets.projects["default"] = dataclasses.replace(built_in(), secrets=rules)
    key = world.declare(**AUTO)
    world.push(key, store(), external("db", [datum("a", "db")]))
    external_world.sync(key)
    assert ({"a": "one"}, ["AssumeRole", "GetSecretValue"]) == (
        content(external_world.secret("db")),
        external_world.calls,
    )
    world.push(key, store(role="arn:aws:iam::123456789012:role/reader"), external("db", [datum("a", "db")]))
    external_world.sync(key)
    assert ["AssumeRole", "AssumeRole", "GetSecretValue"] == external_world.calls


def test_a_store_without_a_role_reads_nothing(external_world: ExternalWorld) -> None:
    """GIVEN what the function itself may read WHEN a store names no role THEN nothing is asked for, and it says why."""
    world = external_world.world
    external_world.as_oneself = False
    external_world.secrets.create_secret(Name="mooring/sealed-secrets/1", SecretString="a key")
    key = world.declare(**AUTO)
    world.push(
        key,
        store(),
        external("db", [datum("key", "mooring/sealed-secrets/1")]),
        external("all", data_from=[{"find": {"path": "mooring/"}}]),
    )
    external_world.sync(key)
    assert ([], {}) == (external_world.calls, world.cluster.objects)
    for name in ("db", "all"):
        assert "role: must name a role" in row(world, key, name).health.message


def test_cluster_stores_keep_to_their_conditions(external_world: ExternalWorld) -> None:
    """GIVEN a ClusterSecretStore for some namespaces WHEN used elsewhere THEN it is refused, and names the rule."""
    world = external_world.world
    external_world.secrets.create_secret(Name="a", SecretString="1")
    ref = {"kind": "ClusterSecretStore", "name": "all"}

    def cluster_store(**condition: Any) -> Any:
        return {
            **store("all"),
            "kind": "ClusterSecretStore",
            "spec": {**store()["spec"], "conditions": [condition]},
        }

    key = world.declare(**AUTO)
    world.push(key, cluster_store(namespaces=["bank"]), external("a", [datum("a", "a")], secretStoreRef=ref))
    external_world.sync(key)
    assert external_world.secret("a") is None
    assert "may not be used in the namespace shop" in (row(world, key, "a").health or Health("Healthy")).message
    for condition in ({"namespaces": ["shop"]}, {"namespaceRegexes": ["^sh.p$"]}):
        world.push(key, cluster_store(**condition), external("a", [datum("a", "a")], secretStoreRef=ref))
        external_world.sync(key)
        assert {"a": "1"} == content(external_world.secret("a"))


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (external("a", [datum("a", "missing")]), "'missing' is not there"),
        (external("a", [datum("a", "a")], secretStoreRef={"name": "nope"}), "there is no SecretStore shop/nope"),
        (external("a") | {"apiVersion": "external-secrets.io/v1alpha1"}, "apiVersion: must be external-secrets.io/v1"),
        (external("a"), "spec.data: must name at least one value"),
        (
            external("a", [datum("a", "a")], target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}),
            "spec.target.manifest: is not supported",
        ),
        (external("a", [datum("a", "a")], target={"name": "b~x"}), "spec.target.name: must be a DNS name, not 'b~x'"),
        (
            external("a", [datum("a", "a")], target={"creationPolicy": "Merge"}),
            "SecretMissing: there is no Secret shop/a",
        ),
        (external("a", [datum("a", "a", decodingStrategy="Hex")]), "must be one of None, Auto"),
        (external("a", [datum("a", "a")], refreshInterval="soon"), "spec.refreshInterval: 'soon' is not a duration"),
        (external("a", [datum("a", "a", property="x")]), "spec.data[0].remoteRef.property: the secret 'a' has no"),
        (
            external("a", data_from=[{"extract": {"key": "a"}}]),
            "spec.dataFrom[0].extract: the secret 'a' holds no JSON",
        ),
    ],
)
def test_bad_input_is_named(external_world: ExternalWorld, manifest: Any, told: str) -> None:
    """GIVEN an ExternalSecret that can't be resolved WHEN synced THEN the row names field and reason, the rest goes on."""
    world = external_world.world
    external_world.secrets.create_secret(Name="a", SecretString="hunter2")
    key = world.declare(**AUTO)
    world.push(key, store(), config_map("other"), manifest)
    external_world.sync(key)
    assert told in (row(world, key, "a").health or Health("Healthy")).message
    assert "hunter2" not in repr(world.record(key))
    assert {"ConfigMap"} == {each.kind for each in world.cluster.objects}


def test_another_provider_is_refused_by_name(external_world: ExternalWorld) -> None:
    """GIVEN a store of a provider that is not supported WHEN synced THEN the row says which are."""
    world = external_world.world
    key = world.declare(**AUTO)
    unknown = {**store("gcp"), "spec": {"provider": {"gcpsm": {"projectID": "x"}}}}
    world.push(key, unknown)
    external_world.sync(key)
    message = (row(world, key, "gcp").health or Health("Healthy")).message
    assert "spec.provider.gcpsm: is not supported: Mooring reads aws" in message


def test_the_listing_follows_what_is_used(external_world: ExternalWorld) -> None:
    """GIVEN a listed application WHEN it uses other secrets THEN it is listed under those, and written only then."""
    world, uses = external_world.world, external_world.uses
    for name in "ab":
        external_world.secrets.create_secret(Name=name, SecretString=name)
    key = world.declare(**AUTO)
    world.push(key, store(), external("x", [datum("a", "a")]))
    external_world.sync(key)
    assert ([key], []) == tuple(uses.users([f"SecretsManager/eu-central-1/{name}"]) for name in "ab")
    world.push(key, store(), external("x", [datum("b", "b")]))
    external_world.sync(key)
    assert ([], [key]) == tuple(uses.users([f"SecretsManager/eu-central-1/{name}"]) for name in "ab")
    before = list(world.table.query("SECRET#SecretsManager/eu-central-1/b"))
    external_world.later(10)
    world.request(key)
    external_world.sync(key)
    assert before == list(world.table.query("SECRET#SecretsManager/eu-central-1/b"))


CANARIES = [
    "canary-of-secrets-manager-1",
    "canary-after-rotation-22",
    "canary-of-a-parameter-333",
    "canary-in-a-json-4444",
]


def test_no_value_is_kept_anywhere(external_world: ExternalWorld, caplog: pytest.LogCaptureFixture) -> None:
    """GIVEN syncs, rotations, failures, drift and outages WHEN all is searched THEN no value is in table, bucket or log."""
    caplog.set_level("DEBUG")
    for noisy in ("botocore", "boto3", "urllib3"):  # as `composition` sets it: their own words below that are answers
        caplog.set_level("WARNING", logger=noisy)
    world = external_world.world
    external_world.secrets.create_secret(Name="db", SecretString=CANARIES[0])
    external_world.parameters.put_parameter(Name="key", Value=CANARIES[2], Type="SecureString")
    external_world.secrets.create_secret(Name="json", SecretString=json.dumps({"password": CANARIES[3]}))
    of_parameters = {"sourceRef": {"storeRef": {"name": "ssm"}}}
    extracted = {"extract": {"key": "json"}}
    key = world.declare(**AUTO)
    stores = (store(), store("ssm", "ParameterStore"))
    world.push(
        key,
        *stores,
        external("db", [datum("password", "db")], refreshInterval="5m"),
        external("key", [datum("key", "key") | of_parameters], refreshInterval="5m"),
        external("made", data_from=[extracted], target={"template": {"data": {"x": "a{{ .password | b64enc }}"}}}),
        external("fails", data_from=[extracted], target={"template": {"data": {"x": "{{ fail .password }}"}}}),
        external(
            "yaml", data_from=[extracted], target={"template": {"templateFrom": [{"literal": "{{ .password }}"}]}}
        ),
        external("undecodable", [datum("x", "db", decodingStrategy="Base64")]),
        external("property", [datum("x", "json", property="password.deeper")]),
        external("no-object", data_from=[{"extract": {"key": "db"}}]),
        external("keys", data_from=[extracted | {"rewrite": [{"merge": {}}]}]),
    )
    external_world.sync(key)
    external_world.secrets.put_secret_value(SecretId="db", SecretString=CANARIES[1])
    external_world.later(301)
    external_world.sync(key, "tick")
    assert {"password": CANARIES[1]} == content(external_world.secret("db"))
    # AND a Secret that somebody changed by hand, an outage, a dry run
    made = external_world.secret("key")
    assert made is not None
    world.cluster.edit(ObjectKey.of(made), lambda live: live["data"].update(key="bXk="))
    world.sweep()
    external_world.down = {"GetParameters", "BatchGetSecretValue", "GetSecretValue"}
    external_world.later(301)
    external_world.sync(key, "tick")
    external_world.down = set()
    world.request(key, dry_run=True)
    external_world.sync(key)

    blobs = {**kept(world), "log": caplog.text.encode(), "record": repr(world.record(key)).encode()}
    assert [] == leaks(blobs, CANARIES)
