"""What opens secrets in `sync`: keys, providers, and who they are asked as."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.clusters import ClusterComposition

if TYPE_CHECKING:
    from mooring.flows.secrets import opening
    from mooring.flows.secrets.external import ExternalSecrets
    from mooring.flows.secrets.externalplaces import Elsewhere
    from mooring.flows.secrets.externalreading import ExternalReader
    from mooring.flows.secrets.pushing import PushReader
    from mooring.model.externalaws import AwsAccess
    from mooring.secrets.external.awsaccess import AwsClients
    from mooring.secrets.external.templating import Templates

__all__ = ["SecretComposition"]


class SecretComposition(ClusterComposition):
    """What opens secrets in `sync`: keys, providers, and who they are asked as."""

    @cached_property
    def _openers(self) -> tuple[opening.Opener, ...]:
        from mooring.flows.secrets.sealing import GoTemplates, SealedOpener
        from mooring.source.gokit import GoKit

        return (SealedOpener(lambda: self.sealing_keys, GoTemplates(GoKit(self._program("gokit")))),)

    @cached_property
    def _store_clients(self) -> AwsClients:
        from mooring.secrets.external.awsaccess import AwsClients

        def first(access: AwsAccess) -> tuple[float, dict[str, str]]:
            if access.login is None:
                return 0.0, {}
            from mooring.flows.secrets.externalproofs import AwsLogins

            return AwsLogins(self.secrets.get, self._secret_prefix, self._reached, self._client)(access)

        return AwsClients(self._client, first=first)

    def _external_secrets(self) -> ExternalSecrets:
        """Reads each value once, so it is made anew for every invocation."""
        from mooring.flows.secrets.external import ExternalSecrets

        return ExternalSecrets(self._external_reader)

    def _external_reader(self) -> ExternalReader:
        from mooring.flows.secrets.externalreading import ExternalReader
        from mooring.secrets.external.asking import Providers
        from mooring.state.secretuses import SecretUses

        return ExternalReader(
            Providers(self._store_clients), self._external_templates(), self.bundles.digests.of, SecretUses(self.table),
            self._elsewhere(),
        )  # fmt: skip

    def _push_reader(self) -> PushReader:
        from mooring.flows.secrets.pushing import PushReader

        return PushReader(self._store_clients, self._external_templates(), self.bundles.digests.of, self._elsewhere())

    def _external_templates(self) -> Templates:
        from mooring.secrets.external.templating import Templates
        from mooring.source.gokit import GoKit

        return Templates(GoKit(self._program("gokit")).ask)

    def _elsewhere(self) -> Elsewhere:
        from mooring.flows.secrets.externalplaces import Elsewhere

        return Elsewhere(
            self.secrets.get,
            self._secret_prefix,
            self._store_clients,
            tuple(self._environment.get("MOORING_VAULT_SERVERS", "").replace(",", " ").split()),
            self.bundles.digests.of,
            self._reached,
        )
