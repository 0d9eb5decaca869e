"""What AWS's services answer, as errors that say whether to try again.

Messages of SES and SNS name addresses, identities and topics, never credentials, and say what to verify or to allow:
they are passed on. Pages: Amazon SES, "SendEmail" (API v2) and Amazon SNS, "Publish", under "Errors"; AWS, "Common
error types".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from mooring.errors import ForbiddenError, MooringError, RejectedError, ThrottledError, UnreachableError
from mooring.notify.services.refusals import without

__all__ = ["Clients", "asked"]

_BUSY = frozenset({"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException",
                   "ThrottledException", "KMSThrottling", "RequestLimitExceeded"})  # fmt: skip
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
                        "InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException",
                        "SignatureDoesNotMatch"})  # fmt: skip


class Clients:
    """One client for each service and region; making one is not for two threads at once (boto3, "Session")."""

    def __init__(self, make: Callable[[str, str | None], Any]) -> None:
        self._make = make
        self._made: dict[tuple[str, str | None], Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str, region: str | None) -> Any:
        """The client of a service; of our own region for None."""
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._make(service, region)
            return self._made[service, region]


def asked(service: str, hint: str, request: Callable[[], Any]) -> Any:
    """The answer to one request. Raises `MooringError` by AWS's code; `hint` says who may allow it."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

    try:
        return request()
    except ClientError as error:
        raise _error(service, hint, error.response) from None
    except NoCredentialsError:
        raise ForbiddenError(f"there are no AWS credentials for {service}; give the function a role") from None
    except ParamValidationError as error:
        raise RejectedError(f"{service} does not take the message: {without(str(error), ())}") from None
    except BotoCoreError as error:
        raise UnreachableError(f"{service} does not answer: {type(error).__name__}") from None


def _error(service: str, hint: str, response: Any) -> MooringError:
    told = response.get("Error", {})
    code, said = str(told.get("Code", "")), without(str(told.get("Message", "")), ())
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    if code in _BUSY or status == 429:
        return ThrottledError(f"{service} asks to be left alone for a while ({code})")
    if status >= 500:
        return UnreachableError(f"{service} fails ({code or status})")
    if code in _FORBIDDEN:
        return ForbiddenError(f"{service} refuses us ({code}): {said}; {hint}")
    return RejectedError(f"{service} does not take the message ({code}): {said}")
