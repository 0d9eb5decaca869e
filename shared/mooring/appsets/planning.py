"""What a list of generated applications changes among those that exist: to be shown, or to be done.

Pure but for jq, which runs in its own process. Nothing is decided on a list that is not whole (see `generating`). Two
things hold removals back: the set's policy, and their share: whoever empties a generator by mistake should lose nothing
before somebody has said so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.appsets.generating import Generated
from mooring.differences.ignoring import ignored
from mooring.differences.removal import GONE, Removal, cut
from mooring.differences.rules import Rules
from mooring.model.applicationset import ApplicationSet
from mooring.model.objects import Manifest

__all__ = ["Changed", "Conflict", "Plan", "plan", "waits"]

_LEAST = 4
_PRESERVED_ANNOTATIONS = (
    "notified.notifications.argoproj.io",
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/hydrate",
)
_PRESERVED_FINALIZERS = ("pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io")


@dataclass(frozen=True, slots=True)
class Changed:
    """An application that exists and becomes another."""

    name: str
    before: Manifest
    after: Manifest
    origin: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An application that is generated and exists, but belongs to somebody else. It is left alone."""

    name: str
    owner: str
    origin: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, by name in order.

    `delete` is what may be removed now. What is generated no longer but stays is in `kept` (the policy says so) or in
    `held`: it waits for a confirmation, which is to repeat `token`. `outdated` would change if the policy allowed it.
    """

    create: tuple[Generated, ...] = ()
    update: tuple[Changed, ...] = ()
    delete: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    token: str = ""
    conflicts: tuple[Conflict, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.create or self.update or self.delete)


def waits(existing: int, removed: int, share: float | None = None) -> bool:
    """Whether a removal has to be confirmed: of all applications, or of more than half of at least four.

    With a share (0 to 1) a removal of more than that waits, instead; 1 lets everything pass.
    """
    if not removed:
        return False
    if share is not None:
        return removed > share * existing
    return removed >= existing or (existing >= _LEAST and 2 * removed > existing)


def plan(
    declared: ApplicationSet,
    generated: Sequence[Generated],
    owned: Mapping[str, Manifest],
    others: Mapping[str, str],
    *,
    rules: Rules | None = None,
    share: float | None = None,
    confirmed: str = "",
) -> Plan:
    """What makes the applications that exist those that were generated.

    `owned` are the set's applications as they are declared now, by name; `others` those in its namespace that it does
    not own, with the name of whose they are. `rules` are made of `ignore_differences` by whoever asks for many plans.
    Source of the rules: Argo CD, "Controlling Resource Modification".
    """
    rules = Rules(declared.ignore_differences) if rules is None else rules
    create, update, unchanged, outdated, conflicts = [], [], [], [], []
    for each in sorted(generated, key=lambda one: one.name):
        if each.name in others:
            conflicts.append(Conflict(each.name, others[each.name], each.origin))
        elif each.name not in owned:
            create.append(each)
        elif (after := _after(declared, each.document, owned[each.name], rules)) == _declared(owned[each.name]):
            unchanged.append(each.name)
        elif declared.may_update:
            update.append(Changed(each.name, owned[each.name], after, each.origin))
        else:
            outdated.append(each.name)
    surplus = tuple(sorted(owned.keys() - {each.name for each in generated}))
    delete, kept, held, token = _removals(declared, surplus, len(owned), share, confirmed)
    return Plan(
        create=tuple(create),
        update=tuple(update),
        delete=delete,
        unchanged=tuple(unchanged),
        outdated=tuple(outdated),
        kept=kept,
        held=held,
        token=token,
        conflicts=tuple(conflicts),
    )


def _removals(
    declared: ApplicationSet, surplus: tuple[str, ...], existing: int, share: float | None, confirmed: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    if not declared.may_delete:
        return (), surplus, (), ""
    token = hashlib.sha256("\n".join((str(declared.key), *surplus)).encode()).hexdigest()[:16]
    if waits(existing, len(surplus), share) and confirmed != token:
        return (), (), surplus, token
    return surplus, (), (), ""


def _declared(document: Manifest) -> Manifest:
    """The parts of an application that a set is about."""
    metadata = document["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    kept |= {key: metadata[key] for key in ("labels", "annotations", "finalizers") if metadata.get(key)}
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": kept,
        "spec": document["spec"],
    }


def _after(declared: ApplicationSet, desired: Manifest, existing: Manifest, rules: Rules) -> Manifest:
    """The desired application with what is preserved and ignored taken from the one that exists."""
    metadata, now = dict(desired["metadata"]), existing["metadata"]
    annotations = (*_PRESERVED_ANNOTATIONS, *declared.preserved_annotations)
    metadata["annotations"] = _preserving(metadata.get("annotations"), now.get("annotations"), annotations)
    metadata["labels"] = _preserving(metadata.get("labels"), now.get("labels"), declared.preserved_labels)
    finalizers = list(metadata.get("finalizers") or [])
    finalizers += [
        each
        for each in now.get("finalizers") or []
        if each.startswith(_PRESERVED_FINALIZERS) and each not in finalizers
    ]
    metadata["finalizers"] = finalizers
    wanted, known = _declared({**desired, "metadata": metadata}), _declared(existing)
    if not rules:
        return wanted
    here, there = ignored(known, rules), ignored(wanted, rules)
    if here is None and there is None:
        return wanted
    result: Manifest = _taken(cut(wanted, there) if there is not None else wanted, known, here or {})
    return result


def _preserving(
    desired: Mapping[str, str] | None, existing: Mapping[str, str] | None, names: Iterable[str]
) -> dict[str, str]:
    return dict(desired or {}) | {name: existing[name] for name in names if existing and name in existing}


def _taken(value: Any, existing: Any, removal: Removal) -> Any:
    """`value` with the places of the removal as they are in what exists."""
    if not removal or value is GONE:
        return existing if not removal else _only(existing, removal)
    if isinstance(existing, dict) and isinstance(value, dict):
        result = dict(value)
        for step, below in removal.items():
            if step in existing:
                result[str(step)] = _taken(value.get(step, GONE), existing[step], below)
        return result
    if isinstance(existing, list) and isinstance(value, list):
        items = list(value)
        for index in sorted(int(step) for step in removal):
            below = removal[index]
            if not below:
                items.insert(min(index, len(items)), existing[index])
            elif index < len(items):
                items[index] = _taken(items[index], existing[index], below)
        return items
    return value


def _only(existing: Any, removal: Removal) -> Any:
    """Just the places of the removal: around them nothing is wanted."""
    if not removal:
        return existing
    if isinstance(existing, dict):
        return {step: _only(existing[step], below) for step, below in removal.items() if step in existing}
    return [_only(existing[int(step)], below) for step, below in sorted(removal.items(), key=lambda each: int(each[0]))]
