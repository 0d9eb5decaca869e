"""Edits as a pull request that stays one: found by its branch, brought up to date in place, closed when it is obsolete.

The host remembers branch and request. A run that was killed between the push and the request finds the branch as it
should be and no request, and opens it; one that was killed later finds everything. What the base holds by now (because
somebody merged, or did the same by hand) needs no request: an open one is closed with a word why. A request that a
person closed is not opened again as long as there is nothing new to say, where the caller remembers its number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mooring.errors import ConfigurationError, RejectedError
from mooring.forge.azure import AzureDevOps
from mooring.forge.codecommit import CodeCommit
from mooring.forge.ports import Change, CodeHost, LabelHost, Proposal
from mooring.writeback.telling import body_for, title_of
from mooring.writeback.updates import Destination, Style, Update, Written, checked_branch
from mooring.writeback.wording import commit_message
from mooring.writeback.writing import WritePorts, write

__all__ = ["Hosts", "Proposed", "Told", "Words", "propose", "withdraw"]

Hosts = Callable[[str, str], "CodeHost | None"]
"""The code host of an address, with a destination's `credential`; None where that opens no API."""

_MERGED_ALREADY: Final = "Closed: the base branch holds all of this by now."
_BODY: Final = 30_000
_LEAST: Final = {AzureDevOps: 3_900, CodeCommit: 10_000}  # their documentation: 4000 and 10240 characters


@dataclass(frozen=True, slots=True)
class Words:
    """A request's title and body, where they are not about images."""

    title: str
    body: str


Told = Callable[[CodeHost, Written], "Words | None"]
"""Makes the words of what was written, which costs something: None where those that are there are right."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a request, and what was written to its branch; `change` is None where there is none."""

    state: Literal["opened", "updated", "unchanged", "closed", "declined", "nothing"]
    change: Change | None
    written: Written


def propose(
    ports: WritePorts,
    hosts: Hosts,
    destination: Destination,
    updates: Sequence[Update],
    style: Style | None = None,
    *,
    words: Words | Told | None = None,
    last: int | None = None,
) -> Proposed:
    """Has a pull request from `destination.head` say what the updates say; `last` is the number of the one that was
    there the last time.

    Raises what `write` and a code host raise, `ConfigurationError` where no credential opens the host's API.
    """
    style = style or Style()
    place = _placed(ports, destination)
    host = _host(hosts, place)
    found = host.find_change(place.head, place.base)
    former = host.change(last) if found is None and last is not None else None
    declined = former is not None and former.state == "closed"
    written = write(ports, place, updates, style, anew=found is None and not declined)
    wanted = [each for each in updates if written.outcomes[each.key].state == "written"]
    if not wanted:
        if found is None or written.states("failed"):
            return Proposed("nothing" if found is None else "unchanged", found, written)
        _close(host, found, _MERGED_ALREADY)
        return Proposed("closed", replace(found, state="closed"), written)
    if declined and not written.made:
        return Proposed("declined", former, written)
    told = words if words is None or isinstance(words, Words) else words(host, written)
    if told is None and words is not None and found is not None:
        return Proposed("unchanged", found, written)
    title, body = _words(ports, host, wanted, style, told)
    if found is None:
        opened = _opened(host, Proposal(place.head, place.base, title, body))
        if style.labels and isinstance(host, LabelHost):
            host.label_change(opened.number, style.labels)
        return Proposed("opened", opened, written)
    if (found.title, _plain(found.body)) == (title, _plain(body)):
        return Proposed("updated" if written.made else "unchanged", found, written)
    host.rewrite_change(found.number, title, body)
    return Proposed("updated", replace(found, title=title, body=body), written)


def withdraw(ports: WritePorts, hosts: Hosts, destination: Destination, why: str) -> Change | None:
    """Closes the open request from `destination.head`, if there is one, saying why; it is answered. Its branch stays.

    Raises as `propose`.
    """
    place = _placed(ports, destination)
    host = _host(hosts, place)
    found = host.find_change(place.head, place.base)
    if found is not None:
        _close(host, found, why)
    return found


def _placed(ports: WritePorts, destination: Destination) -> Destination:
    if not destination.head:
        raise ConfigurationError("must name the branch of a pull request (`base:branch`)", field="git-branch")
    base = destination.base
    if not base:
        store = ports.credentials(destination.credential)
        with ports.writers.opened(destination.url, store, whose=destination.credential) as writer:
            base = writer.default_branch()
    if base == destination.head:
        raise ConfigurationError("must differ from the base branch for a pull request", field="git-branch")
    return replace(destination, base=checked_branch(base), head=checked_branch(destination.head))


def _host(hosts: Hosts, place: Destination) -> CodeHost:
    host = hosts(place.url, place.credential)
    if host is None:
        told = (
            "is on a host whose API no registered credential opens; register a token for it (`mooring repo add`), and "
            "name the host in the settings where it is one of your own (docs/forges.md)"
        )
        raise ConfigurationError(told, field="repository", subject=place.url)
    return host


def _words(
    ports: WritePorts, host: CodeHost, updates: Sequence[Update], style: Style, words: Words | None
) -> tuple[str, str]:
    if words is not None:
        return title_of(words.title), words.body
    limit = next((most for kind, most in _LEAST.items() if isinstance(host, kind)), _BODY)
    return title_of(commit_message(updates, style, ports.ask)), body_for(updates, limit=limit)


def _opened(host: CodeHost, proposal: Proposal) -> Change:
    try:
        return host.open_change(proposal)
    except RejectedError:
        found = host.find_change(proposal.head, proposal.base)  # somebody else was faster, or we were before a crash
        if found is None:
            raise
        return found


def _close(host: CodeHost, change: Change, why: str) -> None:
    host.comment(change.number, why)
    host.close_change(change.number)


def _plain(body: str) -> str:
    """Hosts keep line breaks in their own way."""
    return "\n".join(line.rstrip() for line in body.replace("\r\n", "\n").strip().split("\n"))
