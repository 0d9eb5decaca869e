"""Decisions about clusters that objects in a cluster hold (the generator clusterDecisionResource).

They are in the cluster where Argo CD would run: the default one. Generators are evaluated where no cluster may be
asked, so the two halves meet in the table. An evaluation takes what was read last (`KeptDecisions`) and remembers which
objects it asked for; `sync` (`flows.syncs.consulting`) reads these with each sweep, or at once for a set that asks for
something new, writes what has changed, and has the set evaluated as long as that has not seen it. What can't be read
is the generator's error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from mooring.errors import ConfigurationError, PermanentError, TransientError
from mooring.model.application import Destination
from mooring.model.generatorkinds import ClusterDecisions
from mooring.model.selectors import Requirement
from mooring.model.setkey import SetKey
from mooring.state.clusters import ALONE, IN_CLUSTER, Cluster, find_place
from mooring.state.decisions import Asked, Decided
from mooring.state.registry import Registry

__all__ = ["AwaitedError", "KeptDecisions", "asked_of", "decider"]

_WHERE = "clusterDecisionResource"


def asked_of(wanted: ClusterDecisions) -> Asked:
    """What a generator asks for, as it can be remembered."""
    selector = ",".join(_requirement(each) for each in wanted.selector.requirements)
    return Asked(wanted.config_map, wanted.name, selector)


def _requirement(each: Requirement) -> str:
    match each.operator:
        case "In":
            return f"{each.key} in ({','.join(each.values)})"
        case "NotIn":
            return f"{each.key} notin ({','.join(each.values)})"
        case "Exists":
            return each.key
        case _:
            return f"!{each.key}"


class AwaitedError(TransientError):
    """Decisions are asked for that nobody has read yet."""


def decider(clusters: Iterable[Cluster]) -> str:
    """The name of the cluster whose objects decide, empty where no default cluster is registered."""
    try:
        place = find_place(clusters, Destination(name=IN_CLUSTER))
    except PermanentError:
        return ""
    return "" if place == ALONE else place.name


class KeptDecisions:
    """What was read for one set from `cluster`; implements `DecisionSource`. Asks the table once, and only if asked."""

    def __init__(self, registry: Registry, key: SetKey, cluster: str) -> None:
        self._registry = registry
        self._key = key
        self.cluster = cluster
        self._asked: dict[Asked, bool] = {}

    def decisions(self, wanted: ClusterDecisions) -> tuple[str, Sequence[Mapping[str, Any]]]:
        """The key that holds a cluster's name, and the decisions; none where they are awaited (see `check`).

        Raises `ConfigurationError` where there is no cluster to decide, and where it could not be read.
        """
        if not self.cluster:
            raise ConfigurationError(
                "no default cluster is registered whose objects could decide; add it with `mooring cluster add`",
                field=_WHERE,
            )
        asked = asked_of(wanted)
        kept = self._kept
        answer = kept.answers.get(asked) if kept.cluster == self.cluster else None
        self._asked[asked] = answer is not None
        if answer is None:
            return "", []
        if answer.error:
            raise ConfigurationError(f"can't be read from the cluster {self.cluster}: {answer.error}", field=_WHERE)
        return answer.key, answer.decisions

    def check(self) -> None:
        """Raises `AwaitedError` where anything was asked for that nobody has read yet: then nothing is known."""
        awaited = [asked for asked, there in self._asked.items() if not there]
        if awaited:
            named = ", ".join(sorted({f"{each.config_map} ({each.name or each.selector})" for each in awaited}))
            raise AwaitedError(
                f"the decisions of {named} have not been read from the cluster {self.cluster} yet; they are as soon as "
                "the set is declared",
                field=_WHERE,
            )

    @property
    def asked(self) -> tuple[tuple[str, str, str], ...]:
        """Every object that was asked for, as a set's basis remembers it."""
        return tuple((each.config_map, each.name, each.selector) for each in sorted(self._asked))

    @property
    def digest(self) -> str:
        """Of what was read; empty where nothing was asked for."""
        return self._kept.digest if self._asked else ""

    @cached_property
    def _kept(self) -> Decided:
        return self._registry.decisions.load(self._key)
