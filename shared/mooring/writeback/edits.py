"""What is to be changed in a repository, said so that it can be done again on a newer commit.

An edit names a value and what it shall be, never lines: where a branch has moved on meanwhile, edits are carried out
anew on what is there now. An edit whose value is as it should be changes nothing, so carrying them out twice is as good
as once. Sources of the forms: Image Updater's "Update methods" (write-back targets), `kustomize edit set image`, and
Argo CD's "Parameter Overrides" (Store Overrides In Git). Pure but for the parsers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mooring.errors import ConfigurationError
from mooring.source.objects import inside
from mooring.writeback.paths import Path
from mooring.writeback.splicing import Sheet, opened

__all__ = [
    "CopyOf",
    "Edit",
    "Read",
    "SetField",
    "SetImage",
    "SetOverrides",
    "SetValues",
    "WholeFile",
    "carried_out",
    "key_path",
    "wanted",
]

Read: TypeAlias = Callable[[str], bytes | None]

_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PART: Final = re.compile(r"((?:\\.|[^.\\\[\]])+)((?:\[\d+\])*)(?:\.|$)")


@dataclass(frozen=True, slots=True)
class SetImage:
    """The image `name` of the kustomization in a folder, as `kustomize edit set image` sets it; what is empty of
    `new_name` stays as it is. With a digest and without a tag the former tag goes, and the other way round.
    """

    name: str
    new_name: str = ""
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SetValues:
    r"""Values of a Helm values file, by key (`image.tag`, `sidecars[0].tag`, `pod\.labels.tier`)."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SetOverrides:
    """What `.argocd-source-<application>.yaml` in a folder overrides: `images` as in `spec.source.kustomize.images`,
    `parameters` as name and value of `spec.source.helm.parameters`, which are set as text.
    """

    application: str
    images: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SetField:
    """A field (`spec.source.targetRevision`) of one object in a file of manifests."""

    kind: str
    name: str
    field: str
    value: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file as it is given."""

    content: bytes


@dataclass(frozen=True, slots=True)
class CopyOf:
    """A file as another of the same branch is."""

    source: str


What: TypeAlias = SetImage | SetValues | SetOverrides | SetField | WholeFile | CopyOf


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be done at a path of a repository: a folder for `SetImage` and `SetOverrides`, else a file."""

    path: str
    what: What


def wanted(edits: Iterable[Edit]) -> list[str]:
    """The paths of all files that edits may read. Raises `ConfigurationError` for paths that lead out."""
    found: dict[str, None] = {}
    for edit in edits:
        path = _inside(edit.path)
        match edit.what:
            case SetImage():
                found.update(dict.fromkeys(posixpath.join(path, name) for name in _KUSTOMIZATIONS))
            case SetOverrides(application=name):
                found[_overrides(path, name)] = None
            case CopyOf(source=source):
                found.update(dict.fromkeys((path, _inside(source))))
            case _:
                found[path] = None
    return list(found)


def carried_out(edits: Iterable[Edit], read: Read) -> dict[str, bytes]:
    """The files that edits change, with their new content; `read` tells what a file holds, None where there is none.

    Raises `ConfigurationError` that names the file where one of the edits can't be done.
    """
    changed: dict[str, bytes] = {}

    def now(path: str) -> bytes | None:
        return changed[path] if path in changed else read(path)

    for edit in edits:
        path, content = _done(edit, now)
        if content != now(path):
            changed[path] = content
    return {path: content for path, content in changed.items() if content != read(path)}


def _done(edit: Edit, read: Read) -> tuple[str, bytes]:
    path, what = _inside(edit.path), edit.what
    match what:
        case SetImage():
            path = _kustomization(path, read)
            return path, _edited(path, read, lambda sheet: _set_image(sheet, what))
        case SetOverrides():
            path = _overrides(path, what.application)
            return path, _edited(path, read, lambda sheet: _set_overrides(sheet, what))
        case SetValues():
            return path, _edited(path, read, lambda sheet: _set_values(sheet, what))
        case SetField():
            return path, _edited(path, read, lambda sheet: _set_field(sheet, what))
        case CopyOf():
            content = read(_inside(what.source))
            if content is None:
                raise ConfigurationError("is not there to be copied; correct the path", subject=what.source)
            return path, content
        case WholeFile():
            return path, what.content


def _edited(path: str, read: Read, change: Callable[[Sheet], None]) -> bytes:
    sheet = opened(read(path) or b"", path)
    if any(isinstance(each, dict) and isinstance(each.get("sops"), dict) for each in sheet.values()):
        raise ConfigurationError(
            "is encrypted with SOPS, which seals all of it; keep the value elsewhere", subject=path
        )
    change(sheet)
    return sheet.data


def _set_image(sheet: Sheet, what: SetImage) -> None:
    images = _there(sheet, "images") or []
    at = next((n for n, each in enumerate(images) if isinstance(each, dict) and each.get("name") == what.name), None)
    given = {"newName": what.new_name, "newTag": what.tag, "digest": what.digest}
    if at is None:
        entry = {"name": what.name, **{name: value for name, value in given.items() if value}}
        sheet.append(("images",), entry)
        return
    there, here = images[at], ("images", at)
    gone = next((n for n, other in (("newTag", "digest"), ("digest", "newTag")) if not given[n] and given[other]), "")
    if gone in there:
        instead = "digest" if gone == "newTag" else "newTag"
        if instead in there:
            sheet.remove((*here, gone))
        else:
            sheet.rename((*here, gone), instead, given[instead])
    for name, value in given.items():
        if value:
            sheet.put((*here, name), value)


def _set_values(sheet: Sheet, what: SetValues) -> None:
    for key, value in what.values:
        roots = sheet.values()
        literal = isinstance(roots[0], dict) and key in roots[0]
        sheet.put((key,) if literal else key_path(key), value)


def _set_overrides(sheet: Sheet, what: SetOverrides) -> None:
    for image in what.images:
        images = (_there(sheet, "kustomize") or {}).get("images") or []
        known = [_identity(each) if isinstance(each, str) else "" for each in images]
        if (identity := _identity(image)) in known:
            sheet.put(("kustomize", "images", known.index(identity)), image)
        else:
            sheet.append(("kustomize", "images"), image)
    for name, value in sorted(what.parameters):
        parameters = (_there(sheet, "helm") or {}).get("parameters") or []
        names = [each.get("name") if isinstance(each, dict) else None for each in parameters]
        if name in names:
            sheet.put(("helm", "parameters", names.index(name), "value"), value)
        else:
            sheet.append(("helm", "parameters"), {"name": name, "value": value, "forceString": True})


def _set_field(sheet: Sheet, what: SetField) -> None:
    found = [
        number
        for number, each in enumerate(sheet.values())
        if isinstance(each, dict) and each.get("kind") == what.kind and _named(each, what)
    ]
    if len(found) != 1:
        told = "is in it more than once; leave one" if found else "is not in it; correct the path"
        raise ConfigurationError(f"{what.kind} {what.name} {told}", subject=sheet.where)
    sheet.put(key_path(what.field), what.value, document=found[0])


def _named(each: dict[str, Any], what: SetField) -> bool:
    metadata = each.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") != what.name:
        return False
    return not what.namespace or metadata.get("namespace", what.namespace) == what.namespace


def _there(sheet: Sheet, name: str) -> Any:
    """What the only document has under a name."""
    values = sheet.values()
    if len(values) > 1 or not isinstance(values[0], dict | None):
        raise ConfigurationError("must be one YAML document, a mapping", subject=sheet.where)
    return (values[0] or {}).get(name)


def _identity(image: str) -> str:
    """What an image of `kustomize.images` replaces: `name` of `name=other:tag`, `name` of `name:tag@digest`."""
    name, is_named, _ = image.partition("=")
    if is_named:
        return name
    name = name.partition("@")[0]
    stem, colon, rest = name.rpartition(":")
    return stem if colon and "/" not in rest else name


def key_path(key: str) -> Path:
    r"""A dotted key as a path: `a.b[0].c`, with `\.` for a dot that is part of a name. Raises `ConfigurationError`."""
    path: list[str | int] = []
    at = 0
    while at < len(key):
        part = _PART.match(key, at)
        if part is None or (part.end() == len(key) and key.endswith(".") and not key.endswith("\\.")):
            raise ConfigurationError("is no key; write names with dots between them, list indexes as [0]", field=key)
        path.append(re.sub(r"\\(.)", r"\1", part[1]))
        path += [int(number) for number in re.findall(r"\d+", part[2])]
        at = part.end()
    if not path:
        raise ConfigurationError("must not be empty; name a key of the values file")
    return tuple(path)


def _kustomization(folder: str, read: Read) -> str:
    for name in _KUSTOMIZATIONS:
        path = posixpath.join(folder, name)
        if read(path) is not None:
            return path
    raise ConfigurationError("holds no kustomization.yaml; correct the write-back target", subject=folder or ".")


def _overrides(folder: str, application: str) -> str:
    if "/" in application or not application:
        raise ConfigurationError(f"{application!r} is no application's name")
    return posixpath.join(folder, f".argocd-source-{application}.yaml")


def _inside(path: str) -> str:
    normal = inside(path.lstrip("/"))
    if normal is None or ".git" in normal.lower().split("/"):
        raise ConfigurationError("leads out of the repository; write a path below its root", subject=path)
    return normal
