"""Object ids of files that are in a commit and not in our copy.

Where files are fetched as they are needed, `git cat-file` can't tell a file that stayed behind from one that does not
exist; and what is in a submodule is in no object of its parent. The commit's trees can: they are all here. Symbolic
links on the way are the only files that have to be read for it, so those are brought first.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from mooring.source.objects import Survey, inside
from mooring.source.trees import Local

__all__ = ["complete_survey"]

_LINK = b"120000"
_GITLINK = b"160000"  # a submodule: its commit stands for whatever lies below it
_ARGUMENTS = 1_000_000  # bytes of a command's arguments; Linux takes two million with the environment
_HOPS = 10  # links that lead to links; git's own limit is 40


def complete_survey(survey: Survey, local: Local, bring: Callable[[Iterable[bytes]], None]) -> Survey:
    """The survey with the ids of files that are not here; `bring` fetches objects by id."""
    asked = {path: normal for path, found in survey.trees.items() if found is None and (normal := inside(path))}
    found: dict[str, str | None] = {}
    for _ in range(_HOPS):
        if not asked:
            break
        entries = _entries(local, survey.commit.sha, _ways(asked.values()))
        links = _targets(local, bring, {name: oid for name, (mode, oid) in entries.items() if mode == _LINK})
        modules = {name: oid for name, (mode, oid) in entries.items() if mode == _GITLINK}
        further: dict[str, str] = {}
        for path, name in asked.items():
            way = next((each for each in _ways([name]) if each in links or each in modules), None)
            if way in modules:
                found[path] = modules[way].decode("ascii")
            elif way is None:
                mode_and_oid = entries.get(name)
                found[path] = None if mode_and_oid is None else mode_and_oid[1].decode("ascii")
            elif (led := _led(way, links[way], name)) is not None:
                further[path] = led
        asked = further
    return replace(survey, trees={**survey.trees, **found}) if found else survey


def _ways(names: Iterable[str]) -> list[str]:
    """The names and every folder above them, the shortest first."""
    found: dict[str, None] = {}
    for name in names:
        parts = name.split("/")
        found |= dict.fromkeys("/".join(parts[: end + 1]) for end in range(len(parts)))
    return sorted(found, key=len)


def _led(link: str, target: str, name: str) -> str | None:
    """Where a name below a link leads to; None where that is outside or the root."""
    if target.startswith("/"):
        return None
    return inside(posixpath.join(posixpath.dirname(link), target, name[len(link) + 1 :]).rstrip("/")) or None


def _entries(local: Local, sha: str, names: list[str]) -> dict[str, tuple[bytes, bytes]]:
    found: dict[str, tuple[bytes, bytes]] = {}
    for group in _portions(names):
        out = local(["ls-tree", "-t", "-z", "--full-tree", sha, "--", *group]).out
        for entry in out.split(b"\0"):
            head, _, name = entry.partition(b"\t")
            if name:
                mode, _, oid = head.split()
                found[name.decode("utf-8", "surrogateescape")] = mode, oid
    return found


def _portions(names: list[str]) -> Iterator[list[str]]:
    """Names as many as a command takes: thousands of applications may ask for some paths each (execve(2), E2BIG)."""
    group: list[str] = []
    size = 0
    for name in names:
        if group and size > _ARGUMENTS:
            yield group
            group, size = [], 0
        group.append(name)
        size += 4 * len(name) + 9  # its bytes at most, its end, and where it is
    if group:
        yield group


def _targets(local: Local, bring: Callable[[Iterable[bytes]], None], links: Mapping[str, bytes]) -> dict[str, str]:
    """What each link says, those that are not here brought in one request."""
    if not links:
        return {}
    checked = local(["cat-file", "--batch-check"], stdin=b"".join(oid + b"\n" for oid in links.values())).out
    missing = [line.split()[0] for line in checked.split(b"\n") if line.endswith(b" missing")]
    if missing:
        bring(missing)
    read = {oid: local(["cat-file", "blob", oid.decode("ascii")]) for oid in set(links.values())}
    return {name: read[oid].out.decode("utf-8", "surrogateescape") for name, oid in links.items() if not read[oid].code}
