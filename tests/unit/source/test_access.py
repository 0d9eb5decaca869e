"""Git gets credentials through its environment and nowhere else."""

from __future__ import annotations

import base64
import shlex
import stat
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.source.access import authorise
from mooring.source.credentials import BasicCredential, GitHubAppCredential, SSHCredential, TokenCredential
from mooring.source.githubapp import InstallationTokens
from mooring.source.process import git_environment
from mooring.source.urls import parse_url

TOKENS = InstallationTokens()
HTTPS = parse_url("https://org@forge.example:8443/acme/shop")
SSH = parse_url("git@forge.example:acme/shop.git")
KEY = SSHCredential(SSH.text, "-----BEGIN X-----\nc4nary\n-----END X-----\n", "forge.example ssh-ed25519 AAAA")


def test_a_password_becomes_a_header_for_one_origin(tmp_path: Path) -> None:
    """The header is scoped to scheme, host and port, and redirects don't take it along."""
    with authorise(BasicCredential("x", "me", "pa:ss"), HTTPS, TOKENS, tmp_path) as access:
        expected = base64.b64encode(b"me:pa:ss").decode()
        assert f"Authorization: Basic {expected}" == access.config["http.https://forge.example:8443/.extraHeader"]
        assert "false" == access.config["http.followRedirects"]
        assert "https://forge.example:8443/acme/shop" == access.url
        assert {} == access.environment
        assert "pa:ss" not in repr(access)
        assert expected not in repr(access)


def test_a_token_is_the_password_of_x_access_token(tmp_path: Path) -> None:
    """As Argo CD sends a password without a user name."""
    with authorise(TokenCredential("x", "t0ken"), HTTPS, TOKENS, tmp_path) as access:
        header = access.config["http.https://forge.example:8443/.extraHeader"]
    assert b"x-access-token:t0ken" == base64.b64decode(header.removeprefix("Authorization: Basic "))


def test_a_github_app_shows_its_installation_token(tmp_path: Path) -> None:
    """What was exchanged for the app's key is sent, and is secret, too."""

    class Minted(InstallationTokens):
        def token(self, credential: GitHubAppCredential) -> str:
            return f"minted-for-{credential.installation_id}"

    app = GitHubAppCredential("x", 7, 8, "key", "https://api.forge.example")
    with authorise(app, HTTPS, Minted(), tmp_path) as access:
        header = access.config["http.https://forge.example:8443/.extraHeader"]
    assert b"x-access-token:minted-for-8" == base64.b64decode(header.removeprefix("Authorization: Basic "))
    assert "minted-for-8" in access.secrets
    assert "minted" not in repr(access)


def test_anonymous_access_changes_nothing(tmp_path: Path) -> None:
    """Without a credential the address is used as it was declared."""
    with authorise(None, HTTPS, TOKENS, tmp_path) as access:
        assert (HTTPS.text, {}, {}) == (access.url, access.config, access.environment)


def test_an_ssh_key_is_a_private_file_for_as_long_as_it_is_needed(tmp_path: Path) -> None:
    """Nobody else can read the key, the server is checked against the stored lines, and nothing stays."""
    with authorise(KEY, SSH, TOKENS, tmp_path) as access:
        words = shlex.split(access.environment["GIT_SSH_COMMAND"])
        key = Path(words[words.index("-i") + 1])
        options = dict(word.split("=", 1) for word in words if "=" in word)
        assert KEY.private_key == key.read_text()
        assert 0o600 == stat.S_IMODE(key.stat().st_mode)
        assert 0o700 == stat.S_IMODE(key.parent.stat().st_mode)
        assert "yes" == options["StrictHostKeyChecking"]
        assert "none" == options["IdentityAgent"]
        hosts = Path(options["UserKnownHostsFile"])
        assert f"{KEY.known_hosts}\n" == hosts.read_text()
        assert 0o600 == stat.S_IMODE(hosts.stat().st_mode)
        assert "c4nary" not in " ".join(words)
        assert "c4nary" not in repr(access)
    assert [] == list(tmp_path.iterdir())


def test_a_key_file_goes_when_the_command_fails(tmp_path: Path) -> None:
    """An exception inside the block removes it as well."""
    with pytest.raises(RuntimeError), authorise(KEY, SSH, TOKENS, tmp_path):
        raise RuntimeError
    assert [] == list(tmp_path.iterdir())


def test_ssh_without_a_key_is_told_at_once(tmp_path: Path) -> None:
    """No connection is needed to know that it would be refused."""
    with pytest.raises(ForbiddenError, match=r"forge\.example"), authorise(None, SSH, TOKENS, tmp_path):
        pass


@pytest.mark.parametrize(("credential", "url"), [(TokenCredential("x", "t"), SSH), (KEY, HTTPS)])
def test_a_credential_of_the_wrong_kind_is_refused(
    credential: TokenCredential | SSHCredential, url: object, tmp_path: Path
) -> None:
    """A store that mixes schemes up is found out before anything is sent."""
    with pytest.raises(ConfigurationError), authorise(credential, url, TOKENS, tmp_path):  # type: ignore[arg-type]
        pass


def test_the_environment_shuts_everything_else_out(tmp_path: Path) -> None:
    """No system or user configuration, no hooks, no helpers, no prompts; a local command has no transport at all."""
    environment = git_environment(tmp_path)
    count = int(environment["GIT_CONFIG_COUNT"])
    config = {environment[f"GIT_CONFIG_KEY_{i}"]: environment[f"GIT_CONFIG_VALUE_{i}"] for i in range(count)}
    assert "/dev/null" == environment["GIT_CONFIG_GLOBAL"]
    assert "1" == environment["GIT_CONFIG_NOSYSTEM"]
    assert "0" == environment["GIT_TERMINAL_PROMPT"]
    assert "none" == environment["GIT_ALLOW_PROTOCOL"]
    assert str(tmp_path) == environment["HOME"]
    assert "/dev/null" == config["core.hooksPath"]
    assert "false" == config["core.fsmonitor"]
    assert "" == config["credential.helper"]
