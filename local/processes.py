"""Child processes that end when we end.

A stack that leaves an etcd behind after Ctrl-C is a stack that fails to start the next time. So every process here gets
a log file, a session of its own, and the kernel's promise (`PR_SET_PDEATHSIG`) that it is killed when its parent dies,
even if the parent died of SIGKILL and could clean nothing up.

That promise is tied to the *thread* that started the child, not to the process. A group therefore starts everything
from one thread that lives as long as the group does; callers may come from any thread. The promise is made by a few
lines of Python that run between fork and exec in a process of their own, because code that runs in a forked copy of a
threaded parent can deadlock.

Ends processes by their own id and never by name.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = [
    "Process",
    "Processes",
    "StartError",
    "bound_to_parent",
    "free_port",
    "wait_for_http",
    "wait_for_port",
    "wait_until",
]

# Below Linux's range for outgoing connections (32768 and up), so that no client can take a port between our choosing
# it and the server's binding it.
_PORTS = range(20000, 30000)

_LAUNCHER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
if os.getppid() != int(sys.argv[1]): os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class StartError(Exception):
    """A process ended, or did not answer, before it was ready; says where its log is and how it ends."""


def bound_to_parent(command: Sequence[str | Path]) -> list[str]:
    """The same command, killed by the kernel (SIGKILL) as soon as the thread that starts it ends.

    If we are gone before the command runs, it doesn't run at all. See prctl(2), PR_SET_PDEATHSIG.
    """
    lead = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
    return lead + [str(part) for part in command]


@dataclass(frozen=True, slots=True)
class Process:
    """One child: its name, its process id (also the id of its group) and the file that holds all its output."""

    name: str
    log: Path
    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def stop(self, grace: float = 5.0) -> None:
        """End the whole group: SIGTERM, and SIGKILL for what is left after `grace` seconds."""
        if self.popen.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace)
        self._signal(signal.SIGKILL)
        self.popen.wait(10)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Processes:
    """A group of children with one lifetime: what starts later ends earlier. Logs go to `directory`."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
        self._started: list[Process] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Process:
        """Start a command with its output in `<directory>/<name>.log`; raises `OSError` if that can't be written."""
        process = self._starter.submit(self._start, name, command, env, cwd).result(30)
        self._started.append(process)
        return process

    def _start(
        self,
        name: str,
        command: Sequence[str | Path],
        env: Mapping[str, str] | None,
        cwd: Path | None,
    ) -> Process:
        path = self._directory / f"{name}.log"
        with path.open("ab") as log:
            popen = subprocess.Popen(
                bound_to_parent(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        return Process(name, path, popen)

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child that was started, by name."""
        return {process.name: process.pid for process in self._started}

    def __iter__(self) -> Iterator[Process]:
        return iter(tuple(self._started))

    def stop(self, grace: float = 5.0) -> None:
        """End every child, the last one first. Safe to call twice."""
        while self._started:
            self._started[-1].stop(grace)
            self._started.pop()
        self._starter.shutdown(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now. Raises `OSError` if none can be found."""
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop - 1}")


def wait_until(
    ready: Callable[[], bool],
    what: str,
    *,
    timeout: float,
    watch: Iterable[Process] = (),
    every: float = 0.03,
) -> None:
    """Return once `ready()` is true. Raises `StartError` after `timeout` seconds, or at once when a process ends.

    `watch` are the processes that it depends on; the error shows the end of the log of the one that ended, or of the
    last of them.
    """
    watched = tuple(watch)
    deadline = time.monotonic() + timeout
    while not ready():
        ended = next((process for process in watched if not process.alive()), None)
        if ended is not None:
            raise StartError(f"{ended.name} ended with {ended.popen.returncode}{_end_of_log(ended)}")
        if time.monotonic() >= deadline:
            raise StartError(f"{what} is not ready after {timeout:g} s{_end_of_log(*watched[-1:])}")
        time.sleep(every)


def _end_of_log(*processes: Process) -> str:
    return "".join(f"; its log {process.log} ends:\n{process.tail()}" for process in processes)


def wait_for_port(port: int, what: str, *, timeout: float = 30.0, watch: Iterable[Process] = ()) -> None:
    """Return once something accepts connections on this port of 127.0.0.1. Raises `StartError`."""

    def accepts() -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1),
        ):
            return True
        return False

    wait_until(accepts, what, timeout=timeout, watch=watch)


def wait_for_http(url: str, what: str, *, timeout: float = 30.0, watch: Iterable[Process] = ()) -> None:
    """Return once this plain HTTP URL answers anything below 500. Raises `StartError`."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except urllib.error.HTTPError as error:
            with error:
                return error.code < 500
        except OSError:
            return False

    wait_until(answers, what, timeout=timeout, watch=watch)
