"""How the part of a Secret is named that an ExternalSecret adds."""

from __future__ import annotations

import pytest

from mooring.model.application import AppKey
from mooring.model.merges import Merge, merge_key, merge_manager, merge_of
from mooring.model.objects import ObjectKey
from mooring.plan.order import sort_key


def test_a_part_names_its_secret_and_its_source() -> None:
    """GIVEN the key of a part WHEN read, also from the inventory's text THEN it says what it was made of."""
    key = merge_key("shop", "db.main", "from-aws")
    expected = Merge(ObjectKey("", "Secret", "shop", "db.main"), "from-aws")
    assert (expected, expected) == (merge_of(key), merge_of(ObjectKey.parse(str(key))))


@pytest.mark.parametrize(
    "key",
    [
        ObjectKey("", "Secret", "shop", "db"),
        ObjectKey("", "ConfigMap", "shop", "a~b"),
        ObjectKey("x", "Secret", "", "a~b"),
    ],
)
def test_other_objects_are_no_parts(key: ObjectKey) -> None:
    """GIVEN objects of a cluster WHEN asked THEN they are none."""
    assert merge_of(key) is None


def test_every_part_has_a_field_manager_of_its_own() -> None:
    """GIVEN applications and sources, long names too WHEN managers are named THEN no two are the same or too long."""
    apps = [
        AppKey("argocd", "shop"),
        AppKey("argocd", "shop2"),
        AppKey("argocd", "a" * 200),
        AppKey("argocd", "a" * 201),
    ]
    sources = ["db", "db2", "d" * 250, "d" * 251]
    managers = {merge_manager(app, source) for app in apps for source in sources}
    assert (16, True) == (len(managers), max(map(len, managers)) <= 128)


def test_parts_come_after_the_secrets_of_their_wave() -> None:
    """GIVEN a wave WHEN put in order THEN its Secrets come first, then what is added to them, then what uses them."""
    namespaced = [("", "Secret", "z"), ("", "Secret", "a~es"), ("", "ConfigMap", "a"), ("apps", "Deployment", "a")]
    keys = [ObjectKey(group, kind, "shop", name) for group, kind, name in namespaced]
    assert keys == sorted(reversed(keys), key=lambda key: sort_key(0, key))
