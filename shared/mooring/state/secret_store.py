"""Credentials in AWS Secrets Manager: JSON objects under the installation's prefix.

Values live in the memory of the function that needs them, for five minutes at most, and appear in no error.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["SecretStore"]

_T = TypeVar("_T")

_FRESH = 300.0  # seconds


class SecretStore:
    """Secrets by name or ARN."""

    def __init__(self, client: SecretsManagerClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}
        self._texts: dict[str, tuple[float, str]] = {}

    def get(self, name: str) -> dict[str, Any]:
        """The JSON object in a secret. Raises `ForbiddenError`, `ConfigurationError` or `UnreachableError`."""
        known = self._known.get(name)
        if known is not None and self._clock() - known[0] < _FRESH:
            return known[1]
        text = self._call(name, lambda: self._client.get_secret_value(SecretId=name)["SecretString"])
        value = _parse(name, text)
        self._known[name] = (self._clock(), value)
        return value

    def put(self, name: str, value: dict[str, Any]) -> None:
        """Writes a secret, making it where it is missing."""
        from botocore.exceptions import ClientError

        text = orjson.dumps(value).decode()

        def write() -> None:
            try:
                self._client.put_secret_value(SecretId=name, SecretString=text)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                    raise
                self._client.create_secret(Name=name, SecretString=text)

        self._call(name, write)
        self._known.pop(name, None)

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of a secret that isn't ours, as it is. Raises as `get` does."""
        known = self._texts.get(name)
        if known is not None and not fresh and self._clock() - known[0] < _FRESH:
            return known[1]
        text = self._call(name, lambda: self._client.get_secret_value(SecretId=name).get("SecretString", ""))
        self._texts[name] = (self._clock(), text)
        return text

    def text_if_there(self, name: str) -> str:
        """The text of a secret, empty where there is none of this name. Raises as `get` for all else."""
        from botocore.exceptions import ClientError

        def read() -> str:
            try:
                return self._client.get_secret_value(SecretId=name).get("SecretString", "")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                    raise
                return ""

        known = self._texts.get(name)
        if known is None or self._clock() - known[0] >= _FRESH:
            known = self._texts[name] = (self._clock(), self._call(name, read))
        return known[1]

    def delete(self, name: str) -> None:
        """Removes a secret at once; one that is not there is gone already."""
        from botocore.exceptions import ClientError

        def remove() -> None:
            try:
                self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                    raise

        self._call(name, remove)
        self._known.pop(name, None)

    def forget(self, name: str) -> None:
        """Reads the secret anew the next time (after its value was refused, for example)."""
        self._known.pop(name, None)

    def _call(self, name: str, request: Callable[[], _T]) -> _T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return request()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ForbiddenError(
                f"Secrets Manager refuses the secret ({code}); check that it exists and that the role may read it",
                subject=name,
            ) from None
        except BotoCoreError as error:
            raise UnreachableError(f"Secrets Manager can't be reached: {type(error).__name__}") from None


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ConfigurationError("must hold a JSON object", field="secret", subject=name) from None
    if not isinstance(value, dict):
        raise ConfigurationError("must hold a JSON object", field="secret", subject=name)
    return value
