"""Changes of the table, as its stream tells them: the item before and the item after.

Records come at least once, those of one partition in their order (AWS, "Change data capture for DynamoDB Streams").
`sequence` grows with each change of a partition and stays the same when a record is told again, which is what makes
telling people exactly once possible.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.state.table import Item

__all__ = ["Change", "change_from"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one item; None where there was none before, or is none afterwards. `at` is in epoch seconds."""

    pk: str
    sk: str
    before: Item | None
    after: Item | None
    sequence: int
    at: float
    stream: str = ""

    def __str__(self) -> str:
        return f"{self.pk} {self.sk} at {self.sequence}"


def change_from(record: Mapping[str, Any]) -> Change:
    """A record of the event that Lambda hands over (AWS, "Using AWS Lambda with Amazon DynamoDB")."""
    told = record["dynamodb"]
    keys = told["Keys"]
    at = told.get("ApproximateCreationDateTime", 0)
    return Change(
        keys["pk"]["S"],
        keys["sk"]["S"],
        _item(told.get("OldImage")),
        _item(told.get("NewImage")),
        int(told["SequenceNumber"]),
        float(at),
        str(record.get("eventSourceARN", "")),
    )


def _item(image: Mapping[str, Any] | None) -> Item | None:
    return {name: _value(value) for name, value in image.items()} if image else None


def _value(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content) if "." in content or "e" in content.lower() else int(content)
    if kind == "B":
        return base64.b64decode(content)
    return content
