"""Messages: our own words, or a user's templates with what they may see.

What a message says is settled when it is noticed, and kept with its note: whoever delivers it, however late, says the
same. A template that can't be rendered does not keep anybody from being told: our own words take its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mooring.flows.telling.alarms import alarm_name
from mooring.flows.telling.evaluating import ask_apart
from mooring.flows.telling.firing import variables
from mooring.flows.telling.happenings import Event, show_drift
from mooring.flows.telling.ports import NotifyPorts
from mooring.flows.telling.views import View
from mooring.model.mergedrequest import MergedRequest
from mooring.notify.catalog import Condition
from mooring.notify.config import Config
from mooring.notify.message import Summary
from mooring.notify.subscriptions import Subscription
from mooring.notify.timing import due_at
from mooring.notify.wording import WORDED, Known, describe
from mooring.state.mergedrequests import CommitName
from mooring.state.notes import Note
from mooring.state.wanted import Commit

__all__ = ["Telling", "compose"]

_ENDING: Final = ("drift-found", "drift-accused", "drift-reverted", "cluster-unreachable", "cluster-back")
_RECORDS: Final = 20  # newest drift records among which those of a heal are


@dataclass(frozen=True, slots=True)
class Telling:
    """A note before it has words. `view` is None for what concerns no application."""

    of: str
    id: str
    trigger: str
    condition: Condition
    to: Subscription
    at: float
    view: View | None
    event: Event | None


def compose(ports: NotifyPorts, config: Config, tellings: Sequence[Telling]) -> list[Note]:
    """A note with its words for each, in their order."""
    requests = _requests(ports, tellings)
    drifts: dict[str, list[dict[str, Any]]] = {}
    summaries = [_summary(ports, config, each, requests, drifts) for each in tellings]
    trees = {
        index: _merged([config.templates[name] for name in each.condition.send if name in config.templates])
        for index, each in enumerate(tellings)
    }
    asked = {index: tree for index, tree in trees.items() if tree}
    questions = [_question(config, tellings[index], tree, summaries[index]) for index, tree in asked.items()]
    answers = ask_apart(ports.ask, questions)
    sections: dict[int, Mapping[str, Any]] = {}
    for index, answer in zip(asked, answers, strict=True):
        found = (answer.get("trees") or [{"error": answer.get("error")}])[0]
        if found.get("error"):
            trouble = f"a template of {tellings[index].trigger} can't be rendered: {found['error']}"
            ports.say(f"{tellings[index].of}: {found.get('path', '')}: {trouble}")
            continue
        sections[index] = found["tree"]
    return [_note(config, each, summaries[index], sections.get(index, {})) for index, each in enumerate(tellings)]


def _note(config: Config, telling: Telling, summary: Summary, sections: Mapping[str, Any]) -> Note:
    declared, slack = config.services.get(telling.to.service), sections.get("slack")
    group = summary.group
    if sections and (declared is None or declared.type == "slack"):  # whose templates say what belongs together
        group = str(slack.get("groupingKey") or "") if isinstance(slack, Mapping) else ""
    body = {"summary": summary.to_json(), "sections": dict(sections)}
    note = Note(
        telling.of, telling.id, telling.trigger, telling.to.service, telling.to.recipient, telling.at, body, group,
        cause=_cause(telling),
    )  # fmt: skip
    due = due_at(telling.to.timing, telling.at)
    return replace(note, state="held", until=due) if due > telling.at else note


def _summary(
    ports: NotifyPorts,
    config: Config,
    telling: Telling,
    requests: Mapping[CommitName, MergedRequest | None],
    drifts: dict[str, list[dict[str, Any]]],
) -> Summary:
    commit = _commit(telling)
    view = telling.view
    known = Known(
        telling.of.removeprefix("cluster:"),
        {} if view is None else view.app,
        {} if telling.event is None else telling.event.to_json(),
        {} if view is None else _told(view, commit),
        requests.get((commit.repository, commit.sha)),
        _drifts(ports, view, drifts),
        config.context,
        telling.trigger,
    )
    worded = next((name for name in telling.condition.send if name in WORDED), "")
    if worded:
        try:
            summary = describe(worded, known)
        except (KeyError, TypeError) as error:  # words about what did not happen, as a trigger of a user's may send
            ports.say(f"{telling.of}: {telling.trigger} sends {worded}, which does not fit: {error!r}")
        else:
            return replace(summary, alarm=_alarm(telling, summary))
    base = Summary(f"{known.name}: {telling.trigger}", application=known.name, trigger=telling.trigger)
    alarm = _alarm(telling, base)
    return replace(base, repository=known.commit.get("url", ""), revision=_revision(view), alarm=alarm)


def _alarm(telling: Telling, summary: Summary) -> str:
    """Of a state its trigger is the alarm; drift and outages have a group that their end shares; the rest is none."""
    if telling.condition.alarms:
        return alarm_name(telling.of, telling.trigger)
    ends = telling.event is not None and telling.event.kind in _ENDING
    return alarm_name(telling.of, summary.group) if summary.group and ends else ""


def _revision(view: View | None) -> str:
    return "" if view is None else view.record.status.revision


def _commit(telling: Telling) -> Commit:
    """Who wrote what is deployed, or wanted."""
    if telling.view is None:
        return Commit()
    operation, wanted = telling.view.record.status.operation, telling.view.record.wanted
    if operation is not None:
        return operation.commit
    return Commit() if wanted is None else wanted.commit


def _cause(telling: Telling) -> str:
    """The id of what began what is told: of the newest look at git, or of an operation that had another reason."""
    if telling.view is None:
        return ""
    operation, wanted = telling.view.record.status.operation, telling.view.record.wanted
    if operation is not None and (wanted is None or operation.revision == wanted.revision):
        return operation.cause.id
    return "" if wanted is None else wanted.cause.id


def _told(view: View, commit: Commit) -> dict[str, str]:
    spec = view.app["spec"]
    source: Mapping[str, Any] = spec.get("source") or next(iter(spec.get("sources") or ()), {})
    url = "" if source.get("chart") else str(source.get("repoURL", ""))
    return {"author": commit.author, "email": commit.email, "subject": commit.subject, "url": url}


def _requests(ports: NotifyPorts, tellings: Sequence[Telling]) -> Mapping[CommitName, MergedRequest | None]:
    commits = (_commit(each) for each in tellings)
    names = dict.fromkeys((each.repository, each.sha) for each in commits if each.repository and each.sha)
    return ports.applications.merged_requests.known(names) if names else {}


def _drifts(
    ports: NotifyPorts, view: View | None, known: dict[str, list[dict[str, Any]]]
) -> Sequence[Mapping[str, Any]]:
    """What the application's last operation put back, where it was a heal: one query for each operation."""
    operation = None if view is None else view.record.status.operation
    if view is None or operation is None or operation.kind != "heal":
        return ()
    if operation.id not in known:
        records = ports.applications.drifts.of_app(view.record.key, _RECORDS)
        known[operation.id] = [
            show_drift(each)
            for each in records
            if each.operation == operation.id or each.done == "noticed"  # its record is ended after the status
        ]
    return known[operation.id]


def _merged(templates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several templates as one: the sections of each service, the last one's where two have the same."""
    tree: dict[str, Any] = {}
    for each in templates:
        tree |= each
    return tree


def _question(config: Config, telling: Telling, tree: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    question = variables(telling.view, telling.event, config.context, telling.at)
    declared = config.services.get(telling.to.service)
    question["vars"] |= {
        "serviceType": "" if declared is None else declared.type,
        "recipient": telling.to.recipient,
        "summary": summary.to_json(),
    }
    return question | {"trees": [tree]}
