"""PushSecrets and how stores keep what they delete, as they are written."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.externalsecret import StoreRef
from mooring.model.externalstore import parse_store
from mooring.model.pushsecret import PushMetadata, parse_push_secret

REF = {"match": {"secretKey": "a", "remoteRef": {"remoteKey": "x"}}}


def written(*, data: Any = (REF,), **spec: Any) -> Any:
    content = {"secretStoreRefs": [{"name": "aws"}], "selector": {"secret": {"name": "db"}}, "data": list(data), **spec}
    metadata = {"name": "out", "namespace": "shop"}
    return {
        "apiVersion": "external-secrets.io/v1alpha1", "kind": "PushSecret", "metadata": metadata, "spec": content
    }  # fmt: skip


def test_defaults_are_the_operators() -> None:
    """GIVEN the least that has to be written THEN the rest is as the operator's API says."""
    warnings: list[str] = []
    read = parse_push_secret(written(), warnings)
    assert (True, False, 3600.0, None, "db") == (read.replaces, read.deletes, read.interval, read.template, read.secret)
    assert [StoreRef("aws")] == [each.ref for each in read.stores]
    (datum,) = read.data
    assert ("a", "x", "", False, PushMetadata()) == (
        datum.key,
        datum.remote,
        datum.property,
        datum.reverse,
        datum.metadata,
    )
    assert [] == warnings


def test_unknown_fields_are_told() -> None:
    """GIVEN a field that nobody knows THEN a warning names it."""
    warnings: list[str] = []
    parse_push_secret(written(secretStore="aws"), warnings)
    assert ["spec.secretStore: unknown field, ignored"] == warnings


@pytest.mark.parametrize("metadata", [{"secretPushFormat": "string"}, {"spec": {"secretPushFormat": "string"}}])
def test_metadata_is_read_in_both_forms(metadata: Any) -> None:
    """GIVEN metadata as it was before 0.10, and since THEN the format is the same."""
    (datum,) = parse_push_secret(written(data=[REF | {"metadata": metadata}]), []).data
    assert datum.metadata.text


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"selector": {}}, "spec.selector.secret"),
        ({"selector": {"secret": {}}}, "spec.selector.secret.name"),
        ({"secretStoreRefs": [{"kind": "SecretStore"}]}, "spec.secretStoreRefs[0].name"),
        ({"secretStoreRefs": [{"name": "a", "kind": "Store"}]}, "spec.secretStoreRefs[0].kind"),
        ({"refreshInterval": "often"}, "spec.refreshInterval"),
        ({"deletionPolicy": "Retain"}, "spec.deletionPolicy"),
        ({"data": [{"match": {}}]}, "spec.data[0].match.remoteRef"),
        ({"data": [REF | {"conversionStrategy": "Unicode"}]}, "spec.data[0].conversionStrategy"),
        ({"data": [REF | {"metadata": {"spec": {"secretPushFormat": "text"}}}]},
         "spec.data[0].metadata.spec.secretPushFormat"),
        ({"data": [REF | {"metadata": {"spec": {"tags": {"managed-by": "me"}}}}]},
         "spec.data[0].metadata.spec.tags[managed-by]"),
        ({"data": [REF | {"metadata": {"spec": {"resourcePolicy": {"a": 1}}}}]},
         "spec.data[0].metadata.spec.resourcePolicy"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(spec: Any, field: str) -> None:
    """GIVEN a field that can't be followed THEN the error has its path."""
    with pytest.raises(ConfigurationError) as caught:
        parse_push_secret(written(**spec), [])
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("given", "days"),
    [
        (None, 30),
        ({"recoveryWindowInDays": 7}, 7),
        ({"forceDeleteWithoutRecovery": True}, 0),
        ({"recoveryWindowInDays": 3}, None),
        ({"recoveryWindowInDays": 7, "forceDeleteWithoutRecovery": True}, None),
    ],
)
def test_stores_say_how_long_a_deleted_secret_is_kept(given: Any, days: int | None) -> None:
    """GIVEN a store's `secretsManager` THEN the days are AWS's, and what AWS would refuse is an error."""
    aws = {"service": "SecretsManager", "region": "eu-central-1", **({"secretsManager": given} if given else {})}
    manifest: Any = {"metadata": {"name": "aws"}, "spec": {"provider": {"aws": aws}}}
    if days is None:
        with pytest.raises(ConfigurationError, match="recoveryWindowInDays"):
            parse_store(manifest, "shop", [])
    else:
        assert days == parse_store(manifest, "shop", []).recovery
