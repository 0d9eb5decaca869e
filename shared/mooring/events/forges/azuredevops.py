"""Azure DevOps: a service hook with a user name and a password; the event is named in the body.

A push may move several references and lists no files. `git.pullrequest.merged` tells that a merge was tried, so the
status of the request says what became of it. Microsoft, "Service hooks events", "Web Hooks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.events.forges.happenings import Action, Happening, PullRequest, Push
from mooring.events.forges.payloads import addresses, inner, listed, needed, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_basic

__all__ = ["AZURE_DEVOPS"]

_USER, _PASSWORD = "webhook.azuredevops.username", "webhook.azuredevops.password"
_STATUS: Mapping[str, Action] = {"completed": "merged", "abandoned": "closed"}


def _verify(request: Request, trust: Trust) -> bool:
    if passwords := trust.needed("azuredevops", _PASSWORD):
        check_basic(request.headers.get("authorization", ""), trust.of(_USER) or ("",), passwords)
    return bool(passwords)


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "git.push":
        resource = needed(payload, "resource")
        repository = needed(payload, "resource.repository")
        default = text(repository, "defaultBranch").removeprefix("refs/heads/")
        by = text(resource, "pushedBy.uniqueName") or text(resource, "pushedBy.displayName")
        urls = _urls(repository)
        updates = [each for each in listed(resource, "refUpdates") if text(each, "name")]
        return tuple(Push(urls, text(each, "name"), text(each, "newObjectId"), by, None, default) for each in updates)
    if event in ("git.pullrequest.created", "git.pullrequest.updated", "git.pullrequest.merged"):
        return (_pull_request(event, needed(payload, "resource")),)
    return ()


def _urls(repository: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("remoteUrl", "sshUrl", "webUrl")
    return addresses("resource.repository.remoteUrl", [text(repository, each) for each in names])


def _pull_request(event: str, resource: Mapping[str, Any]) -> PullRequest:
    repository = inner(resource, "repository")
    other: Action = "opened" if event.endswith("created") else "updated"
    number = text(resource, "pullRequestId")
    return PullRequest(
        _urls(repository),
        (f"{text(repository, 'project.name')}/{text(repository, 'name')}",),
        number,
        _STATUS.get(text(resource, "status"), other),
        text(resource, "createdBy.uniqueName"),
        text(resource, "sourceRefName").removeprefix("refs/heads/"),
        text(resource, "targetRefName").removeprefix("refs/heads/"),
        (f"refs/pull/{number}/merge",),
    )


AZURE_DEVOPS = Provider(
    "azuredevops",
    "Azure DevOps",
    _verify,
    _parse,
    event_field="eventType",
    id_field="id",
    # No signature at all: who has captured a delivery has the password too.
    signs_id=True,
)
