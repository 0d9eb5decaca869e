"""Bare repositories and the commits in them, made without a checkout: for demos, benchmarks and tests.

One `git fast-import` makes a commit of any size in a few milliseconds. Author, date and branch are fixed unless given,
so the same files give the same commit on every machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["commit", "create", "tag"]

_AUTHOR = "Demo <demo@example.com>"
_EPOCH = 1_700_000_000


def create(root: Path, name: str) -> Path:
    """An empty bare repository `root/name` whose HEAD is `main`."""
    path = root / name
    _git(path, "init", "--quiet", "--bare", "--initial-branch=main", str(path), at=None)
    return path


def commit(
    repository: Path,
    files: Mapping[str, str | bytes | None],
    message: str = "Change",
    *,
    branch: str = "main",
    links: Mapping[str, str] | None = None,
    author: str = _AUTHOR,
) -> str:
    """Add a commit to a branch and return its SHA. None removes a file; what isn't named stays.

    `links` are symbolic links and what they point to. See git-fast-import(1).
    """
    parent = _resolve(repository, branch)
    when = _EPOCH + (int(_git(repository, "rev-list", "--count", parent)) if parent else 0)
    stream = [
        f"commit refs/heads/{branch}\ncommitter {author} {when} +0000\n".encode(),
        _data(message.encode()),
    ]
    if parent:
        stream.append(f"from {parent}\n".encode())
    for path, content in files.items():
        if content is None:
            stream.append(f"D {_quote(path)}\n".encode())
        else:
            stream.append(
                _inline(
                    "100644",
                    path,
                    content.encode() if isinstance(content, str) else content,
                )
            )
    stream += [_inline("120000", path, target.encode()) for path, target in (links or {}).items()]
    _git(repository, "fast-import", "--quiet", "--date-format=raw", data=b"".join(stream))
    return _resolve(repository, branch)


def tag(repository: Path, name: str, revision: str = "main") -> None:
    """Put a lightweight tag on a revision."""
    _git(
        repository,
        "update-ref",
        f"refs/tags/{name}",
        _git(repository, "rev-parse", f"{revision}^{{commit}}"),
    )


def _resolve(repository: Path, branch: str) -> str:
    return _git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")


def _inline(mode: str, path: str, content: bytes) -> bytes:
    return f"M {mode} inline {_quote(path)}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _quote(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _git(
    repository: Path,
    *arguments: str,
    data: bytes | None = None,
    at: str | None = "--git-dir",
) -> str:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    place = [f"{at}={repository}"] if at else []
    answer = subprocess.run(
        ["git", *place, *arguments],
        check=False,
        input=data,
        capture_output=True,
        timeout=60,
        env=env,
    )
    if answer.returncode:
        raise RuntimeError(f"git {arguments[0]} failed in {repository}: {answer.stderr.decode().strip()}")
    return answer.stdout.decode().strip()
