"""Plans in the cases that a registry alone doesn't make: renamed images, many tags, registries that sort by time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from mooring.images import deciding
from mooring.images.planning import Plan, Tended, plan_updates
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import ProcessMemory
from mooring.model.application import AppKey
from mooring.model.imageannotations import PREFIX, parse_annotations
from mooring.model.imagenames import ImageName, parse_image
from mooring.model.imageregistries import Order, RegistryEndpoint
from mooring.model.source import Source
from mooring.source.charts_credentials import ChartCredential
from mooring.source.charts_http import Answer, Web
from mooring.source.gokit import GoKit
from mooring.source.oci_auth import EcrPasswords
from tests.doubles.ociregistry import OciRegistry

SOURCE = Source("https://git.example/shop.git", path="web", target_revision="main")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


class Nobody:
    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        return None

    def named(self, name: str) -> str | None:
        return None


@pytest.fixture
def registry() -> Iterator[OciRegistry]:
    with OciRegistry() as started:
        yield started


def push(registry: OciRegistry, *tags: str, created: str = "2026-01-01T00:00:00Z", name: str = "web") -> None:
    for tag in tags:
        config = json.dumps({"created": created, "os": "linux", "architecture": "amd64", "tag": tag}).encode()
        registry.put(name, "config", config, media_type="x")
        (digest,) = [each for each, content in registry.blobs.items() if content == config]
        manifest = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": digest},
            "layers": [],
        }
        registry.put_manifest(name, tag, json.dumps(manifest).encode())
    registry.tags[name].remove("config")


def plan(
    registry: OciRegistry,
    gokit: GoKit,
    settings: dict[str, str],
    *running: str,
    memory: ProcessMemory | None = None,
    order: Order = "",
) -> Plan:
    declared = parse_annotations(
        {f"{PREFIX}{key}": each.replace("HOST", registry.host) for key, each in settings.items()}
    )
    assert declared is not None
    runs = tuple(parse_image(each.replace("HOST", registry.host), field="") for each in running)
    endpoint = RegistryEndpoint(registry.host, registry.host, plain=True, limit=0, order=order)
    tended = Tended(AppKey("argocd", "web"), declared, runs, (SOURCE,))
    registries = ImageRegistries(Nobody(), endpoints=[endpoint])
    return plan_updates([tended], registries, gokit.ask, memory or ProcessMemory())


def test_an_image_of_another_registry_takes_the_place_of_the_one_that_runs(registry: OciRegistry, gokit: GoKit) -> None:
    """GIVEN kustomize.image-name THEN what runs under that name is updated, even with the same tag."""
    push(registry, "1.0.0")
    settings = {"image-list": "app=HOST/web", "app.kustomize.image-name": "quay.io/shop/web"}
    (update,) = plan(registry, gokit, settings, "quay.io/shop/web:1.0.0").updates
    assert (f"{registry.host}/web:1.0.0", "1.0.0") == (update.new.text, update.old_tag)
    assert ImageName("quay.io", "shop/web") == update.keys.kustomize_name
    assert 1 == plan(registry, gokit, settings, "HOST/web:1.0.0").current


def test_an_image_that_doesn_t_run_is_updated_where_that_is_forced(registry: OciRegistry, gokit: GoKit) -> None:
    """GIVEN force-update THEN the old tag is empty; without it the image is left out and named."""
    push(registry, "1.0.0")
    settings = {"image-list": "app=HOST/web"}
    assert ["is not among the images that the application runs"] == [
        each.message for each in plan(registry, gokit, settings).notes
    ]
    (update,) = plan(registry, gokit, {**settings, "app.force-update": "true"}).updates
    assert ("", "1.0.0") == (update.old_tag, update.new_tag)


def test_all_containers_of_an_image_count(registry: OciRegistry, gokit: GoKit) -> None:
    """GIVEN two containers of which one is behind THEN there is an update from its tag."""
    push(registry, "1.0.0", "1.1.0")
    (update,) = plan(registry, gokit, {"image-list": "app=HOST/web"}, "HOST/web:1.1.0", "HOST/web:1.0.0").updates
    assert ("1.0.0", "1.1.0") == (update.old_tag, update.new_tag)
    digest = f"sha256:{'0' * 64}"
    assert 1 == plan(registry, gokit, {"image-list": "app=HOST/web"}, f"HOST/web:1.1.0@{digest}").current


@pytest.mark.parametrize(("order", "tag"), [("latest-first", "a"), ("latest-last", "c")])
def test_a_registry_that_sorts_by_time_is_taken_at_its_word(
    registry: OciRegistry, gokit: GoKit, order: Order, tag: str
) -> None:
    """GIVEN tagsortmode THEN newest-build asks for the list alone."""
    push(registry, "a", "b", "c")
    registry.taken()
    settings = {"image-list": "app=HOST/web", "app.update-strategy": "newest-build"}
    assert [tag] == [each.new_tag for each in plan(registry, gokit, settings, "HOST/web:b", order=order).updates]
    assert [("GET", "/v2/web/tags/list", 200)] == registry.taken()


def test_very_many_new_tags_are_read_in_several_runs(
    registry: OciRegistry, gokit: GoKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN more than one run reads THEN nothing is decided before all are read, and each is read once."""
    monkeypatch.setattr(deciding, "_MOST_NEW", 2)
    push(registry, "a", "b", "c", "d")
    push(registry, "e", created="2026-02-01T00:00:00Z")
    settings, memory = {"image-list": "app=HOST/web", "app.update-strategy": "newest-build"}, ProcessMemory()
    for unread in (3, 1):
        found = plan(registry, gokit, settings, "HOST/web:a", memory=memory)
        assert [(f"{unread} of 5 tags are still to be read; narrow them by allow-tags", True)] == [
            (each.message, each.transient) for each in found.notes
        ]
        assert () == found.updates
    assert ["e"] == [each.new_tag for each in plan(registry, gokit, settings, "HOST/web:a", memory=memory).updates]


def test_tags_that_are_gone_are_forgotten(registry: OciRegistry, gokit: GoKit) -> None:
    """What is kept of a repository doesn't grow for ever."""
    push(registry, "a", "b")
    settings, memory = {"image-list": "app=HOST/web", "app.update-strategy": "newest-build"}, ProcessMemory()
    plan(registry, gokit, settings, "HOST/web:a", memory=memory)
    registry.tags["web"] = []
    push(registry, "c")
    plan(registry, gokit, settings, "HOST/web:a", memory=memory)
    assert {"c"} == set(memory.load(f"{registry.host}/web"))


def test_a_registry_that_stops_half_way_says_when_it_goes_on(registry: OciRegistry, gokit: GoKit) -> None:
    """GIVEN no more reads in this window THEN the note is about that, with its time, and nothing is decided."""
    push(registry, "a", "b")
    registry.remaining = "0;w=600"
    settings = {"image-list": "app=HOST/web", "app.update-strategy": "newest-build"}
    for number in range(20):
        push(registry, f"t{number}")
    (note,) = plan(registry, gokit, settings, "HOST/web:a").notes
    assert note.transient and note.retry_after is not None and 590 < note.retry_after <= 600


def test_amazon_s_registries_get_the_role_s_password(aws: str) -> None:
    """GIVEN an image in ECR and no stored login THEN the password that ECR gives is what its registry gets."""
    sent: list[str] = []

    class Amazon(Web):
        def get(self, url: str, **more: object) -> Answer:  # type: ignore[override]
            sent.append(str(more["authorization"]))
            if not more["authorization"]:
                return Answer(401, {"www-authenticate": 'Basic realm="ecr"'}, b"", "", url)
            return Answer(200, {}, b'{"tags": ["v1"]}', "", url)

    ecr = EcrPasswords(lambda region: boto3.client("ecr", region_name=region, endpoint_url=aws))
    registries = ImageRegistries(Nobody(), ecr=ecr, web=Amazon(), guard=lambda url: None)
    assert ("v1",) == registries.tags(ImageName(ECR, "web"))
    assert "" == sent[0] and sent[1].startswith("Basic ")
    assert ("v1",) == registries.tags(ImageName(ECR, "api"))
    assert 3 == len(sent)
