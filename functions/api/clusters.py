"""The routes of registered clusters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access, flag
from objects import changed_cluster, cluster, declared_cluster

from mooring.access.rbac import named
from mooring.flows.asked.auditing import admit_auditing, end_auditing
from mooring.flows.asked.clusterhealth import cluster_health
from mooring.flows.asked.looks import ask_about_cluster
from mooring.flows.asked.registering import (
    UnknownClusterError,
    ask_doctor,
    change_cluster,
    cluster_document,
    cluster_named,
    doctors_answer,
    register_cluster,
    register_cluster_secret,
    remove_cluster,
    show_cluster,
)
from mooring.flows.asked.summarising import summaries
from mooring.model.clusterforms import read_cluster_secret
from mooring.state.clusters import Cluster
from mooring.state.watchers import Watchers

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_cluster_routes"]


def add_cluster_routes(desk: Desk) -> None:
    """Adds what `mooring cluster` asks for."""
    composition, registry = desk.composition, desk.composition.registry
    desk.missing(UnknownClusterError)

    def document(desk: Desk, places: Arguments) -> Any:
        name = places.get("name")
        return cluster_document(registry, read_cluster_secret(desk.body(), []).name if name is None else name)

    def registered(found: Cluster, warnings: list[str]) -> Any:
        return show_cluster(found) | {"warnings": warnings}

    @desk.get(
        "/api/v1/clusters",
        does="The registered clusters, without credentials",
        access=Access("clusters", "get", EACH),
        tag="clusters",
        query=PAGES,
        answers="Clusters",
    )
    def list_clusters() -> Any:
        seen = [each for each in registry.clusters() if desk.may("clusters", "get", _object(each))]
        page = desk.page((each.name, show_cluster(each)) for each in seen)
        return {**page, "syncRole": composition.sync_role(), "lookRole": composition.look_role()}

    @desk.post(
        "/api/v1/clusters",
        does="Registers a cluster from Argo CD's cluster Secret",
        access=Access("clusters", "create", declared_cluster),
        tag="clusters",
        body="Secret",
        answers="RegisteredCluster",
        document=document,
    )
    def register_cluster_from_secret() -> Any:
        return registered(*register_cluster_secret(composition.register_ports(), desk.body()))

    @desk.get(
        "/api/v1/clusters/<name>",
        does="One registered cluster, without credentials",
        access=Access("clusters", "get", cluster),
        tag="clusters",
        answers="Cluster",
        document=document,
    )
    def get_cluster(name: str) -> Any:
        return show_cluster(cluster_named(registry, name))

    @desk.get(
        "/api/v1/clusters/<name>/health",
        does="How a cluster is now: whether it answers, how large it is, and whether it is being asked at all",
        access=Access("clusters", "get", cluster),
        tag="clusters",
        answers="ClusterHealth",
    )
    def get_cluster_health(name: str) -> Any:
        found = cluster_named(registry, name)
        every = list(summaries(composition.applications))
        rows = every if desk.unlimited else [
            each for each in every if desk.may("applications", "get", named(each.project, each.key))
        ]  # fmt: skip
        look = partial(ask_about_cluster, composition.looks)
        return cluster_health(found, rows, Watchers(composition.table), look, now=desk.now())

    @desk.put(
        "/api/v1/clusters/<name>",
        does="Registers a cluster, or registers it anew",
        access=Access("clusters", "create", declared_cluster),
        tag="clusters",
        body="ClusterForm",
        answers="RegisteredCluster",
        document=document,
    )
    def put_cluster(name: str) -> Any:
        return registered(*register_cluster(composition.register_ports(), name, desk.body()))

    @desk.patch(
        "/api/v1/clusters/<name>",
        does="Changes labels, annotations, limits and the like of a cluster; what isn't given stays",
        access=Access("clusters", "update", changed_cluster),
        tag="clusters",
        body="ClusterChange",
        answers="RegisteredCluster",
        document=document,
    )
    def patch_cluster(name: str) -> Any:
        return registered(*change_cluster(composition.register_ports(), name, desk.body()))

    @desk.delete(
        "/api/v1/clusters/<name>",
        does="Forgets a cluster and its credentials; what was applied there stays",
        access=Access("clusters", "delete", cluster),
        tag="clusters",
        query=(flag("force", "Also while applications are deployed there"),),
        document=document,
    )
    def delete_cluster(name: str) -> None:
        remove_cluster(composition.register_ports(), name, force=bool(desk.flag("force")))
        composition.audit_access().sources.refuse(name)

    @desk.put(
        "/api/v1/clusters/<name>/audit-webhook",
        does="Lets a cluster's API server send its audit events; the token is told once",
        access=Access("clusters", "update", cluster),
        tag="clusters",
        body="Auditing",
        answers="AdmittedAuditing",
    )
    def admit_audit_events(name: str) -> Any:
        return admit_auditing(composition.audit_access(), name, desk.body(), now=desk.now())

    @desk.delete(
        "/api/v1/clusters/<name>/audit-webhook",
        does="Takes no more audit events from a cluster",
        access=Access("clusters", "update", cluster),
        tag="clusters",
    )
    def refuse_audit_events(name: str) -> None:
        end_auditing(composition.audit_access(), name)

    @desk.post(
        "/api/v1/clusters/<name>/check",
        does="Has a cluster examined",
        access=Access("clusters", "get", cluster),
        tag="clusters",
        status=202,
        answers="AskedCheck",
    )
    def check_cluster(name: str) -> Any:
        return {"check": {"id": ask_doctor(composition.register_ports(), name, desk.caller.name, desk.now())}}

    @desk.get(
        "/api/v1/clusters/<name>/check/<check>",
        does="What was found, once somebody has looked",
        access=Access("clusters", "get", cluster),
        tag="clusters",
        answers="Check",
    )
    def get_check(name: str, check: str) -> Any:
        found = doctors_answer(composition.register_ports(), name, check)
        return {"done": found is not None, "found": found}


def _object(cluster: Cluster) -> str:
    address = cluster.server or cluster.name
    return f"{cluster.project}/{address}" if cluster.project else address
