"""`SecretStore` and `ClusterSecretStore` (external-secrets.io): where secrets are, and as whom they are read.

AWS is understood (Secrets Manager and Parameter Store). Any other provider is refused by name, and so is a store that
brings AWS credentials of its own: a store names a role, and the function assumes it. Source of the fields:
external-secrets.io, "API specification", "SecretStore" and "ClusterSecretStore".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.model.selectors import Selector, parse_selector

__all__ = ["AwsAccess", "AwsService", "Store", "StoreCondition", "aws_access", "parse_store"]

AwsService: TypeAlias = Literal["SecretsManager", "ParameterStore"]

_SUPPORTED = "aws"
_ABOUT = "docs/external-secrets.md lists what is supported"


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """As whom AWS is asked: `roles` are assumed one after the other; without any, as the function itself.

    `tags` are session tags, `transitive` the keys of those that stay through further roles.
    """

    region: str
    roles: tuple[str, ...] = ()
    external_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """Which namespaces may use a ClusterSecretStore: by name, by regular expression (RE2) or by label."""

    names: tuple[str, ...]
    regexps: tuple[str, ...]
    selector: Selector | None


@dataclass(frozen=True, slots=True)
class Store:
    """One store: `namespace` is empty for a ClusterSecretStore; `prefix` stands before every key."""

    namespace: str
    name: str
    service: AwsService
    access: AwsAccess
    prefix: str = ""
    conditions: tuple[StoreCondition, ...] = ()

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"SecretStore {self.namespace}/{self.name}" if self.namespace else f"ClusterSecretStore {self.name}"


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
    if _SUPPORTED not in provider:
        raise spec.error(
            f"provider.{next(iter(provider))}",
            f"is not supported: Mooring reads {_SUPPORTED} (Secrets Manager and Parameter Store); {_ABOUT}",
        )
    aws = Fields(provider[_SUPPORTED], "spec.provider.aws", warnings)
    service = aws.required_text("service")
    if service not in ("SecretsManager", "ParameterStore"):
        raise aws.error("service", f"must be SecretsManager or ParameterStore, not {service!r}")
    access = aws_access(aws)
    prefix = aws.text("prefix")
    aws.ignore("secretsManager")  # how deleted secrets are kept: of PushSecret alone
    aws.close()
    conditions = tuple(_condition(each) for each in spec.mappings("conditions"))
    # Which controller it is for, and how that controller tries again, is not for us.
    spec.ignore("controller", "retrySettings", "refreshInterval")
    spec.close()
    kind: AwsService = "SecretsManager" if service == "SecretsManager" else "ParameterStore"
    return Store(namespace, metadata.required_text("name"), kind, access, prefix, conditions)


def aws_access(aws: Fields) -> AwsAccess:
    """Reads region and roles of a store or generator."""
    for name in ("auth", "sessionTagsPolicy", "customSessionTags", "customEndpoints"):
        if aws.raw(name) not in (None, "", {}, "None"):
            raise aws.error(
                name, f"is not supported: name a role in {aws.path}.role, which the function assumes; {_ABOUT}"
            )
    role = aws.text("role")
    tags = tuple((each.required_text("key"), each.text("value")) for each in aws.mappings("sessionTags"))
    return AwsAccess(
        aws.required_text("region"),
        (*aws.texts("additionalRoles"), *((role,) if role else ())),
        aws.text("externalID"),
        tags,
        aws.texts("transitiveTagKeys"),
    )


def _condition(fields: Fields) -> StoreCondition:
    condition = StoreCondition(
        fields.texts("namespaces"), fields.texts("namespaceRegexes"), parse_selector(fields, "namespaceSelector")
    )
    fields.close()
    if not (condition.names or condition.regexps or condition.selector):
        raise fields.error("namespaces", "must stand here, or namespaceRegexes or namespaceSelector")
    return condition
