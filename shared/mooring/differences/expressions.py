"""Evaluate jq path expressions that somebody else wrote, in a process that can be ended.

An expression that loops or fills the memory would take the whole function with it, because jq runs in C and can't be
interrupted; one that reads `env` would see the function's credentials. So programs run in one small process
(`evaluator`), started when the first expression is needed and kept while its `Expressions` lives, which compiles each
program once. It gets one second for each program, as Argo CD gives it (`--repo-server`'s and controller's
`ignore.normalizer.jq.timeout`), in processor time, so that a busy machine fails nobody.

What comes back are paths, and each is checked; values of an object never do. A program that fails on an object (it
iterates over what is not there) ignores nothing in it, as in Argo CD; jq's words about it are dropped, because they
quote values.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import orjson

from mooring.errors import ConfigurationError, UnreachableError

__all__ = ["Expression", "Expressions", "JqPath"]

JqPath: TypeAlias = list[Any]
"""Steps as jq's `path` prints them: field names, indexes, and `{"start", "end"}` for slices."""

Expression: TypeAlias = tuple[str, str]
"""A program, and the path of the field that it was written in."""

_SECONDS: Final = 1.0
_MEMORY: Final = 192 << 20
_EVALUATOR: Final = "mooring.differences.evaluator"


class Expressions:
    """Compiled jq programs and the process that runs them; safe to share between threads. Close it when done."""

    def __init__(self, *, seconds: float = _SECONDS, memory: int = _MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, if there is one; a later call starts another."""
        with self._lock:
            self._forget()

    def check(self, expressions: Sequence[Expression]) -> None:
        """Compiles every program. Raises `ConfigurationError` for the first that doesn't compile."""
        self.paths(expressions, None)

    def paths(self, expressions: Sequence[Expression], document: Any) -> list[list[JqPath]]:
        """The paths in `document` that each expression names; none where it fails on this document.

        Raises `ConfigurationError` with the field of an expression that doesn't compile, is no path expression, or
        needs more time or memory than it may have. Source: Argo CD, "Diff Customization".
        """
        if not expressions:
            return []
        request = orjson.dumps([text for text, _ in expressions]) + b"\n" + orjson.dumps(document) + b"\n"
        with self._lock:
            try:
                process = self._running()
                assert process.stdin is not None
                process.stdin.write(request)
                process.stdin.flush()
            except BrokenPipeError:
                # It was ended between two requests (a machine short of memory does that): once more, afresh.
                self._forget()
                process = self._running()
                assert process.stdin is not None
                process.stdin.write(request)
                process.stdin.flush()
            try:
                return [_read(answer, field) for answer, field in self._answers(process, expressions)]
            except BaseException:
                # Answers may be left in the pipe, which the next request would take for its own.
                self._forget()
                raise

    def _answers(
        self, process: subprocess.Popen[bytes], expressions: Sequence[Expression]
    ) -> Iterator[tuple[bytes, str]]:
        assert process.stdout is not None
        for _, field in expressions:
            # Its own timer ends the process, so this line comes or the pipe closes.
            answer = process.stdout.readline()
            if not answer.endswith(b"\n"):
                raise ConfigurationError(self._reason(process.wait(10)), field=field)
            yield answer, field

    def _reason(self, status: int) -> str:
        if status == -signal.SIGPROF:
            return f"took more than {self._seconds:g} s for one object: write an expression without a loop"
        return f"needed more than {self._memory >> 20} MiB for one object: write an expression that builds no values"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._forget()
        evaluator, package = find_spec(_EVALUATOR), find_spec("jq")
        if package is None or package.origin is None:
            raise ConfigurationError("jq is not part of this installation: add the package jq, or use jsonPointers")
        assert evaluator is not None
        assert evaluator.origin is not None
        # No environment, so that `env` shows nothing; the loader's path alone is needed to start Lambda's Python.
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        limits = (str(self._memory), str(self._seconds))
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", evaluator.origin, os.path.dirname(package.origin), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._process, self._end = process, weakref.finalize(self, _end, process)
        assert process.stdout is not None
        if process.stdout.readline() != b"R\n":
            self._forget()
            raise UnreachableError("the jq evaluator did not start; it will be tried again")
        return process

    def _forget(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._end = None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with contextlib.suppress(BrokenPipeError):
        process.communicate(timeout=10)


def _read(answer: bytes, field: str) -> list[JqPath]:
    if answer[:1] == b"F":
        return []
    if answer[:1] == b"C":
        raise ConfigurationError(f"is not a jq expression: {_complaint(answer[1:].decode())}", field=field)
    try:
        paths = orjson.loads(answer[1:])
    except orjson.JSONDecodeError:
        paths = None
    if not isinstance(paths, list) or not all(isinstance(path, list) for path in paths):
        raise ConfigurationError("names no paths: write what jq's path() takes, like .spec.replicas", field=field)
    return paths


def _complaint(text: str) -> str:
    return text.strip().removeprefix("jq: error:").partition(" at <top-level>")[0].strip().rstrip(":,")
