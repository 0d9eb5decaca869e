"""`SecretStore` and `ClusterSecretStore` (external-secrets.io): where secrets are, and as whom they are read.

AWS (Secrets Manager and Parameter Store), HashiCorp Vault and registered clusters are understood. Any other provider is
refused by name, and so is a store that brings credentials of its own for a cluster: it names one as it is registered.
Source of the fields: external-secrets.io, "API specification", "SecretStore" and "ClusterSecretStore".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mooring.model.externalaws import AwsAccess, aws_access
from mooring.model.externalvault import VaultAccess, vault_access
from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.model.selectors import Selector, parse_selector

__all__ = [
    "ClusterAccess",
    "Service",
    "Store",
    "StoreCondition",
    "parse_store",
]

Service: TypeAlias = Literal["SecretsManager", "ParameterStore", "Vault", "Kubernetes"]

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ABOUT = "docs/external-secrets.md lists what is supported"


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """A namespace of a cluster, by its registered name or address; empty for the application's own cluster."""

    cluster: str
    namespace: str


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """Which namespaces may use a ClusterSecretStore: by name, by regular expression (RE2) or by label."""

    names: tuple[str, ...]
    regexps: tuple[str, ...]
    selector: Selector | None


@dataclass(frozen=True, slots=True)
class Store:
    """One store: `namespace` is empty for a ClusterSecretStore; `prefix` stands before every key.

    `recovery` are the days in which a secret that Mooring deletes can be restored, 0 for none.
    """

    namespace: str
    name: str
    service: Service
    access: AwsAccess | VaultAccess | ClusterAccess
    prefix: str = ""
    conditions: tuple[StoreCondition, ...] = ()
    recovery: int = 30

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"SecretStore {self.namespace}/{self.name}" if self.namespace else f"ClusterSecretStore {self.name}"

    @property
    def region(self) -> str:
        """AWS's region, empty for a provider that sends no events."""
        return self.access.region if isinstance(self.access, AwsAccess) else ""

    @property
    def place(self) -> list[object]:
        """What tells the secrets of this store from those of another; no credentials."""
        if isinstance(self.access, AwsAccess):
            return [self.service, self.access.region, list(self.access.roles), self.prefix]
        if isinstance(self.access, ClusterAccess):
            return [self.service, self.access.cluster, self.access.namespace]
        return [self.service, self.access.server, self.access.namespace, self.access.version]

    def whole(self, key: str) -> str:
        """A key as it is called without this store: behind its prefix, engine or namespace."""
        if isinstance(self.access, AwsAccess):
            return self.prefix + key
        if isinstance(self.access, ClusterAccess):
            return f"{self.access.namespace}/{key}"
        return "/".join(part for part in self.access.split(key) if part)


def parse_store(manifest: Manifest, namespace: str, warnings: list[str]) -> Store:
    """Reads a store, without `namespace` a ClusterSecretStore. Raises `ConfigurationError` with the field's path."""
    document = Fields(manifest, "", warnings)
    metadata = document.mapping("metadata") or Fields({}, "metadata", warnings)
    spec = document.mapping("spec")
    if spec is None:
        raise document.error("spec", "must not be empty")
    provider = spec.raw_mapping("provider") or {}
    if len(provider) != 1:
        raise spec.error("provider", "must name exactly one provider")
    kind = next(iter(provider))
    inside = Fields(provider[kind], f"spec.provider.{kind}", warnings)
    service: Service = "Vault"
    access: AwsAccess | VaultAccess | ClusterAccess
    prefix, recovery = "", 30
    match kind:
        case "aws":
            service, access, prefix, recovery = _aws(inside, namespace)
        case "vault":
            access = vault_access(inside, namespace)
        case "kubernetes":
            service, access = "Kubernetes", _cluster(inside)
        case _:
            raise spec.error(f"provider.{kind}", f"is not supported: Mooring reads aws, vault and kubernetes; {_ABOUT}")
    conditions = tuple(_condition(each) for each in spec.mappings("conditions"))
    # Which controller it is for, and how that controller tries again, is not for us.
    spec.ignore("controller", "retrySettings", "refreshInterval")
    spec.close()
    return Store(namespace, metadata.required_text("name"), service, access, prefix, conditions, recovery)


def _aws(aws: Fields, namespace: str) -> tuple[Service, AwsAccess, str, int]:
    service = aws.required_text("service")
    if service not in ("SecretsManager", "ParameterStore"):
        raise aws.error("service", f"must be SecretsManager or ParameterStore, not {service!r}")
    access = aws_access(aws, namespace)
    prefix = aws.text("prefix")
    recovery = _recovery(aws.mapping("secretsManager"))
    aws.close()
    return ("SecretsManager" if service == "SecretsManager" else "ParameterStore"), access, prefix, recovery


def _recovery(secrets: Fields | None) -> int:
    """Days, as AWS takes them ("DeleteSecret")."""
    if secrets is None:
        return 30
    days = secrets.integer("recoveryWindowInDays", 0)
    force = secrets.boolean("forceDeleteWithoutRecovery", False)
    secrets.close()
    if force and days:
        raise secrets.error("recoveryWindowInDays", "can't stand beside forceDeleteWithoutRecovery")
    if days and not 7 <= days <= 30:
        raise secrets.error("recoveryWindowInDays", f"must be between 7 and 30, not {days}")
    return 0 if force else days or 30


def _cluster(kubernetes: Fields) -> ClusterAccess:
    for name in ("auth", "authRef"):
        if kubernetes.raw(name) not in (None, "", {}):
            raise kubernetes.error(name, f"is not supported: name a registered cluster in server.url; {_ABOUT}")
    server = kubernetes.mapping("server")
    url = ""
    if server is not None:
        url = server.text("url")
        server.ignore("caBundle", "caProvider")  # the registration has the authority
        server.close()
    access = ClusterAccess(url, kubernetes.text("remoteNamespace") or "default")
    if not _NAMESPACE.fullmatch(access.namespace):
        raise kubernetes.error("remoteNamespace", "must be a DNS label: lower-case letters, digits and '-'")
    kubernetes.close()
    return access


def _condition(fields: Fields) -> StoreCondition:
    condition = StoreCondition(
        fields.texts("namespaces"), fields.texts("namespaceRegexes"), parse_selector(fields, "namespaceSelector")
    )
    fields.close()
    if not (condition.names or condition.regexps or condition.selector):
        raise fields.error("namespaces", "must stand here, or namespaceRegexes or namespaceSelector")
    return condition
