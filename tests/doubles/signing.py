"""People who sign commits: real GnuPG and OpenSSH keys in folders of their own, and git to sign with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Pen", "pen"]


class Pen:
    """Signs with GnuPG keys below `home` and SSH keys below `folder`."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder

    def run(self, *command: str, data: bytes | None = None, cwd: Path | None = None) -> bytes:
        """What a command prints."""
        environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GNUPGHOME": str(self.home),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
        }
        return subprocess.run(
            command, cwd=cwd or self.folder, input=data, env=environment, check=True, capture_output=True
        ).stdout

    def gpg(self, *options: str, data: bytes | None = None) -> bytes:
        """GnuPG without questions."""
        quiet = ("--batch", "--yes", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "")
        return self.run("gpg", *quiet, *options, data=data)

    def key(self, mail: str, *, expires: str = "never", when: str = "") -> str:
        """Makes an OpenPGP key that can sign; its fingerprint."""
        faked = ["--faked-system-time", when] if when else []
        self.gpg(*faked, "--quick-gen-key", mail, "ed25519", "sign,cert", expires)
        return self.fingerprints(mail)[0]

    def fingerprints(self, mail: str) -> list[str]:
        """A key's fingerprint, and those of its subkeys."""
        lines = self.gpg("--list-keys", "--with-colons", mail).decode().splitlines()
        return [line.split(":")[9] for line in lines if line.startswith("fpr:")]

    def public(self, name: str) -> str:
        """A public key in ASCII armor."""
        return self.gpg("--armor", "--export", name).decode()

    def ssh(self, name: str, kind: str, *, bits: str = "") -> Path:
        """Makes an SSH key; its private file, beside which the public one ends in `.pub`."""
        path = self.folder / name
        options = ["-b", bits] if bits else []
        self.run("ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", name, "-f", str(path))
        return path

    def commit(self, repository: Path, *, gpg: str = "", ssh: Path | None = None, text: str = "Sign") -> str:
        """A commit on top of `main` with the same files, signed; `main` moves to it."""
        sign = ["-S"] if gpg or ssh else []
        tree = self.run("git", "rev-parse", "main^{tree}", cwd=repository).decode().strip()
        made = self.run("git", *_config(gpg, ssh), "commit-tree", tree, "-p", "main", "-m", text, *sign, cwd=repository)
        sha = made.decode().strip()
        self.run("git", "update-ref", "refs/heads/main", sha, cwd=repository)
        return sha

    def tag(self, repository: Path, name: str, revision: str, *, gpg: str = "", ssh: Path | None = None) -> None:
        """An annotated tag, signed where a key is given."""
        how = "-s" if gpg or ssh else "-a"
        self.run("git", *_config(gpg, ssh), "tag", "-f", how, "-m", "Release", name, revision, cwd=repository)


def _config(gpg: str, ssh: Path | None) -> list[str]:
    if ssh is not None:
        return ["-c", "gpg.format=ssh", "-c", f"user.signingkey={ssh}"]
    return ["-c", f"user.signingkey={gpg}!"] if gpg else []


@contextmanager
def pen() -> Iterator[Pen]:
    """A pen with no keys yet; what GnuPG started for it ends with it."""
    folder = Path(tempfile.mkdtemp(prefix="pen-"))  # short: GnuPG's sockets live here
    home = folder / "gpg"
    home.mkdir(mode=0o700)
    made = Pen(home, folder)
    try:
        yield made
    finally:
        made.run("gpgconf", "--kill", "all")
        shutil.rmtree(folder, ignore_errors=True)
