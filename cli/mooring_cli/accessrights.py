"""Who may what inside a cluster, where people change it through git: the roles of Kubernetes' RBAC that say so.

People read, Mooring writes, and whoever shows what is live reads too. RBAC only adds up and can't leave anything out
(Kubernetes documentation, "Using RBAC Authorization"), so what people may read is written out: never Secrets, and of
the core group no subresource, since `get` on `pods/exec` runs commands in a container (the same page on subresources).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "ALL",
    "LOOK",
    "READ",
    "SYNC",
    "Subject",
    "bound",
    "look_role",
    "people_role",
    "role",
    "rule",
    "writers_rules",
]

Manifest = dict[str, Any]
SYNC: Final = "mooring"
LOOK: Final = "mooring-look"
READ: Final = ("get", "list", "watch")
ALL: Final = (*READ, "create", "update", "patch", "delete")
_RBAC: Final = "rbac.authorization.k8s.io"
_CORE: Final = (
    "bindings", "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
    "persistentvolumes", "pods", "podtemplates", "replicationcontrollers", "resourcequotas", "serviceaccounts",
    "services",
)  # fmt: skip
_GROUPS: Final = (
    "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "autoscaling", "batch",
    "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "gateway.networking.k8s.io", "metrics.k8s.io",
    "networking.k8s.io", "node.k8s.io", "policy", _RBAC, "scheduling.k8s.io", "storage.k8s.io",
)  # fmt: skip
# What somebody may write who has broken the glass: nothing that gives rights, to themselves or to others.
_MENDED: Final = ("configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "replicationcontrollers",
                  "resourcequotas", "services")  # fmt: skip
_MENDED_GROUPS: Final = ("apps", "autoscaling", "batch", "gateway.networking.k8s.io", "networking.k8s.io", "policy")
_ADDED: Final = {
    "logs": ("pods/log", "get"),
    "exec": ("pods/exec", "create"),
    "port-forward": ("pods/portforward", "create"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a role is bound to: `kind` is User, Group or ServiceAccount."""

    kind: str
    name: str
    namespace: str = ""

    def manifest(self) -> Manifest:
        """As a binding names it."""
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"apiGroup": _RBAC, "kind": self.kind, "name": self.name}


def rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> Manifest:
    """One rule of a role."""
    found = {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
    return found | ({"resourceNames": list(names)} if names else {})


def role(name: str, rules: Sequence[Manifest], namespace: str = "") -> Manifest:
    """A ClusterRole, or a Role of a namespace."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": _named(name, namespace),
        "rules": list(rules),
    }


def bound(name: str, subjects: Sequence[Subject], namespace: str = "", kind: str = "ClusterRole") -> Manifest:
    """A role of this name given to somebody: everywhere, or in one namespace."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": _named(name, namespace),
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name},
        "subjects": [each.manifest() for each in subjects],
    }


def people_role(name: str, allowed: Sequence[str], groups: Sequence[str] = ()) -> Manifest:
    """What people may: read all but Secrets, also in these further API groups; and of `allowed` (logs, exec …) each."""
    rules = [rule([""], _CORE, READ), rule(sorted({*_GROUPS, *groups}), ["*"], READ)]
    for each in sorted(allowed):
        resource, verb = _ADDED[each]
        # a WebSocket begins with GET, which older API servers take for the verb (KEP-4006); `get` alone is no session
        rules.append(rule([""], [resource], ["get"] if verb == "get" else ["create", "get"]))
    return role(name, rules)


def look_role(groups: Sequence[str] = ()) -> Manifest:
    """What the function `look` reads: also Secrets, which it shows as digests, and logs; it writes nothing."""
    everything = rule(sorted({*_GROUPS, *groups}), ["*"], READ)
    return role(LOOK, [rule([""], sorted((*_CORE, "secrets")), READ), everything, rule([""], ["pods/log"], ["get"])])


def writers_rules(groups: Sequence[str] = ()) -> list[Manifest]:
    """What somebody may who has broken the glass: mend workloads, not who may what.

    Secrets are not created: one of the type service-account-token would be a token that never ends.
    """
    changing = [each for each in ALL if each not in READ]
    return [
        rule([""], _MENDED, changing),
        rule([""], ["secrets"], [each for each in ALL if each != "create"]),
        rule([""], ["pods/eviction", "pods/exec", "pods/portforward"], ["create", "get"]),
        rule([""], ["pods/log"], ["get"]),
        rule([""], ["nodes"], ["patch", "update"]),
        rule(sorted({*_MENDED_GROUPS, *groups}), ["*"], changing),
    ]


def _named(name: str, namespace: str) -> Manifest:
    labels = {"app.kubernetes.io/part-of": "mooring-access"}
    return {"name": name, **({"namespace": namespace} if namespace else {}), "labels": labels}
