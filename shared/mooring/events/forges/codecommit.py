"""AWS CodeCommit, which sends no webhooks: its events come over EventBridge, and IAM decides who may send any.

An event names the repository and one reference, and no files. Only names are told, so the address is the one that AWS
gives to every repository of a region. AWS, "Monitoring CodeCommit events in Amazon EventBridge".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.forges.happenings import Action, Delivery, Happening, PullRequest, Push
from mooring.events.forges.payloads import text, texts

__all__ = ["is_repository_event", "parse_repository_event"]

_ACTIONS: Mapping[str, Action] = {
    "pullRequestCreated": "opened",
    "pullRequestSourceBranchUpdated": "updated",
    "pullRequestMergeStatusUpdated": "merged",
    "pullRequestStatusChanged": "closed",
}


def is_repository_event(event: Mapping[str, Any]) -> bool:
    """Whether an event is EventBridge's and tells about a repository; HTTP requests have no such field."""
    return event.get("source") == "aws.codecommit" and "detail-type" in event


def parse_repository_event(event: Mapping[str, Any]) -> Delivery:
    """What an event tells. Raises `ConfigurationError` naming the field that is missing."""
    what = text(event, "detail.event")
    return Delivery("codecommit", what, text(event, "id"), "", _happened(event, what))


def _happened(event: Mapping[str, Any], what: str) -> tuple[Happening, ...]:
    by = text(event, "detail.callerUserArn")
    if what.startswith("reference"):
        ref = text(event, "detail.referenceFullName")
        if not ref:
            raise ConfigurationError("must be a string like refs/heads/main", field="detail.referenceFullName")
        after = "" if what == "referenceDeleted" else text(event, "detail.commitId")
        return (Push((_url(event, text(event, "detail.repositoryName")),), ref, after, by),)
    if what in _ACTIONS:
        merged = text(event, "detail.isMerged").lower() == "true"
        action: Action = "merged" if merged else _ACTIONS[what]
        number = text(event, "detail.pullRequestId")
        names = texts(event["detail"].get("repositoryNames"))
        source, target = (
            text(event, f"detail.{end}Reference").removeprefix("refs/heads/") for end in ("source", "destination")
        )
        return tuple(PullRequest((_url(event, name),), (name,), number, action, by, source, target) for name in names)
    return ()


def _url(event: Mapping[str, Any], name: str) -> str:
    region = text(event, "region")
    if not name or not region:
        raise ConfigurationError("must be the name of a repository", field="detail.repositoryName")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://git-codecommit.{region}.{suffix}/v1/repos/{name}"
