"""`CreateNamespace=true`: the destination's namespace is made before the first object needs it.

As in Argo CD ("Sync Options", Create Namespace and Namespace Metadata) the namespace is not an object of the
application: it is neither tracked nor ever pruned, and one that is there already stays as it is, but for the labels and
annotations that `managedNamespaceMetadata` names. Those are applied under a field manager of the application's own, so
they are kept beside whatever else applies the namespace, and one that leaves the list leaves the namespace. A sweep
reads them, and one that was changed by hand is drift like any other, as in Argo CD, which tracks such a namespace
(`controller/sync_namespace.go`); here it shows among the application's objects for as long as it has drifted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from mooring.cluster.drift import drifted_fields
from mooring.errors import ForbiddenError, RejectedError
from mooring.flows.clusters.live import Live
from mooring.flows.syncs.judging import ABSENT, Findings
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import owner_of, tracking_value
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Plan
from mooring.state.operations import ResourceResult

__all__ = ["ensure_namespace", "label_namespace", "look_at_namespace", "namespace_results"]


def ensure_namespace(target: Live, application: Application, plan: Plan, permit: Callable[[], None]) -> None:
    """Makes the destination's namespace where the application asks for it and objects are about to be made in it.

    Its labels and annotations are set in any case. Raises the errors of `mooring.errors` where it can't be read or
    made, and what `permit` raises where it must not be.
    """
    name = application.destination.namespace
    if not application.create_namespace or not name:
        return
    if any(step.key == ObjectKey("", "Namespace", "", name) for step in plan.steps):
        return
    if application.options.namespace is not None:
        label_namespace(target, application, permit)
        return
    if not any(step.reason in ("new", "unsure", "drifted") and step.key.namespace == name for step in plan.steps):
        return
    if target.get(ObjectKey("", "Namespace", "", name), "v1") is None:
        permit()
        target.apply(_namespace(name))


def label_namespace(target: Live, application: Application, permit: Callable[[], None]) -> None:
    """Gives the destination's namespace the labels and annotations that the application names; makes it if need be.

    Raises as `Live.apply` and `permit` do, and `RejectedError` where another application has the namespace and says
    otherwise.
    """
    name, wanted = application.destination.namespace, application.options.namespace
    if not application.create_namespace or not name or wanted is None:
        return
    permit()
    _refuse_others(target, application)
    target.apply(_labelled(application), field_manager=f"mooring-namespace.{tracking_value(application.key)}")


def _refuse_others(target: Live, application: Application) -> None:
    """What another application says of its own namespace is not overwritten; what it does not name may be added."""
    key = ObjectKey("", "Namespace", "", application.destination.namespace)
    found = target.get(key, "v1")
    live = None if found is None else found.live
    owner = None if live is None else owner_of(live, application.key)
    if live is None or owner is None or not owner.label:
        return
    wanted = _labelled(application)["metadata"]
    differing = sorted(
        name
        for part in ("labels", "annotations")
        for name, value in wanted[part].items()
        if (live["metadata"].get(part) or {}).get(name, value) != value
    )
    if differing:
        raise RejectedError(
            f"the namespace belongs to application {owner}, which sets {', '.join(differing)} otherwise: change it "
            "there, or take it out of managedNamespaceMetadata",
            field="spec.syncPolicy.managedNamespaceMetadata",
            subject=str(key),
        )


def look_at_namespace(target: Live, application: Application, inventory: Inventory, findings: Findings) -> None:
    """Adds to the findings what of the managed namespace's labels and annotations is not as the application names it.

    Nothing is read where it names none, or where the namespace is one of its objects. Raises as `Live.get` does, but
    where the namespace may not be read: then nothing is said of it.
    """
    name, wanted = application.destination.namespace, application.options.namespace
    key = ObjectKey("", "Namespace", "", name)
    if not application.create_namespace or not name or wanted is None or key in inventory:
        return
    try:
        found = target.get(key, "v1")
    except ForbiddenError:
        return
    findings.namespace = key
    if found is None or found.live is None:
        findings.drift[key] = ABSENT
    elif changes := drifted_fields(_labelled(application), found.live):
        findings.drift[key] = tuple(asdict(change) for change in changes)


def namespace_results(findings: Findings) -> list[ResourceResult]:
    """What is told of a managed namespace whose labels and annotations have just been put back."""
    key = findings.namespace
    if key is None or key not in findings.drift:
        return []
    return [ResourceResult(key, "v1", "configured", "its managed labels and annotations were put back")]


def _labelled(application: Application) -> Manifest:
    wanted = application.options.namespace
    assert wanted is not None
    manifest = _namespace(application.destination.namespace)
    manifest["metadata"] |= {"labels": dict(wanted.labels), "annotations": dict(wanted.annotations)}
    return manifest


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
