"""Registering repositories of charts, and finding what was registered."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.renders.chartcredentials import RegisteredChartCredentials
from mooring.flows.renders.credentials import RegisteredCredentials
from mooring.flows.asked.registering import register_repository
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore


class Rows:
    """A table that holds what was put."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def write(self, *operations: Any) -> None:
        for operation in operations:
            item = operation["Put"]["Item"] if "Put" in operation else operation
            self.items[item["sk"]] = item

    def query(self, _: str) -> list[dict[str, Any]]:
        return list(self.items.values())


class Secrets(SecretStore):
    """Secrets in memory."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any]:
        return self.values[name]

    def put(self, name: str, value: dict[str, Any]) -> None:
        self.values[name] = value

    def forget(self, name: str) -> None:
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setattr("mooring.state.registry.put", lambda item: item)
    return Registry(Rows(), Secrets(), "mooring")  # type: ignore[arg-type]


def test_charts_and_git_do_not_mix(registry: Registry) -> None:
    """A chart repository's credential is not git's; git's serves charts on the same host."""
    register_repository(registry, {"url": "https://charts.test", "type": "helm", "username": "u", "password": "p"})
    register_repository(registry, {"url": "https://forge.test", "type": "git", "username": "g", "password": "p"})
    register_repository(registry, {"url": "registry.test", "enableOCI": "true", "name": "internal"})
    charts, git = RegisteredChartCredentials(registry), RegisteredCredentials(registry)
    assert ["u", "g"] == [
        found.username
        for url in ("https://charts.test/stable", "https://forge.test/packages/helm")
        if (found := charts.find(url))
    ]
    assert git.find("https://charts.test/a") is None
    assert git.find("https://forge.test/a") is not None
    assert ("oci://registry.test", None) == (charts.named("internal"), charts.named("other"))


def test_two_repositories_of_one_name_are_an_error(registry: Registry) -> None:
    """A dependency's @name must say which."""
    for url in ("https://a.test", "https://b.test"):
        register_repository(registry, {"url": url, "type": "helm", "name": "same"})
    with pytest.raises(ConfigurationError, match="several repositories"):
        RegisteredChartCredentials(registry).named("same")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"type": "helm"}, "url"),
        ({"url": "https://a.test", "type": "svn"}, "type"),
        ({"url": "https://a.test", "type": "oci"}, "url"),
        ({"kind": "Secret", "metadata": {"labels": {}}}, "metadata.labels"),
    ],
)
def test_what_can_not_be_registered_names_its_field(registry: Registry, document: dict[str, Any], field: str) -> None:
    """Nothing is kept of it."""
    with pytest.raises(ConfigurationError) as raised:
        register_repository(registry, document)
    assert (field, []) == (raised.value.field, registry.registrations())
