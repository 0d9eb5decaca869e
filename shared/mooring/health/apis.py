"""What makes up the API itself: CustomResourceDefinitions, APIServices, Namespaces."""

from __future__ import annotations

from mooring.health.reading import condition, entries, section, text
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["api_service", "custom_resource_definition", "namespace", "pending_deletion"]


def api_service(live: Manifest) -> Health:
    """Progressing until its server answers (gitops-engine, `health_apiservice.go`)."""
    available = condition(section(live, "status"), "Available")
    if not available:
        return Health("Progressing", "Waiting to be processed")
    words = ": ".join(filter(None, (text(available, "reason"), text(available, "message"))))
    return Health("Healthy" if available.get("status") == "True" else "Progressing", words)


def custom_resource_definition(live: Manifest) -> Health:
    """Degraded when its names or its schema are not accepted (gitops-engine, `health_customresourcedefinition.go`).

    Unlike there, a definition that is merely not established *yet* (`Installing`) is progressing: a new one is for a
    moment, and a sync would fail over it.
    """
    status = section(live, "status")
    if not entries(status, "conditions"):
        return Health("Progressing", "Waiting for the API server to establish it")
    terminating, names = condition(status, "Terminating"), condition(status, "NamesAccepted")
    established, loose = condition(status, "Established"), condition(status, "NonStructuralSchema")
    if terminating.get("status") == "True":
        return Health("Progressing", f"It is being removed: {text(terminating, 'message')}")
    if names.get("status") == "False":
        return Health("Degraded", f"Its names have not been accepted: {text(names, 'message')}")
    if established.get("status") != "True":
        if text(established, "reason") in {"", "Installing"}:
            return Health("Progressing", "Waiting for the API server to establish it")
        return Health("Degraded", f"It is not established: {text(established, 'message')}")
    if loose.get("status") == "True":
        return Health("Degraded", f"Its schema is not structural: {text(loose, 'message')}")
    return Health("Healthy")


def namespace(live: Manifest) -> Health:
    """Healthy, but for the moment between its end and its being gone."""
    if text(section(live, "status"), "phase") == "Terminating":
        return Health("Progressing", pending_deletion(live))
    return Health("Healthy")


def pending_deletion(live: Manifest) -> str:
    """Why an object that is to go is still there: its finalizers, and what a namespace says of its content."""
    words = [
        text(entry, "message")
        for entry in entries(section(live, "status"), "conditions")
        if entry.get("status") == "True" and text(entry, "type").startswith("Namespace") and text(entry, "message")
    ]
    finalizers = section(live, "metadata").get("finalizers")
    if isinstance(finalizers, list) and finalizers:
        words.append(f"waiting for finalizers {', '.join(map(str, finalizers))}")
    return "; ".join(["Pending deletion", *words])
