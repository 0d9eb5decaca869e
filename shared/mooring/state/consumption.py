"""What a function instance takes: time by the memory that it has, and of the table, as DynamoDB itself counts it.

Each answer of DynamoDB says how many units it took where the request asks for that, which costs nothing (Amazon
DynamoDB API reference, `ReturnConsumedCapacity`). The time is that of the wall, since Lambda bills it so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mooring.state.spending import Cost

__all__ = ["Consumption"]

_TELL: Final = "ReturnConsumedCapacity"
_READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "TransactGetItems"})


class Consumption:
    """Counts from when it is made; `megabytes` are the function's memory, 0 where there is none to bill."""

    def __init__(self, megabytes: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._gigabytes = megabytes / 1024
        self._clock = clock
        self._requests = 0
        self._units = {True: 0.0, False: 0.0}
        self._mark = clock()

    def listen(self, session: Any) -> None:
        """Counts what clients of this botocore session ask of DynamoDB; call it before they are made."""
        session.register("provide-client-params.dynamodb", self._asking)
        session.register("after-call.dynamodb", self._answered)

    def begin(self) -> None:
        """What was taken so far is nobody's: it served all, or nothing came of it."""
        self.taken()

    def taken(self) -> Cost:
        """What was taken since the last time that somebody asked."""
        now = self._clock()
        cost = Cost((now - self._mark) * self._gigabytes, self._requests, self._units[True], self._units[False])
        self._mark, self._requests, self._units = now, 0, {True: 0.0, False: 0.0}
        return cost

    def _asking(self, params: dict[str, Any], model: Any, **_: object) -> dict[str, Any]:
        return params | ({_TELL: "TOTAL"} if _TELL in model.input_shape.members else {})

    def _answered(self, parsed: Mapping[str, Any], model: Any, **_: object) -> None:
        self._requests += 1
        told = parsed.get("ConsumedCapacity") or ()
        for each in told if isinstance(told, list) else (told,):
            if each:
                self._units[model.name in _READS] += each.get("CapacityUnits") or 0.0
