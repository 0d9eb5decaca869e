"""Providers that are not AWS's: whom they may be reached at, and as whom.

Whoever writes an application writes its stores, so a store decides neither to whom a credential is sent nor whose it
is: only servers that the installation names are asked, and a reference (`tokenSecretRef` …) means a secret that was put
there for the application's project, `<prefix>/external/<project>/<name>` in Secrets Manager.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConfigurationError
from mooring.flows.clusters.live import Live
from mooring.flows.rules.permitting import permit_reading
from mooring.flows.secrets.externalclusters import ClusterSecrets, plain
from mooring.flows.secrets.opening import Context
from mooring.model.application import Destination
from mooring.model.externalstore import AwsAccess, ClusterAccess, Store
from mooring.model.externalvault import KeyRef, VaultAccess
from mooring.model.objects import Manifest
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.provider import Provider

__all__ = ["Elsewhere"]

_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?")
_ACCOUNT_SECONDS = 600


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
        logins = Logins(
            lambda ref: self._held(ref, context.project.name),
            lambda aws: self.aws.credentials(permitted(aws)),
            lambda account, audiences: _account_token(context, store.namespace, account, audiences),
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

    def _held(self, ref: KeyRef, project: str) -> str:
        """The text at a reference."""
        if not _NAME.fullmatch(ref.name):
            raise ConfigurationError(
                "must be the name of a secret: letters, digits, '-', '_' and '.'", field=f"{ref.field}.name"
            )
        name = f"{self.prefix}/external/{project}/{ref.name}"
        value = self.secret(name).get(ref.key)
        if not isinstance(value, str) or not value.strip() or "\n" in value.strip():
            raise ConfigurationError(
                f"{name} in Secrets Manager must hold a line of text in the field {ref.key!r}", field=ref.field
            )
        return value.strip()

    def _digest(self, data: bytes) -> str:
        return self.keyed({"apiVersion": "v1", "kind": "Secret", "external": data.hex()})


def _account_token(context: Context, namespace: str, account: str, audiences: tuple[str, ...]) -> str:
    """A token of a service account of the destination (Kubernetes, "TokenRequest")."""
    field = "spec.provider.vault.auth.kubernetes.serviceAccountRef"
    live = plain(context.target, field)
    if not _NAME.fullmatch(account):
        raise ConfigurationError("must be the name of a service account", field=f"{field}.name")
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _ACCOUNT_SECONDS, **({"audiences": list(audiences)} if audiences else {})},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    answer = live.server.request("POST", path, body=asked, subject=f"ServiceAccount/{namespace}/{account}")
    return str(answer.body["status"]["token"])
