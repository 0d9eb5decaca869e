"""Submodules against a real git server: they are there where they are read, move with commits, and reach nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, MooringError
from mooring.source import Repositories
from mooring.source.credentials import BasicCredential, Credential, select
from mooring.source.submodules import DEEPEST, relative_address

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Watcher
    from tests.conftest import Repositories as Served

    from mooring.source.process import Git, Outcome


@pytest.fixture
def make(tmp_path: Path, anonymous: Anonymous) -> Callable[..., Repositories]:
    """Repositories of a new process: nothing remembered but what is on disk."""

    def make(**settings: object) -> Repositories:
        return Repositories(tmp_path / "repos", anonymous, timeout=20, **settings)  # type: ignore[arg-type]

    return make


def modules(**addresses: str) -> str:
    """A `.gitmodules`; underscores of names are slashes of paths."""
    return "".join(
        f'[submodule "{name}"]\n\tpath = {name.replace("_", "/")}\n\turl = {url}\n' for name, url in addresses.items()
    )


def link(served: Served, name: str, links: dict[str, str | None]) -> str:
    """Commit gitlinks (None removes one); the commit's SHA."""
    lines = ["commit refs/heads/main", "committer T <t@example.com> 1700000100 +0000", "data 4", "Link", "from main^0"]
    lines += [f"D {path}" if sha is None else f"M 160000 {sha} {path}" for path, sha in links.items()]
    folder = served.server.root / name
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=folder, input=("\n".join(lines) + "\n").encode(), check=True,
        env=environment,
    )  # fmt: skip
    told = subprocess.run(["git", "rev-parse", "main"], cwd=folder, check=True, capture_output=True, env=environment)
    return told.stdout.decode().strip()


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def without_rules(folder: Path) -> dict[str, str]:
    return {path: text for path, text in files(folder).items() if not path.endswith(".gitmodules")}


def test_submodules_within_submodules_are_in_their_places(
    git_server: Served, make: Callable[..., Repositories]
) -> None:
    """GIVEN a submodule that has one itself, by relative addresses WHEN checked out THEN all files are there."""
    git_server.create("inner.git")
    inner = git_server.commit("inner.git", {"deep": "3"})
    git_server.create("lib.git")
    git_server.commit("lib.git", {"base": "2", ".gitmodules": modules(inner="../inner.git")})
    lib = link(git_server, "lib.git", {"inner": inner})
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {"own": "1", ".gitmodules": modules(vendor_lib="./../lib.git")})
    sha = link(git_server, "shop.git", {"vendor/lib": lib})
    folder = make().checkout(url, sha)
    assert {"own": "1", "vendor/lib/base": "2", "vendor/lib/inner/deep": "3"} == without_rules(folder)


def test_they_move_vanish_and_come_back(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN commits that move a submodule, remove it, put files in its place and bring it back WHEN each is checked out,
    by one process or by several THEN exactly what belongs to it is there."""
    git_server.create("lib.git")
    old = git_server.commit("lib.git", {"a": "1", "gone/deep": "1"})
    new = git_server.commit("lib.git", {"a": "2", "gone/deep": None, "more": "2"})
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {"own": "1", ".gitmodules": modules(lib="../lib.git")})
    first = link(git_server, "shop.git", {"lib": old})
    moved = link(git_server, "shop.git", {"lib": new})
    gone = link(git_server, "shop.git", {"lib": None})
    replaced = git_server.commit("shop.git", {"lib/a": "own", "lib/gone": "a file"})
    git_server.commit("shop.git", {"lib/a": None, "lib/gone": None})
    back = link(git_server, "shop.git", {"lib": old})
    expected = {
        first: {"own": "1", "lib/a": "1", "lib/gone/deep": "1"},
        moved: {"own": "1", "lib/a": "2", "lib/more": "2"},
        gone: {"own": "1"},
        replaced: {"own": "1", "lib/a": "own", "lib/gone": "a file"},
        back: {"own": "1", "lib/a": "1", "lib/gone/deep": "1"},
    }
    warm = make()
    for sha in [first, moved, gone, replaced, back, moved, replaced, first]:
        assert expected[sha] == without_rules(warm.checkout(url, sha))
        assert expected[sha] == without_rules(make().checkout(url, sha))


def test_only_what_is_read_is_fetched(
    git_server: Served, make: Callable[..., Repositories], git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN two submodules, one that can't be reached WHEN paths are opened and widened THEN only those below the paths
    are asked for, and what was put in place stays for the next process."""
    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {"base/x": "1", "other/y": "2"})
    url = git_server.create("shop.git")
    nowhere = "http://127.0.0.1:9/nowhere.git"
    git_server.commit("shop.git", {"app/own": "1", ".gitmodules": modules(lib="../lib.git", far=nowhere)})
    sha = link(git_server, "shop.git", {"lib": lib, "far": "1" * 40})
    fetched: list[str] = []

    def watch(arguments: object, environment: dict[str, str]) -> Outcome | None:
        fetched.extend(each.rpartition("/")[2] for each in arguments if str(each).startswith("http"))  # type: ignore[attr-defined]
        return None

    with make(git=git_behind(watch)).opened(url, sha, ["app"]) as checkout:
        assert {"shop.git"} == set(fetched)
        checkout.widen(["lib/base"])
        assert "1" == (checkout.root / "lib/base/x").read_text()
        with pytest.raises(MooringError, match="submodule far: .*does not answer"):
            checkout.widen(["far/deep/down"])
    fetched.clear()
    with make(git=git_behind(watch)).opened(url, sha, ["app", "lib/base"]) as checkout:
        assert "1" == (checkout.root / "lib/base/x").read_text()
    assert [] == fetched


def test_a_large_parent_and_a_large_submodule_give_what_is_read(
    git_server: Served, make: Callable[..., Repositories]
) -> None:
    """GIVEN repositories of thousands of files, with attributes WHEN a path in the submodule is opened, and then the
    whole THEN its files alone are written, and then all."""
    many: dict[str, str | bytes | None] = {f"many/{number}": "x" for number in range(2100)}
    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {**many, ".gitattributes": "*.txt text eol=crlf\n", "base/a.txt": "1\n"})
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {**many, ".gitattributes": "* text\n", ".gitmodules": modules(v_lib="../lib.git")})
    sha = link(git_server, "shop.git", {"v/lib": lib})
    repositories = make()
    with repositories.opened(url, sha, ["v/lib/base"]) as checkout:
        assert b"1\r\n" == (checkout.root / "v/lib/base/a.txt").read_bytes()
        assert not (checkout.root / "many").exists()
        assert not (checkout.root / "v/lib/many").exists()
        checkout.widen(["v"])
        assert (checkout.root / "v/lib/many/2099").is_file()
        assert not (checkout.root / "many").exists()


def test_the_parents_hashes_cover_it(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a submodule that moves WHEN paths at, in, above and beside it are surveyed THEN all but the last differ."""
    git_server.create("lib.git")
    old = git_server.commit("lib.git", {"a": "1"})
    new = git_server.commit("lib.git", {"a": "2"})
    url = git_server.create("shop.git")
    git_server.commit(
        "shop.git", {"v/own": "1", ".gitmodules": modules(v_lib="../lib.git")}, links={"to": "v/lib", "in": "v/lib/a"}
    )
    first = link(git_server, "shop.git", {"v/lib": old})
    second = link(git_server, "shop.git", {"v/lib": new})
    paths = ["v/lib", "v/lib/a", "v", "to/a", "in", "v/own"]
    surveys = make().survey(url, {first: paths, second: paths})
    before, after = surveys[first].trees, surveys[second].trees
    assert {path: path == "v/own" for path in paths} == {path: before[path] == after[path] for path in paths}
    assert old == before["v/lib/a"] == before["to/a"] == before["in"]
    assert None not in before.values()


def test_each_is_read_as_whom_its_own_address_says(
    git_server: Served, tmp_path: Path, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN credentials for the parent's address WHEN a submodule lives at another THEN they aren't sent there."""
    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {"a": "1"})
    url = git_server.create("shop.git")
    elsewhere = git_server.url("lib.git").replace("127.0.0.1", "localhost")
    git_server.commit("shop.git", {".gitmodules": modules(lib=elsewhere)})
    sha = link(git_server, "shop.git", {"lib": lib})
    asked: list[tuple[str, bool]] = []

    class Store:
        def find(self, url: str, *, fresh: bool = False) -> Credential | None:
            known = BasicCredential(git_server.url(""), "u", "secret")
            return select([known], url)

    def watch(arguments: object, environment: dict[str, str]) -> Outcome | None:
        for each in arguments:  # type: ignore[attr-defined]
            if str(each).startswith("http"):
                sent = any("Authorization" in value for value in environment.values())
                asked.append((str(each), sent))
        return None

    Repositories(tmp_path / "repos", Store(), timeout=20, git=git_behind(watch)).checkout(url, sha)
    assert {(url, True), (elsewhere, False)} == set(asked)


def test_whose_credential_is_used_has_to_be_permitted(git_server: Served, tmp_path: Path) -> None:
    """GIVEN submodules with a stored credential and without WHEN opened for somebody THEN the first needs permission, also
    where it is in its place already.
    """
    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {"a": "1"})
    url = git_server.create("shop.git")
    public = git_server.url("lib.git").replace("127.0.0.1", "localhost")
    private = git_server.url("lib.git")
    git_server.commit("shop.git", {".gitmodules": modules(open=public, closed=private)})
    sha = link(git_server, "shop.git", {"open": lib, "closed": lib})

    class Store:
        def find(self, url: str, *, fresh: bool = False) -> Credential | None:
            return select([BasicCredential(private, "u", "secret")], url)

    def refuse(address: str) -> None:
        raise ForbiddenError(f"may not read {address}")

    repositories = Repositories(tmp_path / "repos", Store(), timeout=20)
    with repositories.opened(url, sha, ["open"], permit=refuse) as checkout:
        assert {"open/a": "1"} == without_rules(checkout.root)
    for _ in range(2):  # before it is in its place, and after
        with (
            pytest.raises(ForbiddenError, match=f"submodule closed: may not read {private}"),
            repositories.opened(url, sha, ["."], permit=refuse),
        ):
            pass
        repositories.checkout(url, sha)


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("file:///etc/repo.git", "submodule lib: file:// addresses are not allowed"),
        ("ext::sh -c touch% /tmp/x", "submodule lib: "),
        ("--upload-pack=touch", "submodule lib: must not begin with '-'"),
        ("/srv/lib.git", "submodule lib: is no repository address"),
        ("../../../../lib.git", "leads out of"),
        ("", "submodule lib has no url"),
    ],
)
def test_an_address_that_we_would_not_read_is_refused(
    git_server: Served, make: Callable[..., Repositories], address: str, complaint: str
) -> None:
    """GIVEN a submodule with an address that no application could have WHEN checked out THEN it is named and refused."""
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {".gitmodules": modules(lib=address)})
    sha = link(git_server, "shop.git", {"lib": "1" * 40})
    with pytest.raises(ConfigurationError) as caught:
        make().checkout(url, sha)
    assert complaint in str(caught.value)


def test_a_submodule_without_a_credential_is_named(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a commit that a submodule's repository hasn't got WHEN checked out THEN the submodule is named."""
    git_server.create("lib.git", {"a": "1"})
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {".gitmodules": modules(lib="../lib.git")})
    sha = link(git_server, "shop.git", {"lib": "1" * 40})
    with pytest.raises(ConfigurationError, match=r"submodule lib: the repository has no commit 1{40}"):
        make().checkout(url, sha)


def test_nesting_has_an_end(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a repository that is its own submodule, again and again WHEN checked out THEN it ends with an error."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"x": "0", ".gitmodules": modules(again="../shop.git")})
    for _ in range(DEEPEST):
        sha = link(git_server, "shop.git", {"again": sha})
    folder = make().checkout(url, sha)
    assert (folder / "/".join(["again"] * DEEPEST) / "x").is_file()
    with pytest.raises(ConfigurationError, match=f"lies within {DEEPEST} others"):
        make().checkout(url, link(git_server, "shop.git", {"again": sha}))


def test_a_place_behind_a_link_is_not_written_to(
    git_server: Served, make: Callable[..., Repositories], tmp_path: Path
) -> None:
    """GIVEN a tree in which a link and a submodule share a name WHEN checked out THEN nothing lands behind the link."""
    git_server.create("lib.git")
    lib = git_server.commit("lib.git", {"a": "1"})
    url = git_server.create("shop.git")
    outside = tmp_path / "outside"
    outside.mkdir()
    git_server.commit("shop.git", {".gitmodules": modules(v_lib="../lib.git")}, links={"v": str(outside)})
    sha = git_server.commit("shop.git", {"own": "1"})
    make().checkout(url, sha)
    moved = link(git_server, "shop.git", {"v": None, "v/lib": lib})
    folder = make().checkout(url, moved)
    assert "1" == (folder / "v/lib/a").read_text()
    assert [] == list(outside.iterdir())


def test_they_can_be_switched_off(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN submodules switched off WHEN checked out THEN their folders are empty and nobody is asked."""
    url = git_server.create("shop.git")
    git_server.commit("shop.git", {"own": "1", ".gitmodules": modules(lib="file:///nowhere")})
    sha = link(git_server, "shop.git", {"lib": "1" * 40})
    assert {"own": "1"} == without_rules(make(submodules=False).checkout(url, sha))


@pytest.mark.parametrize(
    ("parent", "url", "expected"),
    [
        ("https://forge.example/acme/shop.git", "../lib.git", "https://forge.example/acme/lib.git"),
        ("https://forge.example/acme/shop.git/", "../../other/lib", "https://forge.example/other/lib"),
        ("https://forge.example/acme/shop", "./charts", "https://forge.example/acme/shop/charts"),
        ("git@forge.example:acme/shop.git", "../lib.git", "git@forge.example:acme/lib.git"),
        ("git@forge.example:shop.git", "../lib.git", "git@forge.example:lib.git"),
        ("ssh://git@forge.example:2222/acme/shop", "../lib", "ssh://git@forge.example:2222/acme/lib"),
        ("https://forge.example/acme/shop", "https://other.example/x", "https://other.example/x"),
    ],
)
def test_relative_addresses(parent: str, url: str, expected: str) -> None:
    """GIVEN a parent's address WHEN a submodule's is relative to it THEN it is resolved as git does."""
    assert expected == relative_address(parent, url)
