"""Workloads that are restarted when what they use changes: `mooring.dev/restart-on-change: "true"`.

A container reads its environment when it starts, so a rotated Secret reaches it by a restart. A Deployment, StatefulSet
or DaemonSet with the annotation gets a digest of the values that it uses into its pod template: of Secrets and
ConfigMaps of the same application, key by key where it names keys. The digest is keyed, so it gives no way to guess a
value. What the application does not bring (an object of somebody else) does not count, and images' pull secrets are
used before a container starts, so neither do they. Nothing else goes into it: a new label on a Secret restarts nothing.

While a source of a Secret does not open, its values are not known; a workload that uses it stays as it is, because
another digest would restart it for nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mooring.model.merges import merge_of
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["RESTART_ANNOTATION", "VALUES_ANNOTATION", "with_values"]

RESTART_ANNOTATION: Final = "mooring.dev/restart-on-change"
VALUES_ANNOTATION: Final = "mooring.dev/values"
_FIELDS: Final = ("binaryData", "data", "stringData")
_WORKLOADS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


class _Use(NamedTuple):
    """An object that a pod reads values from: its kind, its name, and one key of it (or, empty, all)."""

    kind: str
    name: str
    key: str


def with_values(
    objects: Mapping[ObjectKey, Manifest],
    unknown: Collection[ObjectKey],
    digest_of: Callable[[Manifest], str],
) -> tuple[dict[ObjectKey, Manifest], set[ObjectKey]]:
    """The workloads among `objects` that ask for it, each with the digest of its values; and those of which it can't be
    told, since they use an object that is `unknown` now. `digest_of` makes keyed digests of Secrets.
    """
    changed: dict[ObjectKey, Manifest] = {}
    waiting: set[ObjectKey] = set()
    unknown = {*unknown, *(merge.secret for key in unknown if (merge := merge_of(key)) is not None)}
    parts: dict[ObjectKey, list[Manifest]] = {}
    for key in sorted(objects):
        parts.setdefault(key if (merge := merge_of(key)) is None else merge.secret, []).append(objects[key])
    for key, manifest in objects.items():
        if not _asks(key, manifest):
            continue
        template = (manifest.get("spec") or {}).get("template")
        if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
            continue  # the API server says what is wrong with it
        uses = sorted(set(_uses(template["spec"])))
        if any(ObjectKey("", use.kind, key.namespace, use.name) in unknown for use in uses):
            waiting.add(key)
            continue
        values = [[*use, found] for use in uses if (found := _found(parts, key.namespace, use)) is not None]
        # As a Secret, whatever it is made of: so the digest is keyed.
        mark = digest_of({"apiVersion": "v1", "kind": "Secret", "values": values})
        metadata = template.get("metadata") or {}
        annotations = {**(metadata.get("annotations") or {}), VALUES_ANNOTATION: mark}
        template = {**template, "metadata": {**metadata, "annotations": annotations}}
        changed[key] = {**manifest, "spec": {**manifest["spec"], "template": template}}
    return changed, waiting


def _asks(key: ObjectKey, manifest: Manifest) -> bool:
    if key.group != "apps" or key.kind not in _WORKLOADS:
        return False
    return bool((manifest["metadata"].get("annotations") or {}).get(RESTART_ANNOTATION) == "true")


def _uses(pod: Mapping[str, Any]) -> Iterator[_Use]:
    """What the containers and volumes of a pod read (Kubernetes, "Secrets", "Configure a Pod to Use a ConfigMap")."""
    for container in (*_items(pod, "initContainers"), *_items(pod, "containers")):
        for each in _items(container, "envFrom"):
            yield from _named("ConfigMap", each.get("configMapRef"), "name")
            yield from _named("Secret", each.get("secretRef"), "name")
        for each in _items(container, "env"):
            source = each.get("valueFrom") or {}
            yield from _named("ConfigMap", source.get("configMapKeyRef"), "name")
            yield from _named("Secret", source.get("secretKeyRef"), "name")
    for volume in _items(pod, "volumes"):
        yield from _named("ConfigMap", volume.get("configMap"), "name")
        yield from _named("Secret", volume.get("secret"), "secretName")
        for each in _items(volume.get("projected") or {}, "sources"):
            yield from _named("ConfigMap", each.get("configMap"), "name")
            yield from _named("Secret", each.get("secret"), "name")


def _named(kind: str, source: object, field: str) -> Iterator[_Use]:
    if not isinstance(source, dict) or not isinstance(name := source.get(field), str):
        return
    keys = [each.get("key") for each in _items(source, "items")] or [source.get("key")]
    for key in keys:
        yield _Use(kind, name, key if isinstance(key, str) else "")


def _items(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _found(parts: Mapping[ObjectKey, Sequence[Manifest]], namespace: str, use: _Use) -> dict[str, Any] | None:
    """The values of an object that are used; None where the application has no such object and adds nothing to it."""
    manifests = parts.get(ObjectKey("", use.kind, namespace, use.name))
    if manifests is None:
        return None
    values: dict[str, Any] = {}
    for given, field in ((each.get(field), field) for each in manifests for field in _FIELDS):
        if isinstance(given, dict):
            values |= {
                name: base64.b64encode(text.encode()).decode()
                if field == "stringData" and isinstance(text, str)
                else text
                for name, text in given.items()
            }
    return {use.key: values.get(use.key)} if use.key else values
