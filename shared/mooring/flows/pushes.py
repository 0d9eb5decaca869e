"""The function `webhook`: a push becomes one message for each application that follows what was pushed.

Verified first, then looked up, then queued; the work itself is done elsewhere, so the answer comes at once. Applications
whose files the push lists come first. A delivery is remembered after its messages are sent: a crash in between lets the
forge's redelivery do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mooring.errors import ConfigurationError, ConflictError
from mooring.events import github
from mooring.events.github import Push
from mooring.events.messages import AppMessage, Cause
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.source.refs import may_be_range
from mooring.source.urls import normalise
from mooring.state.applications import Applications, Listed
from mooring.state.registry import Registry

__all__ = ["LARGEST_BODY", "PushPorts", "Received", "handle_delivery"]

LARGEST_BODY = 5 * 1024 * 1024  # bytes; Lambda takes 6 MB, and what a push lists fits well below


@dataclass(frozen=True, slots=True)
class PushPorts:
    """What the webhook works with. `secret` brings the secret shared with GitHub."""

    applications: Applications
    registry: Registry
    queues: Queues
    secret: Callable[[], str]
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivery: `queued`, `duplicate`, `ignored` or `pong`, and the applications that it concerns."""

    outcome: str
    applications: tuple[AppKey, ...] = ()


def handle_delivery(ports: PushPorts, headers: Mapping[str, str], body: bytes) -> Received:
    """Takes one delivery of GitHub; header names are lower-case.

    Raises `ConfigurationError` (what is wrong with it), `ForbiddenError` (its signature) or `ConflictError` (a body that
    was delivered before under another id: a replay).
    """
    if len(body) > LARGEST_BODY:
        raise ConfigurationError(f"is larger than {LARGEST_BODY} bytes", field="body")
    delivery = github.verify(headers, body, ports.secret())
    payload = github.parse_delivery(body)
    if delivery.event == "ping":
        return Received("pong")
    if delivery.event != "push":
        return Received("ignored")
    push = github.parse_push(payload)
    if ports.registry.seen("id", delivery.id) is not None:
        return Received("duplicate")
    # A body without a commit says nothing that would tell two pushes apart, so it can't be told from its replay either.
    unique = bool(push.after)
    if unique and ports.registry.seen("body", delivery.signature) is not None:
        raise ConflictError(
            "this body was delivered before under another id; use GitHub's own redelivery", field="X-GitHub-Delivery"
        )
    concerned = _concerned(ports.applications, push, payload)
    now = ports.clock()
    cause = Cause("push", delivery.id, push.by)
    ports.queues.send("renders", [AppMessage(listed.key, cause) for listed in concerned])
    ports.registry.first_time("id", delivery.id, now=now)
    if unique:
        ports.registry.first_time("body", delivery.signature, now=now)
    return Received("queued" if concerned else "ignored", tuple(listed.key for listed in concerned))


def _concerned(applications: Applications, push: Push, payload: Mapping[str, object]) -> list[Listed]:
    repositories = dict.fromkeys(_normalised(push.urls))
    listed = {app.key: app for name in repositories for app in applications.of_repository(name)}
    repository = payload["repository"]
    default = repository.get("default_branch") if isinstance(repository, dict) else None
    following = [app for app in listed.values() if _follows(app.target, push, default)]
    return sorted(following, key=lambda app: (not _touched(app.depends, push.files), app.key))


def _normalised(urls: Iterable[str]) -> Iterable[str]:
    for url in urls:
        try:
            yield normalise(url)
        except ConfigurationError:
            continue  # an address of another kind (an API's, for example) names no application's repository


def _follows(target: str, push: Push, default_branch: object) -> bool:
    """Whether a targetRevision may mean something else after this push."""
    if target == push.ref or target == push.name:
        return True
    if push.kind == "branch":
        return target == "HEAD" and (not isinstance(default_branch, str) or default_branch == push.name)
    return push.kind == "tag" and may_be_range(target)


def _touched(depends: tuple[str, ...], files: frozenset[str] | None) -> bool:
    """Whether a push changed something that the application's last render depended on, as far as it is known."""
    if files is None or not depends:
        return True
    return any(path == "." or file == path or file.startswith(f"{path}/") for path in depends for file in files)
