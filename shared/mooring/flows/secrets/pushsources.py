"""Where the values of PushSecrets come from: Secrets of the application as it was just opened, else of the cluster.

A sync can read more of a cluster than the author of an application may. So PushSecrets have to be in a namespace where
the project lets the application live: what is there its author could read anyway.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping

import orjson

from mooring.errors import ConfigurationError
from mooring.flows.rules.permitting import permit_reading
from mooring.flows.secrets.opening import Context
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.pushsecret import PushDatum, PushSecret, reverse_key

__all__ = ["PushedSecrets", "data_of", "value_of"]


class PushedSecrets:
    """The Secrets that may be pushed."""

    def __init__(self, context: Context, manifests: Iterable[Manifest]) -> None:
        self._context = context
        self._own: dict[tuple[str, str], Manifest] = {}
        for each in manifests:
            if (each["apiVersion"], each["kind"]) == ("v1", "Secret"):
                metadata = each["metadata"]
                self._own[metadata.get("namespace") or context.namespace, str(metadata.get("name"))] = each

    def values(self, push: PushSecret) -> Mapping[str, bytes]:
        """The values of the Secret that a PushSecret selects. Raises `MooringError`."""
        permit_reading(self._context.project, self._context.target.cluster, push.namespace)
        if push.selector is None:
            return data_of(self._own.get((push.namespace, push.secret)) or self._live(push))
        fitting = [
            each
            for (namespace, _), each in self._own.items()
            if namespace == push.namespace and push.selector.matches(each["metadata"].get("labels") or {})
        ]
        if len(fitting) != 1:
            raise ConfigurationError(
                f"must fit exactly one Secret of the application's manifests, and fits {len(fitting)}",
                field="spec.selector.secret.selector",
            )
        return data_of(fitting[0])

    def _live(self, push: PushSecret) -> Manifest:
        found = self._context.target.get(ObjectKey("", "Secret", push.namespace, push.secret))
        if found is None or found.live is None:
            raise ConfigurationError(
                f"there is no Secret {push.namespace}/{push.secret}: neither among the application's manifests nor (by "
                "now) in the cluster",
                field="spec.selector.secret.name",
            )
        return found.live


def data_of(secret: Manifest) -> dict[str, bytes]:
    """The values of a Secret. Raises `ConfigurationError`."""
    try:
        data = {str(key): base64.b64decode(value, validate=True) for key, value in (secret.get("data") or {}).items()}
    except (binascii.Error, ValueError, TypeError):
        name = secret["metadata"].get("name")
        raise ConfigurationError(f"the Secret {name} has a value that is not base64", field="spec.selector") from None
    return data | {str(key): str(text).encode() for key, text in (secret.get("stringData") or {}).items()}


def value_of(datum: PushDatum, values: Mapping[str, bytes]) -> bytes:
    """What one entry of a PushSecret's data means. Raises `ConfigurationError`."""
    keys = {reverse_key(key): value for key, value in values.items()} if datum.reverse else dict(values)
    if datum.key:
        if datum.key not in keys:
            raise ConfigurationError(f"the Secret has no key {datum.key!r}", field=f"{datum.field}.match.secretKey")
        return keys[datum.key]
    try:
        return orjson.dumps({key: value.decode() for key, value in keys.items()}, option=orjson.OPT_SORT_KEYS)
    except UnicodeDecodeError:
        raise ConfigurationError(
            "must name a key: the Secret holds a value that is not text (UTF-8)", field=f"{datum.field}.match.secretKey"
        ) from None
