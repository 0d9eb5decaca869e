"""Bitbucket Data Center: HMAC-SHA256 of the body in `X-Hub-Signature`; a push may move several references.

Its test of a connection, `diagnostics:ping`, comes unsigned and is answered, which tells nobody anything. Clone links
name both addresses of a repository, `https://host/scm/PROJECT/repo.git` and `ssh://git@host:7999/project/repo.git`.
Atlassian, "Event payload" and "Manage webhooks" of Bitbucket Data Center.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mooring.events.forges.bitbucket import hub_digest
from mooring.events.forges.happenings import Action, Happening, Ping, PullRequest, Push
from mooring.events.forges.payloads import addresses, listed, needed, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest

__all__ = ["BITBUCKET_SERVER"]

_PING = "diagnostics:ping"
_ACTIONS: Mapping[str, Action] = {
    "pr:opened": "opened",
    "pr:from_ref_updated": "updated",
    "pr:to_ref_updated": "updated",
    "pr:modified": "updated",
    "pr:merged": "merged",
    "pr:declined": "closed",
    "pr:deleted": "closed",
}


def _verify(request: Request, trust: Trust) -> bool:
    if keys := trust.needed("bitbucketserver", "webhook.bitbucketserver.secret"):
        check_digest(hub_digest(request), request.body, keys, header="X-Hub-Signature")
    return bool(keys)


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == _PING:
        return (Ping(),)
    if event in ("repo:refs_changed", "mirror:repo_synchronized"):
        urls = _urls(needed(payload, "repository"), "repository")
        changes = [(text(each, "ref.id") or text(each, "refId"), each) for each in listed(payload, "changes")]
        by = text(payload, "actor.name")
        return tuple(Push(urls, ref, _after(each), by) for ref, each in changes if ref)
    if event in _ACTIONS:
        request = needed(payload, "pullRequest")
        repository = needed(request, "toRef.repository")
        number = text(request, "id")
        name = f"{text(repository, 'project.key')}/{text(repository, 'slug')}"
        refs = tuple(f"refs/pull-requests/{number}/{end}" for end in ("from", "merge"))
        urls = _urls(repository, "pullRequest.toRef.repository")
        ends = (text(request, "fromRef.displayId"), text(request, "toRef.displayId"))
        return (PullRequest(urls, (name,), number, _ACTIONS[event], text(payload, "actor.name"), *ends, refs),)
    return ()


def _after(change: Mapping[str, Any]) -> str:
    return "" if text(change, "type") == "DELETE" else text(change, "toHash")


def _urls(repository: Mapping[str, Any], field: str) -> tuple[str, ...]:
    links = [text(each, "href") for each in listed(repository, "links.clone")]
    # Older versions name the page only: https://host/context/projects/KEY/repos/slug/browse
    key, slug = text(repository, "project.key"), text(repository, "slug")
    pages = [urlsplit(text(each, "href")) for each in listed(repository, "links.self")] if key and slug else []
    guessed = [f"{page.scheme}://{page.netloc}/scm/{key}/{slug}.git" for page in pages if page.netloc]
    return addresses(f"{field}.links.clone", links or guessed)


BITBUCKET_SERVER = Provider(
    "bitbucketserver",
    "Bitbucket Data Center",
    _verify,
    _parse,
    event_header="x-event-key",
    id_headers=("x-request-id",),
    unsigned_ping=_PING,
)
