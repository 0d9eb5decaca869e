"""Health by the user's own script, in Argo CD's format: the global `obj` in, a table with `status` and `message` out.

Argo CD runs such scripts in gopher-lua, which is Lua 5.1 with `goto`; Lua 5.2 is the nearest of those that the wheel
`lupa` brings (5.1 has no `goto`, LuaJIT runs no hooks in compiled code), and what 5.2 dropped and scripts use
(`unpack`, `table.getn`) is put back. Every run gets a Lua state of its own (50 µs), so nothing passes from one object
to the next.

A script that fails, or doesn't end, makes its object `Unknown` and says why; it never raises. `lupa` is imported when
the first script runs. Lua's memory errors are only safe inside a protected call, so the limit on memory is set after
the object was handed over, and it counts from there.
"""

from __future__ import annotations

from typing import Any, get_args

from mooring.health.lua_sandbox import SANDBOX
from mooring.health.status import Health, Status
from mooring.model.objects import Manifest

__all__ = ["CPU_SECONDS", "DEEPEST", "LONGEST_SCRIPT", "MEMORY_BYTES", "plain", "run_script", "syntax_error"]

CPU_SECONDS = 1.0  # Argo CD's own limit, there of wall-clock time
MEMORY_BYTES = 16 * 1024 * 1024
DEEPEST = 400  # nested levels; `lupa` hands tables over recursively, on C's stack
LONGEST_SCRIPT = 256 * 1024
LONGEST_MESSAGE = 4096
_STATUSES: frozenset[str] = frozenset(get_args(Status))


def run_script(
    script: str, live: Manifest, *, cpu_seconds: float = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES
) -> Health:
    """The health that a script sees in a live object (Argo CD documentation, "Resource Health").

    A script that returns nothing finds nothing to say against the object. Never raises.
    """
    try:
        from lupa import lua52
    except ImportError:
        return Health("Unknown", "its health script can't be run: the package lupa is not installed")
    if len(script) > LONGEST_SCRIPT:
        return Health("Unknown", f"its health script is longer than {LONGEST_SCRIPT // 1024} KiB: shorten it")
    try:
        state = lua52.LuaRuntime(
            register_eval=False, register_builtins=False, unpack_returned_tuples=True, max_memory=0
        )
        run = state.execute(SANDBOX)
        handed = state.table_from(plain(live, DEEPEST), recursive=True)
        state.set_max_memory(state.get_memory_used(total=True) + memory_bytes, total=True)
        outcome, *words = run(script, handed, cpu_seconds)
    except lua52.LuaMemoryError:
        return _failed(_starved(memory_bytes))
    except lua52.LuaError as error:
        if str(error).startswith("TIME"):
            return _failed(f"it took more than {cpu_seconds:g} s of CPU time and was stopped")
        return _failed(_first_line(str(error)))
    except UnicodeDecodeError:
        return _failed("its message is not UTF-8")
    except (ArithmeticError, TypeError, ValueError) as error:
        return _failed(f"the object can't be handed to it: {error}")
    return _judged(outcome, words, memory_bytes)


def syntax_error(script: str) -> str:
    """Why a script can't even be read, with its line; empty where it can. It is not run."""
    if len(script) > LONGEST_SCRIPT:
        return f"it is longer than {LONGEST_SCRIPT // 1024} KiB"
    try:
        from lupa import lua52
    except ImportError:
        return "the package lupa is not installed"
    state = lua52.LuaRuntime(register_eval=False, register_builtins=False)
    try:
        state.compile(script)
    except lua52.LuaError as error:
        text = _first_line(str(error))
        _, _, told = text.partition("]:")
        return f"line {told}" if told else text
    return ""


def _judged(outcome: str, words: list[str], memory_bytes: int) -> Health:
    if outcome == "answer":
        status, message = words
        if status not in _STATUSES:
            return Health("Unknown", f'its health script returned no valid status, but "{status[:40]}"')
        return Health(status, message[:LONGEST_MESSAGE])  # type: ignore[arg-type]  # one of the six, as just checked
    if outcome == "not a table":
        if words == ["nil"]:
            return Health("Healthy")
        return _failed(f"it must return a table with a status, not a {words[0]}")
    text = _first_line(words[0])
    return _failed(_starved(memory_bytes) if text == "not enough memory" else text)


def _failed(why: str) -> Health:
    return Health("Unknown", f"its health script failed: {why}")


def _starved(memory_bytes: int) -> str:
    return f"it needed more than {memory_bytes // 2**20} MiB of memory and was stopped"


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:LONGEST_MESSAGE]


def plain(value: Any, depth: int) -> Any:
    """A copy that Lua can hold, at most `depth` levels deep (else `ValueError`): nothing absent, no integers beyond 64
    bits.
    """
    if isinstance(value, dict):
        if not depth:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        return {str(name): plain(member, depth - 1) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        if not depth:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        return [plain(member, depth - 1) for member in value if member is not None]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
