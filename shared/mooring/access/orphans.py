"""Which objects of a project's namespaces nobody needs to hear about, though no application has them.

A project asks for its orphans with `spec.orphanedResources`; `warn` makes a condition of them, and its ignore list is
matched as Argo CD does: the group always, kind and name where they are given (Argo CD, "Orphaned Resources Monitoring",
and `isKnownOrphanedResourceExclusion` in its controller).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.access.globs import check_glob, matches
from mooring.access.project import KindRule, KindRules
from mooring.model.fields import Fields
from mooring.model.objects import ObjectKey

__all__ = ["OrphanRules", "is_claim_of", "is_expected", "is_listed", "parse_orphans"]

_GROUPS = frozenset({"metrics.k8s.io", "wgpolicyk8s.io", "reports.kyverno.io"})
_KINDS = frozenset(
    {
        ("", "Endpoints"),
        ("", "Event"),
        ("cert-manager.io", "CertificateRequest"),
        ("cilium.io", "CiliumEndpoint"),
        ("coordination.k8s.io", "Lease"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("events.k8s.io", "Event"),
        ("kyverno.io", "UpdateRequest"),
    }
)
_BY_ITSELF = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}


@dataclass(frozen=True, slots=True)
class OrphanRules:
    """What a project wants to hear of objects that no application has."""

    warn: bool = True
    ignore: KindRules = ()


def parse_orphans(spec: Fields) -> OrphanRules | None:
    """`spec.orphanedResources`, or None where the project doesn't ask. Raises `ConfigurationError` naming the field."""
    fields = spec.mapping("orphanedResources")
    if fields is None:
        return None
    ignore: list[KindRule] = []
    for each in fields.mappings("ignore"):
        rule = KindRule(each.text("group"), each.text("kind"), each.text("name"))
        for name, pattern in (("group", rule.group), ("kind", rule.kind), ("name", rule.name)):
            if wrong := check_glob(pattern):
                raise each.error(name, f"{wrong}: {pattern!r}")
        each.close()
        ignore.append(rule)
    rules = OrphanRules(fields.boolean("warn", True), tuple(ignore))
    fields.close()
    return rules


def is_listed(group: str, kind: str) -> bool:
    """Whether objects of a kind are looked at: not what clusters write for themselves all the time, which Argo CD
    leaves out everywhere (`resource.exclusions` as it is installed).
    """
    return group not in _GROUPS and (group, kind) not in _KINDS


def is_expected(rules: OrphanRules, key: ObjectKey) -> bool:
    """Whether an object is there in every namespace, or is one that the project ignores."""
    if not key.group:
        if (key.kind, key.name) in _BY_ITSELF:
            return True
        if (key.namespace, key.kind, key.name) == ("default", "Service", "kubernetes"):
            return True
    return any(
        (not rule.kind or matches(rule.kind, key.kind))
        and matches(rule.group, key.group)
        and (not rule.name or matches(rule.name, key.name))
        for rule in rules.ignore
    )


def is_claim_of(claim: str, stateful_set: str) -> bool:
    """Whether a PersistentVolumeClaim's name is one that a StatefulSet gives: `<template>-<set>-<number>`."""
    return re.fullmatch(rf".+-{re.escape(stateful_set)}-\d+", claim) is not None
