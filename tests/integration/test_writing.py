"""Commits to real git servers: one for many applications, whoever else pushes, and nothing twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.githttp import GitServer, basic
from mooring.errors import ConfigurationError, ConflictError, ForbiddenError, UnreachableError
from mooring.source.commits import Writers
from mooring.source.drafts import Person, Signer
from mooring.source.credentials import BasicCredential, Credential, select
from mooring.source.gokit import GoKit
from mooring.source.process import run_git
from mooring.source.signing import signer
from mooring.writeback.edits import Edit, SetImage, SetValues, WholeFile
from mooring.writeback.updates import Destination, ImageChange, Style, Update
from mooring.writeback.writing import WritePorts, write
from tests.doubles.signing import pen

if TYPE_CHECKING:
    from mooring.source.process import Git, Outcome
    from tests.conftest import Anonymous, Repositories, Watcher

NAME = "shop.git"
NOW = 1_800_000_000


@pytest.fixture
def ports(tmp_path: Path, anonymous: Anonymous, gokit: GoKit) -> WritePorts:
    return made_ports(tmp_path, anonymous, gokit)


def made_ports(
    tmp_path: Path, store: Any, gokit: GoKit, *, git: Git = run_git, sign: Signer | None = None
) -> WritePorts:
    pauses: list[float] = []
    return WritePorts(
        Writers(tmp_path / "writes", git=git), lambda _: store, lambda: sign, gokit.ask, lambda: NOW, pauses.append
    )


def update(name: str, tag: str = "v2", *, old: str = "v1", path: str = "") -> Update:
    edit = Edit(path or f"apps/{name}", SetImage("web", tag=tag))
    return Update("argocd", name, (edit,), (ImageChange("registry.example.com/web", old, tag, "web"),))


def kustomization(tag: str = "v1") -> str:
    return f"# kept\nimages:\n  - name: web\n    newTag: {tag} # now\n"


def files(*names: str) -> dict[str, str | bytes | None]:
    return {f"apps/{name}/kustomization.yaml": kustomization() for name in names}


def git(served: Repositories, *command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *command], cwd=served.server.root / NAME, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def show(served: Repositories, path: str, branch: str = "main") -> str:
    return git(served, "show", f"{branch}:{path}")


def test_ninety_applications_are_one_commit(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN 90 applications in one repository, their images move in one commit, by whom it should be; then nothing is
    left to do.
    """
    names = [f"app-{number}" for number in range(90)]
    url = git_server.create(NAME, {**files(*names), "other/big.bin": b"\0" * 300_000})
    before = git(git_server, "rev-parse", "main")
    ada = Person("Ada <x>", "ada@example.com")
    written = write(ports, Destination(url), [update(name) for name in names], Style(author=ada))
    assert written.made
    assert names == [key.removeprefix("argocd/") for key in written.states("written")]
    assert [written.sha, before] == git(git_server, "rev-list", "main").split()
    assert "Ada x|ada@example.com|Ada x|ada@example.com|1800000000" == git(
        git_server, "log", "-1", "--format=%an|%ae|%cn|%ce|%at"
    )
    assert 90 == len(git(git_server, "diff", "--name-only", before, "main").splitlines())
    assert kustomization("v2").strip() == show(git_server, "apps/app-89/kustomization.yaml")
    message = git(git_server, "log", "-1", "--format=%B")
    assert message.startswith("build: automatic update of 90 applications\n\nbuild: automatic update of app-0\n\n")
    assert "updates image registry.example.com/web tag 'v1' to 'v2'" in message
    git(git_server, "fsck", "--strict")
    again = write(ports, Destination(url, "main"), [update(name) for name in names])
    assert (False, written.sha, names) == (
        again.made, again.sha, [key.removeprefix("argocd/") for key in again.states("unchanged")],
    )  # fmt: skip


def test_nothing_of_other_files_is_fetched(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit
) -> None:
    """GIVEN a repository of many large files, a commit takes three requests for data and a copy that is small."""
    url = git_server.create(NAME, {**files("web"), **{f"big/{n}": os.urandom(50_000) for n in range(40)}})
    commands: list[str] = []

    def watched(arguments: Sequence[str], **given: Any) -> Outcome:
        commands.append(arguments[0])
        return run_git(arguments, **given)

    ports = made_ports(tmp_path, anonymous, gokit, git=watched)
    write(ports, Destination(url, "main"), [update("web")])
    assert ["fetch", "fetch", "push"] == [each for each in commands if each in ("fetch", "push", "ls-remote")]
    assert sum(path.stat().st_size for path in (tmp_path / "writes").rglob("*") if path.is_file()) < 200_000


def test_a_usual_message_is_image_updaters(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN one application, the message is Image Updater's; a template of one's own takes its place."""
    url = git_server.create(NAME, files("web"))
    write(ports, Destination(url), [update("web")])
    assert "build: automatic update of web\n\nupdates image registry.example.com/web tag 'v1' to 'v2'" == git(
        git_server, "log", "-1", "--format=%B"
    )
    labels = {"org.opencontainers.image.revision": "abc"}
    moved = replace(update("web", "v3"), images=(ImageChange("web", "v2", "v3", labels=labels),))
    template = (
        '{{.AppName}}{{range .AppChanges}} {{.NewTag}} {{index .Labels "org.opencontainers.image.revision"}}{{end}}'
    )
    ada = Person("Ada", "ada@example.com")
    write(ports, Destination(url), [moved], Style(template, ada, sign_off=True))
    assert "web v3 abc\n\nSigned-off-by: Ada <ada@example.com>" == git(git_server, "log", "-1", "--format=%B")
    with pytest.raises(ConfigurationError, match="git.commit-message-template"):
        write(ports, Destination(url), [update("web", "v4")], Style("{{.AppName"))


def test_somebody_pushes_between_fetch_and_push(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN others whose commits arrive twice while we write, even in the same file, both sides' work is there."""
    url = git_server.create(NAME, files("web", "other"))
    theirs = [
        {"apps/web/kustomization.yaml": kustomization() + "namePrefix: x-\n"},
        {"apps/other/kustomization.yaml": kustomization("v7")},
    ]

    def faster(arguments: Sequence[str], environment: dict[str, str]) -> None:
        if arguments[0] == "push" and theirs:
            git_server.commit(NAME, dict(theirs.pop(0)), "Theirs")

    ports = made_ports(tmp_path, anonymous, gokit, git=git_behind(faster))
    written = write(ports, Destination(url), [update("web")])
    assert (True, 3) == (written.made, written.attempts)
    assert kustomization("v2") + "namePrefix: x-" == show(git_server, "apps/web/kustomization.yaml")
    assert kustomization("v7").strip() == show(git_server, "apps/other/kustomization.yaml")
    assert ["build: automatic update of web", "Theirs", "Theirs", "Change"] == git(
        git_server, "log", "--format=%s"
    ).splitlines()


def test_somebody_does_our_work_meanwhile(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN somebody who pushes the same tag first, there is no commit of ours."""
    url = git_server.create(NAME, files("web"))

    def faster(arguments: Sequence[str], environment: dict[str, str]) -> None:
        if arguments[0] == "push":
            git_server.commit(NAME, {"apps/web/kustomization.yaml": kustomization("v2")}, "Theirs")

    ports = made_ports(tmp_path, anonymous, gokit, git=git_behind(faster))
    written = write(ports, Destination(url), [update("web")])
    assert (False, ["argocd/web"]) == (written.made, written.states("unchanged"))


def test_a_branch_that_never_rests(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN a branch that moves at every push of ours, the attempts end, and nobody's commit is lost."""
    url = git_server.create(NAME, files("web"))
    count = 0

    def faster(arguments: Sequence[str], environment: dict[str, str]) -> None:
        nonlocal count
        assert not {"--force", "-f", "--force-with-lease"} & set(arguments)
        if arguments[0] == "push":
            count += 1
            git_server.commit(NAME, {"theirs": str(count)}, "Theirs")

    ports = made_ports(tmp_path, anonymous, gokit, git=git_behind(faster))
    with pytest.raises(ConflictError):
        write(ports, Destination(url), [update("web")])
    assert 6 == count
    assert "6" == show(git_server, "theirs")


def test_a_crash_after_the_push(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN a run that dies after its push, another instance finds nothing to do."""
    url = git_server.create(NAME, files("web"))

    class Killed(BaseException):
        pass

    def dying(arguments: Sequence[str], **given: Any) -> Outcome:
        outcome = run_git(arguments, **given)
        if arguments[0] == "push":
            raise Killed
        return outcome

    with pytest.raises(Killed):
        write(made_ports(tmp_path / "a", anonymous, gokit, git=dying), Destination(url), [update("web")])
    head = git(git_server, "rev-parse", "main")
    for folder in ("a", "b"):
        written = write(made_ports(tmp_path / folder, anonymous, gokit), Destination(url), [update("web")])
        assert (False, head) == (written.made, written.sha)


def test_a_crash_at_any_moment(git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit) -> None:
    """GIVEN a run that is killed before or after each of its git commands, the next one on the same disk ends as if
    nothing had been: one commit, and the right one.
    """

    class Killed(BaseException):
        pass

    url = git_server.create(NAME, files("web", "other"))
    moment, finished = 0, False
    while not finished:
        moment += 1
        count = 0

        def dying(arguments: Sequence[str], moment: int = moment, **given: Any) -> Outcome:
            nonlocal count
            count += 1
            if count == moment // 2 + 1 and moment % 2:
                raise Killed
            outcome = run_git(arguments, **given)
            if count == moment // 2 and not moment % 2:
                raise Killed
            return outcome

        tag, before = f"t{moment}", git(git_server, "rev-parse", "main")
        place = Destination(url, "main")
        try:
            write(made_ports(tmp_path, anonymous, gokit, git=dying), place, [update("web", tag), update("other", tag)])
            finished = True
        except Killed:
            write(made_ports(tmp_path, anonymous, gokit), place, [update("web", tag), update("other", tag)])
        assert before == git(git_server, "rev-parse", "main~")
        assert kustomization(tag).strip() == show(git_server, "apps/web/kustomization.yaml")
        assert kustomization(tag).strip() == show(git_server, "apps/other/kustomization.yaml")
    assert moment > 20


def test_one_broken_application_holds_up_no_other(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN files that can't be edited, the other applications are written, and each of these is told why."""
    url = git_server.create(NAME, {**files("web"), "apps/bad/kustomization.yaml": "images: {{ x }}\n"})
    git_server.commit(NAME, {}, links={"apps/link": "web"})
    wrong = Update("argocd", "wrong", (Edit("../x", WholeFile(b"")),))
    half = Update("argocd", "half", (Edit("v.yaml", SetValues((("a", "b"),))), Edit("none", SetImage("x", tag="y"))))
    below = Update("argocd", "below", (Edit("apps/web/kustomization.yaml/x", WholeFile(b"")),))
    folder = Update("argocd", "folder", (Edit("apps/web", WholeFile(b"")),))
    new = Update("argocd", "new", (Edit("new", WholeFile(b"")), Edit("new/x", WholeFile(b""))))
    every = [update("bad"), update("link"), wrong, half, below, folder, new, update("web")]
    written = write(ports, Destination(url), every)
    assert ["argocd/web"] == written.states("written")
    told = {key: str(each.error) for key, each in written.outcomes.items() if each.error}
    assert "apps/bad/kustomization.yaml" in told["argocd/bad"]
    assert "apps/link: is a symbolic link" in told["argocd/link"]
    assert "apps/web/kustomization.yaml: is a file, and no folder" in told["argocd/below"]
    assert "apps/web: is a folder" in told["argocd/folder"]
    assert "new: is to be a file, and the folder of new/x" in told["argocd/new"]
    assert "leads out" in told["argocd/wrong"]
    assert "none: holds no kustomization" in told["argocd/half"]
    assert ["apps/web/kustomization.yaml"] == git(git_server, "diff", "--name-only", "main~", "main").splitlines()


def test_modes_line_breaks_and_attributes_stay(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN a script with Windows line breaks and attributes that would change them, only the value changes."""
    text = b"\xef\xbb\xbfimages:\r\n- name: web\r\n  newTag: v1\r\n"
    url = git_server.create(NAME, {".gitattributes": "* text eol=lf ident\n", "apps/web/kustomization.yaml": text})
    blob = git(git_server, "rev-parse", "main:apps/web/kustomization.yaml")
    index = git_server.server.root / "index"
    subprocess.run(
        f"git read-tree main && git update-index --cacheinfo 100755,{blob},apps/web/kustomization.yaml && "
        "git update-ref refs/heads/main $(git -c user.name=a -c user.email=b commit-tree -m x -p main $(git write-tree))",
        shell=True, check=True, cwd=git_server.server.root / NAME, env={**os.environ, "GIT_INDEX_FILE": str(index)},
    )  # fmt: skip
    write(ports, Destination(url), [update("web")])
    raw = subprocess.run(
        ["git", "show", "main:apps/web/kustomization.yaml"], cwd=git_server.server.root / NAME, capture_output=True
    ).stdout
    assert text.replace(b"v1", b"v2") == raw
    assert git(git_server, "ls-tree", "main", "apps/web/kustomization.yaml").startswith("100755")


def test_a_protected_branch_says_so(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN a server that declines the push, the error says what to do, without the server's words."""
    url = git_server.create(NAME, files("web"))
    hook = git_server.server.root / NAME / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho top-secret >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ForbiddenError) as caught:
        write(ports, Destination(url), [update("web")])
    assert "the branch is protected" in str(caught.value)
    assert "top-secret" not in str(caught.value)


def test_a_repository_behind_a_password(tmp_path: Path, gokit: GoKit, git_server: Repositories) -> None:
    """GIVEN a guarded repository, the credential is shown to it and to no command line."""
    git_server.create(NAME, files("web"))
    with GitServer(git_server.server.root, guarded={NAME: basic("robot", "a-password")}) as server:
        store = Stored(BasicCredential(server.url, "robot", "a-password"))
        seen: list[str] = []

        def watched(arguments: Sequence[str], **given: Any) -> Outcome:
            seen.extend(arguments)
            return run_git(arguments, **given)

        ports = made_ports(tmp_path, store, gokit, git=watched)
        assert write(ports, Destination(f"{server.url}/{NAME}"), [update("web")]).made
        assert not [each for each in seen if "a-password" in each]
        with pytest.raises(ForbiddenError):
            write(made_ports(tmp_path / "b", Nobody(), gokit), Destination(f"{server.url}/{NAME}"), [update("web")])


class Stored:
    def __init__(self, *credentials: Credential) -> None:
        self.credentials = credentials

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select(self.credentials, url)


class Nobody(Stored):
    pass


def test_a_branch_beside_the_base(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN `main:images`, the branch is made, added to, left alone while it is right, and brought up to date with the
    base without force; the base never changes.
    """
    url = git_server.create(NAME, files("web", "api"))
    place = Destination(url, "main", "images")
    base = git(git_server, "rev-parse", "main")
    first = write(ports, place, [update("web")])
    assert [first.sha, base] == git(git_server, "rev-list", "images").split()
    assert first.sha == write(ports, place, [update("web")]).sha
    second = write(ports, place, [update("web", "v3")])
    assert [second.sha, first.sha, base] == git(git_server, "rev-list", "images").split()
    git_server.commit(NAME, {"unrelated": "x"})
    assert second.sha == write(ports, place, [update("web", "v3")]).sha
    moved = git_server.commit(NAME, {"apps/web/kustomization.yaml": kustomization("v1") + "namePrefix: x-\n"})
    third = write(ports, place, [update("web", "v3")])
    assert f"{second.sha} {moved}" == git(git_server, "log", "-1", "--format=%P", third.sha)
    assert "apps/web/kustomization.yaml" == git(git_server, "diff", "--name-only", "main", "images")
    assert "x-" in show(git_server, "apps/web/kustomization.yaml", "images")
    fourth = write(ports, place, [update("api")])
    assert third.sha != fourth.sha
    assert "apps/api/kustomization.yaml" == git(git_server, "diff", "--name-only", "main", "images")
    assert moved == git(git_server, "rev-parse", "main")


def test_what_others_commit_to_our_branch_stays(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN somebody's commit on the branch beside the base, it is added to."""
    url = git_server.create(NAME, files("web"))
    place = Destination(url, "main", "images")
    write(ports, place, [update("web")])
    theirs = git_server.commit(NAME, {"migration.yaml": "needed"}, "Theirs", branch="images")
    git_server.commit(NAME, {"unrelated": "x"})
    again = write(ports, place, [update("web")])
    assert (False, ["argocd/web"]) == (again.made, again.states("written"))
    written = write(ports, place, [update("web", "v3")])
    assert theirs == git(git_server, "rev-parse", "images~")
    assert (written.sha, "needed") == (
        git(git_server, "rev-parse", "images"),
        show(git_server, "migration.yaml", "images"),
    )


def test_the_base_moves_before_a_new_branch_is_pushed(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit, git_behind: Callable[[Watcher], Git]
) -> None:
    """GIVEN a base that moves between fetch and push of a new branch, the branch is there, on one base or the other."""
    url = git_server.create(NAME, {**files("web"), **{f"other/{n}": str(n) for n in range(50)}})
    theirs = ["x"]

    def faster(arguments: Sequence[str], environment: dict[str, str]) -> None:
        if arguments[0] == "push" and theirs:
            git_server.commit(NAME, {"theirs": theirs.pop()}, "Theirs")

    ports = made_ports(tmp_path, anonymous, gokit, git=git_behind(faster))
    written = write(ports, Destination(url, "main", "images"), [update("web")])
    assert written.sha == git(git_server, "rev-parse", "images")
    assert kustomization("v2").strip() == show(git_server, "apps/web/kustomization.yaml", "images")
    git(git_server, "fsck", "--strict")


def test_a_branch_that_was_deleted_begins_anew(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN a branch beside the base that somebody deleted, the next one begins at the base."""
    url = git_server.create(NAME, files("web"))
    place = Destination(url, "main", "images")
    write(ports, place, [update("web")])
    git(git_server, "update-ref", "-d", "refs/heads/images")
    written = write(ports, place, [update("web", "v3")])
    assert [written.sha, git(git_server, "rev-parse", "main")] == git(git_server, "rev-list", "images").split()


def test_copies_make_room(git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit) -> None:
    """GIVEN less room than one copy takes, each commit is made all the same, and nothing stays behind."""
    ports = replace(made_ports(tmp_path, anonymous, gokit), writers=Writers(tmp_path / "writes", limit=1000))
    url = git_server.create(NAME, files("web"))
    for tag in ("v2", "v3"):
        assert write(ports, Destination(url, "main"), [update("web", tag)]).made
    assert [] == [path for path in (tmp_path / "writes").rglob("*") if path.is_file()]


def test_names_that_are_no_branch(git_server: Repositories, ports: WritePorts) -> None:
    """GIVEN a tag, a branch that is not there and a name that git refuses, the error names the field."""
    url = git_server.create(NAME, files("web"))
    git_server.tag(NAME, "v1")
    for base in ("v1", "none", "-x", "a..b", "refs heads"):
        with pytest.raises(ConfigurationError, match="git-branch"):
            write(ports, Destination(url, base), [update("web")])
    git(git_server, "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(ConfigurationError, match="default branch"):
        write(ports, Destination(url), [update("web")])


def test_commits_are_signed_as_git_would(
    git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit
) -> None:
    """GIVEN a key of either kind, git itself finds the signature good."""
    url = git_server.create(NAME, files("web"))
    with pen() as ada:
        key = ada.key("ada@example.com")
        secret = ada.gpg("--armor", "--export-secret-keys", key).decode()
        sign = signer({"gpgPrivateKey": secret}, name="key")
        write(made_ports(tmp_path, anonymous, gokit, sign=sign), Destination(url), [update("web")])
        ada.run("git", "verify-commit", "main", cwd=git_server.server.root / NAME)
        for number, (kind, bits) in enumerate((("ed25519", ""), ("rsa", "3072"), ("ecdsa", "384"))):
            path = ada.ssh(kind, kind, bits=bits)
            public = path.with_suffix(".pub").read_text()
            (ada.folder / "allowed").write_text(f"ada@example.com {public}")
            sign = signer({"sshPrivateKey": path.read_text()}, name="key")
            ports = made_ports(tmp_path, anonymous, gokit, sign=sign)
            write(ports, Destination(url), [update("web", f"w{number}")])
            allowed = f"gpg.ssh.allowedSignersFile={ada.folder / 'allowed'}"
            ada.run("git", "-c", allowed, "verify-commit", "main", cwd=git_server.server.root / NAME)


def test_a_key_that_is_none_is_refused_without_quoting_it() -> None:
    """GIVEN something else than a key, the error names the field and shows nothing of it."""
    for secret in ({"sshPrivateKey": "hush"}, {"gpgPrivateKey": "hush"}, {"key": "hush"}):
        with pytest.raises(ConfigurationError) as caught:
            signer(secret, name="mooring/write-back/signing-key")(b"x")
        assert "mooring/write-back/signing-key" in str(caught.value)
        assert "hush" not in str(caught.value)


def test_a_damaged_copy_is_made_anew(git_server: Repositories, tmp_path: Path, anonymous: Any, gokit: GoKit) -> None:
    """GIVEN a copy that was cut short by a crash, a run heals it or is tried again, and then commits."""
    url = git_server.create(NAME, files("web"))
    ports = made_ports(tmp_path, anonymous, gokit)
    write(ports, Destination(url, "main"), [update("web")])
    for pack in (tmp_path / "writes").rglob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"")
    for _ in range(2):
        try:
            written = write(ports, Destination(url, "main"), [update("web", "v3")])
            break
        except UnreachableError:
            continue
    assert written.made
