"""Keeps images up to date: asks registries for tags, and git (or an application itself) gets those that are new."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.events.bodies import parse_images
from mooring.flows.images.ports import ImagePorts
from mooring.flows.images.updating import handle_images
from mooring.invocation import take_messages, wordless


@cache
def _ports() -> ImagePorts:
    return Composition(os.environ).image_ports()


@wordless
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes a batch of `images.fifo` and reports which messages should come again."""
    return take_messages(event, parse_images, lambda messages: handle_images(_ports(), messages))
