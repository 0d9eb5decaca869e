"""What is done to values between a provider and a Secret: decoding them, and making keys of their names.

Source of the rules: external-secrets.io, "Decoding Strategies" and "Extracting structured data". No error quotes a
value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from mooring.errors import ConfigurationError
from mooring.model.externalsecret import Conversion, Decoding
from mooring.secrets.external.jsonpaths import find_property, members, text_of

__all__ = ["check_keys", "convert_keys", "decode", "extract", "fields_of", "is_key", "property_of"]

_NOT_IN_KEYS = re.compile(r"[^-._a-zA-Z0-9]")


def property_of(value: bytes, path: str, key: str) -> bytes:
    """One property of a JSON value; the value itself without a path. Raises `ConfigurationError`."""
    if not path:
        return value
    try:
        found = find_property(value.decode(), path)
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise ConfigurationError(f"the secret {key!r} has no property {path!r}", field="property")
    return found.encode()


def fields_of(value: bytes, key: str) -> dict[str, str]:
    """The fields of a JSON object as they are spelled. Raises `ConfigurationError` where the value is none."""
    try:
        found = members(value.decode())
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise ConfigurationError(
            f"the secret {key!r} holds no JSON object: take its whole value with data instead", field="extract"
        )
    return found


def extract(value: bytes, key: str) -> dict[str, bytes]:
    """The fields of a JSON object, each as bytes. Raises `ConfigurationError` where the value is none."""
    return {
        name: (text_of(raw) if raw.startswith('"') else raw).encode() for name, raw in fields_of(value, key).items()
    }


def convert_keys(keys: Mapping[str, bytes], conversion: Conversion) -> dict[str, bytes]:
    """Keys that a Secret may have: other characters become `_`, or `_U0040_` by their code point.

    Raises `ConfigurationError` where two of them become the same.
    """

    def convert(found: re.Match[str]) -> str:
        return "_" if conversion == "Default" else f"_U{ord(found[0]):04x}_"

    converted: dict[str, bytes] = {}
    for key, value in keys.items():
        name = _NOT_IN_KEYS.sub(convert, key)
        if name in converted:
            raise ConfigurationError(
                f"two of the keys become {name!r}: rewrite them, or choose conversionStrategy Unicode",
                field="conversionStrategy",
            )
        converted[name] = value
    return converted


def is_key(key: str) -> bool:
    """Whether a Secret may have such a key (Kubernetes, "Secrets", "Constraints on names")."""
    return bool(key) and len(key) <= 253 and key not in (".", "..") and not _NOT_IN_KEYS.search(key)


def check_keys(keys: Mapping[str, bytes]) -> None:
    """Raises `ConfigurationError` for a key that no Secret may have."""
    for key in keys:
        if not is_key(key):
            raise ConfigurationError(
                f"{key!r} can't be a key of a Secret: letters, digits, '-', '_' and '.' are allowed; rewrite it",
                field="rewrite",
            )


def decode(value: bytes, strategy: Decoding, key: str) -> bytes:
    """A value decoded; Auto leaves what is not base64 as it is. Raises `ConfigurationError` where it doesn't decode."""
    match strategy:
        case "None":
            return value
        case "Base64":
            found = _decoded(value, url=False)
        case "Base64URL":
            found = _decoded(value, url=True)
        case "Auto":
            found = _decoded(value, url=False)
            found = _decoded(value, url=True) if found is None else found
            return value if found is None else found
    if found is None:
        raise ConfigurationError(f"the value of {key!r} is not {strategy}", field="decodingStrategy")
    return found


def _decoded(value: bytes, *, url: bool) -> bytes | None:
    packed = value.translate(None, b"\r\n")
    if url:
        if b"+" in packed or b"/" in packed:
            return None
        packed = packed.translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return None
