"""Who is to be told about an application, and so which triggers have to be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from mooring.flows.telling.views import View
from mooring.notify.catalog import CATALOG, Condition
from mooring.notify.config import Config, load_yaml
from mooring.notify.subscriptions import Subscription, read_annotations
from mooring.state.projects import Projects

__all__ = ["Subscribers", "annotations_of", "by_trigger", "subscribers_of"]


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Subscriptions by trigger, the conditions of these triggers, and what is wrong with subscriptions."""

    to: Mapping[str, tuple[Subscription, ...]]
    asked: tuple[tuple[str, Condition], ...]
    wrong: tuple[str, ...] = ()


def subscribers_of(
    config: Config, view: View, projects: MutableMapping[str, Mapping[str, str]], known: Projects
) -> Subscribers:
    """By annotations of the application and of its project, and by the default subscriptions; `projects` holds the
    annotations of those that were read.
    """
    metadata = view.app["metadata"]
    project = str(view.app["spec"].get("project") or "default")
    if project not in projects:
        projects[project] = annotations_of(known.document(project) or {})
    found, wrong = read_annotations(annotations_of(view.app), load_yaml)
    more, troubles = read_annotations(projects[project], load_yaml)
    labels = metadata.get("labels") or {}
    defaults = [
        each
        for one in config.subscriptions
        if one.selector is None or one.selector.matches(labels)
        for each in one.subscriptions
    ]
    return by_trigger(config, (*found, *more, *defaults), (*wrong, *troubles))


def by_trigger(config: Config, subscriptions: Iterable[Subscription], wrong: tuple[str, ...] = ()) -> Subscribers:
    """Each recipient once for each trigger: the first subscription counts."""
    to: dict[str, dict[tuple[str, str], Subscription]] = {}
    unknown: dict[str, None] = {}
    for each in subscriptions:
        for trigger in config.triggers_of(each):
            if trigger in config.triggers:
                to.setdefault(trigger, {}).setdefault((each.service, each.recipient), each)
            else:
                unknown[f"somebody subscribes to {trigger!r}, which is no trigger"] = None
    order = {name: number for number, name in enumerate(CATALOG)}
    names = sorted(to, key=lambda name: (order.get(name, len(order)), name))
    asked = tuple((trigger, condition) for trigger in names for condition in config.triggers[trigger])
    return Subscribers({name: tuple(to[name].values()) for name in names}, asked, (*wrong, *unknown))


def annotations_of(document: Mapping[str, Any]) -> Mapping[str, str]:
    """The annotations of an object; empty without any."""
    found: Mapping[str, str] = (document.get("metadata") or {}).get("annotations") or {}
    return found
