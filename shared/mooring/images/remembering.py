"""What tags led to, kept between invocations: when an image was built and for which platforms never changes.

A repository's facts are one object in the bundles' bucket, named after the repository: one read where a strategy needs
them, one write where there is something new, and none for anybody else. That a tag still leads to the same image is
taken for granted, as Image Updater takes it for every strategy but `digest` ("Mutable vs immutable tags"); the chosen
tag is looked at again before anybody is moved to it. What is lost here is read from the registry again.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["BucketMemory", "Facts", "Memory", "ProcessMemory"]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tag led to: the digest, when the image was built (seconds since the epoch), and its platforms."""

    digest: str
    created: float
    platforms: tuple[str, ...]


class Memory(Protocol):
    """Keeps facts by repository."""

    def load(self, repository: str) -> dict[str, Facts]:
        """What is known, by tag; empty where nothing is, or where it can't be read."""
        ...

    def save(self, repository: str, facts: Mapping[str, Facts]) -> None:
        """Keeps it in the place of what was known."""
        ...


class ProcessMemory:
    """A `Memory` that lasts as long as the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, Facts]] = {}

    def load(self, repository: str) -> dict[str, Facts]:
        """What is known, by tag."""
        with self._lock:
            return dict(self._kept.get(repository, {}))

    def save(self, repository: str, facts: Mapping[str, Facts]) -> None:
        """Keeps it."""
        with self._lock:
            self._kept[repository] = dict(facts)


class BucketMemory:
    """A `Memory` in S3, below `images/`. Neither reading nor writing ever fails a run: it is only slower without."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def load(self, repository: str) -> dict[str, Facts]:
        """What is known, by tag; empty where there is none, or damaged."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            data = self._client.get_object(Bucket=self._bucket, Key=_key(repository))["Body"].read()
            return _decode(repository, data)
        except (ClientError, BotoCoreError, ValueError, KeyError, TypeError, zlib.error):
            return {}

    def save(self, repository: str, facts: Mapping[str, Facts]) -> None:
        """Keeps it; of two functions at once the later one wins, and the other's facts are read again one day."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.put_object(Bucket=self._bucket, Key=_key(repository), Body=_encode(repository, facts))
        except (ClientError, BotoCoreError):
            return


def _key(repository: str) -> str:
    return f"images/{hashlib.sha256(repository.encode()).hexdigest()[:32]}.json.z"


def _encode(repository: str, facts: Mapping[str, Facts]) -> bytes:
    tags = {tag: [each.digest, each.created, list(each.platforms)] for tag, each in facts.items()}
    return zlib.compress(orjson.dumps({"format": _FORMAT, "repository": repository, "tags": tags}))


def _decode(repository: str, data: bytes) -> dict[str, Facts]:
    kept: dict[str, Any] = orjson.loads(zlib.decompress(data))
    if (kept["format"], kept["repository"]) != (_FORMAT, repository):
        return {}
    return {
        tag: Facts(str(digest), float(created), tuple(platforms))
        for tag, (digest, created, platforms) in kept["tags"].items()
    }
