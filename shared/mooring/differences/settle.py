"""Is what remains, when ignored fields are taken out, still drift?

A fingerprint that changed says that somebody touched our fields. Under a rule that may be exactly what the owner
allowed, so the object gets one deep check here, and what it says is remembered by the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mooring.cluster.drift import FieldChange, drifted_fields
from mooring.differences.ignoring import without
from mooring.differences.rules import Rules
from mooring.model.objects import Manifest, canonical_json

__all__ = ["ignored_drift", "settled"]

# What the API server counts, in every object, whether or not anything of ours changed.
_COUNTED: Final = frozenset({"managedFields", "resourceVersion", "generation"})


def ignored_drift(
    desired: Manifest, live: Manifest, rules: Rules, *, hide: Callable[[object], str] | None = None
) -> tuple[FieldChange, ...]:
    """`drifted_fields` of what is compared: empty where the object differs in ignored fields only. Raises as `without`.

    `desired` is the object as it would be applied to a cluster without it; `live` carries its `managedFields`; `hide`
    is as in `drifted_fields`.
    """
    return drifted_fields(without(desired, rules, live=live), without(live, rules), hide=hide)


def settled(tried: Manifest, live: Manifest, rules: Rules) -> bool:
    """Whether the outcome of a dry run is what is live already, ignored fields and the owners of fields aside."""
    return _content(without(tried, rules, live=live)) == _content(without(live, rules))


def _content(manifest: Manifest) -> bytes:
    metadata: dict[str, Any] = {name: value for name, value in manifest["metadata"].items() if name not in _COUNTED}
    rest = {name: value for name, value in manifest.items() if name not in ("metadata", "status")}
    return canonical_json([metadata, rest])
