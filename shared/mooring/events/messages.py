"""What passes through the queues: which application or cluster needs a look, and why; never what to do.

The function that takes a message reads the wanted state when it starts, so a message that is duplicated, late or
reordered does no harm. Bodies are JSON with a version, so that a queue that still holds yesterday's messages survives
a deployment.

    renders.fifo   {"v": 1, "app": "argocd/payments", "cause": {…}}
                   or {"v": 1, "repository": "github.com/acme/shop", "cause": {…}}
                   or {"v": 1, "set": "argocd/shops", "progress": true, "cause": {…}}
                   or {"v": 1, "promotion": "argocd/shop-to-production", "cause": {…}}
    syncs.fifo     {"v": 1, "app": "argocd/payments", "cause": {…}}
                   or {"v": 1, "cluster": "in-cluster", "apps": ["argocd/payments"], "attempt": 1, "cause": {…}}
                   or {"v": 1, "cluster": "in-cluster", "sets": ["argocd/shops"], "cause": {…}}
                   or {"v": 1, "cluster": "in-cluster", "objects": [["", "Service", "shop", "web"]], "cause": {…}}
    images.fifo    {"v": 1, "images": ["docker.io/library/nginx"], "apps": ["argocd/payments"], "cause": {…}}
    notes.fifo     {"v": 1, "note": "<id>", "of": "argocd/payments", "lane": "argocd/payments|slack|team"}
    later          {"v": 1, "to": "renders" | "syncs" | "images", "message": {…}}
                   or {"v": 1, "to": "notes", "message": {…}}
                   or {"v": 1, "commit": "<SHA>", "of": "https://github.com/acme/shop.git", "attempt": 1}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

from mooring.errors import ConfigurationError
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
    "parse_images",
    "parse_later",
    "parse_note",
    "parse_render",
    "parse_sync",
    "to_body",
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


def to_body(message: Message | Later | CommitMessage) -> str:
    """The JSON text of a message."""
    return orjson.dumps(message.to_json()).decode()


def _object(body: str | bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError("is not JSON", field="message") from error
    if not isinstance(value, dict) or value.get("v") != 1:
        raise ConfigurationError("must be a mapping with v: 1", field="message")
    return value


def _parse(value: dict[str, Any]) -> Message:
    if isinstance(value.get("note"), str) and isinstance(value.get("of"), str):
        return NoteMessage(value["note"], value["of"], str(value.get("lane", "")), float(value.get("due", 0.0)))
    cause = Cause.from_json(value.get("cause"))
    if isinstance(value.get("images"), list):
        apps = tuple(AppKey.parse(app) for app in value.get("apps", ()))
        images, repository = tuple(str(each) for each in value["images"]), value.get("repository")
        return ImagesMessage(
            cause, apps, images, None if repository is None else str(repository), str(value.get("plan", ""))
        )
    if isinstance(value.get("app"), str):
        return AppMessage(AppKey.parse(value["app"]), cause)
    if isinstance(value.get("repository"), str):
        return RepositoryMessage(value["repository"], cause)
    if isinstance(value.get("set"), str):
        preview = str(value.get("preview", ""))
        return ApplicationSetMessage(value["set"], cause, bool(value.get("progress", False)), preview)
    if isinstance(value.get("promotion"), str):
        return PromotionMessage(value["promotion"], cause)
    if isinstance(value.get("cluster"), str) and "objects" in value:
        of = value.get("of")
        app = AppKey.parse(of) if isinstance(of, str) else None
        act = str(value.get("act", ""))
        return ObjectMessage(value["cluster"], _objects(value["objects"]), cause, app, act)
    if isinstance(value.get("cluster"), str):
        apps = tuple(AppKey.parse(app) for app in value.get("apps", ()))
        return ClusterMessage(
            value["cluster"],
            cause,
            apps,
            bool(value.get("healthOnly", False)),
            int(value.get("attempt", 0)),
            str(value.get("check", "")),
            tuple(str(each) for each in value.get("sets", ())),
        )
    raise ConfigurationError("must name an app, a set, a promotion, a repository or a cluster", field="message")


def _objects(value: object) -> tuple[ObjectKey, ...]:
    if isinstance(value, list) and all(isinstance(key, list) and len(key) == 4 for key in value):
        return tuple(ObjectKey(*map(str, key)) for key in value)
    raise ConfigurationError("must be a list of [group, kind, namespace, name]", field="objects")


def parse_render(body: str | bytes) -> AppMessage | ApplicationSetMessage | PromotionMessage | RepositoryMessage:
    """Reads the body of a message of `renders.fifo`. Raises `ConfigurationError`."""
    message = _parse(_object(body))
    if isinstance(message, ClusterMessage | ImagesMessage | NoteMessage | ObjectMessage):
        raise ConfigurationError("must name an app, a set, a promotion or a repository", field="message")
    return message


def parse_images(body: str | bytes) -> ImagesMessage:
    """Reads the body of a message of `images.fifo`. Raises `ConfigurationError`."""
    message = _parse(_object(body))
    if not isinstance(message, ImagesMessage):
        raise ConfigurationError("must be about images", field="message")
    return message


def parse_sync(body: str | bytes) -> AppMessage | ClusterMessage | ObjectMessage:
    """Reads the body of a message of `syncs.fifo`. Raises `ConfigurationError`."""
    message = _parse(_object(body))
    if not isinstance(message, AppMessage | ClusterMessage | ObjectMessage):
        raise ConfigurationError("must name an app or a cluster", field="message")
    return message


def parse_note(body: str | bytes) -> NoteMessage:
    """Reads the body of a message of `notes.fifo`. Raises `ConfigurationError`."""
    message = _parse(_object(body))
    if not isinstance(message, NoteMessage):
        raise ConfigurationError("must name a note", field="message")
    return message


def parse_later(body: str | bytes) -> Later | CommitMessage:
    """Reads the body of a message of the queue `later`. Raises `ConfigurationError`."""
    value = _object(body)
    if isinstance(value.get("commit"), str) and isinstance(value.get("of"), str):
        return CommitMessage(value["of"], value["commit"], int(value.get("attempt", 0)))
    if value.get("to") not in ("renders", "syncs", "notes", "images") or not isinstance(value.get("message"), dict):
        raise ConfigurationError("must name the queue and hold a message", field="message")
    return Later(value["to"], _parse(value["message"]))
