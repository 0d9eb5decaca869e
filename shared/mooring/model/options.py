"""`syncOptions` (Argo CD, "Sync Options"): what can be honoured, what is so anyway, and what must be refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mooring.model.fields import Fields

__all__ = ["Propagation", "SyncOptions", "read_options"]

Propagation: TypeAlias = Literal["Foreground", "Background", "Orphan"]


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """The options that change what a sync does."""

    create_namespace: bool = False
    propagation: Propagation = "Foreground"
    respect_ignore_differences: bool = False


_ALWAYS_SO = {"ServerSideApply=true", "ApplyOutOfSyncOnly=true", "PruneLast=true", "Validate=true"}
_DEFAULTS = {
    "ServerSideApply=false", "ApplyOutOfSyncOnly=false", "PruneLast=false", "Replace=false", "Force=false",
    "FailOnSharedResource=false", "SkipDryRunOnMissingResource=true",
    "SkipDryRunOnMissingResource=false",
}  # fmt: skip
_NOT_YET = {
    "Validate", "Replace", "Force", "FailOnSharedResource", "Prune", "Delete",
    "ClientSideApplyMigration",
}  # fmt: skip
_PROPAGATION: dict[str, Propagation] = {
    "foreground": "Foreground",
    "background": "Background",
    "orphan": "Orphan",
}


def read_options(policy: Fields) -> SyncOptions:
    """`syncOptions` (Argo CD, "Sync Options"): what Mooring always does anyway is accepted as it stands."""
    create, propagation, respect = False, SyncOptions().propagation, False
    for index, option in enumerate(policy.texts("syncOptions")):
        name, _, value = option.partition("=")
        at = f"syncOptions[{index}]"
        if name == "CreateNamespace":
            if value not in ("true", "false"):
                raise policy.error(at, "must be CreateNamespace=true or CreateNamespace=false")
            create = value == "true"
        elif name == "PrunePropagationPolicy":
            if value not in _PROPAGATION:
                raise policy.error(at, "must be PrunePropagationPolicy=foreground, background or orphan")
            propagation = _PROPAGATION[value]
        elif name == "RespectIgnoreDifferences":
            if value not in ("true", "false"):
                raise policy.error(at, "must be RespectIgnoreDifferences=true or RespectIgnoreDifferences=false")
            respect = value == "true"
        elif option in _ALWAYS_SO or option in _DEFAULTS:
            continue
        elif name in _NOT_YET:
            raise policy.error(at, f"{option} is an option of Argo CD that Mooring does not support yet; remove it")
        else:
            policy.warnings.append(f"spec.syncPolicy.{at}: unknown option {option!r}, ignored")
    return SyncOptions(create, propagation, respect)
