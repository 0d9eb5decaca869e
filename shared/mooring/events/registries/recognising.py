"""Which registry claims to have sent something, and how that is proven.

Registries sign nothing (GitHub's does). What they can do is to show a word that both sides know: in the address
(`?secret=…`), in `Authorization` or in `X-Webhook-Secret`. Each kind has a word of its own, `webhook.<kind>.secret`, or
all have `webhook.registry.secret`; without one nothing is believed. The kinds are named as in Image Updater's addresses
(`?type=quay.io`), so a hook made for it only changes its host. Amazon's registries tell over EventBridge, where IAM
decides who may send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.events.forges.github import GITHUB
from mooring.events.forges.happenings import Delivery, Happening, ImagePushed
from mooring.events.forges.payloads import parse_body, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_word
from mooring.events.registries.payloads import (
    parse_acr,
    parse_cloud_event,
    parse_distribution,
    parse_docker_hub,
    parse_harbor,
    parse_pubsub,
    parse_quay,
    pushed,
    repository_of,
)

__all__ = ["REGISTRIES", "is_registry_event", "names_registry", "parse_registry_event", "read_registry"]

_LONGEST: Final = 200
_SHARED: Final = "webhook.registry.secret"


def _word(kind: str) -> Callable[[Request, Trust], bool]:
    key = f"webhook.{kind}.secret"

    def verify(request: Request, trust: Trust) -> bool:
        words = trust.of(key, _SHARED) or trust.needed(kind, key)
        if words:
            header = request.headers.get("authorization", "")
            given = header.removeprefix("Bearer ") or request.headers.get("x-webhook-secret", "")
            check_word(given or request.query.get("secret", ""), words, header="secret")
        return bool(words)

    return verify


def _provider(
    kind: str, title: str, parse: Callable[[str, Mapping[str, Any]], tuple[Happening, ...]], id_field: str = ""
) -> Provider:
    return Provider(kind, title, _word(kind), parse, event_field="type", id_field=id_field)


_HUB = _provider("dockerhub", "Docker Hub", parse_docker_hub)
_DISTRIBUTION = _provider("distribution", "Distribution", parse_distribution)
_CLOUD_EVENTS = _provider("cloudevents", "CloudEvents", parse_cloud_event, "id")

REGISTRIES: Final[Mapping[str, Provider]] = {
    "docker.io": _HUB,
    "ghcr.io": GITHUB,
    "quay.io": _provider("quay", "Quay", parse_quay),
    "harbor": _provider("harbor", "Harbor", parse_harbor),
    "gitlab": _DISTRIBUTION,
    "distribution": _DISTRIBUTION,
    "acr": _provider("acr", "Azure Container Registry", parse_acr, "id"),
    "cloudevents": _CLOUD_EVENTS,
    "pubsub": _provider("pubsub", "Google Pub/Sub", parse_pubsub, "message.messageId"),
}
"""What `?type=` may say."""

_BY_CONTENT: Final = (
    ("application/vnd.docker.distribution.events", _DISTRIBUTION),
    ("application/cloudevents", _CLOUD_EVENTS),
)


def names_registry(request: Request) -> bool:
    """Whether a request says that a registry sends it, and not a forge."""
    return "type" in request.query or any(_kind(request).startswith(kind) for kind, _ in _BY_CONTENT)


def read_registry(request: Request, trust: Trust) -> Delivery:
    """Verifies a delivery of a registry and says what was pushed. `?registry_url=` says under which name the images are
    used, where the registry knows itself by another.

    Two pushes of one tag may make the same delivery, so only a registry's own id tells one that was sent twice. Raises
    `ForbiddenError` where it isn't proven whose it is, `ConfigurationError` naming what can't be read.
    """
    provider = _recognised(request)
    proven = provider.verify(request, trust)
    payload = parse_body(request.headers, request.body)
    event = request.headers.get(provider.event_header, "") or text(payload, provider.event_field)
    happened = provider.parse(event, payload)
    if url := request.query.get("registry_url", ""):
        happened = tuple(_renamed(each, url) for each in happened)
    named = next((found for each in provider.id_headers if (found := request.headers.get(each))), "")
    named = named or (text(payload, provider.id_field) if provider.id_field else "")
    ident = named or f"{hashlib.sha256(request.body).hexdigest()}-{trust.now:.6f}"
    return Delivery(provider.name, event[:_LONGEST] or "push", ident[:_LONGEST], "", happened, proven)


def is_registry_event(event: Mapping[str, Any]) -> bool:
    """Whether an event is EventBridge's and tells of a registry; HTTP requests have no such field."""
    return event.get("source") == "aws.ecr" and "detail-type" in event


def parse_registry_event(event: Mapping[str, Any]) -> Delivery:
    """What ECR tells over EventBridge. Raises `ConfigurationError` naming the field that is missing."""
    detail = event.get("detail")
    detail = detail if isinstance(detail, Mapping) else {}
    what = text(detail, "action-type")
    host = f"{text(event, 'account')}.dkr.ecr.{text(event, 'region')}.amazonaws.com"
    happened: tuple[Happening, ...] = ()
    if what == "PUSH" and text(detail, "result") == "SUCCESS":
        name = text(detail, "repository-name")
        happened = pushed(host, name, text(detail, "image-tag"), "", field="detail.repository-name")
    return Delivery("ecr", what, text(event, "id"), "", happened)


def _recognised(request: Request) -> Provider:
    if "type" not in request.query:
        return next(each for kind, each in _BY_CONTENT if _kind(request).startswith(kind))
    provider = REGISTRIES.get(request.query["type"])
    if provider is None:
        raise ConfigurationError(f"must be one of {', '.join(REGISTRIES)}", field="type")
    return provider


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").strip().lower()


def _renamed(each: Happening, url: str) -> Happening:
    if not isinstance(each, ImagePushed):
        return each
    return replace(each, image=repository_of(url, each.image.partition("/")[2], field="registry_url"))
