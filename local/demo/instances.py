"""Which processes of the runner are function instances, and which of them are at work.

Read from /proc, as an outsider would: the runner's descendants, the function's name in their environment, and whether
they are stopped, as an instance is between two invocations.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["descendants", "instances", "working_instances"]


def descendants(pid: int) -> list[int]:
    """The process ids below a process, its children before theirs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def instances(runner: int, function: str) -> list[int]:
    """The instances of a function (`sync`, …), at work or not."""
    return [pid for pid in descendants(runner) if _function(pid) == function]


def working_instances(runner: int, function: str) -> list[int]:
    """The instances of a function (`sync`, …) that are in the middle of an invocation."""
    return [pid for pid in instances(runner, function) if (_stat(pid) or ["T"])[0] != "T"]


def _function(pid: int) -> str:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    for variable in variables:
        name, _, value = variable.partition(b"=")
        if name == b"AWS_LAMBDA_FUNCTION_NAME":
            return value.decode().rpartition("-")[2].removesuffix("Function").lower()
    return ""


def _stat(pid: int) -> list[str] | None:
    """State, parent and so on (proc(5)); the name before them may hold anything, so it is cut off at its end."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()
