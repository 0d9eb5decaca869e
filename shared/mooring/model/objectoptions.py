"""What single objects ask of a sync in their annotations, on top of what their application asks for all of them.

`argocd.argoproj.io/sync-options` and `compare-options` are lists with commas; white space around an entry means
nothing, and a later entry wins. An object always wins over its application (Argo CD, "Sync Options" and "Compare
Options"). What nobody knows is a warning and changes nothing; nothing here ever raises, because the same annotations
are read from live objects that anybody may have written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from mooring.model.objects import Manifest

__all__ = ["BOOLEANS", "CHOICES", "SYNC_OPTIONS", "Choice", "ObjectOptions", "read_object_options", "set_option"]

Choice: TypeAlias = Literal["", "true", "false", "confirm"]

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
IGNORE_HEALTH = "argocd.argoproj.io/ignore-healthcheck"
RESOURCE_POLICY = "helm.sh/resource-policy"


@dataclass(frozen=True, slots=True)
class ObjectOptions:
    """What holds for one object. `prune` and `delete` are empty where nobody said anything.

    `keep` is Helm's resource policy; `warnings` say what could not be understood.
    """

    prune: Choice = ""
    delete: Choice = ""
    validate: bool = True
    replace: bool = False
    force: bool = False
    prune_last: bool = False
    ignore_extraneous: bool = False
    ignore_health: bool = False
    keep: bool = False
    warnings: tuple[str, ...] = ()


CHOICES = {"Prune": "prune", "Delete": "delete"}
BOOLEANS = {"Validate": "validate", "Replace": "replace", "Force": "force", "PruneLast": "prune_last"}
_CHOSEN: dict[str, Choice] = {"true": "true", "false": "false", "confirm": "confirm"}
# Server-side apply is the only way to apply here, there is no dry run to skip, and only what changed is ever applied.
_NO_MATTER = frozenset({"ServerSideApply", "SkipDryRunOnMissingResource", "ApplyOutOfSyncOnly"})
# `IncludeMutationWebhook` is about Argo CD's own server-side diff; here webhooks are always in (docs/differences.md).
_COMPARE_NO_MATTER = frozenset(
    {"ServerSideDiff=true", "ServerSideDiff=false", "IncludeMutationWebhook=true", "IncludeMutationWebhook=false"}
)


def set_option(options: ObjectOptions, name: str, value: str) -> ObjectOptions | None:
    """The options with one more of them set; None where the name is unknown or the value is none that it takes."""
    change: dict[str, Any] = {}
    if name in CHOICES and value in _CHOSEN:
        change[CHOICES[name]] = _CHOSEN[value]
    elif name in BOOLEANS and value in ("true", "false"):
        change[BOOLEANS[name]] = value == "true"
    elif name not in _NO_MATTER or value not in ("true", "false"):
        return None
    return replace(options, **change)


def read_object_options(manifest: Manifest, defaults: ObjectOptions) -> ObjectOptions:
    """What holds for an object (`manifest` as rendered, or live) of an application whose options are `defaults`."""
    annotations: Any = manifest["metadata"].get("annotations")
    if not annotations:
        return defaults
    options, warnings = defaults, []
    for entry in _entries(annotations.get(SYNC_OPTIONS)):
        name, _, value = entry.partition("=")
        changed = set_option(options, name, value)
        if changed is None:
            warnings.append(f"{SYNC_OPTIONS}: unknown option {entry!r}, ignored")
        else:
            options = changed
    for entry in _entries(annotations.get(COMPARE_OPTIONS)):
        if entry == "IgnoreExtraneous":
            options = replace(options, ignore_extraneous=True)
        elif entry not in _COMPARE_NO_MATTER:
            warnings.append(f"{COMPARE_OPTIONS}: unknown option {entry!r}, ignored")
    ignore_health = annotations.get(IGNORE_HEALTH) == "true"
    keep = annotations.get(RESOURCE_POLICY) == "keep"
    if not (ignore_health or keep or warnings):
        return options
    return replace(options, ignore_health=ignore_health, keep=keep, warnings=tuple(warnings))


def _entries(value: object) -> list[str]:
    return [entry.strip() for entry in value.split(",") if entry.strip()] if isinstance(value, str) else []
