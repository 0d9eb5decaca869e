"""Letting Mooring into an EKS cluster: the one step that takes the user's own AWS credentials.

The API has no right to change who may enter a cluster, and shall have none. So the command prints what to do, and does
it itself only when asked to (`--create-access-entry`), as whoever runs it. An access entry maps the role to a group of
Kubernetes (Amazon EKS documentation, "Grant IAM users access to Kubernetes with EKS access entries"); what it may do
is said by the ClusterRole below, which is meant to be cut down or extended, or by one of EKS's access policies.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError

__all__ = ["GROUP", "AccessEntry", "create_access_entry", "instructions", "look_instructions"]

GROUP = "mooring"
_POLICIES = "arn:{partition}:eks::aws:cluster-access-policy/{name}"

RIGHTS = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: mooring}
rules:
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [get, list, create, patch]
  - apiGroups: [""]
    resources: [configmaps, limitranges, persistentvolumeclaims, pods, resourcequotas]
    verbs: &all [get, list, create, patch, update, delete]
  - apiGroups: [""]
    resources: [secrets, serviceaccounts, services]
    verbs: *all
  - apiGroups: [apps, autoscaling, batch, networking.k8s.io, policy]
    resources: ["*"]
    verbs: *all
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: mooring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: mooring}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: mooring}
"""


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """Which role is to enter which cluster; `policy` is an EKS access policy's name, empty for the group's rights."""

    cluster: str
    principal: str
    region: str = ""
    policy: str = ""

    @property
    def policy_arn(self) -> str:
        """The access policy's ARN in the partition of the role."""
        parts = self.principal.split(":")
        partition = parts[1] if len(parts) > 1 else "aws"
        return self.policy if ":" in self.policy else _POLICIES.format(partition=partition, name=self.policy)


def instructions(entry: AccessEntry) -> str:
    """What somebody with rights on the cluster has to run, once."""
    where = ["--cluster-name", entry.cluster, "--principal-arn", entry.principal]
    region = ["--region", entry.region] if entry.region else []
    groups = [] if entry.policy else ["--kubernetes-groups", GROUP]
    lines = [shlex.join(["aws", "eks", "create-access-entry", *where, *groups, *region])]
    if entry.policy:
        policy = ["--policy-arn", entry.policy_arn, "--access-scope", "type=cluster"]
        lines.append(shlex.join(["aws", "eks", "associate-access-policy", *where, *policy, *region]))
        return "\n".join(lines)
    lines += ["kubectl apply -f - <<'END'   # cut it down, or add what your applications contain", RIGHTS + "END"]
    return "\n".join(lines)


def look_instructions(cluster: str, principal: str, region: str = "") -> str:
    """What lets the function `look` read (docs/look.md), which has a role of its own and never writes."""
    entry = AccessEntry(cluster, principal, region, "AmazonEKSAdminViewPolicy")
    return instructions(entry)


def create_access_entry(entry: AccessEntry, *, profile: str | None, client: Any = None) -> str:
    """Creates the entry with the user's own AWS credentials; says what was done. Raises the errors of `mooring.errors`.

    An entry that is there keeps its groups and gets ours.
    """
    eks = client or _client(entry.region, profile)
    from botocore.exceptions import BotoCoreError, ClientError

    names = {"clusterName": entry.cluster, "principalArn": entry.principal}
    try:
        try:
            eks.create_access_entry(**names, type="STANDARD", **({} if entry.policy else {"kubernetesGroups": [GROUP]}))
            done = f"access entry for {entry.principal} created"
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceInUseException":
                raise
            done = f"access entry for {entry.principal} was there already"
            if not entry.policy:
                groups = eks.describe_access_entry(**names)["accessEntry"].get("kubernetesGroups") or []
                if GROUP not in groups:
                    eks.update_access_entry(**names, kubernetesGroups=[*groups, GROUP])
                    done += f"; group {GROUP} added to it"
        if entry.policy:
            eks.associate_access_policy(**names, policyArn=entry.policy_arn, accessScope={"type": "cluster"})
            done += f"; {entry.policy} given"
    except ClientError as error:
        told = error.response.get("Error", {})
        raise ForbiddenError(
            f"EKS refuses the access entry ({told.get('Code')}: {told.get('Message')}); it takes "
            f"eks:CreateAccessEntry on {entry.cluster}, and the authentication mode API or API_AND_CONFIG_MAP",
            field="--create-access-entry",
        ) from error
    except BotoCoreError as error:
        raise UnreachableError(f"EKS can't be asked: {error}", field="--create-access-entry") from error
    return done


def _client(region: str, profile: str | None) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ConfigurationError(
            "takes the package boto3 (pip install boto3); or run what is printed without this option",
            field="--create-access-entry",
        ) from error
    from botocore.exceptions import BotoCoreError

    config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2})
    try:
        session = boto3.Session(profile_name=profile, region_name=region or None)
        return session.client("eks", config=config)
    except BotoCoreError as error:
        raise ConfigurationError(f"AWS can't be asked: {error}", field="--create-access-entry") from error
