"""What processes cost, read from /proc: processor seconds of a tree, and the most memory that one of them held.

A tree's processor seconds are those of its living processes and of the dead ones that their parents have waited for
(proc(5), `cutime`), so a program that came and went is counted. Memory is the peak of single processes, children
included while they live; a sampler looks a few times a second, because a short-lived process leaves no peak behind.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from local.demo.instances import descendants

__all__ = ["PeakMemory", "cpu_seconds", "own_seconds", "resident_megabytes", "tree"]

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(*roots: int) -> list[int]:
    """The processes with these ids and all below them."""
    return [*roots, *(pid for root in roots for pid in descendants(root))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes, with what their finished children used."""
    return sum(sum(_times(pid)) for pid in pids) / _TICKS


def own_seconds(pid: int) -> float:
    """User and system time of one process alone."""
    return sum(_times(pid)[:2]) / _TICKS


def resident_megabytes(pids: Iterable[int]) -> float:
    """Resident memory of these processes together, in MB; shared pages count in each."""
    return sum(_status(pid, "VmRSS:") for pid in pids)


class PeakMemory:
    """Watches a process and everything below it during a `with` block; `megabytes` is the largest single process."""

    def __init__(self, root: int, *, pause: float = 0.25) -> None:
        self._root = root
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.megabytes = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(self._pause):
            self._look()

    def _look(self) -> None:
        self.megabytes = max([self.megabytes, *(_status(pid, "VmHWM:") for pid in tree(self._root))])


def _times(pid: int) -> list[int]:
    """Ticks: user, system, and the same of the children that were waited for."""
    text = _read(pid, "stat")
    return [int(field) for field in text[text.rindex(")") + 2 :].split()[11:15]] if text else [0, 0, 0, 0]


def _status(pid: int, field: str) -> float:
    text = _read(pid, "status")
    start = text.find(field)
    return int(text[start + len(field) :].split(None, 1)[0]) / 1024 if start >= 0 else 0.0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # it has ended meanwhile
