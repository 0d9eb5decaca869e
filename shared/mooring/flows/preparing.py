"""From a rendered object to the one that is sent: its namespace filled in, our label on it, its digest taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mooring.cluster.observe import APP_LABEL
from mooring.errors import RenderError
from mooring.flows.targets import Live
from mooring.model.application import Application
from mooring.model.objectoptions import read_object_options
from mooring.model.objects import Manifest, ObjectKey, digest
from mooring.model.tracking import TRACKING_ANNOTATION, tracking_id, tracking_value
from mooring.plan.hooks import Hook, read_hook
from mooring.plan.order import waves
from mooring.plan.steps import Wanted

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle taken apart: the objects that the application keeps, and the hooks of its syncs."""

    objects: tuple[Wanted, ...]
    hooks: tuple[Hook, ...]


def prepare(bundle: Iterable[Manifest], application: Application, target: Live) -> Prepared:
    """The objects of a bundle as they are to be applied, and its hooks.

    Objects that name no namespace get the destination's; cluster-scoped ones lose theirs, as in Argo CD. Raises
    `RenderError` where two objects turn out to be the same one.
    """
    manifests: list[Manifest] = []
    hooks: list[Hook] = []
    for manifest in bundle:
        hook = read_hook(manifest)
        if hook is None:
            manifests.append(manifest)
        else:
            hooks.append(hook)
    scopes = _scopes([*manifests, *(hook.manifest for hook in hooks)], target)
    label = tracking_value(application.key)
    ready: dict[ObjectKey, Manifest] = {}
    for manifest in manifests:
        placed = _place(manifest, application, namespaced=scopes[_kind(manifest)], label=label)
        key = ObjectKey.of(placed)
        annotations = placed["metadata"].get("annotations") or {}
        placed["metadata"]["annotations"] = annotations | {TRACKING_ANNOTATION: tracking_id(application.key, key)}
        if key in ready:
            raise _twice(key, [each for each in manifests if _is(each, key)], application)
        ready[key] = placed
    wave_of = waves(ready.items())
    options = application.options.objects
    objects = tuple(
        Wanted(key, manifest, digest(manifest), wave_of[key], read_object_options(manifest, options))
        for key, manifest in ready.items()
    )
    placed_hooks = (_placed_hook(hook, application, namespaced=scopes[_kind(hook.manifest)]) for hook in hooks)
    return Prepared(objects, tuple(placed_hooks))


def _is(manifest: Manifest, key: ObjectKey) -> bool:
    named = ObjectKey.of(manifest)
    return (named.group, named.kind, named.name) == (key.group, key.kind, key.name)


def _twice(key: ObjectKey, manifests: list[Manifest], application: Application) -> RenderError:
    """The refusal of two manifests that turn out to be one object, once their namespace is known."""
    said = list(dict.fromkeys(ObjectKey.of(manifest).namespace for manifest in manifests))
    places = " and ".join(f"in namespace {namespace}" if namespace else "without a namespace" for namespace in said)
    if not key.namespace:
        message = f"is rendered twice, {places}, but a {key.kind} lives in no namespace: keep one, or rename one"
        return RenderError(message, field="metadata.namespace", subject=f"{key.kind} {key.name}")
    home = application.destination.namespace
    why = "which the destination names" if home else "since the destination names none"
    message = (
        f"is rendered twice, {places}, which is the same: without a namespace it goes to {key.namespace}, {why}; "
        "keep one, or give one another name or namespace"
    )
    return RenderError(message, field="metadata.namespace", subject=f"{key.kind} {key.namespace}/{key.name}")


def _placed_hook(hook: Hook, application: Application, *, namespaced: bool) -> Hook:
    """The hook in its namespace, by which the plan knows what has to be there before it."""
    metadata = _metadata(hook.manifest, application, namespaced=namespaced)
    return replace(hook, manifest={**hook.manifest, "metadata": metadata})


def _kind(manifest: Manifest) -> tuple[str, str, str]:
    group, _, version = manifest["apiVersion"].rpartition("/")
    return group, manifest["kind"], version


def _scopes(manifests: list[Manifest], target: Live) -> dict[tuple[str, str, str], bool]:
    """Whether each kind lives in namespaces: as served, else as its CRD among the objects says, else yes."""
    declared = {
        (spec.get("group"), (spec.get("names") or {}).get("kind")): spec.get("scope") != "Cluster"
        for manifest in manifests
        if manifest["kind"] == "CustomResourceDefinition" and isinstance(spec := manifest.get("spec"), dict)
    }
    scopes: dict[tuple[str, str, str], bool] = {}
    for kind in {_kind(manifest) for manifest in manifests}:
        by_crd = declared.get(kind[:2])
        served = by_crd if by_crd is not None else target.namespaced(*kind)
        scopes[kind] = True if served is None else served
    return scopes


def _place(manifest: Manifest, application: Application, *, namespaced: bool, label: str) -> Manifest:
    metadata = _metadata(manifest, application, namespaced=namespaced)
    metadata["labels"] = {**(metadata.get("labels") or {}), APP_LABEL: label}
    return {**manifest, "metadata": metadata}


def _metadata(manifest: Manifest, application: Application, *, namespaced: bool) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    if not namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = application.destination.namespace or "default"
    return metadata
