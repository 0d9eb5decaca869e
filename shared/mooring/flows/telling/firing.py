"""Which triggers fire, as an application goes through its changes. Pure but for the expressions, which gokit judges.

As in Argo CD a condition fires when it becomes true, and not again while it stays true; with `oncePer`, whenever that
value is another than the last one it fired for. What a condition was when nobody had asked yet is judged by the
application as it was before the changes, so that a new subscription does not tell what has long been so. A condition
about a happening (`event`) fires for that one happening.

Each firing has a `seed`: what makes it one of a kind, however often the same changes are seen (`noticing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mooring.flows.telling.happenings import Event
from mooring.flows.telling.views import View
from mooring.model.moments import told_time
from mooring.notify.catalog import Condition

__all__ = ["Firing", "Step", "fire", "holding", "questions", "seeds_of", "variables"]


@dataclass(frozen=True, slots=True)
class Step:
    """An application after one change (`sequence`, `at`), or what happened with it; `prior` is the state before all."""

    view: View
    sequence: int
    at: float
    event: Event | None = None
    prior: bool = False


@dataclass(frozen=True, slots=True)
class Firing:
    """A condition of a trigger that has fired at a step."""

    trigger: str
    condition: Condition
    step: Step
    seed: str


_NOTHING: Final = "<nil>"
Asked = Sequence[tuple[str, Condition]]


def _concerned(step: Step, asked: Asked) -> list[tuple[str, Condition]]:
    return [each for each in asked if each[1].of_event == (step.event is not None)]


def questions(step: Step, asked: Asked, context: Mapping[str, str]) -> dict[str, Any]:
    """What gokit is asked about one step: the condition, then its `oncePer`, of each that is concerned."""
    when = [text for _, each in _concerned(step, asked) for text in (each.when, each.once_per or "''")]
    return variables(step.view, step.event, context, step.at) | {"when": when}


def variables(view: View | None, event: Event | None, context: Mapping[str, str], at: float) -> dict[str, Any]:
    """What expressions and templates see."""
    shown = {"kind": "", "id": ""} if event is None else event.to_json()
    app = {} if view is None else dict(view.app)
    commits: dict[str, dict[str, Any]] = {}
    if view is not None:
        operation, wanted = view.record.status.operation, view.record.wanted
        for revision, commit in (
            *([(wanted.revision, wanted.commit)] if wanted is not None else []),
            *([(operation.revision, operation.commit)] if operation is not None else []),
        ):
            told = {"Message": commit.subject, "Author": f"{commit.author} <{commit.email}>", "Tags": []}
            commits[commit.sha or revision.split(",")[0]] = told | ({"Date": commit.at} if commit.at else {})
    return {
        "verb": "notify",
        "vars": {"app": app, "event": shown, "context": dict(context)},
        "commits": commits,
        "now": told_time(at),
    }


def fire(
    steps: Sequence[Step], answers: Sequence[Mapping[str, Any]], asked: Asked, fired: Mapping[str, Any]
) -> tuple[list[Firing], dict[str, Any], list[str]]:
    """What fires through the steps, what is to be remembered (`fired`) afterwards, and what is wrong."""
    known = dict(fired)
    found: list[Firing] = []
    wrong: dict[str, None] = {}
    for step, answer in zip(steps, answers, strict=True):
        results = iter(answer.get("when") or ())
        if "error" in answer:
            wrong[str(answer["error"])] = None
            continue
        for trigger, condition in _concerned(step, asked):
            truth, once = next(results), next(results)
            trouble = str(truth.get("error") or (truth["value"] is True and once.get("error")) or "")
            if trouble and _NOTHING not in trouble:  # what is not there yet is no mistake
                wrong[f"trigger {trigger}: {trouble.splitlines()[0]}"] = None
            holds = truth["value"] is True and not trouble
            seed = _judge(step, condition, holds, str(once["value"]), known, _name(trigger, condition))
            if seed:
                found.append(Firing(trigger, condition, step, seed))
    return found, known, list(wrong)


def holding(step: Step, answer: Mapping[str, Any], asked: Asked) -> frozenset[str] | None:
    """The triggers of which a condition about the state holds at a step; None where it could not be judged."""
    concerned = _concerned(step, asked)
    results = answer.get("when") or ()
    if "error" in answer or len(results) < 2 * len(concerned):
        return None
    truths = [results[2 * index]["value"] is True for index in range(len(concerned))]
    return frozenset(trigger for (trigger, _), truth in zip(concerned, truths, strict=True) if truth)


def _name(trigger: str, condition: Condition) -> str:
    text = f"{condition.when}\n{condition.once_per}"
    return f"{trigger} {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _judge(step: Step, condition: Condition, truth: bool, once: str, known: dict[str, Any], name: str) -> str:
    """The seed of a firing, empty for none; `known` is brought up to date."""
    if step.event is not None:
        return f"event {once if condition.once_per else step.event.id}" if truth else ""
    if step.prior and name in known:
        return ""
    if condition.once_per:
        if not truth:
            known.setdefault(name, "")
            return ""
        before, known[name] = known.get(name), f"once {once}"
        return f"once {once}" if before != known[name] and not step.prior else ""
    before, known[name] = known.get(name), truth
    return f"at {step.sequence}" if truth and not before and not step.prior else ""


def seeds_of(parts: Iterable[str]) -> str:
    """The id of a note: a hash of everything that makes it one of a kind."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
