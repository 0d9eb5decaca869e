"""Which objects may not be deleted, or not before somebody confirms it.

An object's own annotations, as it lives in the cluster, win over the application's options (Argo CD, "Sync Options",
sections No Prune Resources, No Resource Deletion and the two With Confirmation). Definitions of custom kinds outlive
their application unless somebody asks otherwise, because with them goes every object of the kind, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor
from typing import Literal, TypeAlias

from mooring.cluster.observe import Observed
from mooring.model.application import Application
from mooring.model.objectoptions import RESOURCE_POLICY, SYNC_OPTIONS, read_object_options
from mooring.model.objects import ObjectKey
from mooring.model.options import APPROVED
from mooring.plan.inventory import Entry
from mooring.state.statuses import Status

__all__ = ["CONFIRMATION", "Guard", "Kept", "as_noted", "asked_since", "confirm", "keeps"]

Guard: TypeAlias = Literal["Prune", "Delete"]

CONFIRMATION = "DeletionConfirmationRequired"
"""The condition that an application has while a deletion waits for somebody's word; `since` is when it first did."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why an object stays; `unconfirmed` where it goes as soon as somebody confirms that."""

    reason: str
    unconfirmed: bool = False


def keeps(found: Observed, guard: Guard, application: Application, asked: float) -> Kept | None:
    """Why a live object must not be deleted, or None where it may.

    `asked` is the time, in seconds since the epoch, from which on a confirmation counts.
    """
    options = read_object_options(found.live or {"metadata": {}}, application.options.objects)
    choice = options.prune if guard == "Prune" else options.delete
    if options.keep:
        return Kept(f"stays, because its annotation {RESOURCE_POLICY} says keep")
    if choice == "false":
        return Kept(f"stays, because the sync option {guard}=false is set")
    if choice == "confirm" and not application.marks.approved >= floor(asked):
        return Kept(
            f"stays until its deletion is confirmed ({guard}=confirm): set the annotation {APPROVED} of the "
            "Application to the present time (RFC 3339)",
            unconfirmed=True,
        )
    if guard == "Delete" and not choice and found.key.kind == "CustomResourceDefinition":
        return Kept(
            "stays, because with a CustomResourceDefinition every object of its kind would go; set the sync option "
            "Delete=true on it to have it deleted with the application"
        )
    return None


def as_noted(found: Observed, entry: Entry) -> Observed:
    """A live object that can't carry options of its own, with those that its inventory entry notes."""
    live = found.live or {"metadata": {}}
    annotations = {**(live["metadata"].get("annotations") or {}), SYNC_OPTIONS: entry.notes}
    return replace(found, live={**live, "metadata": {**live["metadata"], "annotations": annotations}})


def asked_since(status: Status, started: float) -> float:
    """From when on a confirmation counts: since it was first asked for, else since the operation began."""
    return next((each.since for each in status.conditions if each.type == CONFIRMATION), started)


def confirm(status: Status, unconfirmed: Iterable[ObjectKey], started: float) -> Status:
    """The status with the condition that names what is to be confirmed; without it where nothing is."""
    named = [f"{key.kind} {key.name}" for key in sorted(unconfirmed)]
    if not named:
        return status.because(CONFIRMATION, "", started)
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    message = (
        f"deleting {', '.join(named[:5])}{more} has to be confirmed: set the annotation {APPROVED} of the Application "
        "to the present time (RFC 3339)"
    )
    return status.because(CONFIRMATION, message, started)
