"""As whom a code host is asked: what is shown to it is what was registered for the repository, and nothing else."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.forge.opening import Forges, hook_host
from mooring.forge.places import Named
from mooring.forge.ports import CodeHost
from mooring.source.credentials import (
    BasicCredential,
    Credential,
    GitHubAppCredential,
    PublicRepository,
    SSHCredential,
    TokenCredential,
    select,
)
from tests.doubles.forgeserver import ForgeDouble

PATHS = {
    "github": "/api/v3/repos/acme/shop/pulls/1",
    "gitea": "/api/v1/repos/acme/shop/pulls/1",
    "gitlab": "/api/v4/projects/acme%2Fshop/merge_requests/1",
    "bitbucket": "/repositories/acme/shop/pullrequests/1",
}


class Tokens:
    """Installation tokens, without GitHub."""

    def token(self, credential: GitHubAppCredential) -> str:
        return f"ghs-{credential.installation_id}"


def opened(forge: ForgeDouble, kind: str, *credentials: Credential, url: str = "") -> CodeHost | None:
    """The host of acme/shop."""

    class Store:
        def find(self, url: str, *, fresh: bool = False) -> Credential | None:
            return select(credentials, url)

    named = {forge.url.removeprefix("http://"): Named(kind, forge.url)}
    forges = Forges(Store(), lambda: named, tokens=Tokens(), guard=lambda _: None)  # type: ignore[arg-type]
    return forges.host(url or f"{forge.url}/acme/shop.git")


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("github", "authorization", "Bearer s3cret"),
        ("gitea", "authorization", "token s3cret"),
        ("gitlab", "private-token", "s3cret"),
        ("bitbucket", "authorization", "Bearer s3cret"),
    ],
)
def test_a_token_is_shown_as_each_host_wants_it(forge: ForgeDouble, kind: str, header: str, value: str) -> None:
    """GIVEN a registered token, the host is shown it in its own way."""
    forge.header = (header, value)
    host = opened(forge, kind, TokenCredential(forge.url, "s3cret"))
    assert host is not None
    assert host.change(1) is None
    assert [PATHS[kind]] == [each.path for each in forge.asked]


@pytest.mark.parametrize(
    ("kind", "user", "header", "value"),
    [
        ("github", "ada", "authorization", "Bearer s3cret"),
        ("gitlab", "oauth2", "private-token", "s3cret"),
        ("gitea", "ada", "authorization", "Basic YWRhOnMzY3JldA=="),
        ("bitbucket", "ada", "authorization", "Basic YWRhOnMzY3JldA=="),
        ("bitbucket", "x-token-auth", "authorization", "Bearer s3cret"),
    ],
)
def test_a_password_is_shown_as_each_host_takes_it(
    forge: ForgeDouble, kind: str, user: str, header: str, value: str
) -> None:
    """GIVEN a name and password, those that are tokens in disguise are shown as such."""
    forge.header = (header, value)
    host = opened(forge, kind, BasicCredential(forge.url, user, "s3cret"))
    assert host is not None
    assert host.change(1) is None


def test_an_app_is_shown_to_its_own_api_only(forge: ForgeDouble) -> None:
    """GIVEN a GitHub App, its installation's token is shown; one of another GitHub's is not."""
    forge.header = ("authorization", "Bearer ghs-2")
    ours = GitHubAppCredential(forge.url, 1, 2, "-----BEGIN", f"{forge.url}/api/v3")
    host = opened(forge, "github", ours)
    assert host is not None
    assert host.change(1) is None
    theirs = GitHubAppCredential(forge.url, 1, 2, "-----BEGIN", "https://api.github.com")
    with pytest.raises(ConfigurationError) as caught:
        opened(forge, "github", theirs)
    assert caught.value.field == "githubAppEnterpriseBaseUrl"


def test_without_a_fitting_credential_nobody_is_asked(forge: ForgeDouble) -> None:
    """GIVEN no credential, one for ssh, one for reading as nobody and one for another owner, no host is opened."""
    key = SSHCredential("ssh://git@127.0.0.1", "-----BEGIN", "known")
    assert opened(forge, "gitea") is None
    assert opened(forge, "gitea", key) is None
    assert opened(forge, "gitea", PublicRepository(forge.url)) is None
    assert opened(forge, "gitea", TokenCredential(f"{forge.url}/other", "s3cret")) is None
    assert opened(forge, "gitea", TokenCredential(forge.url, "s3cret"), url="https://git.example/acme/shop.git") is None
    assert [] == forge.asked


def test_an_address_inside_the_machine_is_not_asked() -> None:
    """GIVEN an address of loopback, the guard of functions refuses it before the token leaves."""
    with pytest.raises(ConfigurationError, match="inside of this machine"):
        hook_host("http://127.0.0.1:1/acme/shop.git", "s3cret", dict, kind="gitea")[1].hooks()


@pytest.mark.parametrize("url", ["https://bitbucket.org/acme/shop.git", "https://git.example/acme/shop.git"])
def test_hooks_are_not_installed_where_that_is_not_known(url: str) -> None:
    """GIVEN a host whose hooks are made by hand, or one that nobody knows, the error says what to do."""
    with pytest.raises(ConfigurationError) as caught:
        hook_host(url, "s3cret", dict)
    assert caught.value.field == "repository"
