"""Renders applications, from a commit to a bundle; evaluates ApplicationSets, from generators to applications, and
promotions, from one application to the next.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.events.bodies import parse_render
from mooring.events.messages import ApplicationSetMessage, AppMessage, PromotionMessage, RepositoryMessage
from mooring.flows.renders.rendering import handle_renders
from mooring.flows.renders.tasks import RenderPorts
from mooring.invocation import take_messages, wordless


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@cache
def _ports() -> RenderPorts:
    return _composition().render_ports()


@wordless
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Takes a batch of `renders.fifo` and reports which messages should come again."""

    def work(messages: list[AppMessage | ApplicationSetMessage | PromotionMessage | RepositoryMessage]) -> None:
        renders = [message for message in messages if isinstance(message, AppMessage | RepositoryMessage)]
        promotions = [message for message in messages if isinstance(message, PromotionMessage)]
        sets = [message for message in messages if isinstance(message, ApplicationSetMessage)]
        if renders:
            try:
                handle_renders(_ports(), renders)
            finally:
                _ports().tools.forget()
        if sets:
            from mooring.flows.sets.previewing import handle_sets_and_previews  # most renders never meet a set

            handle_sets_and_previews(_composition().set_ports(context.aws_request_id), sets)
        if promotions:
            from mooring.flows.promotions.evaluating import handle_promotions  # with what writes to git

            handle_promotions(_composition().promotion_ports(_ports()), promotions)

    return take_messages(event, parse_render, work)
