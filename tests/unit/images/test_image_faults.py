"""Registries that ask for tokens, have had enough, or answer what they shouldn't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mooring.errors import ConfigurationError, ThrottledError, UnreachableError
from mooring.images.pacing import Politeness
from mooring.images.registries import ImageRegistries
from mooring.model.imagenames import ImageName
from mooring.model.imageregistries import RegistryEndpoint
from mooring.source.charts_credentials import ChartCredential
from mooring.source.charts_http import Answer
from mooring.source.charts_places import Place
from tests.doubles.ociregistry import OciRegistry

INDEX = "application/vnd.oci.image.index.v1+json"


class Logins:
    def __init__(self, registry: OciRegistry) -> None:
        self.registry = registry
        self.asked: list[str] = []

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        self.asked.append(url)
        return ChartCredential(url, username=self.registry.user, password=self.registry.password)

    def named(self, name: str) -> str | None:
        return None


@pytest.fixture
def registry() -> Iterator[OciRegistry]:
    with OciRegistry() as started:
        for name in ("shop/web", "shop/api"):
            started.put(name, "v1", b"layer", media_type="application/vnd.oci.image.layer.v1.tar")
        yield started


def images(registry: OciRegistry, pacing: Politeness | None = None) -> ImageRegistries:
    endpoint = RegistryEndpoint(registry.host, registry.host, plain=True, limit=0)
    return ImageRegistries(Logins(registry), endpoints=[endpoint], pacing=pacing)


def name(registry: OciRegistry, path: str = "shop/web") -> ImageName:
    return ImageName(registry.host, path)


def test_a_token_is_asked_for_once_a_repository_and_its_registry_once_at_all(registry: OciRegistry) -> None:
    """GIVEN a registry with tokens THEN only the first request to it is made without one."""
    registry.asks = "bearer"
    ours = images(registry)
    ours.tags(name(registry))
    ours.digest(name(registry), "v1")
    ours.tags(name(registry, "shop/api"))
    assert [
        ("GET", "/v2/shop/web/tags/list", 401),
        ("GET", "/token", 200),
        ("GET", "/v2/shop/web/tags/list", 200),
        ("HEAD", "/v2/shop/web/manifests/v1", 200),
        ("GET", "/token", 200),
        ("GET", "/v2/shop/api/tags/list", 200),
    ] == registry.taken()


def test_a_registry_that_has_had_enough_is_left_alone(registry: OciRegistry) -> None:
    """GIVEN 429 with Retry-After THEN nothing more is asked until then, and everything again afterwards."""
    now = [1000.0]
    ours = images(registry, Politeness({}, 0, now=lambda: now[0]))
    registry.refusing = (429, {"Retry-After": "30"})
    with pytest.raises(ThrottledError) as caught:
        ours.tags(name(registry))
    assert 30 == caught.value.retry_after
    registry.refusing = None
    registry.taken()
    now[0] += 10
    with pytest.raises(ThrottledError, match="wants no more requests for 20 s"):
        ours.digest(name(registry, "shop/api"), "v1")
    assert [] == registry.taken()
    now[0] += 21
    assert ("v1",) == ours.tags(name(registry))


def test_the_last_reads_of_a_window_are_left_to_others(registry: OciRegistry) -> None:
    """GIVEN ratelimit-remaining near its end THEN no manifest is read in that window; what costs nothing goes on."""
    now = [1000.0]
    ours = images(registry, Politeness({}, 0, now=lambda: now[0]))
    registry.remaining = "76;w=21600"
    ours.inspect(name(registry), "v1")
    registry.remaining = "10;w=21600"
    ours.inspect(name(registry), "v1")
    with pytest.raises(ThrottledError):
        ours.inspect(name(registry), "v1")
    assert ("v1",) == ours.tags(name(registry))
    assert ours.digest(name(registry), "v1")
    now[0] += 3601  # the window is long, but nobody waits for more than an hour before asking again
    registry.remaining = "100;w=21600"
    assert ours.inspect(name(registry), "v1")


def test_requests_are_held_to_what_an_administrator_set() -> None:
    """GIVEN 2 requests a second THEN a second's may come at once, and the next wait for their turn."""
    slept: list[float] = []
    pace = Politeness({"registry": 2.0}, 0, now=lambda: 100.0, sleep=slept.append)
    for _ in range(5):
        pace.admit(Place("oci", "registry", "web", "registry/web"))
    assert [0.5, 1.0] == slept
    for _ in range(100):
        pace.admit(Place("oci", "another", "web", "another/web"))
    assert [0.5, 1.0] == slept


def test_a_pause_without_a_time_is_a_minute() -> None:
    """A date or nothing in Retry-After means a minute."""
    now = [0.0]
    pace, place = Politeness({}, 0, now=lambda: now[0]), Place("oci", "registry", "web", "registry/web")
    pace.heard(place, Answer(429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", "", ""))
    now[0] = 59.0
    with pytest.raises(ThrottledError):
        pace.admit(place)
    now[0] = 61.0
    pace.admit(place)


def test_a_registry_that_keeps_digests_to_itself_is_read(registry: OciRegistry) -> None:
    """GIVEN no Docker-Content-Digest THEN the manifest's own bytes say it."""
    told = images(registry).digest(name(registry), "v1")
    registry.silent = True
    assert told == images(registry).digest(name(registry), "v1")


def test_bytes_that_aren_t_what_their_digest_says_are_refused(registry: OciRegistry) -> None:
    """GIVEN an index whose member has other bytes THEN nothing is made of it, and it is tried again."""
    digest = f"sha256:{'0' * 64}"
    member = f'{{"digest": "{digest}", "platform": {{"os": "linux", "architecture": "amd64"}}}}'
    registry.put_manifest("shop/web", "odd", f'{{"mediaType": "{INDEX}", "manifests": [{member}]}}'.encode())
    registry.manifests["shop/web", digest] = (INDEX, b'{"config": {}}')
    with pytest.raises(UnreachableError, match="has other bytes than its digest says"):
        images(registry).inspect(name(registry), "odd")


@pytest.mark.parametrize("body", [b"[]", b"<html>", b'{"tags": {"v1": 1}}'])
def test_what_is_no_list_of_tags_is_said_to_be_none(registry: OciRegistry, body: bytes) -> None:
    """A portal or a proxy in the registry's place is named as such."""
    registry._list = lambda *_: (200, {}, body)  # type: ignore[method-assign]
    with pytest.raises(ConfigurationError, match="does not answer as a registry does|no usable list of tags"):
        images(registry).tags(name(registry))


def test_a_registry_inside_of_this_machine_is_not_asked(registry: OciRegistry) -> None:
    """GIVEN an image on loopback and no settings for it THEN no request is made; with settings it is asked."""
    ours = ImageRegistries(Logins(registry))
    with pytest.raises(ConfigurationError, match="inside of this machine"):
        ours.tags(name(registry))
    assert [] == registry.taken()
    assert ("v1",) == images(registry).tags(name(registry))


def test_logins_are_looked_for_by_the_name_that_people_write(registry: OciRegistry) -> None:
    """GIVEN Docker Hub by its short name THEN its login is the one of docker.io, wherever its API is."""
    logins = Logins(registry)
    hub = RegistryEndpoint("docker.io", registry.host, namespace="shop", default=True, plain=True, limit=0)
    assert ("v1",) == ImageRegistries(logins, endpoints=[hub]).tags(ImageName("", "web"))
    assert {"oci://docker.io/shop/web"} == set(logins.asked)
