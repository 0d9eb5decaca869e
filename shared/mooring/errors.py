"""What can go wrong, in two families.

A *permanent* error stays wrong until somebody changes something: a manifest, a setting, a permission. Trying again
is a waste, so flows record it and wait for the change. A *transient* error may pass by itself: flows try again, with
backoff, and never treat it as a reason to delete anything.

    MooringError
    ├── PermanentError
    │   ├── ConfigurationError    what a user declared can't be used (names the field)
    │   ├── RenderError           a source doesn't render
    │   ├── DecryptError          a secret doesn't open
    │   ├── ForbiddenError        we are not allowed (names verb and resource)
    │   └── RejectedError         the API server refuses an object (in its own words)
    └── TransientError
        ├── UnreachableError      no answer, or not in time
        ├── ThrottledError        asked to come back later (may carry `retry_after`)
        └── ConflictError         somebody else was faster

Messages are shown to users: they name the field or object, say what to do next, and hold neither secrets nor raw
response bodies (only the message of a Kubernetes `Status` is passed on, since anything else may hold a secret).
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "ConflictError",
    "DecryptError",
    "ForbiddenError",
    "MooringError",
    "PermanentError",
    "RejectedError",
    "RenderError",
    "ThrottledError",
    "TransientError",
    "UnreachableError",
]


class MooringError(Exception):
    """Anything that Mooring raises on purpose.

    `field` is the dotted path of the offending field (`spec.source.path`), where there is one. `subject` names the
    application or object concerned, for example `argocd/payments` or `apps/Deployment/shop/web`.
    """

    def __init__(self, message: str, *, field: str | None = None, subject: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.subject = subject

    def __str__(self) -> str:
        lead = f"{self.subject}: " if self.subject else ""
        return f"{lead}{self.field}: {self.message}" if self.field else f"{lead}{self.message}"


class PermanentError(MooringError):
    """Stays wrong until somebody changes something; not tried again by itself."""


class ConfigurationError(PermanentError):
    """What a user declared can't be used."""


class RenderError(PermanentError):
    """A source doesn't render at this revision."""


class DecryptError(PermanentError):
    """A secret doesn't open; what is in the cluster stays."""


class ForbiddenError(PermanentError):
    """Credentials are missing, wrong or not sufficient."""


class RejectedError(PermanentError):
    """The API server refuses an object; `message` is the message of its `Status`."""

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        reason: str = "",
        field: str | None = None,
        subject: str | None = None,
    ) -> None:
        super().__init__(message, field=field, subject=subject)
        self.code = code
        self.reason = reason


class TransientError(MooringError):
    """May pass by itself. `retry_after` is in seconds, where the other side named a time."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        field: str | None = None,
        subject: str | None = None,
    ) -> None:
        super().__init__(message, field=field, subject=subject)
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No answer, or not in time."""


class ThrottledError(TransientError):
    """The other side asks us to come back later."""


class ConflictError(TransientError):
    """Somebody else was faster: read again, then decide again."""
