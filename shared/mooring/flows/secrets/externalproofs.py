"""What stores prove themselves with, brought to where it is needed: kept keys, tokens of service accounts, keys of AWS.

A kept key is one of the application's project (`<prefix>/external/<project>/<name>` in Secrets Manager), whatever the
store's author writes. A service account's token is asked of the destination's API server; for AWS it is changed into
keys of the role that the account's annotation names, as EKS does for pods. Neither outlives the function.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from mooring.errors import ConfigurationError
from mooring.flows.clusters.live import Live
from mooring.flows.secrets.externalclusters import plain
from mooring.model.application import Destination
from mooring.model.externalaws import AccountLogin, AwsAccess, KeyLogin
from mooring.model.externalkeys import AccountRef, KeyRef
from mooring.model.objects import ObjectKey
from mooring.secrets.external.awsaccess import SESSION, MakeClient, call

__all__ = ["AwsLogins", "account_role", "account_token", "kept_text"]

_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?")
_ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
_AUDIENCE = "sts.amazonaws.com"
_KEPT = 300.0  # seconds after which a kept key is read again
_TOKEN_SECONDS = 600


def kept_text(secret: Callable[[str], Mapping[str, Any]], prefix: str, project: str, ref: KeyRef) -> str:
    """The line of text at a reference; `secret` reads the JSON object of a secret by its name. Raises as that does."""
    if not _NAME.fullmatch(ref.name):
        raise ConfigurationError(
            "must be the name of a secret: letters, digits, '-', '_' and '.'", field=f"{ref.field}.name"
        )
    name = f"{prefix}/external/{project}/{ref.name}"
    value = secret(name).get(ref.key)
    if not isinstance(value, str) or not value.strip() or "\n" in value.strip():
        raise ConfigurationError(
            f"{name} in Secrets Manager must hold a line of text in the field {ref.key!r}", field=ref.field
        )
    return value.strip()


def account_token(live: Live, account: AccountRef, seconds: int = _TOKEN_SECONDS) -> str:
    """A token of a service account of a cluster (Kubernetes, "TokenRequest"). Raises `MooringError`."""
    target = plain(live, account.field)
    _check(account)
    audiences = {"audiences": list(account.audiences)} if account.audiences else {}
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds, **audiences},
    }
    accounts = f"/api/v1/namespaces/{quote(account.namespace, safe='')}/serviceaccounts"
    subject = f"ServiceAccount/{account.namespace}/{account.name}"
    return str(
        target.server.request("POST", f"{accounts}/{account.name}/token", body=asked, subject=subject).body["status"][
            "token"
        ]
    )


def account_role(live: Live, account: AccountRef) -> str:
    """The role of AWS that a service account's annotation names. Raises `ConfigurationError` where there is none."""
    _check(account)
    found = live.get(ObjectKey("", "ServiceAccount", account.namespace, account.name))
    metadata = {} if found is None or found.live is None else found.live["metadata"]
    role = (metadata.get("annotations") or {}).get(_ROLE_ANNOTATION)
    if not role:
        raise ConfigurationError(
            f"the cluster has no service account {account.namespace}/{account.name} with the annotation "
            f"{_ROLE_ANNOTATION}",
            field=account.field,
        )
    return str(role)


def _check(account: AccountRef) -> None:
    if not _NAME.fullmatch(account.name):
        raise ConfigurationError("must be the name of a service account", field=f"{account.field}.name")


@dataclass(frozen=True, slots=True)
class AwsLogins:
    """The first keys of an access that brings its own: when they are too old (seconds since the epoch), and they."""

    secret: Callable[[str], Mapping[str, Any]]
    prefix: str
    reach: Callable[[Destination], Live]
    make: MakeClient
    now: Callable[[], float] = time.time

    def __call__(self, access: AwsAccess) -> tuple[float, dict[str, str]]:
        """Raises `MooringError`."""
        match access.login:
            case KeyLogin(id_, secret, token, project):
                given = {"aws_access_key_id": id_, "aws_secret_access_key": secret, "aws_session_token": token}
                keys = {
                    name: kept_text(self.secret, self.prefix, project, ref)
                    for name, ref in given.items()
                    if ref is not None
                }
                return self.now() + _KEPT, keys
            case AccountLogin() as login:
                return self._account(login, access.region)
            case None:
                return 0.0, {}

    def _account(self, login: AccountLogin, region: str) -> tuple[float, dict[str, str]]:
        account = login.account
        audiences = account.audiences or (_AUDIENCE,)
        named = AccountRef(account.namespace, account.name, audiences, account.field)
        token = account_token(self.reach(Destination(name=login.cluster)), named)
        sts = self.make("sts", region, {})
        hint = (
            "make the cluster's issuer an identity provider of the account, and let the role's trust policy name the "
            "service account"
        )
        ask = partial(
            sts.assume_role_with_web_identity, RoleArn=login.role, RoleSessionName=SESSION, WebIdentityToken=token
        )
        given = call(f"the role {login.role}", hint, ask)["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return given["Expiration"].timestamp(), keys
