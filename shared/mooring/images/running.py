"""Which images an application runs: those of its manifests, as Argo CD counts them into `status.summary.images`.

Argo CD reads them from the pods that run and the objects that have pod templates ("Application Specification", status;
gitops-engine). A bundle has the same, and needs no cluster: what it names is what the next sync runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.imagenames import ImageReference, parse_image

__all__ = ["images_of", "running_images"]


def images_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The images of one object's containers: of a Pod, of a pod template, of a CronJob's Jobs."""
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        return
    yield from _of_pod(spec)
    for path in (("template",), ("jobTemplate", "spec", "template")):
        inner: Any = spec
        for part in path:
            inner = inner.get(part) if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(inner.get("spec"), Mapping):
            yield from _of_pod(inner["spec"])


def running_images(manifests: Iterable[Mapping[str, Any]]) -> tuple[ImageReference, ...]:
    """All images of a bundle's objects, each once, sorted. A name that can be no image is passed over."""
    found: set[ImageReference] = set()
    for manifest in manifests:
        for text in images_of(manifest):
            try:
                found.add(parse_image(text, field="image"))
            except ConfigurationError:
                continue
    return tuple(sorted(found))


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("initContainers", "containers"):
        containers = spec.get(kind)
        for each in containers if isinstance(containers, list) else ():
            if isinstance(each, Mapping) and isinstance(each.get("image"), str) and each["image"]:
                yield each["image"]
