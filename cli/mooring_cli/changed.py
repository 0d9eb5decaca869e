"""`mooring app history NAME --id ID --fields`: which fields an operation changed; `sync` is asked, and waited for."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.lateness import WaitError
from mooring_cli.names import AppName

__all__ = ["changes_page", "fetch_changes"]

_TIMEOUT: Final = 60.0  # seconds
_LONGEST_PAUSE: Final = 2.0


def fetch_changes(api: Api, app: AppName, operation: str) -> dict[str, Any]:
    """What one operation changed. Raises `WaitError` where no answer comes within a minute."""
    api.call("POST", "applications", app.name, "operations", operation, "changes", query=app.query)
    deadline, pause = time.monotonic() + _TIMEOUT, 0.2
    while not (
        answer := api.call("GET", "applications", app.name, "operations", operation, "changes", query=app.query)
    ).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(f"the function sync has not answered within {_TIMEOUT:g} s; look at its log")
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found: dict[str, Any] = answer["found"]
    if "error" in found:
        raise ConfigurationError(found["error"], field="--id")
    return found


def changes_page(found: dict[str, Any]) -> str:
    """Every object with the fields that changed, and both values of each."""
    lines: list[str] = []
    for each in found["objects"]:
        lines.append(f"{each['object']} {each['result']}")
        for field in each["fields"]:
            sides = [(sign, field[side]) for sign, side in (("-", "before"), ("+", "after")) if field[side] is not None]
            lines.append(f"  {field['path']}")
            lines += [f"    {sign} {json.dumps(value, ensure_ascii=False)}" for sign, value in sides]
    if found["leftOut"]:
        lines.append(f"… and {found['leftOut']} more objects")
    return "\n".join(lines) or "it changed no object of git"
