"""Take out of an object what is not compared.

Works on desired and live alike. What a named manager owns is read from the live object and taken out of both. `status`
goes always: it is what controllers report (Argo CD's `ignoreResourceStatusField: all`). What names the object stays,
and so does `managedFields`, which later steps read.
"""

from __future__ import annotations

from mooring.differences.ownership import owned
from mooring.differences.removal import GONE, Removal, add_path, add_pointer, cut, merged, protected
from mooring.differences.rules import Rules
from mooring.model.objects import Manifest

__all__ = ["ignored", "without"]


def without(manifest: Manifest, rules: Rules, *, live: Manifest | None = None) -> Manifest:
    """The object without what the rules ignore: the same one where that is nothing, else a new one that shares parts.

    `live` is the live object where `manifest` is the desired one; it says which fields `managedFieldsManagers` own.
    Raises `ConfigurationError` for a jq expression that doesn't compile or takes too long (Argo CD, "Diff
    Customization").
    """
    removal = ignored(manifest, rules, live=live)
    if removal is None:
        return manifest
    remaining = cut(manifest, removal)
    assert remaining is not GONE
    return remaining  # type: ignore[no-any-return]


def ignored(manifest: Manifest, rules: Rules, *, live: Manifest | None = None) -> Removal | None:
    """The places of the object that the rules ignore; `None` where there are none. Raises as `without`."""
    removal: Removal | None = {"status": {}} if "status" in manifest else None
    matching = rules.about(manifest)
    if not matching:
        return removal
    places: Removal = removal or {}
    for rule in matching:
        for pointer in rule.pointers:
            add_pointer(places, manifest, pointer)
    expressions = [expression for rule in matching for expression in rule.expressions]
    for paths in rules.expressions.paths(expressions, manifest):
        for path in paths:
            add_path(places, manifest, path)
    found: Removal | None = places or None
    managers = frozenset[str]().union(*(rule.managers for rule in matching))
    if managers:
        for entry in ((live or manifest).get("metadata") or {}).get("managedFields") or ():
            if entry.get("manager") in managers:
                found = merged(found, owned(manifest, entry.get("fieldsV1") or {}) or None)
    return protected(found, manifest) if found else None
