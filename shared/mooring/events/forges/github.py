"""GitHub: HMAC-SHA256 of the body in `X-Hub-Signature-256` (GitHub, "Validating webhook deliveries").

A push lists its files; one that was forced, or made the branch, does not list those that it left behind. Deleting a
branch is a push to nothing. The registry of images tells at the same address, by the events `package` and
`registry_package`. GitHub, "Webhook events and payloads".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.events.forges.happenings import Action, Happening, ImagePushed, Ping, PullRequest, Push
from mooring.events.forges.payloads import addresses, changed_files, inner, needed, reference, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest

__all__ = ["GITHUB", "HUB_ACTIONS"]

HUB_ACTIONS: Mapping[str, Action] = {
    "opened": "opened",
    "reopened": "opened",
    "synchronize": "updated",
    "synchronized": "updated",
    "edited": "updated",
    "labeled": "updated",
    "unlabeled": "updated",
    "label_updated": "updated",
    "label_cleared": "updated",
    "ready_for_review": "updated",
    "converted_to_draft": "updated",
    "closed": "closed",
}
"""What GitHub, Gitea and Gogs call what happened to a pull request."""

_URLS = ("clone_url", "ssh_url", "html_url")
_LONGEST_LIST = 2048  # commits


def _verify(request: Request, trust: Trust) -> bool:
    if keys := trust.needed("github", "webhook.github.secret"):
        given = request.headers.get("x-hub-signature-256", "")
        signed = given.removeprefix("sha256=") if given.startswith("sha256=") else given and "-"
        check_digest(signed, request.body, keys, header="X-Hub-Signature-256")
    return bool(keys)


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "ping":
        return (Ping(),)
    if event == "push":
        return (_push(payload),)
    if event in ("package", "registry_package"):
        return tuple(_package(payload, inner(payload, event)))
    return pull_request(payload) if event == "pull_request" else ()


def _package(payload: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[Happening]:
    """An image that was published under a tag; nothing for other kinds of packages."""
    tag = text(package, "package_version.container_metadata.tag.name")
    if (
        text(package, "package_type").upper() == "CONTAINER"
        and text(payload, "action") in ("published", "updated")
        and tag
    ):
        owner = text(package, "namespace") or text(package, "owner.login")
        name = f"ghcr.io/{owner}/{text(package, 'name')}".lower()
        yield ImagePushed(name, (tag,), text(payload, "sender.login"))


def _push(payload: Mapping[str, Any]) -> Push:
    ref = reference(payload)
    commits = payload.get("commits")
    whole = not (payload.get("forced") or payload.get("created")) and (
        isinstance(commits, list) and len(commits) < _LONGEST_LIST
    )
    return Push(
        repository_urls(payload),
        ref,
        text(payload, "after"),
        text(payload, "pusher.name"),
        changed_files(payload) if whole else None,
        text(payload, "repository.default_branch"),
    )


def repository_urls(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of a payload's repository. Raises `ConfigurationError`."""
    if not isinstance(payload.get("repository"), Mapping):
        needed(payload, "repository")
    repository = inner(payload, "repository")
    return addresses("repository.clone_url", [repository.get(name) for name in _URLS])


def pull_request(payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """A pull request as GitHub, Gitea and Gogs write it; nothing for an action that doesn't concern us."""
    action = HUB_ACTIONS.get(text(payload, "action"))
    if action is None:
        return ()
    request = needed(payload, "pull_request")
    if action == "closed" and request.get("merged") is True:
        action = "merged"
    number = text(payload, "number") or text(request, "number")
    return (
        PullRequest(
            repository_urls(payload),
            (text(payload, "repository.full_name"),),
            number,
            action,
            text(payload, "sender.login") or text(payload, "sender.username"),
            text(request, "head.ref"),
            text(request, "base.ref"),
            tuple(f"{lead}pull/{number}/{end}" for lead in ("refs/", "") for end in ("head", "merge")),
        ),
    )


GITHUB = Provider("github", "GitHub", _verify, _parse, event_header="x-github-event", id_headers=("x-github-delivery",))
