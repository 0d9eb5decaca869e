"""Clients of AWS for stores: as the role (or chain of roles) that a store names, never as the function itself.

What the function may read (the keys of sealed secrets, credentials of clusters) must not open to whoever writes a store
without a role. Roles are assumed in a session of a name of its own, by which the function's rights tell them from the
roles of clusters: those are not for authors either. Credentials of a role are kept until shortly before they expire.
Every error names what was asked for and the right that is missing, never an answer (AWS, "AssumeRole"; "Common error
types").
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from mooring.errors import ForbiddenError, MooringError, PermanentError, ThrottledError, UnreachableError
from mooring.model.externalaws import AwsAccess
from mooring.secrets.external.provider import AbsentError

__all__ = ["SESSION", "SOPS_SESSION", "AwsClients", "MakeClient", "call", "problem"]

_T = TypeVar("_T")

MakeClient = Callable[[str, str, Mapping[str, str]], Any]
"""A client of a service in a region, with these credentials (`aws_access_key_id` …; empty for the function's own)."""

_MARGIN = 120.0  # seconds before its end in which a session isn't used any more
SESSION = "mooring-secrets"  # as in the template
SOPS_SESSION = "mooring-sops"  # the same
_ABSENT = {"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"}
_FORBIDDEN = {
    "AccessDenied",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "DecryptionFailure",
    "ExpiredToken",
}
_BUSY = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
_DOWN = {"InternalServiceError", "InternalServerError", "ServiceUnavailable", "InternalFailure", "500", "503"}


class AwsClients:
    """Clients by service and access; thread-safe. `now` is seconds since the epoch.

    `as_oneself` lets stores without a role be read with one's own rights, where those are the author's anyway.
    `first` gives the keys that the chain of roles begins with, and until when; without it one's own.
    `session` is the name of the sessions, `parameter` that of the installation which says what roles are assumed.
    """

    def __init__(
        self,
        make: MakeClient,
        *,
        now: Callable[[], float] = time.time,
        as_oneself: bool = False,
        first: Callable[[AwsAccess], tuple[float, dict[str, str]]] = lambda _: (0.0, {}),
        session: str = SESSION,
        parameter: str = "ExternalSecretRoleArns",
    ) -> None:
        self._make = make
        self._first = first
        self._session = session
        self._hint = f"name it in the parameter {parameter}, and let its trust policy name the role before it"
        self._as_oneself = as_oneself
        self._now = now
        self._lock = threading.RLock()
        self._sessions: dict[tuple[AwsAccess, int], tuple[float, dict[str, str]]] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client(self, service: str, access: AwsAccess) -> Any:
        """A client that acts as `access` says. Raises `ForbiddenError` or `UnreachableError`."""
        with self._lock:
            credentials = self.credentials(access)
            key = (service, access.region, credentials.get("aws_access_key_id", ""))
            if key not in self._clients:
                if len(self._clients) >= 64:
                    self._clients.clear()
                self._clients[key] = self._make(service, access.region, credentials)
            return self._clients[key]

    def credentials(self, access: AwsAccess, seconds: int = 3600) -> dict[str, str]:
        """Credentials of the last role of the chain. Raises `ForbiddenError` where there is none."""
        if not access.roles and access.login is None:
            if self._as_oneself:
                return {}
            raise ForbiddenError(
                "must name a role that may read what is asked for: what the function itself may read is not for "
                "applications; docs/external-secrets.md says how",
                field="role",
            )
        with self._lock:
            kept = self._sessions.get((access, seconds))
            if kept is None or self._now() >= kept[0] - min(_MARGIN, seconds / 2):
                kept = self._sessions[access, seconds] = self._assume(access, seconds)
            return kept[1]

    def _assume(self, access: AwsAccess, seconds: int) -> tuple[float, dict[str, str]]:
        expires, credentials = self._first(access)
        for index, role in enumerate(access.roles):
            sts = self._make("sts", access.region, credentials)
            last = index == len(access.roles) - 1
            request: dict[str, Any] = {"RoleArn": role, "RoleSessionName": self._session}
            if last:
                request["DurationSeconds"] = seconds
                if access.external_id:
                    request["ExternalId"] = access.external_id
                # Tags are the last role's: a transitive one must not be given again (AWS, "Pass session tags").
                if access.tags:
                    request["Tags"] = [{"Key": key, "Value": value} for key, value in access.tags]
                if access.transitive:
                    request["TransitiveTagKeys"] = list(access.transitive)
            answer = call(f"the role {role}", self._hint, partial(sts.assume_role, **request))
            given = answer["Credentials"]
            expires = given["Expiration"].timestamp()  # the last one's: it was assumed last
            credentials = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return expires, credentials


def call(what: str, hint: str, request: Callable[[], _T], *, writes: bool = False) -> _T:
    """Makes one request. Raises `MooringError` without its cause, which may quote what was sent."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        return request()
    except ClientError as error:
        raise problem(what, hint, error.response.get("Error", {}), writes=writes) from None
    except NoCredentialsError:
        raise ForbiddenError(f"there are no AWS credentials for {what}; give the function a role") from None
    except BotoCoreError as error:
        raise UnreachableError(f"AWS did not answer for {what} ({type(error).__name__}); it is tried again") from None


def problem(what: str, hint: str, error: Mapping[str, Any], *, writes: bool = False) -> MooringError:
    """The error that AWS's code stands for."""
    verb, done = ("write", "written") if writes else ("read", "read")
    code = str(error.get("Code", ""))
    if code in _ABSENT or (
        code == "InvalidRequestException" and "marked for deletion" in str(error.get("Message", ""))
    ):
        return AbsentError(f"{what} is not there; check its name, version, region and account")
    if code in _FORBIDDEN:
        return ForbiddenError(f"{what} may not be {done} ({code}); {hint}")
    if code in _BUSY:
        return ThrottledError(f"AWS asks for patience while {what} is {done} ({code}); it is tried again")
    if code in _DOWN:
        return UnreachableError(f"AWS can't {verb} {what} now ({code}); it is tried again")
    return PermanentError(f"AWS refuses to {verb} {what} ({code}); check its name and version")
