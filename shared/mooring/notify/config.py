"""What an `argocd-notifications-cm` declares: services, triggers, templates, subscriptions and context.

It is written as Argo CD's ConfigMap of that name and kept as it was written. What is wrong in it is told to whoever
applies it, with the key. Source: Argo CD, "Notifications Overview", "Triggers", "Templates", "Subscriptions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.errors import ConfigurationError, MooringError
from mooring.model.selectors import Selector
from mooring.notify.catalog import CATALOG, Condition
from mooring.notify.subscriptions import Subscription
from mooring.notify.timing import Timing, parse_digest, parse_quiet

__all__ = ["NAME", "Config", "Declared", "DefaultSubscription", "load_yaml", "read_config"]

NAME: Final = "argocd-notifications-cm"


@dataclass(frozen=True, slots=True)
class Declared:
    """A service as it is declared: its type, and its settings with names of secrets still in them."""

    type: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DefaultSubscription:
    """Subscriptions that hold for every application that the selector selects; without a selector for clusters, too."""

    subscriptions: tuple[Subscription, ...]
    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was declared; the catalog's triggers are among `triggers` unless a user has his own."""

    services: Mapping[str, Declared] = field(default_factory=dict)
    triggers: Mapping[str, tuple[Condition, ...]] = field(default_factory=lambda: CATALOG)
    templates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    subscriptions: tuple[DefaultSubscription, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    default_triggers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def triggers_of(self, subscription: Subscription) -> tuple[str, ...]:
        """The triggers that a subscription means: its own, or the default ones (of its service first)."""
        if subscription.trigger:
            return (subscription.trigger,)
        return self.default_triggers.get(subscription.service) or self.default_triggers.get("", ())


def load_yaml(text: str, where: str) -> Any:
    """The one document of a YAML text, None where it is empty. Raises `ConfigurationError` naming the place."""
    from mooring.render.yaml import load_documents

    try:
        documents = load_documents(text, where=where)
    except MooringError as error:
        raise ConfigurationError(error.message, field=where) from error
    return documents[0] if documents else None


def read_config(data: Mapping[str, str]) -> Config:
    """What the `data` of the ConfigMap means. Raises `ConfigurationError` naming the key."""
    from mooring.notify.declaring import check_service, check_type

    services: dict[str, Declared] = {}
    triggers = dict(CATALOG)
    templates: dict[str, Mapping[str, Any]] = {}
    defaults: dict[str, tuple[str, ...]] = {}
    subscriptions: list[DefaultSubscription] = []
    context: dict[str, str] = {}
    for key, text in data.items():
        where = f"data[{key}]"
        kind, _, name = key.partition(".")
        match kind:
            case "service":
                type_, _, own = name.partition(".")
                check_type(type_, where)
                settings = _mapping(_something(load_yaml(text, where)), where)
                check_service(type_, settings, where)
                services[own or type_] = Declared(type_, settings)
            case "trigger":
                triggers[name] = _conditions(load_yaml(text, where), where)
            case "template":
                templates[name] = _mapping(load_yaml(text, where), where)
            case "defaultTriggers":
                defaults[name] = _texts(load_yaml(text, where), where)
            case "subscriptions":
                subscriptions = _subscriptions(load_yaml(text, where), where)
            case "context":
                context = {
                    name: str(value) for name, value in _mapping(_something(load_yaml(text, where)), where).items()
                }
            case _:
                pass  # of Argo CD's own affairs
    config = Config(services, triggers, templates, tuple(subscriptions), context, defaults)
    _check(config)
    return config


def _check(config: Config) -> None:
    from mooring.notify.wording import WORDED

    for name, conditions in config.triggers.items():
        for condition in conditions:
            for each in condition.send:
                if each not in config.templates and each not in WORDED:
                    raise ConfigurationError(f"sends {each!r}, which is no template", field=f"data[trigger.{name}]")


def _conditions(value: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(value, list) or not value:
        raise ConfigurationError("must be a list of conditions with `when` and `send`", field=where)
    found = []
    for index, each in enumerate(value):
        at = f"{where}[{index}]"
        block = _mapping(each, at)
        when, once = block.get("when"), block.get("oncePer") or ""
        if isinstance(when, bool):
            when = str(when).lower()
        if not isinstance(when, str) or not when.strip():
            raise ConfigurationError("must be an expression", field=f"{at}.when")
        if not isinstance(once, str):
            raise ConfigurationError("must be an expression", field=f"{at}.oncePer")
        found.append(Condition(when, _texts(block.get("send"), f"{at}.send"), once))
    return tuple(found)


def _subscriptions(value: Any, where: str) -> list[DefaultSubscription]:
    from mooring.notify.selecting import parse_text_selector

    found = []
    for index, each in enumerate(value or ()):
        at = f"{where}[{index}]"
        block = _mapping(each, at)
        timing = Timing(
            parse_quiet(str(block.get("quiet") or ""), f"{at}.quiet"),
            parse_digest(str(block.get("digest") or "0"), f"{at}.digest"),
        )
        recipients = [text.partition(":")[::2] for text in _texts(block.get("recipients"), f"{at}.recipients")]
        triggers = _texts(block.get("triggers") or [""], f"{at}.triggers")
        selector = parse_text_selector(str(block["selector"]), f"{at}.selector") if block.get("selector") else None
        found.append(
            DefaultSubscription(
                tuple(Subscription(trigger, *to, timing) for trigger in triggers for to in recipients), selector
            )
        )
    return found


def _something(value: Any) -> Any:
    """What was written; nothing at all is a mapping without entries."""
    return {} if value is None else value


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError("must be a mapping", field=where)
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ConfigurationError("must be a list of names", field=where)
    return tuple(value)
