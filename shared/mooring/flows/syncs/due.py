"""Whether an application has to be planned at all.

It is decided from what is remembered and was seen, before anything is loaded or opened: of a thousand applications that
a sweep looks at, hardly one is due.
"""

from __future__ import annotations

from mooring.flows.syncs.beginning import exhausted, retry_of
from mooring.flows.syncs.healing import heal_is_due
from mooring.plan.inventory import Inventory
from mooring.state.records import Record

__all__ = ["is_due"]


def is_due(
    record: Record, inventory: Inventory, now: float, *, drifted: bool, released: bool, reopens: bool, healing: bool
) -> bool:
    """Whether an application has to be planned at all; `released` says that a shared object is free now, `reopens`
    that a secret was changed which it is made of, `healing` that what is changed by hand is put back.
    """
    spec, wanted, status = record.spec, record.wanted, record.status
    assert spec is not None and wanted is not None
    application = spec.application
    if wanted.generation != spec.generation:
        return False  # this bundle is an older spec's: the render of the changed one is on its way, or has failed
    if record.request:
        return True
    current = (status.bundle, status.generation) == (wanted.bundle, spec.generation)
    reopens = status.reopen_at > 0 and (reopens or status.reopen_at <= now)
    if spec.paused is not None and status.operation is not None and status.operation.phase == "Running":
        return True  # what was begun before comes to its end
    if application.automated is None:
        return not current or reopens or (healing and heal_is_due(record, inventory, now, drifted=drifted))
    if reopens:
        return True
    if (retry := retry_of(record)) is not None:
        return now >= retry.due and not exhausted(retry, application)
    crashed = status.operation is not None and status.operation.phase == "Running"
    unsettled = any(entry.unsure for entry in inventory.values())
    return not current or crashed or unsettled or released or (drifted and healing)
