"""Messages to open WebSocket connections, through API Gateway's management API (`@connections`).

Source: Amazon API Gateway Developer Guide, "Use @connections commands in your backend service".
"""

from __future__ import annotations

from typing import Any, Protocol

from mooring.errors import UnreachableError

__all__ = ["SocketLine", "management_url"]


class _Client(Protocol):
    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> Any:  # noqa: N803 (boto3's names)
        """boto3's."""

    def delete_connection(self, *, ConnectionId: str) -> Any:  # noqa: N803 (boto3's names)
        """boto3's."""


def management_url(url: str) -> str:
    """Where connections to `wss://…/STAGE` are managed."""
    return f"https://{url.partition('://')[2]}"


class SocketLine:
    """Posts to connections and ends them."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    def post(self, connection: str, data: bytes) -> bool:
        """Sends a message; False where the connection is gone. Raises `UnreachableError`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.post_to_connection(ConnectionId=connection, Data=data)
        except ClientError as error:
            if _is_gone(error):
                return False
            raise _unreachable(error) from error
        except BotoCoreError as error:
            raise UnreachableError(f"API Gateway can't be reached: {type(error).__name__}") from error
        return True

    def end(self, connection: str) -> None:
        """Closes a connection; one that is gone does no harm. Raises `UnreachableError`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.delete_connection(ConnectionId=connection)
        except ClientError as error:
            if not _is_gone(error):
                raise _unreachable(error) from error
        except BotoCoreError as error:
            raise UnreachableError(f"API Gateway can't be reached: {type(error).__name__}") from error


def _is_gone(error: Any) -> bool:
    # An id that API Gateway never gave out is a bad request, and just as gone.
    return error.response.get("Error", {}).get("Code", "") in ("GoneException", "410", "BadRequestException")


def _unreachable(error: Any) -> UnreachableError:
    code = error.response.get("Error", {}).get("Code", "")
    return UnreachableError(f"API Gateway does not take a message to a page: {code}")
