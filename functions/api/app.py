"""The HTTP API: what the command line and the dashboard ask."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from routes import make_desk
from web import ROUTES, serve

from mooring.composition import Composition
from mooring.invocation import wordless


@cache
def _app() -> Any:
    return make_desk(Composition(os.environ)).app


@wordless
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers one request of the HTTP API."""
    if event["routeKey"] in ROUTES:
        return serve(event, os.environ.get("MOORING_LIVE_URL", ""))
    answer: dict[str, Any] = _app().resolve(event, context)
    return answer
