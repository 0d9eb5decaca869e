"""Registering clusters and repository credentials: checked before anything is kept.

Nothing here talks to a cluster or to AWS about one: `api` may live where no cluster can be reached. What has to be
found out (where an EKS cluster is, what a kubeconfig in a secret says) is found by `sync`, which is sent a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from mooring.cluster.auth import Connection
from mooring.errors import ConfigurationError, PermanentError
from mooring.events.messages import Cause, ClusterMessage
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import Destination
from mooring.model.clusterforms import ClusterForm, read_cluster_form, read_cluster_secret
from mooring.model.moments import told_time
from mooring.model.repositoryforms import is_secret, read_repository_secret
from mooring.queues import Queues
from mooring.source.charts_credentials import parse_chart_credential
from mooring.source.credentials import parse_credential
from mooring.state.applications import Applications
from mooring.state.clusters import Cluster, Limits, find_cluster, normal_server
from mooring.state.registry import Registry

__all__ = [
    "RegisterPorts",
    "UnknownClusterError",
    "UnknownRepositoryError",
    "ask_doctor",
    "change_cluster",
    "cluster_document",
    "cluster_named",
    "doctors_answer",
    "register_cluster",
    "register_cluster_secret",
    "register_repository",
    "remove_cluster",
    "remove_repository",
    "repository_document",
    "show_cluster",
]

_REGISTERED = Cause("spec")


class UnknownClusterError(PermanentError):
    """No cluster of this name is registered."""


class UnknownRepositoryError(PermanentError):
    """Nothing is registered for this address."""


@dataclass(frozen=True, slots=True)
class RegisterPorts:
    """What registrations work with."""

    registry: Registry
    applications: Applications
    queues: Queues


def register_cluster(ports: RegisterPorts, name: str, document: object) -> tuple[Cluster, list[str]]:
    """Registers a cluster from Mooring's own form (docs/clusters.md); returns it with warnings.

    Raises `ConfigurationError` naming the field that is wrong.
    """
    warnings: list[str] = []
    return _register(ports, read_cluster_form(name, document, warnings), warnings), warnings


def register_cluster_secret(ports: RegisterPorts, document: object) -> tuple[Cluster, list[str]]:
    """Registers a cluster from Argo CD's cluster Secret ("Declarative Setup", Clusters); returns it with warnings."""
    warnings: list[str] = []
    return _register(ports, read_cluster_secret(document, warnings), warnings), warnings


def _register(ports: RegisterPorts, form: ClusterForm, warnings: list[str]) -> Cluster:
    config: Mapping[str, Any]
    if form.eks is not None:
        config = {"eks": dict(form.eks)}
    elif form.kubeconfig_secret is not None:
        config = {"kubeconfigSecret": dict(form.kubeconfig_secret)}
    else:
        text = form.config if isinstance(form.config, str) else orjson.dumps(dict(form.config or {})).decode()
        Connection.from_argo(form.server, text)
        config = orjson.loads(text)
    known = {each.name: each for each in ports.registry.clusters()}
    server = normal_server(form.server) if form.server else ""
    for other in known.values():
        if server and other.name != form.name and normal_server(other.server) == server:
            raise ConfigurationError(
                f"{form.server} is registered as {other.name} already; give destinations that name, change it with "
                f"`mooring cluster set {other.name}`, or remove it with `mooring cluster rm {other.name}` first",
                field="server",
            )
    before = known.get(form.name)
    if before is not None and before.server and server and before.server != server:
        warnings.append(
            f"server: {form.name} was {before.server}: its applications are taken to be in the cluster at {server}, "
            "and what is missing there is created"
        )
    base = before or Cluster(form.name, "", False, "")
    merged = _merged(base, form)
    cluster = ports.registry.register_cluster(
        form.name, server, default=merged.default, config=config, labels=merged.labels, annotations=merged.annotations,
        project=merged.project, namespaces=merged.namespaces, cluster_resources=merged.cluster_resources,
        limits=merged.limits,
    )  # fmt: skip
    ports.queues.send("syncs", [ClusterMessage(form.name, _REGISTERED)], alone=True)
    return cluster


def change_cluster(ports: RegisterPorts, name: str, document: object) -> tuple[Cluster, list[str]]:
    """Changes labels, annotations, limits and the like of a registered cluster; what isn't given stays."""
    warnings: list[str] = []
    cluster = _merged(cluster_named(ports.registry, name), read_cluster_form(name, document, warnings, whole=False))
    ports.registry.change_cluster(cluster)
    return cluster, warnings


def _merged(cluster: Cluster, form: ClusterForm) -> Cluster:
    def given(value: Any, before: Any) -> Any:
        return before if value is None else value

    return replace(
        cluster,
        default=given(form.default, cluster.default),
        labels=given(form.labels, cluster.labels),
        annotations=given(form.annotations, cluster.annotations),
        project=given(form.project, cluster.project),
        namespaces=given(form.namespaces, cluster.namespaces),
        cluster_resources=given(form.cluster_resources, cluster.cluster_resources),
        limits=Limits(given(form.per_second, cluster.limits.per_second), given(form.at_once, cluster.limits.at_once)),
    )


def remove_cluster(ports: RegisterPorts, name: str, *, force: bool) -> None:
    """Forgets a cluster and its credentials; what Mooring applied there stays.

    Raises `ConfigurationError` while applications are deployed there, unless it is forced.
    """
    cluster = cluster_named(ports.registry, name)
    users = _users(ports, cluster)
    if users and not force:
        shown = ", ".join(users[:5]) + (f" and {len(users) - 5} more" if len(users) > 5 else "")
        raise ConfigurationError(
            f"{name} is the destination of {shown}; delete or move them first, or force it: their objects stay in the "
            "cluster and nobody looks after them",
            field="name",
        )
    ports.registry.forget_cluster(cluster)


def _users(ports: RegisterPorts, cluster: Cluster) -> list[str]:
    clusters = ports.registry.clusters()
    found: dict[Destination, bool] = {}

    def is_here(destination: Destination) -> bool:
        if destination not in found:
            try:
                found[destination] = find_cluster(clusters, destination).name == cluster.name
            except PermanentError:
                found[destination] = False
        return found[destination]

    return [str(each.key) for each in ports.applications.registered() if is_here(each.destination)]


def ask_doctor(ports: RegisterPorts, name: str, by: str, now: float) -> str:
    """Has a cluster examined; returns the examination's id. Raises `UnknownClusterError`."""
    cluster = cluster_named(ports.registry, name)
    check = new_ulid(now)
    ports.registry.put_check(cluster.name, check, None, now=now)
    message = ClusterMessage(cluster.name, Cause("person", check, by), check=check)
    ports.queues.send("syncs", [message], alone=True)
    return check


def doctors_answer(ports: RegisterPorts, name: str, check: str) -> dict[str, Any] | None:
    """What was found, or None while nobody has looked. Raises `UnknownClusterError` for what was never asked."""
    known = ports.registry.check(name, check)
    # What was asked about an application is kept beside it, and is for those who may read the application.
    if known is None or any("application" in (known.get(part) or {}) for part in ("asked", "found")):
        raise UnknownClusterError(f"{name} was not examined under this id; ask again")
    return known.get("found")


def cluster_named(registry: Registry, name: str) -> Cluster:
    """A registered cluster. Raises `UnknownClusterError`."""
    for cluster in registry.clusters():
        if cluster.name == name:
            return cluster
    raise UnknownClusterError(f"no cluster {name!r} is registered; `mooring cluster list` shows those that are")


def cluster_document(registry: Registry, name: str) -> dict[str, Any] | None:
    """What somebody registered of a cluster, without anything that was found out since; None where nobody has."""
    known = next((each for each in registry.clusters() if each.name == name), None)
    if known is None:
        return None
    return {
        "registered": known.registered,
        "default": known.default,
        "labels": dict(known.labels),
        "annotations": dict(known.annotations),
        "project": known.project,
        "namespaces": list(known.namespaces),
        "clusterResources": known.cluster_resources,
        "limits": _limits(known.limits),
    }


def repository_document(registry: Registry, url: str) -> dict[str, Any] | None:
    """What somebody registered for exactly this address; None where nobody has."""
    known = next((each for each in registry.registrations() if each.url == url), None)
    return None if known is None else {"registered": known.registered, "type": known.kind, "name": known.name}


def show_cluster(cluster: Cluster) -> dict[str, Any]:
    """A cluster as users read it; no credentials."""
    shown: dict[str, Any] = {
        "name": cluster.name,
        "server": cluster.server,
        "default": cluster.default,
        "version": cluster.kube_version,
    }
    more = {
        "labels": dict(cluster.labels),
        "annotations": dict(cluster.annotations),
        "project": cluster.project,
        "namespaces": list(cluster.namespaces),
        "clusterResources": cluster.cluster_resources,
        "limits": _limits(cluster.limits),
    }
    shown |= {name: value for name, value in more.items() if value}
    if cluster.outage is not None:
        shown["unreachable"] = {"since": told_time(cluster.outage.since), "reason": cluster.outage.reason}
    return shown


def _limits(limits: Limits) -> dict[str, float]:
    every = {"requestsPerSecond": limits.per_second, "atOnce": limits.at_once}
    return {name: value for name, value in every.items() if value}


def register_repository(registry: Registry, document: object) -> tuple[str, list[str]]:
    """Registers a repository, or all whose address starts so; returns the address, and warnings.

    The document has the fields of Argo CD's repository secrets, or is such a Secret. With `type: helm` or `type: oci`,
    or with `enableOCI`, it is about charts. Raises `ConfigurationError` naming the field that is wrong.
    """
    warnings: list[str] = []
    if is_secret(document):
        document = read_repository_secret(document, warnings)
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        raise ConfigurationError("must be the address of a repository, or its beginning", field="url")
    url, kind = document["url"].strip(), document.get("type", "git")
    if kind in ("helm", "oci") or document.get("enableOCI") in (True, "true"):
        charts = parse_chart_credential(orjson.dumps(document), name="body")
        registry.register_repository(url, document, kind="oci" if charts.oci else "helm", name=charts.name)
        return url, warnings
    if kind != "git":
        raise ConfigurationError("must be git, helm or oci", field="type")
    stored = {name: value for name, value in document.items() if name not in ("type", "name")}
    parse_credential(orjson.dumps(stored), name="body")
    registry.register_repository(url, stored)
    return url, warnings


def remove_repository(registry: Registry, url: str) -> None:
    """Forgets what is registered for exactly this address, and its credentials; within a minute nobody uses them.

    Raises `UnknownRepositoryError`.
    """
    for registration in registry.registrations():
        if registration.url == url:
            registry.forget_repository(registration)
            return
    raise UnknownRepositoryError(
        f"nothing is registered for {url!r}; `mooring repo list` shows the addresses", field="url"
    )
