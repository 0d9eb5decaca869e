"""Git over SSH, from OpenSSH's own server on loopback: with the right key, with a wrong one, from a wrong host."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import repositories
from local.processes import Processes, free_port, wait_for_port
from mooring.errors import ForbiddenError, UnreachableError

from mooring.source import Credential, Repositories, Resolution, select
from mooring.source.commits import Writers
from mooring.source.drafts import Draft, Person
from mooring.source.credentials import SSHCredential

SETTINGS = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
AuthenticationMethods publickey
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PidFile none
AcceptEnv GIT_PROTOCOL
"""


@dataclass
class Forge:
    """A server with one repository; `key` opens it, `known` is its line for known_hosts."""

    url: str
    key: str
    stranger: str
    known: str
    repository: Path

    def reader(self, root: Path, key: str, known: str) -> Repositories:
        return Repositories(root, Stored(SSHCredential(self.url, key, known)), timeout=15.0)


class Stored:
    """A store of one credential."""

    def __init__(self, credential: Credential) -> None:
        self.credentials = (credential,)

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select(self.credentials, url)


def pair(path: Path) -> tuple[str, str]:
    """A new key: the private one, and the public one as one line."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    return path.read_text(), path.with_suffix(".pub").read_text().strip()


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """One server for all tests here."""
    program = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if program is None:
        pytest.skip("no sshd on this machine: install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd(8): where it separates its privileges
    folder = tmp_path_factory.mktemp("ssh")
    (_, host), (key, public), (stranger, _) = (pair(folder / name) for name in ("host", "key", "stranger"))
    (folder / "authorized").write_text(f"{public}\n")
    port = free_port()
    (folder / "config").write_text(SETTINGS.format(port=port, folder=folder))
    repository = repositories.create(folder, "shop.git")
    repositories.commit(repository, {"k8s/a.yaml": "a: 1\n", "docs/b.md": "text\n"})
    processes = Processes(folder / "logs")
    try:
        processes.start("sshd", [program, "-D", "-e", "-f", str(folder / "config")])
        wait_for_port(port, "sshd", timeout=20)
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{repository}"
        yield Forge(url, key, stranger, f"[127.0.0.1]:{port} {host}", repository)
    finally:
        processes.stop()


@pytest.mark.parametrize("filters", ["false", "true"])
def test_a_repository_is_read_with_its_key(forge: Forge, tmp_path: Path, filters: str) -> None:
    """GIVEN a server that knows partial clones, or doesn't, WHEN a push follows THEN both commits are read."""
    setting = ["git", "config", "-f", forge.repository / "config", "uploadpack.allowFilter", filters]
    subprocess.run(setting, check=True, timeout=10)
    reader = forge.reader(tmp_path / "repos", forge.key, forge.known)
    for content in ("a: 2\n", "a: 3\n"):
        sha = repositories.commit(forge.repository, {"k8s/a.yaml": content})
        answer = reader.latest(forge.url, ["main"])["main"]
        assert Resolution("main", sha, "refs/heads/main") == answer
        assert answer == reader.resolve(forge.url, ["main"])["main"]
        with reader.opened(forge.url, sha, ["k8s"]) as checkout:
            assert content == (checkout.root / "k8s" / "a.yaml").read_text()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and forge.key.encode() in path.read_bytes()]


@pytest.mark.parametrize("filters", ["false", "true"])
def test_a_commit_is_pushed_with_its_key(forge: Forge, tmp_path: Path, filters: str) -> None:
    """GIVEN a server that knows partial clones, or doesn't, WHEN a file is changed THEN the branch has it."""
    setting = ["git", "config", "-f", forge.repository / "config", "uploadpack.allowFilter", filters]
    subprocess.run(setting, check=True, timeout=10)
    credential = SSHCredential(forge.url, forge.key, forge.known)
    ada = Person("Ada", "ada@example.com")
    with Writers(tmp_path / "writes").opened(forge.url, Stored(credential)) as writer:
        base, _ = writer.tips(writer.default_branch(), "main")
        content = writer.files(base, ["k8s/a.yaml"])["k8s/a.yaml"]
        assert isinstance(content, bytes)
        draft = Draft(base, (base,), {"k8s/a.yaml": content + b"b: 1\n"}, "Add b", ada, ada, 1_800_000_000)
        sha = writer.commit(draft)
        writer.push(sha, "main")
    shown = subprocess.run(
        ["git", "show", "main:k8s/a.yaml"], cwd=forge.repository, check=True, capture_output=True, timeout=10
    )
    assert content + b"b: 1\n" == shown.stdout
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and forge.key.encode() in path.read_bytes()]


def test_a_key_that_the_server_does_not_know_is_refused(forge: Forge, tmp_path: Path) -> None:
    """GIVEN a key that nobody let in WHEN it is used THEN the error says that the credential is refused."""
    reader = forge.reader(tmp_path / "repos", forge.stranger, forge.known)
    for use in (reader.resolve, reader.latest):
        with pytest.raises(ForbiddenError, match="refuses the stored credential") as caught:
            use(forge.url, ["main"])
        assert "spec.source.repoURL" == caught.value.field
        assert forge.stranger.splitlines()[1] not in str(caught.value)


@pytest.mark.parametrize("known", ["another", "none"])
def test_a_server_that_known_hosts_does_not_describe_gets_nothing(forge: Forge, tmp_path: Path, known: str) -> None:
    """GIVEN another host key in known_hosts, or none for this server, WHEN it is read THEN we don't talk to it."""
    place = forge.known.split(" ", 1)[0] if known == "another" else "forge.example"
    line = f"{place} {pair(tmp_path / 'other')[1]}"
    with pytest.raises(ForbiddenError, match="host key"):
        forge.reader(tmp_path / "repos", forge.key, line).latest(forge.url, ["main"])


def test_a_server_that_is_gone_is_out_of_reach(forge: Forge, tmp_path: Path) -> None:
    """GIVEN nobody at the port WHEN a repository is read THEN the error is one that passes."""
    port = free_port()
    host, _, path = forge.url.rpartition(":")
    gone = f"{host}:{port}/{path.partition('/')[2]}"
    reader = Repositories(tmp_path / "repos", Stored(SSHCredential(gone, forge.key, forge.known)), timeout=15.0)
    with pytest.raises(UnreachableError):
        reader.latest(gone, ["main"])
