"""Messages as bodies of the queues, and back.

Bodies are JSON with a version, so that a queue that still holds yesterday's messages survives a deployment.

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

from typing import Any

import orjson

from mooring.errors import ConfigurationError
from mooring.events.messages import (
    ApplicationSetMessage,
    AppMessage,
    Cause,
    ClusterMessage,
    CommitMessage,
    ImagesMessage,
    Later,
    Message,
    NoteMessage,
    ObjectMessage,
    PromotionMessage,
    RepositoryMessage,
)
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = ["parse_images", "parse_later", "parse_note", "parse_render", "parse_sync", "to_body"]


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
