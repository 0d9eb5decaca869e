"""A promotion written to git: as a pull request that is found again, or as a commit on the targets' branch.

The branch is the same for as long as a promotion has its name, and its pull request is found by it: whoever died after
the push, or after the request was opened, is followed by somebody who finds what is there. What is there and right is
left alone, so nobody is told twice. How the commit comes about is `writeback.writing`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.access.promotion import Promotion
from mooring.errors import RejectedError
from mooring.flows.promotions.carrying import Carried
from mooring.flows.promotions.ports import BlockedError, PromotionPorts
from mooring.flows.promotions.previewing import difference
from mooring.forge.azure import AzureDevOps
from mooring.forge.codecommit import CodeCommit
from mooring.forge.ports import Change, CodeHost, Proposal
from mooring.model.application import AppKey
from mooring.state.promotions import PromotionStatus
from mooring.state.records import Record
from mooring.state.registry import Known
from mooring.writeback.updates import Destination, Style, Update, Written
from mooring.writeback.writing import write

__all__ = ["Proposed", "commit", "host_of", "propose", "withdraw"]

_ROOM = 30_000  # characters; Bitbucket takes 32,768 and GitHub twice that
_LEAST = {AzureDevOps: 4_000, CodeCommit: 10_240}  # their documentation, of a pull request's description


@dataclass(frozen=True, slots=True)
class Proposed:
    """An open pull request and its newest commit; `news` is `opened`, `updated`, or empty where it was right."""

    change: Change
    sha: str
    news: str


def host_of(ports: PromotionPorts, url: str) -> CodeHost:
    """The code host of a repository. Raises `BlockedError` where there is none to ask."""
    host = ports.host(url)
    if host is None:
        raise BlockedError(
            f"no pull request can be opened for {url}: its code host is not known, or no token is registered for it "
            "(docs/promotion.md); register one, or use how.commit",
            field="spec.how.pullRequest",
        )
    return host


def commit(ports: PromotionPorts, promotion: Promotion, carried: Carried) -> Written:
    """Writes to the targets' branch itself. Raises what writing raises."""
    return _written(ports, promotion, carried, head="", anew=False)


def propose(
    ports: PromotionPorts,
    known: Known,
    promotion: Promotion,
    carried: Carried,
    targets: Mapping[AppKey, Record],
    status: PromotionStatus,
    base: str,
) -> Proposed:
    """Has a pull request say what moves; `base` is the newest commit of the branch that it goes to.

    Raises what writing and asking the host raise.
    """
    host = host_of(ports, carried.url)
    head = promotion.how.branch or f"mooring/promotion/{promotion.key.namespace}/{promotion.key.name}"
    is_open = bool(status.number) and (there := host.change(status.number)) is not None and there.state == "open"
    written = _written(ports, promotion, carried, head=head, anew=not is_open)
    branch = written.destination.base
    found = host.find_change(head, branch)
    if (
        found is not None
        and found.number == status.number
        and (status.commit, status.identity)
        == (
            written.sha,
            carried.identity,
        )
    ):
        return Proposed(found, written.sha, "")
    title = promotion.how.title or _title(promotion, carried)
    room = next((most for kind, most in _LEAST.items() if isinstance(host, kind)), _ROOM)
    body = _body(promotion, carried, difference(ports, known, carried, targets, base, written.sha), room)
    if found is None:
        try:
            return Proposed(host.open_change(Proposal(head, branch, title, body)), written.sha, "opened")
        except RejectedError:
            found = host.find_change(head, branch)  # somebody else opened it at this moment
            if found is None:
                raise
    host.rewrite_change(found.number, title, body)
    return Proposed(found, written.sha, "updated" if found.number == status.number else "opened")


def withdraw(host: CodeHost, number: int, why: str) -> None:
    """Closes a pull request that would change nothing any more, and says so."""
    host.comment(number, f"Closed: {why}")
    host.close_change(number)


def _written(ports: PromotionPorts, promotion: Promotion, carried: Carried, *, head: str, anew: bool) -> Written:
    key = promotion.key
    words = promotion.how.message or "\n\n".join((_title(promotion, carried), _told(promotion, carried)))
    style = Style(template=words.replace("{{", '{{"{{"}}'))
    update = Update(key.namespace, key.name, carried.edits)
    written = write(ports.writes, Destination(carried.url, carried.branch, head), [update], style, anew=anew)
    outcome = written.outcomes[update.key]
    if outcome.error is not None:
        raise BlockedError(f"can't be written to {carried.url}: {outcome.error}") from outcome.error
    return written


def _title(promotion: Promotion, carried: Carried) -> str:
    names = ", ".join(each.name for each in promotion.targets)
    what = carried.words[0] if len(carried.words) == 1 else f"{len(carried.words)} changes"
    return f"Promote {promotion.source.name} to {names}: {what}"[:200]


def _told(promotion: Promotion, carried: Carried) -> str:
    """Who and what it came from, for people and for whoever reads the log."""
    origin, lines = carried.origin, [f"- {each}" for each in carried.words]
    lines += ["", f"Promotion: {promotion.key}", f"From: {promotion.source} at {origin.get('revision', '')}"]
    if origin.get("author"):
        lines.append(f"Commit there: {origin.get('subject', '')} ({origin['author']})")
    if origin.get("request"):
        merged = f", merged by {origin['merged_by']}" if origin.get("merged_by") else ""
        lines.append(f"Request there: {origin['request']}{merged}")
    if origin.get("operation"):
        by = f", asked for by {origin['by']}" if origin.get("by") else ""
        lines.append(f"Operation there: {origin['operation']}{by}")
    return "\n".join(lines)


def _body(promotion: Promotion, carried: Carried, shown: str, room: int) -> str:
    """The description, which holds the whole of what moves and as much of the difference as there is room for."""
    own = f"{promotion.how.body.strip()}\n\n" if promotion.how.body else ""
    head = f"{own}{_told(promotion, carried)}\n\n## What changes in the targets\n\n"
    if len(head) + len(shown) <= room:
        return head + shown
    end = "\n```\n\nThere is more than fits here; render the branch to see all of it.\n"
    if len(head) + len(end) >= room:
        return head[: room - 2] + "…"
    return head + shown[: room - len(head) - len(end)] + end
