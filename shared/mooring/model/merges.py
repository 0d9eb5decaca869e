"""Some keys of a Secret that somebody else makes: how such a part is named, and by which field manager it is written.

An ExternalSecret with `creationPolicy: Merge` adds keys to a Secret that is there already. What Mooring remembers and
plans is not that Secret, which may be another application's or a person's, but the part that it adds: an object of its
own with the name `secret~externalsecret`, which no object of a cluster can have. Several ExternalSecrets may add to one
Secret, also to one that the same application makes.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value

__all__ = ["MERGE_MANAGERS", "Merge", "merge_key", "merge_manager", "merge_of"]

MERGE_MANAGERS: Final = "mooring:"
"""What the field managers of all merged parts begin with."""

_BETWEEN: Final = "~"
_LONGEST: Final = 128  # characters of a field manager (Kubernetes documentation, "Server-Side Apply")


class Merge(NamedTuple):
    """The Secret that keys are added to, and the name of the ExternalSecret that they come from."""

    secret: ObjectKey
    source: str


def merge_key(namespace: str, secret: str, source: str) -> ObjectKey:
    """The part of a Secret that an ExternalSecret of its namespace adds."""
    return ObjectKey("", "Secret", namespace, f"{secret}{_BETWEEN}{source}")


def merge_of(key: ObjectKey) -> Merge | None:
    """What `merge_key` was made of; None for an object of a cluster."""
    if (key.group, key.kind) != ("", "Secret"):
        return None
    secret, between, source = key.name.partition(_BETWEEN)
    return Merge(ObjectKey("", "Secret", key.namespace, secret), source) if between else None


def merge_manager(app: AppKey, source: str) -> str:
    """The field manager of what one ExternalSecret of an application adds, the same for ever."""
    lead = f"{MERGE_MANAGERS}{tracking_value(app)}:"
    plain = lead + source
    return plain if len(plain) <= _LONGEST else lead + hashlib.sha256(source.encode()).hexdigest()[:32]
