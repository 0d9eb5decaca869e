"""Secrets inside of other objects: which objects carry one, and that it is treated as a Secret is."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mooring.model.objects import Manifest
from mooring.secrets.carried import carried
from mooring.secrets.digests import Digests, is_secret
from mooring.secrets.masking import values_of

VALUE = "correct horse"
SECRET: Manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": VALUE}}
PACKED = {"password": base64.b64encode(VALUE.encode()).decode()}


def custom(**content: Any) -> Manifest:
    return {"apiVersion": "example.org/v1", "kind": "Carrier", "metadata": {"name": "x"}, **content}


@pytest.mark.parametrize(
    "manifest",
    [
        custom(spec={"workload": {"manifests": [{"apiVersion": "v1", "kind": "ConfigMap"}, SECRET]}}),
        custom(spec={"forProvider": {"manifest": {**SECRET, "stringData": None, "data": PACKED}}}),
        custom(spec={"manifests": [{"apiVersion": "v1", "kind": "List", "items": [SECRET]}]}),
        custom(items={"apiVersion": "v1", "kind": "SecretList", "items": [{"data": PACKED}]}),
        custom(spec={"generate": {"kind": "Secret", "data": {"data": PACKED}}}),
        custom(spec={"rules": [{"generate": {"kind": "Secret", "apiVersion": "v1", "data": {"stringData": PACKED}}}]}),
    ],
    ids=["ManifestWork", "Crossplane", "List", "SecretList", "Kyverno", "Kyverno in a list"],
)
def test_a_secret_at_any_depth_makes_the_object_one(manifest: Manifest) -> None:
    """GIVEN an object that carries a Secret THEN it counts as one, its digest is keyed, its values are to be masked."""
    assert is_secret(manifest)
    assert 2 == len({Digests(lambda key=key: key).of(manifest) for key in (b"a" * 48, b"b" * 48)})
    assert VALUE in values_of(manifest)


@pytest.mark.parametrize(
    "manifest",
    [
        custom(spec={"secretRef": {"kind": "Secret", "name": "db"}}),
        custom(spec={"resources": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {}}]}),
        custom(spec={"manifest": {"apiVersion": "other.org/v1", "kind": "Secret", "data": {"size": 3}}}),
        custom(spec={"text": 'apiVersion: v1\nkind: Secret\ndata: {"kind":"Secret"}'}),
        custom(spec={"enum": ["Secret"], "kind": "SecretStore"}),
    ],
    ids=["reference", "without values", "another group's", "text", "a word"],
)
def test_what_only_names_secrets_is_none(manifest: Manifest) -> None:
    """GIVEN an object that names a Secret or is called so elsewhere THEN it is kept and shown as any other."""
    assert not is_secret(manifest)
    assert [] == list(carried(manifest))
    assert set() == values_of(manifest)
    assert 1 == len({Digests(lambda key=key: key).of(manifest) for key in (b"a" * 48, b"b" * 48)})
