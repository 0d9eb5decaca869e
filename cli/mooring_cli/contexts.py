"""The Moorings that somebody signed in to: addresses and tokens, by name, in one file of the user's own.

`$XDG_CONFIG_HOME/mooring/contexts.json` (XDG Base Directory Specification; `~/.config` without it). Tokens are kept
there and nowhere else, so the file is for its owner only: it is written with mode 0600, as a whole, and not read where
others could have read or written it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["Context", "Contexts", "contexts_file", "read_contexts", "write_contexts"]


@dataclass(frozen=True, slots=True)
class Context:
    """An address and its token; `expires` is when the token ends (RFC 3339), empty where nobody said."""

    url: str
    token: str = field(repr=False)
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Contexts:
    """All of them by name, and the one in use."""

    current: str = ""
    contexts: dict[str, Context] = field(default_factory=dict)


def contexts_file(environment: Mapping[str, str]) -> Path:
    """Where they are kept."""
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".config")
    return Path(home) / "mooring" / "contexts.json"


def read_contexts(environment: Mapping[str, str]) -> Contexts:
    """What is kept; nothing where there is no file. Raises `ConfigurationError`."""
    file = contexts_file(environment)
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigurationError(f"others may read the tokens in it: run `chmod 600 {file}`", field=str(file))
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = {str(name): _context(each) for name, each in kept["contexts"].items()}
        return Contexts(str(kept.get("current") or ""), found)
    except FileNotFoundError:
        return Contexts()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        told = f"can't be read ({type(error).__name__}): remove it and run `mooring login` again"
        raise ConfigurationError(told, field=str(file)) from error


def _context(kept: dict[str, Any]) -> Context:
    return Context(str(kept["url"]), str(kept.get("token") or ""), str(kept.get("expires") or ""))


def write_contexts(environment: Mapping[str, str], kept: Contexts) -> None:
    """Replaces the file as a whole. Raises `ConfigurationError`."""
    import tempfile  # not for those who only read

    file = contexts_file(environment)
    written = {
        "current": kept.current,
        "contexts": {
            name: {"url": each.url, "token": each.token} | ({"expires": each.expires} if each.expires else {})
            for name, each in sorted(kept.contexts.items())
        },
    }
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=file.parent, prefix=".contexts-")  # made with mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            json.dump(written, opened, indent=2)
        os.replace(fresh, file)
    except OSError as error:
        raise ConfigurationError(f"can't be written: {error.strerror}", field=str(file)) from error
