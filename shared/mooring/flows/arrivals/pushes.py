"""The function `webhook`: a push becomes messages for the applications that follow what was pushed.

Verified first, then looked up, then queued; the work itself is done elsewhere, so the answer comes at once.
Applications whose files the push lists get a message each. One message more, for the repository as a whole, takes care
of the others: most of them just learn of the new revision, and so it may come a moment later. A delivery is remembered
after its messages are sent: a crash in between lets the forge's redelivery do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mooring.errors import ConfigurationError, ConflictError
from mooring.events import github
from mooring.events.github import Push
from mooring.events.messages import ApplicationSetMessage, AppMessage, Cause, Later, RepositoryMessage
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.source.refs import may_be_range
from mooring.source.urls import normalise
from mooring.state.applications import Applications
from mooring.state.lists import Follower
from mooring.state.registry import Registry

__all__ = ["LARGEST_BODY", "PushPorts", "Received", "handle_delivery"]

_AFTER_THE_TOUCHED = 2.0  # seconds
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

    Raises `ConfigurationError` (what is wrong with it), `ForbiddenError` (its signature) or `ConflictError` (a body
    that was delivered before under another id: a replay).
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
    # A body without a commit says nothing that would tell two pushes apart, so it can't be told from its replay either.
    names = {"id": delivery.id} | ({"body": delivery.signature} if push.after else {})
    seen = ports.registry.seen(names)
    if "id" in seen:
        return Received("duplicate")
    if "body" in seen:
        raise ConflictError(
            "this body was delivered before under another id; use GitHub's own redelivery", field="X-GitHub-Delivery"
        )
    concerned, sets = _concerned(ports.applications, push, payload)
    keys = {app.key for group in concerned.values() for app in group}
    cause = Cause("push", delivery.id, push.by)
    _send(ports.queues, push, concerned, cause)
    if sets:
        ports.queues.send("renders", [ApplicationSetMessage(name, cause) for name in sets])
    ports.registry.remember(names, now=ports.clock())
    return Received("queued" if keys or sets else "ignored", tuple(sorted(keys)))


def _send(queues: Queues, push: Push, concerned: Mapping[str, list[Follower]], cause: Cause) -> None:
    every = [app for group in concerned.values() for app in group]
    changed = _with_folders(push.files or ())
    touched = [] if push.files is None else [app for app in every if _touched(app.depends, changed)]
    queues.send("renders", [AppMessage(key, cause) for key in dict.fromkeys(app.key for app in touched)])
    if len(touched) == len(every):
        return
    rest = [RepositoryMessage(name, cause) for name, group in concerned.items() if group]
    if touched:
        queues.send_later([(Later("renders", message), _AFTER_THE_TOUCHED) for message in rest])
    else:
        queues.send("renders", rest)


def _concerned(
    applications: Applications, push: Push, payload: Mapping[str, object]
) -> tuple[dict[str, list[Follower]], list[str]]:
    """The applications that follow what was pushed, by the repository's normalised address, and the ApplicationSets."""
    repository = payload["repository"]
    default = repository.get("default_branch") if isinstance(repository, dict) else None
    concerned: dict[str, list[Follower]] = {}
    sets: dict[str, None] = {}
    for name in dict.fromkeys(_normalised(push.urls)):
        apps, readers = applications.followers(name)
        concerned[name] = [app for app in apps if any(_follows(target, push, default) for target in app.targets)]
        sets |= {key: None for key, targets in readers if any(_follows(each, push, default) for each in targets)}
    return concerned, list(sets)


def _normalised(urls: Iterable[str]) -> Iterable[str]:
    for url in urls:
        try:
            yield normalise(url)
        except ConfigurationError:
            continue  # an address of another kind (an API's, for example) names no application's repository


def _follows(target: str, push: Push, default_branch: object) -> bool:
    """Whether a targetRevision may mean something else after this push."""
    if target in (push.ref, push.name):
        return True
    if push.kind == "branch":
        return target == "HEAD" and (not isinstance(default_branch, str) or default_branch == push.name)
    return push.kind == "tag" and may_be_range(target)


def _with_folders(files: Iterable[str]) -> set[str]:
    """The files and every folder above them, so that each path is looked up once, however many files a push lists."""
    found: set[str] = set()
    for file in files:
        path = file
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return found | {"."} if found else found


def _touched(depends: tuple[str, ...], changed: set[str]) -> bool:
    """Whether a push changed something that the application's last render depended on, as far as it is known."""
    return not depends or not changed.isdisjoint(depends)
