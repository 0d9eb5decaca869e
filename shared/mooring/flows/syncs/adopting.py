"""The first apply of an object: made anew, taken over, or left to the application that owns it.

Nobody knows whether an object that is new to an application exists. Asking first would cost every first sync a request
for each object, so the first apply names a version that no object has: the API server makes an object that is not there
and answers 409 for one that is. Only then it is read. If another application of this installation still wants it, it is
left alone, which Argo CD calls a shared resource; else it is taken over, with the fields of whoever applied it before
(see `cluster.adopting`), and applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mooring.cluster.apply import Applied
from mooring.cluster.observe import Observed
from mooring.errors import ConflictError, RejectedError
from mooring.flows.clusters.live import Live
from mooring.model.application import AppKey, Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import Owner, owner_of, tracking_value
from mooring.plan.inventory import Entry, Inventory
from mooring.state.applications import Applications
from mooring.state.statuses import Status

__all__ = [
    "Claim",
    "SharedError",
    "claim",
    "claimed_by",
    "first_apply",
    "note_shared",
    "still_wants",
    "take_over",
    "with_left",
]

_NO_VERSION: Final = "1"
"""A `resourceVersion` that no object has, since the API server's own first writes use it up."""


class SharedError(RejectedError):
    """The application asks its syncs to fail where an object is another's, and one is `owner`'s."""

    def __init__(self, message: str, owner: Owner, *, subject: str) -> None:
        super().__init__(message, subject=subject)
        self.owner = owner


@dataclass(frozen=True, slots=True)
class Claim:
    """An object that is there already: `owner` is who else says it is theirs, `refused` whether it stays theirs."""

    owner: Owner | None
    refused: bool


def first_apply(target: Live, manifest: Manifest, *, validate: bool = True) -> Applied | None:
    """Makes an object that does not exist; None, with nothing changed, where it does.

    Raises as `Live.apply` does. Source: Kubernetes documentation, "API Concepts", section Resource versions, as tried
    on API server 1.36 with built-in kinds and custom resources.
    """
    try:
        return target.apply(
            {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": _NO_VERSION}}, validate=validate
        )
    except ConflictError:
        return None
    except RejectedError as error:
        if "resourceVersion" not in error.message:
            raise
        return None  # an aggregated API server of its own mind: look first


def claim(
    target: Live, application: Application, found: Observed, still_wants: Callable[[Owner, ObjectKey], bool]
) -> Claim:
    """Takes over what an old manager owns in a live object, unless another application still wants the object.

    With `FailOnSharedResource=true` any other owner counts, also one that only Argo CD knows; with
    `ClientSideApplyMigration=false` what kubectl's client-side apply owns stays its own (Argo CD, "Sync Options",
    sections Fail the sync if a shared resource is found and Client-Side Apply Migration). Raises as `Live` does.
    """
    assert found.live is not None
    options = application.options
    owner = owner_of(found.live, application.key)
    if owner is not None and (options.fail_on_shared_resource or still_wants(owner, found.key)):
        return Claim(owner, refused=True)
    take_over(target, application, found)
    return Claim(owner, refused=False)


def take_over(target: Live, application: Application, found: Observed) -> None:
    """Makes ours what old managers own in a live object; the next apply removes of it what git does not have."""
    assert found.live is not None
    migrates = application.options.client_side_apply_migration
    try:
        target.adopt(found.live, client_side=migrates)
    except ConflictError:  # a controller wrote its status in between
        again = target.get(found.key, found.live["apiVersion"].rpartition("/")[2])
        if again is not None and again.live is not None:
            target.adopt(again.live, client_side=migrates)


def claimed_by(app: AppKey, owner: Owner, key: ObjectKey) -> str:
    """What users read of an object that two applications want."""
    return f"{key.kind}/{key.name} is part of applications {app} and {owner}"


def still_wants(applications: Applications, cluster: str, owner: Owner, key: ObjectKey) -> bool:
    """Whether an application of this installation has the object in its inventory and git wants it to.

    Reads the registry; raises as `Applications` does. An application that Argo CD has is none of this installation.
    """
    if not owner.label:
        return False
    listed = (each.key for each in applications.registered() if tracking_value(each.key) == owner.label)
    app = next(listed, None)
    if app is None:
        return False
    record = applications.load([app], inventory=True)[app]
    if record.spec is None or key not in record.inventory or record.status.cluster != cluster:
        return False
    return not any(resource.key == key and resource.requires_pruning for resource in record.status.resources)


def with_left(inventory: Inventory, left: Iterable[ObjectKey]) -> Inventory:
    """The inventory as a status is judged by: an object that was left to its owner exists, and is not as git wants."""
    return {**{key: Entry(key, "", digest="of another application") for key in left}, **inventory}


def note_shared(
    status: Status, app: AppKey, others: Mapping[ObjectKey, Owner], left: Iterable[ObjectKey], now: float
) -> Status:
    """The status with the objects that other applications claim: all of them as a condition, those left remembered."""
    told = "; ".join(claimed_by(app, owner, key) for key, owner in sorted(others.items()))
    kept = tuple((key, others[key]) for key in sorted(left))
    return replace(status, shared=kept).because("SharedResourceWarning", told, now)
