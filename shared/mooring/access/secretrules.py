"""Which secrets a project's applications may have: stores, keys of providers, roles, seals and keys of SOPS.

The rules are Mooring's own and stand in the annotation `mooring.dev/secrets` of the AppProject, as YAML: a field of the
spec that Argo CD does not know would be dropped by a Kubernetes API server without a word, and with it the rule. What
the annotation does not speak of is permitted, as it is without one. A field that nobody knows is refused, since a rule
that nobody obeys must not look as if it held.

No decision takes or tells a value; each refusal names the project, the rule and what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mooring.access.globs import check_glob, check_path_glob, is_denial, matches
from mooring.access.project import Project, Refusal
from mooring.errors import ConfigurationError
from mooring.model.fields import Fields

__all__ = [
    "SECRETS_ANNOTATION",
    "SecretRules",
    "StoreRule",
    "keys_allowed",
    "parse_secret_rules",
    "pushes_allowed",
    "roles_allowed",
    "seal_allowed",
    "store_allowed",
]

SECRETS_ANNOTATION: Final = "mooring.dev/secrets"
_FIELD: Final = f"metadata.annotations[{SECRETS_ANNOTATION}]"
_PROVIDERS: Final = ("SecretsManager", "ParameterStore", "Vault", "Kubernetes")
_SCOPES: Final = ("strict", "namespace-wide", "cluster-wide")
_ARN: Final = re.compile(r"arn:[^:]*:(?:secretsmanager|ssm):[^:]*:[^:]*:((?:secret:|parameter/).+)")
_ENDING: Final = re.compile(r"-[A-Za-z0-9]{6}$")
_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+")


@dataclass(frozen=True, slots=True)
class StoreRule:
    """Stores that may be used. Globs; empty is any."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class SecretRules:
    """What the annotation says; None is anything, empty is nothing.

    `keys` are globs by provider, `roles` those of AWS that stores and generators may name, `scopes` those of
    SealedSecrets, `sops` patterns of ARNs of KMS keys, age recipients and PGP fingerprints. `role` is assumed before
    any that a store names, `sops_role` before KMS is asked for what SOPS encrypted. `pushes` are globs of secrets that
    PushSecrets may write; `keys` have to permit them as well.
    """

    stores: tuple[StoreRule, ...] | None = None
    keys: Mapping[str, tuple[str, ...]] | None = None
    roles: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    sops: tuple[str, ...] | None = None
    role: str = ""
    sops_role: str = ""
    pushes: tuple[str, ...] | None = None


def parse_secret_rules(metadata: Fields) -> SecretRules | None:
    """The rules of a project, None where it has none. Raises `ConfigurationError` with the field's path."""
    annotations = metadata.raw_mapping("annotations") or {}
    text = annotations.get(SECRETS_ANNOTATION)
    if text is None:
        return None
    import yaml  # few projects have such rules

    try:
        document = yaml.safe_load(text) if isinstance(text, str) else None
    except yaml.YAMLError:
        document = None
    if not isinstance(document, dict):
        raise ConfigurationError("must be the text of a YAML mapping; docs/projects.md shows one", field=_FIELD)
    found: list[str] = []
    fields = Fields(document, _FIELD, found)
    for name, value in document.items():
        if value is None:
            raise fields.error(str(name), "must not be empty: remove it to permit everything, or write [] for nothing")
    rules = SecretRules(
        _stores(fields),
        _keys(fields),
        _globs(fields, "roles"),
        _listed(fields, "sealedSecrets"),
        _listed(fields, "sopsKeys"),
        fields.text("role"),
        fields.text("sopsRole"),
        _globs(fields, "pushSecrets"),
    )
    if rules.sops_role and not _ROLE.fullmatch(rules.sops_role):
        raise fields.error("sopsRole", f"must be the ARN of a role, not {rules.sops_role!r}")
    for index, scope in enumerate(rules.scopes or ()):
        if scope not in _SCOPES:
            raise fields.error(f"sealedSecrets[{index}]", f"must be one of {', '.join(_SCOPES)}, not {scope!r}")
    for index, pattern in enumerate(rules.sops or ()):
        if wrong := check_path_glob(pattern):
            raise fields.error(f"sopsKeys[{index}]", f"{wrong}: {pattern!r}")
    fields.close()
    if found:
        raise ConfigurationError(f"{found[0]}: correct its name or remove it", field=_FIELD)
    return rules


def store_allowed(project: Project, kind: str, namespace: str, name: str) -> Refusal | None:
    """Whether applications may use a store; `namespace` is empty for a ClusterSecretStore."""
    rules = project.secrets
    if rules is None or rules.stores is None:
        return None
    for rule in rules.stores:
        given = ((rule.kind, kind), (rule.namespace, namespace), (rule.name, name))
        if all(not pattern or matches(pattern, value) for pattern, value in given):
            return None
    value = f"the {kind} {namespace}/{name}" if namespace else f"the {kind} {name}"
    return Refusal(project.name, f"{_FIELD}.stores", value, "add it, or use another store")


def roles_allowed(project: Project, roles: Sequence[str], what: str) -> Refusal | None:
    """Whether a store or generator (`what`) may name these roles of AWS."""
    rules = project.secrets
    if rules is None or rules.roles is None:
        return None
    for role in roles:
        if not _fits(rules.roles, role):
            value = f"the role {role} of {what}"
            return Refusal(project.name, f"{_FIELD}.roles", value, "add it, or name another role")
    return None


def keys_allowed(project: Project, provider: str, keys: Sequence[str], *, found: bool = False) -> Refusal | None:
    """Whether applications may read keys of a provider. Keys that were `found` are counted and not named: whoever looks
    for them may not know them.
    """
    rules = project.secrets
    if rules is None or rules.keys is None:
        return None
    patterns = rules.keys.get(provider, ())
    refused = [key for key in keys if not _fits(patterns, key, *_names(key))]
    if not refused:
        return None
    value = f"{len(refused)} of the {len(keys)} keys of {provider} that are found" if found else ""
    value = value or f"the key {refused[0]!r} of {provider}"
    permitted = ", ".join(patterns) or "none"
    advice = f"{'narrow what is looked for' if found else 'use another'} (permitted: {permitted}), or add it"
    return Refusal(project.name, f"{_FIELD}.keys.{provider}", value, advice)


def pushes_allowed(project: Project, key: str) -> Refusal | None:
    """Whether PushSecrets of applications may write a secret of Secrets Manager."""
    rules = project.secrets
    if rules is None or rules.pushes is None or _fits(rules.pushes, key, *_names(key)):
        return None
    advice = f"push to another (permitted: {', '.join(rules.pushes) or 'none'}), or add it"
    return Refusal(project.name, f"{_FIELD}.pushSecrets", f"pushing to the secret {key!r}", advice)


def seal_allowed(project: Project, scope: str) -> Refusal | None:
    """Whether applications may have SealedSecrets of a scope."""
    rules = project.secrets
    if rules is None or rules.scopes is None or scope in rules.scopes:
        return None
    advice = f"seal it with one of the scopes {', '.join(rules.scopes)}" if rules.scopes else "use another kind"
    return Refusal(project.name, f"{_FIELD}.sealedSecrets", f"SealedSecrets of the scope {scope}", advice)


def _stores(fields: Fields) -> tuple[StoreRule, ...] | None:
    if not fields.has("stores"):
        return None
    found: list[StoreRule] = []
    for each in fields.mappings("stores"):
        rule = StoreRule(each.text("kind"), each.text("namespace"), each.text("name"))
        for name, pattern in (("kind", rule.kind), ("namespace", rule.namespace), ("name", rule.name)):
            if wrong := check_glob(pattern):
                raise each.error(name, f"{wrong}: {pattern!r}")
        each.close()
        found.append(rule)
    return tuple(found)


def _keys(fields: Fields) -> Mapping[str, tuple[str, ...]] | None:
    if not fields.has("keys"):
        return None
    inner = fields.mapping("keys")
    names = fields.raw_mapping("keys") or {}
    for name in names:
        if name not in _PROVIDERS:
            raise fields.error(f"keys.{name}", f"must be one of {', '.join(_PROVIDERS)}")
    return {} if inner is None else {str(name): _globs(inner, str(name)) or () for name in names}


def _globs(fields: Fields, name: str) -> tuple[str, ...] | None:
    patterns = _listed(fields, name)
    for index, pattern in enumerate(patterns or ()):
        if wrong := check_glob(pattern.removeprefix("!")):
            raise fields.error(f"{name}[{index}]", f"{wrong}: {pattern!r}")
    return patterns


def _listed(fields: Fields, name: str) -> tuple[str, ...] | None:
    return fields.texts(name) if fields.has(name) else None


def _names(key: str) -> tuple[str, ...]:
    """What AWS also calls the secret or parameter of an ARN: denials of its name count for that as well."""
    found = _ARN.fullmatch(key)
    if found is None:
        return ()
    name = found[1].removeprefix("secret:").removeprefix("parameter")
    # A parameter without folders has no slash before its name; Secrets Manager puts six characters behind one.
    return name, name.removeprefix("/"), _ENDING.sub("", name)


def _fits(patterns: Sequence[str], value: str, *names: str) -> bool:
    """Whether one pattern fits and no denial does, of its other names neither."""
    if any(is_denial(each) and matches(each[1:], one) for each in patterns for one in (value, *names)):
        return False
    return any(not is_denial(each) and matches(each, value) for each in patterns)
