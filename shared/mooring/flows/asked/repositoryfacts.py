"""What is known of a registered repository, from what is on record anyway: renders and deliveries.

A render notes which commit it found for each reference, and when; a delivery of the last week says that the host's
webhook works. Sweeps that find nothing write nothing, so a time here is when something was news, not when somebody
asked last: `refresh` of an application has its repository asked now, and notes what came of it.

One registration may be for all repositories whose address begins so, and addresses are spelled in many ways; they are
compared by host and path alone, as deliveries are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from mooring.flows.asked.deliveries import show_heard
from mooring.model.application import AppKey
from mooring.model.moments import told_time
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries, Told
from mooring.state.lists import Listed
from mooring.state.wanted import Input, WantedState

__all__ = ["RepositoryFacts", "plain_address", "repository_facts"]

_TROUBLES: Final = 10  # that are shown of one registration, the newest
_REFS: Final = 100
_LOOKED_AT: Final = 500  # deliveries that are gone through for the newest one of each
_SCHEME, _USER, _SCP = re.compile(r"^[a-z0-9+.-]+://"), re.compile(r"^[^/@]*@"), re.compile(r"^([^/:]+):(?!\d+(/|$))")


@dataclass(slots=True)
class RepositoryFacts:
    """What is known of one registration. `refs` are by address, chart and target."""

    applications: set[AppKey] = field(default_factory=set)
    refs: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    troubles: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    heard: Told | None = None

    def shown(self, *, deliveries: bool) -> dict[str, Any]:
        """As the API tells it; what was heard only where `deliveries` may be seen."""
        newest = sorted(self.troubles, key=lambda each: -each[0])[:_TROUBLES]
        refs = sorted(self.refs.values(), key=lambda each: (each["repository"], each["chart"], each["target"]))
        told: dict[str, Any] = {
            "applications": len(self.applications),
            "refs": [{**each, "at": told_time(each["at"])} for each in refs[:_REFS]],
            "troubles": [each for _, each in newest],
        }
        if not deliveries:
            return told
        return told | {"heard": None if self.heard is None else show_heard(self.heard)}


def repository_facts(
    urls: Collection[str], applications: Applications, listed: Iterable[Listed], deliveries: Deliveries | None
) -> dict[str, RepositoryFacts]:
    """What is known of each registered address; `listed` are the applications that the reader may see.

    Reads what git wants of those that come from one of `urls` (a hundred a request) and the newest deliveries.
    """
    registered = {url: plain_address(url) for url in urls}
    found = {url: RepositoryFacts() for url in registered}
    concerned: dict[AppKey, Sequence[Input]] = {}
    for app in listed:
        for source in app.sources:
            for url in _about(source.url, registered):
                found[url].applications.add(app.key)
                concerned[app.key] = app.sources
    for key, wanted in applications.wanted(concerned).items():
        for each in wanted.rendering.inputs:
            for url in _about(each.url, registered):
                _note_ref(found[url], each, wanted)
        if wanted.failure is not None:
            trouble = {
                "application": str(key),
                "at": told_time(wanted.failure.at),
                "revision": wanted.failure.revision,
                "message": wanted.failure.message,
                "triedAgain": wanted.failure.transient,
            }
            for url in {url for source in concerned[key] for url in _about(source.url, registered)}:
                found[url].troubles.append((wanted.failure.at, trouble))
    if deliveries is not None:
        for _, told in islice(deliveries.newest(), _LOOKED_AT):
            for url in _about(told.repository, registered) if told.repository else ():
                found[url].heard = found[url].heard or told
    return found


def plain_address(url: str) -> str:
    """Host and path alone, in lower case, without `.git`; of a registry as well, which `normalise` does not take."""
    text = _SCP.sub(r"\1/", _USER.sub("", _SCHEME.sub("", url.strip().lower())))
    return text.rstrip("/").removesuffix(".git")


def _about(url: str, registered: Mapping[str, str]) -> list[str]:
    """The registrations that are for this repository: its own, and those whose address it begins with."""
    own = plain_address(url)
    return [name for name, start in registered.items() if own == start or own.startswith(f"{start}/")]


def _note_ref(facts: RepositoryFacts, given: Input, wanted: WantedState) -> None:
    name = (plain_address(given.url), given.chart, given.target)
    known = facts.refs.get(name)
    users = 1 + (known["applications"] if known else 0)
    if known is None or wanted.resolved_at >= known["at"]:
        facts.refs[name] = {
            "repository": given.url,
            "chart": given.chart,
            "target": given.target or "HEAD",
            "revision": given.revision,
            "at": wanted.resolved_at,
            "applications": users,
        }
    else:
        known["applications"] = users
