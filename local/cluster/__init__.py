"""A Kubernetes cluster on this machine, without containers: a real API server, and as much behind it as is needed.

Two sizes. The small one is etcd and kube-apiserver: everything about objects is real, nothing happens to them. The
large one adds the controllers, the scheduler and kwok, which plays two nodes: Deployments roll out and become ready,
Jobs complete, claims are bound, though no container ever runs.

A cluster is as private as loopback and a folder that only we can read make it. It is not for anything that has to
survive, and it does not pretend to: no disk is waited for.
"""

from __future__ import annotations

from local.cluster.access import Access, AccessError
from local.cluster.client import Client
from local.cluster.lifetime import CONTROL_PLANE, WORKLOADS, AuditSink, Cluster

__all__ = ["CONTROL_PLANE", "WORKLOADS", "Access", "AccessError", "AuditSink", "Client", "Cluster"]
