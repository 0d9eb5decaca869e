"""What the API tells of each request that it has answered: one line, with its metrics (docs/metrics.md).

The address is told without its query, and nobody's words go into it: what a caller may type there is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.metrics import tell
from mooring.metrics.chain import Chain
from mooring.metrics.names import API_REQUEST

__all__ = ["tell_request"]


def tell_request(event: Mapping[str, Any], status: int, caller: str, chain: Chain, seconds: float) -> None:
    """Tells that a request was answered with `status`; its chain is that of the work that it caused."""
    values = {"Requests": 1, "RequestSeconds": seconds}
    http = event["requestContext"]["http"]
    tell(
        API_REQUEST, values, cause=chain.cause, seconds=seconds, outcome=f"{status // 100}xx", status=status,
        method=http["method"], path=event["rawPath"], caller=caller, request_id=chain.id,
    )  # fmt: skip
