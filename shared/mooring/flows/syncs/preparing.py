"""From a rendered object to the one that is sent: its namespace filled in, our label on it, its digest taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mooring.cluster.observe import APP_LABEL
from mooring.errors import RenderError
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.merging import merged_part
from mooring.flows.secrets.opening import NOTHING_OPENED, Origin, Sources, identified
from mooring.flows.secrets.restarting import with_values
from mooring.model.application import Application
from mooring.model.merges import merge_of
from mooring.model.objectoptions import read_object_options
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import TRACKING_ANNOTATION, tracking_id, tracking_value
from mooring.plan.hooks import Hook, read_hook
from mooring.plan.order import waves
from mooring.plan.steps import Wanted

__all__ = ["Prepared", "prepare"]


_TOLD = 5  # objects that a warning names


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle taken apart: the objects that the application keeps, and the hooks of its syncs.

    `repeated` says which objects stood in the bundle more than once, empty where none did; `sources` what became of
    those that had to be opened.
    """

    objects: tuple[Wanted, ...]
    hooks: tuple[Hook, ...]
    repeated: str = ""
    sources: Sources = NOTHING_OPENED


def prepare(
    bundle: Iterable[Manifest],
    application: Application,
    target: Live,
    digest_of: Callable[[Manifest], str],
    origins: Mapping[int, Origin] = MappingProxyType({}),
    sources: Sources = NOTHING_OPENED,
) -> Prepared:
    """The objects of a bundle as they are to be applied, and its hooks.

    Objects that name no namespace get the destination's; cluster-scoped ones lose theirs. Of several that turn out to
    be the same object, the last one counts: the last in its source, and of several sources that of the last (Argo CD,
    "Multiple Sources for an Application"). A hook beside an object of its name is another thing.
    `digest_of` makes digests; `origins` say, by place, which manifests were opened from
    others (`flows.secrets.opening`).
    """
    manifests = list(bundle)
    scopes = _scopes(manifests, target)
    label = tracking_value(application.key)
    ready: dict[ObjectKey, Manifest] = {}
    times: dict[ObjectKey, int] = {}
    hooks: list[Hook] = []
    from_: dict[ObjectKey, Origin | None] = {}
    for place, manifest in enumerate(manifests):
        metadata = _metadata(manifest, application, namespaced=scopes[_kind(manifest)])
        placed = {**manifest, "metadata": metadata}
        if place not in origins and metadata.get("name") and merge_of(ObjectKey.of(placed)) is not None:
            raise RenderError("can't have a '~' in it", field="metadata.name", subject=f"Secret {metadata['name']}")
        hook = read_hook(manifest)
        if hook is not None:
            hooks.append(replace(hook, manifest=placed))
            continue
        key = ObjectKey.of(placed)
        _mark(metadata, application, key, label)
        times[key] = times.get(key, 0) + 1
        ready.pop(key, None)
        ready[key] = placed
        from_[key] = origins.get(place)
    restarting, waiting = with_values(ready, sources.held, digest_of)
    ready |= restarting
    if waiting:
        sources = replace(sources, held=sources.held | waiting)
    added_to = {merge.secret for key in (*ready, *sources.held) if (merge := merge_of(key)) is not None}
    if added_to:  # one that the application made before stays, since somebody counts on it now
        sources = replace(sources, held=sources.held | (added_to - ready.keys()))
    wave_of = waves(ready.items())
    options = application.options.objects
    objects = (
        Wanted(
            key,
            manifest,
            digest_of(manifest) if (origin := from_[key]) is None else identified(origin, application, key),
            wave_of[key],
            read_object_options(manifest, options),
            None if origin is None else origin.source,
        )
        for key, manifest in ready.items()
    )
    wanted = tuple(item if merge_of(item.key) is None else _merging(item) for item in objects)
    return Prepared(wanted, tuple(hooks), _repeated({key: n for key, n in times.items() if n > 1}), sources)


def _merging(wanted: Wanted) -> Wanted:
    """What is added to a Secret that may be somebody else's: without what would mark, replace or delete that."""
    return replace(
        wanted, manifest=merged_part(wanted.manifest), options=replace(wanted.options, replace=False, force=False)
    )


def _repeated(times: Mapping[ObjectKey, int]) -> str:
    if not times:
        return ""
    named = [
        f"{key.kind} {f'{key.namespace}/' if key.namespace else ''}{key.name} ({n} times)" for key, n in times.items()
    ]
    more = f" and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
    verb = "stands" if len(named) == 1 else "stand"
    return f"{', '.join(named[:_TOLD])}{more} {verb} among the manifests more than once: the last one counts"


def _kind(manifest: Manifest) -> tuple[str, str, str]:
    group, _, version = manifest["apiVersion"].rpartition("/")
    return group, manifest["kind"], version


def _scopes(manifests: list[Manifest], target: Live) -> dict[tuple[str, str, str], bool]:
    """Whether each kind lives in namespaces: as served, else as its CRD among the objects says, else yes.

    What is served counts first: projects permit by scope, and a bundle's CRD may claim anything about a kind.
    """
    declared = {
        (spec.get("group"), (spec.get("names") or {}).get("kind")): spec.get("scope") != "Cluster"
        for manifest in manifests
        if manifest["kind"] == "CustomResourceDefinition" and isinstance(spec := manifest.get("spec"), dict)
    }
    scopes: dict[tuple[str, str, str], bool] = {}
    for kind in {_kind(manifest) for manifest in manifests}:
        served = target.namespaced(*kind)
        scopes[kind] = declared.get(kind[:2], True) if served is None else served
    return scopes


def _mark(metadata: dict[str, Any], application: Application, key: ObjectKey, label: str) -> None:
    """Says in a manifest's metadata whose the object is."""
    metadata["labels"] = {**(metadata.get("labels") or {}), APP_LABEL: label}
    tracking = {TRACKING_ANNOTATION: tracking_id(application.key, key)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **tracking}


def _metadata(manifest: Manifest, application: Application, *, namespaced: bool) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    if not namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = application.destination.namespace or "default"
    return metadata
