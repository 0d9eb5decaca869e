"""What Mooring must be able to write in one cluster, asked from the API: which kinds its applications have, and where.

Rights name resources, an application names kinds; for Kubernetes' own kinds the one follows from the other, and of
every other API group all is meant, for the group says more than a guessed plural. Whoever gives rights needs them, or
`escalate` and `bind` (Kubernetes documentation, "Using RBAC Authorization", on privilege escalation), so applications
with Roles of their own take those verbs as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mooring_cli.accessrights import ALL, READ, Subject, bound, role, rule
from mooring_cli.client import Api

__all__ = ["Used", "groups_of", "narrowed", "used_in", "whole"]

Manifest = dict[str, Any]
_RBAC: Final = "rbac.authorization.k8s.io"
_OWN: Final = frozenset({
    "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "autoscaling",
    "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "gateway.networking.k8s.io",
    "networking.k8s.io", "node.k8s.io", "policy", _RBAC, "scheduling.k8s.io", "storage.k8s.io",
})  # fmt: skip
_PLURALS: Final = {"Endpoints": "endpoints"}
_WORKLOADS: Final = frozenset({"apps", "batch"})
_REGISTRY: Final = "argoproj.io"
_KEPT_HERE: Final = frozenset({"Application", "ApplicationSet", "AppProject"})  # taken by Mooring's own registry


@dataclass(frozen=True, slots=True)
class Used:
    """Kinds (group, kind) by namespace ("" for those of the whole cluster), and accounts that are acted as, by name."""

    kinds: Mapping[str, frozenset[tuple[str, str]]]
    accounts: tuple[str, ...] = ()


def used_in(api: Api, cluster: str) -> Used:
    """What the applications of a cluster have in it, and as whom their projects have it written. A call for each."""
    kinds: dict[str, set[tuple[str, str]]] = {}
    projects: set[str] = set()
    for row in api.items("applications", query={"view": "summary", "cluster": cluster}):
        found = api.call("GET", "applications", str(row["name"]), query={"namespace": str(row["namespace"])})
        projects.add(str(row["project"]))
        if row.get("destinationNamespace"):
            kinds.setdefault(str(row["destinationNamespace"]), set())
        for each in (found.get("status") or {}).get("resources") or []:
            kind = str(each.get("group") or ""), str(each["kind"])
            if kind[0] != _REGISTRY or kind[1] not in _KEPT_HERE:
                kinds.setdefault(str(each.get("namespace") or ""), set()).add(kind)
    return Used({place: frozenset(found) for place, found in kinds.items()}, _accounts(api, projects))


def groups_of(used: Used) -> list[str]:
    """API groups that aren't Kubernetes' own."""
    return sorted({group for kinds in used.kinds.values() for group, _ in kinds} - _OWN)


def whole(name: str, subjects: Sequence[Subject]) -> list[Manifest]:
    """Mooring may everything, as a cluster's administrator."""
    everything = [rule(["*"], ["*"], ["*"]), {"nonResourceURLs": ["*"], "verbs": ["*"]}]
    return [role(name, everything), bound(name, subjects)]


def narrowed(name: str, subjects: Sequence[Subject], used: Used) -> list[Manifest]:
    """Mooring may read these kinds everywhere and write them where they are used, and what hooks and actions take."""
    every = {kind for kinds in used.kinds.values() for kind in kinds} | {("batch", "Job"), ("", "Pod")}
    rules = [
        rule([""], ["namespaces"], ["get", "list", "watch", "create", "patch"]),
        *_rules(every, READ),
        *_rules(used.kinds.get("", frozenset()), [each for each in ALL if each not in READ]),
    ]
    if used.accounts:
        rules.append(rule([""], ["serviceaccounts"], ["impersonate"], used.accounts))
    made = [role(name, rules), bound(name, subjects)]
    for namespace in sorted(set(used.kinds) - {""}):
        kinds = used.kinds[namespace]
        # hooks are Jobs and Pods mostly; restarts delete pods, a CronJob is run by a Job
        extra = {("batch", "Job"), ("", "Pod")} if not kinds or _WORKLOADS & {group for group, _ in kinds} else set()
        made += [
            role(name, _rules(kinds | extra, ALL), namespace),
            bound(name, subjects, namespace, "Role"),
        ]
    return made


def _rules(kinds: Iterable[tuple[str, str]], verbs: Sequence[str]) -> list[Manifest]:
    by_group: dict[str, set[str]] = {}
    for group, kind in kinds:
        by_group.setdefault(group, set()).add(_plural(kind) if group in _OWN else "*")
    made = []
    for group, plurals in sorted(by_group.items()):
        writes = set(verbs) - set(READ)
        resources = sorted(plurals)
        if writes and resources != ["*"]:  # an action may patch what a status or a scale says
            resources = sorted({*resources, *(f"{each}/status" for each in resources)})
        giving = ["bind", "escalate"] if writes and group == _RBAC else []
        made.append(rule([group], resources, [*verbs, *giving]))
    return made


def _plural(kind: str) -> str:
    """Kubernetes' resource of one of its own kinds; these are all regular English but one."""
    name = kind.lower()
    if kind in _PLURALS:
        return _PLURALS[kind]
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def _accounts(api: Api, projects: set[str]) -> tuple[str, ...]:
    settings = api.call("GET", "settings").get("data") or {}
    if settings.get("application.sync.impersonation.enabled") != "true":
        return ()
    entries = [
        entry
        for each in sorted(projects)
        for entry in (api.call("GET", "projects", each).get("spec") or {}).get("destinationServiceAccounts") or []
    ]
    return tuple(sorted({str(each["defaultServiceAccount"]).rpartition(":")[2] for each in entries}))
