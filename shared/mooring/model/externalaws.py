"""As whom AWS is asked: roles that are assumed, and where the first credentials come from.

Without `auth` roles are assumed as the function itself; with it by keys that were kept for the project, or (as EKS does
for pods) by the token of a service account. Source of the fields: external-secrets.io, "AWS Authentication"; Amazon
EKS, "IAM roles for service accounts".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from mooring.model.externalkeys import AccountRef, KeyRef, account_ref, needed_ref
from mooring.model.fields import Fields

__all__ = ["AccountLogin", "AwsAccess", "AwsLogin", "KeyLogin", "access_from", "access_text", "aws_access", "aws_login"]

_ABOUT = "docs/external-secrets.md lists what is supported"


@dataclass(frozen=True, slots=True)
class KeyLogin:
    """An access key; `token` belongs to a temporary one. The project is the one whose keys they are."""

    id: KeyRef
    secret: KeyRef
    token: KeyRef | None = None
    project: str = ""


@dataclass(frozen=True, slots=True)
class AccountLogin:
    """A service account of a cluster (by its registered name), and the role that its annotation names."""

    account: AccountRef
    cluster: str = ""
    role: str = ""


AwsLogin: TypeAlias = KeyLogin | AccountLogin


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """As whom AWS is asked: `roles` are assumed one after the other, from `login` on; without that as the function.

    `tags` are session tags, `transitive` the keys of those that stay through further roles.
    """

    region: str
    roles: tuple[str, ...] = ()
    external_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    login: AwsLogin | None = None


def aws_access(aws: Fields, namespace: str) -> AwsAccess:
    """Reads region, roles and `auth` of a store or generator of a namespace (empty for a ClusterSecretStore).

    Raises `ConfigurationError` with the field's path.
    """
    for name in ("sessionTagsPolicy", "customSessionTags", "customEndpoints"):
        if aws.raw(name) not in (None, "", {}, "None"):
            raise aws.error(name, f"is not supported; {_ABOUT}")
    role = aws.text("role")
    auth = aws.mapping("auth")
    return AwsAccess(
        aws.required_text("region"),
        (*aws.texts("additionalRoles"), *((role,) if role else ())),
        aws.text("externalID"),
        tuple((each.required_text("key"), each.text("value")) for each in aws.mappings("sessionTags")),
        aws.texts("transitiveTagKeys"),
        None if auth is None else aws_login(auth, namespace),
    )


def aws_login(auth: Fields, namespace: str) -> AwsLogin | None:
    """Reads `secretRef` or `jwt`, None where there is neither. Raises `ConfigurationError`."""
    secret, jwt = auth.mapping("secretRef"), auth.mapping("jwt")
    login: AwsLogin | None = None
    if secret is not None and jwt is not None:
        raise auth.error("secretRef", "can't stand beside jwt")
    if secret is not None:
        temporary = "sessionTokenSecretRef"
        login = KeyLogin(
            needed_ref(secret, "accessKeyIDSecretRef"),
            needed_ref(secret, "secretAccessKeySecretRef"),
            needed_ref(secret, temporary) if secret.has(temporary) else None,
        )
        secret.close()
    if jwt is not None:
        account = account_ref(jwt, namespace)
        if account is None:
            raise jwt.error("serviceAccountRef", "must not be empty")
        login = AccountLogin(account)
        jwt.close()
    auth.close()
    return login


def access_text(access: AwsAccess) -> str:
    """An access as text, to be remembered; no credentials."""
    match access.login:
        case KeyLogin(id_, secret, token, project):
            refs = [None if ref is None else [ref.name, ref.key, ref.field] for ref in (id_, secret, token)]
            login: list[object] = ["keys", refs, project]
        case AccountLogin(account, cluster, role):
            login = ["account", [account.namespace, account.name, account.audiences, account.field], cluster, role]
        case None:
            login = []
    parts = [access.region, access.roles, access.external_id, access.tags, access.transitive, login]
    return json.dumps(parts)


def access_from(text: str) -> AwsAccess:
    """The inverse of `access_text`."""
    region, roles, external_id, tags, transitive, given = json.loads(text)
    login: AwsLogin | None = None
    match given:
        case ["keys", [id_, secret, token], project]:
            login = KeyLogin(KeyRef(*id_), KeyRef(*secret), None if token is None else KeyRef(*token), project)
        case ["account", [namespace, name, audiences, field], cluster, role]:
            login = AccountLogin(AccountRef(namespace, name, tuple(audiences), field), cluster, role)
    pairs = tuple((key, value) for key, value in tags)
    return AwsAccess(region, tuple(roles), external_id, pairs, tuple(transitive), login)
