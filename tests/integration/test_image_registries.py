"""Images in a real registry: what is read of them, and what is planned from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from local.tools import ensure
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.images.planning import Plan, Tended, plan_updates
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import Memory, ProcessMemory
from mooring.model.application import AppKey
from mooring.model.imageannotations import PREFIX, parse_annotations
from mooring.model.imagenames import parse_image, parse_name
from mooring.model.imageregistries import RegistryEndpoint
from mooring.model.imagesettings import Platform, PullSecret
from mooring.model.source import Source
from mooring.source.charts_credentials import ChartCredential
from mooring.source.gokit import GoKit
from tests.doubles.realregistry import PASSWORD, USER, RealRegistry, real_registry

SOURCE = Source("https://git.example/shop.git", path="web", target_revision="main")
RELEASED = r"regexp:^v[0-9]+\.[0-9]+\.[0-9]+$"


class NoLogins:
    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        return None

    def named(self, name: str) -> str | None:
        return None


class Secrets:
    def __init__(self, registry: str) -> None:
        self.registry = registry

    def read(self, secret: PullSecret) -> Mapping[str, str]:
        return {"login": f"{USER}:{PASSWORD}", "old": f"{USER}:wrong", "registry": self.registry}


@pytest.fixture(scope="module")
def asker() -> GoKit:
    return GoKit(str(ensure(("gokit",), print)["gokit"]))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with real_registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with real_registry(tmp_path_factory.mktemp("closed"), asks=True) as started:
        started.push("shop/web", "v1.0.0")
        yield started


def images_of(*registries: RealRegistry) -> ImageRegistries:
    endpoints = [RegistryEndpoint(each.host, each.host, plain=True, limit=0) for each in registries]
    return ImageRegistries(NoLogins(), endpoints=endpoints, pull_secrets=Secrets(registries[0].host))


@pytest.fixture
def plan(registry: RealRegistry, asker: GoKit) -> Callable[..., Plan]:
    def make(
        annotations: Mapping[str, str],
        *running: str,
        memory: Memory | None = None,
        images: ImageRegistries | None = None,
    ) -> Plan:
        declared = parse_annotations({f"{PREFIX}{key}": value for key, value in annotations.items()})
        assert declared is not None
        tended = Tended(
            AppKey("argocd", "web"), declared, tuple(parse_image(each, field="") for each in running), (SOURCE,)
        )
        return plan_updates([tended], images or images_of(registry), asker.ask, memory or ProcessMemory())

    return make


def test_what_a_registry_says_of_an_image(registry: RealRegistry) -> None:
    """Tags, digest, time, platform and labels are those of the image that was pushed."""
    digest = registry.push(
        "read/web", "v1", "latest", created="2026-02-03T04:05:06.789Z", platform="linux/arm64/v8", labels={"a": "b"}
    )
    images, name = images_of(registry), parse_name(f"{registry.host}/read/web", field="")
    assert {"latest", "v1"} == set(images.tags(name))
    assert digest == images.digest(name, "v1")
    seen = images.inspect(name, "v1")
    assert (digest, 1770091506.789) == (seen.digest, seen.created)
    assert (Platform("linux", "arm64", "v8"),) == seen.platforms
    assert {"a": "b"} == seen.labels


def test_an_index_is_one_image_for_several_platforms(registry: RealRegistry) -> None:
    """GIVEN an index with an attestation WHEN it is read THEN its digest is the index's, its platforms those of images."""
    digest = registry.push_index("index/web", "v1", platforms=("linux/amd64", "linux/arm64"))
    images, name = images_of(registry), parse_name(f"{registry.host}/index/web", field="")
    assert digest == images.digest(name, "v1")
    assert (Platform("linux", "amd64"), Platform("linux", "arm64")) == images.inspect(name, "v1").platforms
    assert digest == images.inspect(name, digest).digest


def test_an_image_with_several_tags_is_opened_once(registry: RealRegistry) -> None:
    """GIVEN one image under three tags THEN its configuration is read for the first, and manifests for all."""
    registry.push("tags/web", "v1.0.0", "v1.0", "v1")
    images, name = images_of(registry), parse_name(f"{registry.host}/tags/web", field="")
    assert 1 == len({images.inspect(name, tag).digest for tag in ("v1.0.0", "v1.0", "v1")})
    assert 4 == images.pacing.requests


def test_tags_come_in_pages(registry: RealRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of tags that takes several pages is read to its end."""
    monkeypatch.setattr("mooring.source.distribution._PAGE", 3)
    tags = {f"v1.{number}.0" for number in range(10)}
    registry.push("pages/web", *tags)
    images = images_of(registry)
    assert tags == set(images.tags(parse_name(f"{registry.host}/pages/web", field="")))
    assert 4 <= images.pacing.requests


def test_what_is_no_image_is_said_to_be_none(registry: RealRegistry) -> None:
    """A chart's configuration is no image's, and a tag that isn't there is named."""
    registry.push_chart("chart/web", "1.0.0")
    images, name = images_of(registry), parse_name(f"{registry.host}/chart/web", field="")
    with pytest.raises(ConfigurationError, match="does not answer as a registry does"):
        images.inspect(name, "1.0.0")
    with pytest.raises(ConfigurationError, match="chart/web:2.0.0: does not exist"):
        images.digest(name, "2.0.0")


def test_a_registry_that_asks_gets_the_login_that_the_image_names(closed: RealRegistry) -> None:
    """A wrong login and none at all are refused in words; the right one is asked for once, whatever is read."""
    name = parse_name(f"{closed.host}/shop/web", field="")
    with pytest.raises(ForbiddenError, match="none is stored"):
        images_of(closed).tags(name)
    with pytest.raises(ForbiddenError, match="the stored credential is refused"):
        images_of(closed).tags(name, PullSecret("shop", "registry", "old"))
    images = images_of(closed)
    assert ("v1.0.0",) == images.tags(name, PullSecret("shop", "registry", "login"))
    assert images.digest(name, "v1.0.0", PullSecret("shop", "registry", "login")).startswith("sha256:")
    assert 3 == images.pacing.requests


def test_releases_deploy_and_nothing_else_does(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN the story's image WHEN v1.3.0 is pushed among other tags THEN that one is deployed; QA follows its own."""
    image = f"{registry.host}/my-service"
    settings = {"image-list": f"app={image}", "app.allow-tags": RELEASED, "write-back-method": "git"}
    registry.push("my-service", "v1.2.0")
    assert (0, 1) == (len(plan(settings, f"{image}:v1.2.0").updates), plan(settings, f"{image}:v1.2.0").current)
    registry.push("my-service", "qa-v1.0.7", "latest", "v2.0.0-rc1")
    assert () == plan(settings, f"{image}:v1.2.0").updates
    registry.push("my-service", "v1.3.0")
    (update,) = plan(settings, f"{image}:v1.2.0").updates
    assert ("app", "v1.2.0", "v1.3.0", "") == (update.alias, update.old_tag, update.new_tag, update.new_digest)
    assert f"{image}:v1.3.0" == update.new.text
    assert ("main", "web/.argocd-source-web.yaml") == (update.target.base, update.target.path)
    assert "v1.3.0 is the highest of 2" in update.why
    qa = {"image-list": f"app={image}", "app.allow-tags": r"regexp:^qa-v1\.0\.", "app.update-strategy": "alphabetical"}
    assert ["qa-v1.0.7"] == [each.new_tag for each in plan(qa, f"{image}:qa-v1.0.6").updates]


def test_the_newest_build_is_found_once(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN tags in no order and a chart WHEN the newest is asked for again THEN what was read isn't read again."""
    image = f"{registry.host}/built"
    registry.push("built", "f00", created="2026-03-01T00:00:00Z")
    registry.push("built", "bee", created="2026-03-03T00:00:00Z")
    registry.push("built", "abc", created="2026-03-02T00:00:00Z")
    registry.push_chart("built", "1.0.0")
    settings, memory = {"image-list": f"app={image}", "app.update-strategy": "latest"}, ProcessMemory()
    first = plan(settings, f"{image}:abc", memory=memory)
    assert ["bee"] == [each.new_tag for each in first.updates]
    assert 1 + 4 * 2 + 1 == first.requests  # the list, manifests with configurations, a last look
    second = plan(settings, f"{image}:bee", memory=memory)
    assert (1, 1) == (second.current, second.requests)
    registry.push("built", "cab", created="2026-03-04T00:00:00Z")
    assert ["cab"] == [each.new_tag for each in plan(settings, f"{image}:bee", memory=memory).updates]


def test_a_tag_that_was_pushed_again_is_looked_at_again(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN a remembered tag that leads elsewhere by now WHEN it would be chosen THEN its new time decides."""
    image, memory = f"{registry.host}/again", ProcessMemory()
    settings = {"image-list": f"app={image}", "app.update-strategy": "newest-build"}
    registry.push("again", "one", created="2026-03-05T00:00:00Z")
    registry.push("again", "two", created="2026-03-04T00:00:00Z")
    assert 1 == plan(settings, f"{image}:one", memory=memory).current
    registry.push("again", "one", created="2026-03-01T00:00:00Z")
    assert ["two"] == [each.new_tag for each in plan(settings, f"{image}:old", memory=memory).updates]


def test_a_followed_tag_is_written_with_its_digest(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN the strategy digest THEN one HEAD decides, and a container without or with another digest is updated."""
    image = f"{registry.host}/followed"
    digest = registry.push("followed", "dev")
    settings = {"image-list": f"app={image}:dev", "app.update-strategy": "digest"}
    found = plan(settings, f"{image}:dev")
    assert [("dev", digest)] == [(each.new_tag, each.new_digest) for each in found.updates]
    assert 1 == found.requests
    assert 1 == plan(settings, f"{image}:dev@{digest}").current
    again = registry.push("followed", "dev", created="2026-04-01T00:00:00Z")
    (update,) = plan(settings, f"{image}:dev@{digest}").updates
    assert (digest, again) == (update.old_digest, update.new_digest)


def test_only_images_for_all_platforms_are_chosen(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN a newest version for one platform only THEN the highest that runs on all of them is chosen."""
    image = f"{registry.host}/platforms"
    registry.push_index("platforms", "1.0.0", "1.1.0", platforms=("linux/amd64", "linux/arm64"))
    registry.push("platforms", "1.2.0", platform="linux/amd64")
    settings = {"image-list": f"app={image}", "app.platforms": "linux/amd64, linux/arm64"}
    assert ["1.1.0"] == [each.new_tag for each in plan(settings, f"{image}:1.0.0").updates]
    (note,) = plan({**settings, "app.platforms": "windows/amd64"}, f"{image}:0.9").notes
    assert "is an image for windows/amd64" in note.message


def test_what_is_wrong_with_one_image_is_a_note_about_it(registry: RealRegistry, plan: Callable[..., Plan]) -> None:
    """GIVEN an image that exists and some that can't be judged THEN the first is updated and the others are explained."""
    host = registry.host
    registry.push("notes/good", "1.0.0")
    settings = {
        "image-list": f"good={host}/notes/good, gone={host}/notes/gone, bad={host}/notes/good:no range, "
        f"odd={host}/notes/good, idle={host}/notes/idle",
        "odd.allow-tags": "regexp:(",
    }
    found = plan(settings, *(f"{host}/notes/{each}:0.1.0" for each in ("good", "gone")))
    assert ["good"] == [each.alias for each in found.updates]
    messages = {each.alias: each.message for each in found.notes}
    assert {"gone", "bad", "odd", "idle"} == set(messages)
    assert "does not exist" in messages["gone"]
    assert "image-list: 'no range' can't be used" in messages["bad"]
    assert "allow-tags: '(' can't be used" in messages["odd"]
    assert "is not among the images" in messages["idle"]
