"""What an ApplicationSet would change, shown instead of done."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from mooring.appsets.gittrees import RepositoryTrees
from mooring.appsets.registered import cluster_facts
from mooring.differences.expressions import Expressions
from mooring.differences.printing import as_yaml
from mooring.errors import MooringError
from mooring.events.messages import ApplicationSetMessage
from mooring.flows.sets.deciding import KeptDecisions, decider
from mooring.flows.sets.enacting import readable
from mooring.flows.sets.generating import Considered, SetPorts, consider_plan, handle_sets
from mooring.model.applicationset import parse_application_set
from mooring.model.objects import Manifest
from mooring.state.applicationsets import SetRecord, SetSpec, SetStatus
from mooring.state.records import Spec

__all__ = ["handle_preview", "handle_sets_and_previews"]

_DIFFS = 100  # applications of which a diff is kept; the others are named


def handle_sets_and_previews(ports: SetPorts, messages: Iterable[ApplicationSetMessage]) -> None:
    """Evaluates the sets that messages name, and answers those that only want to see something."""
    given = list(messages)
    for message in given:
        if message.preview:
            handle_preview(ports, message)
    handle_sets(ports, [message for message in given if not message.preview])


def handle_preview(ports: SetPorts, message: ApplicationSetMessage) -> None:
    """Evaluates what was asked for and keeps the answer; nothing else is written."""
    asked = ports.registry.sets.preview(message.preview)
    if asked is None or "document" not in asked:
        return  # too old, or answered
    declared = parse_application_set(asked["document"]).application_set
    record = ports.registry.sets.load([declared.key])[declared.key]
    generation = 1 if record.spec is None else record.spec.generation + 1
    # Without the status nothing counts as generated before, so the whole plan is made.
    spec = SetSpec(declared, generation, ())
    record = SetRecord(record.key, spec, SetStatus(), record.basis)
    listed = [each for each in ports.applications.registered() if each.key.namespace == record.key.namespace]
    known = ports.registry.known()
    try:
        trees = RepositoryTrees(ports.repositories)
        decisions = KeptDecisions(ports.registry, record.key, decider(known.clusters))
        considered = consider_plan(ports, record, listed, cluster_facts(known.clusters), trees, decisions)
        assert considered is not None
        found = _told(ports, record, considered)
    except MooringError as error:
        found = {"error": str(error)}
    ports.registry.sets.put_preview(message.preview, found, ports.clock())


def _told(ports: SetPorts, record: SetRecord, considered: Considered) -> dict[str, Any]:
    plan, known = considered.plan, ports.registry.known()
    wanted: list[tuple[str, Manifest | None, Manifest, Spec | None, str]] = [
        (each.name, None, each.document, None, each.origin) for each in plan.create
    ]
    wanted += [(each.name, each.before, each.after, considered.owned[each.name], each.origin) for each in plan.update]
    refused: dict[str, str] = {}
    added: list[dict[str, str]] = []
    changed: list[dict[str, str]] = []
    with Expressions() as expressions:
        for name, before, after, previous, origin in wanted:
            try:
                readable(ports.registry, known, record, after, previous, expressions)
            except MooringError as error:
                refused[name] = str(error)
                continue
            entry = {"name": name, "from": origin}
            if len(added) + len(changed) < _DIFFS:
                entry["diff"] = _diff(before, after)
            (changed if before is not None else added).append(entry)
    return {
        "generated": considered.total,
        "added": added,
        "changed": changed,
        "removed": [{"name": name, "why": "no generator gives it any more"} for name in plan.delete],
        "held": [{"name": name, "why": "would be removed once that is confirmed"} for name in plan.held],
        "token": plan.token,
        "kept": [
            {"name": name, "why": "no generator gives it any more; applicationsSync keeps it"} for name in plan.kept
        ],
        "outdated": [{"name": name, "why": "differs; applicationsSync leaves it alone"} for name in plan.outdated],
        "unchanged": len(plan.unchanged),
        "conflicts": [
            {"name": each.name, "why": f"exists already and belongs to {each.owner}", "from": each.origin}
            for each in plan.conflicts
        ],
        "refused": [{"name": name, "why": why} for name, why in refused.items()],
    }


def _diff(before: Manifest | None, after: Manifest) -> str:
    old = [] if before is None else as_yaml(_shown(before)).splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, as_yaml(_shown(after)).splitlines(keepends=True), "declared", "generated"))


def _shown(document: Manifest) -> Manifest:
    metadata = {name: value for name, value in document["metadata"].items() if value}
    return {**document, "metadata": metadata}
