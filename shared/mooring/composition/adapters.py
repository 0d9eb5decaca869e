"""What every function may need: clients of AWS, the table, the queues, git; made when first needed.

This is the only place that reads `MOORING_*` variables that more than one function has. They are a public interface:
the template, the local runner and the documentation name the same ones. Clients share one session and one
configuration, so that every call has a timeout and retries a few times with jitter (boto3's standard mode).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from logging import WARNING, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring.queues import Queues
from mooring.state.answers import read_items_at_once
from mooring.state.applications import Applications
from mooring.state.consumption import Consumption
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table

if TYPE_CHECKING:
    from mooring.flows.renders.credentials import RegisteredCredentials
    from mooring.forge.opening import Forges
    from mooring.forge.places import Named
    from mooring.source import Repositories
    from mooring.source.charts import Charts
    from mooring.source.githubapp import InstallationTokens
    from mooring.state.bundles import Bundles
    from mooring.state.deeds import Deeds
    from mooring.state.notes import Notes
    from mooring.state.sealingkeys import SealingKeys

__all__ = ["STEPS_AT_ONCE", "TIME_TO_FINISH", "Adapters"]

STEPS_AT_ONCE = 8
_ATTEMPTS = 4
_REPOSITORIES_AT_ONCE = 8
TIME_TO_FINISH = 25.0  # seconds before the function's end in which no new step begins


class Adapters:
    """What every function may need: clients of AWS, the table, the queues, git; made when first needed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def _setting(self, name: str) -> str:
        value = self._environment.get(name)
        if not value:
            raise ConfigurationError("is not set; template.yaml sets it for every function that needs it", field=name)
        return value

    def _client(
        self,
        service: str,
        region: str | None = None,
        credentials: Mapping[str, str] | None = None,
        attempts: int = _ATTEMPTS,
        endpoint: str | None = None,
    ) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=STEPS_AT_ONCE + 2,
        )
        named = credentials or {}
        return self._session.create_client(service, region, config=config, endpoint_url=endpoint, **named)

    @cached_property
    def _session(self) -> Any:
        from botocore.session import get_session

        getLogger("botocore").setLevel(WARNING)  # at INFO it tells where credentials came from at every cold start
        session = get_session()
        self.consumption.listen(session)
        read_items_at_once(session)
        return session

    @cached_property
    def consumption(self) -> Consumption:
        """What this instance takes of AWS."""
        return Consumption(int(self._environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or 0))

    def _program(self, name: str) -> str:
        """Where a program of the tools layer is; its bare name where it is missing, for the error that says so."""
        return shutil.which(name, path=self._environment.get("PATH")) or name

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._client("dynamodb"), self._setting("MOORING_TABLE"))

    @cached_property
    def applications(self) -> Applications:
        """Applications in the table."""
        return Applications(self.table)

    @cached_property
    def secrets(self) -> SecretStore:
        """Secrets Manager."""
        return SecretStore(self._client("secretsmanager"))

    @cached_property
    def registry(self) -> Registry:
        """Clusters, credentials and deliveries."""
        return Registry(self.table, self.secrets, self._environment.get("MOORING_SECRET_PREFIX", "mooring"))

    @cached_property
    def notes(self) -> Notes:
        """Notes in the table: what somebody is told."""
        from mooring.state.notes import Notes

        return Notes(self.table)

    @cached_property
    def queues(self) -> Queues:
        """The queues that this function may send to."""
        names = {
            "renders": "MOORING_RENDERS_QUEUE",
            "syncs": "MOORING_SYNCS_QUEUE",
            "images": "MOORING_IMAGES_QUEUE",
            "later": "MOORING_LATER_QUEUE",
            "notes": "MOORING_NOTES_QUEUE",
            "notes-dead": "MOORING_NOTES_DEAD_QUEUE",
        }
        urls = {name: self._environment[variable] for name, variable in names.items() if variable in self._environment}
        return Queues(self._client("sqs"), urls)

    @cached_property
    def bundles(self) -> Bundles:
        """Bundles in S3, their secrets sealed with KMS."""
        from mooring.secrets.digests import Digests
        from mooring.secrets.envelope import KmsKeyService
        from mooring.state.bundles import Bundles

        keys = KmsKeyService(lambda: self._client("kms"), self._setting("MOORING_KMS_KEY"))
        return Bundles(self._client("s3"), self._setting("MOORING_BUCKET"), keys, Digests(self._digest_key))

    def _digest_key(self) -> bytes:
        key = str(self.secrets.get(self._setting("MOORING_DIGEST_SECRET")).get("key", ""))
        if len(key) < 32:
            raise ConfigurationError(
                "must hold a key of 32 characters or more; deploy the stack again", field="digest-key"
            )
        return key.encode()

    @cached_property
    def sealing_keys(self) -> SealingKeys:
        """The keys of sealed secrets."""
        from mooring.state.sealingkeys import SealingKeys

        prefix = self._environment.get("MOORING_SECRET_PREFIX", "mooring")
        return SealingKeys(self.table, self.secrets, prefix)

    @cached_property
    def repositories(self) -> Repositories:
        """Git repositories, kept warm in the instance's temporary folder."""
        from mooring.source import Repositories

        root = Path(tempfile.gettempdir()) / "mooring" / "repositories"
        submodules = self._environment.get("MOORING_GIT_SUBMODULES", "true") != "false"
        return Repositories(root, self._credentials, submodules=submodules)

    @cached_property
    def _credentials(self) -> RegisteredCredentials:
        from mooring.flows.renders.credentials import RegisteredCredentials

        return RegisteredCredentials(self.registry)

    @cached_property
    def charts(self) -> Charts:
        """Charts of repositories and registries."""
        from mooring.flows.renders.chartcredentials import RegisteredChartCredentials
        from mooring.source.charts import Charts
        from mooring.source.oci_auth import EcrPasswords

        root = Path(tempfile.gettempdir()) / "mooring" / "charts"
        ecr = EcrPasswords(lambda region: self._client("ecr", region))
        return Charts(root, RegisteredChartCredentials(self.registry), ecr=ecr)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(STEPS_AT_ONCE, _REPOSITORIES_AT_ONCE), "mooring")

    @cached_property
    def deeds(self) -> Deeds:
        """Who changed what in clusters."""
        from mooring.state.deeds import DAYS_KEPT, Deeds

        return Deeds(self.table, days=int(self._environment.get("MOORING_DEED_DAYS") or DAYS_KEPT))

    @property
    def _secret_prefix(self) -> str:
        return self._environment.get("MOORING_SECRET_PREFIX", "mooring")

    def _forges(self) -> Forges:
        """Code hosts, asked with what is registered for their repositories."""
        from mooring.forge.opening import Forges

        return Forges(self._credentials, self._named_forges, tokens=self._installation_tokens)

    def _named_forges(self) -> Mapping[str, Named]:
        from mooring.forge.places import read_forges

        return read_forges(self.registry.health_scripts.state()[0])

    @cached_property
    def _installation_tokens(self) -> InstallationTokens:
        from mooring.source.githubapp import InstallationTokens

        return InstallationTokens()
