"""Which code hosts sets may be pointed at, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.rules.allowing import ALLOWED_HOSTS, HOSTS_ENABLED, AllowedHosts
from mooring.flows.rules.settings import store_settings
from mooring.model.forges import Forge
from tests.doubles.generatorworld import World as Generators
from tests.doubles.installation import World, installation


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


def asked(world: World, api: str) -> None:
    hosts = AllowedHosts(Generators(), world.registry)
    forge = Forge("gitlab", "acme", api=api, where="spec.generators[0].scmProvider.gitlab")
    hosts.repositories(forge, "argocd")
    hosts.pull_requests(forge, "argocd")


def test_any_host_is_asked_without_settings(worlds: Callable[[], World]) -> None:
    """GIVEN no settings WHEN a host is asked THEN it is asked."""
    asked(worlds(), "https://git.test")


def test_named_hosts_are_the_only_ones(worlds: Callable[[], World]) -> None:
    """GIVEN a list of addresses WHEN a set names another THEN it is refused with the field; its own default is not."""
    world = worlds()
    store_settings(world.registry, {ALLOWED_HOSTS: "https://git.test/, https://other.test"})
    asked(world, "https://git.test")
    asked(world, "")
    with pytest.raises(ForbiddenError, match=r"evil\.test is not among the hosts") as refused:
        asked(world, "https://evil.test")
    assert "spec.generators[0].scmProvider.gitlab" == refused.value.field


def test_hosts_can_be_switched_off(worlds: Callable[[], World]) -> None:
    """GIVEN hosts that are switched off WHEN one is asked THEN it is refused; a word that is neither is an error."""
    world = worlds()
    store_settings(world.registry, {HOSTS_ENABLED: "false"})
    with pytest.raises(ForbiddenError, match="switch code hosts off"):
        asked(world, "")
    with pytest.raises(ConfigurationError, match=HOSTS_ENABLED):
        store_settings(world.registry, {HOSTS_ENABLED: "no"})
