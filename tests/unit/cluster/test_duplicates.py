"""Settling duplicates that server-side apply names in its refusal."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mooring.cluster.duplicates import settle_duplicates

START = "failed to create typed patch object (a/b; apps/v1, Kind=Deployment): "


def pod(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "other", "env": [{"name": "A"}]}, {"name": "c", **container}]}}


def test_the_last_variable_wins() -> None:
    """GIVEN the same variable twice THEN the earlier goes, order and neighbours stay, and a warning says so."""
    manifest = pod(env=[{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}])
    before = copy.deepcopy(manifest)
    refusal = START + '.spec.containers[name="c"].env: duplicate entries for key [name="A"]'

    settled, warnings = settle_duplicates(manifest, refusal)

    assert pod(env=[{"name": "B"}, {"name": "A", "value": "2"}]) == settled
    assert ('.spec.containers[name="c"].env holds name=A more than once; the last one is used',) == warnings
    assert before == manifest


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}], [{"containerPort": 80, "protocol": "TCP"}]),
        ([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80}], [{"containerPort": 80}]),
        (
            [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80}, {"containerPort": 80}],
            [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80}],
        ),
    ],
)
def test_a_field_left_to_its_default_is_part_of_the_key(
    ports: list[dict[str, object]], expected: list[dict[str, object]]
) -> None:
    """The refusal shows the key with its defaults, and entries that leave them out are meant too."""
    refusal = START + '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]'
    settled, _ = settle_duplicates(pod(ports=ports), refusal)
    assert pod(ports=expected) == settled


def test_every_list_that_a_refusal_names_is_settled() -> None:
    """One refusal may name several lists."""
    refusal = START + (
        'errors:\n  .spec.containers[name="c"].env: duplicate entries for key [name="A"]\n'
        '  .spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]'
    )
    manifest = pod(env=[{"name": "A"}, {"name": "A"}], ports=[{"containerPort": 80}, {"containerPort": 80}])
    settled, warnings = settle_duplicates(manifest, refusal)
    assert pod(env=[{"name": "A"}], ports=[{"containerPort": 80}]) == settled
    assert 2 == len(warnings)


@pytest.mark.parametrize(
    "refusal",
    [
        '.spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
        '.spec.containers: duplicate entries for key [name="c"]',
        '.spec.containers[name="c"].volumeMounts: duplicate entries for key [mountPath="/x"]',
        '.spec.containers[name="nobody"].env: duplicate entries for key [name="A"]',
        ".spec.replicas: expected numeric (int or float), got string",
        "",
    ],
)
def test_what_validation_refuses_as_well_stays_an_error(refusal: str) -> None:
    """Nothing is dropped that the API server would not have accepted from anyone."""
    manifest = pod(env=[{"name": "A"}, {"name": "A"}])
    assert (manifest, ()) == settle_duplicates(manifest, START + refusal)
