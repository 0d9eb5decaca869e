"""`CreateNamespace=true`: the destination's namespace is made before the first object needs it.

As in Argo CD ("Sync Options", Create Namespace) the namespace is not an object of the application: it is neither
tracked nor ever pruned, and one that is there already stays as it is.
"""

from __future__ import annotations

from mooring.flows.targets import Live
from mooring.model.application import Application
from mooring.model.objects import ObjectKey
from mooring.plan.steps import Plan

__all__ = ["ensure_namespace"]


def ensure_namespace(target: Live, application: Application, plan: Plan) -> None:
    """Makes the destination's namespace where the application asks for it and objects are about to be made in it.

    Raises the errors of `mooring.errors` where it can't be read or made.
    """
    name = application.destination.namespace
    if not application.create_namespace or not name:
        return
    if not any(step.reason in ("new", "unsure", "drifted") and step.key.namespace == name for step in plan.steps):
        return
    if any(step.key == ObjectKey("", "Namespace", "", name) for step in plan.steps):
        return
    if target.get(ObjectKey("", "Namespace", "", name), "v1") is None:
        target.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
