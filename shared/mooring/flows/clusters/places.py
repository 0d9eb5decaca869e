"""Where registered clusters are and how to log in there, whatever they were registered as.

A registration holds Argo CD's `config`, or the name of an EKS cluster, or the name of a secret with a kubeconfig. The
last two say by themselves where the cluster is; it is written beside the cluster, so that `destination.server` can name
it and a cold function need not ask again.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from mooring.cluster.auth import Connection, EksLogin, Tls
from mooring.cluster.aws import Sessions, describe_cluster
from mooring.errors import ConfigurationError
from mooring.state.clusters import Cluster, normal_server
from mooring.state.registry import Registry

__all__ = ["Places"]


class Places:
    """Connections of registered clusters. Every method may raise the errors of `mooring.errors`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._sessions = Sessions()
        self._read: dict[str, tuple[bytes, Connection]] = {}

    def find(self, cluster: Cluster) -> Cluster:
        """The cluster with its address; looks it up (and writes it down) only where it isn't known yet."""
        config = self._registry.credentials_of(cluster)
        if "kubeconfigSecret" in config:
            server = self.connection(cluster).server
            return self._registry.note_place(cluster, normal_server(server), "")
        if cluster.server:
            return cluster
        return self.moved(cluster) or cluster

    def moved(self, cluster: Cluster) -> Cluster | None:
        """Where an EKS cluster is by now, if that isn't what was known; None for all others."""
        config = self._registry.credentials_of(cluster)
        if "eks" not in config:
            return None
        server, authority = describe_cluster(_login(config["eks"]), self._sessions)
        found = self._registry.note_place(cluster, normal_server(server), authority)
        return None if found is cluster else found

    def connection(self, cluster: Cluster, *, fresh: bool = False) -> Connection:
        """How to reach a cluster whose address is known; `fresh` reads its credentials anew."""
        config = self._registry.credentials_of(cluster, fresh=fresh)
        raw = orjson.dumps([cluster.server, cluster.authority, config])
        if (named := config.get("kubeconfigSecret")) is not None:
            text = self._registry.secret_text(named["name"], fresh=fresh)
            raw += text.encode()
        known = self._read.get(cluster.name)
        if known is not None and known[0] == raw:
            return known[1]
        if named is not None:
            connection = _from_secret(text, named.get("context"))
        elif (eks := config.get("eks")) is not None:
            connection = _to_eks(cluster, _login(eks))
        else:
            connection = Connection.from_argo(cluster.server, orjson.dumps(config))
        self._read[cluster.name] = (raw, connection)
        return connection


def _login(eks: dict[str, Any]) -> EksLogin:
    return EksLogin(eks["clusterName"], eks.get("roleARN", ""), eks.get("region", ""))


def _to_eks(cluster: Cluster, login: EksLogin) -> Connection:
    try:
        authority = base64.b64decode(cluster.authority, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError("EKS told no certificate that loads", field="eks.clusterName") from None
    return Connection(cluster.server, login, Tls(ca=authority))


def _from_secret(text: str, context: str | None) -> Connection:
    """The kubeconfig in a secret: its text, or a JSON object that has it under `kubeconfig`."""
    from mooring.cluster.kubeconfig import from_kubeconfig  # with a YAML parser, which few syncs need

    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict) and isinstance(value.get("kubeconfig"), str):
        text = value["kubeconfig"]
    return from_kubeconfig(text, context, alone=True)
