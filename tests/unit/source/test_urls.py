"""One repository has one normal form; what could run something has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import ConfigurationError
from mooring.source.urls import normalise, parse_url

SPELLINGS = [
    "https://forge.example/acme/shop",
    "https://forge.example/acme/shop.git",
    "https://forge.example/acme/shop/",
    "https://forge.example/acme/shop.git/",
    "https://Forge.Example/Acme/Shop",
    "HTTPS://forge.example:443/acme/shop",
    "http://forge.example/acme/shop.git",
    "http://forge.example:80//acme//shop",
    "https://someone@forge.example/acme/shop.git",
    "https://forge.example/acme/sh%6Fp.git",
    "ssh://git@forge.example/acme/shop.git",
    "ssh://git@forge.example:22/acme/shop",
    "ssh://forge.example/acme/shop",
    "git@forge.example:acme/shop.git",
    "git@forge.example:/acme/shop",
    "git@FORGE.example:acme/shop.git/",
    "  https://forge.example/acme/shop \n",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_every_spelling_has_one_normal_form(url: str) -> None:
    """A webhook's address and a declared one meet, whatever their scheme, user, case and ending."""
    assert "forge.example/acme/shop" == normalise(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://forge.example:8443/acme/shop", "forge.example/acme/shop"),
        ("ssh://git@forge.example:2222/acme/shop.git", "forge.example/acme/shop"),
        ("http://127.0.0.1:3000/shop.git", "127.0.0.1/shop"),
        ("https://[::1]:8443/shop", "[::1]/shop"),
        ("git@[::1]:shop", "[::1]/shop"),
        ("https://forge.example/a/b/c/d.git", "forge.example/a/b/c/d"),
        ("https://org@dev.azure.example/org/team/_git/repo", "dev.azure.example/org/team/_git/repo"),
        ("https://forge.example/acme/shop.github", "forge.example/acme/shop.github"),
        ("https://forge.example/acme/.git", "forge.example/acme"),
        ("file:///srv/git/shop.git", "/srv/git/shop"),
    ],
)
def test_what_tells_repositories_apart_stays(url: str, expected: str) -> None:
    """Whole paths are part of a repository's name; ports, of which a forge has several, are not."""
    assert expected == normalise(url)


AZURE = "dev.azure.com/fabrikam/web/shop"
BITBUCKET = "bitbucket.example/prj/shop"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dev.azure.com/Fabrikam/Web/_git/shop", AZURE),
        ("https://fabrikam@dev.azure.com/fabrikam/Web/_git/shop", AZURE),
        ("git@ssh.dev.azure.com:v3/fabrikam/Web/shop", AZURE),
        ("ssh://git@ssh.dev.azure.com/v3/fabrikam/Web/shop", AZURE),
        ("https://fabrikam.visualstudio.com/Web/_git/shop", AZURE),
        ("https://fabrikam.visualstudio.com/DefaultCollection/Web/_git/shop", AZURE),
        ("fabrikam@vs-ssh.visualstudio.com:v3/fabrikam/Web/shop", AZURE),
        ("https://dev.azure.com/fabrikam/_git/shop", "dev.azure.com/fabrikam/shop/shop"),
        ("https://fabrikam.visualstudio.com/_git/shop", "dev.azure.com/fabrikam/shop/shop"),
        ("https://dev.azure.com/fabrikam/My%20Web/_git/shop", "dev.azure.com/fabrikam/my web/shop"),
        ("https://dev.azure.com/fabrikam", "dev.azure.com/fabrikam"),
        ("https://bitbucket.example/scm/PRJ/shop.git", BITBUCKET),
        ("https://bitbucket.example:8443/context/scm/prj/shop.git", BITBUCKET),
        ("ssh://git@bitbucket.example:7999/prj/shop.git", BITBUCKET),
        ("https://bitbucket.example/scm/~ada/shop.git", "bitbucket.example/~ada/shop"),
        ("https://forge.example/scm/shop", "forge.example/scm/shop"),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@altssh.gitlab.com:443/acme/shop.git", "gitlab.com/acme/shop"),
        ("ssh://git@altssh.bitbucket.org:443/acme/shop.git", "bitbucket.org/acme/shop"),
        (
            "https://git-codecommit-fips.us-east-2.amazonaws.com/v1/repos/shop",
            "git-codecommit.us-east-2.amazonaws.com/v1/repos/shop",
        ),
        (
            "ssh://APKAEXAMPLE@git-codecommit.us-east-2.amazonaws.com/v1/repos/shop",
            "git-codecommit.us-east-2.amazonaws.com/v1/repos/shop",
        ),
    ],
)
def test_forges_habits_are_known(url: str, expected: str) -> None:
    """What one forge spells in several ways meets in one."""
    assert expected == normalise(url)


REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("-u./payload", "'-'"),
    ("--upload-pack=touch /tmp/x", "'-'"),
    ("ext::sh -c whoami", "white space"),
    ("ext::sh", "helper"),
    ("fd::17", "helper"),
    ("file:///srv/git", "file://"),
    ("FILE:///srv/git", "file://"),
    ("/srv/git/shop.git", "no repository address"),
    ("./shop", "no repository address"),
    ("../shop", "no repository address"),
    ("shop", "no repository address"),
    ("forge.example/acme/shop", "no repository address"),
    ("forge.example:acme/shop", "no repository address"),
    ("C:\\shop", "characters"),
    ("https://", "no repository address"),
    ("https://forge.example", "no repository"),
    ("https://forge.example/", "no repository"),
    ("https://forge.example/.git", "no repository"),
    ("https://-forge.example/shop", "no repository address"),
    ("ssh://-oProxyCommand=x/shop", "no repository address"),
    ("ssh://-x@forge.example/shop", "no repository address"),
    ("-x@forge.example:shop", "'-'"),
    ("git@-oProxyCommand=x:shop", "no repository address"),
    ("git@forge.example:-shop", "'-'"),
    ("git@forge.example:", "no repository"),
    ("ssh://git@forge.example/%2doption", "'-'"),
    ("https://forge.example/acme/../secret", "'..'"),
    ("https://forge.example/acme/%2e%2e/secret", "'..'"),
    ("https://forge.example/./acme", "'.'"),
    ("https://forge.example/acme%0ashop", "control"),
    ("https://forge.example/acme shop", "white space"),
    ("https://forge.example/shop?ref=x", "characters"),
    ("https://forge.example/shop#main", "characters"),
    ("https://forge.example/$(id)`id`", "characters"),
    ("https://forge.example:0/shop", "port"),
    ("https://forge.example:70000/shop", "port"),
    ("git://forge.example/shop", "git://"),
    ("ftp://forge.example/shop", "ftp://"),
    ("oci://forge.example/shop", "oci://"),
]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_what_git_should_not_see_is_refused(url: str, reason: str) -> None:
    """Options, helpers, local paths and other schemes are errors that name the field and the reason."""
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url)
    assert "spec.source.repoURL" == caught.value.field
    assert reason in caught.value.message


def test_a_password_in_an_address_is_refused_unseen() -> None:
    """A password in an address would be stored and shown with it, so it is refused, and not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        parse_url("https://someone:canary@forge.example/acme/shop")
    assert "password" in caught.value.message
    assert "canary" not in str(caught.value)


def test_file_addresses_pass_where_they_are_allowed() -> None:
    """Tests and local stacks may say so."""
    url = parse_url("file:///srv/git/shop.git", allow_file=True)
    assert ("file", "srv/git/shop", "file:///srv/git/shop.git") == (url.scheme, url.path, url.text)
    with pytest.raises(ConfigurationError):
        parse_url("file://srv/git/shop.git", allow_file=True)


def test_an_address_is_taken_apart() -> None:
    """The parts that credentials and messages are made of."""
    url = parse_url("https://org@Forge.example:8443/acme/Shop.git")
    assert ("https", "org", "forge.example", 8443, "acme/Shop") == (url.scheme, url.user, url.host, url.port, url.path)
    assert "https://forge.example:8443/" == url.origin
    assert "https://Forge.example:8443/acme/Shop.git" == url.without_user
    assert "ssh://git@forge.example/x" == parse_url("ssh://git@forge.example/x").without_user


def test_a_credential_may_be_for_a_whole_host() -> None:
    """Prefixes need no path."""
    assert "" == parse_url("https://forge.example", prefix=True).path
    assert "" == parse_url("git@forge.example:", prefix=True).path


names = st.from_regex(r"[a-z0-9][a-z0-9_.]{0,8}[a-z0-9]", fullmatch=True).filter(
    lambda name: not name.endswith(".git") and ".." not in name
)


@given(host=names, org=names, repo=names)
def test_schemes_meet(host: str, org: str, repo: str) -> None:
    """The https, ssh and short addresses of one place are one, and the normal form is its own."""
    expected = f"{host}/{org}/{repo}"
    spellings = (f"https://{expected}.git", f"ssh://git@{expected}", f"git@{host}:{org}/{repo}.git")
    assert {expected} == {normalise(url) for url in spellings}
    assert expected == normalise(f"https://{normalise(spellings[0])}")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    """Nothing else is ever raised, and what passes is safe to hand to git."""
    try:
        url = parse_url(text)
    except ConfigurationError as error:
        assert "spec.source.repoURL" == error.field
        return
    assert url.scheme in {"https", "http", "ssh"}
    assert not url.text.startswith("-")
