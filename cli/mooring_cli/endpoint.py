"""Where the API is, and with which token.

A developer with a local stack should type nothing: `make up` leaves `.local/stack.json` behind and the command finds it
from anywhere below that folder. Elsewhere `MOORING_URL` and `MOORING_TOKEN` say it, and `--url` and `--token` win over
both. A file left over by a stack that is gone is not used: its runner's process id tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import ConfigurationError
from mooring_cli.contexts import read_contexts

__all__ = ["Endpoint", "checked", "find_endpoint"]

STACK_FILE = Path(".local") / "stack.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API's address (without a slash at the end), its bearer token, and where we learnt them."""

    url: str
    token: str = field(repr=False)
    origin: str


def find_endpoint(
    *, url: str | None, token: str | None, context: str | None = None, environment: Mapping[str, str], directory: Path
) -> Endpoint:
    """The API to talk to: flags, else a running local stack above `directory`, else `MOORING_URL` and `MOORING_TOKEN`,
    else the current context.

    Raises `ConfigurationError` when nothing says where the API is, or an address is not an HTTP address.
    """
    if url:
        return checked(url, token or environment.get("MOORING_TOKEN", ""), "--url")
    if context:
        return _of_context(context, token, environment)
    stack_file = _stack_file(directory)
    stack = _read(stack_file) if stack_file else None
    if stack_file and stack and _alive(stack.get("pids", {}).get("runner")):
        mooring = stack.get("mooring", {})
        return checked(mooring.get("url", ""), token or mooring.get("token", ""), str(stack_file))
    if environment.get("MOORING_URL"):
        return checked(environment["MOORING_URL"], token or environment.get("MOORING_TOKEN", ""), "MOORING_URL")
    if current := read_contexts(environment).current:
        return _of_context(current, token, environment)
    if stack_file:
        raise ConfigurationError(
            f"the local stack that {stack_file} describes is not running: start it with `make up`, "
            "set MOORING_URL and MOORING_TOKEN, or run `mooring login URL`"
        )
    raise ConfigurationError(
        "no Mooring found: run `mooring login URL`, set MOORING_URL and MOORING_TOKEN, or run `make up` and stay in "
        "its folder"
    )


def _of_context(name: str, token: str | None, environment: Mapping[str, str]) -> Endpoint:
    known = read_contexts(environment).contexts
    if name not in known:
        told = f"known are {', '.join(known)}" if known else "none is known: run `mooring login URL`"
        raise ConfigurationError(f"no context {name!r}; {told}", field="--context")
    return checked(known[name].url, token or known[name].token, f"the context {name}")


def _stack_file(directory: Path) -> Path | None:
    resolved = directory.resolve()
    for folder in (resolved, *resolved.parents):
        candidate = folder / STACK_FILE
        if candidate.is_file():
            return candidate
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        stack = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't read {path}: {error}") from error
    if not isinstance(stack, dict):
        raise ConfigurationError(f"{path} must hold a JSON object")
    return stack


def _alive(pid: object) -> bool:
    # Without a number there is nothing to check: the file is taken at its word, and a refused connection says the rest.
    return not isinstance(pid, int) or Path(f"/proc/{pid}").exists() or not Path("/proc").is_dir()


def checked(url: str, token: str, origin: str) -> Endpoint:
    """An endpoint whose address is one. Raises `ConfigurationError`, naming where it was found."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"must be an http:// or https:// address, not {url!r}", field=origin)
    return Endpoint(url.rstrip("/"), token, origin)
