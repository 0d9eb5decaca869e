"""Settings as they are handed in: a whole ConfigMap of a known name, or only its data.

What the keys mean is for whoever reads them; here is only what holds for every ConfigMap.
"""

from __future__ import annotations

from mooring.errors import ConfigurationError

__all__ = ["configmap_data"]


def configmap_data(document: object, expected: str) -> dict[str, str]:
    """The data of the ConfigMap `expected`, or of a document that is such data itself.

    Raises `ConfigurationError` naming the field that is none of a ConfigMap, or another's.
    """
    if not isinstance(document, dict):
        raise ConfigurationError(f"must be a ConfigMap {expected} or its data", field="settings")
    data = document
    if "kind" in document or "data" in document:
        if document.get("kind", "ConfigMap") != "ConfigMap":
            raise ConfigurationError(f"must be ConfigMap, not {document['kind']!r}", field="kind")
        metadata = document.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise ConfigurationError("must be a mapping", field="metadata")
        name = metadata.get("name", expected)
        if name != expected:
            raise ConfigurationError(f"must be {expected}, not {name!r}", field="metadata.name")
        data = document.get("data") or {}
    if not isinstance(data, dict):
        raise ConfigurationError("must be a mapping", field="data")
    for key, value in data.items():
        if not isinstance(value, str):
            raise ConfigurationError("must be text, as everything in a ConfigMap is", field=f"data[{key}]")
    return data
