"""The first half of telling people: changes of the table become notes, each exactly once.

The stream tells changes at least once. A note's id follows from what happened (the condition, and the sequence number
of the change or the value of `oncePer`), so a change that is told again finds the note on record. Order matters: notes
first, then their messages, then what is remembered of the triggers. Wherever a function dies between these, the stream
tells the same changes again, and the same notes come of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConfigurationError, MooringError
from mooring.flows.telling.alarms import Ended, settle
from mooring.flows.telling.composing import Telling, compose
from mooring.flows.telling.evaluating import ask_apart
from mooring.flows.telling.firing import Firing, Step, fire, holding, questions, seeds_of
from mooring.flows.telling.happenings import cluster_events, events_of
from mooring.flows.telling.holding import send_or_hold
from mooring.flows.telling.outages import notice_outages
from mooring.flows.telling.ports import NotifyPorts
from mooring.flows.telling.subscribing import Subscribers, subscribers_of
from mooring.flows.telling.views import PARTS, View, view_of
from mooring.model.application import AppKey
from mooring.notify.config import Config
from mooring.state.happenings import PREFIX
from mooring.state.lists import application_pk
from mooring.state.notes import SETTINGS
from mooring.state.projects import CLUSTERS
from mooring.state.stream import Change
from mooring.state.table import Item, Key

__all__ = ["notice"]

_APP = "APP#"
_TOLD_AGAIN = 2 * 24 * 3600.0  # seconds; a stream's records live for one day (AWS, "Change data capture")


@dataclass(slots=True)
class _Story:
    """One application through the changes of a batch."""

    key: AppKey
    known: Item | None
    state: dict[str, Any]
    subscribers: Subscribers
    steps: list[Step]
    last: Change | None
    gone: bool


def notice(ports: NotifyPorts, changes: Sequence[Change]) -> None:
    """Takes a batch of changes, oldest first, and has everybody told who wants to know.

    Raises `TransientError` where it has to be done again, from the beginning.
    """
    by_app: dict[AppKey, list[Change]] = {}
    for change in changes:
        name = next((change.pk.removeprefix(each) for each in (_APP, PREFIX) if change.pk.startswith(each)), "")
        if name:
            by_app.setdefault(AppKey.parse(name), []).append(change)
    outages = [(change, event) for change in changes if change.pk == CLUSTERS for event in cluster_events(change)]
    around = ports.notes.around(_keys(ports, by_app))
    try:
        config = ports.configs.of(around.get(SETTINGS))
    except ConfigurationError as error:  # stored by another version
        ports.say(f"the settings of notifications can't be read, so nobody is told: {error}")
        return
    if not config.services:
        return
    if outages:
        notice_outages(ports, config, outages)
    stories = _stories(ports, config, by_app, around)
    asked = [
        (questions(step, story.subscribers.asked, config.context), story) for story in stories for step in story.steps
    ]
    answers = iter(ask_apart(ports.ask, [question for question, _ in asked]))
    tellings: list[Telling] = []
    states: list[tuple[_Story, dict[str, Any]]] = []
    for story in stories:
        told = [next(answers) for _ in story.steps]
        fired, known, wrong = fire(story.steps, told, story.subscribers.asked, story.state.get("fired", {}))
        for each in (*story.subscribers.wrong, *wrong):
            ports.say(f"{story.key}: {each}")
        born = story.state.get("born") or str(story.steps[0].sequence if story.steps else 0)
        held = [holding(step, answer, story.subscribers.asked) for step, answer in zip(story.steps, told, strict=True)]
        before = story.state.get("open", {})
        ended, opened = settle(config, story.steps, held, fired, story.subscribers.to, before, gone=story.gone)
        tellings += _tellings(story, fired, ended, born)
        states.append((story, {"fired": known, "born": born, "open": opened, **_place(story)}))
    send_or_hold(ports, compose(ports, config, tellings))
    for story, state in states:
        if story.gone:
            ended_at = {"gone": True, **_place(story)}
            ports.notes.remember(str(story.key), ended_at, known=story.known, until=ports.clock() + _TOLD_AGAIN)
        elif state["fired"] != story.state.get("fired") or state["open"] != story.state.get("open", {}):
            ports.notes.remember(str(story.key), state, known=story.known)


def _keys(ports: NotifyPorts, apps: Iterable[AppKey]) -> list[Key]:
    return [
        key
        for app in apps
        for key in (*((application_pk(app), part) for part in PARTS), ports.notes.state_key(str(app)))
    ]


def _stories(
    ports: NotifyPorts, config: Config, by_app: Mapping[AppKey, Sequence[Change]], around: Mapping[Key, Item]
) -> list[_Story]:
    brief = not _mentions_objects(config)
    projects: dict[str, Mapping[str, str]] = {}
    stories = []
    for key, changes in by_app.items():
        try:
            story = _story(ports, config, key, changes, around, projects, brief=brief)
        except MooringError:
            raise
        except Exception as error:  # noqa: BLE001 - one application's fault of ours must not hold up all others
            ports.say(f"{key}: its changes are not understood ({type(error).__name__}); nobody is told of them")
            continue
        if story is not None:
            stories.append(story)
    return stories


def _story(
    ports: NotifyPorts,
    config: Config,
    key: AppKey,
    changes: Sequence[Change],
    around: Mapping[Key, Item],
    projects: dict[str, Mapping[str, str]],
    *,
    brief: bool,
) -> _Story | None:
    known = around.get(ports.notes.state_key(str(key)))
    state = ports.notes.state_from(known)
    news = [change for change in changes if not _seen(change, state)]
    parts: dict[str, Item | None] = {part: around.get((application_pk(key), part)) for part in PARTS}
    for change in reversed(news):
        if change.sk in PARTS and change.pk.startswith(_APP):
            parts[change.sk] = change.before
    steps, last_view = _steps(key, parts, news, brief=brief)
    if last_view is None:
        return None
    subscribers = subscribers_of(config, last_view, projects, ports.projects)
    own = [change for change in news if change.pk.startswith(_APP)]
    return _Story(key, known, state, subscribers, steps, own[-1] if own else None, parts["SPEC"] is None)


def _steps(
    key: AppKey, parts: dict[str, Item | None], news: Sequence[Change], *, brief: bool
) -> tuple[list[Step], View | None]:
    """The application after each change, before all of them at first; `parts` go along."""
    view = view_of(key, parts, brief=brief)
    steps = [Step(view, news[0].sequence, news[0].at, prior=True)] if view is not None and news else []
    for change in news:
        states = change.sk in PARTS and change.pk.startswith(_APP)
        before = view
        if states:
            parts[change.sk] = change.after
            view = view_of(key, parts, brief=brief)
        shown = view or before
        if shown is not None:
            steps += [Step(shown, change.sequence, change.at, event) for event in events_of(change)]
        if states and view is not None:
            steps.append(Step(view, change.sequence, change.at))
        view = view or before if change.sk != "SPEC" else view
    last = next((step.view for step in reversed(steps)), None)
    return steps, last


def _seen(change: Change, state: Mapping[str, Any]) -> bool:
    """Whether what is remembered counts this change already: it is told a second time."""
    counted = change.stream == state.get("stream") and change.pk.startswith(_APP)
    return counted and change.sequence <= int(state["sequence"])


def _place(story: _Story) -> dict[str, Any]:
    if story.last is None:
        return {name: story.state[name] for name in ("stream", "sequence") if name in story.state}
    return {"stream": story.last.stream, "sequence": str(story.last.sequence)}  # of more than 64 bits


def _mentions_objects(config: Config) -> bool:
    """Whether a trigger or template looks at the objects of an application, which can be thousands."""
    texts = [each.when + each.once_per for trigger in config.triggers.values() for each in trigger]
    return any("resources" in text for text in (*texts, *map(str, config.templates.values())))


def _tellings(story: _Story, fired: Sequence[Firing], ended: Sequence[Ended], born: str) -> list[Telling]:
    """What is told of a story, in the order of its steps: at each, what fires, then what is over."""
    of, order = str(story.key), {id(step): index for index, step in enumerate(story.steps)}
    told = [*((each, story.subscribers.to[each.trigger]) for each in fired), *ended]
    told.sort(key=lambda each: order[id(each[0].step)])
    return [
        Telling(
            of,
            seeds_of((of, born, firing.trigger, firing.condition.when, firing.seed, to.service, to.recipient)),
            firing.trigger,
            firing.condition,
            to,
            firing.step.at,
            firing.step.view,
            firing.step.event,
        )
        for firing, recipients in told
        for to in recipients
    ]
