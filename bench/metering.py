"""What a task asked of AWS and which programs it started, counted where it happens: in boto3 and by an audit hook."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mooring.composition import Composition

__all__ = ["Meter"]

_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}


class Meter:
    """Counts from the moment it is made; make it before the composition makes its clients."""

    def __init__(self, ours: Composition) -> None:
        self.requests: Counter[str] = Counter()
        self.programs: Counter[str] = Counter()
        self.items_read = self.items_written = 0
        session: Any = ours._session
        session.register("provide-client-params", self._asked)
        session.register("after-call", self._answered)
        sys.addaudithook(self._audited)

    @contextmanager
    def part(self) -> Iterator[dict[str, Any]]:
        """Measures the `with` block; what is yielded is filled at its end."""
        found: dict[str, Any] = {}
        requests, programs = self.requests.copy(), self.programs.copy()
        read, written = self.items_read, self.items_written
        wall, own, children = time.monotonic(), time.process_time(), _children()
        yield found
        found |= {
            "wall": time.monotonic() - wall,
            "own": time.process_time() - own,
            "children": _children() - children,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "peak_child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
            "requests": dict(self.requests - requests),
            "programs": dict(self.programs - programs),
            "items_read": self.items_read - read,
            "items_written": self.items_written - written,
        }

    def _asked(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.requests[f"{model.service_model.service_name}:{model.name}"] += 1
        if model.name == "TransactWriteItems":
            self.items_written += sum("ConditionCheck" not in each for each in params["TransactItems"])
        elif model.name == "BatchWriteItem":
            self.items_written += sum(len(each) for each in params["RequestItems"].values())
        elif model.name in _WRITES:
            self.items_written += 1

    def _answered(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        if model.name == "BatchGetItem":
            self.items_read += sum(len(each) for each in parsed.get("Responses", {}).values())
        elif model.name == "Query":
            self.items_read += parsed.get("Count", 0)
        elif model.name == "GetItem":
            self.items_read += "Item" in parsed

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            self.programs[os.path.basename(str(arguments[1][0]))] += 1


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
