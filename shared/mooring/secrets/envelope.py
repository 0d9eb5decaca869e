"""Sealing what must not be readable at rest: AES-256-GCM under a KMS data key (AWS KMS, "Envelope encryption").

One data key seals all the secrets of one bundle. The sealed text binds to its bundle and object by the additional data,
so that a sealed value can't be moved to another place unnoticed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mooring.errors import DecryptError, PermanentError, UnreachableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

__all__ = ["DataKey", "KeyService", "KmsKeyService", "open_sealed", "seal"]

_T = TypeVar("_T")

_NONCE = 12  # bytes; NIST SP 800-38D's recommendation for GCM


class DataKey:
    """A data key: `plain` in memory only, `wrapped` (base64) to be kept beside what it seals."""

    __slots__ = ("plain", "wrapped")

    def __init__(self, plain: bytes, wrapped: str) -> None:
        self.plain = plain
        self.wrapped = wrapped

    def __repr__(self) -> str:
        return "DataKey(…)"


class KeyService(Protocol):
    """Makes and unwraps data keys."""

    def new(self) -> DataKey:
        """A fresh data key."""

    def unwrap(self, wrapped: str) -> DataKey:
        """The data key that was wrapped before."""


class KmsKeyService:
    """Data keys from AWS KMS; unwrapped keys are remembered for the life of the process (at most 64).

    The client is made when the first secret needs it: most bundles hold none.
    """

    def __init__(self, client: Callable[[], KMSClient], key_id: str) -> None:
        self._make_client = client
        self._key_id = key_id
        self._unwrapped: dict[str, DataKey] = {}

    @cached_property
    def _client(self) -> KMSClient:
        return self._make_client()

    def new(self) -> DataKey:
        """A fresh 256-bit data key. Raises `UnreachableError` or `PermanentError`."""
        answer = self._call(lambda: self._client.generate_data_key(KeyId=self._key_id, KeySpec="AES_256"))
        return DataKey(answer["Plaintext"], base64.b64encode(answer["CiphertextBlob"]).decode())

    def unwrap(self, wrapped: str) -> DataKey:
        """The data key that was wrapped before. Raises `UnreachableError` or `PermanentError`."""
        known = self._unwrapped.get(wrapped)
        if known is not None:
            return known
        blob = base64.b64decode(wrapped)
        answer = self._call(lambda: self._client.decrypt(CiphertextBlob=blob, KeyId=self._key_id))
        if len(self._unwrapped) >= 64:
            self._unwrapped.clear()
        self._unwrapped[wrapped] = DataKey(answer["Plaintext"], wrapped)
        return self._unwrapped[wrapped]

    @staticmethod
    def _call(request: Callable[[], _T]) -> _T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return request()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise PermanentError(
                f"KMS refuses to use the key: {code}; check the function's role and the key"
            ) from error
        except BotoCoreError as error:
            raise UnreachableError(f"KMS can't be reached: {type(error).__name__}") from error


def seal(key: DataKey, plain: bytes, context: str) -> str:
    """Base64 of nonce and sealed bytes; `context` names the place that the value belongs to."""
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(key.plain).encrypt(nonce, plain, context.encode())).decode()


def open_sealed(key: DataKey, sealed: str, context: str) -> bytes:
    """The inverse of `seal`. Raises `DecryptError` for anything that was changed, moved or sealed by another key."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(key.plain).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
    except InvalidTag as error:
        raise DecryptError("the sealed value was changed or belongs to another place", subject=context) from error
