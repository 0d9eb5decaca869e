"""The installation's own rules, in the format of Argo CD's ConfigMap `argocd-cm`.

Understood are the keys `resource.customizations.ignoreDifferences.<group>_<Kind>` (`<Kind>` alone in the core group,
`all` for every object), the older `resource.customizations` with a mapping of `<group>/<Kind>`, where both may be
globs, and in `resource.compareoptions` the setting `ignoreAggregatedRoles`. `ignoreResourceStatusField` needs no
reading: status is never compared here. Other keys of the ConfigMap are none of this module's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mooring.errors import ConfigurationError, RenderError
from mooring.model.fields import Fields
from mooring.model.ignoring import IgnoreRule, read_rule
from mooring.render.yaml import load_documents

__all__ = ["SystemRules", "parse_system_rules"]

_ONE: Final = "resource.customizations.ignoreDifferences."
_ALL: Final = "resource.customizations"
_OPTIONS: Final = "resource.compareoptions"
_AGGREGATED: Final = IgnoreRule(
    "rbac.authorization.k8s.io",
    "ClusterRole",
    jq_path_expressions=("select(.aggregationRule != null) | .rules",),
    where=f"data[{_OPTIONS}]",
)


@dataclass(frozen=True, slots=True)
class SystemRules:
    """The rules, and what the reader should know about their text."""

    rules: tuple[IgnoreRule, ...]
    warnings: tuple[str, ...]


def parse_system_rules(data: Mapping[str, str]) -> SystemRules:
    """The rules in the `data` of an `argocd-cm`, in the order of its keys.

    Raises `ConfigurationError` with the key and field that are wrong. Source: Argo CD, "Diff Customization",
    "System-Level Configuration", and the reference of `argocd-cm.yaml`.
    """
    warnings: list[str] = []
    rules: list[IgnoreRule] = []
    for key in sorted(data):
        where = f"data[{key}]"
        if key.startswith(_ONE):
            group, kind = _group_kind(key.removeprefix(_ONE), "_", where)
            if (block := _read(data[key], where, warnings)) is not None:
                rules.append(read_rule(block, group, kind))
        elif key == _ALL:
            rules.extend(_combined(data[key], where, warnings))
        elif key == _OPTIONS:
            options = _read(data[key], where, warnings)
            if options is not None and options.boolean("ignoreAggregatedRoles", False):
                rules.append(_AGGREGATED)
    return SystemRules(tuple(rules), tuple(warnings))


def _combined(text: str, where: str, warnings: list[str]) -> Iterator[IgnoreRule]:
    document = _document(text, where)
    top = Fields({} if document is None else document, where, warnings)
    for name in document or {}:
        customization = top.mapping(name)
        # Each customization may hold health checks and actions as well, which others read.
        if customization is not None and (rule := customization.text("ignoreDifferences")):
            group, kind = _group_kind(name, "/", f"{where}.{name}")
            if (block := _read(rule, f"{where}.{name}.ignoreDifferences", warnings)) is not None:
                yield read_rule(block, group, kind)


def _group_kind(text: str, separator: str, where: str) -> tuple[str, str]:
    if text in ("all", "*/*"):
        return "*", "*"
    group, _, kind = text.rpartition(separator)
    if not kind or separator in group:
        raise ConfigurationError(f"must end in GROUP{separator}KIND, or KIND in the core group, or all", field=where)
    return group, kind


def _read(text: str, where: str, warnings: list[str]) -> Fields | None:
    document = _document(text, where)
    return None if document is None else Fields(document, where, warnings)


def _document(text: str, where: str) -> Any:
    try:
        documents = load_documents(text, where=where)
    except RenderError as error:
        raise ConfigurationError(f"is not YAML: {error.message}", field=where) from error
    if len(documents) > 1:
        raise ConfigurationError("holds several documents: write one", field=where)
    return documents[0] if documents else None
