"""Hooks: objects that run at a time of the sync instead of belonging to what the application keeps in the cluster.

A hook names its phases in `argocd.argoproj.io/hook`; Helm's hooks are read as the phases that Argo CD maps them to
(Argo CD, "Resource Hooks" and "Helm", Helm Hooks). `Skip`, Helm's tests and rollback hooks, and names that nobody
knows have no phase: such an object is never applied. Helm 2's `crd-install` is no hook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from mooring.errors import RenderError
from mooring.model.objects import Manifest
from mooring.plan.order import declared_wave, kind_rank

__all__ = ["DeletePolicy", "Hook", "Phase", "in_phase", "read_hook"]

Phase: TypeAlias = Literal["PreSync", "Sync", "PostSync", "SyncFail", "PreDelete", "PostDelete"]
DeletePolicy: TypeAlias = Literal["BeforeHookCreation", "HookSucceeded", "HookFailed"]

HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
HELM_HOOK = "helm.sh/hook"
HELM_POLICY = "helm.sh/hook-delete-policy"

_HELM_PHASES: dict[str, Phase] = {
    "pre-install": "PreSync",
    "pre-upgrade": "PreSync",
    "post-install": "PostSync",
    "post-upgrade": "PostSync",
    "pre-delete": "PreDelete",
    "post-delete": "PostDelete",
}
_HELM_POLICIES: dict[str, DeletePolicy] = {
    "before-hook-creation": "BeforeHookCreation",
    "hook-succeeded": "HookSucceeded",
    "hook-failed": "HookFailed",
}
_DEFAULT_POLICIES: frozenset[DeletePolicy] = frozenset({"BeforeHookCreation"})


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook; without phases it never runs. `manifest` may have a `generateName` instead of a name."""

    manifest: Manifest = field(repr=False)
    phases: tuple[Phase, ...]
    wave: int
    policies: frozenset[DeletePolicy]

    @property
    def sort_key(self) -> tuple[int, int, str, str]:
        """By wave, kind and name, as objects are."""
        kind, metadata = self.manifest["kind"], self.manifest["metadata"]
        return self.wave, kind_rank(kind), metadata.get("name") or metadata.get("generateName", ""), kind


def read_hook(manifest: Manifest) -> Hook | None:
    """The hook that a manifest is, or None for an ordinary object. Raises `RenderError` for a weight that is no
    number.
    """
    annotations = manifest["metadata"].get("annotations") or {}
    phases: tuple[Phase, ...]
    if HOOK in annotations:
        named = _words(annotations[HOOK])
        phases = () if "Skip" in named else tuple(phase for phase in get_args(Phase) if phase in named)
    elif HELM_HOOK in annotations:
        named = _words(annotations[HELM_HOOK])
        if named == {"crd-install"}:
            return None
        phases = tuple(dict.fromkeys(phase for name, phase in _HELM_PHASES.items() if name in named))
    else:
        return None
    return Hook(manifest, phases, declared_wave(manifest), _policies(annotations) or _DEFAULT_POLICIES)


def _policies(annotations: Mapping[str, object]) -> frozenset[DeletePolicy]:
    """Those of both annotations, whichever of them made it a hook (gitops-engine, `hook.DeletePolicies`)."""
    named, helm = (_words(annotations.get(name, "")) for name in (POLICY, HELM_POLICY))
    argo: set[DeletePolicy] = {policy for policy in get_args(DeletePolicy) if policy in named}
    return frozenset(argo | {policy for name, policy in _HELM_POLICIES.items() if name in helm})


def _words(value: object) -> set[str]:
    if not isinstance(value, str):
        raise RenderError("a hook annotation must be a string", field="metadata.annotations")
    return {word.strip() for word in value.split(",") if word.strip()}


def in_phase(hooks: Iterable[Hook], phase: Phase) -> list[Hook]:
    """The hooks of a phase, in the order of their waves."""
    return sorted((hook for hook in hooks if phase in hook.phases), key=lambda hook: hook.sort_key)
