"""What holds where RBAC can't: people refused by name, and a glass that may be broken for a while and on record.

RBAC knows no time, so nobody is given a right to write. Whoever may break the glass may ask for a token of one service
account, which the API server's audit log keeps with their name and the token's id (Kubernetes documentation, "Auditing"
and "Managing Service Accounts"); the token ends by itself. An admission policy holds how long it may last, and that it
makes no way in that lasts longer ("Validating Admission Policy", stable since Kubernetes 1.30).

The other policy refuses people's writes to what Mooring has applied, also where another role still lets them. People
are all users who are not the cluster's own (`system:`, on EKS `eks:`), not Mooring and not exempt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from mooring_cli.accessrights import Subject, bound, role, rule, writers_rules

__all__ = ["ACCOUNT", "NAMESPACE", "break_glass", "guard"]

Manifest = dict[str, Any]
NAMESPACE: Final = "mooring-access"
ACCOUNT: Final = "break-glass"
_LABEL: Final = "mooring.dev/app"
_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_USER: Final = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
_PART: Final = {"app.kubernetes.io/part-of": "mooring-access"}


def break_glass(groups: Sequence[str], minutes: int, more: Sequence[str], namespaces: Sequence[str]) -> list[Manifest]:
    """The account, who may become it and for how long, and what it may; in `namespaces` alone where there are any."""
    name, glass = "mooring-break-glass", Subject("ServiceAccount", ACCOUNT, NAMESPACE)
    token = rule([""], ["serviceaccounts/token"], ["create"], [ACCOUNT])
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": _PART}},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": NAMESPACE, "labels": _PART},
            "automountServiceAccountToken": False,
        },
        role(name, [token], NAMESPACE),
        bound(name, [Subject("Group", each) for each in groups], NAMESPACE, "Role"),
        role(name, writers_rules(more)),
        *[bound(name, [glass], each) for each in namespaces or ("",)],
        *_policy(
            "mooring-break-glass-ends",
            [
                {
                    "apiGroups": [""],
                    "apiVersions": ["*"],
                    "operations": ["CREATE"],
                    "resources": ["serviceaccounts/token"],
                }
            ],
            [("of-the-glass", f"request.namespace == '{NAMESPACE}' && request.name == '{ACCOUNT}'")],
            f"has(object.spec.expirationSeconds) && object.spec.expirationSeconds <= {minutes * 60}",
            f"'the glass is broken for {minutes} minutes at most: {_command(minutes)}'",
        ),
        *_policy(
            "mooring-break-glass-stays",
            [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}],
            [("who-broke-it", f"request.userInfo.username == '{_USER}'")],
            f"request.namespace != '{NAMESPACE}'",
            f"'who has broken the glass changes nothing in the namespace {NAMESPACE}, where it would last'",
        ),
    ]


def guard(mooring: Sequence[Subject], exempt: Sequence[str], minutes: int | None) -> list[Manifest]:
    """Refuses writes of people to what Mooring applied; `minutes` for which the glass can be broken, None if not."""
    spared = sorted({*exempt, *(each.name for each in mooring if each.kind == "Group")})
    users = sorted(each.name for each in mooring if each.kind == "User")
    conditions = [
        (
            "a-person",
            "!request.userInfo.username.startsWith('system:') && !request.userInfo.username.startsWith('eks:')",
        ),
        ("not-mooring", f"!(request.userInfo.username in {json.dumps(users)})"),
        ("not-exempt", f"!request.userInfo.groups.exists(each, each in {json.dumps(spared)})"),
    ]
    way = f" In an emergency: {_command(minutes)}" if minutes else ""
    subject = "(object == null ? oldObject : object)"
    owner = f"(oldObject != null && {_labelled('oldObject')} ? oldObject : object).metadata.labels['{_LABEL}']"
    return _policy(
        "mooring-only",
        [
            {
                "apiGroups": ["*"],
                "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "resources": ["*"],
            }
        ],
        conditions,
        f"!(object != null && {_labelled('object')}) && !(oldObject != null && {_labelled('oldObject')})",
        f"{subject}.kind + ' ' + {subject}.metadata.name + ' belongs to the application ' + {owner} + '; "
        f"it is changed in git, and Mooring carries that over.{way}'",
    )


def _labelled(name: str) -> str:
    return f"has({name}.metadata) && has({name}.metadata.labels) && '{_LABEL}' in {name}.metadata.labels"


def _command(minutes: int) -> str:
    return f"kubectl create token {ACCOUNT} -n {NAMESPACE} --duration={minutes}m"


def _policy(
    name: str, matched: list[Manifest], conditions: list[tuple[str, str]], holds: str, told: str
) -> list[Manifest]:
    metadata = {"name": name, "labels": _PART}
    return [
        {
            "apiVersion": _ADMISSION,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": metadata,
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": matched},
                "matchConditions": [{"name": each, "expression": text} for each, text in conditions],
                "validations": [{"expression": holds, "messageExpression": told, "reason": "Forbidden"}],
            },
        },
        {
            "apiVersion": _ADMISSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": name, "validationActions": ["Deny", "Audit"]},
        },
    ]
