"""Addresses in kustomizations, taken apart as Kustomize takes them."""

from __future__ import annotations

import pytest

from mooring.render.remotes import Remote, RemoteBase, RemoteFile, is_remote, read_remote

_HUB = "https://github.com/"


@pytest.mark.parametrize(
    ("remote", "entry"),
    [
        (RemoteBase(f"{_HUB}org/repo", "v1", "base/web"), "https://github.com/org/repo//base/web?ref=v1&timeout=90s"),
        (RemoteBase(f"{_HUB}org/repo", "v1", "base/web"), "github.com/org/repo/base/web?ref=v1"),
        (RemoteBase(f"{_HUB}org/repo", "HEAD", "base"), "git::https://github.com/org/repo//base/"),
        (RemoteBase(f"{_HUB}org/repo", "HEAD", "."), "gh:org/repo"),
        (RemoteBase("git@example.com:org/repo", "main", "base"), "git@example.com:org/repo//base?ref=main"),
        (RemoteBase("git@example.com:org/repo.git", "main", "base"), "git@example.com:org/repo.git/base?version=main"),
        (RemoteBase("ssh://git@example.com/org/repo.git", "HEAD", "."), "ssh://git@example.com/org/repo.git"),
        (RemoteBase("ssh://git@example.com:2222/a/b/c", "HEAD", "d"), "ssh://git@example.com:2222/a/b/c//d"),
        (
            RemoteBase("https://dev.example.com/org/project/_git/repo", "v1", "base/web"),
            "https://dev.example.com/org/project/_git/repo/base/web?ref=v1",
        ),
        (RemoteBase(f"{_HUB}org/repo", "v1", "a.yaml"), "https://github.com/org/repo/a.yaml?ref=v1"),
        (RemoteFile("https://example.com/x/crds.yaml"), "https://example.com/x/crds.yaml"),
        (RemoteFile("http://example.com/x/crds.YML?token=1"), "http://example.com/x/crds.YML?token=1"),
    ],
)
def test_an_address_is_taken_apart(remote: Remote, entry: str) -> None:
    """GIVEN an address in any of its spellings THEN repository, ref and path are those that Kustomize finds."""
    assert is_remote(entry)
    assert remote == read_remote(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "example.com/org/repo//base",
        "file:///srv/repo//base",
        "ext::sh -c true",
        "https://example.com/org/repo//../../base",
        "https://example.com/",
        "git::../base",
    ],
)
def test_what_names_no_host_is_none(entry: str) -> None:
    """GIVEN an entry without a host, or with another way of getting there THEN it is no address."""
    assert read_remote(entry) is None


@pytest.mark.parametrize(
    "entry", ["../base", "web.yaml", "base", "a/b/c", "apiVersion: v1\npath: https://example.com/"]
)
def test_what_is_here_is_not_elsewhere(entry: str) -> None:
    """GIVEN a path, or a configuration in place THEN nothing is looked for elsewhere."""
    assert not is_remote(entry)
