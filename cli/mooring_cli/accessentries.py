"""How IAM roles become the groups that a cluster's RBAC names, in EKS: by access entries, or by `aws-auth`.

What is printed is for somebody who may (Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access
entries" and "Grant IAM users access to Kubernetes with a ConfigMap"); nothing here calls AWS.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Entry", "access_entries", "aws_auth"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An IAM role (its ARN, or a word in its place) and the groups that it has in the cluster."""

    principal: str
    groups: tuple[str, ...]


def access_entries(cluster: str, region: str, entries: Sequence[Entry]) -> str:
    """Commands, one for each role."""
    where = ["--region", region] if region else []
    return "\n".join(
        shlex.join(["aws", "eks", "create-access-entry", "--cluster-name", cluster, "--principal-arn", each.principal,
                    "--kubernetes-groups", *each.groups, *where])
        for each in entries
    )  # fmt: skip


def aws_auth(entries: Sequence[Entry]) -> dict[str, Any]:
    """The entries of `mapRoles`, as a ConfigMap; to be merged into the one that is there, which nodes need too."""
    import yaml

    roles = [
        {"rolearn": each.principal, "username": f"{each.groups[0]}:{{{{SessionName}}}}", "groups": list(each.groups)}
        for each in entries
    ]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapRoles": yaml.safe_dump(roles, sort_keys=False, width=1000)},
    }
