"""A kustomization whose SOPS files are in plain: a copy in the scratch folder, by hard links but for those files.

Kustomize reads files itself and keeps to real paths, so all folders of the kustomization are copied, not just those in
which something is encrypted. Only files that a kustomization names are opened: a file for another place, encrypted for
keys that are not here, may lie beside them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mooring.errors import RenderError
from mooring.render.edits import copied_tree, same_file
from mooring.render.paths import cover
from mooring.render.sops import SopsOpening

__all__ = ["opened_copy"]


def opened_copy(
    root: Path, files: Iterable[str], depends: Iterable[str], opening: SopsOpening, scratch: Path
) -> Path | None:
    """The root of a copy of the paths in `depends` in which those of `files` are in plain that are encrypted; None
    where none is. Raises `DecryptError`, and `RenderError` for files that can't be copied.
    """
    contents: dict[str, bytes] = {}
    for name in files:
        try:
            contents[name] = Path(root, name).read_bytes()
        except OSError:
            continue  # kustomize says what is wrong with it
    plain = opening.contents(contents)
    if not plain:
        return None
    copy = scratch / "opened"
    try:
        copy.mkdir(mode=0o700)
        for path in cover(depends):
            _copy(os.path.join(root, path), os.path.join(copy, path))
        for name, content in plain.items():
            target = copy / name
            target.unlink()  # a file of its own: never written through a link into the checkout
            target.write_bytes(content)
    except OSError as error:
        raise RenderError(f"the kustomization can't be copied ({error.strerror}): check its files") from None
    return copy


def _copy(source: str, target: str) -> None:
    if not os.path.lexists(source):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        copied_tree(source, target)
    else:
        same_file(source, target)
