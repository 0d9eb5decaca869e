"""Edits of many applications as one commit on a branch, whoever else writes to it meanwhile.

The branch is fetched, the edits are carried out on its newest commit, and what differs is committed and pushed. If the
branch moved meanwhile, all of that is done again on the new commit, a few times at most, with pauses that grow. Where
nothing differs there is no commit: a run that was killed after its push, and is repeated, finds nothing to do.

A branch beside the base (`base:other`) is ours to keep: it holds the base with the edits. When the base has moved, and
the same files with it, it is merged in rather than the branch rewritten, so that nothing is ever pushed by force. A
branch on which somebody else committed last is only added to.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mooring.errors import ConfigurationError, ConflictError, MooringError, PermanentError
from mooring.source.commits import Outrun, Writer, Writers
from mooring.source.credentials import CredentialStore
from mooring.source.drafts import Draft, Signer
from mooring.writeback.edits import carried_out, wanted
from mooring.writeback.updates import Destination, Outcome, Style, Update, Written, checked_branch
from mooring.writeback.wording import Ask, commit_message

__all__ = ["WritePorts", "write"]

_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 0.25  # seconds, doubled each time, and spread by chance


@dataclass(frozen=True, slots=True)
class WritePorts:
    """`credentials` gives the store for a destination's `credential`, `signer` what signs, or None; `ask` is gokit's.
    `now` is in seconds since the epoch.
    """

    writers: Writers
    credentials: Callable[[str], CredentialStore]
    signer: Callable[[], Signer | None]
    ask: Ask
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def write(
    ports: WritePorts,
    destination: Destination,
    updates: Sequence[Update],
    style: Style | None = None,
    *,
    anew: bool = False,
) -> Written:
    """Has a branch hold what the edits say; one commit at most, whatever the number of applications.

    `anew` has a branch beside the base hold a commit that the base has not got, even if its files are right already.
    Raises `ConflictError` where others were faster each time, and whatever reaching the repository raises; what can't
    be done for one application is its outcome.
    """
    style = style or Style()
    with ports.writers.opened(
        destination.url, ports.credentials(destination.credential), whose=destination.credential
    ) as writer:
        base = checked_branch(destination.base) if destination.base else writer.default_branch()
        place = replace(destination, base=base, head=checked_branch(destination.head or base))
        for attempt in range(1, _ATTEMPTS + 1):
            if attempt > 1:
                ports.sleep(_FIRST_PAUSE * 2 ** (attempt - 2) * random.uniform(0.5, 1.5))  # noqa: S311 (of no secrecy)
            try:
                return replace(_once(ports, writer, place, updates, style, anew=anew), attempts=attempt)
            except Outrun as outrun:
                last = outrun
    if isinstance(last.__cause__, MooringError) and not isinstance(last.__cause__, ConflictError):
        raise last.__cause__
    told = f"{destination.url} got other commits each of the {_ATTEMPTS} times that we wrote; it is tried again later"
    raise ConflictError(told, field="git-branch") from last.__cause__


def _once(
    ports: WritePorts, writer: Writer, place: Destination, updates: Sequence[Update], style: Style, *, anew: bool
) -> Written:
    base, head = writer.tips(place.base, place.head)
    outcomes, files = _carried_out(writer, base, updates)
    written = [each for each in updates if outcomes[each.key].state == "written"]
    if place.head == place.base or not head:
        return _committed(ports, writer, place, (base,), base, written, outcomes, files, style)
    if not files:
        return Written(place, head, made=False, outcomes=outcomes)
    known = writer.commit_of(head)
    if known.committer != style.by.email:
        onto, files = _carried_out(writer, head, updates)
        added = [each for each in updates if onto[each.key].state == "written"]
        outcomes |= {key: each for key, each in onto.items() if each.state == "failed"}
        return _committed(ports, writer, place, (head,), head, added, outcomes, files, style)
    fits = base in known.parents and writer.tree_with(base, files) == known.tree
    if fits or (not anew and base not in known.parents and _holds(writer, head, files)):
        return Written(place, head, made=False, outcomes=outcomes)
    parents = (head,) if base in known.parents else (head, base)
    return _committed(ports, writer, place, parents, base, written, outcomes, files, style)


def _holds(writer: Writer, head: str, files: Mapping[str, bytes]) -> bool:
    return writer.files(head, list(files)) == files


def _carried_out(writer: Writer, sha: str, updates: Sequence[Update]) -> tuple[dict[str, Outcome], dict[str, bytes]]:
    """What becomes of each update on a commit, and the files that differ from it then."""
    outcomes: dict[str, Outcome] = {}
    paths: dict[str, list[str]] = {}
    for update in updates:
        try:
            paths[update.key] = wanted(update.edits)
        except PermanentError as error:
            outcomes[update.key] = Outcome("failed", error)
    there = writer.files(sha, list(dict.fromkeys(path for each in paths.values() for path in each)))
    files: dict[str, bytes] = {}

    def read(path: str) -> bytes | None:
        content = files[path] if path in files else there.get(path)
        if isinstance(content, MooringError):
            raise content
        return content

    for update in updates:
        if update.key in outcomes:
            continue
        try:
            done = carried_out(update.edits, read)
            _refuse_clash({*files, *done})
            files |= done
        except PermanentError as error:
            outcomes[update.key] = Outcome("failed", error)
            continue
        touched = any(path in files for path in paths[update.key])
        outcomes[update.key] = Outcome("written" if touched else "unchanged")
    return outcomes, {path: content for path, content in files.items() if content != there.get(path)}


def _refuse_clash(paths: set[str]) -> None:
    """Git has no place for a file that is another one's folder."""
    for path in paths:
        if above := next((other for other in paths if path.startswith(f"{other}/")), None):
            raise ConfigurationError(f"is to be a file, and the folder of {path}; name another path", subject=above)


def _committed(
    ports: WritePorts,
    writer: Writer,
    place: Destination,
    parents: tuple[str, ...],
    base: str,
    updates: Sequence[Update],
    outcomes: dict[str, Outcome],
    files: dict[str, bytes],
    style: Style,
) -> Written:
    if not files:
        return Written(place, parents[0], made=False, outcomes=outcomes)
    message = commit_message(updates, style, ports.ask)
    draft = Draft(base, parents, files, message, style.author, style.by, int(ports.now()))
    sha = writer.commit(draft, ports.signer())
    writer.push(sha, place.head)
    return Written(place, sha, made=True, outcomes=outcomes, message=message)
