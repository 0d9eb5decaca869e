"""One instance of a function: a process that is started, frozen, thawed, timed and killed.

Between invocations the whole process group is stopped (SIGSTOP), as a Lambda sandbox is: a thread that was left
running doesn't run, a connection that was kept may have gone stale. At the timeout the group is killed, without
warning. An instance serves one invocation at a time; whoever holds it sees to that.

Rule: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle".
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import threading
import time
from dataclasses import dataclass

from local.runner.functions import Function
from local.runner.invocations import Invocation, Ledger, cpu_seconds, peak_megabytes
from local.runner.resources import function_arn
from local.runner.runtime import Gone, LateError, Reply, Runtime
from local.runner.sandbox import Sandbox

__all__ = ["Instance", "Outcome"]

_INIT_LIMIT = 10.0
_REST_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an invocation: the payload, and the error's type if it failed."""

    request_id: str
    payload: bytes
    error: str | None


class Instance:
    """A process that runs one function. Not safe for use by two threads at once, except `end`."""

    def __init__(self, function: Function, sandbox: Sandbox, ledger: Ledger, name: str) -> None:
        self._function = function
        self._ledger = ledger
        self._private = sandbox.private(name)
        self._arn = function_arn(sandbox.region, function.name)
        self._runtime = Runtime()
        self._begun = time.monotonic()
        self._cpu = 0.0
        self._peak = 0.0
        self._init: float | None = None
        self._warm = False
        self._ended = False
        self._ending_once = threading.Lock()
        self._exit: tuple[int, float, float] | None = None
        self._process = sandbox.start(function, name, self._runtime.address, ledger.log_of(function.label))
        self._watch = os.pidfd_open(self._process.pid)
        self._runtime.watch(self._watch)

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still exists; reaps it when it doesn't."""
        if self._exit is None:
            self._reap(os.WNOHANG)
        return self._exit is None

    def invoke(self, request_id: str, event: bytes) -> Outcome:
        """Run one event (JSON) to its end; the instance may be dead afterwards. Raises nothing of the function's."""
        limit = self._function.timeout
        started = time.monotonic()
        try:
            reply = None if self._warm else self._initialise()
            started = time.monotonic()
            if reply is None:
                self._signal(signal.SIGCONT)
                reply = self._runtime.invoke(event, self._headers(request_id, limit), started + limit)
            duration = time.monotonic() - started
            failed_init = not self._warm
            if not failed_init:
                self._record(request_id, duration, reply.error)
                self._rest()
        except LateError:
            duration = time.monotonic() - started
            message = f"RequestId: {request_id} Error: Task timed out after {limit:.2f} seconds"
            reply, failed_init = _fault("Sandbox.Timedout", message), True
        except Gone:
            duration = time.monotonic() - started
            reply, failed_init = _fault("Runtime.ExitError", f"RequestId: {request_id} Error: {self._death()}"), True
        if failed_init:
            peak = peak_megabytes(self.pid)
            self.end()
            self._record(request_id, duration, reply.error, peak)
        self._init = None
        return Outcome(request_id, reply.payload, reply.error)

    def end(self) -> None:
        """Kill the whole process group and forget what it kept in `/tmp`. Safe to call twice."""
        # Once: a group that is gone may have left its number to another one.
        with self._ending_once:
            if self._ended:
                return
            self._ended = True
        self._signal(signal.SIGKILL)
        if self._exit is None:
            self._reap(0)
        self._runtime.close()
        os.close(self._watch)
        shutil.rmtree(self._private, ignore_errors=True)

    def _initialise(self) -> Reply | None:
        error = self._runtime.wait_ready(self._begun + _INIT_LIMIT + self._function.timeout)
        self._init = time.monotonic() - self._begun
        self._warm = error is None
        return error

    def _rest(self) -> None:
        """Freeze the group once the process has asked for more; one that doesn't is ended."""
        try:
            self._runtime.wait_ready(time.monotonic() + _REST_LIMIT)
            self._signal(signal.SIGSTOP)
        except (Gone, LateError):
            self.end()

    def _headers(self, request_id: str, limit: float) -> dict[str, str]:
        trace = f"1-{int(time.time()):08x}-{request_id.replace('-', '')[:24]}"
        return {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + limit) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": f"Root={trace};Parent={request_id[-12:]}0000;Sampled=0",
        }

    def _record(self, request_id: str, duration: float, error: str | None, peak: float = 0.0) -> None:
        if self._exit is None:
            used, peak = cpu_seconds(self.pid), peak_megabytes(self.pid)
        else:
            # The kernel's maximum includes what the process held before it became the function's Python, so it is
            # asked only when nothing better is known.
            used, peak = self._exit[1], peak or self._peak or self._exit[2]
        function = self._function
        self._ledger.record(
            Invocation(
                function=function.label,
                request_id=request_id,
                memory=function.memory,
                duration=duration,
                init=self._init,
                cpu=max(used - self._cpu, 0.0),
                peak=peak,
                error=error,
            )
        )
        self._cpu, self._peak = used, peak

    def _death(self) -> str:
        if self._exit is None:
            self._reap(0)
        code = self._exit[0] if self._exit else 0
        how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return f"Runtime exited with error: {how}"

    def _reap(self, flags: int) -> None:
        try:
            pid, status, usage = os.wait4(self.pid, flags)
        except ChildProcessError:
            self._exit = (0, 0.0, 0.0)
            return
        if pid:
            code = os.waitstatus_to_exitcode(status)
            self._process.returncode = code
            self._exit = (code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _fault(kind: str, message: str) -> Reply:
    return Reply(json.dumps({"errorType": kind, "errorMessage": message}).encode(), kind)
