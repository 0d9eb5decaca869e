"""Git LFS: pointer files are replaced by the objects that they name, where a repository is registered for it.

As Argo CD does it where the repository's Secret says `enableLfs`; elsewhere pointers stay what they are. Objects come
through the batch API (git-lfs, docs/api: "Batch API" and "Basic Transfers") at the address that follows from the
repository's own: what `.lfsconfig` says is not believed, since whoever can push could send credentials anywhere. Each
object is kept by its SHA-256 beside the repository, and counts with it; an object that isn't what its pointer says is
never used.

Git notices by itself that a file was replaced: moving on to another commit, it writes the pointer anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.access import LfsAccess
from mooring.source.charts_credentials import ChartCredential
from mooring.source.charts_http import Web, check_elsewhere, origin, refusal
from mooring.source.placed import is_plain, read_placed
from mooring.source.trees import EVERYTHING, covered, spelled
from mooring.source.urls import FIELD

__all__ = ["fill_pointers"]

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>\d{1,15})\n"
)
_LARGEST_POINTER: Final = 1024
_AT_ONCE: Final = 100
_LARGEST_ANSWER: Final = 4 * 1024 * 1024
_MEDIA: Final = "application/vnd.git-lfs+json"

_NOBODY: Final = ChartCredential(url="lfs")  # another than nobody's: what it is given goes to no other host


@dataclass(frozen=True, slots=True)
class _Pointer:
    oid: str
    size: int


def fill_pointers(root: Path, paths: Iterable[str], access: LfsAccess, store: Path, *, web: Web, limit: int) -> bool:
    """Replaces the pointers below some paths of a tree; returns whether any object was fetched.

    `store` keeps the objects, `limit` is in bytes, for all of them together. Raises `ConfigurationError` naming the
    file whose object is missing, too large or not what its pointer says, and what `Web.get` raises.
    """
    found = dict(_pointers(root, spelled(paths)))
    if not found:
        return False
    store.mkdir(exist_ok=True)
    names = {pointer: name for name, pointer in found.items()}
    missing = {each: name for each, name in names.items() if not (store / each.oid).is_file()}
    size = sum(each.size for each in missing)
    if size > limit:
        told = f"its LFS objects take {size >> 20} MiB, more than the {limit >> 20} there are"
        raise ConfigurationError(f"{told}; give the function more temporary storage", field=FIELD)
    wanted = list(missing)
    for start in range(0, len(wanted), _AT_ONCE):
        _fetch({each: missing[each] for each in wanted[start : start + _AT_ONCE]}, access, store, web)
    for name, pointer in found.items():
        _replace(root / name, store / pointer.oid)
    return bool(missing)


def _pointers(root: Path, paths: Iterable[str]) -> Iterator[tuple[str, _Pointer]]:
    """The files of git's below some paths that are pointers.

    Submodules have been looked after where they were read; what lies behind a link is looked after under its own name.
    """
    elsewhere = set(read_placed(root))
    for path in paths:
        if path != EVERYTHING and not (is_plain(root, path) and not covered(path, elsewhere)):
            continue
        start = root / path
        folders = os.walk(start) if start.is_dir() else [(str(start.parent), [], [start.name])]
        for folder, below, files in folders:
            here = os.path.relpath(folder, root)
            below[:] = [each for each in below if os.path.normpath(f"{here}/{each}") not in elsewhere]
            for file in files:
                pointer = _pointer(os.path.join(folder, file))
                if pointer is not None:
                    yield os.path.normpath(f"{here}/{file}"), pointer


def _pointer(path: str) -> _Pointer | None:
    try:
        known = os.lstat(path)
        if not stat.S_ISREG(known.st_mode) or known.st_size > _LARGEST_POINTER:
            return None
        with open(path, "rb") as file:
            match = _POINTER.fullmatch(file.read())
    except FileNotFoundError:
        return None
    return _Pointer(match["oid"].decode(), int(match["size"])) if match else None


def _fetch(wanted: Mapping[_Pointer, str], access: LfsAccess, store: Path, web: Web) -> None:
    asked = {
        "operation": "download",
        "transfers": ["basic"],
        "hash_algo": "sha256",
        "objects": [{"oid": each.oid, "size": each.size} for each in wanted],
    }
    answer = web.get(
        f"{access.url}/objects/batch",
        method="POST",
        body=json.dumps(asked).encode(),
        authorization=access.authorization,
        credential=_NOBODY,
        headers={"Accept": _MEDIA, "Content-Type": _MEDIA},
        limit=_LARGEST_ANSWER,
    )
    if answer.status != 200:
        raise refusal(answer, "the LFS objects of the repository", known=bool(access.authorization))
    try:
        told = {each["oid"]: each for each in json.loads(answer.body)["objects"]}
    except (ValueError, KeyError, TypeError):
        raise UnreachableError("the LFS server answers something that is no list of objects", field=FIELD) from None
    for pointer, name in wanted.items():
        _download(pointer, name, told.get(pointer.oid) or {}, access, store, web)


def _download(pointer: _Pointer, name: str, told: Mapping[str, Any], access: LfsAccess, store: Path, web: Web) -> None:
    action = (told.get("actions") or {}).get("download")
    if not isinstance(action, dict) or not isinstance(action.get("href"), str):
        code = (told.get("error") or {}).get("code", "no answer")
        raise ConfigurationError(
            f"{name}: the LFS server has not got its object {pointer.oid[:12]} ({code}); push it (git lfs push --all)",
            field=FIELD,
        )
    href = action["href"]
    at_home = origin(href) == origin(access.url)
    if not at_home:
        check_elsewhere(href, origin(access.url), FIELD)
    headers = {str(key): str(value) for key, value in (action.get("header") or {}).items()}
    given = next((headers.pop(key) for key in list(headers) if key.lower() == "authorization"), "")
    if not given and at_home and not told.get("authenticated"):
        given = access.authorization
    with tempfile.TemporaryDirectory(dir=store) as scratch:
        fresh = Path(scratch, "object")
        answer = web.get(
            href, authorization=given, credential=_NOBODY, headers=headers, limit=pointer.size + 1, into=fresh
        )
        if answer.status != 200:
            raise refusal(answer, f"{name}: its LFS object", known=bool(given))
        if answer.digest != pointer.oid or fresh.stat().st_size != pointer.size:
            raise ConfigurationError(f"{name}: the LFS server gives another object than its pointer says", field=FIELD)
        fresh.replace(store / pointer.oid)


def _replace(file: Path, stored: Path) -> None:
    """Puts an object in a file's place, in one step and with its mode."""
    fresh = file.with_name(f".{file.name}.lfs")
    shutil.copyfile(stored, fresh)
    fresh.chmod(stat.S_IMODE(file.stat().st_mode))
    fresh.replace(file)
