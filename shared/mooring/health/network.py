"""Services and Ingresses: has the load balancer that they ask for an address?"""

from __future__ import annotations

from mooring.health.reading import entries, section
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["ingress", "service"]


def service(live: Manifest) -> Health:
    """Only a Service of type LoadBalancer has something to wait for."""
    if section(live, "spec").get("type") != "LoadBalancer":
        return Health("Healthy")
    return _addressed(live)


def ingress(live: Manifest) -> Health:
    """Progressing until its controller has published an address."""
    return _addressed(live)


def _addressed(live: Manifest) -> Health:
    if entries(section(live, "status", "loadBalancer"), "ingress"):
        return Health("Healthy")
    return Health("Progressing", "Waiting for the load balancer to have an address")
