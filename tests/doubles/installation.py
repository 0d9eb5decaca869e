"""An installation without functions: the flows over moto's DynamoDB, S3, SQS and KMS and a cluster in memory.

`World` holds what outlives a crash (table, bundles, cluster); `ports()` makes what a fresh function instance would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from mooring.access.parsing import built_in
from mooring.access.project import Project
from mooring.differences.expressions import Expressions
from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause, ClusterMessage, Later
from mooring.flows.asked.declaring import AskPorts
from mooring.flows.asked.looks import ask_look
from mooring.flows.clusters.declared import Declared
from mooring.flows.clusters.registering import WithDeclared
from mooring.flows.looking.answering import answer_look
from mooring.flows.looking.ports import LookPorts
from mooring.flows.rules.settings import NO_SETTINGS
from mooring.flows.secrets.opening import Opener
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import RESOURCES_FINALIZER, AppKey, Destination, parse_application
from mooring.model.objects import Manifest
from mooring.model.promotionkey import PromotionKey
from mooring.secrets.digests import Digests
from mooring.secrets.envelope import KmsKeyService
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.operations import Request
from mooring.state.records import Record, Spec
from mooring.state.wanted import Commit, Rendering, WantedState
from mooring.state.registry import Registry
from mooring.state.table import Table
from tests.doubles.cluster import MemoryCluster
from tests.doubles.tables import create_table

REPOSITORY = "git.test/acme/shop"


class Crash(BaseException):
    """The process dies here."""


class RecordingQueues:
    """Keeps what is sent; `sent` and `waiting` are read by tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.waiting: list[tuple[Later, float]] = []

    def send(self, to: str, messages: Sequence[Any], *, alone: bool = False) -> None:
        self.sent += [(to, message) for message in messages]

    def send_later(self, messages: Sequence[tuple[Later, float]]) -> None:
        self.waiting += messages


class OneCluster:
    """Every destination is the same cluster."""

    def __init__(self, live: MemoryCluster, declared: Declared) -> None:
        self.live = live
        self.declared = declared
        self.settings = NO_SETTINGS
        self.projects = {"default": built_in()}

    def project(self, name: str) -> Project:
        if name not in self.projects:
            raise ConfigurationError(f"no project {name!r} is declared", field="spec.project")
        return self.projects[name]

    def refresh(self) -> None:
        """Nothing to read."""

    def promotions_of(self, app: AppKey) -> list[PromotionKey]:
        known = self.declared.ports.registry.known()
        return [each.key for each in known.promotions if app in each.apps]

    def cluster(self, destination: Destination) -> Any:
        return self.live.cluster

    def named(self, name: str) -> Any:
        return self.live.cluster

    def reach(self, cluster: Any, *, probing: bool = False) -> Any:
        return cluster

    def settle(self) -> None:
        """It always answers."""

    def news(self) -> list[str]:
        return []

    def connect(self, cluster: Any) -> Any:
        return WithDeclared(self.live, self.declared)

    def opened(self, cluster: Any) -> Any:
        return self.live

    def asked_check(self, cluster: Any, check: str) -> dict[str, Any] | None:
        known = self.declared.ports.registry.check(cluster.name, check)
        return None if known is None or "found" in known else known.get("asked")

    def note_check(self, cluster: Any, check: str, found: dict[str, Any]) -> None:
        self.declared.ports.registry.put_check(cluster.name, check, found, now=0.0)

    def note_versions(self, target: Any) -> None:
        """Charts are not rendered here."""


class World:
    """What outlives every function."""

    def __init__(self, table: Table, bundles: Bundles) -> None:
        self.table = table
        self.applications = Applications(table)
        self.registry = Registry(table, None, "mooring")  # type: ignore[arg-type]  # no credentials here
        self.bundles = bundles
        self.cluster = MemoryCluster()
        self.queues = RecordingQueues()
        self.now = 1_000_000.0
        self.asking = AskPorts(self.applications, self.queues, lambda: self.now, self.registry)  # type: ignore[arg-type]
        self.targets = OneCluster(self.cluster, Declared(self.asking))
        self.openers: tuple[Opener, ...] = ()
        self._revision = 0

    def declare(
        self,
        name: str = "shop",
        *,
        ignore: Sequence[Any] = (),
        annotations: Mapping[str, str] | None = None,
        namespace: str = "shop",
        finalizer: str = RESOURCES_FINALIZER,
        cluster: str = "in-cluster",
        project: str = "default",
        **policy: Any,
    ) -> AppKey:
        """Declares an application with this syncPolicy and ignoreDifferences; declaring again changes it."""
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "finalizers": [finalizer]},
            "spec": {
                "project": project,
                "source": {"repoURL": f"https://{REPOSITORY}", "path": name},
                "destination": {"name": cluster, "namespace": namespace},
                "syncPolicy": policy,
                "ignoreDifferences": list(ignore),
            },
        }
        document["metadata"] |= {"annotations": dict(annotations or {})}  # type: ignore[operator]
        parsed = parse_application(document)
        key = parsed.application.key
        previous = self.record(key).spec
        generation = 1 if previous is None else previous.generation + 1
        spec = Spec(parsed.application, generation, ())
        self.applications.declare(spec, previous=previous, follows={REPOSITORY: ["HEAD"]})
        wanted = self.record(key).wanted
        if wanted is not None:
            self._want(key, wanted.bundle, wanted.revision, generation)
        return key

    def push(self, key: AppKey, *objects: Manifest) -> str:
        """Git wants these objects from now on; returns the revision."""
        self._revision += 1
        revision = f"{self._revision:040x}"
        record = self.record(key)
        assert record.spec is not None
        self._want(key, self.bundles.save(objects), revision, record.spec.generation)
        return revision

    def _want(self, key: AppKey, bundle: str, revision: str, generation: int) -> None:
        self.now += 1
        state = WantedState(
            revision, generation, self.now, Cause("push", "delivery", "octocat"),
            Commit("Ada", "ada@test", "Change it", ""), "test", Rendering(bundle, (), "", "Directory"),
        )  # fmt: skip
        assert not self.applications.want([(key, state)])

    def request(
        self, key: AppKey, prune: bool | None = None, *, resources: Sequence[str] = (), dry_run: bool = False
    ) -> None:
        """Somebody asks for a sync, perhaps of chosen objects, perhaps only a dry run."""
        request = Request(f"request-{self.now}", "ada", self.now, prune, tuple(resources), dry_run)
        self.applications.request(key, request)

    def record(self, key: AppKey) -> Record:
        return self.applications.load([key], inventory=True)[key]

    def ports(self, owner: str = "one") -> SyncPorts:
        """A fresh function instance's ports; steps run one after the other, so crashes can be enumerated."""
        return SyncPorts(
            self.applications, self.bundles, self.targets, self.queues,  # type: ignore[arg-type]
            _Inline(), 1, Expressions(), lambda: self.now, owner, self.now + 1000,
            self.openers,
        )  # fmt: skip

    def sync(self, key: AppKey, kind: Any = "render") -> None:
        """One message about the application."""
        troubles = handle_syncs(self.ports(), [AppMessage(key, Cause(kind))])
        assert troubles == []

    def look(self, key: AppKey, ask: str, *, seconds: float = 20.0, **more: Any) -> dict[str, Any]:
        """What the function `look` answers somebody who waits, with so many seconds for it; its errors are raised."""
        ports = LookPorts(
            self.applications, self.bundles, self.targets, _Inline(),  # type: ignore[arg-type]
            Expressions(), lambda: self.now, self.now + seconds,
        )  # fmt: skip
        return ask_look(lambda question: answer_look(ports, question), ask, key, **more)

    def sweep(self) -> None:
        """One look at the whole cluster."""
        troubles = handle_syncs(self.ports(), [ClusterMessage("in-cluster", Cause("tick"))])
        assert troubles == []


class _Inline(ThreadPoolExecutor):
    """Runs everything at once in the caller's thread; a crash goes through as it would kill the process."""

    def __init__(self) -> None:
        super().__init__(1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # as an executor does; `Crash` is no Exception
            future.set_exception(error)
        return future


@contextmanager
def installation() -> Iterator[Callable[[], World]]:
    """Makes worlds, each with a table of its own."""
    with mock_aws():
        region = "eu-central-1"
        dynamodb = boto3.client("dynamodb", region_name=region)
        s3 = boto3.client("s3", region_name=region)
        kms = boto3.client("kms", region_name=region)
        key_id = kms.create_key()["KeyMetadata"]["KeyId"]
        made = 0

        def make() -> World:
            nonlocal made
            made += 1
            name, bucket = f"table-{made}", f"bundles-{made}"
            # One for each: moto closes an object that is written again while another world reads it.
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
            return World(
                create_table(dynamodb, name),
                Bundles(s3, bucket, KmsKeyService(lambda: kms, key_id), Digests(lambda: b"k" * 48)),
            )

        yield make


def config_map(name: str, **data: str) -> Manifest:
    """A ConfigMap in the destination's namespace."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name: str, replicas: int = 2, image: str = "shop:1") -> Manifest:
    """A Deployment in the destination's namespace."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "template": {"spec": {"image": image}}},
    }
