"""What an application reads, and at which revision that is now.

An input is a declared source or a repository that the sources lead to: a remote base, a dependency of a chart. All
that concern one repository are resolved by one request, however many applications ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from mooring.errors import MooringError
from mooring.model.application import Application
from mooring.source import Resolution, Resolutions, normalise
from mooring.source.charts import Charts
from mooring.state.wanted import Input, WantedState

__all__ = [
    "Place",
    "all_inputs",
    "bare",
    "beyond",
    "declared_inputs",
    "followed",
    "named",
    "place_of",
    "repositories_of",
    "resolve",
]

Place: TypeAlias = tuple[str, str, str]
"""Address, chart and target: what is the same here has the same revision."""


def place_of(given: Input) -> Place:
    """What decides an input's revision."""
    return given.url, given.chart, given.target


def bare(given: Input) -> Input:
    """An input as it was declared: without what was found out about it."""
    return Input(given.url, given.target, given.chart)


def declared_inputs(application: Application) -> tuple[Input, ...]:
    """One input for each source, in their order, without revisions."""
    return tuple(Input(each.repo_url, each.target_revision, each.chart) for each in application.sources)


def all_inputs(declared: tuple[Input, ...], wanted: WantedState | None) -> tuple[Input, ...]:
    """The declared inputs, and those that they led to when they were last rendered."""
    if wanted is None:
        return declared
    return (*declared, *(each for each in wanted.rendering.inputs if each.led_to))


def beyond(inputs: Iterable[Input], revisions: Mapping[Input, str]) -> str:
    """The revisions of what the sources led to, as one name; one that is unknown counts too."""
    return named(revisions.get(bare(each), "") for each in inputs if each.led_to)


def named(revisions: Iterable[str]) -> str:
    """The revisions of all sources as one name."""
    return ",".join(revisions)


def resolve(
    places: Iterable[Place], git: Callable[[str, Iterable[str]], Resolutions], charts: Charts
) -> dict[Place, str | MooringError]:
    """The revision of each place, or the error that says why there is none.

    `git` answers for a repository's address and some of its targets. Each repository is asked once; one that does not
    answer has its error at each of its places.
    """
    asked: dict[tuple[str, str], dict[str, None]] = {}
    for url, chart, target in places:
        asked.setdefault((url, chart), {})[target] = None
    found: dict[Place, str | MooringError] = {}
    for (url, chart), targets in asked.items():
        answers: dict[str, str | MooringError] = {}
        try:
            if Input(url, "", chart).in_git:
                for target, each in git(url, targets).items():
                    answers[target] = each.sha if isinstance(each, Resolution) else each
            else:
                for target, version in charts.resolve(url, chart, targets).items():
                    answers[target] = version if isinstance(version, MooringError) else version.version
        except MooringError as error:
            answers = dict.fromkeys(targets, error)
        found |= {(url, chart, target): answers[target] for target in targets}
    return found


def repositories_of(inputs: Iterable[Input]) -> dict[str, list[str]]:
    """The targets that are followed in each git repository, by normalised address.

    Raises `ConfigurationError` for an address that is none.
    """
    return {name: targets for name, (targets, _) in followed(inputs).items()}


def followed(inputs: Iterable[Input]) -> dict[str, tuple[list[str], list[str]]]:
    """As `repositories_of`, with the paths that decide in each (none as long as nothing was rendered)."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for each in inputs:
        if each.in_git:
            targets, depends = found.setdefault(normalise(each.url), ({}, {}))
            targets[each.target] = None
            depends.update(dict.fromkeys(each.depends))
    return {name: (list(targets), list(depends)) for name, (targets, depends) in found.items()}
