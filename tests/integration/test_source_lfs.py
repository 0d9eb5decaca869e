"""Git LFS: pointers become their objects where a repository is registered for it, and only if they are what they say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.githttp import basic
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.source import Repositories
from mooring.source.credentials import BasicCredential, Credential, PublicRepository, parse_credential
from tests.doubles.lfsserver import LfsServer, pointer

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served


class Store:
    """One registered repository."""

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return self.credential


@pytest.fixture
def forge(git_server: Served) -> Iterator[LfsServer]:
    with LfsServer(git_server.server.url.removeprefix("http://")) as server:
        git_server.create("shop.git")
        yield server


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Repositories]:
    def make(credential: Credential | None, **settings: object) -> Repositories:
        return Repositories(tmp_path / "repos", Store(credential), timeout=20, **settings)  # type: ignore[arg-type]

    return make


def url(forge: LfsServer) -> str:
    return f"{forge.url}/shop.git"


def test_pointers_below_the_paths_become_objects(
    git_server: Served, forge: LfsServer, make: Callable[..., Repositories]
) -> None:
    """GIVEN pointers, one of them executable's neighbour and one elsewhere, WHEN paths are opened and widened THEN the
    objects below them are there and no other was fetched; what only looks like a pointer stays."""
    one, two = forge.keep(b"one" * 5000), forge.keep(b"two")
    files = {
        "app/a": one,
        "app/deep/same": one,
        "far/b": two,
        "app/text": "version https://git-lfs.github.com/spec/v1\n",
    }
    sha = git_server.commit("shop.git", files)
    with make(PublicRepository(url(forge))).opened(url(forge), sha, ["app"]) as checkout:
        assert b"one" * 5000 == (checkout.root / "app/a").read_bytes() == (checkout.root / "app/deep/same").read_bytes()
        assert "version https://git-lfs.github.com/spec/v1\n" == (checkout.root / "app/text").read_text()
        assert two == (checkout.root / "far/b").read_text()
        assert 1 == len(forge.fetched)
        checkout.widen(["far/b"])
        assert b"two" == (checkout.root / "far/b").read_bytes()
    assert [1, 1] == [len(batch) for batch in forge.asked]


def test_without_the_setting_pointers_stay(
    git_server: Served, forge: LfsServer, make: Callable[..., Repositories]
) -> None:
    """GIVEN a repository that isn't registered for LFS WHEN checked out THEN its pointers are what they are."""
    text = forge.keep(b"one")
    sha = git_server.commit("shop.git", {"a": text})
    assert text == (make(None).checkout(url(forge), sha) / "a").read_text()
    assert [] == forge.asked


def test_objects_move_with_commits(git_server: Served, forge: LfsServer, make: Callable[..., Repositories]) -> None:
    """GIVEN commits that change, keep, remove and replace pointers WHEN each is checked out, forth and back, by one
    process or by several THEN every file is right, and each object was fetched once."""
    one, two = forge.keep(b"one"), forge.keep(b"two")
    commits = {
        git_server.commit("shop.git", {"a": one, "kept": one, "gone": two}): {"a": "one", "kept": "one", "gone": "two"},
        git_server.commit("shop.git", {"a": two, "gone": None}): {"a": "two", "kept": "one"},
        git_server.commit("shop.git", {"a": "plain"}): {"a": "plain", "kept": "one"},
    }
    warm = make(PublicRepository(url(forge)))
    for sha in [*commits, *reversed(commits), *commits]:
        for repositories in (warm, make(PublicRepository(url(forge)))):
            folder = repositories.checkout(url(forge), sha)
            assert commits[sha] == {path.name: path.read_text() for path in folder.iterdir()}
    assert 2 == len(forge.fetched)


def test_the_repositorys_credential_asks_and_the_answers_fetches(
    git_server: Served, forge: LfsServer, make: Callable[..., Repositories]
) -> None:
    """GIVEN a server that wants a credential for batches and a ticket for objects WHEN read with and without one THEN
    each gets what belongs to it, or the error says what to do."""
    forge.guard = basic("ada", "secret")
    sha = git_server.commit("shop.git", {"a": forge.keep(b"one")})
    known = BasicCredential(url(forge), "ada", "secret", lfs=True)
    assert "one" == (make(known).checkout(url(forge), sha) / "a").read_text()
    forge.guard = basic("ada", "other")
    moved = git_server.commit("shop.git", {"a": forge.keep(b"two")})
    with pytest.raises(ForbiddenError, match="LFS objects of the repository: the stored credential is refused"):
        make(known).checkout(url(forge), moved)


def test_an_object_that_is_not_what_its_pointer_says_is_never_used(
    git_server: Served, forge: LfsServer, make: Callable[..., Repositories]
) -> None:
    """GIVEN objects that are missing, changed, or longer than told WHEN read THEN the file is named, and once the server
    is right so is the file."""
    content = b"right"
    text = pointer(content)
    sha = git_server.commit("shop.git", {"app/a": text})
    repositories = make(PublicRepository(url(forge)))
    with pytest.raises(ConfigurationError, match=r"app/a: the LFS server has not got its object .* \(404\); push it"):
        repositories.checkout(url(forge), sha)
    oid = text.split("sha256:")[1].split()[0]
    forge.objects[oid] = b"wrong"
    with pytest.raises(ConfigurationError, match="app/a: the LFS server gives another object than its pointer says"):
        repositories.checkout(url(forge), sha)
    forge.objects[oid] = b"right and more"
    with pytest.raises(ConfigurationError, match="too large"):
        repositories.checkout(url(forge), sha)
    forge.objects[oid] = content
    assert content == (repositories.checkout(url(forge), sha) / "app/a").read_bytes()


def test_limits_hold(git_server: Served, forge: LfsServer, make: Callable[..., Repositories]) -> None:
    """GIVEN an object larger than the storage, one at an inner address, and an ssh repository WHEN read THEN nothing is
    fetched and the error says why."""
    sha = git_server.commit("shop.git", {"a": forge.keep(b"x" * 300_000)})
    with pytest.raises(ConfigurationError, match="its LFS objects take"):
        make(PublicRepository(url(forge)), limit=200_000).checkout(url(forge), sha)
    forge.link = "http://169.254.169.254/latest"
    with pytest.raises(ConfigurationError, match=r"sends us to 169\.254\.169\.254, which is not followed"):
        make(PublicRepository(url(forge))).checkout(url(forge), sha)
    assert [] == forge.fetched


def test_nothing_is_written_behind_a_link(
    git_server: Served, forge: LfsServer, make: Callable[..., Repositories], tmp_path: Path
) -> None:
    """GIVEN a link out of the repository to a file that looks like a pointer WHEN read THEN that file stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    text = forge.keep(b"one")
    (outside / "a").write_text(text)
    sha = git_server.commit("shop.git", {"own": "1"}, links={"out": str(outside)})
    with make(PublicRepository(url(forge))).opened(url(forge), sha, ["out/a", "."]):
        assert text == (outside / "a").read_text()
    assert os.listdir(outside) == ["a"]


@pytest.mark.parametrize("given", ["true", True])
def test_it_is_registered_as_in_argo_cd(given: object) -> None:
    """GIVEN `enableLfs`, alone or beside a credential WHEN parsed THEN the repository has LFS."""
    import json

    alone = {"url": "https://forge.example/shop", "enableLfs": given}
    assert PublicRepository("https://forge.example/shop") == parse_credential(json.dumps(alone), name="x")
    known = parse_credential(json.dumps({**alone, "username": "ada", "password": "p"}), name="x")
    assert BasicCredential("https://forge.example/shop", "ada", "p", lfs=True) == known
    with pytest.raises(ConfigurationError, match="enableLfs: must be true or false"):
        parse_credential(json.dumps({**alone, "enableLfs": "yes"}), name="x")
