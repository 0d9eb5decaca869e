"""Registries with settings of their own, and where an image's name leads."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.imagenames import ImageName
from mooring.model.imageregistries import RegistryEndpoint, Repository, locate, parse_registries
from mooring.model.imagesettings import PullSecret


def conf(**settings: Any) -> dict[str, Any]:
    return {"registries": [{"name": "One", "prefix": "quay.io", **settings}]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (ImageName("", "nginx"), Repository("docker.io/library/nginx", "registry-1.docker.io", "library/nginx")),
        (ImageName("docker.io", "shop/web"), Repository("docker.io/shop/web", "registry-1.docker.io", "shop/web")),
        (ImageName("ghcr.io", "web"), Repository("ghcr.io/web", "ghcr.io", "web")),
        (ImageName("localhost:5000", "a/b"), Repository("localhost:5000/a/b", "localhost:5000", "a/b")),
    ],
)
def test_a_name_says_where_its_registry_is(name: ImageName, expected: Repository) -> None:
    """Only Docker Hub's API is elsewhere ("When to configure a custom registry?")."""
    assert (expected, None) == locate(name, ())


def test_settings_of_the_longest_prefix_count() -> None:
    """GIVEN a registry and a part of it THEN an image has the settings of the part that it lies in, whole words only."""
    whole, part = parse_registries(
        {
            "registries": [
                {"name": "All", "prefix": "quay.io", "limit": 5},
                {"name": "Part", "prefix": "quay.io/team", "api_url": "http://mirror.example:8080", "defaultns": "x"},
            ]
        }
    )
    assert (Repository("quay.io/team/web", "mirror.example:8080", "team/web"), part) == locate(
        ImageName("quay.io", "team/web"), (whole, part)
    )
    assert whole == locate(ImageName("quay.io", "teams/web"), (whole, part))[1]
    assert (5.0, False, True) == (whole.limit, whole.plain, part.plain)


def test_a_default_registry_has_the_images_without_one() -> None:
    """GIVEN default and defaultns THEN `web` is there, and docker.io stays what it is."""
    (mirror,) = parse_registries(conf(default=True, defaultns="library"))
    assert (Repository("quay.io/library/web", "quay.io", "library/web"), mirror) == locate(
        ImageName("", "web"), [mirror]
    )
    assert (Repository("docker.io/library/web", "registry-1.docker.io", "library/web"), None) == locate(
        ImageName("docker.io", "web"), [mirror]
    )


def test_everything_that_can_be_said_of_a_registry_is_read() -> None:
    """What is about Image Updater's own caching is passed over."""
    settings = {"api_url": "https://quay.example:443/", "insecure": True, "ca_data": "-----BEGIN", "limit": 0,
                "tagsortmode": "latest-first", "credentials": "pullsecret:a/b", "credsexpire": "5h", "ping": True}  # fmt: skip
    assert (
        RegistryEndpoint(
            prefix="quay.io",
            host="quay.example",
            insecure=True,
            authority="-----BEGIN",
            limit=0.0,
            order="latest-first",
            pull_secret=PullSecret("a", "b"),
        ),
    ) == parse_registries(conf(**settings))
    (hub,) = parse_registries({"registries": [{"name": "Docker Hub", "prefix": "docker.io"}]})
    assert ("registry-1.docker.io", "library") == (hub.host, hub.namespace)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (conf(api_url="quay.io"), "registries[0].api_url"),
        (conf(api_url="https://host/api"), "registries[0].api_url"),
        (conf(ca_file="/app/ca.pem"), "registries[0].ca_file"),
        (conf(tagsortmode="newest"), "registries[0].tagsortmode"),
        (conf(limit=-1), "registries[0].limit"),
        (conf(credentials="env:X"), "registries[0].credentials"),
        (conf(what=1), "registries[0].what"),
        ({"registries": [{"name": "x"}]}, "registries[0].prefix"),
        ({"registries": [*conf()["registries"], *conf()["registries"]]}, "registries"),
        ({"registries": [{"name": x, "prefix": x, "default": True} for x in ("a", "b")]}, "registries"),
    ],
)
def test_what_can_t_be_meant_is_named(document: dict[str, Any], field: str) -> None:
    """A registry is configured completely or not at all."""
    with pytest.raises(ConfigurationError) as caught:
        parse_registries(document)
    assert field == caught.value.field
