"""Which question is answered by what: the contract between `api`, which asks, and `look`, which answers.

A question is `{"ask": WORD, "app": "namespace/name", …}`, or `{"ask": "cluster", "cluster": NAME}`. Errors of
`mooring.errors` are answers too, by their kind, so that whoever waits is told what to do, and no alarm is raised for a
name that was mistyped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError, MooringError, TransientError
from mooring.flows.looking.against import compare_given
from mooring.flows.looking.blaming import show_blame
from mooring.flows.looking.changed import show_changes
from mooring.flows.looking.clusterhealth import show_cluster_health
from mooring.flows.looking.events import show_events
from mooring.flows.looking.logs import LogQuery, show_logs
from mooring.flows.looking.manifests import compare_bundles, show_manifests
from mooring.flows.looking.objects import show_managed, show_object
from mooring.flows.looking.offering import show_actions
from mooring.flows.looking.ports import LookPorts
from mooring.flows.looking.secrets import show_secrets
from mooring.flows.looking.tree import show_tree
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = ["answer_look"]

_Question = Mapping[str, Any]


def answer_look(ports: LookPorts, question: _Question) -> dict[str, Any]:
    """`{"answer": …}`, or `{"error": {"kind", "name", "message", "field", "subject", "retryAfter"}}`.

    Raises nothing of `mooring.errors`.
    """
    try:
        ports.targets.refresh()
        try:
            if question.get("ask") == "cluster":  # the only question that is about no application
                return {"answer": show_cluster_health(ports, str(question.get("cluster") or ""))}
            return {"answer": _ask(question)(ports, AppKey.parse(str(question.get("app"))), question)}
        finally:
            ports.targets.settle()
    except MooringError as error:
        kind = next(each.__name__ for each in type(error).__mro__ if each.__module__ == MooringError.__module__)
        told = {"kind": kind, "name": type(error).__name__, "message": error.message}
        told |= {"field": error.field or "", "subject": error.subject or ""}
        if isinstance(error, TransientError) and error.retry_after is not None:
            return {"error": {**told, "retryAfter": error.retry_after}}
        return {"error": told}


def _ask(question: _Question) -> Callable[[LookPorts, AppKey, _Question], dict[str, Any]]:
    found = _ANSWERS.get(str(question.get("ask")))
    if found is None:
        raise ConfigurationError(f"must be one of {', '.join(_ANSWERS)}", field="ask")
    return found


def _key(question: _Question) -> ObjectKey:
    parts = {name: question.get(name) or "" for name in ("group", "kind", "namespace", "name")}
    for name in ("kind", "name"):
        if not parts[name]:
            raise ConfigurationError("must be given", field=name)
    return ObjectKey(**{name: str(value) for name, value in parts.items()})


def _logs(ports: LookPorts, app: AppKey, question: _Question) -> dict[str, Any]:
    return show_logs(ports, app, _key(question), LogQuery(**question.get("query") or {}))


def _events(ports: LookPorts, app: AppKey, question: _Question) -> dict[str, Any]:
    key = _key(question) if question.get("name") else None
    return show_events(ports, app, key, int(question.get("limit") or 100))


def _against(ports: LookPorts, app: AppKey, question: _Question) -> dict[str, Any]:
    tries, sources = question.get("tries") is True, question.get("sources")
    return compare_given(ports, app, question.get("manifests"), tries=tries, sources=sources)


_ANSWERS: Final[Mapping[str, Callable[[LookPorts, AppKey, _Question], dict[str, Any]]]] = {
    "tree": lambda ports, app, _: show_tree(ports, app),
    "object": lambda ports, app, asked: show_object(ports, app, _key(asked), str(asked.get("version") or "")),
    "actions": lambda ports, app, asked: show_actions(ports, app, _key(asked), str(asked.get("version") or "")),
    "against": _against,
    "managed": lambda ports, app, _: show_managed(ports, app),
    "manifests": lambda ports, app, asked: show_manifests(ports, app, str(asked.get("at") or "wanted")),
    "compare": lambda ports, app, asked: compare_bundles(ports, app, str(asked.get("old")), str(asked.get("new"))),
    "changes": lambda ports, app, asked: show_changes(ports, app, str(asked.get("operation") or "")),
    "blame": show_blame,
    "secrets": lambda ports, app, _: show_secrets(ports, app),
    "events": _events,
    "logs": _logs,
}
