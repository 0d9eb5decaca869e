"""What `render` works with: sources, tools, files' keys, ApplicationSets, promotions."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.writes import WriteComposition

if TYPE_CHECKING:
    from mooring.appsets.ports import CodeHosts, Plugins
    from mooring.flows.promotions.ports import PromotionPorts
    from mooring.flows.renders.tasks import RenderPorts
    from mooring.flows.sets.generating import SetPorts
    from mooring.render.sops import SopsOpener
    from mooring.secrets.external.awsaccess import AwsClients

__all__ = ["RenderComposition"]


class RenderComposition(WriteComposition):
    """What `render` works with: sources, tools, files' keys, ApplicationSets, promotions."""

    def render_ports(self) -> RenderPorts:
        """For `render`."""
        from mooring.flows.renders.tasks import RenderPorts
        from mooring.render import Tools

        return RenderPorts(
            self.applications,
            self.bundles,
            self.registry,
            self.repositories,
            self.charts,
            self.queues,
            Tools(
                kustomize=self._program("kustomize"),
                helm=self._program("helm"),
                gokit=self._program("gokit"),
                plugins=self._environment.get("MOORING_PLUGINS", ""),
                sops=self._sops(),
            ),
            time.time,
            credentials=self._credentials,
            consumption=self.consumption,
        )

    def _sops(self) -> SopsOpener:
        from mooring.render.sops import SopsOpener

        prefix = self._environment.get("MOORING_SECRET_PREFIX", "mooring")

        def keys(project: str) -> str:
            names = (f"{prefix}/sops/shared", f"{prefix}/sops/projects/{project}")
            return "\n".join(self.secrets.text_if_there(name) for name in names)

        return SopsOpener(self._program("sopskit"), keys, self._environment, self._sops_session)

    def _sops_session(self, role: str) -> dict[str, str]:
        """The variables of AWS with which KMS is asked as a project's role."""
        from mooring.model.externalaws import AwsAccess

        region = self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION") or ""
        given = self._sops_roles.credentials(AwsAccess(region, (role,)))
        return {name.upper(): value for name, value in given.items()}

    @cached_property
    def _sops_roles(self) -> AwsClients:
        from mooring.secrets.external.awsaccess import SOPS_SESSION, AwsClients

        return AwsClients(self._client, session=SOPS_SESSION, parameter="SopsRoleArns")

    def set_ports(self, owner: str) -> SetPorts:
        """For ApplicationSets, in `render`; `owner` names the invocation."""
        from mooring.appsets.hosts import Hosts
        from mooring.appsets.plugins import PluginServices
        from mooring.appsets.tokens import SetSecrets
        from mooring.flows.rules.allowing import AllowedHosts
        from mooring.flows.sets.generating import SetPorts
        from mooring.source.githubapp import InstallationTokens
        from mooring.source.gokit import GoKit

        tokens, registry = InstallationTokens(), self.registry
        secrets = SetSecrets(registry.secret, self._environment.get("MOORING_SECRET_PREFIX", "mooring"), tokens)

        def asked() -> tuple[CodeHosts, Plugins]:
            return AllowedHosts(Hosts(secrets), registry), PluginServices(registry.secret, secrets)

        gokit = GoKit(self._program("gokit"))
        return SetPorts(self.applications, registry, self.queues, self.repositories, gokit, asked, time.time, owner)

    def promotion_ports(self, renders: RenderPorts) -> PromotionPorts:
        """For promotions, in `render`; what is registered for a repository has to let it write there."""
        from mooring.flows.promotions.ports import PromotionPorts
        from mooring.state.happenings import Happenings
        from mooring.state.mergedrequests import MergedRequests

        return PromotionPorts(renders, *self.write_ports(), MergedRequests(self.table), Happenings(self.table))
