"""What registries of images tell, by the samples in `events/`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.forges.happenings import ImagePushed
from mooring.events.forges.recognising import read, recognise
from mooring.events.forges.verifying import Request, Rules, Trust
from mooring.events.registries.recognising import (
    is_registry_event,
    names_registry,
    parse_registry_event,
    read_registry,
)
from tests.doubles.hooksamples import event, trust

IMAGES = {
    "dockerhub": ("docker.io/shop/payments", ("v1.3.0",)),
    "quay": ("quay.io/shop/payments", ("v1.3.0", "latest")),
    "harbor": ("harbor.example.com/shop/payments", ("v1.3.0",)),
    "distribution": ("registry.example.com/shop/payments", ("v1.3.0",)),
    "gitlab": ("registry.example.com/shop/payments", ("v1.3.0",)),
    "acr": ("shop.azurecr.io/shop/payments", ("v1.3.0",)),
    "cloudevents": ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/payments", ("v1.3.0",)),
    "pubsub": ("europe-docker.pkg.dev/shop/images/payments", ("v1.3.0",)),
}
WORD = Trust({"webhook.registry.secret": ("a-secret-for-samples",)}, Rules, 1767225600.0)


def sent(name: str, **changed: Any) -> Request:
    """A sample as a request; `payload` changes what it says."""
    sample = event(f"registry-{name}")
    payload = changed.pop("payload", None)
    body = sample["body"] if payload is None else json.dumps(json.loads(sample["body"]) | payload)
    made = Request(sample["headers"], body.encode(), "192.0.2.10", sample.get("queryStringParameters") or {})
    return replace(made, **changed)


@pytest.mark.parametrize("name", IMAGES)
def test_a_push_names_the_image_and_its_tags(name: str) -> None:
    """A delivery says which image got which tags, under the one name that the image has."""
    request = sent(name)
    assert names_registry(request)
    (told,) = read_registry(request, WORD).happened
    assert isinstance(told, ImagePushed)
    assert IMAGES[name] == (told.image, told.tags)


@pytest.mark.parametrize("name", IMAGES)
def test_a_word_has_to_be_shown(name: str) -> None:
    """GIVEN another word, or none here at all, nothing is believed."""
    with pytest.raises(ForbiddenError):
        read_registry(sent(name), replace(WORD, secrets={"webhook.registry.secret": ("another",)}))
    with pytest.raises(ForbiddenError, match="nothing from this provider is believed"):
        read_registry(sent(name), replace(WORD, secrets={}))
    without = sent(name, query={key: value for key, value in sent(name).query.items() if key != "secret"})
    headers = {key: value for key, value in without.headers.items() if key not in ("authorization", "x-webhook-secret")}
    with pytest.raises(ForbiddenError):
        read_registry(replace(without, headers=headers), WORD)


def test_a_kind_has_its_own_word() -> None:
    """GIVEN a word for one kind, that of all others doesn't count for it."""
    secrets = {"webhook.quay.secret": ("quays",), "webhook.registry.secret": ("a-secret-for-samples",)}
    with pytest.raises(ForbiddenError):
        read_registry(sent("quay", query={"type": "quay.io", "secret": "wrong"}), replace(WORD, secrets=secrets))
    read_registry(sent("quay", query={"type": "quay.io", "secret": "quays"}), replace(WORD, secrets=secrets))


def test_github_tells_of_images_where_it_tells_of_pushes() -> None:
    """GIVEN a package event at the address of forges, signed as a push is, it is a push of an image."""
    request = sent("ghcr")
    assert not names_registry(request)
    (told,) = read(recognise(request.headers), request, trust()).happened
    assert ImagePushed("ghcr.io/shop/payments", ("v1.3.0",), "octocat") == told
    with pytest.raises(ForbiddenError):
        read_registry(replace(request, query={"type": "ghcr.io"}, body=b"{}"), trust())


def test_amazon_tells_over_its_bus() -> None:
    """GIVEN an event of ECR, it names the image by its registry's host; one that failed says nothing."""
    told = event("registry-ecr")
    assert is_registry_event(told)
    (pushed,) = parse_registry_event(told).happened
    assert ImagePushed("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/payments", ("v1.3.0",), "") == pushed
    told["detail"]["result"] = "FAILURE"
    assert () == parse_registry_event(told).happened


def test_the_same_tag_pushed_twice_is_two_pushes() -> None:
    """GIVEN a registry that numbers nothing, two deliveries of the same content are two."""
    first, second = (read_registry(sent("quay"), replace(WORD, now=1767225600.0 + each)) for each in (0, 1))
    assert first.id != second.id
    assert "" == first.twin


def test_a_registry_may_be_known_by_another_name() -> None:
    """GIVEN registry_url, the image is the one that manifests name."""
    request = sent("acr", query={"type": "acr", "registry_url": "https://images.example.com"})
    (told,) = read_registry(request, WORD).happened
    assert isinstance(told, ImagePushed)
    assert "images.example.com/shop/payments" == told.image


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("acr", {"action": "delete"}),
        ("harbor", {"type": "DELETE_ARTIFACT"}),
        ("quay", {"updated_tags": []}),
        ("distribution", {"events": []}),
    ],
)
def test_what_is_no_push_says_nothing(name: str, payload: dict[str, Any]) -> None:
    """Deletions, and pushes without a tag, concern nobody."""
    assert () == read_registry(sent(name, payload=payload), WORD).happened


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        ("dockerhub", {"repository": {"repo_name": "Not A Name"}}, "repository.repo_name"),
        ("dockerhub", {"push_data": None}, "push_data"),
        ("quay", {"docker_url": ""}, "docker_url"),
        ("distribution", {"events": None}, "events"),
        ("cloudevents", {"source": "nowhere", "data": {}, "subject": ""}, "data"),
        ("pubsub", {"message": {"data": "no base64"}}, "message.data"),
        ("acr", {"target": None}, "target"),
    ],
)
def test_what_can_not_be_read_is_named(name: str, payload: dict[str, Any], field: str) -> None:
    """GIVEN a payload that is not what the registry documents, the error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        read_registry(sent(name, payload=payload), WORD)
    assert field == caught.value.field


def test_an_unknown_kind_is_told_which_there_are() -> None:
    """GIVEN a type that nobody knows, the answer lists those that are known."""
    with pytest.raises(ConfigurationError, match=r"quay\.io"):
        read_registry(sent("quay", query={"type": "nexus"}), WORD)
