"""What people said of an application beside its declaration: that it pauses, that deletions are confirmed.

It stands on the item of the declaration, so that whoever reads one has read the other, and outlives every change of the
declaration: sets, parents and people declare applications without knowing of it. Each write of either is conditional on
what was said when it was decided on, so that no word is lost between two writers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mooring.state.records import Paused, Spec
from mooring.state.table import Item

__all__ = ["said_from", "said_item", "unsaid"]


def said_item(spec: Spec) -> Item:
    """The attribute that keeps it; none where nothing was said."""
    text = _text(spec)
    return {"said": text} if text else {}


def said_from(item: Mapping[str, Any]) -> tuple[Paused | None, float]:
    """The inverse of `said_item`: who paused it, and since when deletions are confirmed (0.0 for never)."""
    text = item.get("said")
    said = orjson.loads(text) if text else {}
    paused = said.get("paused")
    return (Paused(*paused) if paused else None), float(said.get("approved", 0.0))


def unsaid(previous: Spec) -> tuple[str, dict[str, str]]:
    """The condition that nothing was said since, and its values."""
    text = _text(previous)
    return ("said = :said", {"said": text}) if text else ("attribute_not_exists(said)", {})


def _text(spec: Spec) -> str:
    said: dict[str, Any] = {}
    if spec.paused is not None:
        said["paused"] = [spec.paused.by, float(spec.paused.at), spec.paused.why]
    if spec.approved:
        said["approved"] = float(spec.approved)
    return orjson.dumps(said).decode() if said else ""
