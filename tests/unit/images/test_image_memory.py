"""What is remembered of images, and the logins that they name."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest

from mooring.errors import ConfigurationError
from mooring.images.logins import KeptPullSecrets, login
from mooring.images.remembering import BucketMemory, Facts, ProcessMemory
from mooring.images.running import running_images
from mooring.model.imagesettings import PullSecret
from mooring.state.secret_store import SecretStore

WEB = "ghcr.io/shop/web"
FACTS = {"v1": Facts("sha256:1", 1.5, ("linux/amd64", "linux/arm64/v8")), "chart": Facts("", -1.0, ())}


def docker(**entries: Any) -> dict[str, str]:
    return {".dockerconfigjson": json.dumps({"auths": {key.replace("__", "/"): each for key, each in entries.items()}})}


def basic(pair: str) -> dict[str, str]:
    return {"auth": base64.b64encode(pair.encode()).decode()}


def test_facts_outlive_the_process(aws: str) -> None:
    """GIVEN facts of a repository WHEN another function reads them THEN they are the same; others have none."""
    client = boto3.client("s3", endpoint_url=aws)
    client.create_bucket(Bucket="facts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    BucketMemory(client, "facts").save(WEB, FACTS)
    memory = BucketMemory(client, "facts")
    assert FACTS == memory.load(WEB)
    assert {} == memory.load("ghcr.io/shop/api")


def test_facts_that_can_t_be_read_are_none(aws: str) -> None:
    """GIVEN damage, or no bucket at all THEN everything is asked of the registry again, and nothing fails."""
    client = boto3.client("s3", endpoint_url=aws)
    client.create_bucket(Bucket="damaged", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    memory = BucketMemory(client, "damaged")
    memory.save(WEB, FACTS)
    (key,) = [each["Key"] for each in client.list_objects_v2(Bucket="damaged")["Contents"]]
    client.put_object(Bucket="damaged", Key=key, Body=b"damaged")
    assert {} == memory.load(WEB)
    nowhere = BucketMemory(client, "nowhere-at-all")
    nowhere.save(WEB, FACTS)
    assert {} == nowhere.load(WEB)


def test_a_process_remembers_by_itself() -> None:
    """What is loaded is a copy: changing it changes nothing that is kept."""
    memory = ProcessMemory()
    memory.save(WEB, FACTS)
    memory.load(WEB).clear()
    assert FACTS == memory.load(WEB)


def test_a_pull_secret_is_kept_in_secrets_manager(aws: str) -> None:
    """GIVEN a Secret's keys under the prefix THEN the image that names it gets its login."""
    client = boto3.client("secretsmanager", endpoint_url=aws)
    client.create_secret(
        Name="mooring/pull-secrets/shop/registry",
        SecretString=json.dumps({"login": "robot:s3c:ret", "registry": "ghcr.io/shop"}),
    )
    secret = PullSecret("shop", "registry", "login")
    found = login(secret, KeptPullSecrets(SecretStore(client), "mooring").read(secret), WEB)
    assert ("robot", "s3c:ret") == (found.username, found.password)
    assert "s3c" not in repr(found)


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("ghcr.io/shop/web", "part"),
        ("ghcr.io/shops/web", "all"),
        ("docker.io/library/nginx", "hub"),
        ("quay.io/x", "plain"),
    ],
)
def test_the_longest_address_of_a_docker_configuration_counts(repository: str, user: str) -> None:
    """As Kubernetes chooses ("Images", Interpretation of config.json), with Docker Hub by its old address."""
    config = {
        "https://index.docker.io/v1/": basic("hub:x"),
        "ghcr.io": basic("all:x"),
        "https://ghcr.io/shop": basic("part:x"),
        "quay.io": {"username": "plain", "password": "x"},
    }
    values = {".dockerconfigjson": json.dumps({"auths": config})}
    assert user == login(PullSecret("a", "b"), values, repository).username


@pytest.mark.parametrize(
    ("secret", "values", "message"),
    [
        (PullSecret("a", "b"), {}, "has no key .dockerconfigjson"),
        (PullSecret("a", "b", "x"), {"x": "s3cret", "registry": "ghcr.io"}, "must hold user:password"),
        (PullSecret("a", "b", "x"), {"x": "user:s3\ncret", "registry": "ghcr.io"}, "must hold user:password"),
        (PullSecret("a", "b", "x"), {"x": "user:s3cret"}, "must have a key registry"),
        (PullSecret("a", "b", "x"), {"x": "user:s3cret", "registry": "ghcr.io/sho"}, "not for this"),
        (PullSecret("a", "b"), {".dockerconfigjson": "s3cret"}, "no Docker configuration"),
        (PullSecret("a", "b"), {".dockerconfigjson": "[]"}, "no Docker configuration"),
        (PullSecret("a", "b"), docker(), "no login for ghcr.io"),
        (PullSecret("a", "b"), docker(**{"ghcr.io": {"auth": "s3cret!"}}), "no base64"),
        (PullSecret("a", "b"), docker(**{"ghcr.io": {}}), "must hold user:password"),
    ],
)
def test_a_secret_that_holds_no_login_is_named_and_never_quoted(
    secret: PullSecret, values: dict[str, str], message: str
) -> None:
    """What to mend is said without what is in it."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        login(secret, values, WEB)
    assert "s3" not in str(caught.value)


def test_the_images_of_a_bundle_are_those_of_its_containers() -> None:
    """Pods, pod templates and Jobs of CronJobs count, each image once; what has no containers doesn't matter."""
    pod = {
        "initContainers": [{"image": "init:1"}],
        "containers": [{"image": "web:1"}, {"image": "web:1"}, {"name": "x"}],
    }
    found = running_images(
        [
            {"kind": "Deployment", "spec": {"template": {"spec": pod}}},
            {"kind": "Pod", "spec": {"containers": [{"image": "ghcr.io/a/b@sha256:" + "0" * 64}]}},
            {
                "kind": "CronJob",
                "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "job"}]}}}}},
            },
            {"kind": "ConfigMap", "data": {"image": "no"}},
            {"kind": "Odd", "spec": {"template": "text", "containers": {"image": "x"}}},
            {"kind": "Pod", "spec": {"containers": [{"image": "Not An Image"}, "text"]}},
        ]
    )
    assert ["init:1", "job", "web:1", "ghcr.io/a/b@sha256:" + "0" * 64] == [each.text for each in found]
