"""Looks at one cluster for somebody who waits: trees, manifests, differences, events and logs; writes nothing."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.flows.looking.answering import answer_look
from mooring.invocation import logger, wordless
from mooring.metrics import tell
from mooring.metrics.names import LOOK
from mooring.starting import compressed


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@wordless
def handler(event: dict[str, Any], context: Context) -> Any:
    """`{"ask": "tree", "app": "argocd/shop"}`, as `api` sends it; see `flows.looking.answering`."""
    began = time.monotonic()
    answer = answer_look(_composition().look_ports(context.get_remaining_time_in_millis() / 1000), event)
    if error := answer.get("error"):
        told = {"ask": event.get("ask"), "app": event.get("app"), "kind": error["name"], "error": error["message"]}
        logger().info("a look ended in an error", extra=told)
    outcome, seconds = "failed" if answer.get("error") else "answered", time.monotonic() - began
    told = {"ask": str(event.get("ask", "")), "application": str(event.get("app", "")), "outcome": outcome}
    tell(LOOK, {"Looks": 1, "LookSeconds": seconds}, seconds=seconds, **told)
    return compressed(answer)
