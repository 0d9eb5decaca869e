"""Users' own actions in Lua, in Argo CD's format, run in the sandbox of health scripts (ADR 0040).

Globals are `obj` and `actionParams` (texts); what is returned leaves Lua as JSON that is written inside of it, within
its limits of time and memory, so that nothing of Lua's is ever touched from outside. Unlike a health script one that
fails raises, because somebody waits for its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mooring.errors import ConfigurationError
from mooring.health.lua import CPU_SECONDS, DEEPEST, LONGEST_SCRIPT, MEMORY_BYTES, plain
from mooring.health.lua_sandbox import ACTION_SANDBOX
from mooring.model.objects import Manifest

__all__ = ["run_action"]


def run_action(
    script: str,
    live: Manifest,
    parameters: Mapping[str, str],
    *,
    cpu_seconds: float = CPU_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> Any:
    """What a script returns for an object, as JSON has it. Raises `ConfigurationError` in its own words."""
    try:
        from lupa import lua52
    except ImportError as error:
        raise ConfigurationError("actions in Lua can't be run: the package lupa is not installed") from error
    if len(script) > LONGEST_SCRIPT:
        raise ConfigurationError(f"the action's script is longer than {LONGEST_SCRIPT // 1024} KiB: shorten it")
    try:
        state = lua52.LuaRuntime(
            register_eval=False, register_builtins=False, unpack_returned_tuples=True, max_memory=0
        )
        run = state.execute(ACTION_SANDBOX)
        handed = state.table_from(plain(live, DEEPEST), recursive=True)
        given = state.table_from(dict(parameters))
        state.set_max_memory(state.get_memory_used(total=True) + memory_bytes, total=True)
        outcome, text = run(script, handed, given, cpu_seconds, DEEPEST)
    except lua52.LuaMemoryError:
        raise _failed(f"it needed more than {memory_bytes // 2**20} MiB of memory and was stopped") from None
    except lua52.LuaError as error:
        if str(error).startswith("TIME"):
            raise _failed(f"it took more than {cpu_seconds:g} s of CPU time and was stopped") from None
        raise _failed(_first_line(str(error))) from None
    except UnicodeDecodeError:
        raise _failed("what it returns is not UTF-8") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        raise _failed(f"the object can't be handed to it: {error}") from None
    if outcome != "answer":
        raise _failed(_first_line(text))
    return orjson.loads(text)


def _failed(why: str) -> ConfigurationError:
    return ConfigurationError(f"the action's script failed: {why}", field="resource.customizations.actions")


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:4096]
