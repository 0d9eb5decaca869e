"""Declaring who may: the ConfigMap `argocd-rbac-cm`, read strictly and kept as written.

It holds from the next request on. What would do nothing (a role that no line gives anything) is taken and told.
"""

from __future__ import annotations

from typing import Any

from mooring.access.policycsv import NAME
from mooring.access.rbac import Policy, parse_policy
from mooring.flows.rules.configmaps import configmap_data
from mooring.state.accesspolicy import AccessPolicies

__all__ = ["declare_access", "show_access"]


def declare_access(policies: AccessPolicies, document: object) -> list[str]:
    """Takes a whole new policy: the ConfigMap or its data. Gives warnings.

    Raises `ConfigurationError` naming the key and the line.
    """
    data = configmap_data(document, NAME)
    policy = parse_policy(data)
    policies.put(data)
    return _warnings(policy)


def show_access(policies: AccessPolicies) -> dict[str, Any]:
    """The policy as the ConfigMap that it is written as."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": policies.data()}


def _warnings(policy: Policy) -> list[str]:
    known = {*policy.rules, *policy.members}
    given = sorted(
        {role for roles in policy.members.values() for role in roles if not role.startswith("proj:")} - known
    )
    told = [f"no line gives {role!r} anything; write p, {role}, … or correct the name" for role in given]
    if policy.default and policy.default not in known:
        told.append(f"policy.default: no line gives {policy.default!r} anything, so whoever signs in may nothing")
    return told
