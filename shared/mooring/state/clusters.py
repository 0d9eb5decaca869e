"""A registered cluster as the table remembers it, and which one a destination means.

Who may look here learns where a cluster is and what is known of it, never how to log in: credentials stay in Secrets
Manager, and the item holds the name of their secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from mooring.errors import ConfigurationError
from mooring.model.application import Destination
from mooring.state.packing import unpack
from mooring.state.table import Item

__all__ = [
    "ALONE",
    "IN_CLUSTER",
    "Cluster",
    "Limits",
    "Outage",
    "cluster_from",
    "find_cluster",
    "find_place",
    "items_of",
    "normal_server",
]

IN_CLUSTER = "in-cluster"
_MANAGED = "mooring.dev/applications"
_DRIFT = "mooring.dev/drift"
_DEFAULT_SERVER = "https://kubernetes.default.svc"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Outage:
    """Since when a cluster can't be reached and why; nobody but a probe asks it before `retry_at` (epoch seconds)."""

    since: float
    reason: str
    retry_at: float


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard one function instance may press an API server; 0 for as hard as it takes."""

    per_second: float = 0.0
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A registered cluster. `secret` names its credentials; versions are what its API server last told, or empty.

    `server` is empty until a cluster that is known by another name (an EKS cluster, a kubeconfig in a secret) is found;
    `authority` is the certificate authority that was found with it, base64 of PEM. `labels` and `annotations` are those
    of its registration, for generators; `project` is the project that it belongs to alone, `namespaces` and
    `cluster_resources` are what Argo CD would watch there.
    """

    name: str
    server: str
    default: bool
    secret: str
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    project: str = ""
    namespaces: tuple[str, ...] = ()
    cluster_resources: bool = False
    limits: Limits = Limits()
    outage: Outage | None = None
    authority: str = ""
    registered: str = ""

    @property
    def managed(self) -> tuple[str, ...]:
        """Namespaces (globs) of this cluster whose Applications and projects are taken from its API."""
        named = self.annotations.get(_MANAGED, "")
        return tuple(each for part in named.split(",") if (each := part.strip()))

    @property
    def drift(self) -> str:
        """How drift is noticed there beside the sweep: `sweep` (by it alone), `watch` or `audit`."""
        return self.annotations.get(_DRIFT) or "sweep"


def items_of(cluster: Cluster) -> Item:
    """The attributes that a registration writes, beside its key."""
    return {
        "server": cluster.server,
        "is_default": cluster.default,
        "secret": cluster.secret,
        "labels": orjson.dumps(dict(cluster.labels)).decode(),
        "annotations": orjson.dumps(dict(cluster.annotations)).decode(),
        "project": cluster.project,
        "only_namespaces": orjson.dumps(list(cluster.namespaces)).decode(),
        "cluster_resources": cluster.cluster_resources,
        "per_second": cluster.limits.per_second,
        "at_once": cluster.limits.at_once,
    }


def cluster_from(item: Item) -> Cluster:
    """A cluster from its item."""
    since = item.get("failing_since") or 0.0
    outage = Outage(float(since), item["failing_reason"], float(item["retry_at"])) if since else None
    return Cluster(
        item["sk"],
        item["server"],
        item["is_default"],
        item["secret"],
        item.get("kube_version", ""),
        tuple(unpack(item["api_versions"])) if "api_versions" in item else (),
        orjson.loads(item.get("labels", "{}")),
        orjson.loads(item.get("annotations", "{}")),
        item.get("project", ""),
        tuple(orjson.loads(item.get("only_namespaces", "[]"))),
        item.get("cluster_resources", False),
        Limits(float(item.get("per_second", 0.0)), item.get("at_once", 0)),
        outage,
        item.get("authority", ""),
        item.get("registered", ""),
    )


def normal_server(server: str) -> str:
    """An API server's address as it is compared: host in lower case, no default port, no slash at the end."""
    parts = urlsplit(server.strip())
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    try:
        port = parts.port
    except ValueError:
        return server.rstrip("/")
    if not host or parts.scheme.lower() not in _PORTS:
        return server.rstrip("/")
    shown = "" if port in (None, _PORTS[parts.scheme.lower()]) else f":{port}"
    return f"{parts.scheme.lower()}://{host}{shown}{parts.path.rstrip('/')}"


ALONE = Cluster(IN_CLUSTER, "", True, "")
"""The installation itself where no default cluster is registered: a place for Applications and projects alone."""


def find_place(clusters: Iterable[Cluster], destination: Destination) -> Cluster:
    """As `find_cluster`; what means the default cluster is `ALONE` where there is none."""
    every = list(clusters)
    means_default = destination.name == IN_CLUSTER or (
        not destination.name and normal_server(destination.server) == _DEFAULT_SERVER
    )
    if means_default and not any(each.default or each.name == IN_CLUSTER for each in every):
        return ALONE
    return find_cluster(every, destination)


def find_cluster(clusters: Iterable[Cluster], destination: Destination) -> Cluster:
    """The cluster that a destination means; `https://kubernetes.default.svc` and `in-cluster` mean the default one.

    Raises `ConfigurationError` where none or several fit (Argo CD, "Declarative Setup", Clusters).
    """
    every = list(clusters)
    if destination.name:
        fitting = [c for c in every if c.name == destination.name]
        if not fitting and destination.name == IN_CLUSTER:
            fitting = [c for c in every if c.default]
        field_, given = "spec.destination.name", destination.name
    else:
        server = normal_server(destination.server)
        fitting = [c for c in every if c.server and normal_server(c.server) == server]
        if not fitting and server == _DEFAULT_SERVER:
            fitting = [c for c in every if c.default]
        field_, given = "spec.destination.server", destination.server
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(sorted(c.name for c in fitting))
        raise ConfigurationError(
            f"{given!r} is the server of several clusters ({names}); use destination.name", field=field_
        )
    known = ", ".join(f"{c.name} ({c.server})" for c in every) or "none"
    raise ConfigurationError(
        f"no cluster {given!r} is registered (registered: {known}); add it with `mooring cluster add`", field=field_
    )
