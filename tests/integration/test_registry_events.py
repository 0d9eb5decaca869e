"""What registries tell, through the function `webhook` as Lambda calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.images.updaters import declare_updater
from mooring.model.imageannotations import IMAGE_LIST
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.deployed import Deployed, deployed
from tests.doubles.hooksamples import SECRETS, event

IMAGES = {
    "dockerhub": "shop/payments",
    "quay": "quay.io/shop/payments",
    "harbor": "harbor.example.com/shop/payments",
    "distribution": "registry.example.com/shop/payments",
    "gitlab": "registry.example.com/shop/payments",
    "acr": "shop.azurecr.io/shop/payments",
    "cloudevents": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/payments",
    "pubsub": "europe-docker.pkg.dev/shop/images/payments",
    "ghcr": "ghcr.io/shop/payments",
}
KNOWN = SECRETS | {"webhook.registry.secret": ("a-secret-for-samples",)}


@dataclass(frozen=True, slots=True)
class Intake:
    """The function, and what is behind it."""

    function: Deployed
    asking: AskPorts

    def use(self, image: str, name: str = "shop") -> None:
        """An application that has an image kept up to date."""
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "annotations": {IMAGE_LIST: f"app={image}:1.x"}},
            "spec": {
                "source": {"repoURL": "https://git.test/shop.git", "path": "k8s"},
                "destination": {"name": "in-cluster", "namespace": "shop"},
            },
        }
        declare(self.asking, document, "ada")

    def send(self, name: str) -> tuple[int, Any]:
        answer = self.function.handler(event(f"registry-{name}"), None)
        return answer["statusCode"], json.loads(answer["body"])

    def take(self) -> list[dict[str, Any]]:
        """What was queued for `images`."""
        sqs, url = self.function.sqs, self.function.queues["images"]
        return [
            json.loads(each["Body"])
            for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        ]


@pytest.fixture
def intake() -> Iterator[Intake]:
    with deployed("webhook", {"WEBHOOK": KNOWN}, ("RENDERS", "IMAGES", "LATER")) as function:
        registry = Registry(function.table, SecretStore(function.secrets), "mooring")
        queues = Queues(function.sqs, {**function.queues, "syncs": function.queues["renders"]})
        yield Intake(function, AskPorts(Applications(function.table), queues, time.time, registry))


@pytest.mark.parametrize("name", IMAGES)
def test_who_uses_an_image_is_looked_at(intake: Intake, name: str) -> None:
    """GIVEN an application that uses an image WHEN its registry tells of a push THEN images of it are looked at."""
    intake.use(IMAGES[name])
    intake.use("nginx", "other")
    assert (202, {"status": "queued", "applications": ["argocd/shop"]}) == intake.send(name)
    (message,) = intake.take()
    assert "image" == message["cause"]["kind"]
    assert message["images"][0].endswith("/payments")
    (told,) = Deliveries(intake.function.table).last()
    assert ("queued", 1, "payments:v1.3.0") == (told.outcome, told.concerned, told.refs[0])


def test_an_image_that_nobody_uses_starts_nothing(intake: Intake) -> None:
    """GIVEN no application that uses it, a push is written down and nothing else happens."""
    intake.use("nginx")
    assert (200, "ignored") == (lambda answer: (answer[0], answer[1]["status"]))(intake.send("quay"))
    assert [] == intake.take()


def test_a_delivery_with_an_id_counts_once(intake: Intake) -> None:
    """GIVEN a registry that numbers its deliveries, one that is sent again does nothing; one that doesn't is believed
    each time.
    """
    intake.use(IMAGES["acr"])
    intake.use(IMAGES["quay"], "other")
    assert [202, 200] == [intake.send("acr")[0] for _ in range(2)]
    assert [202, 202] == [intake.send("quay")[0] for _ in range(2)]


def test_amazon_needs_no_word(intake: Intake) -> None:
    """GIVEN an event of ECR over EventBridge, who uses the image is looked at, once."""
    intake.use(IMAGES["cloudevents"])
    told = event("registry-ecr")
    assert {"status": "queued"} == intake.function.handler(told, None)
    assert {"status": "duplicate"} == intake.function.handler(told, None)
    assert 1 == len(intake.take())


def test_a_resource_may_use_any_image(intake: Intake) -> None:
    """GIVEN an ImageUpdater for a namespace, its applications are looked at whatever they are annotated with."""
    intake.use("nginx")
    refs = [{"namePattern": "*", "images": [{"alias": "app", "imageName": "quay.io/shop/payments:1.x"}]}]
    document = {
        "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
        "kind": "ImageUpdater",
        "metadata": {"name": "all", "namespace": "argocd"},
        "spec": {"applicationRefs": refs},
    }
    declare_updater(intake.asking, document, "ada")
    assert 202 == intake.send("quay")[0]


def test_what_is_not_proven_is_refused(intake: Intake) -> None:
    """GIVEN another word, the answer is 401, and the refusal is shown among the deliveries."""
    sent = event("registry-quay")
    sent["queryStringParameters"]["secret"] = "another"
    assert 401 == intake.function.handler(sent, None)["statusCode"]
    (told,) = Deliveries(intake.function.table).last()
    assert ("refused", "quay.io") == (told.outcome, told.provider)
