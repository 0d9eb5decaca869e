"""Canaries: values that must be nowhere but in the cluster's Secrets, and a search for them in all that is kept.

A value is looked for as it is, in base64 (wherever it may begin in what was encoded), in hexadecimal, as the digests
that are made without a key, and inside everything that can be decompressed, also where that stands in base64 in the
middle of something. What is searched is handed over as named blobs; `kept` gathers those of a `World`.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tests.doubles.installation import World

__all__ = ["kept", "leaks", "spellings"]

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_PLAIN = bytes.maketrans(b"-_", b"+/")
_COMPRESSED = (b"\x78", b"\x1f")  # zlib and gzip


def spellings(value: str) -> dict[str, bytes]:
    """How a value may stand in something, by the name of the spelling."""
    raw = value.encode()
    found = {
        "plain": raw,
        "quoted": quote(value).encode(),
        "hexadecimal": raw.hex().encode(),
        "sha256": hashlib.sha256(raw).hexdigest().encode(),
        "raw sha256": hashlib.sha256(raw).digest(),
        "sha1": hashlib.sha1(raw, usedforsecurity=False).hexdigest().encode(),
        "md5": hashlib.md5(raw, usedforsecurity=False).hexdigest().encode(),
    }
    for shift in range(3):
        # Only the characters that no neighbour of the value has a part in.
        encoded = base64.b64encode(bytes(shift) + raw)
        inner = encoded[(shift * 8 + 5) // 6 :]
        whole = len(inner) if (len(raw) + shift) % 3 == 0 else len(inner.rstrip(b"=")) - 1
        found[f"base64 at {shift}"] = inner[:whole]
        found[f"base64url at {shift}"] = inner[:whole].replace(b"+", b"-").replace(b"/", b"_")
    # Base64 twice, as a Secret's data inside something that is encoded again.
    found["base64 twice"] = base64.b64encode(base64.b64encode(raw))[: len(raw)]
    return found


def leaks(blobs: Mapping[str, bytes], values: Iterable[str]) -> list[str]:
    """Where any of the values is to be read: name of the blob, and how."""
    wanted = {value: spellings(value) for value in values}
    return [
        f"{name}: {value} ({how})"
        for name, blob in blobs.items()
        for layer in _layers(blob)
        for value, ways in wanted.items()
        for how, spelling in ways.items()
        if spelling in layer
    ]


def kept(world: World) -> dict[str, bytes]:
    """Everything that an installation of tests keeps: the items of its table, its bucket, its messages."""
    blobs: dict[str, bytes] = {}
    client: Any = world.table._client
    for page in client.get_paginator("scan").paginate(TableName=world.table.name):
        for item in page["Items"]:
            place = f"{item['pk']['S']} {item['sk']['S']}"
            for attribute, typed in item.items():
                (value,) = typed.values()
                blobs[f"table {place} {attribute}"] = value if isinstance(value, bytes) else str(value).encode()
    bucket: Any = world.bundles._client
    for page in bucket.get_paginator("list_objects_v2").paginate(Bucket=world.bundles._bucket):
        for each in page.get("Contents", ()):
            body = bucket.get_object(Bucket=world.bundles._bucket, Key=each["Key"])["Body"].read()
            blobs[f"bucket {each['Key']}"] = each["Key"].encode() + b"\n" + body
    blobs["queues"] = repr(vars(world.queues)).encode()
    return blobs


def _layers(blob: bytes, depth: int = 3) -> Iterator[bytes]:
    """The blob, and what it is compressed from; names may stand before it on a line of their own."""
    yield blob
    for opened in (zlib.decompress, gzip.decompress, lambda data: zlib.decompress(data, -15)):
        for start in {0, blob.find(b"\n") + 1}:
            try:
                inner = opened(blob[start:])
            except (zlib.error, OSError, EOFError):
                continue
            if inner and depth:
                yield from _layers(inner, depth - 1)
    for run in set(_RUN.findall(blob)) if depth else ():
        with contextlib.suppress(ValueError):
            inner = base64.b64decode(run.translate(_PLAIN) + b"=" * (-len(run) % 4))
            if inner[:1] in _COMPRESSED:
                yield from _layers(inner, depth - 1)
