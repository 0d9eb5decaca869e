"""What an invocation cost: measured from outside the process, reported as Lambda reports it.

Every invocation leaves a REPORT line in its function's log, for people, and a JSON line in `invocations.jsonl`, for
programs. Duration and memory are what AWS bills; processor seconds are ours to know, because they are what a function
could do better at.

Rule: AWS Lambda Developer Guide, "Viewing CloudWatch logs for Lambda functions"; billing includes initialisation
(AWS Lambda pricing, since August 2025). proc(5) for the numbers.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Invocation", "Ledger", "cpu_seconds", "peak_megabytes"]

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation: times in seconds, memory in MB; `init` is None on a warm instance, `error` None if all was well.

    `peak` is the most memory that the instance's process has held so far, as in Lambda, and doesn't count the
    programs that it ran.
    """

    function: str
    request_id: str
    memory: int
    duration: float
    init: float | None
    cpu: float
    peak: float
    error: str | None

    @property
    def billed(self) -> int:
        """Milliseconds that would be billed."""
        return math.ceil((self.duration + (self.init or 0.0)) * 1000)

    @property
    def gigabyte_seconds(self) -> float:
        """What would be billed, in GB-seconds."""
        return self.billed / 1000 * self.memory / 1024


class Ledger:
    """Writes invocations down, each line by one `write` so that lines never mix."""

    def __init__(self, directory: Path) -> None:
        self._logs = directory / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._lines = os.open(directory / "invocations.jsonl", os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC)
        self._files: dict[str, int] = {}

    def log_of(self, function: str) -> int:
        """The open file (a descriptor) that holds everything a function's instances print."""
        if function not in self._files:
            path = self._logs / f"{function}.log"
            self._files[function] = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        return self._files[function]

    def record(self, invocation: Invocation) -> None:
        """Write an invocation to its function's log and to `invocations.jsonl`."""
        os.write(self.log_of(invocation.function), _report(invocation).encode())
        os.write(self._lines, (json.dumps(_line(invocation)) + "\n").encode())


def cpu_seconds(pid: int) -> float:
    """Processor seconds of a process and of the children that it has waited for; 0 if it is gone."""
    try:
        # The name in parentheses may hold anything, so fields are counted from the last parenthesis.
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0.0
    fields = stat[stat.rindex(b")") + 2 :].split()
    return sum(int(field) for field in fields[11:15]) / _TICK


def peak_megabytes(pid: int) -> float:
    """The most resident memory that a process has had, in MB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0.0
    start = status.find(b"VmHWM:")
    return int(status[start + 6 :].split(None, 1)[0]) / 1024 if start >= 0 else 0.0


def _report(invocation: Invocation) -> str:
    parts = [
        f"REPORT RequestId: {invocation.request_id}",
        f"Function: {invocation.function}",
        f"Duration: {invocation.duration * 1000:.2f} ms",
        f"Billed Duration: {invocation.billed} ms",
        f"Memory Size: {invocation.memory} MB",
        f"Max Memory Used: {math.ceil(invocation.peak)} MB",
        f"Cost: {invocation.gigabyte_seconds:.6f} GB-s",
    ]
    if invocation.init is not None:
        parts.append(f"Init Duration: {invocation.init * 1000:.2f} ms")
    if invocation.error is not None:
        parts.append(f"Error Type: {invocation.error}")
    return "\t".join(parts) + "\n"


def _line(invocation: Invocation) -> dict[str, object]:
    return {
        "at": round(time.time(), 3),
        "function": invocation.function,
        "request_id": invocation.request_id,
        "cold": invocation.init is not None,
        "duration_ms": round(invocation.duration * 1000, 3),
        "billed_ms": invocation.billed,
        "init_ms": None if invocation.init is None else round(invocation.init * 1000, 3),
        "cpu_s": round(invocation.cpu, 3),
        "peak_mb": round(invocation.peak, 1),
        "memory_mb": invocation.memory,
        "gb_s": round(invocation.gigabyte_seconds, 6),
        "error": invocation.error,
    }
