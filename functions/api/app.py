"""The HTTP API: what the command line and the dashboard ask."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any

from answering import bodiless
from desk import Desk
from reporting import tell_request
from routes import make_desk
from web import ROUTES, serve

from mooring.composition import Composition
from mooring.invocation import wordless
from mooring.metrics.chain import chained


@cache
def desk() -> Desk:
    """The API of this instance of the function."""
    return make_desk(Composition(os.environ))


@wordless
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers one request of the HTTP API."""
    if event["routeKey"] in ROUTES:
        return bodiless(event, serve(event, os.environ.get("MOORING_LIVE_URL", "")))
    began = time.monotonic()
    with chained(event["requestContext"]["requestId"]) as chain:
        answer = bodiless(event, desk().app.resolve(event, context))
    tell_request(event, answer["statusCode"], desk().caller.name, chain, time.monotonic() - began)
    return answer
