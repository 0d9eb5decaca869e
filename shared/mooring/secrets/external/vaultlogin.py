"""Logins at Vault: a token as it is, AppRole, a JWT (of a service account, say), a password, or an AWS role.

For `iam` Vault is given a signed `sts:GetCallerIdentity` that it sends to AWS itself; no key leaves the function.
Source: Vault, "AppRole", "Kubernetes", "JWT/OIDC", "Userpass", "LDAP" and "AWS auth method (API)".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from mooring.errors import ConfigurationError
from mooring.model.externalaws import AwsAccess
from mooring.model.externalkeys import AccountRef, KeyRef
from mooring.model.externalvault import AppRoleLogin, IamLogin, JwtLogin, NameLogin, TokenLogin, VaultAccess
from mooring.secrets.external.vaulthttp import VaultServer

__all__ = ["Logins"]

_IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
_GLOBAL = "us-east-1"  # signs for the endpoint without a region


@dataclass(frozen=True, slots=True)
class Logins:
    """Where logins come from: `held` reads a reference, `credentials` are AWS's of a role, `account` asks the
    destination's cluster for a service account's token of so many seconds. Each may raise `MooringError`.
    """

    held: Callable[[KeyRef], str]
    credentials: Callable[[AwsAccess], Mapping[str, str]]
    account: Callable[[AccountRef, int], str]

    def token(self, access: VaultAccess, server: VaultServer) -> str:
        """A token of Vault. Raises `MooringError`."""
        match access.login:
            case TokenLogin(token):
                return self.held(token)
            case AppRoleLogin(path, role, secret):
                role_id = self.held(role) if isinstance(role, KeyRef) else role
                hint = "check the role id and that the secret id is neither used up nor too old"
                return server.login(path, {"role_id": role_id, "secret_id": self.held(secret)}, hint)
            case JwtLogin(path, role, token, seconds):
                shown = self.held(token) if isinstance(token, KeyRef) else self.account(token, seconds)
                hint = f"let the role {role!r} take this token, and Vault check it (TokenReview, or its issuer's keys)"
                return server.login(path, {"role": role, "jwt": shown} if role else {"jwt": shown}, hint)
            case NameLogin(path, user, password):
                hint = f"check the user {user!r} and the password that is kept"
                return server.login(path, {"password": self.held(password)}, hint, user=user)
            case IamLogin() as login:
                roles = (login.aws_role,) if login.aws_role else ()
                aws = AwsAccess(login.region or _GLOBAL, roles, login.external_id, login=login.aws)
                whom = login.aws_role or "whom it logs in as"
                hint = f"bind {whom} to Vault's role {login.role!r}; its sts_endpoint must be of this region"
                return server.login(login.path, _identity(login, self.credentials(aws)), hint)


def _identity(login: IamLogin, credentials: Mapping[str, str]) -> dict[str, str]:
    """The signed request, in the words of Vault's login."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    if not credentials:
        raise ConfigurationError("must name a role to assume", field="spec.provider.vault.auth.iam.role")
    region = login.region or _GLOBAL
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"sts.{login.region}.{domain}" if login.region else f"sts.{domain}"
    headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if login.server_id:
        headers["X-Vault-AWS-IAM-Server-ID"] = login.server_id
    request = AWSRequest("POST", f"https://{host}/", headers, _IDENTITY)
    keys = Credentials(
        credentials["aws_access_key_id"], credentials["aws_secret_access_key"], credentials.get("aws_session_token")
    )
    SigV4Auth(keys, "sts", region).add_auth(request)
    signed = {name: [value] for name, value in request.headers.items()}
    return {
        "role": login.role,
        "iam_http_request_method": "POST",
        "iam_request_url": _base64(f"https://{host}/".encode()),
        "iam_request_body": _base64(_IDENTITY),
        "iam_request_headers": _base64(orjson.dumps(signed)),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
