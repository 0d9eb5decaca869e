"""How an object says which application it belongs to: one label, whose value fits the 63 characters of label values."""

from __future__ import annotations

import hashlib

from mooring.model.application import AppKey

__all__ = ["tracking_value"]

_LONGEST = 63  # characters (Kubernetes documentation, "Labels and Selectors")


def tracking_value(app: AppKey) -> str:
    """`namespace.name`, which is unique since namespaces have no dots; long names are cut and carry a hash."""
    plain = f"{app.namespace}.{app.name}"
    if len(plain) <= _LONGEST:
        return plain
    hashed = hashlib.sha256(plain.encode()).hexdigest()[:16]
    return f"{app.name[: _LONGEST - 17].rstrip('-.')}-{hashed}"
