"""What each registry's webhook says, as the image and the tags that were pushed.

Docker Hub, "Webhooks"; Quay, "Repository notifications"; Harbor, "Configure Webhook Notifications" (its own form and
CloudEvents); Distribution, "Work with notifications", which GitLab sends as well; Azure, "Webhook schema reference";
CNCF, "CloudEvents"; Google, "Configure Pub/Sub notifications"; AWS, "Amazon ECR events and EventBridge".
Deletions, charts' own events and pushes of layers say nothing that has to be looked at.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mooring.errors import ConfigurationError
from mooring.events.forges.happenings import Happening, ImagePushed
from mooring.events.forges.payloads import inner, listed, needed, text, texts
from mooring.model.imagenames import parse_name

__all__ = [
    "parse_acr",
    "parse_cloud_event",
    "parse_distribution",
    "parse_docker_hub",
    "parse_harbor",
    "parse_pubsub",
    "parse_quay",
    "pushed",
    "repository_of",
]


def repository_of(registry: str, path: str, *, field: str) -> str:
    """An image as it is looked for: its registry's host (and port) and its path. Raises `ConfigurationError`."""
    host = registry.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return parse_name(f"{host}/{path}" if host else path, field=field).repository


def pushed(registry: str, path: str, tag: str, by: str, *, field: str) -> tuple[Happening, ...]:
    """One push; nothing for one without a tag, which nobody follows."""
    return (ImagePushed(repository_of(registry, path, field=field), (tag,), by),) if tag else ()


def parse_docker_hub(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Docker Hub."""
    name = text(needed(payload, "repository"), "repo_name")
    data = needed(payload, "push_data")
    return pushed("docker.io", name, text(data, "tag"), text(data, "pusher"), field="repository.repo_name")


def parse_quay(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Quay: the tags of a push in one delivery."""
    address = text(payload, "docker_url")
    if not address:
        raise ConfigurationError("must name the repository, as in quay.io/team/name", field="docker_url")
    host, _, path = address.partition("/")
    tags = payload.get("updated_tags")
    names = tuple(tags if isinstance(tags, Mapping) else texts(tags))
    return (ImagePushed(repository_of(host, path, field="docker_url"), names, ""),) if names else ()


def parse_harbor(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Harbor, in its own form or as CloudEvents."""
    kind = text(payload, "type")
    if kind not in ("PUSH_ARTIFACT", "harbor.artifact.pushed"):
        return ()
    data = needed(payload, "event_data" if kind == "PUSH_ARTIFACT" else "data")
    by = text(payload, "operator")
    found: dict[str, list[str]] = {}
    for resource in listed(data, "resources"):
        address, tag = text(resource, "resource_url"), text(resource, "tag")
        host, _, path = address.partition("@")[0].removesuffix(f":{tag}" if tag else "").partition("/")
        if tag and not tag.startswith("sha256:"):
            found.setdefault(repository_of(host, path, field="resource_url"), []).append(tag)
    return tuple(ImagePushed(image, tuple(tags), by) for image, tags in found.items())


def parse_distribution(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Distribution and what descends from it: an envelope of events, those of layers among them."""
    if not isinstance(payload.get("events"), list):
        raise ConfigurationError("must be a list of events", field="events")
    return tuple(_distributed(payload))


def _distributed(payload: Mapping[str, Any]) -> Iterator[Happening]:
    for each in listed(payload, "events"):
        if text(each, "action") == "push" and text(each, "target.tag"):
            yield from pushed(
                text(each, "request.host"), text(each, "target.repository"), text(each, "target.tag"),
                text(each, "actor.name"), field="events.target.repository",
            )  # fmt: skip


def parse_acr(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Azure Container Registry."""
    if text(payload, "action") != "push":
        return ()
    target = needed(payload, "target")
    return pushed(
        text(payload, "request.host"), text(target, "repository"), text(target, "tag"), "", field="target.repository"
    )


def parse_cloud_event(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """CloudEvents of ECR, of Harbor, or of anything that names its registry, the repository and the tag."""
    kind = text(payload, "type")
    if kind.startswith("harbor."):
        return parse_harbor(event, payload)
    data, source = inner(payload, "data"), text(payload, "source")
    subject, _, subject_tag = text(payload, "subject").partition(":")
    path = text(data, "repositoryName") or text(data, "repository") or subject
    tag = text(data, "imageTag") or text(data, "tag") or subject_tag
    registry = text(data, "registryUrl") or text(data, "registry") or source
    parts = source.split(":")
    if parts[1:3] == ["aws", "ecr"] and len(parts) > 4:
        registry = f"{text(data, 'registryId') or parts[4]}.dkr.ecr.{parts[3]}.amazonaws.com"
    host = (registry.partition("://")[2] or registry).partition("/")[0]
    if not path or ("." not in host and ":" not in host):
        raise ConfigurationError("must name the registry and the repository", field="data")
    return pushed(host, path, tag, "", field="data.repository")


def parse_pubsub(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    """Google's registries, by a push subscription of the topic `gcr`."""
    try:
        data = orjson.loads(base64.b64decode(text(needed(payload, "message"), "data"), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError("must be JSON in base64", field="message.data") from error
    if not isinstance(data, dict) or text(data, "action") != "INSERT":
        return ()
    address, _, tag = text(data, "tag").rpartition(":")
    host, _, path = address.partition("/")
    return pushed(host, path, tag, "", field="message.data.tag") if tag else ()
