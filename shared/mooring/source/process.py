"""Running git so that nothing but git runs, and not for longer than it may.

GitPython starts the processes. We add what it leaves to its callers:
- *Isolation.* No system or user configuration, no hooks, no credential helpers, no prompts, no file system monitor, no
  transport but those named. A repository's content configures nothing: its own configuration file is one that we wrote.
- *An end.* git reaches servers through child processes that outlive it and hold its pipes. Each command leads a
  process group, and at its time limit the whole group is killed. (GitPython's own `kill_after_timeout` looks for the
  children with `ps`, which a Lambda function hasn't got.)

Importing GitPython costs about 80 ms, so it waits for the first command.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mooring.errors import ConfigurationError

__all__ = ["Git", "Outcome", "git_environment", "run_git"]

_CONFIG = {
    "advice.detachedHead": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.fsync": "none",  # a lost checkout is fetched again
    "core.hooksPath": "/dev/null",
    "core.looseCompression": "0",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.version": "2",
    "safe.directory": "*",  # we name the directory of every command; none is searched for
    "submodule.recurse": "false",
}

_ENVIRONMENT = {
    "GIT_ADVICE": "0",
    "GIT_ASKPASS": "",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_DEFAULT_HASH": "sha1",
    "GIT_DEFAULT_REF_FORMAT": "files",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_TRACE": "0",
    "GIT_TRACE_CURL": "0",
    "SSH_ASKPASS": "",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit code, what it said, what it complained about."""

    code: int
    out: bytes
    complaint: str


class Git(Protocol):
    """Runs one git command; `run_git` is the real one."""

    def __call__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: bytes | None = None,
        timeout: float,
    ) -> Outcome:
        """Raises `TimeoutError` when the command doesn't end within `timeout` seconds."""
        ...


def git_environment(
    home: Path,
    *,
    transports: str = "",
    config: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment of a command; `transports` is a colon-separated list, empty for commands that stay local.

    Settings travel as `GIT_CONFIG_COUNT` and friends (git's documentation, git-config "ENVIRONMENT"), which a list of
    processes doesn't show. `home` is a directory without dotfiles: git and curl look there for `.gitconfig`, `.netrc`.
    """
    settings = {**_CONFIG, **(config or {})}
    environment = {
        **_ENVIRONMENT,
        "GIT_ALLOW_PROTOCOL": transports or "none",
        "GIT_CEILING_DIRECTORIES": str(home),
        "GIT_CONFIG_COUNT": str(len(settings)),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        **(extra or {}),
    }
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment


def run_git(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: bytes | None = None,
    timeout: float,
) -> Outcome:
    """Run git in `folder` and wait for it, at most `timeout` seconds.

    Raises `TimeoutError` after killing the command with everything it started, and `ConfigurationError` where there is
    no git to run.
    """
    try:
        from git.cmd import Git as GitPython
        from git.exc import GitCommandNotFound
    except ImportError as error:
        raise ConfigurationError("git does not start; deploy the function with the layer that holds it") from error
    try:
        handle = GitPython(str(folder)).execute(
            ["git", *arguments],
            istream=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            as_process=True,
            env=environment,
            start_new_session=True,
        )
    except GitCommandNotFound as error:
        raise ConfigurationError("git was not found; deploy the function with the layer that holds it") from error
    process: subprocess.Popen[bytes] = handle.proc  # type: ignore[assignment]
    try:
        out, complaint = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise TimeoutError(f"git {arguments[0]} did not end within {timeout:g} s") from None
    except BaseException:
        _kill(process)
        raise
    return Outcome(process.returncode, out, complaint.decode("utf-8", "replace"))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
