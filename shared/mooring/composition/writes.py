"""What writes to git: commits, pull requests, and new images of applications."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.composition.asked import AskComposition

if TYPE_CHECKING:
    from mooring.flows.images.ports import ImagePorts
    from mooring.flows.rules.images import ImageSettings
    from mooring.forge.ports import CodeHost
    from mooring.images.registries import ImageRegistries
    from mooring.writeback.proposing import Hosts
    from mooring.writeback.writing import WritePorts

__all__ = ["WriteComposition"]


class WriteComposition(AskComposition):
    """What writes to git: commits, pull requests, and new images of applications."""

    def write_ports(self) -> tuple[WritePorts, Hosts]:
        """For whatever writes to git: how, and the code hosts for pull requests."""
        from mooring.forge.opening import Forges
        from mooring.source.commits import Writers
        from mooring.source.gokit import GoKit
        from mooring.writeback.credentials import stored_signer, stores
        from mooring.writeback.writing import WritePorts

        prefix, tokens = self._secret_prefix, self._installation_tokens
        credentials = stores(self._credentials, lambda name, fresh: self.registry.secret(name, fresh=fresh), prefix)

        def host(url: str, credential: str) -> CodeHost | None:
            return Forges(credentials(credential), self._named_forges, tokens=tokens).host(url)

        ports = WritePorts(
            Writers(Path(tempfile.gettempdir()) / "mooring" / "writes", tokens=tokens),
            credentials,
            lambda: stored_signer(self.secrets.text_if_there, prefix),
            GoKit(self._program("gokit")).ask,
        )
        return ports, host

    def image_ports(self) -> ImagePorts:
        """For `images`, to be kept: it remembers tokens of registries."""
        from mooring.flows.images.ports import ImagePorts
        from mooring.images.remembering import BucketMemory
        from mooring.source.gokit import GoKit
        from mooring.state.images import ImageStates

        writes, hosts = self.write_ports()
        memory = BucketMemory(self._client("s3"), self._setting("MOORING_BUCKET"))
        return ImagePorts(
            self.ask_ports(), self.bundles, ImageStates(self.table), self._image_registries(),
            GoKit(self._program("gokit"), timeout=30.0).ask, memory, writes, hosts, time.time,
        )  # fmt: skip

    def _image_registries(self) -> Callable[[ImageSettings], ImageRegistries]:
        from mooring.flows.renders.chartcredentials import RegisteredChartCredentials
        from mooring.images.logins import KeptPullSecrets
        from mooring.images.registries import ImageRegistries
        from mooring.source.oci_auth import EcrPasswords

        credentials = RegisteredChartCredentials(self.registry)
        pull_secrets = KeptPullSecrets(self.secrets, self._secret_prefix)
        ecr = EcrPasswords(lambda region: self._client("ecr", region))
        known: list[tuple[ImageSettings, ImageRegistries]] = []

        def registries(settings: ImageSettings) -> ImageRegistries:
            if not known or known[0][0] != settings:
                made = ImageRegistries(credentials, endpoints=settings.endpoints, pull_secrets=pull_secrets, ecr=ecr)
                known[:] = [(settings, made)]
            return known[0][1]

        return registries
