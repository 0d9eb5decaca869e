"""Who is concerned by what happened in a repository, and the messages that have them looked at.

Applications whose files a push lists get a message each. One message more, for the repository as a whole, takes care
of the others: most of them just learn of the new revision, and so it may come a moment later. Where a payload lists no
files, the repository is looked at. A branch that is gone concerns those who follow it: they learn that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mooring.events.forges.happenings import PullRequest, Push
from mooring.events.messages import ApplicationSetMessage, AppMessage, Cause, Later, RepositoryMessage
from mooring.flows.arrivals.addresses import normalised
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.source.refs import may_be_range
from mooring.state.applications import Applications
from mooring.state.lists import Follower

__all__ = ["Concerned", "find_concerned", "send_for"]

_AFTER_THE_TOUCHED = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who is concerned: by repository (a normalised address), and those of them whose files were changed; sets."""

    followers: Mapping[str, Sequence[Follower]]
    touched: tuple[AppKey, ...]
    sets: tuple[str, ...]

    @property
    def applications(self) -> list[AppKey]:
        """All applications that are concerned, each once."""
        return sorted({app.key for group in self.followers.values() for app in group})


def find_concerned(applications: Applications, happened: Sequence[Push | PullRequest]) -> Concerned:
    """Who follows what has moved: one query for each repository, however many of its references moved."""
    followers: dict[str, dict[AppKey, Follower]] = {}
    touched: dict[AppKey, None] = {}
    sets: dict[str, None] = {}
    changed = [_with_folders(each.files or ()) if isinstance(each, Push) else set() for each in happened]
    for name in dict.fromkeys(name for each in happened for name in normalised(each.urls)):
        apps, readers = applications.followers(name)
        group = followers.setdefault(name, {})
        for each, files in zip(happened, changed, strict=True):
            for app in apps:
                if any(_follows(target, each) for target in app.targets):
                    group[app.key] = app
                    if isinstance(each, Push) and each.files is not None and _touched(app.depends, files):
                        touched[app.key] = None
            sets |= {key: None for key, targets in readers if any(_follows(target, each) for target in targets)}
    found = {name: list(group.values()) for name, group in followers.items()}
    return Concerned(found, tuple(touched), tuple(sets))


def send_for(queues: Queues, concerned: Concerned, cause: Cause) -> None:
    """Sends what has those who are concerned looked at."""
    queues.send("renders", [AppMessage(key, cause) for key in concerned.touched])
    if len(concerned.touched) < len(concerned.applications):
        rest = [RepositoryMessage(name, cause) for name, group in concerned.followers.items() if group]
        if concerned.touched:
            queues.send_later([(Later("renders", message), _AFTER_THE_TOUCHED) for message in rest])
        else:
            queues.send("renders", rest)
    if concerned.sets:
        queues.send("renders", [ApplicationSetMessage(name, cause) for name in concerned.sets])


def _follows(target: str, happened: Push | PullRequest) -> bool:
    """Whether a targetRevision may mean something else after this."""
    if isinstance(happened, PullRequest):
        return target in happened.refs
    if target in (happened.ref, happened.ref.removeprefix("refs/"), happened.name):
        return True
    if happened.kind == "branch":
        return target in ("", "HEAD") and happened.default in ("", happened.name)
    return happened.kind == "tag" and may_be_range(target)


def _with_folders(files: Iterable[str]) -> set[str]:
    """The files and every folder above them, so that each path is looked up once, however many files a push lists."""
    found: set[str] = set()
    for file in files:
        path = file
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return found | {"."} if found else found


def _touched(depends: tuple[str, ...], changed: set[str]) -> bool:
    """Whether a push changed something that the application's last render depended on, as far as it is known."""
    return not depends or not changed.isdisjoint(depends)
