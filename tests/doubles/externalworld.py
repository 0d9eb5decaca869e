"""An installation whose applications hold ExternalSecrets: moto's Secrets Manager and Parameter Store, the real gokit."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import boto3

from mooring.events.messages import AppMessage, Cause
from mooring.flows.clusters.live import Live
from mooring.flows.secrets.external import ExternalSecrets
from mooring.flows.secrets.externalplaces import Elsewhere
from mooring.flows.secrets.externalproofs import AwsLogins
from mooring.flows.secrets.externalreading import ExternalReader
from mooring.flows.secrets.pushes import Pushes
from mooring.flows.secrets.pushing import PushReader
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import Health
from mooring.model.application import AppKey, Destination
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.external.asking import Providers
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.templating import Templates
from mooring.source.gokit import GoKit
from mooring.state.secretuses import SecretUses
from tests.doubles.installation import Crash, World

REGION = "eu-central-1"


class ExternalWorld:
    """A world and the providers of its secrets. `calls` counts requests by operation; `down` makes them fail.

    The process dies before request `dies_after` of a sync, or after the operation `dies_at`.

    Stores need no role here, unless `as_oneself` is taken away as in the deployed function.
    """

    def __init__(self, world: World, gokit: GoKit) -> None:
        self.world = world
        self.gokit = gokit
        self.as_oneself = True
        self.calls: list[str] = []
        self.down: set[str] = set()
        self.dies_after: int | None = None
        self.dies_at = ""
        self.secrets = boto3.client("secretsmanager", region_name=REGION)
        self.parameters = boto3.client("ssm", region_name=REGION)
        self.uses = SecretUses(world.table)
        self.held: dict[str, dict[str, str]] = {}
        self.vaults: tuple[str, ...] = ()
        self.targets: Any = None
        self.openers: tuple[Any, ...] = ()

    def client(self, service: str, region: str, credentials: Mapping[str, str]) -> Any:
        client = boto3.client(service, region_name=region, **credentials)  # type: ignore[call-overload]
        client.meta.events.register("before-call", self._note)
        client.meta.events.register("after-call", self._after)
        return client

    def _note(self, model: Any, **_: Any) -> None:
        from botocore.exceptions import ConnectTimeoutError

        if self.dies_after is not None and len(self.calls) >= self.dies_after:
            raise Crash(f"before {model.name}")
        self.calls.append(model.name)
        if model.name in self.down:
            raise ConnectTimeoutError(endpoint_url="https://aws.test")

    def _after(self, model: Any, **_: Any) -> None:
        if model.name == self.dies_at:
            raise Crash(f"after {model.name}")

    def _reach(self, named: Destination) -> Live:
        targets = self.targets or self.world.targets
        return targets.connect(targets.reach(targets.cluster(named)))

    def ports(self) -> SyncPorts:
        """What a fresh function instance has."""
        first = AwsLogins(self.held.__getitem__, "mooring", self._reach, self.client, lambda: self.world.now)
        clients = AwsClients(self.client, now=lambda: self.world.now, as_oneself=self.as_oneself, first=first)
        digest_of = self.world.bundles.digests.of
        templates = Templates(self.gokit.ask)
        elsewhere = Elsewhere(self.held.__getitem__, "mooring", clients, self.vaults, digest_of, self._reach)
        reader = ExternalReader(Providers(clients), templates, digest_of, self.uses, elsewhere)
        pushes = Pushes(lambda: PushReader(clients, templates, digest_of, elsewhere))
        openers = (*self.openers, ExternalSecrets(lambda: reader))
        ports = dataclasses.replace(self.world.ports(), openers=openers, pushes=pushes)
        return ports if self.targets is None else dataclasses.replace(ports, targets=self.targets)

    def sync(self, key: AppKey, kind: Any = "render") -> None:
        """One message about the application."""
        self.calls.clear()
        assert handle_syncs(self.ports(), [AppMessage(key, Cause(kind))]) == []

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.world.now += seconds

    def secret(self, name: str) -> Manifest | None:
        """A Secret of the cluster."""
        return self.world.cluster.objects.get(ObjectKey("", "Secret", "shop", name))


def store(name: str = "aws", service: str = "SecretsManager", **more: Any) -> Manifest:
    """A SecretStore."""
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": name},
        "spec": {"provider": {"aws": {"service": service, "region": REGION, **more}}},
    }


def external(
    name: str = "db", data: Sequence[Any] = (), data_from: Sequence[Any] = (), *, annotations: Any = None, **spec: Any
) -> Manifest:
    """An ExternalSecret of the store `aws`."""
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = annotations
    content = {"secretStoreRef": {"name": "aws"}, "data": list(data), "dataFrom": list(data_from), **spec}
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata, "spec": content}


def push(name: str = "out", secret: str = "db", *data: Any, **spec: Any) -> Manifest:
    """A PushSecret to the store `aws`."""
    content = {
        "secretStoreRefs": [{"name": "aws"}],
        "selector": {"secret": {"name": secret}},
        "data": list(data),
        **spec,
    }
    version = "external-secrets.io/v1alpha1"
    return {"apiVersion": version, "kind": "PushSecret", "metadata": {"name": name}, "spec": content}


def pushed(key: str, remote: str, property_: str = "", **more: Any) -> dict[str, Any]:
    """One entry of a PushSecret's `data`."""
    ref = {"remoteKey": remote, **({"property": property_} if property_ else {})}
    return {"match": {**({"secretKey": key} if key else {}), "remoteRef": ref}, **more}


def datum(key: str, remote: str, **ref: Any) -> dict[str, Any]:
    """One entry of `data`."""
    return {"secretKey": key, "remoteRef": {"key": remote, **ref}}


def synced(shop: ExternalWorld, *manifests: Manifest, **declared: Any) -> AppKey:
    """The application's key after a sync of these."""
    key = shop.world.declare(automated={"prune": True, "selfHeal": True}, **declared)
    shop.world.push(key, *manifests)
    shop.sync(key)
    return key


def health(shop: ExternalWorld, key: AppKey, name: str = "db") -> Health:
    """How an ExternalSecret is."""
    rows = shop.world.record(key).status.resources
    (found,) = [each for each in rows if each.key.name == name and each.key.kind == "ExternalSecret"]
    return found.health


def content(manifest: Manifest | None) -> dict[str, str]:
    """What a Secret holds, decoded."""
    assert manifest is not None
    return {key: base64.b64decode(value).decode() for key, value in manifest["data"].items()}
