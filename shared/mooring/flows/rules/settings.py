"""What holds for the whole installation: differences that nobody counts, and the users' own health scripts.

Settings are written as Argo CD's ConfigMap `argocd-cm` and kept as they were written. They are read strictly when they
come in, so that a mistake is told to whoever made it. What of a settings file is none of Mooring's business (accounts,
OIDC, the web interface's banner) is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring.flows.rules.configmaps import configmap_data
from mooring.flows.rules.healthscripts import SOURCE, read_source, show_scripts
from mooring.health import STANDARD
from mooring.health import Rules as HealthRules

if TYPE_CHECKING:
    from mooring.model.ignoring import IgnoreRule
    from mooring.state.registry import Registry

__all__ = ["NO_SETTINGS", "Settings", "read_settings", "show_settings", "store_settings"]

_NAME = "argocd-cm"
_CUSTOMIZATIONS = "resource.customizations"
_IMPERSONATION = "application.sync.impersonation.enabled"


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules of `ignoreDifferences` for every application, whose word counts on health, and whether syncs act as
    the service accounts of projects (Argo CD, "Application Sync using impersonation").
    """

    rules: tuple[IgnoreRule, ...] = ()
    health: HealthRules = STANDARD
    warnings: tuple[str, ...] = ()
    impersonation: bool = False


NO_SETTINGS = Settings()
_NO_FILES: Mapping[str, str] = MappingProxyType({})


def read_settings(data: Mapping[str, str], files: Mapping[str, str] = _NO_FILES) -> Settings:
    """The `data` of an `argocd-cm` as far as it concerns Mooring. Raises `ConfigurationError` naming the key.

    `files` are the health scripts of the folder that it names, by path relative to the folder.
    """
    from mooring.differences.customizations import parse_system_rules  # with a YAML parser, which few syncs need
    from mooring.health import scripts_from_files, scripts_from_settings
    from mooring.render.yaml import load_documents

    system = parse_system_rules(data)
    nested: Any = None
    if text := data.get(_CUSTOMIZATIONS):
        documents = load_documents(text, where=f"data[{_CUSTOMIZATIONS}]")
        nested = documents[0] if documents else None
    scripts = scripts_from_settings({**data, _CUSTOMIZATIONS: nested})
    folder = scripts_from_files(files if data.get(SOURCE, "").strip() else {})
    origins = tuple(each for each in (scripts, folder) if each.exact or each.wildcards)
    health = HealthRules(origins) if origins else STANDARD
    impersonation = data.get(_IMPERSONATION, "false").strip()
    if impersonation not in ("true", "false"):
        raise ConfigurationError("must be true or false, as text", field=f"data[{_IMPERSONATION}]")
    return Settings(system.rules, health, system.warnings, impersonation == "true")


def store_settings(registry: Registry, document: object) -> Settings:
    """Takes a whole new settings file: a ConfigMap `argocd-cm`, or its data.

    Raises `ConfigurationError` naming the key whose rule, expression or script can't be used.
    """
    from mooring.differences.expressions import Expressions
    from mooring.differences.rules import Rules
    from mooring.flows.rules.allowing import read_hosts
    from mooring.flows.rules.images import read_image_settings
    from mooring.flows.rules.unsigned import read_delivery_rules
    from mooring.forge.places import read_forges

    data = configmap_data(document, _NAME)
    settings = read_settings(data)
    with Expressions() as expressions:
        Rules(settings.rules, expressions).check()
    for scripts in settings.health.scripts:
        for name, script in (*scripts.exact.items(), *scripts.wildcards):
            _check_script(name, script)
    read_source(data)
    read_hosts(data)
    read_forges(data)
    read_delivery_rules(data)
    read_image_settings(data)
    registry.put_settings(data)
    return settings


def show_settings(registry: Registry) -> dict[str, Any]:
    """The settings as the ConfigMap that they are written as; `status` says what became of health scripts in git."""
    data, state = registry.health_scripts.state()
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _NAME}, "data": data}
    source = read_source(data)
    return document if source is None else {**document, "status": {"healthScripts": show_scripts(source, state)}}


def _check_script(name: str, script: str) -> None:
    from mooring.health.lua import syntax_error  # with the package lupa

    if problem := syntax_error(script):
        raise ConfigurationError(f"is no Lua: {problem}", field=f"health script of {name}")
