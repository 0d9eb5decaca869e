"""Bundles of which any object may hold a secret."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import boto3
import pytest

from tests.doubles.installation import World, config_map, installation


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


def test_no_object_of_such_a_bundle_can_be_read(worlds: Callable[[], World]) -> None:
    """GIVEN objects that came out of SOPS WHEN they are kept THEN the bucket shows none, and sync reads all."""
    bundles = worlds().bundles
    objects = (config_map("a", color="canary-color"), config_map("b"))
    open_name, sealed_name = bundles.save(objects), bundles.save(objects, all_sealed=True)
    # THEN even the name needs the key: nobody can tell by it what is inside
    assert open_name != sealed_name
    assert (objects, objects) == (bundles.load(open_name), bundles.load(sealed_name))
    s3 = boto3.client("s3", region_name="eu-central-1")
    kept = [
        zlib.decompress(s3.get_object(Bucket=bundles._bucket, Key=f"bundles/{name[:2]}/{name}")["Body"].read())
        for name in (open_name, sealed_name)
    ]
    assert [True, False] == [b"canary-color" in each for each in kept]
