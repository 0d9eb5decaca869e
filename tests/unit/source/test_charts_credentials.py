"""Addresses and credentials of chart repositories: what is accepted, and to whom a credential is shown."""

from __future__ import annotations

import base64
import json

import pytest

from mooring.errors import ConfigurationError
from mooring.model.repositoryforms import read_repository_secret
from mooring.source.charts_credentials import longest_place, parse_chart_credential
from mooring.source.charts_places import place_of

PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Charts.Example.com/stable/", "https://charts.example.com/stable"),
        ("https://charts.example.com:443", "https://charts.example.com"),
        ("oci://Registry.test/charts", "oci://registry.test/charts"),
        ("registry.test:5000/charts/web", "oci://registry.test:5000/charts/web"),
    ],
)
def test_spellings_of_one_repository_are_one(url: str, expected: str) -> None:
    """Host names compare without case, usual ports fall away, a registry may have no scheme."""
    place = place_of(url, prefix=True)
    assert expected == f"{place.scheme}://{place.host}/{place.path}".rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["ssh://git@host/x", "file:///etc", "oci://host", "host/Upper", "https://u:p@host/x", "https://u@host/x", "--x"],
)
def test_what_is_no_repository_of_charts_is_refused(url: str) -> None:
    """Nothing but https, http and oci addresses, without users in them."""
    with pytest.raises(ConfigurationError):
        place_of(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/acme/charts", "https://host/acme"),
        ("https://host/acme-evil", "https://host"),
        ("http://host/acme", None),
        ("https://host:8443/acme", None),
        ("oci://registry.test/team/web", "registry.test/team"),
        ("registry.test/other", None),
        ("https://registry.test/team/web", None),
    ],
)
def test_the_longest_beginning_wins(url: str, expected: str | None) -> None:
    """Scheme, host and port agree, and a beginning ends where a part of the path ends."""
    known = ["https://host", "https://host/acme", "registry.test/team", "git@forge:acme/x", "ssh://git@host/acme"]
    assert expected == longest_place(known, url)


def test_every_field_of_argo_cds_secret_is_understood() -> None:
    """GIVEN a Helm repository's Secret, THEN its fields are those of the credential."""
    text = {
        "url": "registry.test/charts",
        "type": "helm",
        "name": "charts",
        "enableOCI": "true",
        "username": "u",
        "password": "s3cret",
        "tlsClientCertData": PEM,
        "tlsClientCertKey": PEM,
        "caData": PEM,
        "insecure": "true",
        "insecureOCIForceHttp": "true",
    }
    credential = parse_chart_credential(json.dumps(text), name="here")
    assert f"Basic {base64.b64encode(b'u:s3cret').decode()}" == credential.authorization
    assert (True, True, True, "charts") == (credential.oci, credential.insecure, credential.plain, credential.name)
    assert "s3cret" not in repr(credential)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"url": "https://host", "enableOCI": "true"}, "url"),
        ({"url": "host/charts"}, "url"),
        ({"url": "http://host", "username": "u", "password": "p"}, "url"),
        ({"url": "https://host", "password": "p\n"}, "password"),
        ({"url": "https://host", "bearerToken": "t", "username": "u"}, "bearerToken"),
        ({"url": "https://host", "tlsClientCertData": PEM}, "tlsClientCertData"),
        ({"url": "https://host", "caData": "x"}, "caData"),
        ({"url": "https://host", "insecure": "maybe"}, "insecure"),
        ({"url": "https://host", "sshPrivateKey": "x"}, "sshPrivateKey"),
        ({"url": "https://host", "type": "svn"}, "type"),
    ],
)
def test_a_broken_credential_names_the_field_and_no_secret(fields: dict[str, str], at: str) -> None:
    """The error is about one field and quotes nothing of it."""
    with pytest.raises(ConfigurationError) as raised:
        parse_chart_credential(json.dumps(fields), name="here")
    assert (at, "here") == (raised.value.field, raised.value.subject)


def test_a_secret_becomes_its_fields() -> None:
    """`data` is decoded, `stringData` wins, and what has no effect is told."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "labels": {"argocd.argoproj.io/secret-type": "repo-creds"}},
        "data": {"url": base64.b64encode(b"https://host").decode(), "type": base64.b64encode(b"git").decode()},
        "stringData": {"type": "helm", "project": "web", "name": ""},
    }
    warnings: list[str] = []
    assert {"url": "https://host", "type": "helm"} == read_repository_secret(secret, warnings)
    assert ["project: has no effect here, ignored"] == warnings


@pytest.mark.parametrize(
    ("secret", "at"),
    [
        ({"kind": "Secret", "metadata": {"labels": {"argocd.argoproj.io/secret-type": "cluster"}}}, "metadata.labels"),
        ({"kind": "Secret"}, "metadata.labels"),
        (
            {
                "kind": "Secret",
                "metadata": {"labels": {"argocd.argoproj.io/secret-type": "repository"}},
                "data": {"url": "https://host"},
            },
            "data.url",
        ),
    ],
)
def test_a_secret_of_another_kind_is_refused(secret: dict[str, object], at: str) -> None:
    """The label says what a Secret is for; `data` is base64."""
    with pytest.raises(ConfigurationError) as raised:
        read_repository_secret(secret, [])
    assert at == raised.value.field
