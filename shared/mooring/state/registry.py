"""What is registered beside applications: clusters, repository credentials, and deliveries already seen.

The table holds addresses and the names of secrets; the credentials themselves stay in Secrets Manager.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.state.clusters import IN_CLUSTER, Cluster, Outage, cluster_from, find_cluster
from mooring.state.packing import pack, unpack
from mooring.state.secret_store import SecretStore
from mooring.state.table import Key, Table, put, update

__all__ = ["IN_CLUSTER", "Cluster", "Registry", "find_cluster"]

_CLUSTERS = "CLUSTERS"
_REACHABLE = Outage(0.0, "", 0.0)
_CREDENTIALS = "CREDENTIALS"
_SETTINGS = ("SETTINGS", "argocd-cm")
_SETTINGS_VERSION = "#settings"  # beside the clusters, whose names can't hold a #
_LARGEST_SETTINGS = 300 * 1024
_REMEMBERED = 7 * 24 * 3600  # seconds that a delivery is known; GitHub redelivers for three days


class Registry:
    """Clusters, credentials and deliveries of one installation."""

    def __init__(self, table: Table, secrets: SecretStore, prefix: str) -> None:
        self._table = table
        self._secrets = secrets
        self._prefix = prefix

    # -- clusters --------------------------------------------------------------------------------------------------

    def clusters(self) -> list[Cluster]:
        """All registered clusters by name."""
        return self.known()[0]

    def known(self) -> tuple[list[Cluster], str]:
        """All registered clusters by name, and the version of the settings (empty without any), in one query."""
        items = self._table.query(_CLUSTERS)
        clusters, version = [], ""
        for item in items:
            if item["sk"] == _SETTINGS_VERSION:
                version = item["version"]
            else:
                clusters.append(cluster_from(item))
        return clusters, version

    def register_cluster(self, name: str, server: str, *, default: bool, config: dict[str, Any]) -> Cluster:
        """Registers a cluster, or changes it; its credentials go to Secrets Manager."""
        cluster = Cluster(name, server.rstrip("/"), default, f"{self._prefix}/clusters/{name}")
        self._secrets.put(cluster.secret, config)
        for other in self.clusters():
            if default and other.default and other.name != name:
                self._table.write(update((_CLUSTERS, other.name), {"is_default": False}))
        self._table.write(
            update(
                (_CLUSTERS, name), {"server": cluster.server, "is_default": cluster.default, "secret": cluster.secret}
            )
        )
        return cluster

    def credentials_of(self, cluster: Cluster, *, fresh: bool = False) -> dict[str, Any]:
        """The cluster's credentials, in the form of Argo CD's cluster secrets (`config`); `fresh` reads them anew."""
        return self.secret(cluster.secret, fresh=fresh)

    def note_versions(self, cluster: Cluster, kube_version: str, api_versions: tuple[str, ...]) -> None:
        """Remembers what a cluster serves, for charts that ask; writes only what has changed."""
        if (kube_version, api_versions) == (cluster.kube_version, cluster.api_versions):
            return
        attributes = {"kube_version": kube_version, "api_versions": pack(list(api_versions))}
        self._table.write(update((_CLUSTERS, cluster.name), attributes, "attribute_exists(pk)"))

    def note_outage(self, cluster: Cluster, outage: Outage | None) -> None:
        """Remembers since when and why a cluster can't be reached, or that it can.

        Raises `ConflictError` where another function has written about it since `cluster` was read.
        """
        known, told = cluster.outage or _REACHABLE, outage or _REACHABLE
        unwritten = "attribute_not_exists(failing_since) OR " if cluster.outage is None else ""
        condition = f"attribute_exists(pk) AND ({unwritten}failing_since = :since AND retry_at = :retry)"
        attributes = {"failing_since": told.since, "failing_reason": told.reason, "retry_at": told.retry_at}
        self._table.write(
            update((_CLUSTERS, cluster.name), attributes, condition, since=known.since, retry=known.retry_at)
        )

    # -- repositories ----------------------------------------------------------------------------------------------

    def register_repository(self, url: str, credential: dict[str, Any]) -> None:
        """Registers the credentials for all repositories whose address starts with `url`."""
        secret = f"{self._prefix}/repositories/{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self._secrets.put(secret, credential)
        self._table.write(put({"pk": _CREDENTIALS, "sk": url, "secret": secret}))

    def repositories(self) -> list[tuple[str, str]]:
        """Registered address prefixes with the names of their secrets."""
        return [(item["sk"], item["secret"]) for item in self._table.query(_CREDENTIALS)]

    def secret(self, name: str, *, fresh: bool = False) -> dict[str, Any]:
        """The content of a registered secret; `fresh` reads it anew."""
        if fresh:
            self._secrets.forget(name)
        return self._secrets.get(name)

    # -- settings --------------------------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        """The settings as they were written; nothing where there are none."""
        item = self._table.get(_SETTINGS)
        return {} if item is None else unpack(item["body"])

    def put_settings(self, data: Mapping[str, str]) -> None:
        """Replaces the settings. Raises `ConfigurationError` where they are too large to be kept.

        Their version stands beside the clusters, which every sync reads anyway: the settings themselves are read only
        when they have changed.
        """
        body = pack(dict(data))
        if len(body) > _LARGEST_SETTINGS:
            raise ConfigurationError(
                f"takes {len(body)} bytes when compressed, more than the {_LARGEST_SETTINGS} that are kept",
                field="data",
            )
        pk, sk = _SETTINGS
        version = hashlib.sha256(body).hexdigest()[:16]
        self._table.write(
            put({"pk": pk, "sk": sk, "body": body}),
            put({"pk": _CLUSTERS, "sk": _SETTINGS_VERSION, "version": version}),
        )

    # -- deliveries ------------------------------------------------------------------------------------------------

    def seen(self, names: Mapping[str, str]) -> set[str]:
        """Which of these deliveries were remembered: `names` maps a kind of name (`id`, `body`) to the name."""
        keys = {_delivery(kind, name): kind for kind, name in names.items()}
        return {keys[key] for key in self._table.get_many(keys)}

    def remember(self, names: Mapping[str, str], *, now: float) -> None:
        """Remembers a delivery by its names for a week; remembering it twice does no harm."""
        for kind, name in names.items():
            pk, sk = _delivery(kind, name)
            self._table.write(put({"pk": pk, "sk": sk, "ttl": int(now) + _REMEMBERED}))


def _delivery(kind: str, name: str) -> Key:
    return f"DELIVERY#{kind}#{hashlib.sha256(name.encode()).hexdigest()}", "SEEN"
