"""`CreateNamespace=true`: the destination's namespace is made before the first object needs it.

As in Argo CD ("Sync Options", Create Namespace and Namespace Metadata) the namespace is not an object of the
application: it is neither tracked nor ever pruned, and one that is there already stays as it is, but for the labels and
annotations that `managedNamespaceMetadata` names. Those are applied under a field manager of the application's own, so
they are kept beside whatever else applies the namespace, and one that leaves the list leaves the namespace.
"""

from __future__ import annotations

from collections.abc import Callable

from mooring.flows.targets import Live
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import tracking_value
from mooring.plan.steps import Plan

__all__ = ["ensure_namespace", "label_namespace"]


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

    Raises as `Live.apply` and `permit` do.
    """
    name, wanted = application.destination.namespace, application.options.namespace
    if not application.create_namespace or not name or wanted is None:
        return
    permit()
    manifest = _namespace(name)
    manifest["metadata"] |= {"labels": dict(wanted.labels), "annotations": dict(wanted.annotations)}
    target.apply(manifest, field_manager=f"mooring-namespace.{tracking_value(application.key)}")


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
