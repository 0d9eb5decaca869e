"""Bitbucket Cloud: HMAC-SHA256 of the body in `X-Hub-Signature`; before there were secrets, the hook's UUID.

A UUID is sent with every delivery and so is no secret of weight: it counts only together with the networks that
Atlassian sends from ("What are the Bitbucket Cloud IP addresses", https://ip-ranges.atlassian.com). A push may move
several references and lists no files. Atlassian, "Event payloads", "Manage webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ForbiddenError
from mooring.events.forges.happenings import Action, Happening, PullRequest, Push
from mooring.events.forges.payloads import addresses, inner, listed, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest, check_word, within

__all__ = ["BITBUCKET", "SOURCES", "hub_digest"]

SOURCES = ("104.192.136.0/21", "185.166.140.0/22")
"""Networks of Atlassian's own that webhooks come from; the setting webhook.bitbucket.sources replaces them."""

_ACTIONS: Mapping[str, Action] = {
    "pullrequest:created": "opened",
    "pullrequest:updated": "updated",
    "pullrequest:fulfilled": "merged",
    "pullrequest:rejected": "closed",
}


def hub_digest(request: Request) -> str:
    """The digest in `X-Hub-Signature`, empty where there is none; anything but SHA-256 fits nothing."""
    given = request.headers.get("x-hub-signature", "")
    return given.removeprefix("sha256=") if given.startswith("sha256=") else given and "-"


def _verify(request: Request, trust: Trust) -> bool:
    secrets, uuids = trust.of("webhook.bitbucket.secret"), trust.of("webhook.bitbucket.uuid")
    given = hub_digest(request)
    if secrets and (given or not uuids):
        check_digest(given, request.body, secrets, header="X-Hub-Signature")
    elif uuids:
        _check_uuid(request, uuids, trust)
    else:
        trust.needed("bitbucket", "webhook.bitbucket.secret")
    return bool(secrets or uuids)


def _check_uuid(request: Request, uuids: tuple[str, ...], trust: Trust) -> None:
    given = request.headers.get("x-hook-uuid", "").strip("{}")
    check_word(given, [each.strip("{}") for each in uuids], header="X-Hook-UUID")
    if not within(request.source, trust.rules().bitbucket_sources or SOURCES):
        raise ForbiddenError(
            f"comes from {request.source or 'an unknown address'}, which is no network of Bitbucket's; give the "
            "webhook a secret, or list the networks in the setting webhook.bitbucket.sources",
            field="X-Hook-UUID",
        )


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "repo:push":
        urls = _urls(payload)
        return tuple(push for change in listed(payload, "push.changes") for push in _pushes(change, payload, urls))
    if event in _ACTIONS:
        request = inner(payload, "pullrequest")
        source, target = text(request, "source.branch.name"), text(request, "destination.branch.name")
        names = (text(payload, "repository.full_name"),)
        by = text(payload, "actor.nickname") or text(payload, "actor.display_name")
        return (PullRequest(_urls(payload), names, text(request, "id"), _ACTIONS[event], by, source, target),)
    return ()


def _urls(payload: Mapping[str, Any]) -> tuple[str, ...]:
    name = text(payload, "repository.full_name")
    links = [f"https://bitbucket.org/{name}"] if name else []
    return addresses("repository.full_name", [*links, text(payload, "repository.links.html.href")])


def _pushes(change: Mapping[str, Any], payload: Mapping[str, Any], urls: tuple[str, ...]) -> list[Push]:
    new, old = inner(change, "new"), inner(change, "old")
    which = new or old
    name = text(which, "name")
    if not name:
        return []
    lead = "refs/tags/" if text(which, "type") in ("tag", "annotated_tag") else "refs/heads/"
    by = text(payload, "actor.nickname") or text(payload, "actor.display_name")
    default = text(payload, "repository.mainbranch.name")
    return [Push(urls, lead + name, text(new, "target.hash"), by, None, default)]


BITBUCKET = Provider(
    "bitbucket", "Bitbucket Cloud", _verify, _parse, event_header="x-event-key", id_headers=("x-request-uuid",)
)
