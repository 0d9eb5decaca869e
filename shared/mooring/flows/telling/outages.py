"""Clusters that go out of reach and come back: told once to everybody who has an application there and wants to know.

An outage is no application's own affair: somebody who subscribes fifty of them is told once. Default subscriptions with
a selector count for applications with these labels, those without one for every cluster.
"""

from __future__ import annotations

from collections.abc import Sequence

from mooring.errors import PermanentError
from mooring.flows.telling.composing import Telling, compose
from mooring.flows.telling.evaluating import ask_apart
from mooring.flows.telling.firing import seeds_of, variables
from mooring.flows.telling.happenings import Event
from mooring.flows.telling.holding import send_or_hold
from mooring.flows.telling.ports import NotifyPorts
from mooring.flows.telling.subscribing import Subscribers, annotations_of, by_trigger
from mooring.notify.config import Config, load_yaml
from mooring.notify.subscriptions import Subscription, read_annotations
from mooring.state.clusters import Cluster, cluster_from, find_cluster
from mooring.state.stream import Change

__all__ = ["notice_outages"]


def notice_outages(ports: NotifyPorts, config: Config, outages: Sequence[tuple[Change, Event]]) -> None:
    """Has everybody told of outages that began or ended."""
    tellings: list[Telling] = []
    for change, event in outages:
        assert change.after is not None
        subscribers = _subscribers(ports, config, cluster_from(change.after))
        asked = [each for each in subscribers.asked if each[1].of_event]
        question = variables(None, event, config.context, change.at) | {"when": [each.when for _, each in asked]}
        (answer,) = ask_apart(ports.ask, [question])
        of = f"cluster:{change.sk}"
        for (trigger, condition), result in zip(asked, answer.get("when") or (), strict=False):
            if result.get("error"):
                ports.say(f"trigger {trigger}: {result['error'].splitlines()[0]}")
            if result["value"] is not True:
                continue
            for to in subscribers.to[trigger]:
                id_ = seeds_of((of, trigger, condition.when, event.kind, event.id, to.service, to.recipient))
                tellings.append(Telling(of, id_, trigger, condition, to, change.at, None, event))
    send_or_hold(ports, compose(ports, config, tellings))


def _subscribers(ports: NotifyPorts, config: Config, cluster: Cluster) -> Subscribers:
    """Of the cluster's applications and their projects. It reads every application there, which an outage is worth."""
    there = []
    for listed in ports.applications.registered():
        try:
            find_cluster([cluster], listed.destination)
        except PermanentError:
            continue
        there.append(listed.key)
    found: list[Subscription] = [
        each for one in config.subscriptions if one.selector is None for each in one.subscriptions
    ]
    projects: dict[str, None] = {}
    for spec in ports.applications.specs(there).values():
        declared = spec.application.declared
        found += read_annotations(annotations_of(declared), load_yaml)[0]
        projects[str(declared["spec"].get("project") or "default")] = None
        labels = declared["metadata"].get("labels") or {}
        for one in config.subscriptions:
            if one.selector is not None and one.selector.matches(labels):
                found += one.subscriptions
    for name in projects:
        found += read_annotations(annotations_of(ports.projects.document(name) or {}), load_yaml)[0]
    return by_trigger(config, found)
