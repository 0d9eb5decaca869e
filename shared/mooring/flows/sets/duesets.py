"""When an ApplicationSet is due: what its last evaluation was made of, compared with how things are now.

A sweep compares and asks nobody twice: commits of the repositories that generators read (asked for together with those
of applications), the registered clusters, the set's own applications (whoever changed or deleted one), and the clock
for services that can't be compared. Where all is as it was, nothing is sent and nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import orjson

from mooring.appsets.ports import ClusterFacts
from mooring.appsets.registered import cluster_facts
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.renders.following import Place
from mooring.model.generatorkinds import ClusterDecisions, Clusters, Generator, GitDirectories, GitFiles, Matrix, Merge
from mooring.model.setkey import SetKey
from mooring.source.urls import normalise
from mooring.state.applicationsets import Basis, ListedSet, SetCondition, SetSpec
from mooring.state.clusters import Cluster
from mooring.state.lists import Listed
from mooring.state.records import Spec

__all__ = ["basis_of", "due_sets", "follows_of", "owned_digest", "repositories_in", "tried_again"]

_SERVICES = 1800  # seconds; Argo CD's default for scmProvider, pullRequest and plugin
_NOTHING_READ = (ClusterDecisions, Clusters, GitDirectories, GitFiles)


def basis_of(
    spec: SetSpec,
    facts: Sequence[ClusterFacts],
    commits: Mapping[tuple[str, str], str],
    owned: str,
    now: float,
) -> Basis:
    """What an evaluation was made of."""
    generators = list(_leaves(spec.application_set.generators))
    period = min((_period(each) for each in generators if _period(each)), default=0)
    return Basis(
        spec.generation,
        tuple(sorted((url, revision, sha) for (url, revision), sha in commits.items())),
        _facts_digest(facts)
        if any(isinstance(each.detail, Clusters | ClusterDecisions) for each in generators)
        else "",
        owned,
        now + period if period else 0.0,
    )


def tried_again(basis: Basis, conditions: Iterable[SetCondition], now: float) -> Basis:
    """What an evaluation that did not come to its end was made of: the next one is due half as long after it as that
    has gone on, at most half an hour, whatever else may call for one before.
    """
    since = next((each.since for each in conditions if each.type == "ErrorOccurred" and each.holds), now)
    due = now + min(_SERVICES, (now - since) / 2)
    return replace(basis, again=True, due=min(due, basis.due) if basis.due else due)


def due_sets(
    listed: Sequence[ListedSet],
    applications: Iterable[Listed],
    clusters: Iterable[Cluster],
    found: Mapping[Place, str | MooringError],
    now: float,
) -> list[SetKey]:
    """The sets for which anything is different from when they were evaluated last."""
    if not listed:
        return []
    facts = _facts_digest(cluster_facts(clusters))
    apps = list(applications)
    return [each.key for each in listed if _is_due(each, owned_digest(apps, each.key), facts, found, now)]


def _is_due(listed: ListedSet, owned: str, facts: str, found: Mapping[Place, str | MooringError], now: float) -> bool:
    basis = listed.basis
    if basis.generation != listed.generation or basis.owned != owned:
        return True
    if ((basis.due or basis.again) and now >= basis.due) or (basis.clusters and basis.clusters != facts):
        return True
    now_at = {(url, revision): found.get((url, "", revision), sha) for url, revision, sha in basis.refs}
    # A repository that does not answer says nothing: what was generated stands.
    return any(
        isinstance(now_at[url, revision], str) and now_at[url, revision] != sha for url, revision, sha in basis.refs
    )


def owned_digest(listed: Iterable[Listed], key: SetKey, written: Iterable[Spec] = ()) -> str:
    """A digest of a set's applications and their generations, with those that were just written."""
    name = str(key)
    mine = {each.key.name: each.generation for each in listed if each.owner == name}
    mine |= {each.application.key.name: each.generation for each in written}
    return hashlib.sha256(orjson.dumps(mine, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16] if mine else ""


def follows_of(before: Basis, after: Basis) -> tuple[dict[str, list[str]], list[str]]:
    """The repositories that a set reads differently by now, with the revisions, and those that it reads no longer."""
    old, new = _follows(before), _follows(after)
    return {name: each for name, each in new.items() if old.get(name) != each}, [
        each for each in old if each not in new
    ]


def repositories_in(basis: Basis) -> list[str]:
    """The normalised addresses of the repositories that generators read."""
    return list(_follows(basis))


def _follows(basis: Basis) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for url, revision, _ in basis.refs:
        try:
            found.setdefault(normalise(url), []).append(revision)
        except ConfigurationError:
            continue  # no push ever names it
    return found


def _leaves(generators: Iterable[Generator]) -> Iterable[Generator]:
    for each in generators:
        if isinstance(each.detail, Matrix | Merge):
            yield from _leaves(each.detail.children)
        else:
            yield each


def _period(generator: Generator) -> int:
    """Seconds after which a service is asked again; 0 where what is read can be compared."""
    if isinstance(generator.detail, _NOTHING_READ) or generator.kind == "list":
        return 0
    return generator.requeue_after or _SERVICES


def _facts_digest(facts: Sequence[ClusterFacts]) -> str:
    rows = [[each.name, each.server, each.project, dict(each.labels), dict(each.annotations)] for each in facts]
    return hashlib.sha256(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
