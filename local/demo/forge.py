"""A forge with its developers: repositories made of folders, working copies to commit in, webhooks.

The demo plays the developers, so it does what they do: edit files, commit, push, and have the forge send its webhook,
signed and shaped as GitHub's ("Webhook events and payloads: push"; "Validating webhook deliveries").
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.repositories import create

__all__ = ["Repository", "Webhook", "create_repository", "push_payload"]

_DEVELOPER = {"NAME": "Ada Virtanen", "EMAIL": "ada@example.com"}
_PLACEHOLDER = "https://git.example.com/acme/"
_EMPTY = "0" * 40


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the forge posts its deliveries, and the secret that it signs them with."""

    url: str
    secret: str

    def post(self, event: str, payload: Mapping[str, object], *, delivery: str | None = None) -> int:
        """Posts one delivery and returns the status of the answer. Raises `urllib.error.HTTPError` for a refusal."""
        body = json.dumps(payload).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/local",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=15) as response:
            return int(response.status)


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository: `url` is where everyone fetches from and pushes to, `work` is where we edit."""

    name: str
    url: str
    work: Path
    webhook: Webhook

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.work / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Writes a file, with the folders above it."""
        target = self.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Changes one text in a file. Raises `ValueError` if it isn't there, so that no step changes nothing."""
        text = self.read(path)
        if old not in text:
            raise ValueError(f"{self.name}/{path} does not contain {old!r}")
        self.write(path, text.replace(old, new))

    def remove(self, path: str) -> None:
        """Deletes a file."""
        (self.work / path).unlink()

    def push(self, message: str) -> str:
        """Commits everything, pushes it and has the webhook sent. Returns the commit's SHA."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self._publish()

    def revert(self, revision: str) -> str:
        """`git revert` of one commit, pushed like any other. Returns the new commit's SHA."""
        self.git("revert", "--no-edit", revision)
        return self._publish()

    def head(self) -> str:
        """The SHA of the current commit."""
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Runs git in the working copy and returns what it prints. Raises `subprocess.CalledProcessError`."""
        return _git(self.work, *arguments)

    def _publish(self) -> str:
        before = self.git("rev-parse", "--verify", "--quiet", "origin/main")
        self.git("push", "--quiet", "origin", "main")
        after = self.head()
        files: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}
        words = {"A": "added", "M": "modified", "D": "removed"}
        for line in self.git("diff", "--name-status", "--no-renames", before, after).splitlines():
            letter, _, path = line.partition("\t")
            files[words[letter]].append(path)
        message = self.git("log", "-1", "--format=%B", after)
        self.webhook.post("push", push_payload(self.name, self.url, after, files, before=before, message=message))
        return after


def push_payload(
    name: str,
    url: str,
    after: str,
    files: Mapping[str, Sequence[str]],
    *,
    before: str = _EMPTY,
    message: str = "Change",
) -> dict[str, object]:
    """What GitHub posts after a push of one commit to `main`; `files` has lists `added`, `modified` and `removed`."""
    author = {"name": _DEVELOPER["NAME"]}
    commit = {"id": after, "message": message, "author": author | {"email": _DEVELOPER["EMAIL"]}, **files}
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "created": False,
        "deleted": False,
        "forced": False,
        "repository": {"name": name, "full_name": f"acme/{name}", "clone_url": url, "default_branch": "main"},
        "pusher": author,
        "commits": [commit],
        "head_commit": commit,
    }


def create_repository(
    name: str, *, files: Path | None, root: Path, url: str, work: Path, webhook: Webhook
) -> Repository:
    """Makes `root/<name>.git` with the files of a folder (or empty but for a README) as its first commit.

    `url` is where `root` is served; addresses of the examples' forge in the files are replaced by it.
    """
    address, copy = f"{url}/{name}.git", work / name
    create(root, f"{name}.git")
    if files is None:
        copy.mkdir(parents=True)
        (copy / "README.md").write_text(f"# {name}\n", encoding="utf-8")
    else:
        shutil.copytree(files, copy)
        _point_to(copy, url)
    _git(copy, "init", "--quiet", "--initial-branch=main")
    _git(copy, "remote", "add", "origin", address)
    _git(copy, "add", "--all")
    _git(copy, "commit", "--quiet", "--message", "Start")
    _git(copy, "push", "--quiet", "--set-upstream", "origin", "main")
    return Repository(name, address, copy, webhook)


def _point_to(folder: Path, url: str) -> None:
    for file in folder.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if _PLACEHOLDER in text:
            file.write_text(text.replace(_PLACEHOLDER, f"{url}/"), encoding="utf-8")


def _git(directory: Path, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # The machine's own configuration (signing, hooks, default branch) must not change the story.
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "no_proxy": "127.0.0.1"}
    environment |= {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _DEVELOPER.items()}
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()
