"""What a task asked of AWS and which programs it started, counted where it happens: in boto3 and by an audit hook."""

from __future__ import annotations

import math
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
        self.read_units = self.write_units = 0
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
        read_units, write_units = self.read_units, self.write_units
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
            "read_units": self.read_units - read_units,
            "write_units": self.write_units - write_units,
        }

    def _asked(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.requests[f"{model.service_model.service_name}:{model.name}"] += 1
        if model.name == "TransactWriteItems":
            self.items_written += sum("ConditionCheck" not in each for each in params["TransactItems"])
            self.write_units += sum(
                2 * _units(each, 1024) for item in params["TransactItems"] for each in item.values()
            )
        elif model.name == "BatchWriteItem":
            self.items_written += sum(len(each) for each in params["RequestItems"].values())
            self.write_units += sum(_units(each, 1024) for items in params["RequestItems"].values() for each in items)
        elif model.name in _WRITES:
            self.items_written += 1
            self.write_units += _units(params, 1024)

    def _answered(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        if model.name == "BatchGetItem":
            self.items_read += sum(len(each) for each in parsed.get("Responses", {}).values())
            self.read_units += sum(_units(item, 4096) for each in parsed.get("Responses", {}).values() for item in each)
        elif model.name == "Query":
            self.items_read += parsed.get("Count", 0)
            self.read_units += _units(parsed.get("Items", []), 4096)
        elif model.name == "GetItem":
            self.items_read += "Item" in parsed
            self.read_units += _units(parsed.get("Item", {}), 4096)

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            self.programs[os.path.basename(str(arguments[1][0]))] += 1


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _units(value: Any, size: int) -> int:
    """What DynamoDB would bill for it, of units of `size` bytes (AWS: "DynamoDB item sizes and formats", about)."""
    return max(1, math.ceil(_bytes(value) / size))


def _bytes(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(str(name)) + _bytes(each) for name, each in value.items())
    if isinstance(value, list):
        return sum(map(_bytes, value))
    return len(value) if isinstance(value, str | bytes) else 1
