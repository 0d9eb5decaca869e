"""What passes through the queues: which application or cluster needs a look, and why; never what to do.

The function that takes a message reads the wanted state when it starts, so a message that is duplicated, late or
reordered does no harm. How they are written is in `events.bodies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = [
    "AppMessage",
    "ApplicationSetMessage",
    "Cause",
    "ClusterMessage",
    "CommitMessage",
    "ImagesMessage",
    "Later",
    "Message",
    "NoteMessage",
    "ObjectMessage",
    "PromotionMessage",
    "RepositoryMessage",
    "Trigger",
]

Trigger = Literal[
    "push", "pullrequest", "tick", "person", "spec", "render", "retry", "watchdog", "secret", "watch", "audit", "image"
]
Target = Literal["renders", "syncs", "notes", "images"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something needs a look: told in the history, never acted upon.

    `id` is the delivery of a push, the operation that a person asked for, or the image that was updated; `by` the
    person, `at` an RFC 3339 time.
    """

    kind: Trigger
    id: str = ""
    by: str = ""
    at: str = ""

    def to_json(self) -> dict[str, str]:
        """The fields that are set."""
        fields = {"kind": self.kind, "id": self.id, "by": self.by, "at": self.at}
        return {name: value for name, value in fields.items() if value}

    @classmethod
    def from_json(cls, value: object) -> Cause:
        """The inverse of `to_json`; an unknown or missing cause becomes a tick."""
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            return cls("tick")
        return cls(value["kind"], value.get("id", ""), value.get("by", ""), value.get("at", ""))


@dataclass(frozen=True, slots=True)
class AppMessage:
    """One application needs a look."""

    app: AppKey
    cause: Cause

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        return {"v": 1, "app": str(self.app), "cause": self.cause.to_json()}


@dataclass(frozen=True, slots=True)
class ClusterMessage:
    """A cluster needs a look: all its applications, or those that are named.

    With `health_only` just the health of named applications is wanted; `attempt` counts such looks since the sync.
    With `check` the cluster itself is examined, and what is found is kept under that id. With `sets` (`namespace/name`)
    only the objects are read that decide for these ApplicationSets.
    """

    cluster: str
    cause: Cause
    apps: tuple[AppKey, ...] = ()
    health_only: bool = False
    attempt: int = 0
    check: str = ""
    sets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        body: dict[str, Any] = {"v": 1, "cluster": self.cluster, "cause": self.cause.to_json()}
        if self.apps:
            body["apps"] = [str(app) for app in self.apps]
        if self.health_only:
            body |= {"healthOnly": True, "attempt": self.attempt}
        if self.check:
            body["check"] = self.check
        if self.sets:
            body["sets"] = list(self.sets)
        return body


@dataclass(frozen=True, slots=True)
class ObjectMessage:
    """These objects of a cluster may not be as they were applied; `app` is whose they are, where that is known.

    With `act` somebody wants something done with the one object: what is kept under that id, and so is what came of it.
    """

    cluster: str
    objects: tuple[ObjectKey, ...]
    cause: Cause
    app: AppKey | None = None
    act: str = ""

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        objects = [[key.group, key.kind, key.namespace, key.name] for key in self.objects]
        body: dict[str, Any] = {"v": 1, "cluster": self.cluster, "objects": objects, "cause": self.cause.to_json()}
        if self.app is not None:
            body["of"] = str(self.app)
        if self.act:
            body["act"] = self.act
        return body


@dataclass(frozen=True, slots=True)
class RepositoryMessage:
    """Every application that follows this repository (a normalised address) needs a look."""

    repository: str
    cause: Cause

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        return {"v": 1, "repository": self.repository, "cause": self.cause.to_json()}


@dataclass(frozen=True, slots=True)
class ApplicationSetMessage:
    """An ApplicationSet (`namespace/name`) needs a look.

    With `progress` only applications of its have moved on, so its generators need not be asked; with `preview` somebody
    wants to see, under that id, what it would change.
    """

    set: str
    cause: Cause
    progress: bool = False
    preview: str = ""

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        body: dict[str, Any] = {"v": 1, "set": self.set, "cause": self.cause.to_json()}
        if self.progress:
            body["progress"] = True
        if self.preview:
            body["preview"] = self.preview
        return body


@dataclass(frozen=True, slots=True)
class PromotionMessage:
    """A Promotion (`namespace/name`) needs a look."""

    promotion: str
    cause: Cause

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        return {"v": 1, "promotion": self.promotion, "cause": self.cause.to_json()}


@dataclass(frozen=True, slots=True)
class ImagesMessage:
    """Applications that have their images kept up to date need a look: those named in `apps`, or all.

    With `images` (as registries name them, `docker.io/library/nginx`) only those that use one of them; with
    `repository` (normalised; empty for what isn't written to git) only those whose tags are written there: such
    messages follow one another, so that what changes there is one commit. With `plan` somebody wants to see, under that
    id, what would be written.
    """

    cause: Cause
    apps: tuple[AppKey, ...] = ()
    images: tuple[str, ...] = ()
    repository: str | None = None
    plan: str = ""

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        body: dict[str, Any] = {"v": 1, "images": list(self.images), "cause": self.cause.to_json()}
        if self.apps:
            body["apps"] = [str(app) for app in self.apps]
        if self.repository is not None:
            body["repository"] = self.repository
        if self.plan:
            body["plan"] = self.plan
        return body


@dataclass(frozen=True, slots=True)
class NoteMessage:
    """A note (`state.notes`) about an application or a cluster is to be delivered; those of one `lane` in order.

    Where `of` is `digest`, it is one that gathers others, to be made when its time has come (`due`, epoch seconds).
    """

    note: str
    of: str
    lane: str
    due: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        body: dict[str, Any] = {"v": 1, "note": self.note, "of": self.of, "lane": self.lane}
        return body | ({"due": self.due} if self.due else {})


Message: TypeAlias = (
    AppMessage
    | ApplicationSetMessage
    | ClusterMessage
    | ImagesMessage
    | NoteMessage
    | ObjectMessage
    | PromotionMessage
    | RepositoryMessage
)


@dataclass(frozen=True, slots=True)
class Later:
    """A message that is to come back through the queue it names."""

    to: Target
    message: Message

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        return {"v": 1, "to": self.to, "message": self.message.to_json()}


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """A commit (a full SHA) of a repository that clusters are given: its code host may say who let it in. `attempt`
    counts the times that the host was asked before.
    """

    repository: str
    commit: str
    attempt: int = 0

    def to_json(self) -> dict[str, Any]:
        """The body of the message."""
        body: dict[str, Any] = {"v": 1, "commit": self.commit, "of": self.repository}
        return body | ({"attempt": self.attempt} if self.attempt else {})
