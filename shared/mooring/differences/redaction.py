"""Replace what must not be read by a short keyed hash that still tells two values apart.

A Secret is recognised by its kind wherever it stands: as an object, in a List, or inside another object that carries
manifests. Its `data` and `stringData` are replaced value by value (the names stay), and of its annotations those that
look like a copy of an object. So are all fields of an object that says that it holds secrets (`mooring.dev/hidden`),
its labels and annotations included. Copies that `kubectl apply` leaves behind are taken out everywhere. The hash is an
HMAC-SHA256 (RFC 2104) with a key of the installation, cut to eight digits, so that no short password can be found by
trying.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

from mooring.model.objects import canonical_json
from mooring.secrets.digests import HIDDEN_ANNOTATION, is_hidden

__all__ = ["hashed", "redacted"]

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_FIELDS: Final = ("data", "stringData")
# Longer than any setting that people write, as long as copies of objects are.
_LONG: Final = 256


def redacted(value: Any, secret_key: bytes, *, hidden: bool = False) -> Any:
    """A copy of an object, or of any value that may hold some, without the values of Secrets.

    `stringData` is shown as the `data` that it becomes, so the two compare. `hidden` takes an object for one that says
    that it holds secrets.
    """
    if isinstance(value, list):
        return [redacted(entry, secret_key) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "Secret":
        return _secret(value, secret_key, whole=hidden or is_hidden(value))
    if hidden or is_hidden(value):
        return _hidden(value, secret_key)
    if value.get("kind") == "SecretList" and isinstance(value.get("items"), list):
        items = [
            _secret(item, secret_key, whole=is_hidden(item)) if isinstance(item, dict) else item
            for item in value["items"]
        ]
        return {
            **_fields({name: below for name, below in value.items() if name != "items"}, secret_key),
            "items": items,
        }
    return _fields(value, secret_key)


def hashed(value: Any, secret_key: bytes, *, encoded: bool) -> str:
    """One value as `(hmac:1a2b3c4d, 12 bytes)`; `encoded` for base64, whose content is what counts."""
    content = value.encode() if isinstance(value, str) else canonical_json(value)
    if encoded and isinstance(value, str):
        try:
            content = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            # The API server would refuse it; it is hidden all the same.
            content = b"\0" + content
    return f"(hmac:{hmac.new(secret_key, content, hashlib.sha256).hexdigest()[:8]}, {len(content)} bytes)"


def _fields(value: dict[str, Any], secret_key: bytes) -> dict[str, Any]:
    return {
        name: _metadata(below, secret_key, secret=False) if name == "metadata" else redacted(below, secret_key)
        for name, below in value.items()
    }


def _hidden(value: dict[str, Any], secret_key: bytes) -> dict[str, Any]:
    """An object that says it holds secrets somewhere: all below its fields becomes hashes, field by field."""
    return {
        name: below
        if name in ("apiVersion", "kind")
        else _metadata(_unlabelled(below, secret_key), secret_key, secret=True)
        if name == "metadata"
        else {key: hashed(inner, secret_key, encoded=False) for key, inner in below.items()}
        if isinstance(below, dict)
        else hashed(below, secret_key, encoded=False)
        for name, below in value.items()
    }


def _unlabelled(metadata: Any, secret_key: bytes) -> Any:
    """Metadata with hashes for the values of labels and annotations."""
    if not isinstance(metadata, dict):
        return metadata
    hashes = {
        field: {
            name: text if name == HIDDEN_ANNOTATION else hashed(text, secret_key, encoded=False)
            for name, text in metadata[field].items()
            if name != _LAST_APPLIED
        }
        for field in ("labels", "annotations")
        if isinstance(metadata.get(field), dict)
    }
    return {**metadata, **hashes}


def _secret(value: dict[str, Any], secret_key: bytes, *, whole: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, below in value.items():
        if name == "metadata":
            shown[name] = _metadata(_unlabelled(below, secret_key) if whole else below, secret_key, secret=True)
        elif name not in _SECRET_FIELDS:
            shown[name] = redacted(below, secret_key)
    for name in _SECRET_FIELDS:
        below = value.get(name)
        if isinstance(below, dict):
            hidden = {key: hashed(text, secret_key, encoded=name == "data") for key, text in below.items()}
            shown["data"] = {**shown.get("data", {}), **hidden} if isinstance(shown.get("data", {}), dict) else hidden
        elif below is not None:
            shown[name] = hashed(below, secret_key, encoded=False)
    return shown


def _metadata(value: Any, secret_key: bytes, *, secret: bool) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), dict):
        return redacted(value, secret_key)
    annotations = {
        name: hashed(text, secret_key, encoded=False) if secret and _looks_like_a_copy(text) else text
        for name, text in value["annotations"].items()
        if name != _LAST_APPLIED
    }
    rest = redacted({name: below for name, below in value.items() if name != "annotations"}, secret_key)
    return {**rest, "annotations": annotations} if annotations else rest


def _looks_like_a_copy(text: Any) -> bool:
    return not isinstance(text, str) or len(text) > _LONG or text.lstrip()[:1] in ("{", "[")
