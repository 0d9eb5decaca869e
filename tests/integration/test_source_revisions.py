"""What revisions name on a real server, and how little is asked of it to know."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.tools import ensure
from mooring.errors import ConfigurationError
from mooring.source import GoKit, Repositories, Resolution
from mooring.source.process import Git, Outcome

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Watcher
    from tests.conftest import Repositories as Served


@pytest.fixture
def commands() -> list[str]:
    """Which git commands were run; a test takes them with `taken`."""
    return []


@pytest.fixture
def repositories(
    tmp_path: Path, commands: list[str], anonymous: Anonymous, git_behind: Callable[[Watcher], Git]
) -> Repositories:
    """Ours, below a fresh root."""

    def note(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        commands.append(arguments[0])
        return None

    gokit = GoKit(str(ensure(("gokit",), print)["gokit"]))
    return Repositories(tmp_path / "repos", anonymous, git=git_behind(note), gokit=gokit, timeout=20)


def taken(commands: list[str]) -> list[str]:
    """The commands since the last time."""
    new = list(commands)
    commands.clear()
    return new


def command(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def found(answer: Resolution | ConfigurationError) -> tuple[str, str]:
    assert isinstance(answer, Resolution), answer
    return answer.sha, answer.ref


def test_every_kind_of_revision_costs_one_ls_remote(
    git_server: Served, repositories: Repositories, commands: list[str]
) -> None:
    """GIVEN branches, tags, ranges and SHAs WHEN all are resolved at once THEN one command finds the commits."""
    url = git_server.create("shop.git", {"a": "1"})
    first = git_server.commit("shop.git", {"a": "2"})
    git_server.tag("shop.git", "v1.2.0", first)
    second = git_server.commit("shop.git", {"a": "3"})
    path = git_server.server.root / "shop.git"
    command(path, "tag", "-a", "v1.10.0", "-m", "annotated", second)
    command(path, "tag", "v2.0.0-rc.1", first)
    third = git_server.commit("shop.git", {"b": "1"}, branch="feature/x")
    command(path, "update-ref", "refs/pull/7/head", third)
    expected = {
        "HEAD": (second, "HEAD"),
        "": (second, "HEAD"),
        "main": (second, "refs/heads/main"),
        "feature/x": (third, "refs/heads/feature/x"),
        "refs/heads/feature/x": (third, "refs/heads/feature/x"),
        "pull/7/head": (third, "refs/pull/7/head"),
        "v1.2.0": (first, "refs/tags/v1.2.0"),
        "v1.10.0": (second, "refs/tags/v1.10.0"),
        "refs/tags/v1.10.0": (second, "refs/tags/v1.10.0"),
        "1.*": (second, "refs/tags/v1.10.0"),
        "~1.2": (first, "refs/tags/v1.2.0"),
        "*": (second, "refs/tags/v1.10.0"),
        "*-0": (first, "refs/tags/v2.0.0-rc.1"),
        third.upper(): (third, ""),
    }
    answers = repositories.resolve(url, expected)
    assert expected == {revision: found(answer) for revision, answer in answers.items()}
    assert ["ls-remote"] == taken(commands)


def test_a_full_sha_asks_nobody(repositories: Repositories, commands: list[str]) -> None:
    """GIVEN nothing but full SHAs WHEN they are resolved THEN neither network nor git is needed."""
    sha = "a" * 40
    assert {sha: Resolution(sha, sha)} == repositories.resolve("https://forge.invalid/acme/shop", [sha])
    assert [] == taken(commands)


def test_an_abbreviated_sha_is_completed(git_server: Served, repositories: Repositories, commands: list[str]) -> None:
    """GIVEN commits behind the tips WHEN their SHAs are abbreviated THEN they are found, and fetched with their files."""
    url = git_server.create("shop.git", {"a": "1"})
    shas = [git_server.commit("shop.git", {"a": str(number)}) for number in range(2, 12)]
    wanted = {shas[0][:7]: shas[0], shas[4][:12].upper(): shas[4]}
    answers = repositories.latest(url, wanted)
    assert {revision: (sha, "") for revision, sha in wanted.items()} == {
        revision: found(answer) for revision, answer in answers.items()
    }
    assert 1 == taken(commands).count("ls-remote")
    assert "2" == (repositories.checkout(url, shas[0]) / "a").read_text()
    assert isinstance(repositories.resolve(url, ["0000000"])["0000000"], ConfigurationError)


def test_unknown_revisions_are_told_one_by_one(git_server: Served, repositories: Repositories) -> None:
    """GIVEN good and bad revisions WHEN resolved THEN the bad have an error that helps, and the good their commit."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    git_server.tag("shop.git", "v1.0.0")
    for ask in (repositories.resolve, repositories.latest):
        answers = ask(url, ["main", "mian", "9.*", "--upload-pack=touch x", "a b", "feature/none"])
        assert (sha, "refs/heads/main") == found(answers["main"])
        errors = {revision: answer for revision, answer in answers.items() if isinstance(answer, ConfigurationError)}
        assert {"mian", "9.*", "--upload-pack=touch x", "a b", "feature/none"} == set(errors)
        assert {"spec.source.targetRevision"} == {error.field for error in errors.values()}
        assert "did you mean main?" in errors["mian"].message
        assert "range 9.*" in errors["9.*"].message


def test_an_empty_repository_says_so(git_server: Served, repositories: Repositories) -> None:
    """GIVEN a repository without commits WHEN HEAD is asked for THEN the error tells that."""
    url = git_server.create("empty.git")
    for ask in (repositories.resolve, repositories.latest):
        answer = ask(url, ["HEAD"])["HEAD"]
        assert isinstance(answer, ConfigurationError)
        assert "no commits" in answer.message


def test_a_branch_wins_over_a_tag_of_its_name(git_server: Served, repositories: Repositories) -> None:
    """GIVEN both WHEN the short name is used THEN resolve and latest agree on the branch (ADR 0011)."""
    url = git_server.create("shop.git")
    first = git_server.commit("shop.git", {"a": "1"})
    git_server.tag("shop.git", "release", first)
    second = git_server.commit("shop.git", {"a": "2"}, branch="release")
    for ask in (repositories.resolve, repositories.latest):
        answers = ask(url, ["release", "refs/tags/release"])
        assert (second, "refs/heads/release") == found(answers["release"])
        assert (first, "refs/tags/release") == found(answers["refs/tags/release"])
    assert (second, "refs/heads/release") == found(repositories.latest(url, ["release"])["release"])


def test_a_branch_with_the_name_of_a_range_is_found_when_no_tag_fits(
    git_server: Served, repositories: Repositories
) -> None:
    """GIVEN a branch 1.x WHEN no tag lies in that range THEN the branch is meant, as in Argo CD; else the tag is."""
    url = git_server.create("shop.git")
    branch = git_server.commit("shop.git", {"a": "1"}, branch="1.x")
    assert (branch, "refs/heads/1.x") == found(repositories.latest(url, ["1.x"])["1.x"])
    tagged = git_server.commit("shop.git", {"a": "2"})
    git_server.tag("shop.git", "v1.4.0")
    assert (tagged, "refs/tags/v1.4.0") == found(repositories.latest(url, ["1.x"])["1.x"])


def test_a_push_is_three_commands(git_server: Served, repositories: Repositories, commands: list[str]) -> None:
    """GIVEN a warm copy WHEN a branch moves THEN fetch, read-tree and cat-file answer everything, in three requests."""
    paths = [f"apps/app{number}" for number in range(50)]
    url = git_server.create("shop.git", {f"{path}/f.yaml": path for path in paths})
    before = _look(repositories, url, paths)
    assert ["init", "fetch", "ls-tree", "rev-list", "fetch", "read-tree", "cat-file"] == taken(commands)
    sha = git_server.commit("shop.git", {"apps/app7/f.yaml": "new"}, "Change app7\n\nBecause.")
    requests = git_server.server.counts()
    after = _look(repositories, url, paths)
    assert ["fetch", "read-tree", "cat-file"] == taken(commands)
    asked = git_server.server.counts() - requests
    assert Counter({"GET /shop.git/info/refs": 1, "POST /shop.git/git-upload-pack": 2}) == asked
    assert {"apps/app7"} == {path for path in paths if before[path] != after[path]}
    assert "Change app7" == repositories.commit(url, sha).subject
    assert [] == taken(commands)


def _look(repositories: Repositories, url: str, paths: list[str]) -> dict[str, str | None]:
    answer = repositories.latest(url, ["main"])["main"]
    assert isinstance(answer, Resolution)
    repositories.checkout(url, answer.sha)
    trees = repositories.trees(url, answer.sha, paths)
    assert answer.sha == repositories.commit(url, answer.sha).sha
    return trees


def test_many_branches_are_one_fetch(git_server: Served, repositories: Repositories, commands: list[str]) -> None:
    """GIVEN applications on several branches and a SHA WHEN all are brought THEN it is one command."""
    url = git_server.create("shop.git", {"a": "1"})
    shas = {f"env/{name}": git_server.commit("shop.git", {"a": name}, branch=f"env/{name}") for name in "abc"}
    old = git_server.commit("shop.git", {"a": "2"})
    git_server.commit("shop.git", {"a": "3"})
    answers = repositories.latest(url, [*shas, "HEAD", old])
    assert ["init", "fetch"] == taken(commands)
    assert shas == {name: found(answers[name])[0] for name in shas}
    for name, sha in shas.items():
        assert name.removeprefix("env/") == (repositories.checkout(url, sha) / "a").read_text()
    taken(commands)
    assert "2" == (repositories.checkout(url, old) / "a").read_text()
    assert "fetch" in taken(commands)  # of the file alone: another branch's commit has another
    assert "a" == (repositories.checkout(url, shas["env/a"]) / "a").read_text()
    assert ["read-tree"] == taken(commands)


def test_a_force_push_is_followed(git_server: Served, repositories: Repositories) -> None:
    """GIVEN a branch that is rewritten WHEN it is fetched THEN its new commit counts, and the old one stays readable."""
    url = git_server.create("shop.git", {"a": "1"})
    old = git_server.commit("shop.git", {"a": "2"})
    assert old == found(repositories.latest(url, ["main"])["main"])[0]
    path = git_server.server.root / "shop.git"
    command(path, "update-ref", "refs/heads/main", f"{old}^")
    new = git_server.commit("shop.git", {"a": "other"})
    assert new == found(repositories.latest(url, ["main"])["main"])[0]
    assert "other" == (repositories.checkout(url, new) / "a").read_text()
    assert "2" == (repositories.checkout(url, old) / "a").read_text()


def test_a_deleted_branch_is_unknown(git_server: Served, repositories: Repositories) -> None:
    """GIVEN a branch that was fetched WHEN it is deleted on the server THEN it is an error, not a memory of ours."""
    url = git_server.create("shop.git", {"a": "1"})
    git_server.commit("shop.git", {"a": "2"}, branch="feature")
    repositories.latest(url, ["feature"])
    command(git_server.server.root / "shop.git", "update-ref", "-d", "refs/heads/feature")
    answers = repositories.latest(url, ["feature", "main"])
    assert isinstance(answers["feature"], ConfigurationError)
    assert isinstance(answers["main"], Resolution)


def test_a_branch_may_become_a_folder_of_branches(git_server: Served, repositories: Repositories) -> None:
    """GIVEN the branch x WHEN it makes way for x/y THEN both moments are read."""
    url = git_server.create("shop.git", {"a": "1"})
    git_server.commit("shop.git", {"a": "2"}, branch="x")
    assert isinstance(repositories.latest(url, ["x"])["x"], Resolution)
    command(git_server.server.root / "shop.git", "update-ref", "-d", "refs/heads/x")
    sha = git_server.commit("shop.git", {"a": "3"}, branch="x/y")
    assert sha == found(repositories.latest(url, ["x/y"])["x/y"])[0]


def test_a_tag_that_moves_is_followed(git_server: Served, repositories: Repositories, commands: list[str]) -> None:
    """GIVEN an annotated tag WHEN it is put elsewhere THEN the new commit counts, without a fetch where it is held."""
    url = git_server.create("shop.git", {"a": "1"})
    path = git_server.server.root / "shop.git"
    command(path, "tag", "-a", "stable", "-m", "x", "main")
    first = found(repositories.latest(url, ["stable"])["stable"])[0]
    second = git_server.commit("shop.git", {"a": "2"})
    assert second == found(repositories.latest(url, ["main"])["main"])[0]
    command(path, "tag", "-f", "-a", "stable", "-m", "x", "main")
    taken(commands)
    assert second == found(repositories.latest(url, ["stable"])["stable"])[0]
    assert ["ls-remote"] == taken(commands)
    assert first != second


def test_a_tag_is_tried_as_a_branch_only_once(
    git_server: Served, repositories: Repositories, commands: list[str]
) -> None:
    """GIVEN a tag that looks like a branch WHEN asked for again THEN the server's list is asked for at once."""
    url = git_server.create("shop.git", {"a": "1"})
    git_server.tag("shop.git", "stable")
    repositories.latest(url, ["stable"])
    assert ["init", "fetch", "ls-remote", "fetch"] == taken(commands)
    repositories.latest(url, ["stable"])
    assert ["ls-remote"] == taken(commands)


def test_a_commit_that_the_server_lacks_has_an_error_in_its_place(
    git_server: Served, repositories: Repositories
) -> None:
    """GIVEN a SHA of nowhere beside a branch WHEN both are brought THEN only the SHA fails, and fetch raises for it."""
    url = git_server.create("shop.git", {"a": "1"})
    lost = "1" * 40
    answers = repositories.latest(url, [lost, "main"])
    assert isinstance(answers["main"], Resolution)
    assert isinstance(answers[lost], ConfigurationError)
    with pytest.raises(ConfigurationError, match=lost):
        repositories.fetch(url, [lost])
    with pytest.raises(ConfigurationError, match=lost):
        repositories.checkout(url, lost)


def test_servers_that_give_out_names_only_are_read_in_full(
    git_server: Served, tmp_path: Path, anonymous: Anonymous, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN protocol 0, where a SHA may not be asked for, WHEN an old commit is wanted THEN it is found by the names."""
    git_server.create("shop.git", {"a": "1"})
    old = git_server.commit("shop.git", {"a": "2"})
    git_server.commit("shop.git", {"a": "3"})

    def ancient(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        key = next(name for name, value in environment.items() if value == "protocol.version")
        environment[key.replace("KEY", "VALUE")] = "0"
        return None

    repositories = Repositories(tmp_path / "repos", anonymous, git=git_behind(ancient), allow_file=True)
    url = f"file://{git_server.server.root}/shop.git"
    assert isinstance(repositories.latest(url, ["main"])["main"], Resolution)
    assert "2" == (repositories.checkout(url, old) / "a").read_text()
    lost = "1" * 40
    with pytest.raises(ConfigurationError, match=lost):
        repositories.fetch(url, [lost])
