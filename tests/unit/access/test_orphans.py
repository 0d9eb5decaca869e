"""Which orphans a project wants to hear of."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.access.orphans import OrphanRules, is_claim_of, is_expected, is_listed
from mooring.access.parsing import parse_project
from mooring.errors import ConfigurationError
from mooring.model.objects import ObjectKey


def rules(orphaned: Any) -> OrphanRules | None:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team"},
        "spec": {"orphanedResources": orphaned},
    }
    return parse_project(document).project.orphans


def test_a_project_asks_by_naming_it() -> None:
    """GIVEN an empty mapping THEN orphans are asked for, with a warning; GIVEN none THEN they are not."""
    assert (None, OrphanRules(True), OrphanRules(False)) == (rules(None), rules({}), rules({"warn": False}))


@pytest.mark.parametrize(
    ("expected", "entry", "key"),
    [
        (True, {"kind": "Secret"}, ObjectKey("", "Secret", "shop", "a")),
        (False, {"kind": "Deployment"}, ObjectKey("apps", "Deployment", "shop", "a")),
        (True, {"group": "*", "kind": "Deploy*"}, ObjectKey("apps", "Deployment", "shop", "a")),
        (True, {"group": "apps"}, ObjectKey("apps", "Deployment", "shop", "a")),
        (True, {"name": "a*"}, ObjectKey("", "ConfigMap", "shop", "abc")),
        (False, {"name": "a"}, ObjectKey("", "ConfigMap", "shop", "abc")),
    ],
)
def test_the_ignore_list_is_matched_by_globs(expected: bool, entry: Any, key: ObjectKey) -> None:
    """The group always counts, and an empty one is the core group; an absent kind or name is any."""
    asked = rules({"ignore": [entry]})
    assert asked is not None
    assert expected == is_expected(asked, key)


def test_what_every_namespace_has_is_expected() -> None:
    """As in Argo CD; the Service `kubernetes` only where it belongs."""
    found = [
        is_expected(OrphanRules(), ObjectKey("", kind, namespace, name))
        for kind, namespace, name in [
            ("ServiceAccount", "shop", "default"),
            ("ConfigMap", "shop", "kube-root-ca.crt"),
            ("Service", "default", "kubernetes"),
            ("Service", "shop", "kubernetes"),
            ("ServiceAccount", "shop", "builder"),
        ]
    ]
    assert [True, True, True, False, False] == found


def test_what_clusters_write_for_themselves_is_not_looked_at() -> None:
    """Events and leases come and go; pods and secrets are looked at."""
    kinds = [("", "Event"), ("coordination.k8s.io", "Lease"), ("metrics.k8s.io", "PodMetrics"), ("", "Secret")]
    assert [False, False, False, True] == [is_listed(*kind) for kind in kinds]


def test_claims_of_stateful_sets_are_known_by_their_names() -> None:
    """`<template>-<set>-<number>`."""
    names = ["data-db-0", "data-db-12", "data-db", "data-mydb-0x", "db-0"]
    assert [True, True, False, False, False] == [is_claim_of(name, "db") for name in names]


def test_a_pattern_that_cannot_be_read_is_refused() -> None:
    """The error names the entry."""
    with pytest.raises(ConfigurationError, match=r"spec\.orphanedResources\.ignore\[0\]\.name"):
        rules({"ignore": [{"name": "[a"}]})
