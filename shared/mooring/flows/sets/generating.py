"""ApplicationSets, evaluated: generators asked, applications declared, changed and deleted as they say now.

One evaluation of a set at a time, under its lease, from reading what is declared to the last write. A generator that
fails changes and deletes nothing: what was generated last stays, and a condition says which one failed and why. An
evaluation that died half-way is followed by another one, which finds the same plan less what was done.

A set that is being deleted takes its applications with it, in reverse order of its steps where it says so, or leaves
them to themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from mooring.appsets.generating import Generated, generate
from mooring.appsets.gittrees import RepositoryTrees
from mooring.appsets.planning import Plan, plan
from mooring.appsets.ports import ClusterFacts, CodeHosts, GitTrees, Plugins, Ports, Templates
from mooring.appsets.registered import cluster_facts
from mooring.appsets.rolling import may_delete
from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import ConflictError, MooringError
from mooring.events.messages import ApplicationSetMessage, Cause, ClusterMessage, Later
from mooring.flows.sets.concluding import conclude, failed
from mooring.flows.sets.deciding import AwaitedError, KeptDecisions, decider
from mooring.flows.sets.duesets import basis_of, follows_of, owned_digest, repositories_in, tried_again
from mooring.flows.sets.enacting import author, delete_members, enact, orphan_members
from mooring.flows.sets.rollouts import held_back, roll
from mooring.model.application import AppKey
from mooring.model.setkey import SetKey
from mooring.queues import Queues
from mooring.source import Repositories
from mooring.state.applications import Applications
from mooring.state.applicationsets import Basis, SetRecord, SetStatus
from mooring.state.lists import Listed
from mooring.state.records import Spec
from mooring.state.registry import Registry

__all__ = ["Considered", "SetPorts", "consider_plan", "handle_sets"]

_LEASE = 150.0  # seconds; longer than the function may take
_BUSY = 3.0  # seconds until a set is looked at again that somebody else evaluates
_LATER = 30.0


@dataclass(frozen=True, slots=True)
class SetPorts:
    """What an evaluation works with; `asked` makes the ports to hosts and plugins anew for each set.

    `owner` names the invocation, `clock` gives seconds since the epoch.
    """

    applications: Applications
    registry: Registry
    queues: Queues
    repositories: Repositories
    templates: Templates
    asked: Callable[[], tuple[CodeHosts, Plugins]]
    clock: Callable[[], float]
    owner: str


@dataclass(frozen=True, slots=True)
class Considered:
    """What a set would do now: its applications as they are (`owned`), and what is to become of them."""

    plan: Plan
    owned: Mapping[str, Spec]
    total: int
    digest: str


def handle_sets(ports: SetPorts, messages: Iterable[ApplicationSetMessage]) -> None:
    """Evaluates the sets that the messages name. Raises only where the state can't be read or written."""
    asked: dict[str, ApplicationSetMessage] = {}
    for message in messages:
        known = asked.get(message.set)
        if known is None or known.progress:
            asked[message.set] = message
    records = ports.registry.sets.load(SetKey.parse(name) for name in asked)
    for record in records.values():
        if record.spec is not None:
            _one(ports, record, asked[str(record.key)])


def _one(ports: SetPorts, record: SetRecord, message: ApplicationSetMessage) -> None:
    spec = record.spec
    assert spec is not None
    if message.progress and spec.deleting is None and not spec.application_set.rollout.steps:
        return
    now = ports.clock()
    try:
        record = ports.registry.sets.begin(record, owner=ports.owner, now=now, ttl=_LEASE)
    except ConflictError:
        if message.cause.kind != "tick":  # the next tick comes by itself
            ports.queues.send_later([(Later("renders", message), _BUSY)])
        return
    try:
        _under_lease(ports, record, message, now)
    except ConflictError:  # lost to an evaluation that has seen something newer, or somebody wrote at the same moment
        if message.cause.kind != "tick":
            ports.queues.send_later([(Later("renders", message), _LATER)])
    except MooringError:
        ports.registry.sets.finish(
            record, status=record.status, basis=replace(record.basis, again=True, due=0.0), follows={}
        )
        raise


def _under_lease(ports: SetPorts, record: SetRecord, message: ApplicationSetMessage, now: float) -> None:
    spec = record.spec
    assert spec is not None
    listed = [each for each in ports.applications.registered() if each.key.namespace == record.key.namespace]
    if spec.deleting is not None:
        _leave(ports, record, listed, now)
        return
    evaluated = record.basis.generation == spec.generation and not record.basis.again
    if message.progress and evaluated:
        status = roll(ports, record, _own(record, listed), record.status, now)
        ports.registry.sets.finish(record, status=status, basis=record.basis, follows={})
        return
    _evaluate(ports, record, listed, message.cause, now)


def _evaluate(ports: SetPorts, record: SetRecord, listed: Sequence[Listed], cause: Cause, now: float) -> None:
    spec = record.spec
    assert spec is not None
    known = ports.registry.known()
    facts = cluster_facts(known.clusters)
    trees = RepositoryTrees(ports.repositories)
    decisions = KeptDecisions(ports.registry, record.key, decider(known.clusters))
    basis = record.basis
    try:
        considered = consider_plan(ports, record, listed, facts, trees, decisions)
    except AwaitedError:
        # Nothing is known, and nothing is wrong yet: another evaluation follows when they were read.
        waiting = replace(basis, again=True, due=0.0, decisions=decisions.asked)
        ports.registry.sets.finish(record, status=record.status, basis=waiting, follows={})
        wanted = ClusterMessage(decisions.cluster, cause, sets=(str(record.key),))
        ports.queues.send("syncs", [wanted], alone=True)
        return
    except MooringError as error:
        conditions = failed(record.status.conditions, str(error), type(error).__name__, now)
        seen = basis_of(spec, facts, {**_known_refs(basis), **trees.commits}, basis.owned, now)
        seen = tried_again(seen, conditions, now)
        objects = tuple(sorted({*basis.decisions, *decisions.asked}))
        seen = replace(seen, decisions=objects, decided=decisions.digest)
        _finish(ports, record, replace(record.status, conditions=conditions, digest=""), seen)
        return
    status, own, again = record.status, owned_digest(listed, record.key), False
    if considered is not None:
        enacted = enact(ports, record, considered.plan, considered.owned, known)
        lost = [*enacted.lost, *_remove(ports, record, considered, now)]
        own = owned_digest(listed, record.key, enacted.written.values())
        again = bool(lost or enacted.refused)
        conditions = conclude(
            record.status.conditions, considered.plan, enacted.refused, str(record.key), considered.total, now
        )
        status = replace(
            status,
            conditions=conditions,
            digest="" if again or considered.plan.held else considered.digest,
            held=considered.plan.held,
            token=considered.plan.token,
        )
        if lost:
            message = ApplicationSetMessage(str(record.key), Cause("retry"))
            ports.queues.send_later([(Later("renders", message), _BUSY)])
        if spec.application_set.rollout.steps:
            keys = {*_own(record, listed), *(each.application.key for each in enacted.written.values())}
            status = roll(ports, record, keys, status, now)
    elif spec.application_set.rollout.steps:
        status = roll(ports, record, _own(record, listed), status, now)
    if not spec.application_set.rollout.steps:
        others = tuple(each for each in status.conditions if each.type != "RolloutProgressing")
        status = replace(status, conditions=others, members=())
    seen = basis_of(spec, facts, trees.commits, own, now)
    if again:
        seen = tried_again(seen, status.conditions, now)
    _finish(ports, record, status, replace(seen, decisions=decisions.asked, decided=decisions.digest))


def consider_plan(
    ports: SetPorts,
    record: SetRecord,
    listed: Sequence[Listed],
    facts: Sequence[ClusterFacts],
    trees: GitTrees,
    decisions: KeptDecisions,
) -> Considered | None:
    """What a set would change; None where it generates what it did, of applications that nobody has changed.

    Raises whatever a generator, a template or a name has against it, and `AwaitedError`: then nothing is known.
    """
    spec = record.spec
    assert spec is not None
    declared = spec.application_set
    hosts, plugins = ports.asked()
    generated = generate(declared, Ports(ports.templates, trees, facts, hosts, plugins, decisions))
    decisions.check()
    if declared.rollout.steps:
        generated = tuple(held_back(each) for each in generated)
    digest = _digest(spec.generation, generated)
    unchanged = (digest, owned_digest(listed, record.key)) == (record.status.digest, record.basis.owned)
    if unchanged and not record.confirmed:
        return None
    names = {each.name for each in generated}
    mine = _own(record, listed)
    concerned = [each.key for each in listed if each.key in mine or each.key.name in names]
    specs = {key.name: each for key, each in ports.applications.specs(concerned).items()}
    owned = {name: each for name, each in specs.items() if _is_ours(each, record, name in names)}
    others = {name: each.owner or each.by or "somebody" for name, each in specs.items() if name not in owned}
    going = {name for name, each in owned.items() if each.deleting is not None}
    with Expressions() as expressions:
        found = plan(
            declared,
            [each for each in generated if each.name not in going],
            {name: each.application.declared for name, each in owned.items() if name not in going},
            others,
            rules=Rules(declared.ignore_differences, expressions),
            confirmed=record.confirmed,
        )
    return Considered(found, owned, len(generated), digest)


def _is_ours(spec: Spec, record: SetRecord, wanted: bool) -> bool:
    """Whether an application belongs to the set, or was left behind by one of its name that generated it again."""
    return spec.owner == str(record.key) or (wanted and not spec.owner and spec.by == author(record))


def _remove(ports: SetPorts, record: SetRecord, considered: Considered, now: float) -> list[str]:
    assert record.spec is not None
    keep = record.spec.application_set.preserve_resources
    return delete_members(ports, record, considered.plan.delete, considered.owned, now, keep=keep)


def _finish(ports: SetPorts, record: SetRecord, status: SetStatus, basis: Basis) -> None:
    follows, gone = follows_of(record.basis, basis)
    ports.registry.sets.finish(record, status=status, basis=basis, follows=follows, gone=gone)


def _leave(ports: SetPorts, record: SetRecord, listed: Sequence[Listed], now: float) -> None:
    """Goes on with the deletion of a set; it is forgotten when the last of its applications is gone."""
    spec = record.spec
    assert spec is not None
    assert spec.deleting is not None
    specs = {key.name: each for key, each in ports.applications.specs(_own(record, listed)).items()}
    lost: Sequence[object] = ()
    if not spec.deleting.cascade:
        lost = orphan_members(ports, record, specs.values())
        specs = {name: each for name, each in specs.items() if each.deleting is not None} if not lost else specs
    else:
        labels = {name: each.application.declared["metadata"].get("labels") or {} for name, each in specs.items()}
        names = may_delete(spec.application_set.rollout, labels) if labels else ()
        waiting = [name for name in names if specs[name].deleting is None]
        keep = spec.application_set.preserve_resources
        lost = delete_members(ports, record, waiting, specs, now, keep=keep)
    if not specs:
        ports.registry.sets.forget(record, repositories_in(record.basis))
        return
    if lost:
        message = ApplicationSetMessage(str(record.key), Cause("retry"))
        ports.queues.send_later([(Later("renders", message), _BUSY)])
    ports.registry.sets.finish(
        record, status=record.status, basis=replace(record.basis, again=True, due=0.0), follows={}
    )


def _own(record: SetRecord, listed: Iterable[Listed]) -> set[AppKey]:
    return {each.key for each in listed if each.owner == str(record.key)}


def _known_refs(basis: Basis) -> dict[tuple[str, str], str]:
    return {(url, revision): sha for url, revision, sha in basis.refs}


def _digest(generation: int, generated: Sequence[Generated]) -> str:
    body = orjson.dumps([generation, [each.document for each in generated]], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()[:32]
