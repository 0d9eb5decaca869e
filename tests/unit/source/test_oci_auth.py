"""Passwords for Amazon's registries, by the real client against moto."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from mooring.source.charts_credentials import ANONYMOUS
from mooring.source.charts_places import place_of
from mooring.source.oci_auth import EcrPasswords


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def test_a_password_is_asked_for_once_a_region() -> None:
    """GIVEN repositories of two regions, THEN each region's client is made once, and the user is AWS."""
    regions: list[str] = []

    def client(region: str) -> object:
        regions.append(region)
        return boto3.client("ecr", region_name=region)

    with mock_aws():
        passwords = EcrPasswords(client)
        for region in ("eu-west-1", "eu-west-1", "us-east-1"):
            place = place_of(f"123456789012.dkr.ecr.{region}.amazonaws.com/charts")
            credential = passwords.credential(place, ANONYMOUS)
            assert ("AWS", True) == (credential.username, bool(credential.password))
            assert credential.password not in repr(credential)
    assert ["eu-west-1", "us-east-1"] == regions


@pytest.mark.parametrize("host", ["registry.test", "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.test"])
def test_nobody_else_gets_one(host: str) -> None:
    """A host that only looks like Amazon's is like any other."""

    def client(region: str) -> object:
        raise AssertionError(region)

    assert ANONYMOUS is EcrPasswords(client).credential(place_of(f"{host}/charts"), ANONYMOUS)
