"""Which host an address leads to, and what the repository is called there."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.forge.places import Named, Place, is_public, opens_api, place_of, read_forges
from mooring.source.credentials import (
    BasicCredential,
    Credential,
    PublicRepository,
    SSHCredential,
    TokenCredential,
    select,
)

GITHUB = Place("github", "https://api.github.com", "acme", "shop", "https://github.com/acme/shop")
GITLAB = Place("gitlab", "https://gitlab.com/api/v4", "acme/platform", "shop", "https://gitlab.com/acme/platform/shop")
AZURE = Place(
    "azureDevOps", "https://dev.azure.com/acme", "fabrikam", "shop", "https://dev.azure.com/acme/fabrikam/_git/shop"
)
SERVER = Place(
    "bitbucketServer", "https://bitbucket.corp.example/rest/api/1.0", "SHOP", "web",
    "https://bitbucket.corp.example/scm/SHOP/web",
)  # fmt: skip
NAMED = {
    "code.example": Named("gitea"),
    "code.example:8443": Named("gitlab"),
    "git.corp.example": Named("github", "https://api.corp.example"),
    "tfs.corp.example": Named("azureDevOps"),
}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/acme/shop.git", GITHUB),
        ("https://GitHub.com/acme/shop", GITHUB),
        ("git@github.com:acme/shop.git", GITHUB),
        ("ssh://git@ssh.github.com:443/acme/shop.git", GITHUB),
        ("https://gitlab.com/acme/platform/shop.git", GITLAB),
        ("git@gitlab.com:acme/platform/shop.git", GITLAB),
        ("https://acme@dev.azure.com/acme/fabrikam/_git/shop", AZURE),
        ("git@ssh.dev.azure.com:v3/acme/fabrikam/shop", AZURE),
        ("https://bitbucket.corp.example/scm/SHOP/web.git", SERVER),
        ("ssh://git@bitbucket.corp.example:7999/SHOP/web.git", SERVER),
    ],
)
def test_every_spelling_leads_to_the_same_place(url: str, place: Place) -> None:
    """GIVEN an address as one clones by it, the place is the API's."""
    assert place == place_of(url, {})


@pytest.mark.parametrize(
    ("url", "kind", "api", "owner"),
    [
        ("https://bitbucket.org/acme/shop.git", "bitbucket", "https://api.bitbucket.org/2.0", "acme"),
        ("https://codeberg.org/acme/shop.git", "gitea", "https://codeberg.org/api/v1", "acme"),
        ("https://gitlab.corp.example/acme/shop.git", "gitlab", "https://gitlab.corp.example/api/v4", "acme"),
        ("https://github.corp.example/acme/shop.git", "github", "https://github.corp.example/api/v3", "acme"),
        ("git@forgejo.corp.example:acme/shop.git", "gitea", "https://forgejo.corp.example/api/v1", "acme"),
        ("https://code.example/acme/shop.git", "gitea", "https://code.example/api/v1", "acme"),
        ("https://code.example:8443/acme/shop.git", "gitlab", "https://code.example:8443/api/v4", "acme"),
        ("https://git.corp.example/acme/shop.git", "github", "https://api.corp.example", "acme"),
        ("https://acme.visualstudio.com/fabrikam/_git/shop", "azureDevOps", "https://acme.visualstudio.com", "fabrikam"),
        ("https://acme.visualstudio.com/_git/shop", "azureDevOps", "https://acme.visualstudio.com", "shop"),
        ("https://dev.azure.com/acme/_git/shop", "azureDevOps", "https://dev.azure.com/acme", "shop"),
        ("https://tfs.corp.example/tfs/Main/fab/_git/shop", "azureDevOps", "https://tfs.corp.example/tfs/Main", "fab"),
        ("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop", "awsCodeCommit", "eu-west-1", ""),
        ("https://bitbucket.corp.example/git/scm/SHOP/shop.git", "bitbucketServer",
         "https://bitbucket.corp.example/git/rest/api/1.0", "SHOP"),
    ],
)  # fmt: skip
def test_hosts_of_every_kind(url: str, kind: str, api: str, owner: str) -> None:
    """GIVEN public hosts, those that the settings name, and names that say it, each has its API."""
    place = place_of(url, NAMED)
    assert place is not None
    assert (kind, api, owner, "shop") == (place.kind, place.api, place.owner, place.name)


def test_nobody_is_asked_where_nobody_knows_the_host() -> None:
    """GIVEN a host without a name that says it, there is no place, unless somebody says what it is."""
    assert place_of("https://git.example/acme/shop.git", {}) is None
    assert place_of("file:///srv/shop.git", {}) is None
    told = place_of("https://git.example/acme/shop.git", {}, "gitea")
    assert told is not None
    assert told.kind == "gitea"
    assert not is_public("https://git.example/acme/shop.git")
    assert is_public("git@github.com:acme/shop.git")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/acme/platform/shop.git", ""),
        ("https://dev.azure.com/acme/shop", ""),
        ("https://bitbucket.corp.example/SHOP/web.git", ""),
        ("https://code.example/acme/shop.git", "gitlab"),
    ],
)
def test_an_address_of_another_kind_is_refused(url: str, kind: str) -> None:
    """GIVEN an address that this kind of host has not, the error says what is missing."""
    with pytest.raises(ConfigurationError) as caught:
        place_of(url, NAMED, kind)
    assert caught.value.field == "repository"


def test_settings_name_hosts() -> None:
    """GIVEN lines of the settings, hosts are named with and without the address of their API."""
    text = "# ours\ncode.example: gitea\n\nGit.corp.example:8443: github https://api.corp.example/\n"
    expected = {"code.example": Named("gitea"), "git.corp.example:8443": Named("github", "https://api.corp.example")}
    assert expected == read_forges({"mooring.forges": text})
    assert read_forges({}) == {}


@pytest.mark.parametrize("line", ["code.example", "code.example: svn", "code.example: gitea api.example"])
def test_settings_that_name_nothing_are_refused(line: str) -> None:
    """GIVEN a line that can't be read, the error quotes it and names the key."""
    with pytest.raises(ConfigurationError) as caught:
        read_forges({"mooring.forges": line})
    assert caught.value.field == "data[mooring.forges]"
    assert line in caught.value.message


class Store:
    """Credentials as they are registered."""

    def __init__(self, *credentials: Credential) -> None:
        self.credentials = credentials

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select(self.credentials, url)


def test_what_opens_an_api() -> None:
    """GIVEN credentials of all kinds, tokens and passwords open an API, for the ssh address of a repository as well."""
    key = SSHCredential("ssh://git@github.com", "-----BEGIN", "github.com ssh-ed25519 AAAA")
    token = TokenCredential("https://github.com/acme", "s3cret")
    assert opens_api(Store(token), "https://github.com/acme/shop.git")
    assert opens_api(Store(key, token), "git@github.com:acme/shop.git")
    assert not opens_api(Store(key), "git@github.com:acme/shop.git")
    assert not opens_api(Store(PublicRepository("https://github.com/acme")), "https://github.com/acme/shop.git")
    assert not opens_api(Store(), "https://github.com/acme/shop.git")
    assert not opens_api(Store(token), "file:///srv/shop.git")
    basic = BasicCredential("https://git-codecommit.eu-west-1.amazonaws.com", "ada", "s3cret")
    assert not opens_api(Store(basic), "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop")
