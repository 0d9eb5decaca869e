"""The plan of an ApplicationSet, carried out on its applications: many in one write, each under its own conditions.

An application that its project does not permit, or that can't be read, is left as it is and told; the others go on, as
in Argo CD. One that somebody else changed meanwhile is left to the next evaluation. Nothing is written once the set's
lease is lost: whoever has it now has seen something newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mooring.appsets.planning import Plan
from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import MooringError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.renders.following import declared_inputs, repositories_of
from mooring.flows.rules.permitting import permit_declared
from mooring.model.application import AppKey, parse_application
from mooring.model.objects import Manifest
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.applicationsets import SetRecord
from mooring.state.records import Deleting, Spec
from mooring.state.registry import Known, Registry
from mooring.state.table import Operation

__all__ = ["EnactPorts", "Enacted", "author", "delete_members", "enact", "orphan_members", "readable"]

_AT_ONCE = 300  # applications that are checked and written before the next ones are checked


class EnactPorts(Protocol):
    """What it takes."""

    @property
    def applications(self) -> Applications:
        """Applications in the table."""

    @property
    def registry(self) -> Registry:
        """What is registered."""

    @property
    def queues(self) -> Queues:
        """Where messages go."""


@dataclass(frozen=True, slots=True)
class Enacted:
    """What came of it: the declarations that were written, and by name what was refused, and what has to come again."""

    written: Mapping[str, Spec]
    refused: Mapping[str, str]
    lost: tuple[str, ...]


def author(record: SetRecord) -> str:
    """How the applications of a set name who declared them."""
    return f"applicationset {record.key}"


def enact(ports: EnactPorts, record: SetRecord, plan: Plan, owned: Mapping[str, Spec], known: Known) -> Enacted:
    """Declares what is to be created or updated. Raises `ConflictError` where the set's lease is lost."""
    wanted: list[tuple[Manifest, Spec | None]] = [(each.document, None) for each in plan.create]
    wanted += [(each.after, owned[each.name]) for each in plan.update]
    rolling = bool(record.spec and record.spec.application_set.rollout.steps)
    wanted += [  # as they are, but not yet the set's, or not yet in its order
        (owned[name].application.declared, owned[name])
        for name in (*plan.unchanged, *plan.outdated)
        if (owned[name].owner, owned[name].rolling) != (str(record.key), rolling)
    ]
    written: dict[str, Spec] = {}
    refused: dict[str, str] = {}
    lost: list[str] = []
    with Expressions() as expressions:
        for start in range(0, len(wanted), _AT_ONCE):
            specs: list[Spec] = []
            groups: list[list[Operation]] = []
            for document, previous in wanted[start : start + _AT_ONCE]:
                try:
                    spec = readable(ports.registry, known, record, document, previous, expressions)
                    groups.append(_declaring(ports.applications, spec, previous))
                    specs.append(spec)
                except MooringError as error:
                    refused[document["metadata"]["name"]] = error.message if not error.field else str(error)
            done = ports.registry.sets.write(record, groups)
            made = [spec for spec, ok in zip(specs, done, strict=True) if ok]
            lost += [spec.application.key.name for spec, ok in zip(specs, done, strict=True) if not ok]
            written |= {spec.application.key.name: spec for spec in made}
            cause = Cause("spec", by=author(record))
            ports.queues.send("renders", [AppMessage(spec.application.key, cause) for spec in made])
    return Enacted(written, refused, tuple(lost))


def readable(
    registry: Registry,
    known: Known,
    record: SetRecord,
    document: Manifest,
    previous: Spec | None,
    expressions: Expressions,
) -> Spec:
    """A generated application as it would be declared. Raises as declaring it by hand does."""
    parsed = parse_application(document)
    application = parsed.application
    if application.ignore_differences:
        Rules(application.ignore_differences, expressions).check()
    permit_declared(known, registry.projects, application)
    generation = 1 if previous is None else previous.generation + 1
    assert record.spec is not None
    rolling = bool(record.spec.application_set.rollout.steps)
    return Spec(application, generation, parsed.warnings, None, author(record), str(record.key), rolling)


def _declaring(applications: Applications, spec: Spec, previous: Spec | None) -> list[Operation]:
    follows = repositories_of(declared_inputs(spec.application))
    before = {} if previous is None else repositories_of(declared_inputs(previous.application))
    return applications.declaring(
        spec, previous=previous, follows=follows, gone=[name for name in before if name not in follows]
    )


def delete_members(
    ports: EnactPorts, record: SetRecord, names: Sequence[str], owned: Mapping[str, Spec], now: float, *, keep: bool
) -> list[str]:
    """Asks for the deletion of applications, their objects with them where their finalizer says so; unless `keep`.

    Returns the names of those that somebody changed meanwhile. Raises `ConflictError` where the lease is lost.
    """
    before = [owned[name] for name in names if owned[name].deleting is None]
    doomed = [
        replace(
            spec,
            generation=spec.generation + 1,
            deleting=Deleting(spec.application.cascade and not keep, author(record), now),
        )
        for spec in before
    ]
    groups = [[ports.applications.replacing(*pair)] for pair in zip(doomed, before, strict=True)]
    done = ports.registry.sets.write(record, groups)
    cause = Cause("person", by=author(record))
    going = [spec.application.key for spec, ok in zip(doomed, done, strict=True) if ok]
    going += [owned[name].application.key for name in names if owned[name].deleting is not None]
    ports.queues.send("syncs", [AppMessage(key, cause) for key in going])
    return [spec.application.key.name for spec, ok in zip(doomed, done, strict=True) if not ok]


def orphan_members(ports: EnactPorts, record: SetRecord, owned: Iterable[Spec]) -> list[AppKey]:
    """Lets applications go on without their set. Returns those that somebody changed meanwhile."""
    before = [spec for spec in owned if spec.deleting is None]
    free = [replace(spec, generation=spec.generation + 1, owner="", rolling=False) for spec in before]
    groups = [_declaring(ports.applications, *pair) for pair in zip(free, before, strict=True)]
    done = ports.registry.sets.write(record, groups)
    return [spec.application.key for spec, ok in zip(free, done, strict=True) if not ok]
