"""What is registered beside applications: clusters, repository credentials, settings.

The table holds addresses and the names of secrets; the credentials themselves stay in Secrets Manager.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mooring.errors import ConfigurationError
from mooring.state.accesspolicy import ACCESS_VERSION
from mooring.state.clusters import (
    IN_CLUSTER,
    Cluster,
    Limits,
    Outage,
    cluster_from,
    find_cluster,
    items_of,
    normal_server,
)
from mooring.state.gpgkeys import GpgKeys
from mooring.state.healthscripts import HealthScripts, new_version
from mooring.state.listedpromotions import PROMOTION_ENTRY, ListedPromotion, listed_from
from mooring.state.packing import pack, unpack
from mooring.state.projects import CLUSTERS, PROJECT_VERSION, Projects
from mooring.state.secret_store import SecretStore
from mooring.state.table import Item, Key, Table, delete, put, update

if TYPE_CHECKING:
    from mooring.state.applicationsets import ApplicationSets
    from mooring.state.decisions import Decisions
    from mooring.state.imageupdaters import ImageUpdaters
    from mooring.state.promotions import Promotions

__all__ = ["IN_CLUSTER", "Cluster", "Known", "Registration", "Registry", "find_cluster"]

_NO_LIMITS = Limits()
_REACHABLE = Outage(0.0, "", 0.0)
_CREDENTIALS = "CREDENTIALS"
_SETTINGS = ("SETTINGS", "argocd-cm")
_SETTINGS_VERSION = "#settings"  # beside the clusters, whose names can't hold a #
_UPDATER_ENTRY = "#images#"  # as `state.imageupdaters` has it, which few need
_LARGEST_SETTINGS = 300 * 1024
_CHECKS_REMEMBERED = 3600  # seconds


class Known(NamedTuple):
    """All registered clusters by name; the version of the settings (empty without any) and of each declared project;
    the promotions; the names of resources that say which images are kept up to date.
    """

    clusters: list[Cluster]
    settings: str
    projects: dict[str, str]
    promotions: tuple[ListedPromotion, ...] = ()
    updaters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """A repository, or all whose address begins with `url`; `kind` is `git`, `helm` or `oci`.

    `registered` is another one each time that it is registered, which may be with other credentials.
    """

    url: str
    secret: str
    kind: str
    name: str
    registered: str = ""


class Registry:
    """Clusters, projects, ApplicationSets and credentials of one installation."""

    def __init__(self, table: Table, secrets: SecretStore, prefix: str) -> None:
        self._table = table
        self._secrets = secrets
        self._prefix = prefix
        self.projects = Projects(table)
        self.gpg_keys = GpgKeys(table)
        self.health_scripts = HealthScripts(table, _SETTINGS, (CLUSTERS, _SETTINGS_VERSION))

    @cached_property
    def sets(self) -> ApplicationSets:
        """ApplicationSets."""
        from mooring.state.applicationsets import ApplicationSets  # most functions never meet one

        return ApplicationSets(self._table)

    @cached_property
    def promotions(self) -> Promotions:
        """Promotions."""
        from mooring.state.promotions import Promotions  # as few

        return Promotions(self._table)

    @cached_property
    def decisions(self) -> Decisions:
        """What clusters have decided for ApplicationSets."""
        from mooring.state.decisions import Decisions  # fewer still

        return Decisions(self._table)

    @cached_property
    def image_updaters(self) -> ImageUpdaters:
        """Resources that say which images are kept up to date."""
        from mooring.state.imageupdaters import ImageUpdaters  # few installations have any

        return ImageUpdaters(self._table)

    # -- clusters --------------------------------------------------------------------------------------------------

    def clusters(self) -> list[Cluster]:
        """All registered clusters by name."""
        return self.known().clusters

    def known(self) -> Known:
        """What is known of the installation in one query: its clusters, and which versions of what else there is."""
        items = self._table.query(CLUSTERS)
        clusters, settings, projects, promotions, updaters = [], "", {}, [], []
        for item in items:
            if item["sk"] == _SETTINGS_VERSION:
                settings = item["version"]
            elif item["sk"].startswith(PROJECT_VERSION):
                projects[item["sk"].removeprefix(PROJECT_VERSION)] = item["version"]
            elif item["sk"].startswith(PROMOTION_ENTRY):
                promotions.append(listed_from(item))
            elif item["sk"].startswith(_UPDATER_ENTRY):
                updaters.append(item["sk"].removeprefix(_UPDATER_ENTRY))
            elif item["sk"] != ACCESS_VERSION:
                clusters.append(cluster_from(item))
        return Known(clusters, settings, projects, tuple(promotions), tuple(updaters))

    def register_cluster(
        self,
        name: str,
        server: str,
        *,
        default: bool,
        config: Mapping[str, Any],
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        project: str = "",
        namespaces: tuple[str, ...] = (),
        cluster_resources: bool = False,
        limits: Limits = _NO_LIMITS,
    ) -> Cluster:
        """Registers a cluster, or changes it; its credentials go to Secrets Manager.

        What is known of an outage is forgotten: it is tried with what is registered now.
        """
        cluster = Cluster(
            name, normal_server(server), default, f"{self._prefix}/clusters/{name}", labels=labels or {},
            annotations=annotations or {}, project=project, namespaces=namespaces, cluster_resources=cluster_resources,
            limits=limits, registered=new_version(),
        )  # fmt: skip
        self._secrets.put(cluster.secret, dict(config))
        reachable = {"failing_since": 0.0, "failing_reason": "", "retry_at": 0.0, "authority": ""}
        self._put_cluster(cluster, reachable | {"registered": cluster.registered})
        return cluster

    def change_cluster(self, cluster: Cluster) -> None:
        """Writes what is registered of a cluster beside its credentials."""
        self._put_cluster(cluster, {})

    def _put_cluster(self, cluster: Cluster, more: Item) -> None:
        if cluster.default:
            for other in self.clusters():
                if other.default and other.name != cluster.name:
                    self._table.write(update((CLUSTERS, other.name), {"is_default": False}))
        self._table.write(update((CLUSTERS, cluster.name), items_of(cluster) | more))

    def forget_cluster(self, cluster: Cluster) -> None:
        """Removes a cluster's registration and its credentials; nothing in the cluster changes."""
        self._table.write(delete((CLUSTERS, cluster.name)))
        self._secrets.delete(cluster.secret)

    def note_place(self, cluster: Cluster, server: str, authority: str) -> Cluster:
        """Remembers where a cluster was found that is registered by another name; writes only what has changed."""
        if (server, authority) == (cluster.server, cluster.authority):
            return cluster
        found = {"server": server, "authority": authority}
        self._table.write(update((CLUSTERS, cluster.name), found, "attribute_exists(pk)"))
        return replace(cluster, server=server, authority=authority)

    def credentials_of(self, cluster: Cluster, *, fresh: bool = False) -> dict[str, Any]:
        """The cluster's credentials, in the form of Argo CD's cluster secrets (`config`); `fresh` reads them anew."""
        return self.secret(cluster.secret, fresh=fresh)

    def note_versions(self, cluster: Cluster, kube_version: str, api_versions: tuple[str, ...]) -> None:
        """Remembers what a cluster serves, for charts that ask; writes only what has changed."""
        if (kube_version, api_versions) == (cluster.kube_version, cluster.api_versions):
            return
        attributes = {"kube_version": kube_version, "api_versions": pack(list(api_versions))}
        self._table.write(update((CLUSTERS, cluster.name), attributes, "attribute_exists(pk)"))

    def note_outage(self, cluster: Cluster, outage: Outage | None) -> None:
        """Remembers since when and why a cluster can't be reached, or that it can.

        Raises `ConflictError` where another function has written about it since `cluster` was read.
        """
        known, told = cluster.outage or _REACHABLE, outage or _REACHABLE
        unwritten = "attribute_not_exists(failing_since) OR " if cluster.outage is None else ""
        condition = f"attribute_exists(pk) AND ({unwritten}failing_since = :since AND retry_at = :retry)"
        attributes = {"failing_since": told.since, "failing_reason": told.reason, "retry_at": told.retry_at}
        self._table.write(
            update((CLUSTERS, cluster.name), attributes, condition, since=known.since, retry=known.retry_at)
        )

    def put_check(
        self,
        cluster: str,
        check: str,
        found: dict[str, Any] | None,
        *,
        now: float,
        asked: dict[str, Any] | None = None,
    ) -> None:
        """Remembers for an hour that a cluster is to be examined, or what was found; `asked` is what is to be done."""
        pk, sk = _check(cluster, check)
        item: Item = {"pk": pk, "sk": sk, "ttl": int(now) + _CHECKS_REMEMBERED}
        item |= {} if asked is None else {"asked": pack(asked)}
        self._table.write(put(item if found is None else item | {"found": pack(found)}))

    def check(self, cluster: str, check: str) -> dict[str, Any] | None:
        """What is remembered of an examination (`asked`, and `found` once there is something), or None where there was
        none.
        """
        item = self._table.get(_check(cluster, check))
        if item is None:
            return None
        return {name: unpack(item[name]) for name in ("asked", "found") if name in item}

    # -- repositories ----------------------------------------------------------------------------------------------

    def register_repository(self, url: str, credential: dict[str, Any], *, kind: str = "git", name: str = "") -> None:
        """Registers the credentials for all repositories whose address starts with `url`.

        `kind` is `git`, `helm` or `oci`; `name` is what the dependencies of charts call a repository.
        """
        secret = f"{self._prefix}/repositories/{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self._secrets.put(secret, credential)
        item: Item = {"pk": _CREDENTIALS, "sk": url, "secret": secret, "kind": kind, "registered": new_version()}
        self._table.write(put(item | ({"name": name} if name else {})))

    def forget_repository(self, registration: Registration) -> None:
        """Removes a registration and its credentials; what was rendered stays."""
        self._table.write(delete((_CREDENTIALS, registration.url)))
        self._secrets.delete(registration.secret)

    def repositories(self) -> list[tuple[str, str]]:
        """Address prefixes of git repositories with the names of their secrets."""
        return [(each.url, each.secret) for each in self.registrations() if each.kind == "git"]

    def registrations(self) -> list[Registration]:
        """All registered repositories: git, charts and registries."""
        return [
            Registration(
                item["sk"], item["secret"], item.get("kind", "git"), item.get("name", ""), item.get("registered", "")
            )
            for item in self._table.query(_CREDENTIALS)
        ]

    def secret(self, name: str, *, fresh: bool = False) -> dict[str, Any]:
        """The content of a registered secret; `fresh` reads it anew."""
        if fresh:
            self._secrets.forget(name)
        return self._secrets.get(name)

    def secret_text(self, name: str, *, fresh: bool = False) -> str:
        """The text of a secret that somebody else keeps (a kubeconfig)."""
        return self._secrets.text(name, fresh=fresh)

    # -- settings --------------------------------------------------------------------------------------------------

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
        self._table.write(
            put({"pk": pk, "sk": sk, "body": body}),
            put({"pk": CLUSTERS, "sk": _SETTINGS_VERSION, "version": new_version()}),
        )


def _check(cluster: str, check: str) -> Key:
    return f"CHECK#{cluster}", check
