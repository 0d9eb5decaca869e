"""Files of commits on disk: written once, healed after any crash, and never in anybody's way."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source import Repositories, Resolution
from mooring.source.process import Git, Outcome

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Watcher
    from tests.conftest import Repositories as Served


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repos"


@pytest.fixture
def make(root: Path, anonymous: Anonymous) -> Callable[..., Repositories]:
    """Repositories of a new process, so to speak: nothing remembered but what is on disk."""

    def make(**settings: object) -> Repositories:
        return Repositories(root, anonymous, timeout=20, **settings)  # type: ignore[arg-type]

    return make


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_only_what_differs_is_written(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a checkout WHEN another commit is checked out THEN unchanged files are left alone, removed ones go."""
    url = git_server.create("shop.git")
    first = git_server.commit("shop.git", {"same": "1", "changed": "1", "gone/deep": "1"})
    second = git_server.commit("shop.git", {"changed": "2", "gone/deep": None, "new": "1"})
    repositories = make()
    folder = repositories.checkout(url, first)
    assert {"same": "1", "changed": "1", "gone/deep": "1"} == files(folder)
    untouched = (folder / "same").stat()
    assert folder == repositories.checkout(url, second)
    assert {"same": "1", "changed": "2", "new": "1"} == files(folder)
    assert not (folder / "gone").exists()
    assert (untouched.st_ino, untouched.st_mtime_ns) == ((folder / "same").stat().st_ino, untouched.st_mtime_ns)
    assert {"same": "1", "changed": "1", "gone/deep": "1"} == files(repositories.checkout(url, first))


def test_a_new_process_goes_on_where_the_last_one_ended(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a warm disk and a fresh process WHEN the same commit is needed THEN nothing is run, not even git."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    folder = make().checkout(url, sha)

    def refuse(*arguments: object, **settings: object) -> Outcome:
        raise AssertionError(arguments)

    assert folder == make(git=refuse).checkout(url, sha)


def _no_index(place: Path) -> None:
    (place / "git" / "index").unlink()


def _bad_index(place: Path) -> None:
    (place / "git" / "index").write_bytes(b"DIRC nonsense")


def _locked(place: Path) -> None:
    for name in ("index.lock", "shallow.lock", "HEAD.lock", "packed-refs.lock"):
        (place / "git" / name).touch()
    for ref in (place / "git" / "refs" / "mooring").rglob("*"):
        if ref.is_file():
            ref.with_name(f"{ref.name}.lock").touch()


def _no_objects(place: Path) -> None:
    shutil.rmtree(place / "git" / "objects")


def _no_content(place: Path) -> None:
    for path in (place / "git" / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")


def _half_written(place: Path) -> None:
    (place / "at").unlink()
    (place / "tree" / "a").write_text("half")
    (place / "tree" / "stray").write_text("of an unfinished checkout")


def _no_git(place: Path) -> None:
    shutil.rmtree(place / "git")


def _half_git(place: Path) -> None:
    (place / "git" / "HEAD").unlink()
    (place / "git.new").mkdir()
    (place / "git.new" / "HEAD").touch()


def _no_config(place: Path) -> None:
    (place / "git" / "config").write_text("[core\n nonsense")


def _broken_refs(place: Path) -> None:
    for ref in (place / "git" / "refs").rglob("*"):
        if ref.is_file():
            ref.write_text("nonsense\n")


def _odd_ledger(place: Path) -> None:
    (place / "git" / "mooring-held").write_text("0123\nabc")
    (place / "at").write_bytes(b"\xff\xfe")


DAMAGES = [
    _no_index,
    _bad_index,
    _locked,
    _no_objects,
    _no_content,
    _half_written,
    _no_git,
    _half_git,
    _no_config,
    _broken_refs,
    _odd_ledger,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_a_crash_leaves_is_put_right(
    damage: Callable[[Path], None], git_server: Served, root: Path, make: Callable[..., Repositories]
) -> None:
    """GIVEN a predecessor that died anywhere WHEN work goes on THEN old and new commits are read as they are."""
    url = git_server.create("shop.git")
    first = git_server.commit("shop.git", {"a": "1", "b/c": "1"})
    repositories = make()
    repositories.latest(url, ["main"])
    repositories.checkout(url, first)
    trees = repositories.trees(url, first, ["", "a", "b", "gone"])
    damage(next(path for path in root.iterdir()))
    second = git_server.commit("shop.git", {"a": "2"})
    successor = make()
    successor.latest(url, ["main"])
    assert trees == successor.trees(url, first, ["", "a", "b", "gone"])
    assert {"a": "2", "b/c": "1"} == files(successor.checkout(url, second))
    assert {"a": "1", "b/c": "1"} == files(successor.checkout(url, first))


def test_a_fetch_that_is_killed_leaves_no_half_truth(
    git_server: Served, root: Path, make: Callable[..., Repositories]
) -> None:
    """GIVEN a commit whose trees never arrived WHEN asked what lies at its paths THEN it is fetched, not found empty."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    expected = make().trees(url, sha, ["a"])
    place = next(iter(root.iterdir()))
    shutil.rmtree(place)
    other = git_server.commit("shop.git", {"z": "1"}, branch="other")
    make().fetch(url, [other])
    served = git_server.server.root / "shop.git"
    commit = subprocess.run(["git", "cat-file", "commit", sha], cwd=served, capture_output=True, check=True).stdout
    writing = ["git", "hash-object", "-w", "-t", "commit", "--stdin"]
    subprocess.run(writing, cwd=place / "git", input=commit, capture_output=True, check=True)
    assert expected == make().trees(url, sha, ["a"])


def test_paths_have_their_object_ids(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN two commits WHEN surveyed at once THEN equal ids mean equal content, whatever the spelling of the path."""
    url = git_server.create("shop.git")
    contents: dict[str, str | bytes | None] = {"apps/one/x": "1", "apps/two/x": "1", "ünï cödé/f": "1"}
    first = git_server.commit("shop.git", contents)
    second = git_server.commit(
        "shop.git", {"apps/two/x": "2"}, "Two", links={"link": "apps/one", "out": "../up", "dead": "nowhere"}
    )
    paths = ["", ".", "apps/one", "./apps//one/", "apps/two", "link", "link/x", "ünï cödé"]
    nothing = ["nope", "apps/one/x/y", "..", "/etc", "out", "dead", "apps/../../etc", "a\nb"]
    surveys = make().survey(url, {first: [*paths, *nothing], second: [*paths, *nothing]})
    before, after = surveys[first].trees, surveys[second].trees
    assert "Two" == surveys[second].commit.subject
    assert {*nothing, "link", "link/x"} == {path for path, found in before.items() if found is None}
    assert set(nothing) == {path for path, found in after.items() if found is None}
    assert before["apps/one"] == after["apps/one"] == after["./apps//one/"] == after["link"] == before["apps/two"]
    assert before["apps/two"] != after["apps/two"]
    assert before["ünï cödé"] == after["ünï cödé"]
    assert before[""] == before["."] != after[""]
    assert after["link/x"] not in {None, after["link"]}


def test_any_number_of_paths_may_be_asked_for(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN more paths than a command takes as arguments WHEN a commit is surveyed THEN each has its answer."""
    url = git_server.create("shop.git", {"apps/a/values.yaml": "a: 1"})
    sha = git_server.commit("shop.git", {"b": "2"})
    repositories = make()
    repositories.fetch(url, [sha])
    absent = [f"apps/{'x' * 90}/{number:05}.yaml" for number in range(25_000)]
    found = repositories.trees(url, sha, [*absent, "apps/a/values.yaml"])
    assert {None} == {found[path] for path in absent}
    assert found["apps/a/values.yaml"] is not None


def test_what_is_no_commit_is_refused(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN the SHA of a tree WHEN surveyed THEN the error names the field, and the copy is kept."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    repositories = make()
    tree = repositories.trees(url, sha, [""])[""]
    assert tree is not None
    with pytest.raises(ConfigurationError) as caught:
        repositories.survey(url, {sha: [], tree: []})
    assert "spec.source.targetRevision" == caught.value.field


def test_nothing_in_a_repository_is_executed(
    git_server: Served, make: Callable[..., Repositories], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN hooks, filters, submodules and configuration in a repository and on the machine WHEN it is read THEN none runs."""
    proof = tmp_path / "executed"
    attack = f"touch {proof}"
    home = tmp_path / "home"
    home.mkdir()
    config = f"[core]\n\tfsmonitor = {attack}\n\thooksPath = hooks\n\tsshCommand = {attack}\n"
    config += f'[filter "evil"]\n\tsmudge = {attack}\n\trequired = true\n[include]\n\tpath = ../tree/.gitconfig\n'
    (home / ".gitconfig").write_text(config)
    (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_SSH_COMMAND", attack)
    monkeypatch.setenv("GIT_ASKPASS", attack)
    hooks = dict.fromkeys(("hooks/post-checkout", ".git-hooks/post-checkout", "hooks/post-index-change"), attack)
    url = git_server.create("shop.git")
    sha = git_server.commit(
        "shop.git",
        {
            ".gitattributes": "* filter=evil diff=evil text eol=lf\n",
            ".gitconfig": config,
            ".gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = ext::{attack}\n\tupdate = !{attack}\n',
            ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/\n",
            "large": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            **hooks,
        },
    )
    repositories = make()
    repositories.latest(url, ["main"])
    folder = repositories.checkout(url, sha)
    repositories.trees(url, sha, ["", "s"])
    assert (folder / "large").read_text().startswith("version https://git-lfs")
    assert not proof.exists()
    assert [] == list((folder.parent / "git").glob("hooks/*"))


def test_links_are_checked_out_as_links(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a link that leaves the repository WHEN checked out THEN it is a link, for the renderer to refuse."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"}, links={"out": "../../../etc"})
    folder = make().checkout(url, sha)
    assert (folder / "out").is_symlink()
    assert "../../../etc" == os.readlink(folder / "out")


def test_the_root_is_private(git_server: Served, root: Path, make: Callable[..., Repositories]) -> None:
    """What private repositories hold is for our user alone."""
    url = git_server.create("shop.git")
    make().checkout(url, git_server.commit("shop.git", {"a": "1"}))
    assert 0o700 == stat.S_IMODE(root.stat().st_mode)


@pytest.mark.parametrize("new", [False, True])
def test_the_repository_unused_for_longest_makes_room(
    new: bool, git_server: Served, root: Path, make: Callable[..., Repositories]
) -> None:
    """GIVEN more repositories than fit WHEN another is fetched THEN the oldest go, and come back when they are needed."""
    size = 300_000
    urls = {}
    repositories = make(limit=2_000_000)
    for number in range(4):
        name = f"r{number}.git"
        url = git_server.create(name)
        urls[url] = git_server.commit(name, {"big": os.urandom(size), "n": str(number)})
    for url, sha in urls.items():
        repositories = make(limit=2_000_000) if new else repositories
        repositories.latest(url, ["main"])
        repositories.checkout(url, sha)
    assert len(list(root.iterdir())) < 4
    for number, (url, sha) in enumerate(urls.items()):
        assert str(number) == (repositories.checkout(url, sha) / "n").read_text()


def test_what_is_being_read_makes_no_room(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN a checkout in use WHEN the same thread fetches another repository into too little room THEN both stay."""
    urls = {}
    for name in ("one.git", "two.git"):
        url = git_server.create(name)
        urls[url] = git_server.commit(name, {"n": name})
    (one, first), (two, second) = urls.items()
    repositories = make(limit=1000)
    with repositories.checked_out(one, first) as folder, repositories.checked_out(two, second) as other:
        assert ("one.git", "two.git") == ((folder / "n").read_text(), (other / "n").read_text())
    repositories.checkout(two, second)
    assert not folder.exists()


def test_a_repository_larger_than_the_limit_still_works(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN one that exceeds the limit alone WHEN it moves THEN it is read, each time from a new copy."""
    url = git_server.create("shop.git")
    repositories = make(limit=1000)
    for number in range(3):
        sha = git_server.commit("shop.git", {"n": str(number), "big": os.urandom(5000)})
        repositories.latest(url, ["main"])
        assert str(number) == (repositories.checkout(url, sha) / "n").read_text()


@pytest.mark.parametrize(("command", "tries"), [("init", 1), ("fetch", 2), ("read-tree", 2)])
def test_a_full_disk_is_cleared_once_then_told(
    command: str,
    tries: int,
    git_server: Served,
    root: Path,
    make: Callable[..., Repositories],
    git_behind: Callable[[Watcher], Git],
) -> None:
    """GIVEN a disk without space WHEN the files don't fit even alone THEN the error says what to give more of."""
    other = git_server.create("other.git")
    make().checkout(other, git_server.commit("other.git", {"a": "1"}))
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    commands: list[str] = []

    def full(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        commands.append(arguments[0])
        if arguments[0] == command:
            return Outcome(128, b"", "fatal: write error: No space left on device\nfatal: index-pack failed")
        return None

    with pytest.raises(ConfigurationError, match="temporary storage"):
        make(git=git_behind(full)).checkout(url, sha)
    assert tries == commands.count(command)
    assert (1 if tries == 2 else 2) == len(list(root.iterdir()))


def test_our_own_files_may_find_the_disk_full(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN no space for a few bytes of ours WHEN they are written THEN it is the same error; others pass as they are."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})
    for number, error in ((errno.ENOSPC, ConfigurationError), (errno.EIO, OSError)):
        failure = OSError(number, "no")

        def fail(*arguments: object, failure: OSError = failure, **settings: object) -> Outcome:
            raise failure

        with pytest.raises(error):
            make(git=fail).checkout(url, sha)


def test_git_that_never_ends_here_is_transient(
    git_server: Served, make: Callable[..., Repositories], git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN a local command that runs into its limit WHEN files are written THEN the error is one to try again."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})

    def stuck(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        if arguments[0] == "read-tree":
            raise TimeoutError
        return None

    with pytest.raises(UnreachableError, match="read-tree"):
        make(git=git_behind(stuck)).checkout(url, sha)
    assert {"a": "1"} == files(make().checkout(url, sha))


def test_a_copy_that_can_not_be_healed_is_transient(
    git_server: Served, make: Callable[..., Repositories], git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN a git that always fails WHEN used THEN one new copy is tried, and the error leaves everything as it is."""
    url = git_server.create("shop.git")
    sha = git_server.commit("shop.git", {"a": "1"})

    def broken(arguments: Sequence[str], environment: dict[str, str]) -> Outcome | None:
        if arguments[0] in {"read-tree", "cat-file"}:
            return Outcome(128, b"", "fatal: something odd")
        return None

    repositories = make(git=git_behind(broken))
    with pytest.raises(UnreachableError):
        repositories.checkout(url, sha)
    with pytest.raises(UnreachableError):
        repositories.trees(url, sha, ["a"])


def test_threads_take_turns_with_a_repository(git_server: Served, make: Callable[..., Repositories]) -> None:
    """GIVEN threads that want different commits WHEN each holds its checkout THEN each reads its own."""
    url = git_server.create("shop.git")
    shas = {git_server.commit("shop.git", {"n": str(number)}): str(number) for number in range(4)}
    repositories = make()

    def work(sha: str) -> list[str]:
        seen = []
        for _ in range(5):
            with repositories.checked_out(url, sha) as folder:
                seen.append((folder / "n").read_text())
        return seen

    with ThreadPoolExecutor(len(shas)) as pool:
        seen = dict(zip(shas, pool.map(work, shas, timeout=60), strict=True))
    assert {sha: [expected] * 5 for sha, expected in shas.items()} == seen


def test_git_agrees_about_the_files(git_server: Served, make: Callable[..., Repositories], tmp_path: Path) -> None:
    """GIVEN modes, odd names and empty files WHEN checked out THEN it is what a clone has."""
    url = git_server.create("shop.git")
    contents: dict[str, str | bytes | None] = {
        "a b/ü": "x",
        "empty": "",
        "binary": bytes(range(256)),
        "deep/er/est/f": "1\r\n",
    }
    sha = git_server.commit("shop.git", contents, links={"l": "a b"})
    subprocess.run(["git", "clone", "-q", url, str(tmp_path / "clone")], check=True, capture_output=True)
    shutil.rmtree(tmp_path / "clone" / ".git")
    folder = make().checkout(url, sha)
    subprocess.run(["diff", "-r", "--no-dereference", str(tmp_path / "clone"), str(folder)], check=True)


def test_a_push_to_a_large_repository_brings_what_is_read(
    git_server: Served, make: Callable[..., Repositories]
) -> None:
    """GIVEN a copy with one folder of a large repository WHEN a push edits long texts inside and outside of it THEN only
    the one inside comes, although a server would send both as differences to texts of which one is not here.
    """
    lines = [f"line {hashlib.sha256(str(number).encode()).hexdigest()}" for number in range(2000)]
    noise: dict[str, str | bytes | None] = {f"noise/{number % 50}/{number}.txt": f"{number}" for number in range(2100)}
    url = git_server.create("shop.git", {**noise, "noise/long.txt": "\n".join(lines), "app/long.txt": "\n".join(lines)})
    repositories = make()
    first = repositories.latest(url, ["main"])["main"]
    assert isinstance(first, Resolution)
    with repositories.opened(url, first.sha, ["app"]):
        pass
    lines[1000] = "changed"
    git_server.commit("shop.git", {"noise/long.txt": "\n".join([*lines, "noise"]), "app/long.txt": "\n".join(lines)})
    subprocess.run(["git", "repack", "-adq"], cwd=git_server.server.root / "shop.git", check=True)
    before = git_server.server.counts()
    second = repositories.latest(url, ["main"])["main"]
    assert isinstance(second, Resolution)
    with repositories.opened(url, second.sha, ["app"]) as checkout:
        assert "\n".join(lines) == (checkout.root / "app/long.txt").read_text()
        assert ["app"] == sorted(each.name for each in checkout.root.iterdir())
    asked = git_server.server.counts() - before
    assert {"GET /shop.git/info/refs": 2, "POST /shop.git/git-upload-pack": 3} == dict(asked)
