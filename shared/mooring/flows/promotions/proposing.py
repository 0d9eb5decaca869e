"""A promotion written to git: as a pull request, or as a commit on the targets' branch.

The branch is the same for as long as a promotion has its name, and its pull request is found by it: whoever died after
the push, or after the request was opened, is followed by somebody who finds what is there (`writeback.proposing`). The
difference is rendered from the very commit that was pushed, and only where that is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.access.promotion import Promotion
from mooring.flows.promotions import previewing
from mooring.flows.promotions.carrying import Carried
from mooring.flows.promotions.ports import BlockedError, PromotionPorts
from mooring.forge.azure import AzureDevOps
from mooring.forge.codecommit import CodeCommit
from mooring.forge.ports import CodeHost
from mooring.model.application import AppKey
from mooring.state.promotions import PromotionStatus
from mooring.state.records import Record
from mooring.state.registry import Known
from mooring.writeback import proposing
from mooring.writeback.proposing import Proposed, Words
from mooring.writeback.updates import Destination, Style, Update, Written
from mooring.writeback.writing import write

__all__ = ["commit", "propose", "withdraw"]

_ROOM = 30_000  # characters; Bitbucket takes 32,768 and GitHub twice that
_LEAST = {AzureDevOps: 4_000, CodeCommit: 10_240}  # their documentation, of a pull request's description


def commit(ports: PromotionPorts, promotion: Promotion, carried: Carried) -> Written:
    """Writes to the targets' branch itself. Raises what writing raises."""
    place = Destination(carried.url, carried.branch)
    return _checked(write(ports.writes, place, [_update(promotion, carried)], _style(promotion, carried)), carried)


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

    def words(host: CodeHost, written: Written) -> Words | None:
        if status.number and (status.commit, status.proposed) == (written.sha, carried.identity):
            return None
        room = next((most for kind, most in _LEAST.items() if isinstance(host, kind)), _ROOM)
        shown = previewing.difference(ports, known, carried, targets, base, written.sha)
        title = promotion.how.title or _title(promotion, carried)
        return Words(title, _body(promotion, carried, shown, room))

    proposed = proposing.propose(
        ports.writes,
        ports.hosts,
        _place(promotion, carried),
        [_update(promotion, carried)],
        _style(promotion, carried),
        words=words,
        last=status.number or None,
    )
    _checked(proposed.written, carried)
    return proposed


def withdraw(ports: PromotionPorts, promotion: Promotion, carried: Carried, why: str) -> None:
    """Closes a pull request that would change nothing any more, and says so."""
    proposing.withdraw(ports.writes, ports.hosts, _place(promotion, carried), f"Closed: {why}.")


def _place(promotion: Promotion, carried: Carried) -> Destination:
    key = promotion.key
    head = promotion.how.branch or f"mooring/promotion/{key.namespace}/{key.name}"
    return Destination(carried.url, carried.branch, head)


def _update(promotion: Promotion, carried: Carried) -> Update:
    return Update(promotion.key.namespace, promotion.key.name, carried.edits)


def _style(promotion: Promotion, carried: Carried) -> Style:
    words = promotion.how.message or "\n\n".join((_title(promotion, carried), _told(promotion, carried)))
    return Style(template=words.replace("{{", '{{"{{"}}'), labels=promotion.how.labels)


def _checked(written: Written, carried: Carried) -> Written:
    error = next((each.error for each in written.outcomes.values() if each.error is not None), None)
    if error is not None:
        raise BlockedError(f"can't be written to {carried.url}: {error}") from error
    return written


def _title(promotion: Promotion, carried: Carried) -> str:
    names = ", ".join(each.name for each in promotion.targets)
    what = carried.words[0] if len(carried.words) == 1 else f"{len(carried.words)} changes"
    return f"Promote {promotion.source.name} to {names}: {what}"[:200]


def _told(promotion: Promotion, carried: Carried) -> str:
    """Who and what it came from. What others wrote is in code spans, where nobody is mentioned and nothing links."""
    origin, lines = carried.origin, [f"- {_code(each)}" for each in carried.words]
    lines += ["", f"Promotion: {promotion.key}", f"From: {promotion.source} at {origin.get('revision', '')}"]
    if origin.get("author"):
        lines.append(f"Commit there: {_code(origin.get('subject', ''))} by {_code(origin['author'])}")
    if origin.get("request"):
        merged = f", merged by {_code(origin['merged_by'])}" if origin.get("merged_by") else ""
        lines.append(f"Request there: {_code(origin['request'])}{merged}")
    if origin.get("operation"):
        by = f", asked for by {_code(origin['by'])}" if origin.get("by") else ""
        lines.append(f"Operation there: {origin['operation']}{by}")
    return "\n".join(lines)


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


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
