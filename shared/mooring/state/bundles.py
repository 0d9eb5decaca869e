"""Bundles: what a render produced, kept for ever under the digest of its content.

A bundle is one compressed JSON file. Its name is the digest of the rendered objects (see `secrets.digests`), so the
same render is stored once and a bundle never changes. Every `Secret` in it, every object that carries one, and every
object of a render that opened SOPS files is sealed with a KMS data key (see `secrets.envelope`): neither the bucket nor
the name reveals any.
Rendering and syncing need different rights, and this file is all that passes between them.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mooring.errors import PermanentError, UnreachableError
from mooring.model.objects import Manifest, canonical_json
from mooring.secrets.digests import Digests, is_secret
from mooring.secrets.envelope import KeyService, open_sealed, seal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Bundles"]

_T = TypeVar("_T")

_FORMAT = 1
_KEPT = 16 * 1024 * 1024  # bytes of bundles remembered by a warm process


class Bundles:
    """The bundles of one installation, in one bucket."""

    def __init__(self, client: S3Client, bucket: str, keys: KeyService, digests: Digests) -> None:
        self.digests = digests
        self._client = client
        self._bucket = bucket
        self._keys = keys
        self._warm: OrderedDict[str, bytes] = OrderedDict()

    def save(self, objects: tuple[Manifest, ...], *, all_sealed: bool = False) -> str:
        """Stores a bundle and returns its digest; `all_sealed` says that any object may hold a secret.

        Raises `UnreachableError` or `PermanentError`.
        """
        secret = [all_sealed or is_secret(manifest) for manifest in objects]
        name = self.digests.of_bundle(objects, keyed=any(secret))
        data = self._encode(name, objects, secret)
        self._call(
            lambda: self._client.put_object(
                Bucket=self._bucket, Key=_path(name), Body=data, ContentType="application/json"
            )
        )
        return name

    def load(self, name: str) -> tuple[Manifest, ...]:
        """The objects of a bundle, in their order. Raises `PermanentError` where it is missing or damaged."""
        data = self._warm.get(name)
        if data is None:
            data = self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=_path(name))["Body"].read())
            self._remember(name, data)
        objects, keyed = self._decode(name, data)
        if self.digests.of_bundle(objects, keyed=keyed) != name:
            raise PermanentError(
                "the bundle's content does not fit its name; render the application again", subject=name
            )
        return objects

    def plain(self, name: str) -> tuple[Manifest, ...]:
        """The objects of a bundle that are not sealed, for whoever must not see the others. Raises as `load` does."""
        data = self._warm.get(name)
        if data is None:
            data = self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=_path(name))["Body"].read())
            self._remember(name, data)
        return tuple(row for row in orjson.loads(zlib.decompress(data))["objects"] if "sealed" not in row)

    def _remember(self, name: str, data: bytes) -> None:
        self._warm[name] = data
        while len(self._warm) > 1 and sum(map(len, self._warm.values())) > _KEPT:
            self._warm.popitem(last=False)

    def _encode(self, name: str, objects: tuple[Manifest, ...], secret: list[bool]) -> bytes:
        key = self._keys.new() if any(secret) else None
        rows: list[Any] = []
        for index, manifest in enumerate(objects):
            if key is None or not secret[index]:
                rows.append(manifest)
            else:
                rows.append({"sealed": seal(key, canonical_json(manifest), f"{name}/{index}")})
        body = {"format": _FORMAT, "key": None if key is None else key.wrapped, "objects": rows}
        return zlib.compress(orjson.dumps(body), 6)

    def _decode(self, name: str, data: bytes) -> tuple[tuple[Manifest, ...], bool]:
        """The objects, and whether any was sealed."""
        body = orjson.loads(zlib.decompress(data))
        if body["format"] != _FORMAT:
            raise PermanentError(f"the bundle has format {body['format']}; render the application again", subject=name)
        if body["key"] is None:
            return tuple(body["objects"]), False
        key = self._keys.unwrap(body["key"])
        objects = tuple(
            row if "sealed" not in row else orjson.loads(open_sealed(key, row["sealed"], f"{name}/{index}"))
            for index, row in enumerate(body["objects"])
        )
        return objects, True

    def _call(self, request: Callable[[], _T]) -> _T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return request()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("SlowDown", "InternalError", "ServiceUnavailable", "503", "500"):
                raise UnreachableError(f"S3 can't serve the bundle now ({code})") from error
            raise PermanentError(f"S3 refuses the bundle ({code}); check the function's role and the bucket") from error
        except BotoCoreError as error:
            raise UnreachableError(f"S3 can't be reached: {type(error).__name__}") from error


def _path(name: str) -> str:
    return f"bundles/{name[:2]}/{name}"
