"""Images as people see them: a row for each, and what a look would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mooring.flows.images.edits import version_of
from mooring.flows.images.tending import TendedApp
from mooring.images.planning import Plan
from mooring.model.application import AppKey
from mooring.model.moments import told_if_ever
from mooring.state.images import ImagesState

__all__ = ["shown_state", "told_plan"]


def shown_state(key: AppKey, state: ImagesState) -> list[dict[str, Any]]:
    """What was last found out about the images of an application, a row for each; one row where there is only an
    error.
    """
    request = state.request.web if state.request is not None and state.request.state == "open" else ""
    rows = [
        {
            "application": str(key),
            "alias": each.alias,
            "image": each.image,
            "current": each.current,
            "wanted": each.wanted,
            "status": _status(state, each.error, each.held, each.current, each.wanted),
            "message": state.error or each.message,
            "commit": each.commit,
            "pullRequest": request,
            "since": told_if_ever(each.since),
        }
        for each in state.rows
    ]
    if rows or not state.error:
        return rows
    nothing = dict.fromkeys(("alias", "image", "current", "wanted", "commit", "pullRequest", "since"), "")
    return [{**nothing, "application": str(key), "status": "Error", "message": state.error}]


def told_plan(apps: Sequence[TendedApp], plan: Plan, held: set[tuple[AppKey, str]]) -> dict[str, Any]:
    """What would be written now, and for which images nothing can be said."""
    updates = [
        {
            "application": str(each.app),
            "alias": each.alias,
            "image": each.image.text,
            "from": each.old_tag or each.old_digest,
            "to": version_of(each),
            "why": each.why,
            "held": (each.app, each.alias) in held,
            "method": "pull request" if each.target.pull_request else each.target.method,
            "repository": each.target.repository,
            "branch": each.target.branch or each.target.base,
            "path": each.target.path,
        }
        for each in plan.updates
    ]
    notes = [
        {"application": str(each.app), "alias": each.alias, "image": each.image, "message": each.message}
        for each in plan.notes
    ]
    notes += [
        {"application": str(each.key), "alias": "", "image": "", "message": str(each.error)}
        for each in apps
        if each.error is not None
    ]
    notes += [
        {"application": str(each.key), "alias": "", "image": "", "message": warning}
        for each in apps
        if each.tended is not None
        for warning in each.tended.images.warnings
    ]
    return {"updates": updates, "notes": notes, "current": plan.current, "requests": plan.requests}


def _status(state: ImagesState, error: bool, held: bool, current: str, wanted: str) -> str:
    if error or state.error:
        return "Error"
    if held:
        return "Held"
    return "UpToDate" if current == wanted else "Updating"
