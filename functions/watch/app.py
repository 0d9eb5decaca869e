"""Watches one cluster all the time, each for the length of a function's life; starts its own successor."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.errors import ConfigurationError
from mooring.flows.sweeps.watching import watch
from mooring.invocation import logger, wordless
from mooring.metrics import tell
from mooring.metrics.names import WATCH_ENDED


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@wordless
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """`{"watch": "production", "versions": {"apps/Deployment": "123"}}`; the versions are where watches go on."""
    name, versions = event.get("watch"), event.get("versions") or {}
    if not isinstance(name, str) or not isinstance(versions, dict):
        raise ConfigurationError('must be {"watch": NAME}, as the sweep and former watchers send it', field="event")

    def say(trouble: str) -> None:
        logger().warning(trouble, extra={"cluster": name})

    ports = _composition().watch_ports(context.get_remaining_time_in_millis() / 1000, say)
    ended = watch(ports, name, versions)
    tell(WATCH_ENDED, {"WatchEnds": 1}, cluster=name, why=ended)
    return {"ended": ended}
