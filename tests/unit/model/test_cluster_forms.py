"""What may be handed over to register a cluster."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.clusterforms import read_cluster_form, read_cluster_secret


def secret(data: dict[str, str], *, plain: bool = False, **metadata: Any) -> dict[str, Any]:
    labels = {"argocd.argoproj.io/secret-type": "cluster", "env": "prod"}
    encoded = data if plain else {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "prod-secret", "labels": labels, **metadata},
        "type": "Opaque",
        "stringData" if plain else "data": encoded,
    }


WHOLE = {
    "name": "prod",
    "server": "https://10.0.0.1",
    "config": '{"bearerToken": "t"}',
    "project": "shop",
    "namespaces": "a, b",
    "clusterResources": "true",
    "shard": "1",
}


@pytest.mark.parametrize("plain", [True, False])
def test_a_secret_of_argo_cd_is_read_whole(plain: bool) -> None:
    """GIVEN every field, as data or as stringData THEN all are taken, and what means nothing here is told."""
    warnings: list[str] = []
    notes = {"owner": "me", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    form = read_cluster_secret(secret(WHOLE, plain=plain, annotations=notes), warnings)
    assert ("prod", "https://10.0.0.1", '{"bearerToken": "t"}') == (form.name, form.server, form.config)
    assert ({"env": "prod"}, {"owner": "me"}) == (form.labels, form.annotations)
    assert ("shop", ("a", "b"), True) == (form.project, form.namespaces, form.cluster_resources)
    assert [True, True] == [any(word in each for each in warnings) for word in ("data.shard: ignored", "not enforced")]
    assert "bearerToken" not in repr(form)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"kind": "Secret", "metadata": {"name": "x"}}, "metadata.labels"),
        (secret({"name": "prod"}), "data.server"),
        (secret({"server": "https://x"}), "data.name"),
        (secret({"server": "https://x", "name": "Not A Name"}), "name"),
        (secret({}) | {"data": {"server": "no base64!"}}, "data.server"),
        ("text", "metadata.labels"),
    ],
)
def test_a_secret_that_is_wrong_names_its_field(document: object, field: str) -> None:
    """GIVEN something missing or malformed THEN the error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        read_cluster_secret(document, [])
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "config"),
        ({"config": {}}, "server"),
        ({"config": {}, "server": "https://x", "eks": {"clusterName": "y"}}, "eks"),
        ({"eks": {}}, "eks.clusterName"),
        ({"eks": {"clusterName": 3}}, "eks.clusterName"),
        ({"kubeconfigSecret": {"context": "dev"}}, "kubeconfigSecret.name"),
        ({"eks": {"clusterName": "x"}, "limits": {"atOnce": -1}}, "limits.atOnce"),
        ({"eks": {"clusterName": "x"}, "limits": {"requestsPerSecond": 5000}}, "limits.requestsPerSecond"),
        ({"eks": {"clusterName": "x"}, "labels": {"a": 1}}, "labels[a]"),
    ],
)
def test_a_form_that_is_wrong_names_its_field(document: object, field: str) -> None:
    """GIVEN no login, two of them, or a wrong value THEN the error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        read_cluster_form("prod", document, [])
    assert field == caught.value.field


@pytest.mark.parametrize(
    "document", [{"eks": {"clusterName": "x", "zone": "y"}}, {"eks": {"clusterName": "x"}, "z": 1}]
)
def test_unknown_fields_are_refused(document: object) -> None:
    """GIVEN a field that nobody knows THEN it is refused: guessing could mean another cluster."""
    with pytest.raises(ConfigurationError, match="unknown field"):
        read_cluster_form("prod", document, [])


def test_a_change_can_not_touch_the_login() -> None:
    """GIVEN a change of labels THEN an address in it is refused, and what isn't given stays open."""
    form = read_cluster_form("prod", {"labels": {"a": "b"}}, [], whole=False)
    assert ({"a": "b"}, None, None) == (form.labels, form.default, form.project)
    with pytest.raises(ConfigurationError, match="mooring cluster add"):
        read_cluster_form("prod", {"server": "https://x"}, [], whole=False)
