"""Asks that code hosts be asked who let new commits in: one message, after everything else is on its way.

Only for repositories with a credential that opens an API: for all others there would be nobody to ask as. The look is
taken by `sweep` a moment later, so a host that is slow holds up no render and no sync (ADR 0091).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mooring.errors import MooringError
from mooring.events.messages import CommitMessage
from mooring.flows.renders.tasks import RenderPorts, Task
from mooring.source.urls import normalise

__all__ = ["ask_who_merged"]

_SETTLED: Final = 20.0  # seconds until a host has taken down which request brought a commit


def ask_who_merged(ports: RenderPorts, tasks: Iterable[Task]) -> None:
    """Has the commits looked up that these applications have just been given; a failure to ask is no trouble."""
    if ports.credentials is None:
        return
    from mooring.forge.places import opens_api  # now that nothing waits for it any more

    commits: dict[tuple[str, str], CommitMessage] = {}
    for task in tasks:
        first = next((each for each in task.declared if each.in_git), None)
        if first is None or (sha := task.revisions[first]) == _known(task):
            continue
        commits.setdefault((normalise(first.url), sha), CommitMessage(first.url, sha))
    try:
        asked = [(each, _SETTLED) for each in commits.values() if opens_api(ports.credentials, each.repository)]
        if asked:
            ports.queues.send_later(asked)
    except MooringError:
        return  # the commit is looked up when it is rendered for another application, or not at all


def _known(task: Task) -> str:
    """The commit that the application had already."""
    return task.record.wanted.commit.sha if task.record.wanted is not None else ""
