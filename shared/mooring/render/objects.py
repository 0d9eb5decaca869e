"""From decoded documents to the objects that will be applied.

Whatever the tool, its output ends here: lists are taken apart, fields that belong to the server go, `stringData`
becomes `data` (server-side apply would track the wrong field), and what can't be applied is refused with its place
named: a document that is no object, an object too large for etcd. Two documents for the same object are told, and
settled when the sync knows which kinds live in namespaces (`flows.syncs.preparing`). Hooks stay among the objects, but
for those that never run. Documents are not changed; the objects are shallow copies where they differ.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.errors import RenderError
from mooring.model.objects import Manifest, ObjectKey, canonical_json
from mooring.plan.hooks import Hook, read_hook

__all__ = ["MAX_OBJECT", "MAX_TOTAL", "BaseUse", "ChartUse", "Found", "accept"]

MAX_OBJECT: Final = 1_500_000
"""Bytes of JSON that etcd takes in one write by default (`--max-request-bytes` is 1.5 MiB, and the API server adds to
the object)."""
MAX_TOTAL: Final = 32 << 20
"""Bytes that all manifests of one source may have, as files and as JSON."""

_TOLD = 10  # objects that are there twice
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SPLITS = re.compile(r"[/%?#]")
_SERVERS = ("creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink")


@dataclass(frozen=True, slots=True)
class ChartUse:
    """A chart that a render took from elsewhere: what was asked for and what that was. `locked` says that no other
    version can come of the same commit.
    """

    url: str
    chart: str
    revision: str
    version: str
    digest: str
    locked: bool


@dataclass(frozen=True, slots=True)
class BaseUse:
    """What a render read in a repository that a kustomization names: the paths, at the commit that `target` named."""

    url: str
    target: str
    revision: str
    depends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a source gave before anything was checked: documents with the place of each, the repository's paths that
    decided them, and what the reader should know; then the paths that other sources lent (by their `ref`), the charts
    and the bases that were taken from elsewhere, and whether anything was taken that has no revision.
    """

    documents: list[tuple[str, Any]] = field(default_factory=list)
    depends: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    lent: dict[str, set[str]] = field(default_factory=dict)
    charts: list[ChartUse] = field(default_factory=list)
    bases: list[BaseUse] = field(default_factory=list)
    unpinned: bool = False


def accept(documents: Iterable[tuple[str, Any]], *, namespace: str) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """The objects of documents that each come with the place they were found at (`k8s/web.yaml, document 2`).

    `namespace` is where objects go that name none. Also gives warnings that name both places of the first objects
    that are there twice. Raises `RenderError` that names the place.
    """
    objects: list[Manifest] = []
    warnings: list[str] = []
    places: dict[ObjectKey, str] = {}
    total = 0
    for where, document in documents:
        for place, item in _flat(where, document):
            manifest = _checked(place, item)
            hook = _hook(place, manifest)
            if hook is not None and not hook.phases:
                continue
            _check_name(place, manifest, hook)
            manifest = _cleaned(place, manifest)
            total += _size(place, manifest)
            if total > MAX_TOTAL:
                raise RenderError(
                    f"{place}: the manifests exceed {MAX_TOTAL >> 20} MiB together: split the application"
                )
            objects.append(manifest)
            if hook is not None:
                continue
            key = _key(manifest, namespace)
            if key in places and len(warnings) < _TOLD:
                warnings.append(
                    f"{place}: metadata.name: {_named(manifest)} is already defined in {places[key]}, and the later "
                    "one counts; remove one of the two or give it another name or namespace"
                )
            places[key] = place
    return tuple(objects), tuple(warnings)


def _flat(where: str, document: Any) -> Iterator[tuple[str, Any]]:
    """Takes lists apart: `List` and, as `kubectl get -o yaml` may print them, kinds like `ConfigMapList`."""
    if not isinstance(document, dict):
        yield where, document
        return
    kind = document.get("kind")
    items = document.get("items")
    if not isinstance(kind, str) or not kind.endswith("List") or (kind != "List" and not isinstance(items, list)):
        yield where, document
        return
    if items is not None and not isinstance(items, list):
        raise RenderError(f"{where}: items: must be a list, since the kind is List")
    for index, item in enumerate(items or ()):
        place = f"{where}, items[{index}]"
        bare = kind != "List" and isinstance(item, dict) and "kind" not in item
        named = {"apiVersion": document.get("apiVersion"), **item, "kind": kind.removesuffix("List")} if bare else item
        yield from _flat(place, named)


def _checked(where: str, document: Any) -> Manifest:
    if not isinstance(document, dict):
        raise RenderError(f"{where}: must be an object with apiVersion, kind and metadata, not {_type(document)}")
    for name in ("apiVersion", "kind"):
        _text(where, name, document.get(name))
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise RenderError(f"{where}: metadata: must be a mapping with a name, not {_type(metadata)}")
    for name in ("labels", "annotations"):
        if not isinstance(metadata.get(name), dict | None):
            raise RenderError(f"{where}: metadata.{name}: must be a mapping, not {_type(metadata[name])}")
    if metadata.get("namespace") is not None and not isinstance(metadata["namespace"], str):
        raise RenderError(f"{where}: metadata.namespace: must be a string, not {_type(metadata['namespace'])}")
    if metadata.get("namespace") and not _LABEL.fullmatch(metadata["namespace"]):
        raise RenderError(f"{where}: metadata.namespace: must be a DNS label: lower-case letters, digits and '-'")
    return document


def _hook(where: str, manifest: Manifest) -> Hook | None:
    try:
        return read_hook(manifest)
    except RenderError as error:
        raise RenderError(f"{where}: {error}") from error


def _check_name(where: str, manifest: Manifest, hook: Hook | None) -> None:
    metadata = manifest["metadata"]
    if metadata.get("name") is None and isinstance(metadata.get("generateName"), str):
        if hook is not None:
            return
        raise RenderError(
            f"{where}: metadata.generateName: only a hook may leave its name to the server, since an object needs a "
            "name to be found again: set metadata.name"
        )
    _text(where, "metadata.name", metadata.get("name"))
    if metadata["name"] in (".", "..") or _SPLITS.search(metadata["name"]):
        raise RenderError(f"{where}: metadata.name: must be one segment of a path: no '/', '%', '?' or '#' is allowed")


def _text(where: str, name: str, value: object) -> None:
    if not isinstance(value, str):
        hint = ": quote it" if isinstance(value, int | float) else ""
        raise RenderError(f"{where}: {name}: must be a string, not {_type(value)}{hint}")
    if not value:
        raise RenderError(f"{where}: {name}: must not be empty")


def _type(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "absent or null"}
    return names.get(type(value), "a number")


def _cleaned(where: str, document: Manifest) -> Manifest:
    metadata = document["metadata"]
    manifest = {name: value for name, value in document.items() if name != "status"}
    if any(name in metadata for name in _SERVERS):
        manifest["metadata"] = {name: value for name, value in metadata.items() if name not in _SERVERS}
    if manifest["kind"] == "Secret" and manifest["apiVersion"] == "v1" and "stringData" in manifest:
        texts = manifest.pop("stringData")
        data = manifest.get("data")
        texts, data = ({} if value is None else value for value in (texts, data))
        if not isinstance(texts, dict) or not isinstance(data, dict):
            raise RenderError(f"{where}: data and stringData: must be mappings of strings")
        if texts:
            manifest["data"] = {**data, **{name: _encoded(where, name, text) for name, text in texts.items()}}
    return manifest


def _encoded(where: str, name: str, text: object) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise RenderError(f"{where}: stringData.{name}: must be a string, not {_type(text)}: quote it")
    return base64.b64encode(text.encode(errors="surrogatepass")).decode()


def _size(where: str, manifest: Manifest) -> int:
    try:
        size = len(canonical_json(manifest))
    except TypeError as error:
        raise RenderError(f"{where}: {_named(manifest)} can't be written as JSON: {error}") from error
    if size > MAX_OBJECT:
        raise RenderError(
            f"{where}: {_named(manifest)} is {size / 1e6:.1f} MB as JSON; a cluster stores at most "
            f"{MAX_OBJECT / 1e6:.1f} MB in one object: split it, or keep the data elsewhere"
        )
    return size


def _key(manifest: Manifest, namespace: str) -> ObjectKey:
    key = ObjectKey.of(manifest)
    return key if key.namespace else ObjectKey(key.group, key.kind, namespace, key.name)


def _named(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace")
    return f"{manifest['kind']} {namespace}/{name}" if namespace else f"{manifest['kind']} {name}"
