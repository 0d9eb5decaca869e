"""What git's complaints mean, in our two families of errors.

git tells failures apart only in words, so they are read here, in one table, in the English that `LC_ALL=C` fixes. None
of those words is passed on as it is: a server can put anything into them, our own header included. What users read is
our sentence with the repository's host and, for the unexpected, the line that git itself wrote, with secrets struck
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from mooring.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    MooringError,
    ThrottledError,
    UnreachableError,
)
from mooring.source.urls import FIELD, RepositoryURL

__all__ = ["Failure", "explain", "recognise"]


class Failure(Enum):
    """Why a git command failed, as far as its caller can do something about it."""

    REFUSED = "the server refuses us"
    HOST_KEY = "the server is not the one that known_hosts describes"
    ABSENT = "there is no such repository, or we may not know of it"
    MOVED = "the server redirects us"
    THROTTLED = "the server asks for patience"
    UNREACHABLE = "the server does not answer"
    NO_REF = "the server has no such reference"
    NO_OBJECT = "the server has no such commit"
    UNADVERTISED = "the server gives out named references only"
    OUTRUN = "the branch moved while we wrote"
    DECLINED = "the server takes no such push"
    FULL = "the disk is full"
    BROKEN = "something else, perhaps in our copy"


_SIGNS: tuple[tuple[Failure, str], ...] = (
    (Failure.FULL, r"No space left on device|Disk quota exceeded"),
    (
        Failure.OUTRUN,
        r"! \[rejected\]|\[remote rejected\].*\((cannot lock ref|failed to update|incorrect old|fetch first)",
    ),
    (Failure.OUTRUN, r"\[remote rejected\].*\((reference already exists|failed to lock|stale info)"),
    (Failure.DECLINED, r"! \[remote rejected\]"),
    (Failure.NO_OBJECT, r"upload-pack: not our ref"),
    (Failure.UNADVERTISED, r"Server does not allow request for unadvertised object"),
    (Failure.NO_REF, r"[Cc]ouldn't find remote ref"),
    (Failure.HOST_KEY, r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED"),
    (Failure.REFUSED, r"Authentication failed|could not read (Username|Password)|returned error: 40[13]\b"),
    (Failure.REFUSED, r"Permission denied \(|Permission to .* denied|access denied|Load key .*(invalid|error)"),
    (Failure.THROTTLED, r"returned error: 429\b|HTTP 429\b"),
    (Failure.ABSENT, r"returned error: 404\b|[Rr]epository .*not found|does not appear to be a git repository"),
    (Failure.ABSENT, r"not valid: is this a git repository|is not a valid repository name"),
    (Failure.MOVED, r"returned error: 30[12378]\b"),
    (Failure.UNREACHABLE, r"returned error: 5\d\d\b|HTTP 5\d\d\b|Could not resolve host|[Cc]ould not resolve hostname"),
    (Failure.UNREACHABLE, r"Failed to connect|[Cc]onnection (was |)(refused|reset|timed out|closed)|timed? ?out"),
    (Failure.UNREACHABLE, r"Connection (closed|refused|reset|timed out)|No route to host|Network is unreachable"),
    (Failure.UNREACHABLE, r"SSL|TLS|certificate|Empty reply|early EOF|RPC failed|unexpected disconnect|hung up"),
    (Failure.UNREACHABLE, r"remote error:|Could not read from remote repository|expected flush|protocol error"),
)
_COMPILED = tuple((failure, re.compile(pattern)) for failure, pattern in _SIGNS)


def recognise(complaint: str) -> Failure:
    """The kind of failure that git's standard error describes; lines that quote the server's prose are passed over."""
    ours = "\n".join(line for line in complaint.splitlines() if not line.startswith("remote: "))
    for failure, pattern in _COMPILED:
        if pattern.search(ours):
            return failure
    return Failure.BROKEN


def explain(
    failure: Failure, url: RepositoryURL, *, known: bool, complaint: str = "", secrets: Iterable[str] = ()
) -> MooringError:
    """The error to raise for a failure that nothing could be done about; `known` says whether a credential was sent."""
    where = url.place
    match failure:
        case Failure.REFUSED if known:
            return ForbiddenError(f"{where} refuses the stored credential; check its rights and expiry", field=FIELD)
        case Failure.REFUSED:
            return ForbiddenError(f"{where} asks for a credential and none is stored for it; add one", field=FIELD)
        case Failure.HOST_KEY:
            return ForbiddenError(
                f"{where} shows a host key that the stored known_hosts lines do not name; compare it, then update them",
                field=FIELD,
            )
        case Failure.ABSENT:
            access = "the stored credential may not see it" if known else "it needs a credential"
            return ConfigurationError(f"{where} is no repository, or {access}; check both", field=FIELD)
        case Failure.MOVED:
            return ConfigurationError(
                f"{where} redirects elsewhere, and credentials are not sent along; write the new address", field=FIELD
            )
        case Failure.OUTRUN:
            return ConflictError(f"{where} got other commits while we wrote; trying again", field=FIELD)
        case Failure.DECLINED:
            return ForbiddenError(
                f"{where} declines the commit: the credential has no right to write, the branch is protected, or a "
                "rule or hook forbids it; grant that, or write to another branch (git-branch `base:other`)",
                field=FIELD,
            )
        case Failure.THROTTLED:
            return ThrottledError(f"{where} asks us to come back later", field=FIELD)
        case Failure.FULL:
            return ConfigurationError(
                f"{where} does not fit into the temporary storage; give the function more of it", field=FIELD
            )
        case Failure.NO_REF | Failure.NO_OBJECT | Failure.UNADVERTISED:
            return ConfigurationError(f"{where}: {failure.value}", field="spec.source.targetRevision")
        case Failure.UNREACHABLE:
            return UnreachableError(
                f"{where} does not answer as a git server should; check the address, it is tried again", field=FIELD
            )
        case Failure.BROKEN:
            return UnreachableError(f"git failed on {where}{_reason(complaint, secrets)}", field=FIELD)


def _reason(complaint: str, secrets: Iterable[str]) -> str:
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal: ", "error: "))]
    if not lines:
        return ""
    text = re.sub(r"//[^/@\s]*@", "//", lines[-1][:300])
    for secret in secrets:
        text = text.replace(secret, "***")
    return f" ({text})"
