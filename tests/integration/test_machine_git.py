"""The git server is what a forge is to a git client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local import repositories
from local.githttp import basic, bearer
from local.processes import Processes, free_port, wait_for_port

# Fixture types live in conftest.py, which tests can't import: `git_server` is a `Repositories`.
Server = Any


def git(folder: Path, *arguments: str) -> str:
    """Run git with none of the machine's settings; what it said. Raises `CalledProcessError`."""
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    } | {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    answer = subprocess.run(
        ["git", *arguments],
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if answer.returncode:
        raise subprocess.CalledProcessError(answer.returncode, arguments, answer.stdout, answer.stderr)
    return answer.stdout.strip()


def test_what_is_committed_can_be_cloned(git_server: Server, tmp_path: Path) -> None:
    """A commit made on the server is what a clone holds: files, links, removals, tags."""
    # GIVEN
    url = git_server.create(
        "team/shop.git",
        {"k8s/web.yaml": "a: 1\n", "old": b"\x00\xff", 'odd "name"': "x"},
    )
    first = git_server.commit("team/shop.git", {"old": None}, "Remove", links={"link": "k8s/web.yaml"})
    git_server.tag("team/shop.git", "v1.2.3")
    # WHEN
    git(tmp_path, "clone", "-q", url, "copy")
    copy = tmp_path / "copy"
    # THEN
    assert (first, "main") == (
        git(copy, "rev-parse", "v1.2.3"),
        git(copy, "branch", "--show-current"),
    )
    assert ["k8s/web.yaml", "link", 'odd "name"'] == git(copy, "ls-files", "-z").strip("\0").split("\0")
    assert "a: 1\n" == (copy / "link").read_text()


def test_the_same_files_make_the_same_commit(git_server: Server) -> None:
    """Commits made here depend on nothing but what is in them."""
    # GIVEN WHEN
    for name in ("one.git", "two.git"):
        git_server.create(name, {"a": "1"})
        git_server.commit(name, {"b": "2"})
    # THEN
    shas = {git(git_server.server.root / name, "rev-parse", "main") for name in ("one.git", "two.git")}
    assert 1 == len(shas)


@pytest.mark.parametrize("settings", [(), ("-c", "http.postBuffer=65536")], ids=["whole", "chunked"])
def test_pushes_arrive(git_server: Server, tmp_path: Path, settings: tuple[str, ...]) -> None:
    """A push of a few megabytes arrives, in one body or in chunks."""
    # GIVEN
    url = git_server.create("shop.git", {"a": "1"})
    git(tmp_path, "clone", "-q", url, "copy")
    copy = tmp_path / "copy"
    (copy / "big").write_bytes(os.urandom(2_000_000))
    git(copy, "add", "big")
    git(copy, "commit", "-qm", "Add big")
    # WHEN
    git(copy, *settings, "push", "-q", "origin", "HEAD:refs/heads/feature")
    # THEN
    assert git(copy, "rev-parse", "HEAD") == git(git_server.server.root / "shop.git", "rev-parse", "feature")


def test_partial_shallow_and_by_sha(git_server: Server, tmp_path: Path) -> None:
    """A client can fetch one commit without its files, and any commit by its SHA."""
    # GIVEN
    url = git_server.create("shop.git", {"a": "1"})
    first = git(git_server.server.root / "shop.git", "rev-parse", "main")
    git_server.commit("shop.git", {"a": "2"})
    git(tmp_path, "init", "-q", "copy")
    copy = tmp_path / "copy"
    git(copy, "remote", "add", "origin", url)
    # WHEN
    git(copy, "fetch", "-q", "--depth=1", "--filter=blob:none", "origin", first)
    # THEN
    listed = git(copy, "rev-list", "--objects", "--missing=print", first).splitlines()
    assert [True] == [line.startswith("?") for line in listed if line.startswith("?")]
    assert "1" == git(copy, "show", f"{first}:a")


def test_a_large_negotiation_is_compressed_and_understood(git_server: Server, tmp_path: Path) -> None:
    """Git compresses long request bodies; the server passes them on as they are."""
    # GIVEN a client with far more history than fits a small request
    url = git_server.create("shop.git", {"a": "0"})
    for number in range(60):
        git_server.commit("shop.git", {"a": str(number)}, branch=f"b{number}")
    git(tmp_path, "clone", "-q", url, "copy")
    wanted = git_server.commit("shop.git", {"a": "new"})
    # WHEN
    git(tmp_path / "copy", "fetch", "-q")
    # THEN
    assert wanted == git(tmp_path / "copy", "rev-parse", "origin/main")


def test_requests_are_counted(git_server: Server, tmp_path: Path) -> None:
    """Looking at the refs of a repository is two requests."""
    # GIVEN
    url = git_server.create("shop.git", {"a": "1"})
    # WHEN
    git(tmp_path, "ls-remote", url)
    # THEN
    counted = {"GET /shop.git/info/refs": 1, "POST /shop.git/git-upload-pack": 1}
    assert counted == git_server.server.counts()


def test_guarded_repositories_ask_for_credentials(git_server: Server, tmp_path: Path) -> None:
    """Without the right header there is no answer, and other repositories stay open."""
    # GIVEN
    url, other = (
        git_server.create("shop.git", {"a": "1"}),
        git_server.create("open.git", {"a": "1"}),
    )
    git_server.server.guarded["shop.git"] = basic("robot", "s3cret")
    # WHEN THEN
    for attempt in (url, url.replace("//", "//robot:wrong@")):
        with pytest.raises(subprocess.CalledProcessError):
            git(tmp_path, "ls-remote", attempt)
    assert "refs/heads/main" in git(tmp_path, "ls-remote", url.replace("//", "//robot:s3cret@"))
    assert "refs/heads/main" in git(tmp_path, "ls-remote", other)
    # WHEN THEN
    git_server.server.guarded["shop.git"] = bearer("token")
    header = "http.extraHeader=Authorization: Bearer token"
    assert "refs/heads/main" in git(tmp_path, "-c", header, "ls-remote", url)


@pytest.mark.parametrize("path", ["missing.git", "../outside.git", "%2e%2e/outside.git"])
def test_there_is_nothing_outside_the_folder(git_server: Server, tmp_path: Path, path: str) -> None:
    """A repository that isn't below the root isn't served."""
    # GIVEN
    repositories.create(git_server.server.root.parent, "outside.git")
    # WHEN THEN
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "ls-remote", f"{git_server.server.url}/{path}")


def test_the_server_runs_on_its_own(tmp_path: Path) -> None:
    """`python -m local.githttp` serves a folder until it is told to end."""
    # GIVEN
    bare = repositories.create(tmp_path, "shop.git")
    sha = repositories.commit(bare, {"a": "1"})
    port = free_port()
    arguments = [
        "--root",
        tmp_path,
        "--port",
        str(port),
        "--auth",
        "shop.git=robot:s3cret",
    ]
    with Processes(tmp_path / "logs") as processes:
        # WHEN
        server = processes.start("githttp", [sys.executable, "-m", "local.githttp", *arguments])
        wait_for_port(port, "githttp", watch=[server])
        # THEN
        assert sha in git(tmp_path, "ls-remote", f"http://robot:s3cret@127.0.0.1:{port}/shop.git")
