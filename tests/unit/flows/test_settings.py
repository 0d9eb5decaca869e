"""The installation's settings: read strictly, kept as written, in force from the next invocation on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.rules.settings import read_settings, show_settings, store_settings
from mooring.flows.clusters.targets import Targets
from mooring.model.objects import ObjectKey
from mooring.state.registry import Registry
from tests.doubles.installation import World, config_map, deployment, installation

IGNORE = "resource.customizations.ignoreDifferences.apps_Deployment"
HEALTH = "resource.customizations.health.ConfigMap"
FOLDER = "resource.customizations.source"
SICK = 'return { status = "Degraded", message = "says " .. obj.data.x }'
SETTINGS = {
    IGNORE: "jqPathExpressions:\n  - .spec.replicas\n",
    HEALTH: SICK,
    "resource.compareoptions": "ignoreAggregatedRoles: true\n",
    "oidc.config": "none of our business",
}


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture
def registry(world: World) -> Registry:
    return Registry(world.table, None, "test")  # type: ignore[arg-type]  # no credentials here


def test_what_is_stored_is_shown_as_it_was_written(registry: Registry) -> None:
    """GIVEN an argocd-cm WHEN it is stored THEN it is shown unchanged, and nothing was shown before."""
    assert {} == show_settings(registry)["data"]
    store_settings(registry, {"kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": SETTINGS})
    assert SETTINGS == show_settings(registry)["data"]
    store_settings(registry, SETTINGS)
    assert SETTINGS == show_settings(registry)["data"]


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ("kind: must be ConfigMap, not 'Secret'", {"kind": "Secret", "data": {}}),
        ("metadata.name: must be argocd-cm, not 'other'", {"metadata": {"name": "other"}, "data": {}}),
        ("data[a]: must be text", {"data": {"a": 1}}),
        (f"data[{IGNORE}]", {IGNORE: "jqPathExpressions: yes"}),
        (f"data[{IGNORE}].jqPathExpressions[0]", {IGNORE: "jqPathExpressions: ['.spec[']"}),
        ("health script of ConfigMap: is no Lua: line 1", {HEALTH: "return {"}),
        ("settings: must be a ConfigMap argocd-cm or its data", ["data"]),
        (f"data[{FOLDER}]: is not YAML", {FOLDER: "repoURL: ["}),
        (f"data[{FOLDER}]: must be one mapping", {FOLDER: "{}\n---\n{}"}),
        (f"data[{FOLDER}]: must be a mapping", {FOLDER: "https://git.test/a"}),
        (f"data[{FOLDER}].repoURL: must not be empty", {FOLDER: "path: health"}),
        (f"data[{FOLDER}].repoURL: ", {FOLDER: "repoURL: /srv/git"}),
        (f"data[{FOLDER}].branch: unknown field; there are", {FOLDER: "repoURL: https://git.test/a\nbranch: main"}),
    ],
)
def test_a_mistake_is_told_with_its_key(registry: Registry, expected: str, document: Any) -> None:
    """GIVEN settings with a mistake WHEN they are stored THEN the error names the key and nothing changes."""
    store_settings(registry, SETTINGS)
    with pytest.raises(ConfigurationError) as refused:
        store_settings(registry, document)
    assert expected in str(refused.value)
    assert SETTINGS == registry.health_scripts.in_force()[0]


def test_settings_are_read_only_when_they_have_changed(registry: Registry, world: World) -> None:
    """GIVEN warm connections WHEN settings change THEN the next invocation has them, and no other one reads them."""
    reads: list[object] = []
    original = registry.health_scripts.in_force

    def counted() -> tuple[dict[str, str], dict[str, str]]:
        reads.append(None)
        return original()

    registry.health_scripts.in_force = counted  # type: ignore[method-assign]
    targets = Targets(registry, connections=1)
    targets.refresh()
    assert ((), []) == (targets.settings.rules, reads)
    store_settings(registry, SETTINGS)
    for _ in range(3):
        targets.refresh()
    assert (2, 1, []) == (len(targets.settings.rules), len(reads), registry.clusters())


def test_rules_of_the_installation_count_for_every_application(world: World) -> None:
    """GIVEN a rule for all applications WHEN its field is changed by hand THEN that is no drift."""
    world.targets.settings = read_settings(SETTINGS)
    key = world.declare(automated={"prune": True, "selfHeal": True})
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    web = ObjectKey("apps", "Deployment", "shop", "web")
    world.cluster.edit(web, lambda live: live["spec"].update(replicas=9))
    world.sweep()
    assert (9, "Synced") == (world.cluster.objects[web]["spec"]["replicas"], world.record(key).status.sync)


def test_the_users_script_judges_every_look(world: World) -> None:
    """GIVEN a health script for a kind without a rule WHEN it is synced and looked at THEN its word counts."""
    world.cluster.health = read_settings(SETTINGS).health
    key = world.declare(automated={"prune": True, "selfHeal": True})
    world.push(key, config_map("a", x="one"))
    world.sync(key)
    assert ("Degraded", "ConfigMap a: says one") == _health(world, key)
    world.sweep()
    assert ("Degraded", "ConfigMap a: says one") == _health(world, key)
    world.cluster.health = read_settings({}).health
    world.sweep()
    assert ("Healthy", "") == _health(world, key)


def _health(world: World, key: Any) -> tuple[str, str]:
    health = world.record(key).status.health
    return health.status, health.message


def test_impersonation_is_a_setting() -> None:
    """Off unless it says true, as in Argo CD; anything else is refused."""
    name = "application.sync.impersonation.enabled"
    assert [False, False, True] == [read_settings(data).impersonation for data in ({}, {name: "false"}, {name: "true"})]
    with pytest.raises(ConfigurationError, match="true or false"):
        read_settings({name: "yes"})
