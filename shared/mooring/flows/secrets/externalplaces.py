"""Providers that are not AWS's: whom they may be reached at, and as whom.

Whoever writes an application writes its stores, so a store decides neither to whom a credential is sent nor whose it
is: only servers that the installation names are asked, and a reference (`tokenSecretRef` …) means a secret that was put
there for the application's project, `<prefix>/external/<project>/<name>` in Secrets Manager.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.errors import ConfigurationError
from mooring.flows.clusters.live import Live
from mooring.flows.rules.permitting import permit_reading
from mooring.flows.secrets.externalclusters import ClusterSecrets, plain
from mooring.flows.secrets.externalproofs import account_token, kept_text
from mooring.flows.secrets.opening import Context
from mooring.model.application import Destination
from mooring.model.externalaws import AwsAccess
from mooring.model.externalstore import ClusterAccess, Store
from mooring.model.externalvault import CaRef, VaultAccess
from mooring.model.objects import Manifest
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.provider import Provider

__all__ = ["Elsewhere"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What reaches them: `secret` reads the JSON object of a secret by its full name, `servers` are those of Vault;
    `reach` gives a registered cluster.
    """

    secret: Callable[[str], Mapping[str, Any]]
    prefix: str
    aws: AwsClients
    servers: tuple[str, ...]
    keyed: Callable[[Manifest], str]
    reach: Callable[[Destination], Live]

    def provider(self, store: Store, context: Context, permitted: Callable[[AwsAccess], AwsAccess]) -> Provider:
        """The store as it is reached for an application; `permitted` is as whom its project lets AWS be asked.

        Raises `MooringError`.
        """
        from mooring.secrets.external.vaulthttp import VaultServer  # with urllib3's pools, which few need
        from mooring.secrets.external.vaultlogin import Logins
        from mooring.secrets.external.vaultstore import VaultStore

        access = store.access
        if isinstance(access, ClusterAccess):
            return self._cluster(access, context)
        assert isinstance(access, VaultAccess)
        if access.server not in self.servers:
            raise ConfigurationError(
                f"{access.server} is not among the servers that this installation may ask; "
                "name it in the parameter VaultServers",
                field="spec.provider.vault.server",
            )
        if access.ca_ref is not None:
            access = replace(access, ca=_certificate(access.ca_ref, context))
        logins = Logins(
            lambda ref: kept_text(self.secret, self.prefix, context.project.name, ref),
            lambda aws: self.aws.credentials(permitted(aws)),
            lambda account, seconds: account_token(context.target, account, seconds),
        )
        return VaultStore(access, VaultServer(access), logins, self._digest)

    def _cluster(self, access: ClusterAccess, context: Context) -> Provider:
        field = "spec.provider.kubernetes.server.url"
        live: Live = context.target
        if access.cluster:
            named = Destination(server=access.cluster) if "://" in access.cluster else Destination(name=access.cluster)
            try:
                live = self.reach(named)
            except ConfigurationError as error:
                raise ConfigurationError(error.message, field=field) from None
        target = plain(live, field)
        permit_reading(context.project, target.cluster, access.namespace)
        return ClusterSecrets(target, access.namespace)

    def _digest(self, data: bytes) -> str:
        return self.keyed({"apiVersion": "v1", "kind": "Secret", "external": data.hex()})


def _certificate(ref: CaRef, context: Context) -> str:
    """The authority that a store names, from the application's own manifests: a sync can read more of a cluster."""
    wanted = ref.kind, ref.namespace or context.namespace, ref.name
    for manifest in context.bundle:
        metadata = manifest["metadata"]
        place = manifest["kind"], metadata.get("namespace") or context.namespace, metadata.get("name")
        if manifest["apiVersion"] == "v1" and place == wanted:
            return ref.certificate(manifest)
    raise ConfigurationError(
        f"must name a {ref.kind} among the application's manifests, where no {wanted[1]}/{ref.name} is: put it there, "
        "or the certificate into caBundle",
        field=ref.field,
    )
