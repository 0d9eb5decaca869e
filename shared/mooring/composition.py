"""What each function is made of: adapters from the environment that `template.yaml` sets, made when first needed.

This is the only place that reads `MOORING_*` variables. They are a public interface: the template, the local runner and
the documentation name the same ones. Clients share one session and one configuration, so that every call has a timeout
and retries a few times with jitter (boto3's standard mode).
"""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, partial
from logging import WARNING, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table

if TYPE_CHECKING:
    from mooring.appsets.ports import CodeHosts, Plugins
    from mooring.differences.expressions import Expressions
    from mooring.flows.arrivals.audits import AuditPorts
    from mooring.flows.arrivals.deliveries import DeliveryPorts
    from mooring.flows.arrivals.secretchanges import SecretChangePorts
    from mooring.flows.asked.auditing import AuditAccess
    from mooring.flows.asked.audittrail import RecordPorts
    from mooring.flows.asked.bootstrapping import Root
    from mooring.flows.asked.declaring import AskPorts
    from mooring.flows.asked.hooks import HookPorts
    from mooring.flows.asked.registering import RegisterPorts
    from mooring.flows.clusters.live import Live
    from mooring.flows.clusters.targets import Targets
    from mooring.flows.images.ports import ImagePorts
    from mooring.flows.promotions.ports import PromotionPorts
    from mooring.flows.renders.credentials import RegisteredCredentials
    from mooring.flows.renders.tasks import RenderPorts
    from mooring.flows.rules.images import ImageSettings
    from mooring.flows.secrets import opening
    from mooring.flows.secrets.external import ExternalSecrets
    from mooring.flows.secrets.externalplaces import Elsewhere
    from mooring.flows.secrets.externalreading import ExternalReader
    from mooring.flows.secrets.pushing import PushReader
    from mooring.flows.sets.generating import SetPorts
    from mooring.flows.sweeps.merges import MergePorts
    from mooring.flows.sweeps.sweeping import SweepPorts
    from mooring.flows.sweeps.watching import WatchPorts
    from mooring.flows.syncs.ports import SyncPorts
    from mooring.flows.telling.ports import NotifyPorts
    from mooring.forge.places import Named
    from mooring.forge.ports import CodeHost
    from mooring.images.registries import ImageRegistries
    from mooring.model.application import Destination
    from mooring.model.externalaws import AwsAccess
    from mooring.render.sops import SopsOpener
    from mooring.secrets.external.awsaccess import AwsClients
    from mooring.secrets.external.templating import Templates
    from mooring.source import Repositories
    from mooring.source.charts import Charts
    from mooring.source.githubapp import InstallationTokens
    from mooring.starting import WatchStarter
    from mooring.state.actions import Actions
    from mooring.state.bundles import Bundles
    from mooring.state.deeds import Deeds
    from mooring.state.notes import Notes
    from mooring.state.sealingkeys import SealingKeys
    from mooring.state.watchers import Watchers
    from mooring.writeback.proposing import Hosts
    from mooring.writeback.writing import WritePorts

__all__ = ["Composition"]

_STEPS_AT_ONCE = 8
_ATTEMPTS = 4
_REPOSITORIES_AT_ONCE = 8
_TIME_TO_FINISH = 25.0  # seconds before the function's end in which no new step begins


class Composition:
    """The adapters of one function instance; they live as long as it does."""

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
    ) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=_STEPS_AT_ONCE + 2,
        )
        return self._session.create_client(service, region, config=config, **(credentials or {}))

    @cached_property
    def _session(self) -> Any:
        from botocore.session import get_session

        getLogger("botocore").setLevel(WARNING)  # at INFO it tells where credentials came from at every cold start
        return get_session()

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
    def _openers(self) -> tuple[opening.Opener, ...]:
        from mooring.flows.secrets.sealing import GoTemplates, SealedOpener
        from mooring.source.gokit import GoKit

        return (SealedOpener(lambda: self.sealing_keys, GoTemplates(GoKit(self._program("gokit")))),)

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
    def _root(self) -> Root | None:
        from mooring.flows.asked.bootstrapping import Root
        from mooring.state.bootstrap import BootstrapMark

        url = self._environment.get("MOORING_ROOT_REPOSITORY")
        if not url:
            return None
        path, revision = (self._environment.get(f"MOORING_ROOT_{name}", "") for name in ("PATH", "REVISION"))
        return Root(self.ask_ports(), BootstrapMark(self.table), url, path, revision)

    @cached_property
    def _targets(self) -> Targets:
        from mooring.flows.clusters.declared import Declared
        from mooring.flows.clusters.targets import Targets

        return Targets(self.registry, connections=_STEPS_AT_ONCE, declared=Declared(self.ask_ports()))

    @cached_property
    def _expressions(self) -> Expressions:
        from mooring.differences.expressions import Expressions

        return Expressions()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(_STEPS_AT_ONCE, _REPOSITORIES_AT_ONCE), "mooring")

    def api_token(self) -> str:
        """The administrator's bearer token."""
        return str(self.secrets.get(self._setting("MOORING_API_TOKEN_SECRET")).get("token", ""))

    def sync_role(self) -> str:
        """The role that reaches clusters, for whoever gives it access to one; empty where nobody has said."""
        return self._environment.get("MOORING_SYNC_ROLE", "")

    def ask_ports(self) -> AskPorts:
        """For `api`."""
        from mooring.flows.asked.declaring import AskPorts

        return AskPorts(self.applications, self.queues, time.time, self.registry)

    def record_ports(self) -> RecordPorts:
        """For `api`: the record of who did what."""
        from mooring.flows.asked.audittrail import RecordPorts

        return RecordPorts(self.applications, self._actions)

    @cached_property
    def _actions(self) -> Actions:
        from mooring.state.actions import Actions

        return Actions(self.table)

    def register_ports(self) -> RegisterPorts:
        """For what `api` registers."""
        from mooring.flows.asked.registering import RegisterPorts

        return RegisterPorts(self.registry, self.applications, self.queues)

    def delivery_ports(self) -> DeliveryPorts:
        """For `webhook`."""
        from mooring.events.forges.webhooksecrets import read_webhook_secrets
        from mooring.flows.arrivals.deliveries import DeliveryPorts
        from mooring.flows.rules.unsigned import DeliveryRules
        from mooring.state.deliveries import Deliveries

        def secrets() -> Mapping[str, tuple[str, ...]]:
            return read_webhook_secrets(self.secrets.text(self._setting("MOORING_WEBHOOK_SECRET")))

        return DeliveryPorts(
            self.applications,
            self.registry,
            Deliveries(self.table),
            self.queues,
            secrets,
            DeliveryRules(self.registry, time.time),
            time.time,
        )

    def audit_access(self) -> AuditAccess:
        """For what `api` is asked about audit events."""
        from mooring.flows.asked.auditing import AuditAccess
        from mooring.state.auditsources import AuditSources

        return AuditAccess(self.registry, AuditSources(self.table))

    @cached_property
    def deeds(self) -> Deeds:
        """Who changed what in clusters."""
        from mooring.state.deeds import DAYS_KEPT, Deeds

        return Deeds(self.table, days=int(self._environment.get("MOORING_DEED_DAYS") or DAYS_KEPT))

    @cached_property
    def audit_ports(self) -> AuditPorts:
        """For `audit`; they live as long as the instance, which remembers what is in use."""
        from mooring.flows.arrivals.audits import AuditPorts
        from mooring.flows.arrivals.inuse import InUse
        from mooring.state.auditsources import AuditSources

        named = self._environment.get("MOORING_AUDIT_LOG_GROUPS", "").replace(",", " ").split()
        groups = {group: cluster for group, _, cluster in (each.partition("=") for each in named)}
        in_use = InUse(self.applications)
        drifts = self.applications.drifts
        return AuditPorts(
            self.registry, AuditSources(self.table), self.deeds, drifts, in_use, self.queues, time.time, groups
        )

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

    def sweep_ports(self) -> SweepPorts:
        """For `sweep`."""
        from mooring.flows.sweeps.sweeping import SweepPorts

        return SweepPorts(
            self.applications,
            self.registry,
            self.repositories,
            self.charts,
            self.queues,
            self._pool,
            root=self._root,
            merges=self._merge_ports,
            watchers=self._watchers,
            start=self._watch_starter,
        )

    @cached_property
    def _watchers(self) -> Watchers:
        from mooring.state.watchers import Watchers

        return Watchers(self.table)

    @cached_property
    def _watch_starter(self) -> WatchStarter | None:
        from mooring.starting import WatchStarter

        name = self._environment.get("MOORING_WATCH_FUNCTION")
        return WatchStarter(cache(lambda: self._client("lambda")), name) if name else None

    def watch_ports(self, remaining: float, say: Callable[[str], None]) -> WatchPorts:
        """For `watch`: `remaining` are the seconds that the invocation has left; `say` is told of troubles."""
        from mooring.flows.sweeps.watching import WatchPorts

        lasts = min(float(self._setting("MOORING_WATCH_SECONDS")), remaining - _TIME_TO_FINISH)
        self._setting("MOORING_WATCH_FUNCTION")
        start = self._watch_starter
        assert start is not None
        return WatchPorts(
            self.applications,
            self._targets,
            self._watchers,
            self.queues,
            start,
            uuid.uuid4().hex,  # an invocation that is tried again has its request's id again
            time.time() + lasts,
            lasts,
            say=say,
        )

    def hook_ports(self) -> HookPorts:
        """For what `api` installs on code hosts."""
        from mooring.flows.asked.hooks import HookPorts
        from mooring.forge.places import read_forges

        return HookPorts(
            lambda: self.secrets.text(self._setting("MOORING_WEBHOOK_SECRET")),
            lambda: read_forges(self.registry.health_scripts.state()[0]),
        )

    @cached_property
    def _installation_tokens(self) -> InstallationTokens:
        from mooring.source.githubapp import InstallationTokens

        return InstallationTokens()

    def _merge_ports(self) -> MergePorts:
        from mooring.flows.sweeps.merges import MergePorts
        from mooring.forge.opening import Forges
        from mooring.forge.places import read_forges
        from mooring.state.mergedrequests import MergedRequests

        forges = Forges(
            self._credentials,
            lambda: read_forges(self.registry.health_scripts.state()[0]),
            tokens=self._installation_tokens,
        )
        return MergePorts(MergedRequests(self.table), forges.host, self.queues, time.time)

    def write_ports(self) -> tuple[WritePorts, Hosts]:
        """For whatever writes to git: how, and the code hosts for pull requests."""
        from mooring.forge.opening import Forges
        from mooring.forge.places import read_forges
        from mooring.source.commits import Writers
        from mooring.source.gokit import GoKit
        from mooring.writeback.credentials import stored_signer, stores
        from mooring.writeback.writing import WritePorts

        prefix, tokens = self._secret_prefix, self._installation_tokens
        credentials = stores(self._credentials, lambda name, fresh: self.registry.secret(name, fresh=fresh), prefix)

        def host(url: str, credential: str) -> CodeHost | None:
            def named() -> Mapping[str, Named]:
                return read_forges(self.registry.health_scripts.state()[0])

            return Forges(credentials(credential), named, tokens=tokens).host(url)

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

    def notify_ports(self, say: Callable[[str], None]) -> NotifyPorts:
        """For `notify`, to be kept: it remembers which services fail. `say` is told what somebody has to mend."""
        from mooring.flows.telling.ports import NotifyPorts
        from mooring.forge.opening import Forges
        from mooring.forge.places import read_forges
        from mooring.notify.posting import Poster
        from mooring.notify.services.aws import Clients
        from mooring.source.gokit import GoKit

        named = self._setting("MOORING_NOTIFICATIONS_SECRET")
        forges = Forges(
            self._credentials,
            lambda: read_forges(self.registry.health_scripts.state()[0]),
            tokens=self._installation_tokens,
        )
        return NotifyPorts(
            self.applications, self.registry.projects, self.notes, self.queues,
            GoKit(self._program("gokit")).ask, lambda: self.secrets.get(named),
            Poster(), forges.api, Clients(partial(self._client, attempts=1)).get, time.time, say,
        )  # fmt: skip

    def promotion_ports(self, renders: RenderPorts) -> PromotionPorts:
        """For promotions, in `render`; what is registered for a repository has to let it write there."""
        from mooring.flows.promotions.ports import PromotionPorts
        from mooring.state.happenings import Happenings
        from mooring.state.mergedrequests import MergedRequests

        return PromotionPorts(renders, *self.write_ports(), MergedRequests(self.table), Happenings(self.table))

    def secret_change_ports(self) -> SecretChangePorts:
        """For `sweep`, when a provider tells of a change."""
        from mooring.flows.arrivals.secretchanges import SecretChangePorts
        from mooring.state.secretuses import SecretUses

        return SecretChangePorts(SecretUses(self.table), self.queues)

    @cached_property
    def _store_clients(self) -> AwsClients:
        from mooring.secrets.external.awsaccess import AwsClients

        def first(access: AwsAccess) -> tuple[float, dict[str, str]]:
            if access.login is None:
                return 0.0, {}
            from mooring.flows.secrets.externalproofs import AwsLogins

            return AwsLogins(self.secrets.get, self._secret_prefix, self._reached, self._client)(access)

        return AwsClients(self._client, first=first)

    @property
    def _secret_prefix(self) -> str:
        return self._environment.get("MOORING_SECRET_PREFIX", "mooring")

    def _reached(self, named: Destination) -> Live:
        return self._targets.connect(self._targets.reach(self._targets.cluster(named)))

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

    def sync_ports(self, owner: str, remaining: float) -> SyncPorts:
        """For `sync`: `owner` names the invocation, `remaining` are the seconds it has left."""
        from mooring.flows.secrets.pushes import Pushes
        from mooring.flows.syncs.ports import SyncPorts

        return SyncPorts(
            self.applications,
            self.bundles,
            self._targets,
            self.queues,
            self._pool,
            _STEPS_AT_ONCE,
            self._expressions,
            time.time,
            owner,
            time.time() + remaining - _TIME_TO_FINISH,
            (*self._openers, self._external_secrets()),
            Pushes(self._push_reader),
        )
