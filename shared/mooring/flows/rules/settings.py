"""What holds for the whole installation: differences that nobody counts, and the users' own health scripts.

Settings are written as Argo CD's ConfigMap `argocd-cm` and kept as they were written. They are read strictly when they
come in, so that a mistake is told to whoever made it. What of a settings file is none of Mooring's business (accounts,
OIDC, the web interface's banner) is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mooring.actions.custom import ONE_KIND, CustomActions, read_custom
from mooring.errors import ConfigurationError
from mooring.flows.rules.configmaps import configmap_data
from mooring.flows.rules.healthscripts import SOURCE, read_source, show_scripts
from mooring.health import STANDARD
from mooring.health import Rules as HealthRules

if TYPE_CHECKING:
    from mooring.actions.running import Customs
    from mooring.model.ignoring import IgnoreRule
    from mooring.state.registry import Registry

__all__ = ["NO_SETTINGS", "Settings", "read_settings", "show_settings", "store_settings"]

_NAME = "argocd-cm"
_CUSTOMIZATIONS = "resource.customizations"
_IMPERSONATION = "application.sync.impersonation.enabled"
_NO_ACTIONS: Mapping[tuple[str, str], CustomActions] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules of `ignoreDifferences` for every application, whose word counts on health, and whether syncs act as
    the service accounts of projects (Argo CD, "Application Sync using impersonation").
    """

    rules: tuple[IgnoreRule, ...] = ()
    health: HealthRules = STANDARD
    warnings: tuple[str, ...] = ()
    impersonation: bool = False
    actions: Customs = field(default_factory=lambda: _NO_ACTIONS)


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
    actions = _actions(data, nested, load_documents)
    return Settings(system.rules, health, system.warnings, impersonation == "true", actions)


def _actions(
    data: Mapping[str, str], nested: Any, load: Callable[..., list[Any]]
) -> Mapping[tuple[str, str], CustomActions]:
    """Users' own actions by kind. Raises `ConfigurationError` naming the key."""
    found: dict[tuple[str, str], CustomActions] = {}
    texts = {
        name.removeprefix(ONE_KIND): (f"data[{name}]", text) for name, text in data.items() if name.startswith(ONE_KIND)
    }
    for kind, each in (nested if isinstance(nested, Mapping) else {}).items():
        if isinstance(each, Mapping) and isinstance(each.get("actions"), str):
            group, _, name = str(kind).rpartition("/")
            texts[f"{group}_{name}" if group else name] = f"data[{_CUSTOMIZATIONS}].{kind}.actions", each["actions"]
    for named, (where, text) in texts.items():
        group, _, name = named.rpartition("_")
        documents = load(text, where=where)
        if not name or "_" in group or len(documents) != 1:
            raise ConfigurationError(
                "must be one mapping, named after <group>_<Kind>, or <Kind> for the core group", field=where
            )
        found[group, name] = read_custom(where, documents[0])
    return found


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
            _check_script(f"health script of {name}", script)
    for (group, kind), custom in settings.actions.items():
        for name, script in (("discovery.lua", custom.discovery), *custom.scripts.items()):
            _check_script(f"action {name} of {group}_{kind}" if group else f"action {name} of {kind}", script)
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
        raise ConfigurationError(f"is no Lua: {problem}", field=name)
