"""Which kinds are asked for children: what controllers make of an object, by its kind.

Argo CD keeps a copy of everything in a cluster and reads children from that. Without such a copy a look would have to
list every kind there is, so it lists what is known to be made from the kinds that the application has: the workloads
of Kubernetes ("Workload Management"), Argo Rollouts, cert-manager. Of an operator's kind nobody knows what it makes:
for it, kinds of its own group and the usual ones are listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mooring.cluster.discovery import Discovery, Resource
from mooring.health.rules import API_SERVERS_OWN

__all__ = ["child_kinds"]

_Kind = tuple[str, str]

_MAKES: Final[dict[_Kind, tuple[_Kind, ...]]] = {
    ("apps", "Deployment"): (("apps", "ReplicaSet"),),
    ("apps", "ReplicaSet"): (("", "Pod"),),
    ("", "ReplicationController"): (("", "Pod"),),
    ("apps", "StatefulSet"): (("", "Pod"), ("apps", "ControllerRevision"), ("", "PersistentVolumeClaim")),
    ("apps", "DaemonSet"): (("", "Pod"), ("apps", "ControllerRevision")),
    ("batch", "CronJob"): (("batch", "Job"),),
    ("batch", "Job"): (("", "Pod"),),
    ("", "Service"): (("discovery.k8s.io", "EndpointSlice"),),
    ("networking.k8s.io", "Ingress"): (("cert-manager.io", "Certificate"),),
    ("gateway.networking.k8s.io", "Gateway"): (
        ("cert-manager.io", "Certificate"),
        ("", "Service"),
        ("apps", "Deployment"),
    ),
    ("argoproj.io", "Rollout"): (("apps", "ReplicaSet"), ("argoproj.io", "AnalysisRun"), ("argoproj.io", "Experiment")),
    ("argoproj.io", "Experiment"): (("apps", "ReplicaSet"), ("argoproj.io", "AnalysisRun")),
    ("argoproj.io", "AnalysisRun"): (("batch", "Job"),),
    ("argoproj.io", "Workflow"): (("", "Pod"),),
    ("argoproj.io", "CronWorkflow"): (("argoproj.io", "Workflow"),),
    ("cert-manager.io", "Certificate"): (("cert-manager.io", "CertificateRequest"),),
    ("cert-manager.io", "CertificateRequest"): (("acme.cert-manager.io", "Order"),),
    ("acme.cert-manager.io", "Order"): (("acme.cert-manager.io", "Challenge"),),
    ("acme.cert-manager.io", "Challenge"): (("", "Pod"), ("", "Service"), ("networking.k8s.io", "Ingress")),
}
_USUAL: Final[tuple[_Kind, ...]] = (
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
    ("", "Pod"),
    ("", "Service"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "PersistentVolumeClaim"),
)
_KNOWN_GROUPS: Final = frozenset({"cert-manager.io", "acme.cert-manager.io", "gateway.networking.k8s.io"})


def child_kinds(discovery: Discovery, roots: Iterable[_Kind], most: int) -> tuple[list[Resource], int]:
    """The namespaced kinds to list for the children of these, and how many were left out beyond `most`.

    Raises as discovery does.
    """
    served = {(each.group, each.kind): each for each in discovery.kinds()}
    asked: dict[_Kind, None] = {}
    waiting = list(dict.fromkeys(roots))
    done = set(waiting)
    while waiting:
        kind = waiting.pop(0)
        for child in _made_by(kind, served):
            asked.setdefault(child)
            if child not in done:
                done.add(child)
                waiting.append(child)
    found = []
    for each in asked:
        resource = served.get(each)
        if resource is not None and resource.namespaced and "list" in resource.verbs:
            found.append(resource)
    return found[:most], max(0, len(found) - most)


def _made_by(kind: _Kind, served: dict[_Kind, Resource]) -> Iterable[_Kind]:
    if kind in _MAKES:
        return _MAKES[kind]
    group = kind[0]
    if "." not in group or group in API_SERVERS_OWN or group in _KNOWN_GROUPS or group == "argoproj.io":
        return ()
    domain = ".".join(group.split(".")[-2:])
    family = [each for each in served if each[0] == group or each[0].endswith(f".{domain}")]
    return (*_USUAL, *(each for each in family if each != kind and each[0] not in API_SERVERS_OWN))
