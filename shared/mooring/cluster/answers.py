"""What an API server's answer means, in Mooring's two families of errors.

Only the message of a Kubernetes `Status` is passed on: a proxy's error page, or an object that came back where none
was expected, may hold a secret. Which answers are worth trying again follows the API conventions (Kubernetes
community repository, "api-conventions.md", section HTTP Status codes), with one correction: server-side apply answers
500 to objects that don't fit their schema, and no second try will help those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from mooring.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    MooringError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)

__all__ = ["error_for", "read_status"]

# Server-side apply says these with a 500, about what the manifest holds.
PERMANENT_500 = ("failed to create typed patch object", "failed to convert new object")

# Fields that a live object keeps, in the words of the API server's validation.
_IMMUTABLE = re.compile(
    r"field is immutable|updates to \w+ spec for fields other than|may not change once set|is immutable"
)
_FORBIDDEN = re.compile(r'cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?')

_NAMESPACE_ADVICE = "add its manifest, or set the sync option CreateNamespace=true if it is the destination's"
_IMMUTABLE_ADVICE = (
    "a live object keeps this field: change it back, or have the object deleted and made anew with the annotation "
    "argocd.argoproj.io/sync-options: Force=true,Replace=true"
)


def read_status(body: bytes) -> dict[str, Any] | None:
    """The body as a Kubernetes `Status`; `None` for anything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and value.get("kind") == "Status" else None


def error_for(code: int, headers: Mapping[str, str], body: bytes, *, subject: str | None = None) -> MooringError:
    """The error that an answer of 300 or more stands for; `subject` names the object concerned."""
    status = read_status(body)
    given = status or {}
    said, reason = str(given.get("message") or ""), str(given.get("reason") or "")
    details: dict[str, Any] = given["details"] if isinstance(given.get("details"), dict) else {}
    message = said or f"the API server answered {code} without saying why"
    causes = {cause.get("reason") for cause in details.get("causes") or [] if isinstance(cause, dict)}
    wait = _seconds(headers.get("Retry-After"), details.get("retryAfterSeconds"))
    rejected = RejectedError(message, code=code, reason=reason, subject=subject)
    if code < 400:
        return ConfigurationError(
            f"answers with a redirect ({code}); give the API server's own address", field="server"
        )
    if code == 401:
        return ForbiddenError(
            "the API server does not accept these credentials (401 Unauthorized); check the token, certificate or role "
            "that the cluster is registered with",
            subject=subject,
        )
    if code == 403:
        if "NamespaceTerminating" in causes:
            return ConflictError(message, subject=subject)
        return ForbiddenError(message + _missing_right(said), subject=subject)
    if code == 404 and status is None:
        # No Status: the path itself is unknown, as for a kind whose CRD was applied a moment ago.
        return UnreachableError("the API server does not serve this kind (yet)", subject=subject)
    if code == 404 and details.get("kind") == "namespaces":
        # Where an object was to be made: only a namespace that is missing is told so.
        return RejectedError(f"{message}; {_NAMESPACE_ADVICE}", code=code, reason=reason, subject=subject)
    if code == 409:
        if reason == "AlreadyExists" or "FieldManagerConflict" in causes:
            return rejected
        return ConflictError(message, subject=subject)
    if code == 429:
        return ThrottledError(message, retry_after=wait, subject=subject)
    if code >= 500 and not said.startswith(PERMANENT_500):
        return UnreachableError(message, retry_after=wait, subject=subject)
    if code == 422 and _IMMUTABLE.search(said):
        return RejectedError(f"{message}; {_IMMUTABLE_ADVICE}", code=code, reason=reason, subject=subject)
    return rejected


def _missing_right(said: str) -> str:
    """What to do about a refusal: the rule that a role lacks, or the quota that is full."""
    if match := _FORBIDDEN.search(said):
        verb, resource, group, namespace = match.groups()
        role = f"Role in {namespace}, or the ClusterRole," if namespace else "ClusterRole"
        return f'; give the {role} of this user the verb {verb} on {resource} (apiGroups: ["{group}"])'
    if "exceeded quota" in said:
        return "; raise the namespace's ResourceQuota, or ask for less"
    return ""


def _seconds(*values: object) -> float | None:
    for value in values:
        if isinstance(value, int | float) and value > 0:
            return float(value)
        if isinstance(value, str) and value.isdigit():
            return float(value)
    return None
