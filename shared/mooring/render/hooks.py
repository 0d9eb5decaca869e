"""Which manifests are hooks, and what becomes of them while phases don't exist.

A hook is not part of what an application keeps in the cluster: it runs once at its time, so it must never be applied
like the rest. Hooks that Argo CD itself never runs in a sync are left out; every other one refuses the render, because
leaving out a migration in silence does more harm than a sync that says why it didn't happen. Whose annotation counts,
and that Helm 2's `crd-install` is no hook, is Argo CD's rule ("Resource Hooks"; "Helm", Helm Hooks).
"""

from __future__ import annotations

from typing import Final

from mooring.errors import RenderError
from mooring.model.objects import Manifest

__all__ = ["is_left_out"]

_ARGO: Final = "argocd.argoproj.io/hook"
_HELM: Final = "helm.sh/hook"
_NEVER_RUN: Final = {
    _ARGO: {"Skip"},
    _HELM: {"test", "test-success", "test-failure", "pre-rollback", "post-rollback"},
}


def is_left_out(where: str, manifest: Manifest) -> bool:
    """Whether a manifest is a hook that never runs; `where` is the place it was found at.

    Raises `RenderError`, naming place, object and annotation, for a hook that would have to run.
    """
    annotations = manifest["metadata"].get("annotations") or {}
    annotation = _ARGO if _ARGO in annotations else _HELM
    if annotation not in annotations:
        return False
    value = str(annotations[annotation])
    times = {time.strip() for time in value.split(",")}
    if annotation == _HELM and times == {"crd-install"}:
        return False
    if times <= _NEVER_RUN[annotation]:
        return True
    metadata = manifest["metadata"]
    name = metadata.get("name") or metadata.get("generateName")
    raise RenderError(
        f"{where}: metadata.annotations[{annotation}]: {manifest['kind']} {name} is a hook ({value}), and Mooring does "
        f"not run hooks yet: set {_ARGO} to Skip to sync without it, or remove the annotation if it is to be applied "
        "like every other object"
    )
