"""Durations, keys, labels: the small values that everything is made of."""

from __future__ import annotations

import pytest

from mooring.model.application import AppKey
from mooring.model.duration import parse_duration
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("1m30s", 90), ("3m", 180), ("500ms", 0.5), ("1h", 3600), ("7", 7), ("1.5s", 1.5), (".5s", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    """GIVEN a duration as Go writes it WHEN read THEN it is in seconds."""
    assert seconds == pytest.approx(parse_duration(text))


@pytest.mark.parametrize("text", ["", "5", "5 s", "x", "-5s", "5s5", "1d"])
def test_wrong_durations(text: str) -> None:
    """GIVEN anything else WHEN read THEN it is refused; a bare number is seconds."""
    if text == "5":
        assert 5 == parse_duration(text)
        return
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_keys_survive_printing() -> None:
    """GIVEN keys of core, grouped and cluster-scoped objects WHEN printed and parsed THEN they are the same."""
    for manifest in (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "b"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:x"}},
    ):
        key = ObjectKey.of(manifest)
        assert key == ObjectKey.parse(str(key))


def test_tracking_values_fit_and_differ() -> None:
    """GIVEN long names that differ at their end WHEN made into labels THEN they fit 63 characters and stay apart."""
    short, long, other = AppKey("argocd", "shop"), AppKey("argocd", "a" * 200), AppKey("argocd", "a" * 199 + "b")
    assert "argocd.shop" == tracking_value(short)
    assert 63 >= max(len(tracking_value(key)) for key in (long, other))
    assert tracking_value(long) != tracking_value(other)
    assert tracking_value(AppKey("a", "b.c")) != tracking_value(AppKey("a.b".replace(".", "-"), "c"))
